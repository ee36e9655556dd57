"""The drawing of mains and 12 V: every device of the unit file has its fuse and its way back, and a pulse acceptor its relay.

What is drawn is read from the lines of the SVG and compared with the unit file; the data that draws it is not asked.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from firmware.config.unit import Unit, Via, load_unit
from tests.unit.hardware.test_parts import rows
from tests.unit.hardware.test_wiring import HARDWARE, ON_BOARD, UNITS, wiring

Point = tuple[float, float]
Lead = tuple[str, str]  # terminal and terminal
ALL = pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
_LINE = r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"[^>]* data-from="([^"]+)" data-to="([^"]+)"'
_INSIDE = {"F1": ("1", "2"), "F2": ("1", "2"), "F3": ("1", "2"), "K1": ("11", "14")}


def drawn(path: Path) -> str:
    return (HARDWARE / "wiring" / f"{path.stem}.power.svg").read_text(encoding="utf-8")


def leads_of(path: Path) -> list[Lead]:
    return [(start, end) for *_, start, end in re.findall(_LINE, drawn(path))]


def joined(leads: list[Lead], start: str) -> set[str]:
    """Every terminal that these wires join to `start`, through no part."""
    found, fresh = {start}, [start]
    while fresh:
        here = fresh.pop()
        for pair in leads:
            if here in pair and (there := pair[1 - pair.index(here)]) not in found:
                found.add(there)
                fresh.append(there)
    return found


def devices_of(unit: Unit) -> dict[str, tuple[str, str, str]]:
    """Mark -> its fuse and its two terminals, of every device at 12 V; read from the unit file by hand."""
    found = {}
    if unit.coin is not None:
        found["B1"] = ("F1", "+12 V", "GND")
        found |= {f"M{hopper.address}": ("F2", "+12 V", "GND") for hopper in unit.coin.hoppers}
    if unit.io_board is not None:
        found |= {"H2": ("F3", "+", "−"), "P1": ("F3", "+", "−")}
    if pulse_on_board(unit):
        found |= {"K1": ("F3", "A1", "A2"), "H1": ("F3", "+", "−")}
    return found


def pulse_on_board(unit: Unit) -> bool:
    pulse = None if unit.coin is None else unit.coin.pulse
    return pulse is not None and pulse.via is Via.IO_BOARD


def behind(leads: list[Lead], start: str) -> Iterator[str]:
    """The parts between `start` and `G1:+V`, one after the other."""
    while "G1:+V" not in (here := joined(leads, start)):
        (out,) = {
            f"{part}:{end}"
            for part, (_, end) in _INSIDE.items()
            if f"{part}:{end}" in here and f"{part}:{end}" != start
        }
        part = out.partition(":")[0]
        yield part
        start = f"{part}:{_INSIDE[part][0]}"


@ALL
def test_it_is_that_of_the_unit_file(path: Path) -> None:
    assert drawn(path) == wiring.drawings(path)[f"{path.stem}.power.svg"], "stale: python hardware/wiring.py"


@ALL
def test_every_device_at_12_v_has_its_own_fuse_before_it_and_0_v_behind_it(path: Path) -> None:
    unit, leads = load_unit(path), leads_of(path)
    devices = devices_of(unit)
    assert set(re.findall(r'data-part="([BMHKP]\d)"', drawn(path))) == set(devices)
    for mark, (fuse, plus, minus) in devices.items():
        passed = list(behind(leads, f"{mark}:{plus}"))
        assert [part for part in passed if part.startswith("F")] == [fuse], mark
        assert ("K1" in passed) is (mark == "B1" and pulse_on_board(unit)), mark
        back = joined(leads, f"{mark}:{minus}")
        switched = [end.removesuffix(":OUT") for end in back if end.endswith(":OUT")]
        assert len(switched) == (fuse == "F3")
        assert "G1:−V" in (joined(leads, f"{switched[0]}:0 V") if switched else back), mark


@ALL
def test_a_transistors_input_is_the_pin_of_the_boards_page(path: Path) -> None:
    told = dict(re.findall(r">(T\d)</tspan> input: pin (\d+)<", drawn(path)))
    unit = wiring.to_plain(load_unit(path))
    wires = {wire.terminal: wire.pin for wire in wiring.board_wires_of(unit)}
    inputs = {words.rpartition("input of ")[2]: pin for words, pin in wires.items() if "input of" in words}
    assert {mark: int(pin) for mark, pin in told.items()} == inputs
    assert set(inputs.values()) <= {pin for pin, gp in wiring.GP.items() if gp in ON_BOARD.values()}


@ALL
def test_all_cctalk_devices_are_on_one_wire_with_the_adapter(path: Path) -> None:
    unit, leads = load_unit(path), leads_of(path)
    expected = set()
    if unit.coin is not None:
        expected = {"A1:DATA", *(f"M{hopper.address}:DATA" for hopper in unit.coin.hoppers)}
        expected |= {"B1:DATA"} if unit.coin.pulse is None else set()
        assert joined(leads, "A1:DATA") == expected
        assert "G1:−V" in joined(leads, "A1:GND")
    assert {end for lead in leads for end in lead if end.endswith("DATA")} == expected


@ALL
def test_a_terminal_takes_one_wire_and_a_place_of_the_bus_two(path: Path) -> None:
    ends = Counter(end for lead in leads_of(path) for end in lead if not end.startswith("X"))
    assert all(number <= (2 if end.endswith("DATA") else 1) for end, number in ends.items())
    numbers = [int(number) for number in re.findall(r'data-wire="(\d+)"', drawn(path))]
    assert numbers == list(range(1, len(numbers) + 1))


@ALL
def test_no_two_wires_cross(path: Path) -> None:
    lines = [tuple(map(float, line[:4])) for line in re.findall(_LINE, drawn(path))]
    for one, other in combinations(lines, 2):
        spans = [sorted((one[at], one[at + 2])) + sorted((other[at], other[at + 2])) for at in (0, 1)]
        apart = any(min(span[1], span[3]) < max(span[0], span[2]) for span in spans)
        assert apart or {one[:2], one[2:]} & {other[:2], other[2:]}, (one, other)


@ALL
def test_what_has_a_supply_of_its_own_has_a_plug_in_the_strip(path: Path) -> None:
    unit, text = load_unit(path), drawn(path)
    usb = len(re.findall(r"(?<=: )[^<]*USB", (HARDWARE / "wiring" / f"{path.stem}.svg").read_text(encoding="utf-8")))
    there = {
        "G1": unit.coin is not None or unit.io_board is not None,
        "G2": True,
        "G3": True,
        "G4": True,
        "G5": unit.screen.glass == "1280x800",
        "G6": usb > 4,
    }
    assert {mark for mark in there if f'data-part="{mark}"' in text or f">{mark}  supply" in text} == {
        mark for mark, wanted in there.items() if wanted
    }


def test_every_mark_and_every_rating_is_in_the_bill_of_materials() -> None:
    parts = " ".join(row[0] for row in rows("hardware/PARTS.md"))
    marks = {mark for path in UNITS for mark in re.findall(r'data-part="(\w\d)"', drawn(path))}
    named = set(re.findall(r"\b[A-Z]+\d\b", parts)) | {f"M{n}" for n in range(3, 7)} | {f"T{n}" for n in range(1, 5)}
    assert marks
    assert marks <= named
    ratings = set(re.findall(r">(F\d)</tspan> ([\d.]+ A slow)<", "".join(map(drawn, UNITS))))
    assert ratings == set(re.findall(r"(F\d) ([\d.]+ A slow)", parts))


def test_the_terminal_strips_have_a_place_for_every_wire() -> None:
    (row,) = [row[0] for row in rows("hardware/PARTS.md") if row[0].startswith("terminal strips")]
    places = {strip: int(number) for strip, number in re.findall(r"(X\w+) with (\d+)", row)}
    for path in UNITS:
        needed = Counter(end for lead in leads_of(path) for end in lead if end.startswith("X"))
        unit = wiring.to_plain(load_unit(path))
        grounded = {"pulse acceptor", "relay for the acceptor's 12 V", "lamps", "buzzer"}
        wires = [*wiring.wires_of(unit), *wiring.board_wires_of(unit)]
        needed["X2"] += sum(wire.terminal == "GND" and wire.device in grounded for wire in wires)
        assert all(number <= places[strip] for strip, number in needed.items()), (path.stem, needed)
