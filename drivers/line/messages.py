"""Questions and answers of the line: records to JSON and back, every field checked. Pure.

Source: README.md, the table of calls. Manifest and stamp are in `manifest.py`.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated

from drivers.decode import between, listed, to_dataclass, written
from drivers.line.fields import (
    BadMessage,
    Line,
    Lines,
    Message,
    Nonce,
    RequestId,
    Text,
    Time,
    b64,
    base64_of,
    encode,
    instant,
    line,
    needs_japanese,
    read,
)
from drivers.vocabulary import (
    Attendance,
    Authenticated,
    AuthenticationMethod,
    CardProof,
    CardRead,
    CaseTold,
    CaseWord,
    CentreRefusal,
    CentreRefused,
    Challenge,
    ClerkHere,
    CopyState,
    HeartbeatTold,
    OrderItem,
    PaidAtDesk,
    claim_code,
)

JOURNAL_HEADER = "Kofuki-Journal"
MAX_DOCUMENT_BYTES = 4 * 1024 * 1024

# --- what is asked ------------------------------------------------------------------------------


def ask_challenge(session_nonce: bytes, card: CardRead, *, attended: bool) -> bytes:
    return encode(
        {
            "session_nonce": b64(session_nonce),
            "method": str(card.method),
            "credential": b64(card.credential),
            "attended": attended,
        }
    )


def ask_authentication(
    session_nonce: bytes, challenge: Challenge, proof: CardProof, attended: Sequence[Attendance] = ()
) -> bytes:
    return encode(
        {
            "challenge_id": challenge.challenge_id,
            "session_nonce": b64(session_nonce),
            "signature": b64(proof.signature),
            "encrypted_pin": None if proof.encrypted_pin is None else b64(proof.encrypted_pin),
            "attended": [{"login": clerk.login, "code": clerk.code} for clerk in attended] or None,
        }
    )


def tell_code(session_nonce: bytes, authentication_id: str, code: str) -> bytes:
    return encode({"session_nonce": b64(session_nonce), "authentication_id": authentication_id, "code": code})


def ask_reservation(request_id: str, session_nonce: bytes, authentication_id: str, items: Sequence[OrderItem]) -> bytes:
    return encode(
        {
            "request_id": request_id,
            "authentication_id": authentication_id,
            "session_nonce": b64(session_nonce),
            "items": [
                {"kind": item.kind, "options": {k: list(v) for k, v in item.options.items()}, "copies": item.copies}
                for item in items
            ],
        }
    )


def ask_heartbeat(facts: Mapping[str, object]) -> bytes:
    """A heartbeat with these facts; what they leave out is empty, for a bench and for a machine that cannot run."""
    empty = {"journal_seq": 0, "journal_head": "", "reasons": [], "events": []}
    return encode({**empty, "program": "", "site_table": 0, "devices": {}, **facts})


def tell_cases(seq: int, head: str, cases: Sequence[CaseTold], words: Sequence[CaseWord]) -> bytes:
    """What waits for a person at this machine, and its own words of the sessions concerned."""
    told = [{"code": case.code, "detail": case.detail} for case in cases]
    said = [{"seq": word.seq, "at": word.at.isoformat(), "line": word.line} for word in words]
    return encode({"journal_seq": seq, "journal_head": head, "cases": told, "words": said})


def journal_header(head: tuple[int, str] | None) -> Mapping[str, str]:
    """The header that carries the journal's head, in every message but the heartbeat, whose body has it. None: no header."""
    return {} if head is None else {JOURNAL_HEADER: f"{head[0]} {head[1]}"}


def request_path(request_id: str) -> str:
    return f"/v1/requests/{request_id}"


def copy_path(request_id: str, copy: int, what: str) -> str:
    """`what`: document, issued or void."""
    return f"{request_path(request_id)}/copies/{copy}/{what}"


def claim_path(key: str, what: str) -> str:
    """`what`: hold, collected or heard."""
    return f"/v1/claims/{key}/{what}"


def ask_hold(key: str, collection: int, journal_head: str) -> tuple[str, bytes]:
    """Path and body of a hold: this machine is about to pay the claim, as its collection of this number."""
    return claim_path(key, "hold"), encode({"collection": collection, "journal_head": journal_head})


def tell_advice(advice: Mapping[str, object]) -> tuple[str, bytes]:
    """Path and body of an advice: `op` (issued, void, claim, collected, heard), its key, a reason, and the journal's head."""
    head, reason = advice.get("journal_head", ""), str(advice.get("reason", ""))
    match advice["op"]:
        case "claim":
            told = {"key": advice["key"], "amount_yen": advice["amount_yen"], "reason": reason}
            return "/v1/claims", encode(told | {"journal_head": head})
        case "collected":
            told = {"amount_yen": advice["amount_yen"], "collection": advice["collection"]}
            return claim_path(str(advice["key"]), "collected"), encode(told | {"journal_head": head})
        case "heard":
            told = {"amount_yen": advice["amount_yen"]}
            return claim_path(str(advice["key"]), "heard"), encode(told | {"journal_head": head})
        case "issued":
            told = {"evidence": advice.get("evidence", reason)}
        case "void":
            told = {"reason": reason}
        case other:
            raise AssertionError(f"{other} is no advice")
    copy = advice["copy"]
    assert isinstance(copy, int)
    return copy_path(str(advice["request_id"]), copy, str(advice["op"])), encode(told | {"journal_head": head})


# --- what is answered ---------------------------------------------------------------------------

Key = Annotated[str, line(32)]
Yen = Annotated[int, between(0, 100_000)]


class _Clerk(Message, frozen=True, kw_only=True):
    login: Key
    name: Line


class _ChallengeGiven(Message, frozen=True, kw_only=True):
    session_nonce: Nonce
    challenge_id: Annotated[str, line(64)]
    challenge: Annotated[str, base64_of(32)]
    expires_at: Time
    pin_key: Annotated[str, base64_of(32)] | None
    pin_tries_left: Annotated[int, between(1, 15)] | None
    clerks: Annotated[tuple[_Clerk, ...], listed(2, 200)] | None

    def __post_init__(self) -> None:
        instant(self.expires_at)


class _Choice(Message, frozen=True, kw_only=True):
    value: Line
    label: Text

    def __post_init__(self) -> None:
        needs_japanese(self.label)


class _Group(Message, frozen=True, kw_only=True):
    key: Key
    title: Text
    several: bool
    choices: Annotated[tuple[_Choice, ...], listed(1, 200)]
    default: Lines
    only_if: Annotated[tuple[Line, ...], listed(2, 2)] | None
    item: Text | None = None  # a centre of an earlier version does not name it

    def __post_init__(self) -> None:
        needs_japanese(self.title, *([] if self.item is None else [self.item]))
        values = {choice.value for choice in self.choices}
        if len(values) != len(self.choices):
            raise ValueError("choices has a value twice")
        if not set(self.default) <= values or (not self.several and len(self.default) > 1):
            raise ValueError("default is not an answer")


class _Offer(Message, frozen=True, kw_only=True):
    kind: Annotated[str, written("[a-z0-9][a-z0-9_.-]{0,31}", "a word of a-z, 0-9, _ . -")]  # the journal's rule
    title: Text
    fee_yen: Yen
    copies_max: Annotated[int, between(1, 9)]
    refusal: CentreRefusal | None
    groups: Annotated[tuple[_Group, ...], listed(0, 200)]

    def __post_init__(self) -> None:
        needs_japanese(self.title)
        before: dict[str, set[str]] = {}
        for group in self.groups:
            if group.key in before:
                raise ValueError("groups asks one question twice")
            if group.only_if is not None and group.only_if[1] not in before.get(group.only_if[0], set()):
                raise ValueError("groups depends on an answer that cannot be given")
            before[group.key] = {choice.value for choice in group.choices}


class _AuthenticationGiven(Message, frozen=True, kw_only=True):
    session_nonce: Nonce
    authentication_id: Annotated[str, line(64)]
    masked_name: Line
    offers: Annotated[tuple[_Offer, ...], listed(0, 200)]
    takes_code: bool

    def __post_init__(self) -> None:
        if len({offer.kind for offer in self.offers}) != len(self.offers):
            raise ValueError("offers has a kind twice")


class _Refusal(Message, frozen=True, kw_only=True):
    code: CentreRefusal
    pin_tries_left: Annotated[int, between(0, 15)] | None


class _States(Message, frozen=True, kw_only=True):
    request_id: RequestId
    copies: Mapping[Annotated[str, written("[1-9][0-9]?", "numbered from 1 to 99")], CopyState]


class _State(Message, frozen=True, kw_only=True):
    request_id: RequestId
    copy: Annotated[int, between(1, 99)]
    state: CopyState


class _ClaimGiven(Message, frozen=True, kw_only=True):
    key: RequestId
    claim_code: Line


class _ClaimLeft(Message, frozen=True, kw_only=True):
    key: RequestId
    left_yen: Yen


class _ClaimPaid(Message, frozen=True, kw_only=True):
    key: RequestId
    amount_yen: Annotated[int, between(1, 100_000)]


class _CasesHeard(Message, frozen=True, kw_only=True):
    journal_seq: int


class _HeartbeatGiven(Message, frozen=True, kw_only=True):
    journal_seq: int
    time: Time
    notices: Lines
    site_table: Annotated[int, between(0, 2**53 - 1)]
    claims_paid: Annotated[tuple[_ClaimPaid, ...], listed(0, 20)]
    witnessed_seq: Annotated[int, between(0, 2**53 - 1)]
    witnessed_head: Annotated[str, written("([0-9a-f]{64})?", "64 hex digits, or empty")]

    def __post_init__(self) -> None:
        instant(self.time)
        if len({paid.key for paid in self.claims_paid}) != len(self.claims_paid):
            raise ValueError("claims_paid has a claim twice")
        if bool(self.witnessed_seq) != bool(self.witnessed_head):
            raise ValueError("witnessed_head is of no record")


def read_challenge(
    body: bytes, session_nonce: bytes, method: AuthenticationMethod, *, attended: bool = False
) -> Challenge:
    given = read(_ChallengeGiven, body, "challenge")
    _ours(given.session_nonce == b64(session_nonce), "challenge.session_nonce")
    _ours((given.clerks is not None) is attended, "challenge.clerks")
    municipal = method is AuthenticationMethod.MUNICIPAL and not attended
    if (given.pin_key is not None, given.pin_tries_left is not None) != (municipal, municipal):
        raise BadMessage("challenge.pin_key is not for this card")
    return Challenge(
        challenge_id=given.challenge_id,
        challenge=base64.b64decode(given.challenge),
        pin_key=None if given.pin_key is None else base64.b64decode(given.pin_key),
        pin_tries_left=given.pin_tries_left,
        clerks=None if given.clerks is None else tuple(ClerkHere(c.login, c.name) for c in given.clerks),
    )


def read_authenticated(body: bytes, session_nonce: bytes) -> Authenticated:
    given = read(_AuthenticationGiven, body, "authentication")
    _ours(given.session_nonce == b64(session_nonce), "authentication.session_nonce")
    return to_dataclass(Authenticated, given)


def read_exempted(body: bytes, session_nonce: bytes, who: Authenticated) -> Authenticated:
    """The same resident with other fees. Raises `BadMessage` for another one."""
    told = read_authenticated(body, session_nonce)
    _ours(told.authentication_id == who.authentication_id, "authentication.authentication_id")
    _ours(told.masked_name == who.masked_name, "authentication.masked_name")
    return told


def read_refusal(body: bytes) -> CentreRefused:
    given = read(_Refusal, body, "refusal")
    return CentreRefused(given.code, given.pin_tries_left)


def read_states(body: bytes, request_id: str) -> Mapping[int, CopyState]:
    given = read(_States, body, "request")
    _ours(given.request_id == request_id, "request.request_id")
    return {int(number): state for number, state in given.copies.items()}


def read_state(body: bytes, request_id: str, copy: int) -> CopyState:
    given = read(_State, body, "advice")
    _ours(given.request_id == request_id, "advice.request_id")
    _ours(given.copy == copy, "advice.copy")
    _ours(
        given.state in {CopyState.ISSUED, CopyState.VOID, CopyState.NONE}, "advice.state"
    )  # after an advice no copy is open
    return given.state


def read_claim(body: bytes, key: str) -> None:
    """Raises `BadMessage` unless the centre computed the same claim code, which is on the resident's slip."""
    given = read(_ClaimGiven, body, "claim")
    _ours(given.key == key, "claim.key")
    _ours(given.claim_code == claim_code(key), "claim.claim_code")


def read_left(body: bytes, key: str) -> int:
    """The yen still owed of a claim."""
    given = read(_ClaimLeft, body, "claim")
    _ours(given.key == key, "claim.key")
    return given.left_yen


def read_heartbeat(body: bytes, journal_seq: int) -> HeartbeatTold:
    """What the centre says to a heartbeat."""
    given = read(_HeartbeatGiven, body, "heartbeat")
    _ours(given.journal_seq == journal_seq, "heartbeat.journal_seq")
    paid = tuple(PaidAtDesk(each.key, each.amount_yen) for each in given.claims_paid)
    witnessed = (given.witnessed_seq, given.witnessed_head)
    return HeartbeatTold(instant(given.time), given.site_table, witnessed, paid)


def read_cases_heard(body: bytes, journal_seq: int) -> None:
    """Raises `BadMessage` unless the centre says that it has the cases of this journal number."""
    _ours(read(_CasesHeard, body, "cases").journal_seq == journal_seq, "cases.journal_seq")


def _ours(holds: bool, where: str) -> None:
    """Raises `BadMessage` for an answer to another question."""
    if not holds:
        raise BadMessage(f"{where} is not ours")
