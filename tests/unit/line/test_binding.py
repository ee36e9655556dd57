"""No wrong answer of the centre becomes a document (binding rule 3, faults N4, N5, security rule 10)."""

import base64
import hashlib
import json
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.line.manifest import LONGEST_RESERVATION
from drivers.vocabulary import AdviceFate, BindingFailed, CentreUnreachable, LineTrouble, Reserved
from firmware.desks.line import LineDesk
from firmware.paper.vault import Vault
from firmware.session.effects import Fetch
from firmware.session.events import Fetched
from tests.unit.centre.town import HALL, MANIFEST_KEY, SHOP, Session, Town, paper_of

Exchanged = tuple[int, Mapping[str, str], bytes]
Change = Callable[[str, Exchanged], Exchanged]


class Meddler:
    """A transport that changes answers with `change`, and keeps the true ones in `heard`."""

    def __init__(self, below: Any) -> None:
        self._below = below
        self.change: Change | None = None
        self.heard: list[tuple[str, Exchanged]] = []

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> Exchanged:
        answer: Exchanged = self._below.exchange(method, path, body, deadline_s, headers)
        self.heard.append((path, answer))
        return answer if self.change is None else self.change(path, answer)


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture
def meddler(town: Town) -> Meddler:
    return Meddler(town.transport())


@pytest.fixture
def session(town: Town, meddler: Meddler) -> Session:
    return town.session("hanako", line=town.line(transport=meddler))


def signed(manifest: Mapping[str, Any], key: Ed25519PrivateKey = MANIFEST_KEY) -> Exchanged:
    text = json.dumps(manifest, ensure_ascii=False)
    body = {"manifest": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}
    return 200, {}, json.dumps(body).encode()


def manifest_of(answer: Exchanged) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(json.loads(answer[2])["manifest"])
    return manifest


def other_values(value: Any, dice: random.Random) -> Iterator[Any]:
    """A hundred other values for one field: similar ones, very different ones, and of other types."""
    yield from (None, True, False, 0, -1, 1, 2, 10**9, 1.5, "", "x", [], {}, [1], {"a": 1}, "0" * 32, "0" * 64)
    for _ in range(83):
        match value:
            case int():
                yield value + dice.choice((-1, 1)) * dice.randrange(1, 10 ** dice.randrange(1, 6))
            case str() if value:
                at = dice.randrange(len(value))
                letter = dice.choice("0123456789abcdef=+/ Z:")
                yield dice.choice((value[:at] + letter + value[at + 1 :], value[:at], value + letter, value[at:]))
            case list():
                yield dice.choice(([*value[::-1], dice.random()], value + value, value[:-1], value[1:]))
            case dict():
                yield {**value, str(dice.random()): ["omit"]}
            case _:
                yield dice.random()


def leaves(manifest: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = (
        manifest.items() if isinstance(manifest, dict) else enumerate(manifest) if isinstance(manifest, list) else ()
    )
    for key, value in inside:
        yield from leaves(value, (*path, key))


def put(manifest: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(manifest))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def get(manifest: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        manifest = manifest[key]
    return manifest


# Only the centre knows these fields: a wrong value that it signs itself is found when the document comes.
CENTRES_OWN = {"reserved_at", "expires_at", "document_sha256", "pages", "size_bytes", "issue_number"}


def test_every_field_of_an_unsigned_change_is_seen(session: Session, meddler: Meddler) -> None:
    dice = random.Random(4)
    items, rid = (session.item("juminhyo"), session.item("inkan", 2)), secrets.token_hex(16)
    session.reserved(*items, request_id=rid)
    honest = manifest_of(meddler.heard[-1][1])
    signature = json.loads(meddler.heard[-1][1][2])["signature"]
    tried = 0
    for path in leaves(honest):
        for value in other_values(get(honest, path), dice):
            changed = put(honest, path, value)
            if changed == honest:
                continue
            text = json.dumps(changed, ensure_ascii=False)
            body = json.dumps({"manifest": text, "signature": signature}).encode()
            meddler.change = lambda _, __, body=body: (200, {}, body)
            assert session.reserve(*items, request_id=rid) == BindingFailed("signature"), path
            tried += 1
    assert tried > 3000


def test_every_field_of_a_signed_change_is_seen(session: Session, meddler: Meddler) -> None:
    """Even if the centre signs the change, because the machine compares the fields with its own order."""
    dice = random.Random(5)
    items = (session.item("juminhyo"), session.item("inkan", 2))
    rid = secrets.token_hex(16)
    session.reserved(*items, request_id=rid)
    honest = manifest_of(meddler.heard[-1][1])
    meddler.change = lambda _, answer: signed(honest)
    assert isinstance(session.reserve(*items, request_id=rid), Reserved)
    tried = 0
    for path in leaves(honest):
        for value in other_values(get(honest, path), dice):
            changed = put(honest, path, value)
            if json.dumps(changed) == json.dumps(honest):
                continue
            meddler.change = lambda _, __, changed=changed: signed(changed)
            answer = session.reserve(*items, request_id=rid)
            if isinstance(answer, Reserved):
                assert path[-1] in CENTRES_OWN, path
                meddler.change = None
                # size and hash are checked with the document, the page count when it is rasterised
                if path[-1] in {"document_sha256", "size_bytes"}:
                    assert isinstance(session.line.fetch(answer, path[1] + 1), BindingFailed)
            else:
                assert answer == CentreUnreachable(LineTrouble.BAD_ANSWER) or isinstance(answer, BindingFailed)
            tried += 1
    assert tried > 3000


@pytest.mark.parametrize(
    ("lasts", "taken"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), False),
        (timedelta(seconds=1), True),
        (LONGEST_RESERVATION, True),
        (LONGEST_RESERVATION + timedelta(seconds=1), False),
    ],
)
def test_a_promise_lasts_some_time_and_no_longer_than_an_hour(
    session: Session, meddler: Meddler, lasts: timedelta, taken: bool
) -> None:
    """Even if the centre signs it: a promise that never ends would hold fee and documents for ever."""
    rid = secrets.token_hex(16)
    session.reserved(request_id=rid)
    honest = manifest_of(meddler.heard[-1][1])
    ends = datetime.fromisoformat(honest["reserved_at"]) + lasts
    meddler.change = lambda _, __: signed(honest | {"expires_at": ends.isoformat()})
    answer = session.reserve(request_id=rid)
    assert isinstance(answer, Reserved) if taken else answer == BindingFailed("expires_at")


@pytest.mark.parametrize("path", ["request_id", "machine", "session_nonce", "card_fingerprint", "copies"])
def test_a_field_left_out_or_added_is_no_manifest(session: Session, meddler: Meddler, path: str) -> None:
    rid = secrets.token_hex(16)
    session.reserved(request_id=rid)
    honest = manifest_of(meddler.heard[-1][1])
    for changed in ({k: v for k, v in honest.items() if k != path}, honest | {f"{path}_": 1}):
        meddler.change = lambda _, __, changed=changed: signed(changed)
        assert session.reserve(request_id=rid) == CentreUnreachable(LineTrouble.BAD_ANSWER)


def test_a_manifest_of_another_centre_is_refused(session: Session, meddler: Meddler) -> None:
    rid = secrets.token_hex(16)
    session.reserved(request_id=rid)
    honest = manifest_of(meddler.heard[-1][1])
    meddler.change = lambda _, __: signed(honest, Ed25519PrivateKey.generate())
    assert session.reserve(request_id=rid) == BindingFailed("signature")


def test_every_recorded_manifest_is_refused_later(town: Town) -> None:
    """Fault N5, security rule 9: an answer of an earlier session, or of another machine's, is never an answer again."""
    lines = [(Meddler(town.transport(peer)), peer) for peer in (SHOP, HALL)]
    recorded: list[Exchanged] = []
    for round_ in range(6):
        meddler, peer = lines[round_ % 2]
        meddler.change = None
        session = town.session(("hanako", "taro")[round_ // 2 % 2], peer, town.line(peer, meddler))
        session.reserved(session.item("inkan"))
        for old in recorded:
            meddler.change = lambda _, __, old=old: old
            answer = session.reserve(session.item("inkan"))
            assert isinstance(answer, BindingFailed)
        recorded.append(meddler.heard[-1 - len(recorded)][1])


# --- documents ------------------------------------------------------------------------------------


def documents(answer: Change) -> Change:
    """Make the meddler change documents only."""
    return lambda path, told: answer(path, told) if path.endswith("/document") else told


def test_a_changed_byte_is_never_a_document(session: Session, meddler: Meddler) -> None:
    reserved = session.reserved()
    dice = random.Random(6)
    for _ in range(200):
        at = dice.randrange(reserved.copies[0].size_bytes)

        def change(_: str, told: Exchanged, at: int = at) -> Exchanged:
            status, headers, body = told
            return status, headers, body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + 1 :]

        meddler.change = change
        assert session.line.fetch(reserved, 1) == BindingFailed("document_sha256")
    meddler.change = lambda _, told: (told[0], told[1], told[2] + b" ")
    assert session.line.fetch(reserved, 1) == BindingFailed("size_bytes")
    meddler.change = lambda _, told: (told[0], told[1], told[2][:-1])
    assert session.line.fetch(reserved, 1) == BindingFailed("size_bytes")


def test_when_one_document_fails_none_stays_in_memory(session: Session, meddler: Meddler) -> None:
    """The copy that came first is good, and nobody will print it: the session ends."""
    reserved = session.reserved(session.item("inkan", 2))
    vault = Vault()
    desk = LineDesk(session.line, vault)

    def spoiled(path: str, answer: Exchanged) -> Exchanged:
        return answer if "/1/" in path else (answer[0], answer[1], answer[2] + b"x")

    meddler.change = spoiled
    (failed,) = desk.handle(Fetch(reserved))
    assert isinstance(failed, BindingFailed)
    assert [vault.take(reserved.request_id, copy) for copy in reserved.copies] == [None, None]
    meddler.change = None
    assert desk.handle(Fetch(reserved)) == [Fetched()]
    assert None not in [vault.take(reserved.request_id, copy) for copy in reserved.copies]


def test_another_persons_document_is_never_a_document(town: Town, session: Session, meddler: Meddler) -> None:
    """Fault N4: with its own stamp, with ours, and as the bytes of the session before."""
    theirs = Meddler(town.transport(HALL))
    other = town.session("kazuko", HALL, town.line(HALL, theirs))
    other.line.fetch(other.reserved(), 1)
    foreign = theirs.heard[-1][1]
    reserved = session.reserved()
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    ours = meddler.heard[-1][1]
    for told in (foreign, (200, ours[1], foreign[2]), (200, foreign[1], ours[2])):
        meddler.change = documents(lambda _, __, told=told: told)
        assert isinstance(session.line.fetch(reserved, 1), BindingFailed)


def test_two_copies_changed_over_are_seen(session: Session, meddler: Meddler) -> None:
    reserved = session.reserved(session.item("inkan", 2))
    first, second = (session.line.fetch(reserved, n) for n in (1, 2))
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    answers = [told for path, told in meddler.heard if path.endswith("/document")][-2:]
    meddler.change = lambda path, _: answers[1] if "/copies/1/" in path else answers[0]
    assert session.line.fetch(reserved, 1) == BindingFailed("stamp")
    assert session.line.fetch(reserved, 2) == BindingFailed("stamp")


def test_every_change_of_the_stamp_is_seen(session: Session, meddler: Meddler) -> None:
    reserved = session.reserved()
    dice = random.Random(7)
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    stamp = meddler.heard[-1][1][1]["kofuki-stamp"]
    stamps = {
        "",
        ".",
        "....",
        stamp[:-1],
        stamp + "A",
        stamp + "=",
        stamp.upper(),
        "." + stamp,
        stamp.replace(".", "", 1),
    }
    for _ in range(300):
        at = dice.randrange(len(stamp))
        stamps.add(stamp[:at] + dice.choice("0123456789abcdef._-é") + stamp[at + 1 :])
    stamps.discard(stamp)
    for changed in stamps:
        meddler.change = lambda _, told, changed=changed: (told[0], {"kofuki-stamp": changed}, told[2])
        assert session.line.fetch(reserved, 1) == BindingFailed("stamp"), changed
    meddler.change = lambda _, told: (told[0], {}, told[2])
    assert session.line.fetch(reserved, 1) == BindingFailed("stamp")


def test_a_stamp_that_looked_up_another_card_is_seen(session: Session, meddler: Meddler) -> None:
    """Papers swapped at the centre and rightly signed there: the two stamps differ (Yokohama, Kawasaki)."""
    reserved = session.reserved()

    def change(_: str, told: Exchanged) -> Exchanged:
        account = (
            f"{reserved.request_id}.1.{hashlib.sha256(b'another').hexdigest()}.{hashlib.sha256(told[2]).hexdigest()}"
        )
        signature = base64.urlsafe_b64encode(MANIFEST_KEY.sign(account.encode())).decode().rstrip("=")
        return 200, {"kofuki-stamp": f"{account}.{signature}"}, told[2]

    meddler.change = change
    assert session.line.fetch(reserved, 1) == BindingFailed("stamp")


def test_a_reservation_without_a_fingerprint_fits_no_document(session: Session) -> None:
    reserved = replace(session.reserved(), card_fingerprint="")
    assert session.line.fetch(reserved, 1) == BindingFailed("stamp")


def test_an_answer_to_an_earlier_question_is_no_answer(town: Town, session: Session, meddler: Meddler) -> None:
    """Fault N2: answers with challenge, authentication, states, state of a copy or claim code name their question."""
    rid = session.reserved().request_id
    session.line.status(rid)
    session.line.advise({"op": "void", "request_id": rid, "copy": 1, "reason": "x"})
    session.line.advise({"op": "claim", "key": "ab" * 16, "amount_yen": 300, "reason": "x"})
    old = dict(meddler.heard)  # path -> the last answer
    bad = CentreUnreachable(LineTrouble.BAD_ANSWER)
    meddler.change = lambda path, _: next(
        a for p, a in old.items() if p.rsplit("/")[-1][:4] == path.rsplit("/")[-1][:4]
    )
    nonce = secrets.token_bytes(16)
    assert session.line.challenge(nonce, session.card.read) == bad
    assert session.line.authenticate(nonce, session.challenge, session.card.prove(session.challenge, nonce, "m")) == bad
    meddler.change = lambda path, _: old[f"/v1/requests/{rid}"]
    assert session.line.status("0" * 32) == bad
    meddler.change = lambda path, _: old[f"/v1/requests/{rid}/copies/1/void"]
    assert session.line.advise({"op": "void", "request_id": rid, "copy": 2, "reason": "x"}) is AdviceFate.UNHEARD
    assert session.line.advise({"op": "issued", "request_id": "0" * 32, "copy": 1, "reason": "x"}) is AdviceFate.UNHEARD
    meddler.change = lambda path, _: old["/v1/claims"]
    assert (
        session.line.advise({"op": "claim", "key": "cd" * 16, "amount_yen": 300, "reason": "x"}) is AdviceFate.UNHEARD
    )


def test_the_fetched_document_is_about_the_resident(session: Session, town: Town) -> None:
    document = session.line.fetch(session.reserved(), 1)
    assert isinstance(document, bytes)
    assert paper_of(document)["of"] == town.resident_id("hanako")


@pytest.mark.parametrize(
    "number",
    [
        "20261124 宮崎市 miyazaki-store-01 0001",  # the number shows the place
        "20261124 宮崎市 TA7M35 0001",  # another machine's
        "20261123 宮崎市 TXR3C2 0001",  # yesterday's
        "20261124 宮崎市 TXR3C2 001",
        "20261124 宮崎市 txr3c2 0001",
        "20261124 Miyazaki TXR3C2 0001",  # a form that the journal refuses
        "20261124 宮崎市 TXR3C2 000000001",
    ],
)
def test_a_number_is_of_this_terminal_and_of_today(session: Session, meddler: Meddler, number: str) -> None:
    items, rid = (session.item("inkan"),), secrets.token_hex(16)
    session.reserved(*items, request_id=rid)
    changed = put(manifest_of(meddler.heard[-1][1]), ("copies", 0, "issue_number"), number)
    meddler.change = lambda _, __: signed(changed)
    assert session.reserve(*items, request_id=rid) == BindingFailed("issue_number")
