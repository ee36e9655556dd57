"""Writing a blank card (drivers/card/README.md, 6 to 9): whole, cut at every command, and refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from drivers.card import apdu
from drivers.card.channel import CardSession, CardTrace
from drivers.card.crypto import p256_signed
from drivers.card.writing import Chip, LifeCycle, MunicipalWriter, WritingRefused
from drivers.errors import CardGone, CardTrouble
from host_sim.adapters.card_memory import MemoryReader
from host_sim.clock import VirtualClock
from host_sim.models.blank_card import BlankCard, chip_key
from host_sim.models.card import ATRS, stranger
from host_sim.models.chip import ChipCard
from host_sim.models.chip_faults import Manners
from host_sim.models.municipal_card import IdentityRecord
from tests.unit.card.table import municipal_card

MASTER = bytes(range(32))
SERIAL = bytes.fromhex("1122334455667788")
ORDER, OTHER = bytes.fromhex("aa" * 16), bytes.fromhex("bb" * 16)


def blank(manners: Manners | None = None) -> BlankCard:
    return BlankCard(ATRS["contact_2"], SERIAL, chip_key(MASTER, SERIAL), manners)


def token(challenge: bytes, order: bytes = ORDER, master: bytes = MASTER) -> bytes:
    """What the centre answers, by README.md 7 and 8."""
    mac = cmac.CMAC(AES(chip_key(master, SERIAL)))
    mac.update(b"kofuki-write-1" + SERIAL + challenge + order)
    return mac.finalize()


@contextmanager
def powered(card: ChipCard) -> Iterator[MunicipalWriter]:
    clock = VirtualClock()
    reader = MemoryReader(clock)
    reader.insert(card)
    session = CardSession(reader, "card", CardTrace(clock), 60.0)
    try:
        yield MunicipalWriter(session, "card")
    finally:
        session.close()
        reader.remove()


def record_for(point: bytes) -> bytes:
    return IdentityRecord(user_id="000123456789", kind="citizen", valid_until="20361127", card_key=point).encoded()


def go_on(card: ChipCard, order: bytes = ORDER) -> None:
    """Bring a card from wherever it stands to its end, as the desk does."""
    with powered(card) as writer:
        chip = writer.chip()
        assert chip is not None
        if chip.life_cycle is LifeCycle.PERSONALISED:
            return
        writer.open(order, token(writer.challenge(), order))
        writer.write(record_for(writer.key()))
        writer.activate()


def assert_usable(card: ChipCard) -> bytes:
    with powered(card) as writer:
        assert writer.chip() == Chip(LifeCycle.PERSONALISED, SERIAL, ORDER)
        identity = writer.reading.identity()
        assert identity is not None
        assert p256_signed(identity.card_key, writer.reading.sign(b"a message"), b"a message")
        return identity.card_key


@pytest.mark.parametrize("manners", [Manners(), Manners(read_max=64), Manners(end_warning=True)])
def test_a_blank_card_is_written_and_then_reads_like_any_other(manners: Manners) -> None:
    card = blank(manners)
    with powered(card) as writer:
        assert writer.chip() == Chip(LifeCycle.BLANK, SERIAL, bytes(16))
        assert writer.reading.identity() is None
    go_on(card)
    assert_usable(card)


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("at", range(1, 13))
def test_a_cut_at_each_command_is_told_apart_and_the_card_is_finished(at: int, acts: bool) -> None:
    """With the same key: a card never gets a second one."""
    card = blank()
    card.fail("pulled", at=at, acts=acts)
    with pytest.raises(CardGone):
        go_on(card)
    made = card.memory.key
    card.heal()
    with powered(card) as writer:
        chip = writer.chip()
        assert chip is not None
        assert chip.order == (bytes(16) if chip.life_cycle is LifeCycle.BLANK else ORDER)
        if chip.life_cycle is not LifeCycle.PERSONALISED:
            with pytest.raises(CardTrouble, match="6985"):
                writer.reading.sign(b"before it is personalised")
    go_on(card)
    assert_usable(card)
    assert made is None or card.memory.key is made


def test_the_cuts_above_are_all_there_are() -> None:
    card = blank()
    go_on(card)
    assert len(card.log) == 12


def test_a_wrong_token_and_another_order_are_refused_in_a_sentence() -> None:
    card = blank()
    with powered(card) as writer:
        writer.chip()
        with pytest.raises(WritingRefused, match="none of ours"):
            writer.open(ORDER, token(writer.challenge(), master=bytes(32)))
        assert writer.chip() == Chip(LifeCycle.BLANK, SERIAL, bytes(16))
        old = writer.challenge()
        writer.open(ORDER, token(old))
    with powered(card) as writer:
        writer.chip()
        writer.challenge()
        with pytest.raises(WritingRefused, match="none of ours"):
            writer.open(ORDER, token(old))  # a token that was listened to
        with pytest.raises(WritingRefused, match="another order"):
            writer.open(OTHER, token(writer.challenge(), OTHER))


def test_nothing_is_written_without_a_token_nor_after_the_end() -> None:
    card = blank()
    for stage in ("blank", "personalised"):
        with powered(card) as writer:
            writer.chip()
            before = bytes(card.memory.record)
            with pytest.raises(CardTrouble, match="6982"):
                writer.key()
            with pytest.raises(CardTrouble, match="6982"):
                writer.write(b"\xe1\x00")
            with pytest.raises(CardTrouble, match="6982"):
                writer.activate()
            assert card.memory.record == before
        if stage == "blank":
            go_on(card)
    with powered(card) as writer:
        writer.chip()
        with pytest.raises(WritingRefused, match="another order"):
            writer.open(ORDER, token(writer.challenge()))


def test_a_record_with_another_key_is_not_activated() -> None:
    card = blank()
    with powered(card) as writer:
        writer.chip()
        writer.open(ORDER, token(writer.challenge()))
        point = writer.key()
        strange = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        writer.write(record_for(b"\x04" + strange.x.to_bytes(32, "big") + strange.y.to_bytes(32, "big")))
        with pytest.raises(CardTrouble, match="6985"):
            writer.activate()
        writer.write(record_for(point))
        writer.activate()
    assert_usable(card)


def test_cards_that_cannot_be_written_have_no_life_cycle() -> None:
    for card in (stranger(), municipal_card()):
        with powered(card) as writer:
            assert writer.chip() is None


def test_the_trace_holds_neither_token_nor_record() -> None:
    for command in (apdu.external_authenticate(ORDER + bytes(16)), apdu.update_binary(0, record_for(bytes(65)))):
        assert apdu.redacted_command(command) == command[:5]
