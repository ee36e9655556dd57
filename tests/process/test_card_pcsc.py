"""Our driver over pcscd and the virtual reader: hot-plug, exclusiveness, deadlines, the helper process, the bench."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from drivers.card.pcsc import PcscReader
from drivers.card.pcsc_helper import _for_t0
from drivers.errors import CardGone, ReaderGone, ReaderInUse
from drivers.vocabulary import CardKind, CardNotUsable, CardPresence, CardProof, CardRead, CardRefusal, WrongPin
from host_sim.adapters.pcscd import PcscdHandle
from host_sim.models.card import stranger
from host_sim.models.card_reader import CardReaderModel
from tests.process.pcsc import READER, Desk, SystemClock, service
from tests.unit.card.table import ALL, bound, challenge, jpki_card, municipal_card, pin_of, storage_of

pytestmark = pytest.mark.pcsc


@pytest.fixture(scope="module")
def handle() -> Iterator[PcscdHandle]:
    with service() as running:
        yield running


@pytest.fixture
def desk(handle: PcscdHandle) -> Iterator[Desk]:
    desk = Desk(handle)
    yield desk
    desk.remove()
    desk.close()


def helper_of(desk: Desk) -> int:
    process = desk.port._process
    assert process is not None
    return process.pid


@pytest.mark.parametrize("make", [jpki_card, municipal_card])
def test_a_whole_visit(desk: Desk, make: object) -> None:
    desk.insert(make())  # type: ignore[operator]
    card = desk.driver.read(ALL)
    assert isinstance(card, CardRead)
    if card.pin_tries_left is not None:
        assert desk.driver.prove(pin_of("0000"), card, challenge(), bound()) == WrongPin(2)
    assert isinstance(desk.driver.prove(pin_of("2580"), card, challenge(), bound()), CardProof)


@pytest.mark.parametrize("at", [1, 5, 11, 12, 15, 17])
def test_pulled_at_a_command(desk: Desk, at: int) -> None:
    card = jpki_card()
    card.fail("pulled", at=at, acts=True)
    desk.insert(card)
    pin = pin_of("2580")
    with pytest.raises(CardGone):
        desk.driver.prove(pin, _read(desk), challenge(), bound())
    assert card.state["jpki/0018"] == 3
    desk.until(CardPresence.NOT_PRESENT)


def _read(desk: Desk) -> CardRead:
    card = desk.driver.read(ALL)
    assert isinstance(card, CardRead)
    return card


def test_a_silent_card_ends_at_the_deadline_and_is_released_by_being_pulled(handle: PcscdHandle) -> None:
    """SCardTransmit has no time limit: the driver kills the helper, and the reader works again once the card is out."""
    desk = Desk(handle, total_deadline_s=6.0)
    card = jpki_card()
    card.fail("mute", at=7)
    desk.insert(card)
    assert desk.driver.read(ALL) == CardNotUsable(CardRefusal.UNREADABLE, CardKind.INDIVIDUAL_NUMBER)
    desk.remove()
    desk.insert(jpki_card())
    assert isinstance(desk.driver.read(ALL), CardRead)
    desk.remove()
    desk.close()


def test_the_helper_that_saw_a_pin_ends_with_the_card(desk: Desk) -> None:
    desk.insert(jpki_card())
    card = _read(desk)
    before = helper_of(desk)
    desk.driver.release()
    card = _read(desk)
    assert helper_of(desk) == before, "this helper has passed no PIN on"
    desk.driver.prove(pin_of("2580"), card, challenge(), bound())
    assert helper_of(desk) == before
    desk.driver.release()
    assert not Path(f"/proc/{before}").exists()
    assert desk.driver.presence(0.0) is CardPresence.PRESENT
    assert helper_of(desk) != before


def test_a_helper_that_dies_is_replaced(desk: Desk) -> None:
    desk.insert(jpki_card())
    card = _read(desk)
    process = desk.port._process
    assert process is not None
    process.kill()
    pin = pin_of("2580")
    with pytest.raises(ReaderGone):
        desk.driver.prove(pin, card, challenge(), bound())
    assert storage_of(pin) == bytes(16)
    assert isinstance(desk.driver.read(ALL), CardRead)


def test_the_connection_is_exclusive(handle: PcscdHandle, desk: Desk) -> None:
    desk.insert(jpki_card())
    card = _read(desk)
    other = Desk(handle)
    with pytest.raises(ReaderInUse, match="in use by another program"):
        other.driver.read(ALL)
    assert isinstance(desk.driver.prove(pin_of("2580"), card, challenge(), bound()), CardProof)
    desk.driver.release()
    assert isinstance(other.driver.read(ALL), CardRead)
    other.driver.release()
    other.port.close()


@pytest.mark.parametrize(
    "quirks", [{"power_ups_fail": 1}, {"answer_max": 128}, {"fails_every": 5}, {"fails_every": 4, "answer_lost": True}]
)
def test_a_reader_that_fails_now_and_then(desk: Desk, quirks: dict[str, int]) -> None:
    """Faults C7 and C8 through pcscd: an exchange fails as an answer of one byte, which the virtual reader can make."""
    desk.slot.model = CardReaderModel(**quirks)
    desk.insert(jpki_card())
    assert isinstance(desk.driver.read(ALL), CardRead)


def test_a_reader_is_told_by_its_serial_number(desk: Desk) -> None:
    """The virtual reader's name has none, so the sentence must say which readers there are."""
    named = PcscReader("Virtual", SystemClock(), "53311850713070")
    with pytest.raises(OSError, match=r"has the serial number '53311850713070' .Virtual PCD 00 00, "):
        named.check()
    assert named.presence(0.0) == CardPresence.UNKNOWN
    named.close()


def test_the_named_reader_is_used_among_several(handle: PcscdHandle, desk: Desk) -> None:
    names = list(desk.port.names())
    assert names == [READER, "Virtual PCD 00 01"]
    second = Desk(handle, reader="Virtual PCD 00 01")
    second.slot._address = ("127.0.0.1", handle.port + 1)
    second.insert(jpki_card())
    assert desk.driver.presence(0.0) is CardPresence.NOT_PRESENT
    assert isinstance(second.driver.read(ALL), CardRead)
    second.remove()
    second.close()


def test_a_reader_of_another_name_is_not_taken(handle: PcscdHandle, desk: Desk) -> None:
    desk.insert(jpki_card())
    other = Desk(handle, reader="Some Other Reader")
    assert other.driver.presence(0.0) is CardPresence.UNKNOWN
    with pytest.raises(ReaderGone, match="Some Other Reader"):
        other.driver.read(ALL)
    other.port.close()


def test_the_service_dies_and_comes_back() -> None:
    """As with a reader that is unplugged and plugged in again: presence is UNKNOWN, then as before."""
    with service() as first:
        desk = Desk(first)
        desk.insert(jpki_card())
        card = _read(desk)
        first.kill()
        with pytest.raises(ReaderGone):
            desk.driver.prove(pin_of("2580"), card, challenge(), bound())
        assert desk.driver.presence(0.0) is CardPresence.UNKNOWN
        with pytest.raises(ReaderGone):
            desk.driver.read(ALL)
        assert desk.driver.presence(0.2) is CardPresence.UNKNOWN
        desk.slot.remove()
    with service() as second:
        # The machine keeps its driver; only the simulated slot has another port.
        desk.port.close()
        again = Desk(second)
        again.driver = desk.driver
        again.port = desk.port
        again.insert(jpki_card())
        assert isinstance(again.driver.read(ALL), CardRead)
        again.remove()
        again.close()


def test_without_a_service_every_question_has_an_answer() -> None:
    """`presence` raises nothing, and `read` names the trouble in a sentence."""
    before = os.environ.get("PCSCLITE_CSOCK_NAME")
    os.environ["PCSCLITE_CSOCK_NAME"] = "/nowhere/pcscd.comm"
    port = PcscReader(READER, SystemClock())
    try:
        assert port.presence(0.0) == CardPresence.UNKNOWN
        assert port.presence(0.1) == CardPresence.UNKNOWN
        with pytest.raises(OSError, match="pcscd"):
            port.connect(1.0)
    finally:
        port.close()
        del os.environ["PCSCLITE_CSOCK_NAME"]
        if before is not None:
            os.environ["PCSCLITE_CSOCK_NAME"] = before


@pytest.mark.parametrize(
    ("command", "on_t0"),
    [
        # ISO/IEC 7816-3, 12.2: case 1, 2, 3, 4.
        ("00200080", "0020008000"),
        ("00B0000020", "00B0000020"),
        ("002000800431323334", "002000800431323334"),
        ("802A008002303100", "802A0080023031"),
    ],
)
def test_commands_on_a_t0_reader(command: str, on_t0: str) -> None:
    assert bytes(_for_t0(memoryview(bytes.fromhex(command)))).hex().upper() == on_t0


# --- the bench ----------------------------------------------------------------------------------


def bench(*arguments: str, typed: str = "") -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-m", "drivers.card", *arguments],
        input=typed.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
        check=False,
    )
    return run.returncode, run.stdout.decode()


def test_the_bench_shows_a_card(desk: Desk) -> None:
    desk.insert(jpki_card())
    status, shown = bench("status")
    assert status == 0
    for words in (READER, "3B 88 80 01", "individual_number", "tries left:   3", "2029-05-03"):
        assert words in shown
    status, shown = bench("--reader", READER, "certificate")
    assert status == 0
    assert "RSA-2048" in shown
    assert "2029-05-03 23:59 JST" in shown


def test_the_bench_authenticates_and_shows_no_secret(desk: Desk) -> None:
    desk.insert(jpki_card(pin="7391"))
    status, shown = bench("authenticate", typed="7392\x7f1\n")
    assert status == 0
    assert "verifies" in shown
    status, shown_wrong = bench("authenticate", typed="8264\n")
    assert status == 1
    assert "tries left: 2" in shown_wrong
    told = re.sub(r"\(\d+ ms\)", "", shown) + shown_wrong  # the card may have taken so many milliseconds
    assert [secret for secret in ("7391", "7392", "8264") if secret in told] == []


def test_the_bench_asks_before_the_last_try(desk: Desk) -> None:
    card = jpki_card()
    card.state["jpki/0018"] = 1
    desk.insert(card)
    status, shown = bench("authenticate", typed="no\n0000\n")
    assert (status, card.state["jpki/0018"]) == (1, 1)
    assert "ONE TRY LEFT" in shown
    status, _ = bench("authenticate", typed="YES\n2580\n")
    assert (status, card.state["jpki/0018"]) == (0, 3)


def test_the_bench_tries_a_municipal_card_s_own_key(desk: Desk) -> None:
    desk.insert(municipal_card())
    status, shown = bench("authenticate")
    assert status == 0
    assert "own key verifies" in shown


def test_the_bench_without_a_card_and_with_a_stranger(desk: Desk) -> None:
    for command in ("status", "certificate", "authenticate"):
        status, shown = bench(command)
        assert (status, "there is no card in the reader" in shown) == (1, True), shown
    desk.insert(stranger())
    for command in ("status", "certificate", "authenticate"):
        status, shown = bench(command)
        assert (status, "neither the JPKI nor the municipal application" in shown) == (1, True), shown


@pytest.mark.parametrize("command", ["status", "certificate", "authenticate", "watch --seconds 1"])
def test_the_bench_without_its_reader_or_the_service(desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """An unplugged reader is simulated by a reader name that does not exist."""
    status, shown = bench("--reader", "Some Other Reader", *command.split())
    assert (status, "no reader's name begins with 'Some Other Reader'" in shown) == (2, True), shown
    assert READER in shown, "it lists the readers that there are"
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/nowhere/pcscd.comm")
    status, shown = bench(*command.split())
    assert (status, "pcscd) does not answer" in shown) == (2, True), shown


def test_the_bench_says_a_blocked_card_is_blocked_and_asks_no_pin(desk: Desk) -> None:
    card = jpki_card()
    card.fail("blocked")
    desk.insert(card)
    for command in ("status", "authenticate"):
        status, shown = bench(command, typed="2580\n")
        assert (status, "the PIN is blocked" in shown, "PIN:" in shown) == (1, True, False), shown


@pytest.mark.parametrize("typed", ["", "\n", "12\n", "12\x7f\x7f\n", "258\x03", "25800\n"])
def test_a_mistyped_pin_costs_no_try(desk: Desk, typed: str) -> None:
    card = jpki_card()
    desk.insert(card)
    status, shown = bench("authenticate", typed=typed)
    assert (status, "no PIN was sent to the card" in shown, card.state["jpki/0018"]) == (1, True, 3), shown


def test_the_bench_says_that_the_card_was_pulled(desk: Desk) -> None:
    card = jpki_card()
    card.fail("pulled", at=17)
    desk.insert(card)
    status, shown = bench("authenticate", typed="2580\n")
    assert (status, shown.splitlines()[-1]) == (2, "the card was pulled; put it in again")


def test_the_bench_watches_a_reader_that_is_unplugged() -> None:
    with service() as running:
        desk = Desk(running)
        desk.insert(jpki_card())
        desk.port.close()
        with subprocess.Popen(
            [sys.executable, "-m", "drivers.card", "watch", "--seconds", "20"], stdout=subprocess.PIPE, text=True
        ) as watching:
            assert watching.stdout is not None
            until(watching.stdout, "valid until")
            running.kill()
            shown = until(watching.stdout, "pcscd")
            assert "unknown" in shown
            watching.terminate()
        desk.slot.remove()


def until(lines: IO[str], word: str) -> str:
    """The printed lines up to the one with this word."""
    shown = ""
    for line in lines:
        shown += line
        if word in line:
            return shown
    raise AssertionError(shown)


def test_the_bench_watches(desk: Desk) -> None:
    desk.insert(jpki_card())
    status, shown = bench("watch", "--seconds", "1")
    assert status == 0
    assert "present" in shown
    assert "individual_number" in shown


def test_an_unreadable_card_is_no_trouble_of_the_machine(desk: Desk) -> None:
    card = jpki_card()
    card.fail("mute", at=0)
    desk.insert(card)
    assert desk.driver.read(ALL) == CardNotUsable(CardRefusal.UNREADABLE)
