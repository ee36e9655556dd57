"""One order at the desk's reader: writes the card if it is to be written, takes the PIN at the pad, proves both to the centre.

It keeps nothing. Whatever is cut in the middle, power, card or line, is taken up again with the same card and the order's
code: the chip says where it stands, and the centre knows what it had been told.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

from drivers.card.channel import CardSession, CardTrace, ReaderPort
from drivers.card.crypto import seal_pin
from drivers.card.writing import LifeCycle, MunicipalWriter, WritingRefused
from drivers.line.card_orders import BOUND_TAG, Begun, CardOrders, Proof
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import CardPresence, CentreRefusal, CentreRefused, CentreUnreachable

_DEVICE = "card"
_CARD_S = 20.0  # for all commands between two questions to the centre or the resident
_WAIT_S = 30.0  # for a card to be put in
_FINISH_TRIES = 3

RESIDENT = {
    "old": "今の暗証番号（数字4けた）を押して、確認を押してください。\nPress the four digits of your present PIN, then ENTER.",
    "old_wrong": "今の暗証番号が違います。あと{}回押せます。\nThis is not your present PIN. Tries left: {}.",
    "new": "新しい暗証番号（数字4けた）を押して、確認を押してください。\nPress the four digits of your new PIN, then ENTER.",
    "pin": "暗証番号（数字4けた）を押して、確認を押してください。\nPress the four digits of your PIN, then ENTER.",
    "again": "もう一度、同じ暗証番号を押して、確認を押してください。\nThe same PIN once more, then ENTER.",
    "differ": "二つの暗証番号が違います。初めから押してください。\nThe two PINs differ. Please begin again.",
    "easy": (
        "推測されやすい番号です。このままでよければ確認を、変えるときは訂正を押してください。\n"
        "This PIN is easily guessed. ENTER keeps it, CLEAR lets you choose another one."
    ),
    "done": "終わりました。カードをお取りください。\nDone. Please take your card.",
    "stopped": "中止しました。\nStopped.",
}
_SENTENCES = {
    CentreRefusal.EXPIRED: "The code is not good, or not any more: look at the order on the desk's page, and get a new code.",
    CentreRefusal.CARD_NOT_TAKEN: "This is not the card of this order: put that one in, or discard the order and begin anew.",
    CentreRefusal.NOT_REGISTERED: "This terminal is at no counter of the city's file: write cards at another one.",
    CentreRefusal.SIGNATURE_WRONG: "The card's own key did not sign rightly: put it aside, discard the order, and make another.",
    CentreRefusal.PIN_BLOCKED: "The PIN is locked: discard the order, and set a new PIN with a photo ID or an enquiry.",
    CentreRefusal.ASK_AT_COUNTER: "The register has changed since the order: discard the order and look at the resident's page.",
}
_NO_RECORD = "This card holds no record: put the holder's card in, or a blank one of the city."
_REFUSED = (
    "The centre did not take this: discard the order and make another one; if it happens again, tell a supervisor."
)
_UNREACHABLE = "The centre does not answer. Nothing is lost: leave the card where it is, and type the code again later."


class DeskStopped(Exception):
    """The order was not ended; the message is one sentence for the clerk."""


class Pad(Protocol):
    """The resident's pad."""

    def take_pin(self, words: str) -> PinBuffer | None:
        """Show these words, and take four digits and ENTER; None for CANCEL. Whoever borrows the digits wipes them."""
        ...

    def keeps(self, words: str) -> bool:
        """Show these words; True for ENTER, False for CLEAR or CANCEL."""
        ...


@dataclass(frozen=True, slots=True)
class _Session:
    """One order taken up: what the PIN is sealed with, and what the card signs."""

    nonce: bytes
    begun: Begun


class CardTerminal:
    """`machine`: the name in this terminal's certificate. `show`: words for the resident."""

    def __init__(
        self, port: ReaderPort, orders: CardOrders, pad: Pad, machine: str, show: Callable[[str], None]
    ) -> None:
        self._port = port
        self._orders = orders
        self._pad = pad
        self._machine = machine
        self._show = show
        self.trace = CardTrace(port.clock)

    def carry_out(self, code: str) -> None:
        """Carry the order of this code to its end. Raises `DeskStopped`, and `DeviceError` from card and reader."""
        self._wait_for_card()
        card = CardSession(self._port, _DEVICE, self.trace, _CARD_S)
        try:
            self._carry_out(card, "".join(code.split()).upper())
        except WritingRefused as refused:
            raise DeskStopped(str(refused)) from None
        finally:
            card.close()
        self._show(RESIDENT["done"])

    def _wait_for_card(self) -> None:
        """A reader notices a card only after a moment, and a clerk may type faster."""
        until_s = self._port.clock.monotonic() + _WAIT_S
        while self._port.presence(1.0) != CardPresence.PRESENT:
            if self._port.clock.monotonic() > until_s:
                raise DeskStopped("The reader sees no card: put it in, or turn it over, and type the code again.")

    def _carry_out(self, card: CardSession, code: str) -> None:
        writer = MunicipalWriter(card, _DEVICE)
        session = self._taken_up(writer, card, code)
        identity = writer.reading.identity()
        if identity is None:
            raise DeskStopped(_NO_RECORD)
        bound = BOUND_TAG + session.begun.challenge + session.nonce + self._machine.encode()
        signature = writer.reading.sign(bound)
        old: bytes | None = None
        while True:
            if session.begun.asks_old and old is None:
                old = self._sealed(session, "old")
            first = self._sealed(session, "new" if session.begun.asks_old else "pin")
            proof = Proof(
                credential=identity.record,
                signature=signature,
                encrypted_pin=first,
                encrypted_again=self._sealed(session, "again"),
                encrypted_old=old,
                keep_easy=False,
            )
            outcome = self._finished(session, proof)
            if outcome == "done":
                return
            if outcome == "old_wrong":
                old = None

    def _taken_up(self, writer: MunicipalWriter, card: CardSession, code: str) -> _Session:
        """Take the order up, and write the card as far as it is not written."""
        chip = writer.chip()
        nonce = secrets.token_bytes(16)
        open_chip = credential = None
        if chip is not None and chip.life_cycle is not LifeCycle.PERSONALISED:
            open_chip = (chip.serial, writer.challenge())
        else:
            identity = writer.reading.identity() if writer.reading.selected() else None
            if identity is None:
                raise DeskStopped(_NO_RECORD)
            credential = identity.record
        begun = self._orders.begin(nonce, code, open_chip, credential)
        if not isinstance(begun, Begun):
            _stop(begun)
        session = _Session(nonce, begun)
        if not begun.writes and open_chip is not None:
            raise DeskStopped("This order sets a PIN, and the card in the reader is blank: put the holder's card in.")
        if begun.writes and begun.token is not None:
            card.allow(_CARD_S)
            writer.open(bytes.fromhex(begun.order_id), begun.token)
            record = self._orders.record(nonce, begun.order_id, writer.key())
            if not isinstance(record, bytes):
                _stop(record)
            card.allow(_CARD_S)
            writer.write(record)
            writer.activate()
        return session

    def _sealed(self, session: _Session, asked: str) -> bytes:
        """The PIN, sealed to the centre as soon as it is whole. Raises `DeskStopped` when the resident cancels.

        `asked`: the key in `RESIDENT` of the words that ask for it.
        """
        pin = self._pad.take_pin(RESIDENT[asked])
        if pin is None:
            self._show(RESIDENT["stopped"])
            raise DeskStopped("The resident stopped. What is written on the card stays: type the code again to go on.")
        begun = session.begun
        with pin.lend() as digits:
            return seal_pin(digits, pin_key=begun.pin_key, session_nonce=session.nonce, challenge=begun.challenge)

    def _finished(self, session: _Session, proof: Proof) -> str:
        """`done`; or `pins_differ`, `pin_easy` or `old_wrong`, and then the resident is to type again."""
        outcome = self._told(session, proof)
        if outcome == "pin_easy" and self._pad.keeps(RESIDENT["easy"]):
            outcome = self._told(session, replace(proof, keep_easy=True))
            if outcome == "pin_easy":
                raise DeskStopped(_REFUSED)
        if outcome == "pins_differ":
            self._show(RESIDENT["differ"])
        return outcome

    def _told(self, session: _Session, proof: Proof) -> str:
        """The centre's answer. An answer that is lost is asked for again: the same proof counts once."""
        for left in reversed(range(_FINISH_TRIES)):
            outcome = self._orders.finish(session.nonce, session.begun.order_id, proof)
            if isinstance(outcome, str):
                return outcome
            if isinstance(outcome, CentreRefused) and outcome.code is CentreRefusal.WRONG_PIN:
                self._show(RESIDENT["old_wrong"].format(outcome.pin_tries_left, outcome.pin_tries_left))
                return "old_wrong"
            if isinstance(outcome, CentreRefused) or left == 0:
                _stop(outcome)
        raise AssertionError("the last try returns or raises")


def _stop(answer: CentreRefused | CentreUnreachable) -> NoReturn:
    if isinstance(answer, CentreUnreachable):
        raise DeskStopped(_UNREACHABLE)
    raise DeskStopped(_SENTENCES.get(answer.code, _REFUSED))
