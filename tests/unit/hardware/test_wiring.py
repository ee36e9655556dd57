"""The drawing of each unit file: its pins are the unit file's, no pin stands twice, the keys are engraved as the screens say."""

import importlib.util
import re
from html import unescape
from pathlib import Path

import pytest

from firmware.config.unit import Via, load_unit

HARDWARE = Path(__file__).parents[3] / "hardware"
UNITS = sorted((HARDWARE / "units").glob("*.toml"))
SPEC = importlib.util.spec_from_file_location("wiring", HARDWARE / "wiring.py")
assert SPEC is not None
assert SPEC.loader is not None
wiring = importlib.util.module_from_spec(SPEC)
__import__("sys").modules["wiring"] = wiring
SPEC.loader.exec_module(wiring)
CONSOLE = [14, 15]  # the header's UART (hardware/boot/kofuki.txt); 8 and 10 are its pins


def pins_of(path: Path) -> set[int]:
    """The BCM numbers of a unit file, read without the drawing's tables."""
    unit = load_unit(path)
    pads = [unit.keypad] if unit.clerk is None else [unit.keypad, unit.clerk.keypad]
    pins = {pin for pad in pads for pin in (*pad.rows, *pad.columns)}
    single = [unit.door.pin] if unit.door is not None else []
    if unit.coin is not None and unit.coin.pulse is not None:
        single += [unit.coin.pulse.coin_pin, unit.coin.pulse.inhibit_pin]
    single += [unit.speaker.earphone_pin] if unit.speaker is not None else []
    single += CONSOLE if unit.console is not None else []
    return pins | {pin for pin in single if pin is not None}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_the_drawing_is_that_of_the_unit_file(path: Path) -> None:
    drawn = (HARDWARE / "wiring" / f"{path.stem}.svg").read_text(encoding="utf-8")
    assert drawn == wiring.drawings(path)[f"{path.stem}.svg"], "stale: python hardware/wiring.py"
    ends = [int(pin) for pin in re.findall(r'data-pin="(\d+)"', drawn)]
    assert len(ends) == len(set(ends))
    assert {wiring.BCM[pin] for pin in ends if pin in wiring.BCM} == pins_of(path)
    assert {pin for pin in ends if pin not in wiring.BCM} <= wiring.GROUNDS


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_set_of_keys_is_drawn_engraved_on_the_page_that_has_its_wires(path: Path) -> None:
    unit = load_unit(path)
    pads = [unit.keypad] if unit.clerk is None else [unit.keypad, unit.clerk.keypad]
    for page, via in ((".svg", Via.GPIO), (".io-board.svg", Via.IO_BOARD)):
        file = HARDWARE / "wiring" / f"{path.stem}{page}"
        drawn = re.findall(r'data-key="(\w+)"', file.read_text(encoding="utf-8")) if file.exists() else []
        assert drawn == [word for pad in pads if pad.via is via for row in pad.keys for word in row]


def test_no_line_about_a_plug_runs_into_the_keys() -> None:
    for drawing in set((HARDWARE / "wiring").glob("*.svg")) - set((HARDWARE / "wiring").glob("*.power.svg")):
        drawn = drawing.read_text(encoding="utf-8")
        keys = [float(x) for x in re.findall(r'<rect x="([\d.]+)"[^>]* data-key', drawn)]
        plugs = [unescape(line) for line in re.findall(r'<text x="12" [^>]*font-size="3" [^>]*>([^<]+)<', drawn)]
        assert plugs
        assert all(12 + 1.6 * len(line) < min(keys, default=297) for line in plugs), drawing.name
        lowest = max(float(y) for y in re.findall(r'<text x="12" y="([\d.]+)"', drawn))
        assert lowest < 210 - 2, "a printer needs an edge"


def test_a_special_key_is_engraved_as_the_screens_show_it() -> None:
    from firmware.screens import frame, palette

    assert set(wiring.ENGRAVED) >= set(palette.CAPS)
    for key, (word, *_) in frame.LEGENDS.items():
        assert word in wiring.ENGRAVED[key]


# Terminal -> GP number, read from firmware/io_board/README.md ("The electrical side") by hand.
ON_BOARD = {
    **{f"row {n}": 1 + n for n in range(1, 5)},
    **{f"column {n}": 5 + n for n in range(1, 5)},
    "COIN (switch at NO)": 10,
    "INHIBIT / SET": 11,
    "input of T1": 12,
    "COM": 13,
    "at the slot: input of T2": 14,
    "at the paper: input of T3": 15,
    "input of T4": 16,
    "to GND: prompt": 22,
}


def test_the_boards_page_has_every_wire_at_the_pin_of_the_boards_own_page() -> None:
    path = HARDWARE / "units" / "dev-board.toml"
    drawn = (HARDWARE / "wiring" / "dev-board.io-board.svg").read_text(encoding="utf-8")
    assert drawn == wiring.drawings(path)["dev-board.io-board.svg"], "stale: python hardware/wiring.py"
    wires = wiring.board_wires_of(wiring.to_plain(load_unit(path)))
    assert {wire.terminal: wiring.GP[wire.pin] for wire in wires if wire.terminal != "GND"} == ON_BOARD
    assert {wire.pin for wire in wires if wire.terminal == "GND"} <= wiring.PICO_GROUNDS
    assert len({wire.pin for wire in wires}) == len(wires)


def test_a_clerks_keys_are_at_the_boards_only_key_matrix() -> None:
    wires = wiring.board_wires_of(wiring.to_plain(load_unit(HARDWARE / "units" / "dev-counter-board.toml")))
    keys = {wire.terminal: wiring.GP[wire.pin] for wire in wires if wire.device == "clerk's keys"}
    assert keys == {name: gp for name, gp in ON_BOARD.items() if name.startswith(("row", "column"))}


def test_the_pins_of_the_pico_are_those_that_the_guided_tests_name() -> None:
    from firmware.console.wires import BOARD

    assert {gp: pin for pin, gp in wiring.GP.items()}.items() >= BOARD.items()
    assert [wiring.GP[pin] for pin in (1, 21, 29, 34)] == [0, 16, 22, 28]


def test_no_drawing_is_left_of_a_unit_that_is_gone() -> None:
    assert {path.name for path in (HARDWARE / "wiring").glob("*.svg")} == {
        name for path in UNITS for name in wiring.drawings(path)
    }
