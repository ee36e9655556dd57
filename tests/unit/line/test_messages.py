"""The answers that the machine accepts, compared with the centre's OpenAPI document and tried with bad bytes."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.line import fields, messages
from drivers.line.fields import BadMessage
from drivers.vocabulary import CLAIM_ALPHABET, AuthenticationMethod, CentreRefusal, CopyState, claim_code, slip_code
from host_sim.centre import messages as centre_words
from host_sim.centre.claims import codes
from tests.unit.centre.town import Town

NONCE = bytes(range(16))
NONCE_TEXT = "AAECAwQFBgcICQoLDA0ODw=="
RID = "0123456789abcdef" * 2
BYTES_32 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

# One full example of each answer, written by hand from the table of calls in drivers/line/README.md.
OFFER = {
    "kind": "juminhyo",
    "title": {"ja": "住民票の写し", "en": "Residence"},
    "fee_yen": 300,
    "copies_max": 5,
    "refusal": None,
    "groups": [
        {
            "key": "scope",
            "title": {"ja": "どなた"},
            "several": False,
            "choices": [{"value": "self", "label": {"ja": "本人"}}, {"value": "part", "label": {"ja": "一部"}}],
            "default": ["self"],
            "only_if": None,
        },
        {
            "key": "members",
            "title": {"ja": "人"},
            "several": True,
            "choices": [{"value": "1", "label": {"ja": "渡\U000e0100"}}, {"value": "2", "label": {"ja": "花"}}],
            "default": [],
            "only_if": ["scope", "part"],
        },
    ],
}
EXAMPLES: Mapping[str, tuple[Mapping[str, Any], Callable[[bytes], object]]] = {
    "ChallengeGiven": (
        {
            "session_nonce": NONCE_TEXT,
            "challenge_id": "c",
            "challenge": BYTES_32,
            "expires_at": "2026-11-24T10:05:00+09:00",
            "pin_key": BYTES_32,
            "pin_tries_left": 3,
            "clerks": None,
        },
        lambda body: messages.read_challenge(body, NONCE, AuthenticationMethod.MUNICIPAL),
    ),
    "AuthenticationGiven": (
        {"session_nonce": NONCE_TEXT, "authentication_id": "a", "masked_name": "宮崎　花＊", "offers": [OFFER]}
        | {"takes_code": True},
        lambda body: messages.read_authenticated(body, NONCE),
    ),
    "States": (
        {"request_id": RID, "copies": {"1": "reserved", "2": "void"}},
        lambda body: messages.read_states(body, RID),
    ),
    "State": ({"request_id": RID, "copy": 1, "state": "issued"}, lambda body: messages.read_state(body, RID, 1)),
    # The claim code worked out by hand: SHA-256 of 16 zero bytes begins 37 47 08 ff f7.
    "ClaimGiven": (
        {"key": "0" * 32, "claim_code": "G7DST99Z"},
        lambda body: messages.read_claim(body, "0" * 32),
    ),
    "ClaimLeft": ({"key": "0" * 32, "left_yen": 200}, lambda body: messages.read_left(body, "0" * 32)),
    "HeartbeatGiven": (
        {"journal_seq": 7, "time": "2026-11-24T10:00:00+09:00", "notices": ["stopped"], "site_table": 1795482000}
        | {"witnessed_seq": 6, "witnessed_head": "a" * 64, "claims_paid": [{"key": "0" * 32, "amount_yen": 200}]},
        lambda body: messages.read_heartbeat(body, 7),
    ),
    "CasesHeard": ({"journal_seq": 7}, lambda body: messages.read_cases_heard(body, 7)),
    "Refusal": ({"code": "wrong_pin", "pin_tries_left": 2}, messages.read_refusal),
}


@pytest.fixture(scope="module")
def schemas() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(json.dumps(Town().app.openapi()))
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    return schemas


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_answer_is_read_by_both_sides(name: str) -> None:
    example, read = EXAMPLES[name]
    read(fields.encode(example))
    getattr(centre_words, name).model_validate(example)


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_sides_know_the_same_fields(name: str, schemas: Mapping[str, Any]) -> None:
    schema, (example, _) = schemas[name], EXAMPLES[name]
    assert set(schema["required"]) == set(schema["properties"]) == set(example)
    assert schema["additionalProperties"] is False


def test_both_sides_know_the_same_words(schemas: Mapping[str, Any]) -> None:
    assert set(schemas["Refusal"]["properties"]["code"]["enum"]) == set(CentreRefusal)
    assert set(schemas["States"]["properties"]["copies"]["additionalProperties"]["enum"]) == set(CopyState) - {"none"}
    assert set(schemas["State"]["properties"]["state"]["enum"]) <= set(CopyState)


def test_the_openapi_document_has_the_calls_of_the_readme() -> None:
    calls = {(method.upper(), path) for path, methods in Town().app.openapi()["paths"].items() for method in methods}
    copy = "/v1/requests/{request_id}/copies/{copy}"
    assert calls == {
        ("POST", "/v1/challenges"),
        ("POST", "/v1/authentications"),
        ("POST", "/v1/exemptions"),
        ("POST", "/v1/requests"),
        ("GET", "/v1/requests/{request_id}"),
        ("GET", f"{copy}/document"),
        ("POST", f"{copy}/issued"),
        ("POST", f"{copy}/void"),
        ("POST", "/v1/claims"),
        ("POST", "/v1/claims/{key}/hold"),
        ("POST", "/v1/claims/{key}/collected"),
        ("POST", "/v1/claims/{key}/heard"),
        ("POST", "/v1/cases"),
        ("POST", "/v1/card-orders"),
        ("POST", "/v1/card-orders/{order_id}/record"),
        ("POST", "/v1/card-orders/{order_id}/finish"),
        ("POST", "/v1/heartbeats"),
        ("GET", "/v1/site-tables"),
    }


# --- strictness -----------------------------------------------------------------------------------


def spoilt(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each variant of an example with one field missing, added or of another type, at any depth."""
    if isinstance(value, dict):
        yield from spoilt_fields(value, path)
    elif isinstance(value, list):
        for n, inside in enumerate(value):
            for where, other in spoilt(inside, f"{path}[{n}]"):
                yield where, [*value[:n], other, *value[n + 1 :]]
    for other in (1.5, [[]], {"?": {}}, True if not isinstance(value, bool) else "true"):
        if type(other) is not type(value):
            yield f"{path} as {type(other).__name__}", other


def spoilt_fields(value: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    free = {"ja", "en", "1", "2"} & set(value)  # the keys here are languages and copy numbers, not field names
    for key, inside in value.items():
        if key not in free - {"ja"}:
            yield f"{path}.{key} missing", {k: v for k, v in value.items() if k != key}
        for where, other in spoilt(inside, f"{path}.{key}"):
            yield where, {**value, key: other}
    if not free:
        yield f"{path} more", {**value, "more": 1}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_spoilt_answer_is_no_answer(name: str) -> None:
    example, read = EXAMPLES[name]
    if name == "States":  # its keys are numbers; tested below
        example = {**example, "copies": {}}
    taken = [where for where, other in spoilt(dict(example)) if not refused(read, json.dumps(other).encode())]
    assert taken == []


def refused(read: Callable[[bytes], object], body: bytes) -> bool:
    """Whether a reader raises `BadMessage`; its text must not repeat the bytes that were sent."""
    try:
        read(body)
    except BadMessage as trouble:
        said = str(trouble)
    else:
        return False
    assert len(said) < 160, said
    return True


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":"expired","pin_tries_left":NaN}',
        b'{"code":"expired","pin_tries_left":Infinity}',
        b'{"code":"expired","code":"expired","pin_tries_left":null}',
        b'{"code":"expired","pin_tries_left":null} x',
        b'\xef\xbb\xbf{"code":"expired","pin_tries_left":null}',
        b'{"code":"expired\xff","pin_tries_left":null}',
        b'{"code":"\\ud800","pin_tries_left":null}',
        b'{"code":"expired","pin_tries_left":' + b"9" * 5000 + b"}",
        b'{"code":"expired","pin_tries_left":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"code":"expired","pin_tries_left":' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"code":"expired","pin_tries_left":1e400}',
        b'{"code":"expired","pin_tries_left":true}',
        b'{"code":"expired","pin_tries_left":-1}',
        b'{"code":"EXPIRED","pin_tries_left":null}',
        b'["code"]',
        b"null",
        b"",
        b" " * (256 * 1024) + b'{"code":"expired","pin_tries_left":null}',
    ],
    ids=lambda body: repr(body[:50]),
)
def test_bytes_that_are_no_refusal(body: bytes) -> None:
    with pytest.raises(BadMessage):
        messages.read_refusal(body)


@pytest.mark.parametrize("number", ["0", "01", "１", " 1", "-1", "1.0", "100", "", "a", "²"])
def test_copies_are_numbered_from_one(number: str) -> None:
    body = fields.encode({"request_id": RID, "copies": {number: "reserved"}})
    with pytest.raises(BadMessage):
        messages.read_states(body, RID)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    assume(
        not is_an_object(noise)
    )  # Hypothesis also tries bytes that stand in the program, one answer of the centre among them
    for _, read in EXAMPLES.values():
        with pytest.raises(BadMessage):
            read(noise)


def is_an_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def test_a_flipped_bit_raises_nothing_but_bad_message() -> None:
    """Fault N6: for any damaged answer the reader returns a value or raises `BadMessage`, and nothing else."""
    dice = random.Random(1)
    bodies = [(fields.encode(example), read) for example, read in EXAMPLES.values()]
    results = set()
    for _ in range(5_000):
        body, read = dice.choice(bodies)
        at = dice.randrange(len(body))
        damaged = body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + dice.randrange(3) :]
        results.add(refused(read, damaged))
    assert results == {True, False}, "some damage is noticed, and some only changes a value"


@pytest.mark.parametrize(
    ("method", "changed"),
    [
        (AuthenticationMethod.JPKI, {}),
        (AuthenticationMethod.JPKI, {"pin_key": None}),
        (AuthenticationMethod.MUNICIPAL, {"pin_key": None}),
        (AuthenticationMethod.MUNICIPAL, {"pin_tries_left": None}),
        (AuthenticationMethod.MUNICIPAL, {"pin_key": BYTES_32[:-4]}),
        (AuthenticationMethod.MUNICIPAL, {"expires_at": "2026-11-24T10:05:00"}),
        (AuthenticationMethod.MUNICIPAL, {"expires_at": "soon"}),
        (AuthenticationMethod.MUNICIPAL, {"challenge": BYTES_32.replace("8=", "9=")}),
        (AuthenticationMethod.MUNICIPAL, {"session_nonce": BYTES_32}),
    ],
)
def test_a_challenge_that_does_not_fit_the_card(method: AuthenticationMethod, changed: Mapping[str, Any]) -> None:
    with pytest.raises(BadMessage):
        messages.read_challenge(fields.encode({**EXAMPLES["ChallengeGiven"][0], **changed}), NONCE, method)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda g: g[1].update(key="scope"),
        lambda g: g[1].update(only_if=["scope", "all"]),
        lambda g: g[1].update(only_if=["colour", "part"]),
        lambda g: g[1].update(only_if=["scope"]),
        lambda g: g[1].update(only_if=[]),
        lambda g: g[0].update(only_if=["members", "1"]),
        lambda g: g[0].update(default=["all"]),
        lambda g: g[0].update(default=["self", "part"]),
        lambda g: g[0].update(choices=[]),
        lambda g: g[1]["choices"].append(g[1]["choices"][0]),
        lambda g: g[0].update(title={"en": "Who"}),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(spoil: Callable[[Any], None]) -> None:
    answer = json.loads(json.dumps(EXAMPLES["AuthenticationGiven"][0]))
    spoil(answer["offers"][0]["groups"])
    with pytest.raises(BadMessage):
        messages.read_authenticated(fields.encode(answer), NONCE)


def test_the_claim_code_is_the_readmes() -> None:
    """SHA-256(16 zero bytes) = 374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb."""
    assert claim_code("0" * 32) == "G7DST99Z"


def test_machine_and_centre_compute_the_same_check_letter() -> None:
    """And it shows each wrong letter, two neighbours exchanged, and another city's slip."""
    dice = random.Random(1)
    for _ in range(200):
        code, city = "".join(dice.choices(CLAIM_ALPHABET, k=8)), f"{dice.randrange(10**6):06d}"
        right = slip_code(code, city)
        assert codes.on_slip(code, city) == right
        assert codes.read(right.lower(), city) == code
        for at in range(9):
            wrong = right[:at] + dice.choice(CLAIM_ALPHABET.replace(right[at], "")) + right[at + 1 :]
            swapped = right[:at] + right[at : at + 2][::-1] + right[at + 2 :]
            for typed in {wrong, swapped} - {right}:
                with pytest.raises(codes.NoCode, match="does not fit"):
                    codes.read(typed, city)
        other = city[:3] + str((int(city[3]) + 1) % 10) + city[4:]
        assert slip_code(code, other) != right
