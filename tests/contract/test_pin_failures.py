"""Pins that fail at any call: what comes out of the drivers is a `DeviceError`, and afterwards everything works again."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import pytest
from gpiozero import Device

from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.errors import LineLost, WrongDevice
from drivers.gpio import BreakContact, GpioEdges, OpenCollector
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.vocabulary import CreditsLost, Key, KeyPressed
from firmware.desks import Health
from firmware.desks.door import DoorDesk
from firmware.desks.keypad import KeypadDesk
from firmware.workers import LONGEST_PAUSE_S, RESTART_FLOOR_S, Shift
from host_sim.adapters.pins import COIN, COLUMNS, DOOR, INHIBIT, ROWS, SimFactory, SimPin
from host_sim.clock import VirtualClock
from host_sim.models.key_matrix import LAYOUT, KeyMatrix


class LgpioError(Exception):
    """As `lgpio.error`: no base class but Exception."""


class FailingPin(SimPin):
    """Fails instead of a call, or after it was carried out, as the board says."""

    def _call(self, work: Callable[[], object]) -> object:
        fails = self.factory.fails()
        if fails and not self.factory.late:
            raise LgpioError("'GPIO busy'")
        done = work()
        if fails:
            raise LgpioError("'GPIO busy'")
        return done

    def close(self):
        self._call(super().close)

    def _get_state(self):
        return self._call(super()._get_state)

    def _set_state(self, value):
        self._call(lambda: SimPin._set_state(self, value))

    def _set_function(self, value):
        self._call(lambda: SimPin._set_function(self, value))

    def _set_pull(self, value):
        self._call(lambda: SimPin._set_pull(self, value))

    def _enable_event_detect(self):
        self._call(super()._enable_event_detect)

    def _disable_event_detect(self):
        self._call(super()._disable_event_detect)


class FailingBoard(SimFactory):
    """Calls number `first` to `first + many - 1` fail."""

    def __init__(self) -> None:
        super().__init__(KeyMatrix(bounce_s=0.0))
        self.pin_class = FailingPin
        self.calls, self.first, self.many, self.late = 0, 0, 0, False

    def fails(self) -> bool:
        self.calls += 1
        return self.first <= self.calls - 1 < self.first + self.many

    def mend(self) -> None:
        self.many = 0


@pytest.fixture
def boards(monkeypatch) -> Callable[[], Iterator[FailingBoard]]:
    """Boards that fail at call 0, 1, 2 ... until one does not reach the failing call any more."""

    def each() -> Iterator[FailingBoard]:
        for first in count():
            for many in (1, 10_000):
                for late in (False, True):
                    board = FailingBoard()
                    board.first, board.many, board.late = first, many, late
                    monkeypatch.setattr(Device, "pin_factory", board)
                    yield board
            if board.calls <= first:
                assert first > 0, "the board was never used"
                return

    return each


def use_keypad(pad: MatrixPinPad, board: FailingBoard, clock: VirtualClock) -> None:
    pad.start()
    pad.wait_for_activity(0.0)
    board.matrix.press("5", clock.monotonic())
    pad.wait_for_activity(0.0)
    for _ in range(4):
        clock.advance(0.005)
        pad.poll()


def test_a_keypad_whose_pins_fail_at_any_call_raises_device_errors_and_works_again(boards):
    for board in boards():
        pins, clock, said = MatrixPins(ROWS, COLUMNS), VirtualClock(), ""
        pad = MatrixPinPad(pins, LAYOUT, PinBuffer(), clock)
        try:
            use_keypad(pad, board, clock)
        except LineLost as lost:
            said = str(lost)  # most boards do raise
        assert board.calls <= board.first or re.match(
            "keypad: GPIO pin [0-9]+ does not work .'GPIO busy'.: end any other program", said
        )
        board.mend()
        board.matrix.release("5", clock.monotonic())
        board.matrix.press(LAYOUT[1][3], clock.monotonic())
        assert pins.closed() == {(1, 3)}, "the first scan may not see a column that was left low"
        board.matrix.release(LAYOUT[1][3], clock.monotonic())
        pad.start()
        assert all(board.pin(row).watched and board.pin(row).pulled_up for row in ROWS)
        for place in range(4):
            board.matrix.press(LAYOUT[place][place], clock.monotonic())
            assert pins.closed() == {(place, place)}
            board.matrix.release(LAYOUT[place][place], clock.monotonic())
        assert [board.pin(column).drives for column in COLUMNS] == [None] * 4
        assert board.shorts == 0
        pins.close()


def test_a_key_that_is_held_does_not_fill_the_memory(monkeypatch):
    board, clock = FailingBoard(), VirtualClock()
    monkeypatch.setattr(Device, "pin_factory", board)
    pins = MatrixPins(ROWS, COLUMNS)
    pad = MatrixPinPad(pins, LAYOUT, PinBuffer(), clock)
    pad.start()
    board.matrix.press("5", 0.0)
    for _ in range(1000):
        clock.advance(0.005)
        pad.poll()
    assert pins._edges.qsize() <= 1
    board.matrix.release("5", clock.monotonic())
    assert pins.wait_for_activity(0.0) is False, "the edges of our own scans end no wait"


def test_the_keypad_desk_is_down_while_its_pins_fail_and_serves_again_by_itself(boards):
    for board in boards():
        clock = VirtualClock()
        shift = Shift(
            KeypadDesk(MatrixPinPad(MatrixPins(ROWS, COLUMNS), LAYOUT, PinBuffer(), clock), PinBuffer()), clock
        )
        board.matrix.press("1", 0.0)
        posted = shift.begin()
        for _ in range(3):
            clock.advance(0.005 if shift.up else RESTART_FLOOR_S)
            posted += shift.poll()
        board.mend()
        board.matrix.release("1", clock.monotonic())
        while not shift.up or shift.desk._pad.active:
            clock.advance(0.03 if shift.up else RESTART_FLOOR_S)
            posted += shift.poll()
        assert shift.up
        board.matrix.press("9", clock.monotonic())
        pressed = []
        for _ in range(3):
            pressed += [one.answer for one in shift.poll()]
            clock.advance(0.005)
        assert pressed == [KeyPressed(Key.D9)]
        healths = [one.answer for one in posted if isinstance(one.answer, Health)]
        assert healths[-1] == Health("keypad", frozenset())


def test_a_pulse_acceptors_pins_that_fail_at_any_call_are_a_lost_line_and_work_again(boards):
    for board in boards():
        edges, line = GpioEdges(COIN), OpenCollector(INHIBIT)
        for accepting in (False, True):
            with suppress(LineLost):
                line.allow(accepting)
            with suppress(LineLost):
                edges.now_s()
            with suppress(LineLost):
                edges.take()
        board.mend()
        line.allow(False)
        assert board.pin(INHIBIT).drives is False
        edges.take()
        assert board.pin(COIN).watched
        assert board.pin(COIN).pulled_up
        board.pin(COIN).edge(False)
        board.pin(COIN).edge(True)
        assert [edge.active for edge in edges.take()] == [True, False]


def test_the_filter_learns_that_edges_were_lost_while_the_coin_pin_did_not_work(monkeypatch):
    board = FailingBoard()
    monkeypatch.setattr(Device, "pin_factory", board)
    acceptor = PulseAcceptor(GpioEdges(COIN), OpenCollector(INHIBIT), {1: 10}, PulseTiming(end_s=0.0))
    acceptor.start()
    assert acceptor.poll() == []
    board.first, board.many = board.calls, 10_000
    with pytest.raises(LineLost, match=f"GPIO pin {COIN}"):
        acceptor.poll()
    board.mend()
    events = [event for _ in range(3) for event in acceptor.poll()]
    assert events == [CreditsLost(1)], "told once, not with every poll"


def test_a_door_contact_whose_pin_fails_is_down_and_comes_back(boards):
    for board in boards():
        clock = VirtualClock()
        shift = Shift(DoorDesk(BreakContact(DOOR), clock), clock)
        posted = shift.begin()
        for _ in range(3):
            clock.advance(0.05 if shift.up else RESTART_FLOOR_S)
            posted += shift.poll()
        board.mend()
        clock.advance(LONGEST_PAUSE_S)
        shift.poll()
        assert shift.up


def test_a_second_wire_on_a_pin_is_refused_by_name_and_frees_nothing(monkeypatch):
    board = FailingBoard()
    monkeypatch.setattr(Device, "pin_factory", board)
    door, coin = BreakContact(DOOR), GpioEdges(DOOR)
    door.broken()
    for _ in range(2):
        with pytest.raises(WrongDevice, match=f"pin {DOOR} cannot be used .* correct its number"):
            coin.take()
    coin.close()
    with pytest.raises(WrongDevice):
        OpenCollector(DOOR).allow(False)
    assert not door.broken()
    door.close()
    coin.take()


@pytest.mark.parametrize(
    "wire",
    [lambda: BreakContact(DOOR).broken(), lambda: MatrixPins(ROWS, COLUMNS).closed(), lambda: GpioEdges(COIN).take()],
)
def test_a_computer_without_pins_says_so_and_is_asked_again(monkeypatch, wire):
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    for _ in range(2):
        with pytest.raises(LineLost, match=r"the GPIO pins cannot be opened .*/dev/gpiochip"):
            wire()
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "kofuki_sim")
    wire()
    Device.pin_factory.close()
