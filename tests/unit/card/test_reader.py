"""What the driver reports of each card, on every virtual card whose answers the card sources allow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.card import apdu
from drivers.card.crypto import holder_signed
from drivers.errors import CardGone, CardTrouble, DeviceError, PinGone, ReaderInUse
from drivers.pin_pad.entry import PinWiped
from drivers.vocabulary import (
    AuthenticationMethod,
    CardKind,
    CardNotUsable,
    CardPresence,
    CardProof,
    CardRead,
    CardRefusal,
    PinBlocked,
    WrongPin,
)
from host_sim.models.card import JpkiCard, Manners, stranger
from host_sim.models.card_reader import CardReaderModel
from tests.unit.card.table import (
    ALL,
    Table,
    bound,
    certificate,
    challenge,
    jpki_card,
    municipal_card,
    outcome,
    pin_of,
    storage_of,
)

STORE = frozenset({CardKind.INDIVIDUAL_NUMBER})
ANY_MANNERS = st.builds(
    Manners,
    filler=st.sampled_from([b"", b"\xff" * 700, b"\x00" * 64, b"0" * 3]),
    read_max=st.sampled_from([1, 16, 0x60, 0xF4, 256]),
    read_over_max=st.sampled_from([None, 0x6700]),
    end_warning=st.booleans(),
    t0=st.booleans(),
).filter(lambda manners: manners.read_over_max is None or manners.read_max >= 16)


def test_a_good_card_and_its_proof() -> None:
    table = Table(jpki_card())
    card = table.read()
    assert card == CardRead(
        kind=CardKind.INDIVIDUAL_NUMBER,
        method=AuthenticationMethod.JPKI,
        credential=certificate(),
        pin_tries_left=3,
        valid_until=date(2029, 5, 3),
    )
    pin = pin_of("2580")
    proof = table.driver.prove(pin, card, challenge(), bound())
    assert isinstance(proof, CardProof)
    assert holder_signed(certificate(), proof.signature, bound())
    assert proof.encrypted_pin is None
    assert storage_of(pin) == bytes(16)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANY_MANNERS)
def test_the_certificate_and_the_proof_do_not_depend_on_the_card_s_manners(manners: Manners) -> None:
    """Filler, chunk size, end-of-file warnings, T=0 and T=1 reply forms (issue: "whatever the filler and chunk size")."""
    table = Table(jpki_card(manners=manners))
    card = table.read()
    assert card.credential == certificate()
    proof = table.driver.prove(pin_of("2580"), card, challenge(), bound())
    assert isinstance(proof, CardProof)
    assert holder_signed(certificate(), proof.signature, bound())


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANY_MANNERS, st.booleans())
def test_the_municipal_proof_does_not_depend_on_the_card_s_manners(manners: Manners, beside_jpki: bool) -> None:
    plain = Table(municipal_card(beside_jpki=beside_jpki)).read()
    assert Table(municipal_card(manners=manners, beside_jpki=beside_jpki)).read() == plain


def test_reading_costs_no_try() -> None:
    table = Table(jpki_card())
    for _ in range(10):
        assert table.read().pin_tries_left == 3
    assert table.card.state["jpki/0018"] == 3


def test_three_wrong_pins() -> None:
    table = Table(jpki_card())
    card = table.read()
    for left in (2, 1):
        pin = pin_of("0000")
        assert table.driver.prove(pin, card, challenge(), bound()) == WrongPin(left)
        assert storage_of(pin) == bytes(16)
    assert table.driver.prove(pin_of("0000"), card, challenge(), bound()) == PinBlocked()
    table.driver.release()
    assert table.driver.read(ALL) == CardNotUsable(CardRefusal.PIN_BLOCKED, CardKind.INDIVIDUAL_NUMBER)


def test_a_right_pin_gives_the_tries_back() -> None:
    table = Table(jpki_card())
    table.card.state["jpki/0018"] = 1
    card = table.read()
    assert card.pin_tries_left == 1
    assert isinstance(table.driver.prove(pin_of("2580"), card, challenge(), bound()), CardProof)
    assert table.read().pin_tries_left == 3


@pytest.mark.parametrize("query", [0x63C0, 0x6983, 0x6984])
@pytest.mark.parametrize("verify", [0x63C0, 0x6983, 0x6984])
def test_every_blocked_form_alike_and_no_verify_is_sent(query: int, verify: int) -> None:
    table = Table(jpki_card(manners=Manners(blocked_query=query, blocked_verify=verify)))
    card = table.read()
    table.card.fail("blocked")
    assert table.driver.prove(pin_of("2580"), card, challenge(), bound()) == PinBlocked()
    assert table.verifies() == 2  # the two questions, and nothing that carries a PIN
    table.driver.release()
    assert table.driver.read(ALL) == CardNotUsable(CardRefusal.PIN_BLOCKED, CardKind.INDIVIDUAL_NUMBER)


@pytest.mark.parametrize("word", [0x6983, 0x6984, 0x63C0])
def test_a_pin_that_blocks_at_verify(word: int) -> None:
    """The tries are used up between our query and our VERIFY. We hold the card, so this cannot happen, but it is handled."""
    table = Table(jpki_card())
    card = table.read()
    table.card.fail("status", at=table.card.commands + 4, word=word)
    assert table.driver.prove(pin_of("2580"), card, challenge(), bound()) == PinBlocked()


def test_a_card_that_does_not_tell_the_tries_left() -> None:
    """6300 was the old card's "no counter" (card source 4)."""
    table = Table(jpki_card(manners=Manners(counts_aloud=False)))
    card = table.read()
    assert card.pin_tries_left is None
    assert table.driver.prove(pin_of("0000"), card, challenge(), bound()) == WrongPin(None)


def test_a_card_that_answers_the_question_with_9000_once_verified() -> None:
    table = Table(jpki_card(manners=Manners(verified_query=0x9000)))
    card = table.read()
    for _ in range(2):
        assert isinstance(table.driver.prove(pin_of("2580"), card, challenge(), bound()), CardProof)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("JPKIAPICCTOKEN2", None),
        ("JPKIAPICCTOKEN", CardNotUsable(CardRefusal.NO_CERTIFICATE, CardKind.RESIDENT_REGISTER)),
        ("JPKIAPGPSETOKEN", CardNotUsable(CardRefusal.PHONE, CardKind.PHONE)),
        ("JPKIAPIOSTOKEN", CardNotUsable(CardRefusal.PHONE, CardKind.PHONE)),
        ("JPKIAPICCTOKEN3", CardNotUsable(CardRefusal.UNKNOWN_LABEL)),
        ("jpkiapicctoken2", CardNotUsable(CardRefusal.UNKNOWN_LABEL)),
    ],
)
def test_kinds_by_the_whole_label(label: str, expected: CardNotUsable | None) -> None:
    result = Table(jpki_card(label=label)).driver.read(ALL)
    assert isinstance(result, CardRead) if expected is None else result == expected


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (stranger(), CardNotUsable(CardRefusal.NOT_OUR_CARD)),
        (jpki_card(without=(0x0A,)), CardNotUsable(CardRefusal.NO_CERTIFICATE, CardKind.INDIVIDUAL_NUMBER)),
        (jpki_card(replace={0x0A: b""}), CardNotUsable(CardRefusal.NO_CERTIFICATE, CardKind.INDIVIDUAL_NUMBER)),
        (
            jpki_card(replace={0x0A: b"\xff" * 2000}),
            CardNotUsable(CardRefusal.NO_CERTIFICATE, CardKind.INDIVIDUAL_NUMBER),
        ),
        (
            jpki_card(replace={0x0A: bytes.fromhex("30820400") + bytes(100)}, manners=Manners(filler=b"")),
            CardNotUsable(CardRefusal.UNREADABLE, CardKind.INDIVIDUAL_NUMBER),
        ),
        (
            jpki_card(replace={0x0A: bytes.fromhex("30820400") + bytes(1024)}),
            CardNotUsable(CardRefusal.UNREADABLE, CardKind.INDIVIDUAL_NUMBER),
        ),
        (jpki_card(curve=True), CardNotUsable(CardRefusal.KEY_NOT_SUPPORTED, CardKind.INDIVIDUAL_NUMBER)),
        (jpki_card(ends=date(2026, 11, 23)), CardNotUsable(CardRefusal.EXPIRED, CardKind.INDIVIDUAL_NUMBER)),
        (municipal_card(record=b"\xe1\x03\x80\x01\x01"), CardNotUsable(CardRefusal.UNREADABLE)),
    ],
)
def test_what_cannot_be_used_is_known_before_any_pin(card: object, expected: CardNotUsable) -> None:
    table = Table(card)  # type: ignore[arg-type]
    assert table.driver.read(ALL) == expected
    assert table.verifies() == 0


def test_a_card_that_does_not_answer_to_reset() -> None:
    table = Table(stranger())
    table.card.fail("mute", at=0)
    assert table.driver.read(ALL) == CardNotUsable(CardRefusal.UNREADABLE)


@pytest.mark.parametrize("word", [0x6F00, 0x6581, 0x6400])
def test_a_card_that_reports_its_own_trouble_is_broken_and_not_foreign(word: int) -> None:
    table = Table(jpki_card())
    table.card.fail("status", word=word)
    assert table.driver.read(ALL) == CardNotUsable(CardRefusal.UNREADABLE)


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        (municipal_card(), CardKind.CITIZEN),
        (municipal_card(kind="resident_register", beside_jpki=True), CardKind.RESIDENT_REGISTER),
        (municipal_card(kind="resident_register"), CardKind.RESIDENT_REGISTER),
    ],
)
def test_a_kind_the_site_does_not_take(card: object, kind: CardKind) -> None:
    table = Table(card)  # type: ignore[arg-type]
    assert table.driver.read(STORE) == CardNotUsable(CardRefusal.KIND_NOT_TAKEN, kind)


def test_a_certificate_is_good_to_the_last_second_of_its_day_in_japan() -> None:
    """Validity ends at 14:59:59 UTC, which is 23:59:59 in Japan (card source 6)."""
    table = Table(jpki_card(ends=date(2026, 11, 24)))
    table.now = datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC)
    assert table.read().valid_until == date(2026, 11, 24)
    table.now = datetime(2026, 11, 24, 15, 0, 0, tzinfo=UTC)
    assert table.driver.read(ALL) == CardNotUsable(CardRefusal.EXPIRED, CardKind.INDIVIDUAL_NUMBER)


def test_an_expired_municipal_card_is_read_as_the_site_decides() -> None:
    table = Table(municipal_card(valid_until="20161124"))
    assert table.read().valid_until == date(2016, 11, 24)


def test_presence_waits_for_a_change_and_forgets_a_pulled_card() -> None:
    table = Table()
    assert table.driver.presence(0.0) is CardPresence.NOT_PRESENT
    table.clock.at(3.0, lambda: table.slot.insert(jpki_card()))
    assert table.driver.presence(10.0) is CardPresence.PRESENT
    assert table.clock.monotonic() == 3.0
    card = table.read()
    table.clock.at(4.0, table.slot.remove)
    assert table.driver.presence(10.0) is CardPresence.NOT_PRESENT
    assert table.clock.monotonic() == 4.0
    with pytest.raises(CardGone):
        table.driver.prove(pin_of("2580"), card, challenge(), bound())
    table.slot.plugged = False
    assert table.driver.presence(1.0) is CardPresence.UNKNOWN


def test_the_card_that_is_proved_is_the_card_that_was_read() -> None:
    """Between read and proof the card is replaced by another, or put back: no card gets the PIN (fault C2)."""
    table = Table(jpki_card())
    card = table.read()
    for other in (jpki_card(pin="1111"), table.card):
        table.slot.remove()
        table.slot.insert(other)
        pin = pin_of("2580")
        with pytest.raises(CardGone):
            table.driver.prove(pin, card, challenge(), bound())
        assert storage_of(pin) == bytes(16)
        assert other.state["jpki/0018"] == 3
        card = table.read()


def test_release_logs_the_card_out() -> None:
    table = Table(jpki_card())
    assert isinstance(table.driver.prove(pin_of("2580"), table.read(), challenge(), bound()), CardProof)
    held = table.card
    held.transmit(bytes.fromhex("00A4020C020017"))
    assert held.transmit(bytes.fromhex("802A00800100") + b"\x00")[-2:] == b"\x90\x00"
    table.driver.release()
    held.transmit(bytes.fromhex("00A4040C0AD392F000260100000001"))
    held.transmit(bytes.fromhex("00A4020C020017"))
    assert held.transmit(bytes.fromhex("802A00800100") + b"\x00") == bytes.fromhex("6982")


def test_a_wiped_pin_has_its_own_error_and_costs_no_try() -> None:
    """Another thread wipes the PIN when the session ends just before the driver sends it."""
    table = Table(jpki_card())
    card = table.read()
    with pytest.raises(PinGone):
        table.driver.prove(pin_of(""), card, challenge(), bound())
    assert table.card.state["jpki/0018"] == 3


class Fading(bytearray):
    """A buffer that another thread wipes while it is being copied."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield self[0]
        self[:] = bytes(len(self))
        yield from self[1:]


def test_a_pin_that_is_wiped_while_it_is_copied_is_never_sent() -> None:
    with pytest.raises(PinWiped):
        apdu.verify(Fading(b"1234"))


def test_a_wiped_pin_is_not_sealed_for_the_centre() -> None:
    table = Table(municipal_card())
    card = table.read()
    with pytest.raises(PinGone):
        table.driver.prove(pin_of(""), card, challenge(), bound())


def test_a_signature_of_the_wrong_length_is_a_bad_reply() -> None:
    table = Table(jpki_card())
    card = table.read()
    table.card.fail("cut", at=table.card.commands + 6)
    with pytest.raises(CardTrouble):
        table.driver.prove(pin_of("2580"), card, challenge(), bound())


def test_a_proof_for_another_challenge_is_not_made() -> None:
    table = Table(municipal_card())
    card = table.read()
    with pytest.raises(AssertionError):
        table.driver.prove(pin_of("8888"), card, replace(challenge(), challenge=bytes(32)), bound())


def test_the_trace_and_the_records_show_nothing_personal() -> None:
    table = Table(jpki_card(pin="739184"))
    result = outcome(table, "739184")
    assert isinstance(result, CardProof)
    shown = "\n".join([*table.driver.trace.dump(), repr(result), repr(table.read())]).lower()
    assert b"739184".hex(" ") not in shown
    assert "37 33 39" not in shown
    for secret in (certificate(), result.signature):
        for at in range(0, len(secret) - 8, 8):
            assert secret[at : at + 8].hex(" ") not in shown
            assert secret[at : at + 8].hex() not in shown
    assert "00 20 00 80 06" in shown


# --- the next card ------------------------------------------------------------------------------


def test_a_key_on_p384_signs_where_the_city_takes_it() -> None:
    """Card source 12."""
    table = Table(jpki_card(curve=True))
    card = table.driver.read(ALL, p384=True)
    assert isinstance(card, CardRead)
    proof = table.driver.prove(pin_of("2580"), card, challenge(), bound())
    assert isinstance(proof, CardProof)
    assert holder_signed(certificate(curve=True), proof.signature, bound())
    assert not holder_signed(certificate(curve=True), proof.signature, bound() + b"x")


# --- a card without a PIN -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "card",
    [
        lambda: jpki_card(without_pin=True),
        lambda: jpki_card(manners=Manners(blocked_query=0x6A88)),
        lambda: jpki_card(manners=Manners(blocked_query=0x6985)),
    ],
)
def test_a_card_without_a_pin_has_a_sentence_of_its_own(card: Callable[[], JpkiCard]) -> None:
    """顔認証マイナンバーカード. Two clerks may vouch for its holder all the same."""
    made = card()
    made.state.update(dict.fromkeys(made.state, 0))
    table = Table(made)
    assert table.driver.read(ALL) == CardNotUsable(CardRefusal.NO_PIN, CardKind.INDIVIDUAL_NUMBER)
    assert isinstance(table.driver.read(ALL, pin_needed=False), CardRead)
    assert made.pins_shown == 0


# --- whose trouble it is ------------------------------------------------------------------------


def broken(table: Table, ends: date) -> str:
    """A card that no other one is, and that fails when it shall sign."""
    table.slot.insert(jpki_card(ends=ends))
    card = table.read()
    table.card.fail("status", at=table.card.commands + 5, until=10**9)
    with pytest.raises(DeviceError) as failed:
        table.driver.prove(pin_of("2580"), card, challenge(), bound())
    return type(failed.value).__name__


def test_one_card_that_fails_again_and_again_is_no_trouble_of_the_reader() -> None:
    table = Table()
    assert [broken(table, date(2029, 5, 3)) for _ in range(5)] == ["CardTrouble"] * 5


def test_different_cards_that_fail_in_a_row_are() -> None:
    table = Table()
    days = [date(2029, 5, day) for day in range(3, 9)]
    assert [broken(table, day) for day in days[:3]] == ["CardTrouble", "CardTrouble", "DeviceFault"]
    assert broken(table, days[3]) == "DeviceFault", "until one works"
    table.slot.insert(jpki_card())
    assert isinstance(table.driver.prove(pin_of("2580"), table.read(), challenge(), bound()), CardProof)
    assert broken(table, days[4]) == "CardTrouble"


def in_reader(card: JpkiCard, **quirks: object) -> Table:
    table = Table()
    table.slot.trouble(CardReaderModel(**quirks))  # type: ignore[arg-type]
    table.slot.insert(card)
    return table


def test_a_card_that_another_program_holds() -> None:
    """Fault C6: a look of a moment is waited for, and who keeps the card is named to the technician."""
    assert isinstance(in_reader(jpki_card(), held_power_ups=4).driver.read(ALL), CardRead)
    table = in_reader(jpki_card(), held_power_ups=1000)
    with pytest.raises(ReaderInUse, match="in use by another program; end that program"):
        table.driver.read(ALL)
    assert table.clock.monotonic() <= 2.5


@pytest.mark.parametrize("answer_max", [16, 60, 128, 244, 255])
def test_a_reader_that_cannot_carry_256_bytes(answer_max: int) -> None:
    """Fault C7."""
    table = in_reader(jpki_card(), answer_max=answer_max)
    assert isinstance(outcome(table, "2580"), CardProof)


def test_a_power_up_that_fails_once_and_one_that_always_does() -> None:
    """Fault C8."""
    assert isinstance(in_reader(jpki_card(), power_ups_fail=1).driver.read(ALL), CardRead)
    assert in_reader(jpki_card(), power_ups_fail=2).driver.read(ALL) == CardNotUsable(CardRefusal.UNREADABLE)


@pytest.mark.parametrize("answer_lost", [False, True])
@pytest.mark.parametrize("curve", [False, True])
def test_exchanges_that_fail_now_and_then(answer_lost: bool, curve: bool) -> None:
    """Fault C8, each exchange of a visit in turn: only a failed VERIFY ends it, and then it is not sent again."""
    ended = 0
    for at in range(2, 24):
        card = jpki_card(curve=curve)
        table = in_reader(card, fails_every=at, answer_lost=answer_lost)
        read = table.driver.read(ALL, p384=True)
        assert isinstance(read, CardRead)
        try:
            assert isinstance(table.driver.prove(pin_of("2580"), read, challenge(), bound()), CardProof)
        except CardTrouble:
            ended += 1
        assert card.pins_shown <= 1
    assert 0 < ended < 5
