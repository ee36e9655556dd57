"""Draws the wires of each unit file to wiring/NAME.svg, A4 across: `python hardware/wiring.py` (in the repository's root).

A unit with an I/O board has a second page, NAME.io-board.svg. The strip of pins stands in the middle, and each wire goes
straight out to its terminal, so that no two wires cross. NAME.power.svg has mains and 12 V (power.py).
"""

import sys
import tomllib
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from drivers.decode import to_plain  # noqa: E402
from firmware.config.unit import load_unit  # noqa: E402
from firmware.console.wires import HEADER  # noqa: E402
from firmware.screens.palette import CAPS  # noqa: E402
from hardware import power  # noqa: E402
from hardware.power import text  # noqa: E402

WIRING = tomllib.loads((HERE / "wiring.toml").read_text(encoding="utf-8"))
POWER = {1: "3.3 V", 17: "3.3 V", 2: "5 V", 4: "5 V"}
GROUNDS = {6, 9, 14, 20, 25, 30, 34, 39}
BCM = {pin: bcm for bcm, pin in HEADER.items()}
# Raspberry Pi Pico datasheet, figure 4: what is no GPIO.
PICO_POWER = {30: "RUN", 33: "AGND", 35: "ADC_VREF", 36: "3V3(OUT)", 37: "3V3_EN", 39: "VSYS", 40: "VBUS"}
PICO_GROUNDS = {3, 8, 13, 18, 23, 28, 38}
_NUMBERS = [number for number in range(29) if number not in (23, 24, 25)]  # GP 23 to 25 are on no pin
_PINS = [pin for pin in range(1, 41) if pin not in PICO_GROUNDS | set(PICO_POWER)]
GP = dict(zip(_PINS, _NUMBERS, strict=True))
# A shape beside the word where colour alone would tell.
ENGRAVED = {
    "cancel": "✕ 取消",
    "clear": "訂正・戻る",
    "language": "ことば",
    "enter": "○ 確認",
    "previous": "▲",
    "next": "▼",
}
THIN = 'stroke="#333" stroke-width="0.4"'
ROW_MM, TOP_MM, MIDDLE_MM, REACH_MM = 6.6, 27.0, 148.5, 62.0


@dataclass(frozen=True, slots=True)
class Strip:
    """Forty pins as they are drawn. `told`: what is printed beside each. `across`: odd pins left, even ones right; else 1 to 20
    down on the left and 21 to 40 up on the right."""

    words: str
    told: dict[int, str]
    across: bool

    def row(self, pin: int) -> int:
        if self.across:
            return (pin - 1) // 2
        return pin - 1 if pin <= 20 else 40 - pin

    def y(self, pin: int) -> float:
        return TOP_MM + self.row(pin) * ROW_MM

    def side(self, pin: int) -> int:
        """-1: to the left; 1: to the right."""
        return (1 if pin % 2 == 0 else -1) if self.across else (-1 if pin <= 20 else 1)


PI = Strip(
    "Header of the Raspberry Pi, seen from above; pin 1 is the corner with the square pad.",
    {pin: POWER.get(pin) or ("GND" if pin in GROUNDS else f"BCM {BCM[pin]}") for pin in range(1, 41)},
    across=True,
)
PICO = Strip(
    "The I/O board, a Raspberry Pi Pico, seen from above with its USB socket at the top; pin 1 is the square pad.",
    {pin: PICO_POWER.get(pin) or ("GND" if pin in PICO_GROUNDS else f"GP {GP[pin]}") for pin in range(1, 41)},
    across=False,
)


@dataclass(frozen=True, slots=True)
class Wire:
    """From a pin of the header to a terminal. `setting`: where the unit file names the pin; empty for a ground."""

    pin: int
    device: str
    terminal: str
    colour: str
    setting: str


def named(unit: dict[str, Any], setting: str) -> Any:
    """The value of a dotted setting; None where the unit file has no such table."""
    return reduce(lambda table, key: table.get(key) if isinstance(table, dict) else None, setting.split("."), unit)


def wires_of(unit: dict[str, Any]) -> list[Wire]:
    found = []
    for each in WIRING["wires"]:
        value = named(unit, each["setting"])
        if value is None or value in ((), []):  # on the I/O board
            continue
        pins = each.get("bcm") or (value if isinstance(value, list | tuple) else [value])
        for number, (bcm, colour) in enumerate(zip(pins, each["colours"], strict=True), start=1):
            terminal = each["terminal"].format(n=number)
            found.append(Wire(HEADER[bcm], each["device"], terminal, colour, each["setting"]))
        if "ground" in each:
            found.append(Wire(each["ground"], each["device"], "GND", "black", ""))
    return sorted(found, key=lambda wire: wire.pin)


def board_wires_of(unit: dict[str, Any]) -> list[Wire]:
    """The wires on the unit's I/O board; none where it has no board."""
    pins = {gp: pin for pin, gp in GP.items()}
    found = []
    for each in WIRING["board"]:
        if unit["io_board"] is None or named(unit, each["via"]) not in {"io_board", unit["io_board"]["port"]}:
            continue
        for number, (gp, colour) in enumerate(zip(each["gp"], each["colours"], strict=True), start=1):
            found.append(Wire(pins[gp], each["device"], each["terminal"].format(n=number), colour, each["via"]))
        if "ground" in each:
            found.append(Wire(each["ground"], each["device"], "GND", "black", ""))
    return sorted(found, key=lambda wire: wire.pin)


def drawings(path: Path) -> dict[str, str]:
    """Name of the file -> its drawing, for each page of a unit file."""
    unit = to_plain(load_unit(path))
    pages = {f"{path.stem}.svg": (PI, wires_of(unit), "gpio")}
    if unit["io_board"] is not None:
        pages[f"{path.stem}.io-board.svg"] = (PICO, board_wires_of(unit), "io_board")
    drawn = {name: _page(path, unit, *page) for name, page in pages.items()}
    needs = power.needs_of(unit, sum("USB" in words for words in plugs_of(unit, path.stem).values()))
    drawn[f"{path.stem}.power.svg"] = power.page(
        path.stem, unit["unit"]["profile"], needs, {gp: pin for pin, gp in GP.items()}
    )
    return drawn


def plugs_of(unit: dict[str, Any], name: str) -> dict[str, str]:
    """Setting -> what has a plug of its own, of the settings that the unit has."""
    plugs = {key: words.format(name=name) for key, words in WIRING["plugs"].items()}
    return {key: words for key, words in plugs.items() if named(unit, key) is not None}


def pads_of(unit: dict[str, Any], via: str) -> dict[str, list[list[str]]]:
    """Whose keys -> their caps, row by row, of the pads whose wires are there."""
    pads = {"Resident's keys": unit["keypad"], "Clerk's keys": named(unit, "clerk.keypad")}
    return {whose: pad["keys"] for whose, pad in pads.items() if pad is not None and pad["via"] == via}


def _page(path: Path, unit: dict[str, Any], strip: Strip, wires: list[Wire], via: str) -> str:
    rows = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm" viewBox="0 0 297 210" font-family="sans-serif">',
        '<rect width="297" height="210" fill="white"/>',
        text(148.5, 11, f"Wires of {path.name}: {unit['unit']['profile']}", 6, "middle", bold=True),
        text(
            148.5,
            17,
            strip.words,
            3,
            "middle",
        ),
        *_strip(strip),
        *(_wire(strip, wire) for wire in wires),
        *_boxes(strip, wires),
        *_plugs(unit, path.stem),
        *(row for x, pad in zip((206.0, 120.0), pads_of(unit, via).items(), strict=False) for row in _keys(x, *pad)),
    ]
    return "\n".join([*rows, "</svg>", ""])


def _strip(strip: Strip) -> list[str]:
    height = 20 * ROW_MM
    rows = [
        f'<rect x="{MIDDLE_MM - 25}" y="{TOP_MM - 4}" width="50" height="{height:.1f}" rx="2" fill="#eef4ea" stroke="#456"/>'
    ]
    for pin in range(1, 41):
        side, y = strip.side(pin), strip.y(pin)
        shape = f'<circle cx="{MIDDLE_MM + side * 4:g}" cy="{y:.1f}" r="2.4" fill="white" {THIN}/>'
        square = f'<rect x="{MIDDLE_MM - 6.4}" y="{y - 2.4:.1f}" width="4.8" height="4.8" fill="white" {THIN}/>'
        rows += [
            square if pin == 1 else shape,
            text(MIDDLE_MM + side * 4, y + 0.9, str(pin), 2.6, "middle"),
            text(MIDDLE_MM + side * 8, y + 1, strip.told[pin], 2.8, "start" if side > 0 else "end"),
        ]
    return rows


def _wire(strip: Strip, wire: Wire) -> str:
    side, y = strip.side(wire.pin), strip.y(wire.pin)
    begin, end = MIDDLE_MM + side * 25, MIDDLE_MM + side * REACH_MM
    stroke = f'stroke="{wire.colour}" stroke-width="1.1"'
    data = f'data-pin="{wire.pin}" data-setting="{wire.setting}"'
    told = strip.told[wire.pin]
    source = "ground" if told == "GND" else told
    return "\n".join(
        [
            f'<line x1="{begin:g}" y1="{y:.1f}" x2="{end:g}" y2="{y:.1f}" {stroke} {data}/>',
            text((begin + end) / 2, y - 1.3, f"pin {wire.pin}, {source}, {wire.colour}", 2.5, "middle"),
            f'<circle cx="{end:g}" cy="{y:.1f}" r="1.3" fill="{wire.colour}"/>',
            text(end + side * 3, y + 1, wire.terminal, 3, "start" if side > 0 else "end"),
        ]
    )


def _boxes(strip: Strip, wires: list[Wire]) -> list[str]:
    """A box round the terminals of each device that lie together on one side."""
    rows = []
    for side in (-1, 1):
        ours = sorted((wire for wire in wires if strip.side(wire.pin) == side), key=lambda wire: strip.row(wire.pin))
        for device, group in groupby(ours, key=lambda wire: wire.device):
            together = list(group)
            y, end = strip.y(together[0].pin) - 3, strip.y(together[-1].pin) + 3
            x = MIDDLE_MM + REACH_MM if side > 0 else MIDDLE_MM - REACH_MM - 76
            rows.append(
                f'<rect x="{x:g}" y="{y:.1f}" width="76" height="{end - y:.1f}" rx="1.5" fill="none" stroke="#333" stroke-width="0.5"/>'
            )
            edge, anchor = (x + 74, "end") if side > 0 else (x + 2, "start")
            rows.append(text(edge, (y + end) / 2 + 1, device, 3.2, anchor, bold=True))
    return rows


def _plugs(unit: dict[str, Any], name: str) -> list[str]:
    told = [f"{named(unit, key)}: {words}" for key, words in plugs_of(unit, name).items()]
    rows = [text(12, 167, f"Plugs (supplies: {name}.power.svg)", 4, bold=True)]
    return rows + [text(12, 172.5 + number * 4.3, words, 3) for number, words in enumerate(told)]


def _keys(left: float, whose: str, keys: list[list[str]]) -> list[str]:
    """Keys as they are engraved, in the colours that the screens show."""
    rows = [text(left, 162, f"{whose}, engraved", 4, bold=True)]
    for row, words in enumerate(keys):
        for column, word in enumerate(words):
            x, y = left + column * 20.0, 165 + row * 10.5
            told = ENGRAVED.get(word, word)
            size = 3.2 if len(told) > 4 else 3.8
            paper, ink = CAPS.get(word, ((245, 245, 245), (0, 0, 0)))
            rows += [
                f'<rect x="{x:g}" y="{y:g}" width="18" height="9" rx="1.5" fill="rgb{paper}" {THIN} data-key="{word}"/>',
                f'<text x="{x + 9:g}" y="{y + 6.2:g}" font-size="{size}" text-anchor="middle" fill="rgb{ink}">{told}</text>',
            ]
            if word == "5":  # the dot that a finger finds
                rows.append(f'<circle cx="{x + 9:g}" cy="{y + 7.6:g}" r="0.7" fill="black"/>')
    return rows


def main() -> None:
    for path in sorted((HERE / "units").glob("*.toml")):
        for name, drawn in drawings(path).items():
            (HERE / "wiring" / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
