"""One contract for the key matrix below the keypad driver, in memory and on gpiozero pins; and the door's contact."""

import time
from itertools import combinations

import pytest
from gpiozero import Device

from drivers.errors import LineLost, WrongDevice
from drivers.gpio import BreakContact, GpioEdges, OpenCollector
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.vocabulary import Key, KeyPressed, PinEntered
from host_sim.adapters.fingers import Fingers
from host_sim.adapters.pins import CASE_OPEN, COLUMNS, DOOR, ROWS, SimFactory
from host_sim.clock import VirtualClock
from host_sim.models.key_matrix import LAYOUT, KeyMatrix, ScannedKeys

CELLS = {name: (row, column) for row, names in enumerate(LAYOUT) for column, name in enumerate(names)}


@pytest.fixture
def board(monkeypatch, tmp_path):
    monkeypatch.setenv("KOFUKI_SIM_KEYS", str(tmp_path / "keys.sock"))
    monkeypatch.setattr(Device, "pin_factory", SimFactory(KeyMatrix(bounce_s=0.0)))
    yield Device.pin_factory
    Device.pin_factory.close()


@pytest.fixture(params=["memory", "gpiozero"])
def pins_and_matrix(request):
    if request.param == "memory":
        matrix, clock = KeyMatrix(), VirtualClock()
        yield ScannedKeys(matrix, clock.monotonic, clock.advance), matrix
    else:
        board = request.getfixturevalue("board")
        pins = MatrixPins(ROWS, COLUMNS)
        yield pins, board.matrix
        assert board.shorts == 0, "two outputs drove one wire with different levels"
        pins.close()


def test_each_key_is_its_own_crossing(pins_and_matrix):
    pins, matrix = pins_and_matrix
    assert pins.closed() == frozenset()
    for name, cell in CELLS.items():
        matrix.press(name, 0.0)
        assert pins.closed() == {cell}
        matrix.release(name, 0.0)


def test_two_keys_are_seen_as_they_are_and_three_corners_as_four(pins_and_matrix):
    pins, matrix = pins_and_matrix
    for one, other in combinations(CELLS, 2):
        matrix.press(one, 0.0)
        matrix.press(other, 0.0)
        assert pins.closed() == {CELLS[one], CELLS[other]}
        matrix.release(one, 0.0)
        matrix.release(other, 0.0)
    for name in ("1", "2", "4"):
        matrix.press(name, 0.0)
    assert pins.closed() == {CELLS[name] for name in ("1", "2", "4", "5")}


def test_a_wait_ends_at_once_when_a_key_is_down_and_by_time_when_none_is(pins_and_matrix):
    pins, matrix = pins_and_matrix
    assert pins.wait_for_activity(0.01) is False
    matrix.press("0", 0.0)
    assert pins.wait_for_activity(60.0) is True
    assert pins.closed() == {CELLS["0"]}


def test_key_presses_from_another_process_wake_the_driver_and_enter_a_pin(board, tmp_path):
    pins, buffer = MatrixPins(ROWS, COLUMNS), PinBuffer()
    pad = MatrixPinPad(pins, LAYOUT, buffer, time)
    pad.expect_pin(4)
    with Fingers(tmp_path / "keys.sock") as fingers:
        for key in ("1", "2", "3", "4", "enter"):
            fingers._socket.sendall(b'{"tap": "%s", "hold_ms": 30}\n' % key.encode())
        events, begun_s = [], time.monotonic()
        while PinEntered() not in events and time.monotonic() - begun_s < 300:
            if pad.wait_for_activity(5.0):
                events += pad.poll()
        assert [event for event in events if isinstance(event, PinEntered)] == [PinEntered()]
    with Fingers(tmp_path / "keys.sock") as fingers, pytest.raises(ValueError, match="no such key"):
        fingers.press("banana")
    with buffer.lend() as digits:
        assert bytes(digits) == b"1234"
    pins.close()


def test_a_door_contact_is_closed_to_ground_while_the_case_is_shut(board, tmp_path):
    contact = BreakContact(DOOR)
    assert not contact.broken()
    (tmp_path / CASE_OPEN).touch()
    assert contact.broken()
    (tmp_path / CASE_OPEN).unlink()
    assert not contact.broken()
    contact.close()


@pytest.mark.parametrize(
    "use",
    [
        lambda pin: BreakContact(pin).broken(),
        lambda pin: GpioEdges(pin).take(),
        lambda pin: OpenCollector(pin).allow(False),
    ],
)
def test_a_wire_on_a_pin_that_is_not_there_is_the_wrong_device(board, use):
    with pytest.raises(WrongDevice, match="999"):
        use(999)


def test_pins_are_given_back(board):
    first, second = MatrixPins(ROWS, COLUMNS), MatrixPins(ROWS, COLUMNS)
    first.closed()
    with pytest.raises(WrongDevice, match="in use"):
        second.closed()
    first.close()
    first.close()
    assert second.closed() == frozenset()
    second.close()
    with pytest.raises(WrongDevice, match="999"):
        MatrixPins((999,), COLUMNS).closed()


def test_a_computer_without_gpio_is_a_lost_line(monkeypatch):
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "no_such_factory")
    with pytest.raises(LineLost, match="GPIO"):
        MatrixPins(ROWS, COLUMNS).closed()


def test_the_factory_is_found_by_name_alone(monkeypatch):
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "kofuki_sim")
    monkeypatch.delenv("KOFUKI_SIM_KEYS", raising=False)
    pins = MatrixPins(ROWS, COLUMNS)
    time_of = VirtualClock()
    pad = MatrixPinPad(pins, LAYOUT, PinBuffer(), time_of)
    pad.start()
    pad.expect_keys()
    assert type(Device.pin_factory).__name__ == "SimFactory"
    Device.pin_factory.matrix.press("9", 0.0)
    events = []
    for _ in range(4):
        time_of.advance(0.005)
        events += pad.poll()
    assert events == [KeyPressed(Key.D9)]
    pins.close()
    Device.pin_factory.close()
