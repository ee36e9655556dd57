"""Every fault at every command of a visit: the driver gives a typed outcome in time and never repeats VERIFY."""

from collections.abc import Callable

import pytest

from drivers.card.channel import SIGNING_S
from drivers.errors import CardGone, CardTrouble, DeviceError, ReaderGone
from drivers.vocabulary import CardNotUsable, CardProof, CardRefusal, PinBlocked, WrongPin
from host_sim.models.card import ChipCard, Manners
from tests.unit.card.table import (
    ALL,
    Table,
    bound,
    challenge,
    jpki_card,
    municipal_card,
    outcome,
    pin_of,
    storage_of,
)

CARDS: dict[str, Callable[[], ChipCard]] = {
    "jpki": jpki_card,
    "jpki-t0": lambda: jpki_card(manners=Manners(t0=True)),
    "jpki-small-pieces": lambda: jpki_card(manners=Manners(read_max=0x60, read_over_max=0x6700)),
    "citizen": municipal_card,
    "resident-register": lambda: municipal_card(kind="resident_register", beside_jpki=True),
}
WORDS = (0x6300, 0x63C1, 0x63C0, 0x6282, 0x6700, 0x6982, 0x6983, 0x6985, 0x6A82, 0x6B00, 0x6C10, 0x6D00, 0x6F00, 0x6110)


def commands_of(make: Callable[[], ChipCard]) -> int:
    table = Table(make())
    card = table.read()
    assert isinstance(table.driver.prove(pin_of("2580"), card, challenge(), bound()), CardProof)
    return table.card.commands


def visit(table: Table, pin: str = "2580") -> object:
    """Read and prove. In any case the PIN buffer must be zeros afterwards, with at most one VERIFY."""
    chip, buffer, proving = table.card, pin_of(pin), False
    try:
        card = table.driver.read(ALL)
        if isinstance(card, CardNotUsable):
            return card
        proving = True
        return table.driver.prove(buffer, card, challenge(), bound())
    except DeviceError as error:
        return error
    finally:
        assert chip.pins_shown <= 1
        if proving:
            assert storage_of(buffer) == bytes(16)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("acts", [False, True])
def test_pulled_at_every_command(name: str, acts: bool) -> None:
    for at in range(1, commands_of(CARDS[name]) + 1):
        table = Table(CARDS[name]())
        card = table.card
        card.fail("pulled", at=at, acts=acts)
        before_s = table.clock.monotonic()
        assert isinstance(visit(table), CardGone), at
        assert table.clock.monotonic() - before_s <= 1.0
        # A lost answer may have cost one try, never two.
        assert card.state.get("jpki/0018", 3) >= 2


@pytest.mark.parametrize("name", CARDS)
def test_pulled_while_the_card_works(name: str) -> None:
    """The card is pulled in the middle of a slow command, and the driver notices at that instant."""
    for at in range(1, commands_of(CARDS[name]) + 1):
        table = Table(CARDS[name]())
        table.card.fail("slow", at=at, until=at, seconds=5.0)
        table.clock.at(1.25, table.slot.remove)
        assert isinstance(visit(table), CardGone), at
        assert table.clock.monotonic() == 1.25


@pytest.mark.parametrize("name", CARDS)
def test_the_reader_unplugged_while_the_card_works(name: str) -> None:
    for at in range(1, commands_of(CARDS[name]) + 1):
        table = Table(CARDS[name]())
        table.card.fail("slow", at=at, until=at, seconds=5.0)
        table.clock.at(1.25, lambda table=table: setattr(table.slot, "plugged", False))
        assert isinstance(visit(table), ReaderGone), at
        assert table.driver.presence(0.0) == "unknown"


@pytest.mark.parametrize("name", CARDS)
def test_mute_from_every_command_on(name: str) -> None:
    """The visit ends after ten seconds in all, not ten a command, or after a signature's own three (fault C5)."""
    for at in range(1, commands_of(CARDS[name]) + 1):
        table = Table(CARDS[name]())
        card = table.card
        card.fail("mute", at=at)
        result = visit(table)
        assert isinstance(result, CardTrouble) or (
            isinstance(result, CardNotUsable) and result.reason == "unreadable"
        ), at
        assert table.clock.monotonic() in {10.0, SIGNING_S}
        assert card.state.get("jpki/0018", 3) >= 2


@pytest.mark.parametrize("make", [jpki_card, municipal_card])
def test_a_signature_has_a_time_bound_of_its_own(make: Callable[[], ChipCard]) -> None:
    """Whoever passes the challenge on to a card elsewhere has so long for it (drivers/card/README.md, "Relays")."""
    for seconds, within in ((SIGNING_S - 0.1, True), (SIGNING_S + 0.1, False)):
        table = Table(make())
        table.card.fail("slow", at=commands_of(make), until=10**9, seconds=seconds)
        assert isinstance(visit(table), CardProof) is within


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_always_wants_more_time(name: str) -> None:
    table = Table(CARDS[name]())
    table.card.fail("slow", at=1, seconds=2.3)
    assert isinstance(visit(table), CardTrouble | CardNotUsable)
    assert table.clock.monotonic() == 10.0


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("word", WORDS)
def test_every_status_word_at_every_command(name: str, word: int) -> None:
    for at in range(1, commands_of(CARDS[name]) + 1):
        table = Table(CARDS[name]())
        table.card.fail("status", at=at, word=word)
        result = visit(table)
        assert isinstance(result, CardNotUsable | CardProof | WrongPin | PinBlocked | CardTrouble), (at, result)
        assert table.card.state.get("jpki/0018", 3) >= 2, at


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("fault", ["cut", "long", "garbage", "empty"])
def test_answers_that_no_specification_allows(name: str, fault: str) -> None:
    for at in range(1, commands_of(CARDS[name]) + 1):
        table = Table(CARDS[name]())
        table.card.fail(fault, at=at)
        result = visit(table)
        assert isinstance(result, CardNotUsable | CardProof | WrongPin | PinBlocked | CardTrouble), (at, result)


def test_garbage_to_the_end_of_time_ends() -> None:
    for name, make in CARDS.items():
        table = Table(make())
        table.card.fail("garbage", at=1, until=10**9)
        result = visit(table)
        assert isinstance(result, CardNotUsable | CardTrouble), (name, result)


def test_a_card_that_always_announces_more_data_is_stopped() -> None:
    table = Table(jpki_card())
    table.card.fail("status", at=1, until=10**9, word=0x6110)
    assert visit(table) == CardNotUsable(CardRefusal.UNREADABLE)
    assert table.card.commands <= 64


def test_a_corrected_length_is_followed_once() -> None:
    table = Table(jpki_card())
    table.card.fail("status", at=1, until=10**9, word=0x6C20)
    assert visit(table) == CardNotUsable(CardRefusal.NOT_OUR_CARD)


def test_after_an_error_the_card_must_be_read_again() -> None:
    table = Table(jpki_card())
    card = table.read()
    table.card.fail("cut", at=table.card.commands + 6)
    with pytest.raises(CardTrouble):
        table.driver.prove(pin_of("2580"), card, challenge(), bound())
    with pytest.raises(CardGone):
        table.driver.prove(pin_of("2580"), card, challenge(), bound())
    table.card.heal()
    assert isinstance(outcome(table, "2580"), CardProof)


def test_a_card_with_a_wrong_label_is_unknown() -> None:
    table = Table(jpki_card())
    table.card.fail("label")
    assert visit(table) == CardNotUsable(CardRefusal.UNKNOWN_LABEL)
    table.card.heal()
    assert isinstance(visit(table), CardProof)
