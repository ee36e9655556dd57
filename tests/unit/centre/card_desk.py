"""A desk for tests: the real terminal of drivers/card_desk on a reader in memory, a resident at the pad, and a `Town`."""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta

from drivers.card_desk.terminal import CardTerminal
from drivers.line.card_orders import CardOrders
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import Authenticated, AuthenticationMethod, CardKind, CardRead
from host_sim.adapters.card_memory import MemoryReader
from host_sim.centre.card_desk import enquiries, orders
from host_sim.centre.card_desk.enquiries import Proof
from host_sim.centre.card_desk.orders import Ordered, Wanted
from host_sim.centre.cards import Told
from host_sim.clock import VirtualClock
from host_sim.models.blank_card import BlankCard, chip_key
from host_sim.models.card import ATRS
from host_sim.models.chip import ChipCard
from tests.unit.centre.cards import Card
from tests.unit.centre.town import CARD_MASTER, COUNTER, HALL, Town

CLERK, COLLEAGUE = "hidaka", "kawano"
PHOTO = Proof()


def blank(master: bytes = CARD_MASTER) -> BlankCard:
    serial = secrets.token_bytes(8)
    return BlankCard(ATRS["contact_2"], serial, chip_key(master, serial))


class Hands:
    """A resident at the pad, who types these PINs one after the other; None: CANCEL."""

    def __init__(self, *pins: str | None, keeps: bool = True) -> None:
        self._pins: Iterator[str | None] = iter(pins)
        self._keeps = keeps
        self.read: list[str] = []

    def take_pin(self, words: str) -> PinBuffer | None:
        self.read.append(words)
        typed = next(self._pins)
        if typed is None:
            return None
        buffer = PinBuffer()
        for digit in typed:
            buffer.push(ord(digit))
        return buffer

    def keeps(self, words: str) -> bool:
        self.read.append(words)
        return self._keeps


class Desk:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.reader = MemoryReader(VirtualClock())

    def told(self, why: str = "a test", who: str = CLERK) -> Told:
        return Told(who, why, self.town.now)

    def order(
        self, act: str = "issue", holder: str = "kazuko", proof: Proof | None = PHOTO, **wanted: object
    ) -> Ordered:
        resident = None if "card" in wanted else self.town.resident_id(holder)
        with self.town.store.writing() as c:
            desk = self.town.city.at(c, self.town.now).rules.card_desk
            asked = Wanted(act=act, resident_id=resident, **wanted)  # type: ignore[arg-type]
            return orders.order(c, desk, asked, proof, self.told())

    def put_in(self, card: ChipCard, code: str, *pins: str | None, keeps: bool = True, peer: object = COUNTER) -> Hands:
        """The card is put into the reader, the code is typed, the resident types; raises what the terminal raises."""
        hands = Hands(*pins, keeps=keeps)
        line = self.town.line(peer)  # type: ignore[arg-type]
        terminal = CardTerminal(self.reader, CardOrders(line), hands, peer.name, hands.read.append)  # type: ignore[attr-defined]
        self.reader.insert(card)
        try:
            terminal.carry_out(code)
        finally:
            self.reader.remove()
        return hands

    def issued(self, holder: str = "kazuko", pin: str = "4649", **wanted: object) -> BlankCard:
        card, made = blank(), self.order("issue", holder, **wanted)
        self.put_in(card, made.code, pin, pin)
        return card

    def state(self, order_id: str) -> str:
        with self.town.store.reading() as c:
            row = orders.of(c, order_id)
        assert row is not None
        return str(row.state)

    def answered(self, holder: str) -> str:
        """An enquiry to this resident, answered three days later; returns its number."""
        with self.town.store.writing() as c:
            desk = self.town.city.at(c, self.town.now).rules.card_desk
            sent = enquiries.send(c, desk, self.town.resident_id(holder), self.told())
        self.town.now += timedelta(days=3)
        with self.town.store.writing() as c:
            assert enquiries.answer(c, sent.enquiry_id, sent.code, self.told()) is None
        return sent.enquiry_id


def record_of(card: BlankCard) -> bytes:
    memory = bytes(card.memory.record)
    return memory[: 2 + memory[1]]


def fingerprint(card: BlankCard) -> str:
    return hashlib.sha256(record_of(card)).hexdigest()


def outcome(town: Town, card: BlankCard, pin: str = "4649", peer: object = HALL) -> object:
    """What the machine in the city hall hears for this card and PIN."""
    assert card.memory.key is not None
    credential = record_of(card)
    kind = CardKind.CITIZEN if bytes([0x83, 1, 2]) in credential else CardKind.RESIDENT_REGISTER
    read = CardRead(
        kind=kind,
        method=AuthenticationMethod.MUNICIPAL,
        credential=credential,
        pin_tries_left=None,
        valid_until=None,
    )
    held = Card(read, card.memory.key)
    nonce = secrets.token_bytes(16)
    line = town.line(peer)  # type: ignore[arg-type]
    challenge = line.challenge(nonce, read)
    if not hasattr(challenge, "challenge_id"):
        return challenge
    return line.authenticate(nonce, challenge, held.prove(challenge, nonce, peer.name, pin.encode()))  # type: ignore[arg-type, attr-defined]


def is_in(answer: object) -> bool:
    return isinstance(answer, Authenticated)


def words_of(hands: Hands) -> Sequence[str]:
    return [words.split("\n")[1] for words in hands.read]
