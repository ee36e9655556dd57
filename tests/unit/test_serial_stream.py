"""Faults that only a real port has, and the trace of the bytes."""

import termios
import time
from pathlib import Path
from typing import Any

import pytest

from drivers import serial_stream
from drivers.errors import LineLost, Remedy
from drivers.serial_stream import SerialStream
from drivers.trace import Direction, TracedStream, keep_all, keep_lengths
from drivers.wire import Parity, Wire
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.pty import PtyLine
from host_sim.adapters.wire import WireKind
from host_sim.clock import VirtualClock


class Mute:
    def receive(self, data: bytes, now_s: float) -> None: ...

    def transmit(self, now_s: float) -> bytes:
        return b""

    def wake_at(self) -> float | None:
        return None


def test_a_missing_port_is_named_in_the_error_with_a_remedy(tmp_path: Path) -> None:
    stream = SerialStream(str(tmp_path / "nothing"), 9600, time, device="coin")
    with pytest.raises(LineLost, match=r"coin: .*nothing cannot be opened \(No such file or directory\)") as lost:
        stream.read(1, 0)
    assert lost.value.remedy is Remedy.RESET


@pytest.mark.parametrize(
    ("wire", "parity", "two_stop_bits"),
    [(9600, "N", False), (Wire(19200, Parity.EVEN), "E", False), (Wire(9600, Parity.ODD, 2), "O", True)],
)
def test_the_port_is_opened_as_the_devices_switches_are(
    tmp_path: Path, wire: Wire | int, parity: str, two_stop_bits: bool
) -> None:
    """A pseudo-terminal keeps the stop bits; it drops the parity, which pyserial still knows."""
    pty = PtyLine(Mute(), tmp_path / "port")
    stream = SerialStream(str(tmp_path / "port"), wire, time, device="printer")
    assert stream.read(1, 0) == b""
    port: Any = stream._serial
    assert port.parity == parity
    _, _, control, _, _, speed, _ = termios.tcgetattr(port.fileno())
    assert bool(control & termios.CSTOPB) is two_stop_bits
    assert speed == (termios.B19200 if isinstance(wire, Wire) and wire.baud == 19200 else termios.B9600)
    stream.close()
    pty.close()


def test_the_port_is_not_touched_before_the_first_use_and_is_ours_alone_then(tmp_path: Path) -> None:
    port = tmp_path / "port"
    first = SerialStream(str(port), 9600, time, device="first")
    pty = PtyLine(Mute(), port)
    second = SerialStream(str(port), 9600, time, device="second")
    assert first.read(1, 0) == b""
    with pytest.raises(LineLost, match="second"):
        second.read(1, 0)
    first.close()
    assert second.read(1, 0) == b""
    second.close()
    pty.close()


def test_a_usb_printers_node_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/null and /dev/zero stand in for /dev/usb/lp0: character devices that no serial line can be set up on."""
    with pytest.raises(LineLost, match="cannot be opened"):
        SerialStream("/dev/null", 9600, time, device="printer").read(1, 0)
    monkeypatch.setattr(serial_stream, "USB_MAJOR", 1)
    silent = SerialStream("/dev/null", 9600, time, device="printer")
    assert silent.write(b"dots", 0.1) == 4
    assert silent.read(10, 0.05) == b""  # an empty packet is not the end
    chatty = SerialStream("/dev/zero", 9600, time, device="printer")
    assert chatty.read(3, 0.1) == b"\0\0\0"
    with pytest.raises(LineLost, match="cannot be opened"):
        SerialStream("/dev/zero", 9600, time, device="second").read(1, 0)
    silent.close()
    chatty.close()


def test_what_came_while_nobody_listened_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    class Chatty(Mute):
        said = b"stale"

        def transmit(self, now_s: float) -> bytes:
            said, self.said = self.said, b""
            return said

    pty = PtyLine(Chatty(), tmp_path / "port")
    pty.pump(time.monotonic())
    stream = SerialStream(str(tmp_path / "port"), 9600, time, device="coin")
    assert stream.read(10, 0.02) == b""
    stream.close()
    pty.close()


class Parrot(Mute):
    def __init__(self) -> None:
        self._say = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self._say += data

    def transmit(self, now_s: float) -> bytes:
        said, self._say = self._say, b""
        return said


def test_the_trace_keeps_whole_frames_in_order_and_only_the_last_ones() -> None:
    clock = VirtualClock()
    traced = TracedStream(MemoryStream(Parrot(), clock, WireKind(slice_bytes=1)), clock, redact=keep_all, entries=2)
    for number in range(5):
        traced.write(bytes([number, 0xFE, 0xFD]), 1.0)
        while traced.read(10, 0.05):
            pass
    kept = traced.passages()
    assert [(p.direction, p.data) for p in kept] == [
        (direction, bytes([number, 0xFE, 0xFD])) for number in (3, 4) for direction in (Direction.SENT, Direction.HEARD)
    ]
    assert traced.dump()[-1].endswith("<- 04 fe fd")


def test_a_document_leaves_only_its_length_in_the_trace() -> None:
    clock = VirtualClock()
    traced = TracedStream(MemoryStream(Mute(), clock, WireKind(baud=None)), clock, redact=keep_lengths)
    traced.write("住所 宮崎市".encode() * 100, 1.0)
    (passage,) = traced.passages()
    assert passage.data == b""
    assert passage.size == 1600
    assert "宮" not in traced.dump()[0]


class Acceptor(Mute):
    """Answers each question with what its event counter is now."""

    def __init__(self) -> None:
        self.events = 0
        self._say = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self._say += bytes([self.events])

    def transmit(self, now_s: float) -> bytes:
        said, self._say = self._say, b""
        return said


def _polled(traced: TracedStream, questions: bytes) -> None:
    for question in questions:
        traced.write(bytes([question]), 1.0)
        while traced.read(10, 0.05):
            pass


def test_polls_with_the_same_answer_are_counted_and_the_news_between_them_stays() -> None:
    clock, model = VirtualClock(), Acceptor()
    traced = TracedStream(MemoryStream(model, clock, WireKind(baud=None)), clock, redact=keep_all, entries=16)
    _polled(traced, b"AAAB" * 1000)
    model.events = 7
    _polled(traced, b"AAAB" * 1000)
    _polled(traced, b"P")
    _polled(traced, b"AAAB" * 1000 + b"A")
    kept = [(p.data, p.times) for p in traced.passages() if p.direction is Direction.SENT]
    assert kept == [
        *((b"A", 3), (b"B", 1000), (b"A", 2997)),  # that B is asked is news, too
        *((b"A", 3), (b"B", 1000), (b"A", 2997)),  # another answer
        *((b"P", 1), (b"A", 3000), (b"B", 1000), (b"A", 1)),  # the last one may go on
    ]
    heard = [p.data for p in traced.passages() if p.direction is Direction.HEARD]
    assert heard == [b"\0"] * 3 + [b"\7"] * 7
    counted = traced.passages()[2]
    assert counted.last_s is not None
    assert counted.at_s < counted.last_s
    assert traced.dump()[2].endswith(f"-> 42 x1000, last {counted.last_s - clock.monotonic():.4f}")


def test_the_ring_stays_as_short_as_it_was_asked_for() -> None:
    clock, model = VirtualClock(), Acceptor()
    traced = TracedStream(MemoryStream(model, clock, WireKind(baud=None)), clock, redact=keep_all, entries=8)
    for model.events in range(200):  # each answer is news
        _polled(traced, b"ABC")
    assert len(traced.passages()) == 16
    _polled(traced, b"ABC" * 50)
    assert sum(p.times for p in traced.passages() if p.direction is Direction.SENT) > 100
