"""The independent check: it finds no fault in a right paper, and finds each fault of the published incidents.

The wrong papers are made as in the incidents (incidents 1, 6, 7): the press gets another person, another household,
another order, stale or mixed records; then the check compares the paper with the order.
"""

import dataclasses
import random
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from host_sim.centre import forms, verify
from host_sim.centre.forms.people import member_token
from host_sim.centre.register import Register, RegisterDate, Resident

CASES = [
    (key, kind)
    for key in ("taro", "hanako", "kazuko", "nguyen", "ichiro", "nagako", "ume", "ito", "aya", "yoshiko")
    for kind in forms.KINDS
]


@pytest.mark.parametrize(("key", "kind"), CASES)
@pytest.mark.parametrize("everything", [False, True])
def test_a_right_paper_has_no_fault(town: Any, key: str, kind: str, everything: bool) -> None:
    who = town.register.by_key(key)
    if town.offer(kind, who)["refusal"] is not None:
        return
    options = town.answers(kind, who, everything)
    assert town.check(town.typeset(kind, who, options), kind, who, options) == []


def _changed(register: Register, key: str, **facts: Any) -> Register:
    who = dataclasses.replace(register.by_key(key), **facts)
    return dataclasses.replace(register, residents={**register.residents, who.resident_id: who})


def _swapped_births(register: Register) -> Register:
    taro, hanako = register.by_key("taro"), register.by_key("hanako")
    return _changed(_changed(register, "taro", born=hanako.born), "hanako", born=taro.born)


WRONG: dict[str, Callable[[Register], Register]] = {
    "another name": lambda r: _changed(r, "hanako", name="宮崎　華子"),
    "the selector of a name": lambda r: _changed(r, "hanako", name="渡邉\U000e0111　花子"),
    "a blank in a name": lambda r: _changed(r, "hanako", name="宮崎花　子"),
    "another birth": lambda r: _changed(r, "taro", born=RegisterDate(date(1981, 8, 28))),
    "two births swapped": _swapped_births,
    "another number": lambda r: _changed(r, "hanako", my_number=r.by_key("taro").my_number),
    "another relation": lambda r: _changed(r, "hanako", relation="縁故者"),
    "another domicile": lambda r: _changed(r, "midori", domicile="宮崎県宮崎市清武町9999番地"),
    "the other sex": lambda r: _changed(r, "midori", sex="男"),
    "another mayor": lambda r: dataclasses.replace(
        r, municipality=dataclasses.replace(r.municipality, mayor="青島　次郎")
    ),
    "another city": lambda r: dataclasses.replace(r, municipality=dataclasses.replace(r.municipality, city="都城市")),
    "a deputy": lambda r: dataclasses.replace(r, municipality=dataclasses.replace(r.municipality, acting=True)),
    "the address before": lambda r: dataclasses.replace(
        r, households={n: dataclasses.replace(h, address="宮崎県宮崎市旧町1番地") for n, h in r.households.items()}
    ),
}


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_paper_from_other_records_is_found(town: Any, wrong: str) -> None:
    other = WRONG[wrong](town.register)
    taro = other.by_key("taro")
    options = town.answers("juminhyo", taro, everything=True)
    household = other.members(other.household_of(taro))
    pdf = forms.typeset("juminhyo", taro, household, options, town.issue(), other)
    asked = town.register.by_key("taro")
    faults = town.check(pdf, "juminhyo", asked, options)
    assert faults
    personal = [p.name for p in town.household(asked)] + [p.my_number for p in town.household(asked)]
    assert not any(words in fault for fault in faults for words in personal)


@pytest.mark.parametrize("kind", forms.KINDS)
def test_another_persons_paper_is_found(town: Any, kind: str) -> None:
    """Yokohama, Kawasaki, Munakata: the paper of the resident before."""
    taro, yoshiko = town.register.by_key("taro"), town.register.by_key("yoshiko")
    other = taro if kind != "koseki" else town.register.by_key("kazuko")
    options = town.answers(kind, other, everything=True)
    pdf = town.typeset(kind, other, options)
    asked = (
        town.register.by_key("kazuko" if other is taro else "taro")
        if kind in {"koseki", "koseki_kojin", "fuhyo"}
        else yoshiko
    )
    asked_options = town.answers(kind, asked, everything=True)
    assert town.check(pdf, kind, asked, asked_options)


def test_a_person_too_many_and_one_too_few(town: Any) -> None:
    taro = town.register.by_key("taro")
    whole = town.answers("juminhyo", taro, everything=False)
    alone = {**whole, "scope": ["self"]}
    pair = {**whole, "scope": ["part"], "members": [member_token(p) for p in town.household(taro)[:2]]}
    for made, asked in ((whole, alone), (alone, whole), (whole, pair), (pair, whole), (pair, alone)):
        assert town.check(town.typeset("juminhyo", taro, made), "juminhyo", taro, asked)


def test_items_that_were_not_asked_for(town: Any) -> None:
    taro = town.register.by_key("taro")
    options = town.answers("juminhyo", taro, everything=False)
    for key in ("relation", "domicile", "my_number"):
        more = {**options, key: ["print"]}
        assert town.check(town.typeset("juminhyo", taro, more), "juminhyo", taro, options)
        assert town.check(town.typeset("juminhyo", taro, options), "juminhyo", taro, more)


@pytest.mark.parametrize("kind", forms.KINDS)
def test_the_paper_of_another_issue(town: Any, kind: str) -> None:
    who = town.register.by_key("taro")
    options = town.answers(kind, who, everything=True)
    pdf = town.typeset(kind, who, options, number=7)
    assert town.check(pdf, kind, who, options, number=7) == []
    faults = town.check(pdf, kind, who, options, number=8)
    assert any("issue number" in fault for fault in faults)
    assert any("container" in fault for fault in faults)


@pytest.mark.parametrize("stamp", ["request_id", "card_fingerprint"])
def test_each_stamp_alone(town: Any, stamp: str) -> None:
    who, issue = town.register.by_key("taro"), town.issue()
    other = dataclasses.replace(issue, **{stamp: "f" * 64})
    pdf = forms.typeset("inkan", who, town.household(who), {}, other, town.register)
    faults = forms.check(pdf, "inkan", who, town.household(who), {}, issue, town.register)
    assert len(faults) == 1
    assert "container" in faults[0]


def test_the_imprint_of_another_seal(town: Any) -> None:
    """All words are right; only the picture of the seal is another person's."""
    who = town.register.by_key("taro")
    seal = town.register.seals[who.resident_id]
    for change in ({"letters": "宮崎次郎"}, {"seed": seal.seed + 1}, {"diameter_mm": seal.diameter_mm + 0.5}):
        seals = {**town.register.seals, who.resident_id: dataclasses.replace(seal, **change)}
        register = dataclasses.replace(town.register, seals=seals)
        pdf = forms.typeset("inkan", who, town.household(who), {}, town.issue(), register)
        assert town.check(pdf, "inkan", who, {}) == ["the imprint is not the registered one"]


def test_a_code_signed_by_somebody_else(town: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    who = town.register.by_key("taro")
    stranger = verify.Signer(ec.derive_private_key(7, ec.SECP256R1()))
    pdf = forms.typeset("inkan", who, town.household(who), {}, town.issue(), town.register, stranger)
    assert town.check(pdf, "inkan", who, {}) == ["the code on the paper is unknown_issuer"]
    keys = {stranger.key_id: verify.TrustedKey(stranger.public_key)}
    household = town.household(who)
    assert forms.check(pdf, "inkan", who, household, {}, town.issue(), town.register, keys) == []


OTHER_CLAIMS = {
    "issue_number": "20261124 宮崎市 K01 000002",
    "kind": "juminhyo",
    "issued_on": date(2026, 11, 23),
    "municipality": "452025",
    "pages": 2,
    "text_hash": bytes(16),
    "codes": 2,
    "people": (),
    "address": "宮崎県宮崎市どこか",
}


@pytest.mark.parametrize("claim", OTHER_CLAIMS)
def test_each_claim_of_the_code_alone(town: Any, claim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and its stamps are right; the signed code, though genuine, says one thing that is not so."""
    make = verify.make

    def signed(claims: verify.Claims, signer: verify.Signer, page: str) -> str:
        return make(dataclasses.replace(claims, **{claim: OTHER_CLAIMS[claim]}), signer, page)

    who = town.register.by_key("taro")
    monkeypatch.setattr(verify, "make", signed)
    words = {
        "text_hash": "signed for other words",
        "codes": "not all codes",
        "people": "do not name all the people",
        "address": "says what is not printed",
    }.get(claim, "that of another certificate")
    faults = town.check(town.typeset("inkan", who, {}), "inkan", who, {})
    assert any(words in fault for fault in faults)


def test_bytes_that_are_not_a_paper_are_refused(town: Any) -> None:
    who = town.register.by_key("taro")
    pdf = town.typeset("inkan", who, {})
    chance = random.Random(5)
    assert town.check(b"", "inkan", who, {})
    assert town.check(b"%PDF-1.7 nothing", "inkan", who, {})
    for _ in range(20):
        assert town.check(pdf[: chance.randrange(len(pdf) * 3 // 4)], "inkan", who, {}), "half a paper passed"


def test_residents_by_chance_never_pass_for_one_another(town: Any) -> None:
    """Each paper is checked against a random resident for whom it was not made."""
    chance = random.Random(2023)
    people = [p for p in town.register.residents.values() if town.offer("juminhyo", p)["refusal"] is None]
    for number in range(25):
        one: Resident
        one, other = chance.sample(people, 2)
        pdf = town.typeset("juminhyo", one, town.answers("juminhyo", one, everything=True), number)
        if one.household_id != other.household_id:
            options = town.answers("juminhyo", other, everything=True)
            assert town.check(pdf, "juminhyo", other, options, number)


@pytest.mark.parametrize(
    ("one", "other"),
    [("葛", "葛\U000e0103"), ("1〜2", "1～2"), ("4-5", "4‐5"), ("’", "ʼ"), ("4‒5", "4‑5")],
)
def test_two_texts_that_the_font_draws_alike_may_stand_on_one_paper(town: Any, one: str, other: str) -> None:
    """A PDF tells each glyph by one text only; a line must not stop because the books write a letter in two ways."""
    for name, address in ((one, other), (other, one)):
        taro = dataclasses.replace(
            town.register.by_key("taro"), previous_address=f"東京都{address}", name=f"宮崎　{name}"
        )
        register = dataclasses.replace(town.register, residents={**town.register.residents, taro.resident_id: taro})
        for kind in ("juminhyo", "inkan"):
            told = (kind, taro, [taro], {}, town.issue(), register)
            assert forms.check(forms.typeset(*told), *told) == []


def test_two_letters_that_the_font_draws_differently_are_never_taken_for_one(town: Any) -> None:
    for one, other in (("葛\U000e0102", "葛"), ("邉\U000e0110", "邉\U000e010f"), ("ー", "－"), ("口", "ロ")):
        taro = dataclasses.replace(town.register.by_key("taro"), name=f"宮崎　{one}")
        like = dataclasses.replace(taro, name=f"宮崎　{other}")
        pdf = forms.typeset("inkan", taro, [taro], {}, town.issue(), town.register)
        assert forms.check(pdf, "inkan", like, [like], {}, town.issue(), town.register) != []
