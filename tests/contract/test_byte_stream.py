"""Every ByteStream keeps the same promises: in memory and virtual time, and over pyserial on a pseudo-terminal.

At the far end is a device that collects the bytes it receives and sends the bytes that the test names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.errors import LineLost
from drivers.ports import ByteStream, Clock
from drivers.serial_stream import SerialStream
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.pty import PtyLine, serve
from host_sim.adapters.wire import WIRES, WireKind
from host_sim.clock import VirtualClock
from tests.process.running_clock import RunningClock


class Parrot:
    """A device that sends back every byte it receives; while `full`, its receive buffer takes nothing."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.full = False
        self._say = bytearray()

    def receive(self, data: bytes, now_s: float) -> None:
        self.heard += data
        self._say += data

    def transmit(self, now_s: float) -> bytes:
        said = bytes(self._say)
        self._say.clear()
        return said

    def wake_at(self) -> float | None:
        return None

    def room(self, now_s: float) -> int:
        return 0 if self.full else 1 << 20


@dataclass
class Line:
    stream: ByteStream
    device: Parrot
    clock: Clock
    far_end: MemoryStream | PtyLine


@pytest.fixture(params=["memory", "memory_9600", "pty"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    device = Parrot()
    if request.param == "pty":
        pty = PtyLine(device, tmp_path / "port")
        steady = RunningClock()
        stream = SerialStream(str(pty.link), 9600, steady, device="parrot")
        with serve([pty]):
            yield Line(stream, device, steady, pty)
        stream.close()
        return
    clock = VirtualClock()
    wire = WIRES["clean"] if request.param == "memory_9600" else WireKind(baud=None)
    memory = MemoryStream(device, clock, wire, lost=lambda: LineLost("parrot", "gone."))
    yield Line(memory, device, clock, memory)


def read_all(line: Line, count: int) -> bytes:
    heard = b""
    deadline_s = line.clock.monotonic() + 300
    while len(heard) < count and line.clock.monotonic() < deadline_s:
        heard += line.stream.read(count - len(heard), 0.2)
    return heard


def test_every_byte_value_passes_unchanged_both_ways(line: Line) -> None:
    # A cooked terminal would change 0x0A, 0x0D, 0x03, 0x11 and 0x13; a 7-bit line the upper half.
    every = bytes(range(256))
    assert line.stream.write(every, 1.0) == 256
    assert read_all(line, 256) == every
    assert bytes(line.device.heard) == every


def test_a_silent_line_reads_as_nothing_after_the_time_and_not_before(line: Line) -> None:
    began_s = line.clock.monotonic()
    assert line.stream.read(10, 0.05) == b""
    assert line.clock.monotonic() - began_s >= 0.049


def test_a_poll_returns_at_once(line: Line) -> None:
    assert line.stream.read(10, 0) == b""


def test_what_is_not_read_yet_is_kept(line: Line) -> None:
    line.stream.write(b"abcdef", 1.0)
    first = read_all(line, 2)
    assert first == b"ab"
    assert read_all(line, 4) == b"cdef"


def test_a_write_that_cannot_end_says_how_much_was_taken(line: Line) -> None:
    line.device.full = True
    page = bytes(i * 7 % 251 for i in range(200_000))
    taken = line.stream.write(page, 0.2)
    assert 0 < taken < len(page)
    line.device.full = False
    while taken < len(page):  # resuming after the reported count loses and doubles no byte
        taken += line.stream.write(page[taken : taken + 3000], 2.0)
        read_all(line, 3000)
    while line.stream.read(4096, 0.2):
        pass
    assert bytes(line.device.heard) == page


def test_an_unplugged_port_is_lost_for_reading_and_writing_and_comes_back(line: Line) -> None:
    line.stream.write(b"x", 1.0)
    assert read_all(line, 1) == b"x"
    line.far_end.hang_up()
    with pytest.raises(LineLost):
        line.stream.read(1, 0.05)
    with pytest.raises(LineLost):
        line.stream.write(b"y", 0.05)
    line.far_end.plug_in()
    line.stream.write(b"z", 1.0)
    assert read_all(line, 1) == b"z"


def test_closing_twice_is_harmless_and_a_closed_port_is_lost(line: Line) -> None:
    line.stream.close()
    line.stream.close()
    with pytest.raises(LineLost):
        line.stream.read(1, 0)
    with pytest.raises(LineLost):
        line.stream.write(b"x", 0)


def test_a_port_in_memory_takes_more_as_soon_as_it_has_room() -> None:
    clock, device = VirtualClock(), Parrot()
    stream = MemoryStream(device, clock, WireKind(baud=None, slice_bytes=700, send_buffer=900))
    assert stream.write(bytes(10_000), 5.0) == len(device.heard) == 10_000
    assert clock.monotonic() == 0.0
