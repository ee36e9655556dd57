"""What is missing at a start, in virtual time: named on the console, told to the centre, and served again by itself.

The rows of the table in firmware/service/README.md are these causes and those of tests/process/test_start.py.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import LineLost
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import MatrixPinPad
from firmware.desks import Beat, C, DeskName, Whose
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.session.scenes import Scene
from firmware.workers import LONGEST_PAUSE_S
from host_sim.adapters.memory import MemoryStream
from host_sim.models.key_matrix import LAYOUT, Cell, ScannedKeys
from host_sim.rig.console import ConsoleParts, ConsoleRig
from host_sim.rig.crew import InlineCrew
from host_sim.rig.parts import DoorContact
from tests.process import test_start as real

PAGE = Path(__file__).parents[2] / "firmware" / "service" / "README.md"
MORE = {
    Reason.JOURNAL_CORRUPT,
    Reason.JOURNAL_BROKEN,
    Reason.JOURNAL_FULL,
    Reason.JOURNAL_ROLLED_BACK,
    Reason.JOURNAL_FORGED,
    Reason.LETTERS,
    Reason.CHANGE,
    Reason.IO_BOARD,
}  # test_medium.py, test_fonts.py, test_witness.py, test_hoppers_out.py, test_io_board.py
CLOCK = {Reason.CLOCK, Reason.CLOCK_BEHIND}  # test_time.py


class Wanting(ConsoleRig):
    """A machine that starts while the devices in `missing` are not there; the screen and the pins count as devices."""

    def __init__(self, *missing: str) -> None:
        self.missing = set(missing)
        self.order: list[str] = []
        super().__init__()

    def _parts(self) -> "WantingParts":
        super()._parts()
        return WantingParts(self, self._over(), **self._how())

    def _show(self, scene: Scene) -> None:
        if "screen" in self.missing:
            raise LineLost("screen", "/dev/fb0 cannot be opened: no such file.")
        self.order.append(type(scene).__name__)
        super()._show(scene)

    def open_stream(self, model: object, device: str) -> MemoryStream:
        stream = super().open_stream(model, device)
        if device in self.missing:
            stream.hang_up()
        return stream

    def plug_in(self) -> None:
        """Everything is there now."""
        self.missing.clear()
        self.mend_devices()


class WantingParts(ConsoleParts):
    def __init__(self, rig: Wanting, over: Mapping[str, Any], **how: Any) -> None:
        super().__init__(rig, over, **how)
        self._wanting = rig

    def pin_pad(self, pin: PinBuffer) -> MatrixPinPad:
        super().pin_pad(pin)
        keys = MissingKeys(self._wanting)
        self._pad = MatrixPinPad(keys, LAYOUT, pin, self.clock)
        return self._pad

    def door(self) -> DoorContact:
        return MissingDoor(self._wanting)


class MissingKeys(ScannedKeys):
    def __init__(self, rig: Wanting) -> None:
        super().__init__(rig.keys, rig.clock.monotonic, rig.clock.advance)
        self._rig = rig

    def closed(self) -> frozenset[Cell]:
        if "keypad" in self._rig.missing:
            raise LineLost("keypad", "the GPIO pins cannot be opened.")
        return super().closed()


class MissingDoor(DoorContact):
    def __init__(self, rig: Wanting) -> None:
        super().__init__(rig)
        self._rig = rig

    def broken(self) -> bool:
        if "door" in self._rig.missing:
            raise LineLost("door", "the GPIO pins cannot be opened.")
        return super().broken()


DEVICES = {
    "screen": (Reason.SCREEN, "/dev/fb0"),
    "keypad": (Reason.KEYPAD, "keypad: the GPIO pins"),
    "door": (Reason.DOOR_CONTACT, "door: the GPIO pins"),
    "coin": (Reason.COIN, "coin: the port is gone"),
    "printer": (Reason.PRINTER, "printer: the port is gone"),
    "slips": (Reason.RECEIPT_PRINTER, "receipt_printer: the port is gone"),
}


def told_by(machine: ConsoleRig) -> list[list[str]]:
    """A list that gets the reasons of each heartbeat sent from now on."""
    told: list[list[str]] = []
    send = machine.crew.send

    def sending(desk: DeskName[C], command: C, whose: Whose) -> None:
        if isinstance(command, Beat):
            told.append(list(command.facts["reasons"]))  # type: ignore[call-overload]
        send(desk, command, whose)

    machine.crew.send = sending  # type: ignore[method-assign]
    return told


def is_idle(machine: ConsoleRig) -> Callable[[], bool]:
    return lambda: isinstance(machine.loop.scene, show.Idle)


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_that_is_missing_at_the_start_is_named_and_served_with_once_it_is_there(device: str) -> None:
    reason, word = DEVICES[device]
    machine = Wanting(device)
    told = told_by(machine)
    machine.wait(60)
    said = machine.say("reasons")  # without a login
    assert str(reason.number) in said
    assert word in " ".join(said.split())
    assert machine.loop.reception.state.reasons == {reason}
    assert not machine.loop.reception.admits
    assert [str(reason)] in told
    machine.plug_in()
    machine.run_until(is_idle(machine), LONGEST_PAUSE_S + 10)
    assert machine.loop.troubles == {}
    if device == "screen":
        assert isinstance(machine.scenes[-1], show.Idle), "the screen shows what it missed"


def test_a_missing_reader_is_told_and_served_with_once_it_is_there() -> None:
    machine = ConsoleRig()
    machine.reader.unplug()
    machine.restart()
    machine.wait(5)
    said = machine.say("reasons")
    assert str(Reason.CARD_READER.number) in said
    assert machine.loop.troubles["card"] in " ".join(said.split())
    machine.reader.plug_in()
    machine.run_until(is_idle(machine), 60)


def test_all_devices_missing_at_once_leave_the_console_which_names_each() -> None:
    machine = Wanting(*DEVICES)
    machine.wait(30)
    said = " ".join(machine.say("reasons").split())
    # The paper desk begins with the certificate printer; the receipt printer is named when that one is there.
    assert [word for _, word in DEVICES.values() if word not in said] == [DEVICES["slips"][1]]
    machine.plug_in()
    machine.run_until(is_idle(machine), LONGEST_PAUSE_S + 10)


def test_a_screen_that_is_missing_fails_its_own_test() -> None:
    machine = Wanting("screen")
    machine.wait(30)
    machine.enter_maintenance("tanaka")
    assert "FAIL screen: /dev/fb0" in machine.say("test screen")
    machine.plug_in()
    machine.wait(20)
    assert "screen 1 of 5" in machine.say("test screen")


def test_the_pauses_between_tries_grow() -> None:
    machine = Wanting("keypad")
    tries: list[float] = []
    desk = next(shift.desk for shift in machine.crew._shifts.values() if shift.desk.name == "keypad")
    start = desk.start
    desk.start = lambda: (tries.append(machine.clock.monotonic()), start())[1]  # type: ignore[method-assign]
    machine.wait(100)
    pauses = [round(later - sooner, 3) for sooner, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert LONGEST_PAUSE_S <= pauses[-1] <= LONGEST_PAUSE_S + 2


# --- what is asked after the first picture ----------------------------------------------------------


def test_with_no_cable_the_first_picture_comes_before_the_centre_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also at a start whose recovery asks the centre what became of a session (fault K4)."""
    machine = Wanting()
    machine.run_until(is_idle(machine), 60)
    asked = type(machine.centre).exchange

    def exchange(*arguments: Any) -> Any:
        machine.order.append("centre")
        return asked(*arguments)

    monkeypatch.setattr(type(machine.centre), "exchange", exchange)
    opened = Wanting.open_stream

    def open_stream(*arguments: Any) -> MemoryStream:
        machine.order.append("device")
        return opened(*arguments)

    monkeypatch.setattr(Wanting, "open_stream", open_stream)
    machine.centre.faults.down = True
    machine.order.clear()
    machine.restart()
    assert machine.order[0] == "Starting"
    assert {"centre", "device"} <= set(machine.order)
    machine.wait(30)
    assert isinstance(machine.scenes[-1], show.Closed)


def test_the_console_starts_before_every_other_desk() -> None:
    machine = ConsoleRig()
    assert isinstance(machine.crew, InlineCrew)
    assert next(iter(machine.crew._shifts)) == "console"


# --- the table ------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_cause_that_is_tried() -> None:
    text = PAGE.read_text(encoding="utf-8").split("## What is missing at a start")[1].split("\n## ")[0]
    rows = {int(number) for number in re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)}
    tried = {reason for reason, *_ in real.CAUSES.values()} | {reason for reason, _ in DEVICES.values()}
    assert rows == {reason.number for reason in tried | MORE | CLOCK | {Reason.CARD_READER, Reason.LINE}}
