"""`test board` and `update board`, with the board's own program number, lamps that are cut, and images that do not fit."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware.book import records
from firmware.book.cases import Case
from firmware.config.unit import Unit, Via, load_unit
from firmware.io_board import program
from host_sim.io_board import loader
from host_sim.models.io_board.loom import FAULTS, WHOLE, Loom
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import COUNTER, STORE, Site
from host_sim.rig.world import USB
from tests.sessions.test_wires import door_test, keypad_test, slot_test
from tests.unit.hardware.test_wiring import HARDWARE, wiring

OLD = bytes(range(32))
ATTENDED = {"slot lamp": "lamp at the slot", "paper lamp": "lamp at the paper", "buzzer": "the buzzer"}


class BoardRig(ConsoleRig):
    """A machine with an I/O board and a technician who looks at its lamps. `cut`: what has no wire any more."""

    def __init__(self, *, site: Site = STORE, runs: bytes = b"", image: bytes = b"") -> None:
        super().__init__(site=site, pulse=site is not COUNTER, board=USB)
        assert self.board is not None
        assert self.board_folder is not None
        self.board.program = runs or program.digest()
        self.image: Path = self.board_folder / "io-board.uf2"
        loader.write_image(self.image, image or program.digest())
        self.cut: str = ""
        self.asked = ""  # what the technician attends to
        self.count = 0
        self._was = False
        self._began = 0  # where the line stood when the test began
        self._look()

    def _look(self) -> None:
        assert self.board is not None
        asked = self._asked()
        self.count, self._was = (self.count, self._was) if asked == self.asked else (0, False)
        self.asked = asked
        now = self.asked in self.board.lit - {self.cut}
        self.count += now and not self._was
        self._was = now
        self.clock.after(0.05, self._look)

    def _asked(self) -> str:
        """What the line told last to look at or to listen to; before that nothing."""
        told = re.findall(f" ({'|'.join(ATTENDED.values())})\\.\n", self.shown_since(self._began))
        return next((wire for wire, words in ATTENDED.items() if told and told[-1] == words), "")

    def test_board(self) -> str:
        """Type `test board`, and how often something lit up or sounded at each question."""
        whole, typed = "", "test board"
        self._began = len(self.terminal.shown)
        while not whole or whole.endswith("): "):
            before = len(self.terminal.shown)
            self.type(typed)
            self.run_until(lambda before=before: self._asks(before), 300)  # type: ignore[misc]
            whole += self.shown_since(before)
            typed = str(self.count)
        return " ".join(whole.split())


def on_maintenance(**settings: Any) -> BoardRig:
    rig = BoardRig(**settings)
    rig.wait(5)
    rig.enter_maintenance()
    return rig


def test_a_whole_board_passes_and_its_lamps_go_out() -> None:
    rig = on_maintenance()
    said = rig.test_board()
    assert "1 PASS board: its program, both lamps, the buzzer OK" in said, said
    assert rig.board is not None
    assert not rig.board.lit
    tested = " ".join(rig.say("test all").split())
    assert "1 PASS card reader: well 2 PASS I/O board: well" in tested
    assert "PASS acceptor: its wires cannot be asked; `test slot` tries it with a coin" in tested
    assert "None" not in tested


@pytest.mark.parametrize(
    ("what", "pin"), [("slot lamp", "GP 14, pin 19"), ("paper lamp", "GP 15, pin 20"), ("buzzer", "GP 16, pin 21")]
)
def test_a_lamp_without_its_wire_is_named(what: str, pin: str) -> None:
    rig = on_maintenance()
    rig.cut = what
    said = rig.test_board()
    assert "ERR test FAIL board: it was told " in said, said
    assert pin in said, said


def test_a_board_with_another_program_fails_and_one_that_is_gone_is_named() -> None:
    rig = on_maintenance(runs=OLD)
    assert "FAIL board: it runs another program" in rig.test_board()
    rig.replug_board(600.0, power=True)
    rig.wait(5)
    assert "ERR device" in rig.test_board()
    assert "FAIL I/O board: The I/O board does not answer." in " ".join(rig.say("test all").split())


def test_a_machine_without_a_board_says_so() -> None:
    rig = ConsoleRig()
    rig.enter_maintenance()
    assert "ERR board This machine has no I/O board" in rig.say("test board")
    assert "ERR board This machine has no I/O board" in rig.say("update board")
    assert "test board" not in rig.say("readiness")


# --- a new program ----------------------------------------------------------------------------------


def test_two_people_put_a_new_program_on_the_board() -> None:
    rig = on_maintenance(runs=OLD)
    planned = rig.say("update board")
    assert "the board runs program 00010203; then it runs this release's" in planned
    assert rig.board is not None
    assert rig.board.program == OLD
    said = " ".join(rig.confirm(planned, "goto").split())
    assert f"The board runs program {program.digest().hex()[:8]}. Now type `test board`. OK" in said
    assert rig.board.program == program.digest()
    acts = [(act.who, act.verb, act.outcome) for act in rig.records(records.ConsoleAct) if act.verb == "update.board"]  # type: ignore[attr-defined]
    assert acts[-1][2] == "ok"
    rig.wait(10)
    assert rig.loop.book.queue == []  # that the board was away was meant
    assert "1 PASS board" in rig.test_board()
    assert "Nothing is to be done." in " ".join(rig.say("update board").split())


def test_an_image_as_a_pico_takes_it_has_the_number_somewhere_in_it() -> None:
    """`make io-board` links it where the linker likes, over the border of two blocks."""
    rig = on_maintenance(runs=OLD)
    loader.write_image(rig.image, bytes(240) + program.digest())
    said = rig.confirm(rig.say("update board"), "goto")
    assert "The board runs program" in said, said
    assert rig.board is not None
    assert rig.board.program == program.digest()


def test_an_update_that_was_cut_off_is_done_again() -> None:
    rig = on_maintenance(runs=OLD)
    assert rig.board is not None
    rig.board.outputs = 0
    rig.board._load(rig.clock.monotonic())
    rig.wait(10)
    assert "ERR device" in rig.test_board()
    planned = rig.say("update board")
    assert "the board runs program unknown" in planned
    assert "The board runs program" in rig.confirm(planned, "goto")
    assert rig.board.program == program.digest()
    rig.wait(10)
    assert not rig.loop.reception.state.reasons


def _damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[700] ^= 1
    path.write_bytes(data)


def _signed_anew(change: Callable[[bytearray], object]) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        path.with_name(f"{path.name}.sha256").write_text(f"{loader.hashlib.sha256(data).hexdigest()}  {path.name}\n")

    return act


def _other_family(data: bytearray) -> None:
    for at in range(28, len(data), 512):
        data[at : at + 4] = (0xE48BFF59).to_bytes(4, "little")


def _a_block_less(data: bytearray) -> None:
    del data[1024:1536]


def _no_uf2(data: bytearray) -> None:
    data[:4] = b"ELF!"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (_damaged, "is damaged"),
        (lambda path: loader.write_image(path, bytes(32)), "has another program than this release"),
        (_signed_anew(_other_family), "for another chip"),
        (_signed_anew(_a_block_less), "not whole"),
        (_signed_anew(_no_uf2), "no UF2 file"),
    ],
)
def test_an_image_that_does_not_fit_reaches_no_board(act: Callable[[Path], None], words: str) -> None:
    rig = on_maintenance(runs=OLD)
    act(rig.image)
    said = " ".join(rig.say("update board").split())
    assert "ERR image" in said, said
    assert words in said, said
    assert rig.board is not None
    assert rig.board.program == OLD
    assert Case.IO_BOARD not in dict(rig.loop.book.queue)


# --- wires on each other's pins ---------------------------------------------------------------------

# Wire -> its pin in words, read from firmware/io_board/README.md by hand.
PINS = {
    "row 1": "GP 2",
    "row 2": "GP 3",
    "row 3": "GP 4",
    "row 4": "GP 5",
    "column 1": "GP 6",
    "column 2": "GP 7",
    "column 3": "GP 8",
    "column 4": "GP 9",
    "coin": "GP 10",
    "inhibit": "GP 11",
    "supply": "GP 12",
    "door": "GP 13",
    "slot lamp": "GP 14",
    "paper lamp": "GP 15",
    "buzzer": "GP 16",
    "service": "GP 22",
}
UNITS = [path for path in sorted((HARDWARE / "units").glob("*.toml")) if load_unit(path).io_board is not None]
SITES = {"store": STORE, "counter": COUNTER}


def wires_of(path: Path) -> set[str]:
    """The wires at the board of this unit, as they are drawn."""
    wires = wiring.board_wires_of(wiring.to_plain(load_unit(path)))
    gps = {f"GP {wiring.GP[wire.pin]}" for wire in wires if wire.pin in wiring.GP}
    return {wire for wire, gp in PINS.items() if gp in gps}


# Of a unit's faults, those of which every wire is there; where the inhibit wire may be held by nothing, it reads low or high.
FITTING = [
    (path, name, floats)
    for path in UNITS
    for name, fault in FAULTS.items()
    if fault.wires <= wires_of(path)
    for floats in ((False, True) if fault.wires & {"inhibit", "supply"} else (False,))
]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_every_wire_of_every_units_board_is_swapped_and_cut_once(path: Path) -> None:
    faults = [(name, FAULTS[name].wires) for unit, name, _ in FITTING if unit == path]
    cut = {wire for name, wires in faults if name.endswith("_cut") for wire in wires}
    assert {wire for _, wires in faults if len(wires) == 2 for wire in wires} == wires_of(path)
    assert cut == wires_of(path) - {"service"}


@pytest.mark.parametrize(
    ("path", "fault", "floats"), FITTING, ids=[f"{path.stem}-{name}-{floats:d}" for path, name, floats in FITTING]
)
def test_w5_a_guided_test_names_the_wire(path: Path, fault: str, floats: bool) -> None:
    _, said = tried(path, replace(FAULTS[fault], floats=floats))
    refused = " ".join(" ".join(re.findall(r"ERR .*\n(?: .*\n)*|ERR .*", said)).split())
    assert any(f"({PINS[wire]}," in refused for wire in FAULTS[fault].wires), said


def tried(path: Path, wires: Loom) -> tuple[BoardRig, str]:
    """What the guided tests say of a machine of this unit file with these wires, which a technician put so with the board's
    plug out."""
    unit = load_unit(path)
    rig = on_maintenance(site=SITES[unit.unit.profile])
    assert on_board(rig.parts.unit) == on_board(unit), "the rig's machine is that of the unit file"
    assert rig.board is not None
    rig.board.rewire(wires, rig.clock.monotonic())
    rig.replug_board(2.0, power=True)
    rig.wait(10)
    return rig, door_test(rig) + keypad_test(rig) + (
        slot_test(rig) if rig.site is not COUNTER else ""
    ) + rig.test_board()


def on_board(unit: Unit) -> set[str]:
    """The devices whose wires are at the board."""
    pulse = None if unit.coin is None else unit.coin.pulse
    clerk = None if unit.clerk is None else unit.clerk.keypad
    devices = {"keypad": unit.keypad, "clerk": clerk, "door": unit.door, "pulse": pulse}
    return {name for name, table in devices.items() if table is not None and table.via is Via.IO_BOARD}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_whole_wires_pass_and_nothing_is_asked_for_that_the_unit_has_not(path: Path) -> None:
    rig, said = tried(path, WHOLE)
    assert "ERR" not in said
    assert ("PASS clerk's keys: all 15 keys" in said) is (rig.site is COUNTER)
    assert ("PASS open slot" in said) is (rig.site is not COUNTER)
    for wire, words in ATTENDED.items():
        assert (f" {words}. " in said) is (wire in wires_of(path))
