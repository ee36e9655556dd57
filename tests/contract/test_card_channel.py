"""One suite for `drivers.ports.CardChannel` and the port beneath it: in memory, and over pcscd and vpcd."""

from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

from drivers.card.channel import CardSession, CardTrace, MuteCard, ReaderPort
from drivers.errors import CardGone, CardTrouble
from drivers.vocabulary import CardPresence
from host_sim.models.card import ChipCard
from tests.process.pcsc import Desk, service
from tests.unit.card.table import Table, certificate, jpki_card

SELECT = bytes.fromhex("00A4040C0AD392F000260100000001")
CERTIFICATE = bytes.fromhex("00A4020C02000A")
PIN = bytes.fromhex("00A4020C020018")
KEY = bytes.fromhex("00A4020C020017")
SIGN = bytes.fromhex("802A0080013000")

SILENCE_S = 0.3  # what a silent card is allowed; it begins with the silence, so that a slow computer has time for what is before


class Place(Protocol):
    """A card slot: the driver's channel to it, and the hand that puts cards in."""

    port: ReaderPort

    def insert(self, card: ChipCard) -> None: ...

    def remove(self) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self._table = Table()
        self.port: ReaderPort = self._table.driver._port

    def insert(self, card: ChipCard) -> None:
        self._table.slot.insert(card)

    def remove(self) -> None:
        self._table.slot.remove()


class OverPcsc:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.port: ReaderPort = desk.port

    def insert(self, card: ChipCard) -> None:
        self._desk.insert(card)

    def remove(self) -> None:
        self._desk.remove()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with service() as handle:
        desk = Desk(handle)
        yield desk
        desk.close()


@pytest.fixture(
    params=["memory", pytest.param("pcsc", marks=pytest.mark.pcsc)],
)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        yield InMemory()
        return
    over = OverPcsc(request.getfixturevalue("desk"))
    yield over
    over.remove()


@pytest.fixture
def open_card(place: Place) -> Iterator[Callable[[], CardSession]]:
    sessions: list[CardSession] = []

    def opened() -> CardSession:
        sessions.append(CardSession(place.port, "card", CardTrace(place.port.clock), 120.0))
        return sessions[-1]

    yield opened
    for session in sessions:
        session.close()


Open = Callable[[], CardSession]


def test_a_command_and_its_answer(place: Place, open_card: Open) -> None:
    place.insert(jpki_card())
    session = open_card()
    assert session.transmit(SELECT) == (b"", 0x9000)
    assert session.transmit(CERTIFICATE) == (b"", 0x9000)
    assert session.transmit(bytes.fromhex("00B0000000")) == (certificate()[:256], 0x9000)
    assert session.transmit(bytearray.fromhex("00A4020C020099")) == (b"", 0x6A82)


def test_presence(place: Place) -> None:
    place.insert(jpki_card())
    assert place.port.presence(0.0) == CardPresence.PRESENT
    place.remove()
    assert place.port.presence(0.0) == CardPresence.NOT_PRESENT


def test_no_card(open_card: Open) -> None:
    with pytest.raises(CardGone):
        open_card()


def test_a_card_without_an_answer_to_reset(place: Place, open_card: Open) -> None:
    card = jpki_card()
    card.fail("mute", at=0)
    place.insert(card)
    with pytest.raises(MuteCard):
        open_card()


def test_pulled_between_two_commands(place: Place, open_card: Open) -> None:
    place.insert(jpki_card())
    session = open_card()
    session.transmit(SELECT)
    place.remove()
    with pytest.raises(CardGone):
        session.transmit(SELECT)


def test_pulled_in_the_middle_of_a_command(place: Place, open_card: Open) -> None:
    card = jpki_card()
    card.fail("pulled", at=2)
    place.insert(card)
    session = open_card()
    session.transmit(SELECT)
    with pytest.raises(CardGone):
        session.transmit(CERTIFICATE)


def test_a_card_put_back_counts_as_another_card(place: Place, open_card: Open) -> None:
    card = jpki_card()
    place.insert(card)
    session = open_card()
    session.transmit(SELECT)
    place.remove()
    place.insert(card)
    with pytest.raises(CardGone):
        session.transmit(SELECT)


def test_silence_ends_at_the_deadline(place: Place, open_card: Open) -> None:
    card = jpki_card()
    card.fail("mute", at=2)
    place.insert(card)
    session = open_card()
    session.transmit(SELECT)
    session.allow(SILENCE_S)
    with pytest.raises(CardTrouble):
        session.transmit(CERTIFICATE)
    with pytest.raises(CardTrouble):
        session.transmit(CERTIFICATE)


def test_an_answer_without_a_status_word(place: Place, open_card: Open) -> None:
    card = jpki_card()
    card.fail("empty", at=1, until=2)  # SELECT is tried once more
    place.insert(card)
    session = open_card()
    session.allow(SILENCE_S)
    with pytest.raises(CardTrouble):  # pcscd does not pass every such answer on
        session.transmit(SELECT)


def test_closing_logs_the_card_out(place: Place, open_card: Open) -> None:
    place.insert(jpki_card())
    session = open_card()
    for command in (SELECT, PIN, bytes.fromhex("002000800432353830"), KEY):
        assert session.transmit(command)[1] == 0x9000
    assert session.transmit(SIGN)[1] == 0x9000
    session.close()
    again = open_card()
    again.transmit(SELECT)
    again.transmit(KEY)
    assert again.transmit(SIGN) == (b"", 0x6982)
