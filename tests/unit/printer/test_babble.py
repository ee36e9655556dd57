"""A printer, or a broken cable, that never stops talking: every call of the driver ends in bounded time and says so."""

from collections.abc import Callable

import pytest

from drivers.errors import BadReply, DeviceError
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import load_profile
from drivers.printer.raster import PrintTicket, RasterSlip
from drivers.vocabulary import NotPrinted, Printed, PrintTrouble
from host_sim.adapters.memory import MemoryStream
from host_sim.clock import VirtualClock
from tests.unit.printer.rig import Rig, make_rig, make_rows

PACKET_S = 0.001  # a USB packet each millisecond: whenever the host looks, there is one
PATIENCE_S = 240.0  # firmware/workers.py, STUCK_S: a command that takes longer ends the machine
TALK = {
    "noise": b"\xff" * 64,
    "ready, ready, ready": b"\x12" * 64,  # what DLE EOT answers when all is well
    "carried out": b"\x00" * 64,  # what GS r answers when there is paper
    "full status": b"\x10\x0f\x00\x00\x00\x00" * 10,
    "half an answer": b"\x10",
}


class BabblingStream:
    """A port on which every read also returns the bytes `babble`, so that true answers cannot be recognised."""

    def __init__(self, inner: MemoryStream, clock: VirtualClock) -> None:
        self._inner = inner
        self._clock = clock
        self.babble = b""
        self.ends_s = float("inf")

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        if not self.babble or self._clock.monotonic() >= self.ends_s:
            return self._inner.read(max_bytes, timeout_s)
        self._clock.advance(PACKET_S)
        assert self._clock.monotonic() < 2 * PATIENCE_S, "the driver goes on listening without end"
        return self._inner.read(max_bytes, 0) + self.babble

    def write(self, data: bytes, timeout_s: float) -> int:
        return self._inner.write(data, timeout_s)

    def close(self) -> None:
        self._inner.close()


def babbling(name: str) -> tuple[Rig, BabblingStream, PrinterDriver]:
    rig = make_rig(name)
    stream = BabblingStream(rig.line, rig.clock)
    driver = PrinterDriver(stream, rig.clock, rig.profile, "printer")
    driver.start()
    driver.discard()
    return rig, stream, driver


def _print(rig: Rig, driver: PrinterDriver) -> object:
    page = rig.page()
    return driver.print_pages([page], PrintTicket(page.request_id, page.copy, (page.raster_sha256,)), 3)


def _slip(rig: Rig, driver: PrinterDriver) -> object:
    width = rig.profile.width_dots
    return driver.print_slip(RasterSlip(width_dots=width, height_dots=120, rows=make_rows(width, 120)), 3)


@pytest.mark.parametrize("name", ["a4-203", "a4-300", "kpm216h", "tm-t88"])
@pytest.mark.parametrize("talk", TALK)
@pytest.mark.parametrize("call", ["start", "counter", "discard", "prepare"])
def test_what_asks_the_printer_fails_with_a_sentence(name: str, talk: str, call: str) -> None:
    rig, stream, driver = babbling(name)
    stream.babble = TALK[talk]
    began_s = rig.clock.monotonic()
    if call == "prepare":  # on a clean path there is nothing to do
        driver = PrinterDriver(stream, rig.clock, rig.profile, "printer")
    with pytest.raises(DeviceError, match="printer: the printer sends without end"):
        getattr(driver, call)()
    assert rig.clock.monotonic() - began_s < 10


@pytest.mark.parametrize("name", ["a4-203", "a4-300", "kpm216h", "tm-t88"])
@pytest.mark.parametrize("talk", TALK)
@pytest.mark.parametrize("work", [_print, _slip])
def test_no_page_is_begun_while_the_printer_babbles(
    name: str, talk: str, work: Callable[[Rig, PrinterDriver], object]
) -> None:
    rig, stream, driver = babbling(name)
    stream.babble = TALK[talk]
    received = rig.model.received
    assert work(rig, driver) == NotPrinted(reason=PrintTrouble.SILENT, begun=False)
    assert rig.model.received == received
    assert not driver.status().ready
    assert rig.clock.monotonic() < 30


@pytest.mark.parametrize("name", ["a4-203", "a4-300", "kpm216h", "tm-t88"])
@pytest.mark.parametrize("talk", TALK)
def test_a_page_under_way_ends_too(name: str, talk: str) -> None:
    """The babble begins in the middle of a page; whatever the outcome, the call must end."""
    rig, stream, driver = babbling(name)
    rig.clock.after(0.2, lambda: setattr(stream, "babble", TALK[talk]))
    _print(rig, driver)
    assert rig.clock.monotonic() < PATIENCE_S


def test_a_long_answer_of_an_earlier_question_is_only_dropped() -> None:
    """Half a second of old answers does not count as babble."""
    rig, stream, driver = babbling("a4-203")
    stream.babble = TALK["noise"]
    stream.ends_s = rig.clock.monotonic() + 0.5
    assert isinstance(_print(rig, driver), Printed)


def test_a_line_that_has_fallen_silent_works_again() -> None:
    rig, stream, driver = babbling("a4-203")
    stream.babble = TALK["noise"]
    with pytest.raises(BadReply):
        driver.discard()
    stream.babble = b""
    driver.discard()
    assert isinstance(_print(rig, driver), Printed)


class RestlessStream:
    """A printer whose full status (Custom) says in turn that the motor runs and that it has stopped."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._asked = 0
        self._said = bytearray()

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        if not self._said:
            self._clock.advance(timeout_s)
        said, self._said = bytes(self._said), bytearray()
        return said

    def write(self, data: bytes, timeout_s: float) -> int:
        if data == b"\x10\x04\x14":
            self._asked += 1
            self._said += b"\x10\x0f\x00" + bytes(((0x08, 0x00)[self._asked % 2 == 0],)) + b"\x00\x00"
        return len(data)

    def close(self) -> None:
        """Nothing to close."""


def test_a_motor_that_never_comes_to_rest_is_not_waited_for() -> None:
    clock = VirtualClock()
    driver = PrinterDriver(RestlessStream(clock), clock, load_profile("kpm216h"), "printer")
    assert not driver.status().ready
    assert clock.monotonic() < 30
