"""The line's three calls about a card at a desk's reader: records to JSON and back, every field checked. Pure.

Source: README.md, "A card at a desk's reader".
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Literal, Protocol, TypeVar

from drivers.decode import written
from drivers.line.fields import BadMessage, Message, Nonce, RequestId, b64, base64_of, encode, read
from drivers.vocabulary import CentreRefused, CentreUnreachable

BOUND_TAG = b"kofuki-card-1"
Outcome = Literal["done", "pins_differ", "pin_easy"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Begun:
    """An order that was taken up. `token`: opens the blank card in the reader; None when none was asked for.

    `asks_old`: the resident proves with the old PIN who they are.
    """

    order_id: str
    writes: bool
    asks_old: bool
    token: bytes | None = field(repr=False)
    challenge: bytes = field(repr=False)
    pin_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What ends an order: the card's record and signature, and the PIN, sealed twice; the old one where it is asked for."""

    credential: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    encrypted_pin: bytes = field(repr=False)
    encrypted_again: bytes = field(repr=False)
    encrypted_old: bytes | None = field(default=None, repr=False)
    keep_easy: bool


class _Given(Message, frozen=True, kw_only=True):
    session_nonce: Nonce
    order_id: RequestId
    writes: bool
    asks_old: bool
    token: Annotated[str, base64_of(16)] | None
    challenge: Annotated[str, base64_of(32)]
    pin_key: Annotated[str, base64_of(32)]


class _Record(Message, frozen=True, kw_only=True):
    order_id: RequestId
    record: Annotated[str, written("[A-Za-z0-9+/]{4,340}={0,2}", "base64 of at most 255 bytes")]


class _Finished(Message, frozen=True, kw_only=True):
    order_id: RequestId
    outcome: Outcome


class Line(Protocol):
    """`drivers.line.centre.CentreLine`."""

    def ask(self, path: str, body: bytes, read: Callable[[bytes], _T]) -> _T | CentreRefused | CentreUnreachable: ...


class CardOrders:
    """The calls over one line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def begin(
        self, session_nonce: bytes, code: str, chip: tuple[bytes, bytes] | None, credential: bytes | None
    ) -> Begun | CentreRefused | CentreUnreachable:
        """Take up the order of this code. `chip`: serial number and challenge of a card to be written; `credential`: of one that is."""
        told = None if chip is None else {"serial": b64(chip[0]), "challenge": b64(chip[1])}
        record = None if credential is None else b64(credential)
        body = encode({"session_nonce": b64(session_nonce), "code": code, "chip": told, "credential": record})
        return self._line.ask("/v1/card-orders", body, partial(_read_begun, session_nonce=session_nonce))

    def record(self, session_nonce: bytes, order_id: str, point: bytes) -> bytes | CentreRefused | CentreUnreachable:
        """The identity record for the key that the card has made."""
        body = encode({"session_nonce": b64(session_nonce), "point": b64(point)})
        return self._line.ask(f"/v1/card-orders/{order_id}/record", body, partial(_read_record, order_id=order_id))

    def finish(self, session_nonce: bytes, order_id: str, proof: Proof) -> Outcome | CentreRefused | CentreUnreachable:
        """The card's proof and the PIN. The same proof again gets the same answer."""
        told = {"credential": b64(proof.credential), "signature": b64(proof.signature)}
        sealed = {"encrypted_pin": b64(proof.encrypted_pin), "encrypted_again": b64(proof.encrypted_again)}
        sealed_old = None if proof.encrypted_old is None else b64(proof.encrypted_old)
        rest = {"encrypted_old": sealed_old, "keep_easy": proof.keep_easy}
        body = encode({"session_nonce": b64(session_nonce), **told, **sealed, **rest})
        return self._line.ask(f"/v1/card-orders/{order_id}/finish", body, partial(_read_outcome, order_id=order_id))


def _read_begun(body: bytes, session_nonce: bytes) -> Begun:
    given = read(_Given, body, "card order")
    _ours(given.session_nonce == b64(session_nonce), "card_order.session_nonce")
    token = None if given.token is None else base64.b64decode(given.token)
    decoded = base64.b64decode(given.challenge), base64.b64decode(given.pin_key)
    return Begun(given.order_id, given.writes, given.asks_old, token, *decoded)


def _read_record(body: bytes, order_id: str) -> bytes:
    given = read(_Record, body, "card record")
    _ours(given.order_id == order_id, "card_record.order_id")
    try:
        return base64.b64decode(given.record, validate=True)
    except ValueError:
        raise BadMessage("card_record.record is not base64") from None


def _read_outcome(body: bytes, order_id: str) -> Outcome:
    given = read(_Finished, body, "card outcome")
    _ours(given.order_id == order_id, "card_outcome.order_id")
    return given.outcome


def _ours(holds: bool, where: str) -> None:
    if not holds:
        raise BadMessage(f"{where} is not ours")
