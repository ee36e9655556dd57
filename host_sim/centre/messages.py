"""The messages of the line, as the centre reads the specification (drivers/line/README.md); source of `/openapi.json`.

Every model refuses an unknown field and takes no value of another type. Bodies are read by `parse`, which also
refuses what Python's JSON reader accepts: a key that stands twice, NaN, half a surrogate pair.
"""

import base64
import binascii
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_BODY_BYTES = 256 * 1024
Code = Literal[
    "certificate_expired",
    "certificate_revoked",
    "certificate_foreign",
    "revocation_unknown",
    "card_expired",
    "card_reported_lost",
    "card_not_taken",
    "signature_wrong",
    "wrong_pin",
    "pin_blocked",
    "not_resident",
    "moved_out",
    "under_age",
    "ask_at_counter",
    "not_registered",
    "held_elsewhere",
    "no_record",
    "not_offered",
    "outside_hours",
    "code_wrong",
    "pin_needed",
    "clerk_refused",
    "same_clerk",
    "books_stale",
    "stopped",
    "books_changed",
    "expired",
    "bad_request",
]


def parse(body: bytes) -> Any:
    """The value of a JSON text, read strictly. Raises ValueError."""
    if len(body) > MAX_BODY_BYTES:
        raise ValueError("too large")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_never)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("too deep") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _never(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    return text


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


# No control character: a text may be shown on a clerk's terminal, and PostgreSQL takes no NUL.
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
COUNT_MAX = 2**31 - 1  # an integer of the database
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Head = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]  # of the machine's journal; empty from a bench
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=_PLAIN)]
Reason = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
Plain = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Bytes = Annotated[str, Field(max_length=16_384), AfterValidator(_base64)]
Nonce = Annotated[str, Field(min_length=24, max_length=24), AfterValidator(_base64)]
Copy = Annotated[int, Field(ge=1, le=99)]
Language = dict[str, str]


class ChallengeAsked(Message):
    session_nonce: Nonce
    method: Literal["jpki", "municipal"]
    credential: Bytes
    attended: bool = False


class Clerk(Message):
    login: Word
    name: Annotated[str, Field(min_length=1, max_length=200)]


class ChallengeGiven(Message):
    session_nonce: Nonce
    challenge_id: Word
    challenge: Annotated[str, Field(min_length=44, max_length=44), AfterValidator(_base64)]
    expires_at: str
    pin_key: Annotated[str, Field(min_length=44, max_length=44), AfterValidator(_base64)] | None
    pin_tries_left: Annotated[int, Field(ge=1, le=15)] | None
    clerks: Annotated[list[Clerk], Field(min_length=2, max_length=200)] | None


class ClerkSaw(Message):
    login: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]
    code: Annotated[str, Field(pattern="^[0-9]{6}$")]


class AuthenticationAsked(Message):
    challenge_id: Word
    session_nonce: Nonce
    signature: Bytes
    encrypted_pin: Bytes | None
    attended: Annotated[list[ClerkSaw], Field(min_length=2, max_length=2)] | None = None


class Choice(Message):
    value: Annotated[str, Field(min_length=1, max_length=200)]
    label: Language


class Group(Message):
    key: Annotated[str, Field(min_length=1, max_length=32)]
    title: Language
    several: bool
    choices: Annotated[list[Choice], Field(min_length=1, max_length=200)]
    default: list[str]
    only_if: Annotated[list[str], Field(min_length=2, max_length=2)] | None
    item: Language | None = None  # what `print` puts on the paper and `omit` leaves off


class Offer(Message):
    kind: Annotated[str, Field(min_length=1, max_length=32)]
    title: Language
    fee_yen: Annotated[int, Field(ge=0, le=100_000)]
    copies_max: Annotated[int, Field(ge=1, le=9)]
    refusal: Code | None
    groups: Annotated[list[Group], Field(max_length=200)]


class AuthenticationGiven(Message):
    session_nonce: Nonce
    authentication_id: Word
    masked_name: Annotated[str, Field(min_length=1, max_length=200)]
    offers: Annotated[list[Offer], Field(max_length=200)]
    takes_code: bool


class ExemptionAsked(Message):
    session_nonce: Nonce
    authentication_id: Word
    code: Annotated[str, Field(pattern="^[0-9]{8}$")]


# Bytes of one length in base64.
Bytes8 = Annotated[str, Field(pattern="^[A-Za-z0-9+/]{11}=$")]
Bytes16 = Annotated[str, Field(pattern="^[A-Za-z0-9+/]{22}==$")]
Bytes32 = Annotated[str, Field(pattern="^[A-Za-z0-9+/]{43}=$")]
Bytes65 = Annotated[str, Field(pattern="^[A-Za-z0-9+/]{87}=$")]


class CardChip(Message):
    serial: Bytes8
    challenge: Bytes8


class CardOrderAsked(Message):
    session_nonce: Nonce
    code: Annotated[str, Field(pattern="^[2-9A-HJ-NP-Z]{10}$")]
    chip: CardChip | None  # a card that can be written
    credential: Bytes | None  # the record of one that is written


class CardOrderGiven(Message):
    session_nonce: Nonce
    order_id: Hex32
    writes: bool
    asks_old: bool
    token: Bytes16 | None
    challenge: Bytes32
    pin_key: Bytes32


class CardRecordAsked(Message):
    session_nonce: Nonce
    point: Bytes65


class CardRecordGiven(Message):
    order_id: Hex32
    record: Bytes


class CardFinished(Message):
    session_nonce: Nonce
    credential: Bytes
    signature: Bytes
    encrypted_pin: Bytes
    encrypted_again: Bytes
    encrypted_old: Bytes | None  # of an order that asks for the old PIN
    keep_easy: bool


class CardOutcome(Message):
    order_id: Hex32
    outcome: Literal["done", "pins_differ", "pin_easy"]


class Item(Message):
    kind: Annotated[str, Field(max_length=32, pattern=_PLAIN)]
    options: Annotated[dict[str, Annotated[list[Plain], Field(max_length=200)]], Field(max_length=200)]
    copies: Annotated[int, Field(ge=1, le=9)]


class Order(Message):
    request_id: Hex32
    authentication_id: Word
    session_nonce: Nonce
    items: Annotated[list[Item], Field(min_length=1, max_length=9)]


class Promise(Message):
    manifest: Annotated[str, Field(description="canonical JSON, signed as it stands")]
    signature: Annotated[str, Field(min_length=88, max_length=88), AfterValidator(_base64)]


class ManifestCopy(Message):
    """Not a body: one of the copies inside `Promise.manifest`."""

    copy_: Annotated[Copy, Field(alias="copy")]
    kind: str
    options: dict[str, list[str]]
    issue_number: str
    document_sha256: str
    pages: int
    size_bytes: int
    fee_yen: int


class Manifest(Message):
    """Not a body: the JSON inside `Promise.manifest`."""

    request_id: Hex32
    machine: str
    session_nonce: Nonce
    card_fingerprint: str
    reserved_at: str
    expires_at: str
    copies: list[ManifestCopy]


class States(Message):
    request_id: Hex32
    copies: dict[str, Literal["reserved", "delivered", "issued", "void"]]


class Issued(Message):
    evidence: Reason
    journal_head: Head


class Void(Message):
    reason: Reason
    journal_head: Head


class State(Message):
    request_id: Hex32
    copy_: Annotated[Copy, Field(alias="copy")]
    state: Literal["issued", "void", "none"]


class Claim(Message):
    key: Hex32
    amount_yen: Annotated[int, Field(ge=1, le=100_000)]
    reason: Reason
    journal_head: Head


class ClaimGiven(Message):
    key: Hex32
    claim_code: Annotated[str, Field(pattern="^[A-HJ-NP-Z2-9]{8}$")]


class Hold(Message):
    collection: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    journal_head: Head


class Collected(Message):
    amount_yen: Annotated[int, Field(ge=0, le=100_000)]
    collection: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    journal_head: Head


class Heard(Message):
    amount_yen: Annotated[int, Field(ge=1, le=100_000)]
    journal_head: Head


class ClaimLeft(Message):
    key: Hex32
    left_yen: Annotated[int, Field(ge=0, le=100_000)]


class Heartbeat(Message):
    journal_seq: Count
    journal_head: Head
    state: Annotated[str, Field(max_length=40, pattern=_PLAIN)]
    reasons: Annotated[list[Word], Field(max_length=40)]
    events: Annotated[list[Word], Field(max_length=100)]
    # While machines are updated one by one, those of the release before do not tell these three.
    program: Annotated[str, Field(max_length=64, pattern=_PLAIN)] = ""
    site_table: Annotated[int, Field(ge=0, le=2**53)] = 0
    devices: Annotated[dict[Word, Word], Field(max_length=20)] = Field(default_factory=dict)


class Case(Message):
    code: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.:+/-]{0,79}$")]
    detail: Reason


class CaseWord(Message):
    """One record of the machine's journal, of a session that a case names."""

    seq: Count
    at: Annotated[str, Field(max_length=40, pattern=_PLAIN)]
    line: Annotated[str, Field(max_length=300, pattern=_PLAIN)]


class Cases(Message):
    journal_seq: Count
    journal_head: Head
    cases: Annotated[list[Case], Field(max_length=300)]
    words: Annotated[list[CaseWord], Field(max_length=120)]


class CasesHeard(Message):
    journal_seq: int


class ClaimPaid(Message):
    key: Hex32
    amount_yen: Annotated[int, Field(ge=1, le=100_000)]


class HeartbeatGiven(Message):
    journal_seq: int
    time: str
    notices: Annotated[list[str], Field(max_length=40)]
    site_table: Annotated[int, Field(ge=0, le=2**53 - 1)]
    claims_paid: Annotated[list[ClaimPaid], Field(max_length=20)]
    witnessed_seq: Count
    witnessed_head: Head


class SignedTable(Message):
    table: Annotated[str, Field(description="canonical JSON, signed as it stands after `kofuki-site-table-1`")]
    signature: Annotated[str, Field(min_length=88, max_length=88), AfterValidator(_base64)]


class SiteTables(Message):
    tables: Annotated[list[SignedTable], Field(min_length=1, max_length=8)]


class Failure(Message):
    """Of the centre, not of the question: the same call may succeed later."""

    code: Literal["busy", "failed"]


# Status -> what it says, beside 500 and 503.
REFUSALS = {
    400: "Not a message: no JSON, too long, a key twice, or no such call.",
    403: "The centre refuses, and says why.",
    422: "A message with a missing, an unknown or a wrong field.",
}


class Refusal(Message):
    code: Code
    pin_tries_left: Annotated[int, Field(ge=0, le=15)] | None
