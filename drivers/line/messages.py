"""What is asked and answered on the line: records to JSON and back, every field checked. Pure.

Source: README.md, the table of calls. The manifest and the stamp, which bind an answer to what was asked, are in
`manifest.py`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from drivers.line.fields import BadMessage, Fields, b64, decode, encode, word
from drivers.vocabulary import (
    Authenticated,
    AuthenticationMethod,
    CardProof,
    CardRead,
    CentreRefusal,
    CentreRefused,
    Challenge,
    Choice,
    CopyState,
    Offer,
    OptionGroup,
    OrderItem,
    claim_code,
)

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024

# --- what is asked ------------------------------------------------------------------------------


def ask_challenge(session_nonce: bytes, card: CardRead) -> bytes:
    return encode({"session_nonce": b64(session_nonce), "method": str(card.method), "credential": b64(card.credential)})


def ask_authentication(session_nonce: bytes, challenge: Challenge, proof: CardProof) -> bytes:
    return encode(
        {
            "challenge_id": challenge.challenge_id,
            "session_nonce": b64(session_nonce),
            "signature": b64(proof.signature),
            "encrypted_pin": None if proof.encrypted_pin is None else b64(proof.encrypted_pin),
        }
    )


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


def request_path(request_id: str) -> str:
    return f"/v1/requests/{request_id}"


def copy_path(request_id: str, copy: int, what: str) -> str:
    """`what`: document, issued or void."""
    return f"{request_path(request_id)}/copies/{copy}/{what}"


def claim_path(key: str, what: str) -> str:
    """`what`: hold or collected."""
    return f"/v1/claims/{key}/{what}"


def ask_hold(key: str, collection: int, journal_head: str) -> tuple[str, bytes]:
    """Path and body: this machine is about to pay the claim, and will tell it as this collection."""
    return claim_path(key, "hold"), encode({"collection": collection, "journal_head": journal_head})


def tell_advice(advice: Mapping[str, object]) -> tuple[str, bytes]:
    """Path and body of an advice: `op` (issued, void, claim, collected), its key, a reason, and the journal's head."""
    head, reason = advice.get("journal_head", ""), str(advice.get("reason", ""))
    match advice["op"]:
        case "claim":
            told = {"key": advice["key"], "amount_yen": advice["amount_yen"], "reason": reason}
            return "/v1/claims", encode(told | {"journal_head": head})
        case "collected":
            told = {"amount_yen": advice["amount_yen"], "collection": advice["collection"]}
            return claim_path(str(advice["key"]), "collected"), encode(told | {"journal_head": head})
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


def read_challenge(body: bytes, session_nonce: bytes, method: AuthenticationMethod) -> Challenge:
    fields = Fields(decode(body), "challenge")
    _same(fields, "challenge", session_nonce)
    fields.time("expires_at")
    challenge = Challenge(
        challenge_id=fields.text("challenge_id", 64),
        challenge=fields.bytes("challenge", 32),
        pin_key=None if fields.null("pin_key") else fields.bytes("pin_key", 32),
        pin_tries_left=None if fields.null("pin_tries_left") else fields.count("pin_tries_left", 1, 15),
    )
    fields.done()
    municipal = method is AuthenticationMethod.MUNICIPAL
    if (challenge.pin_key is not None, challenge.pin_tries_left is not None) != (municipal, municipal):
        raise BadMessage("challenge.pin_key is not for this card")
    return challenge


def read_authenticated(body: bytes, session_nonce: bytes) -> Authenticated:
    fields = Fields(decode(body), "authentication")
    _same(fields, "authentication", session_nonce)
    answer = Authenticated(
        authentication_id=fields.text("authentication_id", 64),
        masked_name=fields.text("masked_name"),
        offers=fields.list("offers", _offer),
    )
    fields.done()
    if len({offer.kind for offer in answer.offers}) != len(answer.offers):
        raise BadMessage("authentication.offers has a kind twice")
    return answer


def _offer(value: object, where: str) -> Offer:
    fields = Fields(value, where)
    offer = Offer(
        kind=fields.text("kind", 32),
        title=fields.words_by_language("title"),
        fee_yen=fields.count("fee_yen", 0, 100_000),
        copies_max=fields.count("copies_max", 1, 9),
        refusal=None if fields.null("refusal") else fields.word("refusal", CentreRefusal),
        groups=fields.list("groups", _group),
    )
    fields.done()
    if not re.fullmatch("[a-z0-9][a-z0-9_.-]*", offer.kind, re.ASCII):
        raise BadMessage(f"{where}.kind is not a word")  # it goes into the journal, which takes nothing else
    before: dict[str, set[str]] = {}
    for group in offer.groups:
        if group.key in before:
            raise BadMessage(f"{where}.groups asks one question twice")
        if group.only_if is not None and group.only_if[1] not in before.get(group.only_if[0], set()):
            raise BadMessage(f"{where}.groups depends on an answer that cannot be given")
        before[group.key] = {choice.value for choice in group.choices}
    return offer


def _group(value: object, where: str) -> OptionGroup:
    fields = Fields(value, where)
    pair = () if fields.null("only_if") else fields.list("only_if", word)
    group = OptionGroup(
        key=fields.text("key", 32),
        title=fields.words_by_language("title"),
        several=fields.take("several", bool),
        choices=fields.list("choices", _choice),
        default=fields.list("default", word),
        only_if=(pair[0], pair[1]) if len(pair) == 2 else None,
    )
    fields.done()
    values = {choice.value for choice in group.choices}
    if len(pair) not in {0, 2}:
        raise BadMessage(f"{where}.only_if is not a pair")
    if not values or len(values) != len(group.choices):
        raise BadMessage(f"{where}.choices is empty or has a value twice")
    if not set(group.default) <= values or (not group.several and len(group.default) > 1):
        raise BadMessage(f"{where}.default is not an answer")
    return group


def _choice(value: object, where: str) -> Choice:
    fields = Fields(value, where)
    choice = Choice(value=fields.text("value"), label=fields.words_by_language("label"))
    fields.done()
    return choice


def read_refusal(body: bytes) -> CentreRefused:
    fields = Fields(decode(body), "refusal")
    code = fields.word("code", CentreRefusal)
    left = None if fields.null("pin_tries_left") else fields.count("pin_tries_left", 0, 15)
    fields.done()
    return CentreRefused(code, left)


def read_states(body: bytes, request_id: str) -> Mapping[int, CopyState]:
    fields = Fields(decode(body), "request")
    _ours(fields.hex("request_id", 32) == request_id, "request.request_id")
    table = fields.take("copies", dict)
    fields.done()
    copies = Fields(table, "request.copies")
    if not all(re.fullmatch("[1-9][0-9]?", number, re.ASCII) for number in table):
        raise BadMessage("request.copies has a key that is no number")
    return {int(number): copies.word(number, CopyState) for number in table}


def read_state(body: bytes, request_id: str, copy: int) -> CopyState:
    fields = Fields(decode(body), "advice")
    _ours(fields.hex("request_id", 32) == request_id, "advice.request_id")
    _ours(fields.count("copy", 1, 99) == copy, "advice.copy")
    state = fields.word("state", CopyState)
    fields.done()
    _ours(state in {CopyState.ISSUED, CopyState.VOID, CopyState.NONE}, "advice.state")  # an open one is no end
    return state


def read_claim(body: bytes, key: str) -> None:
    """Both sides must have made the same code, or the slip in the resident's hand is worth nothing."""
    fields = Fields(decode(body), "claim")
    _ours(fields.hex("key", 32) == key, "claim.key")
    _ours(fields.text("claim_code", 8) == claim_code(key), "claim.claim_code")
    fields.done()


def read_left(body: bytes, key: str) -> int:
    """What is still owed of a claim, in yen."""
    fields = Fields(decode(body), "claim")
    _ours(fields.hex("key", 32) == key, "claim.key")
    left_yen = fields.count("left_yen", 0, 100_000)
    fields.done()
    return left_yen


def read_heartbeat(body: bytes, journal_seq: int) -> datetime:
    """The centre's time."""
    fields = Fields(decode(body), "heartbeat")
    _ours(fields.take("journal_seq", int) == journal_seq, "heartbeat.journal_seq")
    instant = fields.time("time")
    fields.list("notices", word)
    fields.done()
    return instant


def _same(fields: Fields, where: str, session_nonce: bytes) -> None:
    _ours(fields.bytes("session_nonce", len(session_nonce)) == session_nonce, f"{where}.session_nonce")


def _ours(holds: bool, where: str) -> None:
    """An answer to another question is no answer."""
    if not holds:
        raise BadMessage(f"{where} is not ours")
