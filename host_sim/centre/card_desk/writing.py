"""The centre's side of a desk's reader: opens a chip for an order, makes the record for its key, and takes the proof.

Nothing is believed that the card has not signed: the register takes a card, or a new PIN, only with a signature of the
card's own key over this session's challenge. The PIN comes sealed and twice, so that a slip of the finger is noticed;
no clerk and no program at the desk ever has it.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from host_sim.centre import cards as register
from host_sim.centre import municipal
from host_sim.centre.authentication import Refused
from host_sim.centre.card_desk import old_pin, orders, rules
from host_sim.centre.card_desk.chips import ChipKeys
from host_sim.centre.card_desk.enquiries import resident_of
from host_sim.centre.cards import ActRefused, NewCard, Told
from host_sim.centre.city.book import CityBook
from host_sim.centre.jpki import chain
from host_sim.centre.pins import PIN_DIGITS, PinKey, open_sealed
from host_sim.centre.register import Resident
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import card_orders

BOUND_TAG = b"kofuki-card-1"


@dataclass(frozen=True, slots=True)
class ChipAsked:
    """A chip in the reader that can be written: its serial number (8 bytes) and its challenge (8 bytes)."""

    serial: bytes
    challenge: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The card in the reader: one that can be written, or one that is, with its record."""

    chip: ChipAsked | None
    credential: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """`token`: opens the chip for the order; None where nothing is to be written. `asks_old`: the old PIN is the proof."""

    order_id: str
    writes: bool
    asks_old: bool
    token: bytes | None = field(repr=False)
    challenge: bytes = field(repr=False)
    pin_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The card's proof and the new PIN, sealed as drivers/line/README.md says. `keep_easy`: the resident keeps an easy PIN.

    `encrypted_old`: the PIN that is changed, of an order that asks for it.
    """

    order_id: str
    session_nonce: bytes
    credential: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    encrypted_pin: bytes = field(repr=False)
    encrypted_again: bytes = field(repr=False)
    encrypted_old: bytes | None = field(default=None, repr=False)
    keep_easy: bool = False

    @property
    def sha256(self) -> str:
        """Of the whole answer, to know the same one again."""
        told = hashlib.sha256()
        sealed = (self.encrypted_pin, self.encrypted_again, self.encrypted_old or b"")
        for part in (self.credential, self.signature, *sealed):
            told.update(len(part).to_bytes(4, "big") + part)
        return told.hexdigest()


class CardWriting:
    """Raises `Refused` with a word of the line. Only the terminals of a counter write cards."""

    def __init__(
        self, store: Store, city: CityBook, pin_key: X25519PrivateKey, pin_hash_key: PinKey, card_master: bytes
    ) -> None:
        self._store = store
        self._city = city
        self._pin_key = pin_key
        self._pin_hash_key = pin_hash_key
        self._chips = ChipKeys(card_master)

    def begin(self, peer: Peer, session_nonce: bytes, code: str, found: Found, now: datetime) -> Begun:
        """Take up an order, for the first time or after a cut. A written card that is not the order's is refused."""
        with self._store.writing() as c:
            self._at_a_counter(c, peer, now)
            row = orders.by_code(c, code, now)
            if row is None or row.state == "done":
                raise Refused("expired")
            self._holder(c, row)
            if row.act == "change":
                old_pin.open_for_a_try(c, row)
            writes, challenge = row.act not in orders.SET_A_PIN, secrets.token_bytes(32)
            token = None
            if found.credential is not None:
                self._public_key(c, row, found.credential)
            if writes and (chip := found.chip) is not None:
                self._bind(c, row, chip.serial.hex())
                token = self._chips.token(chip.serial, chip.challenge, bytes.fromhex(row.order_id))
            state = row.state
            session = {"machine": peer.name, "session_nonce": session_nonce, "challenge": challenge}
            orders.change(c, row.order_id, **session)
            if state == "ordered":
                orders.became(c, row, "begun", peer.name, now)
        pin_key = self._pin_key.public_key().public_bytes_raw()
        return Begun(row.order_id, writes, row.act == "change", token, challenge, pin_key)

    def record(self, peer: Peer, session_nonce: bytes, order_id: str, point: bytes, now: datetime) -> bytes:
        """The identity record for the key that the card has made. The same key gets the same record again."""
        with self._store.writing() as c:
            row = self._mine(c, peer, order_id, session_nonce)
            if row.act in orders.SET_A_PIN or row.chip is None or row.state not in orders.OPEN:
                raise Refused("bad_request")
            code = self._city.at(c, now).municipality.code[:5]
            try:
                until = date.fromisoformat(row.valid_until)
                made = municipal.make_record(code, row.user_id, row.kind, until, point)
            except ValueError:
                raise Refused("bad_request") from None
            if row.record is not None and row.record != made:
                raise Refused("card_not_taken")  # a chip has one key; this is another chip's
            if row.record is None:
                orders.change(c, order_id, record=made)
                orders.became(c, row, "recorded", peer.name, now)
        return made

    def finish(self, peer: Peer, answer: Finish, now: datetime) -> str:
        """`done`; or `pins_differ` or `pin_easy`, and then nothing has changed and another PIN may be sent."""
        with self._store.reading() as c:
            row = self._mine(c, peer, answer.order_id, answer.session_nonce)
            if row.state == "done":
                if row.answer_sha256 != answer.sha256:
                    raise Refused("bad_request")
                return "done"
            self._check_proof(c, row, answer, peer)
            born = self._holder(c, row).born.on
        if (row.act == "change") != (answer.encrypted_old is not None):
            raise Refused("bad_request")
        pin, again = (self._opened(sealed, row) for sealed in (answer.encrypted_pin, answer.encrypted_again))
        try:
            if pin != again:
                return "pins_differ"
            if rules.easy(pin, born) and not answer.keep_easy:
                return "pin_easy"
            columns = self._pin_hash_key.row(pin)  # slow, so outside any transaction
        except ValueError:
            raise Refused("bad_request") from None
        finally:
            pin[:], again[:] = bytes(len(pin)), bytes(len(again))
        judged = None if answer.encrypted_old is None else self._judge_old(peer, answer, answer.encrypted_old, now)
        with self._store.writing() as c:
            fresh = self._mine(c, peer, answer.order_id, answer.session_nonce)
            if fresh.state == "done" and fresh.answer_sha256 == answer.sha256:
                return "done"
            self._check_proof(c, fresh, answer, peer)
            if judged is not None:
                old_pin.still(c, fresh, judged)
            self._enter(c, fresh, answer.credential, columns, now)
            orders.change(c, row.order_id, answer_sha256=answer.sha256)
            orders.became(c, fresh, "done", peer.name, now)
        return "done"

    # --- inside ---------------------------------------------------------------------------------

    def _at_a_counter(self, c: sa.Connection, peer: Peer, now: datetime) -> None:
        place = self._city.at(c, now).place_of(peer.name)
        if place is None or place.channel != "counter":
            raise Refused("not_registered")

    def _holder(self, c: sa.Connection, row: Any) -> Resident:
        """Whom the card is for. Raises `Refused` for who has left or died since the order."""
        try:
            return resident_of(c, row.resident_id)
        except ActRefused:
            raise Refused("ask_at_counter") from None

    def _bind(self, c: sa.Connection, row: Any, serial: str) -> None:
        """One chip for one order, written down before the chip is opened."""
        other = sa.select(card_orders.c.order_id).where(card_orders.c.chip == serial)
        holder = c.scalar(other)
        if holder not in (None, row.order_id) or row.chip not in (None, serial):
            raise Refused("card_not_taken")
        orders.change(c, row.order_id, chip=serial)

    def _mine(self, c: sa.Connection, peer: Peer, order_id: str, session_nonce: bytes) -> Any:
        row = orders.of(c, order_id)
        if row is None or row.machine != peer.name or row.session_nonce != session_nonce:
            raise Refused("bad_request")
        return row

    def _check_proof(self, c: sa.Connection, row: Any, answer: Finish, peer: Peer) -> None:
        """The card in the reader is the one of this order, and its key has signed this session's challenge."""
        if row.state not in orders.OPEN:
            raise Refused("expired")
        public_key = self._public_key(c, row, answer.credential)
        bound = BOUND_TAG + row.challenge + row.session_nonce + peer.name.encode()
        if not chain.signature_good(load_der_public_key(base64.b64decode(public_key)), answer.signature, bound):
            raise Refused("signature_wrong")

    def _public_key(self, c: sa.Connection, row: Any, credential: bytes) -> str:
        if row.act not in orders.SET_A_PIN:
            if row.record is None or row.record != credential:
                raise Refused("card_not_taken")
            return municipal.read_record(credential).public_key
        card = register.find(c, hashlib.sha256(credential).hexdigest())
        if card is None or card.credential_sha256 != row.old:
            raise Refused("card_not_taken")
        return str(card.public_key)

    def _judge_old(self, peer: Peer, answer: Finish, sealed: bytes, now: datetime) -> Any:
        """The row of the card whose old PIN this is; None after the same answer has ended the order.

        Raises `Refused` when it is another PIN; then the try stays counted.
        """
        with self._store.writing() as c:
            row = self._mine(c, peer, answer.order_id, answer.session_nonce)
            if row.state == "done" and row.answer_sha256 == answer.sha256:
                return None
            self._check_proof(c, row, answer, peer)
            typed = self._opened(sealed, row)
            card = old_pin.count(c, row, answer.sha256, self._pin_hash_key)
        right = self._pin_hash_key.fits(typed, card)  # slow, so outside any transaction
        typed[:] = bytes(len(typed))
        if not right:
            with self._store.writing() as c:
                refused = old_pin.refused(c, row, card, peer.name, now)
            raise refused
        return card

    def _opened(self, sealed: bytes, row: Any) -> bytearray:
        try:
            pin = open_sealed(self._pin_key, sealed, row.session_nonce, row.challenge)
        except ValueError:
            raise Refused("bad_request") from None
        if len(pin) != PIN_DIGITS or not bytes(pin).isdigit():
            raise Refused("bad_request")
        return pin

    def _enter(self, c: sa.Connection, row: Any, credential: bytes, pin: dict[str, Any], now: datetime) -> None:
        told = Told(row.who, row.why, now)
        try:
            if row.act in orders.SET_A_PIN:
                register.unlock(c, row.old, pin, told)
                return
            new = self._new_card(row, credential)
            if row.old is None:
                register.issue(c, new, pin, told)
            else:
                register.replace(c, row.old, new, pin, told)
        except ActRefused:  # the register has moved on since the order: a clerk discards it and looks
            raise Refused("ask_at_counter") from None

    def _new_card(self, row: Any, credential: bytes) -> NewCard:
        record = municipal.read_record(credential)
        return NewCard(
            credential_sha256=hashlib.sha256(credential).hexdigest(),
            kind=record.kind,
            resident_id=row.resident_id,
            valid_until=record.valid_until,
            public_key=record.public_key,
            carries_seal=row.carries_seal,
        )
