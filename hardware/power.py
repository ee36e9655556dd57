"""Draws mains and 12 V of a unit file, A4 across; wiring.py writes it to wiring/NAME.power.svg.

Above: from the wall to each supply. Below, as a ladder: +12 V on the left, 0 V on the right, and on each rung between them one
device with its fuse. So no two wires cross, and a finger finds each wire from end to end. Each wire has a number for its labels.
"""

import tomllib
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

POWER = tomllib.loads((Path(__file__).parent / "power.toml").read_text(encoding="utf-8"))
PI_SOCKETS = 4  # of USB, on a Raspberry Pi
COLOUR = {"+": "red", "0": "black", "data": "gold"}
THIN = 'stroke="#333" stroke-width="0.5"'
LEFT_MM, RIGHT_MM = 22.0, 275.0  # the strips X1 and X2
FUSE_MM, SPLIT_MM, CONTACT_MM, DEVICE_MM, THROUGH_MM = (31.0, 61.0), 70.0, (79.0, 109.0), (120.0, 196.0), (210.0, 258.0)
SUPPLY_MM = (64.0, 233.0)  # the 12 V supply, above the ladder
LADDER_MM, LONGEST_MM, PITCH_MM = 102.0, 96.0, 13.0
DATA_MM = (DEVICE_MM[0] + DEVICE_MM[1]) / 2
Box = tuple[float, float]  # where it begins and ends from the left, in mm


@dataclass(frozen=True, slots=True)
class Rung:
    """One device at 12 V. Empty words: it has no such part. `gp`: the I/O board's pin that switches it."""

    mark: str
    device: str
    minus: str
    plus: str = ""
    fuse: str = ""
    contact: str = ""
    through: str = ""
    gp: int | None = None
    data: bool = False


@dataclass(frozen=True, slots=True)
class Lead:
    """One wire from terminal to terminal; `kind`: a key of `COLOUR`. Both points in mm."""

    number: int
    start: str
    end: str
    kind: str
    begin_mm: tuple[float, float]
    end_mm: tuple[float, float]


def needs_of(unit: dict[str, Any], usb_plugs: int) -> dict[str, list[dict[str, Any]]]:
    """What a part may need -> what this unit has of it: nothing, it once, or one for each hopper."""
    coin, board = unit["coin"], unit["io_board"] is not None
    pulse = None if coin is None else coin["pulse"]
    present = {
        "12 V": coin is not None or board,
        "panel's supply": unit["screen"]["glass"] == "1280x800",
        "hub": usb_plugs > PI_SOCKETS,
        "coins": coin is not None,
        "ccTalk acceptor": coin is not None and pulse is None,
        "pulse acceptor": pulse is not None,
        "relay": pulse is not None and pulse["via"] == "io_board",
        "board": board,
    }
    hoppers = [] if coin is None else list(coin["hoppers"])
    return {**{word: [{}] * there for word, there in present.items()}, "hoppers": hoppers}


def rungs_of(needs: dict[str, list[dict[str, Any]]]) -> list[Rung]:
    found = []
    for each in POWER["rungs"]:
        told = {key: value for key, value in each.items() if key != "needs"}
        if not needs["relay"]:
            told.pop("contact", None)
        for values in needs[each["needs"]]:
            filled = {key: word.format(**values) if isinstance(word, str) else word for key, word in told.items()}
            found.append(Rung(**filled))
    return found


def page(name: str, profile: str, needs: dict[str, list[dict[str, Any]]], pins: dict[int, int]) -> str:
    """The drawing. `pins`: GP number -> pin of the I/O board."""
    rungs = rungs_of(needs)
    rows = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm" viewBox="0 0 297 210" font-family="sans-serif">',
        '<rect width="297" height="210" fill="white"/>',
        text(148.5, 10, f"Power of {name}.toml: {profile}", 6, "middle", bold=True),
        text(
            148.5,
            15.5,
            "Up to the socket strip it is an electrician's work. Each part stands in hardware/PARTS.md.",
            3,
            "middle",
        ),
        *_mains("case, door and the acceptor's plate" if needs["coins"] else "case and door"),
        *_supplies(needs),
        *(_ladder(rungs, pins) if rungs else []),
    ]
    return "\n".join([*rows, "</svg>", ""])


# --- mains --------------------------------------------------------------------------------------


def _mains(earthed: str) -> list[str]:
    """The chain of boxes with L and N between them; the earth bar runs above and passes no switch. `earthed`: what else it joins."""
    rows, width, step = [], 40.0, 54.0
    xs = [20.5 + step * number for number in range(len(POWER["mains"]))]
    bar_mm = 22.0
    rows.append(_line(xs[0] + 20, bar_mm, xs[-1] + 20, bar_mm, "green", 1.1))
    rows.append(text(xs[1] + 3, bar_mm - 1.2, f"E, green: earth bar, with one wire each to {earthed}", 2.6))
    for number, (x, part) in enumerate(zip(xs, POWER["mains"], strict=True)):
        rows += _box(x, 27, width, 13, part["mark"], part["words"])
        if number not in (1, 2):  # breaker and switch have no earth
            rows.append(_line(x + 20, bar_mm, x + 20, 27, "green", 1.1))
        if number == 0:
            continue
        for letter, y, colour in (("L", 31.0, "black"), ("N", 36.5, "white")):
            if colour == "white":
                rows.append(_line(xs[number - 1] + width, y, x, y, "#555", 1.5))
            rows.append(_line(xs[number - 1] + width, y, x, y, colour, 0.9))
            rows.append(text(x - 7, y - 1.2, f"{letter}, {colour}", 2.4, "middle"))
    return rows


def _supplies(needs: dict[str, list[dict[str, Any]]]) -> list[str]:
    """A row of boxes with their plugs in the strip, and below each what it feeds."""
    ours = [each for each in POWER["supplies"] if "needs" not in each or needs[each["needs"]]]
    step = 262.0 / len(ours)
    width, strip_mm, rows = min(44.0, step - 4), 20.5 + 54.0 * 4 + 20, list[str]()
    xs = [17.5 + step * (number + 0.5) for number in range(len(ours))]
    rows += [_line(strip_mm, 40, strip_mm, 45, "#777", 1.4), _line(xs[0], 45, max(strip_mm, xs[-1]), 45, "#777", 1.4)]
    rows.append(text(xs[0] + 2, 43.6, "plugs in the socket strip X0", 2.6))
    for x, each in zip(xs, ours, strict=True):
        if "feeds" not in each:  # the 12 V supply stands on the ladder
            rows += [_line(x, 45, x, 82, "#777", 1.4), *_supply(each)]
            continue
        rows += [_line(x, 45, x, 49, "#777", 1.4), *_box(x - width / 2, 49, width, 11, each["mark"], each["words"])]
        rows += [_line(x, 60, x, 64, "red", 1.1), *_box(x - width / 2, 64, width, 8, "", [each["feeds"]])]
    return rows


def _supply(each: dict[str, Any]) -> list[str]:
    begin, end = SUPPLY_MM
    told = f"{each['mark']}  supply 12 V, 5 A: L, N and E from its plug"
    return [
        f'<rect x="{begin:g}" y="82" width="{end - begin:g}" height="9" rx="1.5" fill="#eef4ea" {THIN}/>',
        text((begin + end) / 2, 87.7, told, 3.2, "middle", bold=True),
        text(begin + 2, 87.7, "+V", 3),
        text(end - 2, 87.7, "−V", 3, "end"),
    ]


# --- 12 V ---------------------------------------------------------------------------------------


def heights_of(rungs: list[Rung]) -> list[float]:
    """How far down each rung is, in mm."""
    pitch = min(PITCH_MM, LONGEST_MM / len(rungs))
    return [LADDER_MM + pitch * number for number in range(len(rungs))]


def shares(rungs: list[Rung], fuse: str) -> bool:
    """Whether several devices are behind this fuse, so that a strip stands between."""
    return sum(rung.fuse == fuse for rung in rungs) > 1


def leads_of(rungs: list[Rung]) -> list[Lead]:
    """Every wire of the 12 V side, in the order of its number: rung by rung, from the left to the right."""
    ys, numbers, found = heights_of(rungs), count(1), list[Lead]()

    def add(start: str, end: str, kind: str, begin_mm: tuple[float, float], end_mm: tuple[float, float]) -> None:
        found.append(Lead(next(numbers), start, end, kind, begin_mm, end_mm))

    (begin, end), top = SUPPLY_MM, 86.5
    add("G1:+V", "X1", "+", (begin, top), (LEFT_MM, top))
    add("G1:−V", "X2", "0", (end, top), (RIGHT_MM, top))
    above, fused, source = (
        "",
        "",
        ("", 0.0),
    )  # the last device on the bus, the last fuse, and where +12 V comes from behind it
    for number, (rung, y) in enumerate(zip(rungs, ys, strict=True)):
        if rung.fuse and rung.fuse != fused:
            fused = rung.fuse
            add("X1", f"{fused}:1", "+", (LEFT_MM, y), (FUSE_MM[0], y))
            source = (f"{fused}:2", FUSE_MM[1])
            if shares(rungs, fused):
                add(f"{fused}:2", f"X{fused}", "+", (FUSE_MM[1], y), (SPLIT_MM, y))
                source = (f"X{fused}", SPLIT_MM)
        if rung.contact:
            add(source[0], f"{rung.contact}:11", "+", (source[1], y), (CONTACT_MM[0], y))
            source = (f"{rung.contact}:14", CONTACT_MM[1])
        if rung.fuse:
            add(source[0], f"{rung.mark}:{rung.plus}", "+", (source[1], y), (DEVICE_MM[0], y))
        if rung.through:
            add(f"{rung.mark}:{rung.minus}", f"{rung.through}:OUT", "0", (DEVICE_MM[1], y), (THROUGH_MM[0], y))
            add(f"{rung.through}:0 V", "X2", "0", (THROUGH_MM[1], y), (RIGHT_MM, y))
        else:
            add(f"{rung.mark}:{rung.minus}", "X2", "0", (DEVICE_MM[1], y), (RIGHT_MM, y))
        if rung.data:
            if above:
                add(f"{above}:DATA", f"{rung.mark}:DATA", "data", (DATA_MM, ys[number - 1] + 3.2), (DATA_MM, y - 3.2))
            above = rung.mark
    return found


def _ladder(rungs: list[Rung], pins: dict[int, int]) -> list[str]:
    ys, rows = heights_of(rungs), list[str]()
    first = {rung.fuse: y for rung, y in reversed(list(zip(rungs, ys, strict=True))) if rung.fuse}
    rows += [
        _line(LEFT_MM, 86.5, LEFT_MM, max(first.values()), "red", 2.4),
        _line(RIGHT_MM, 86.5, RIGHT_MM, ys[-1], "black", 2.4),
    ]
    rows += [
        text(LEFT_MM, 84, "X1: +12 V", 3, "middle", bold=True),
        text(RIGHT_MM, 84, "X2: 0 V", 3, "middle", bold=True),
    ]
    rows += [_lead(lead) for lead in leads_of(rungs)]
    for fuse, top in first.items():
        rows += _block(FUSE_MM, top, fuse, POWER["fuses"][fuse], "1", "2")
        if shares(rungs, fuse):
            bottom = max(y for rung, y in zip(rungs, ys, strict=True) if rung.fuse == fuse)
            rows.append(_line(SPLIT_MM, top, SPLIT_MM, bottom, "red", 2.4))
            rows.append(text(SPLIT_MM, top - 2.2, f"X{fuse}", 2.6, "middle", bold=True))
    for rung, y in zip(rungs, ys, strict=True):
        rows += _block(DEVICE_MM, y, rung.mark, rung.device, rung.plus, rung.minus)
        if rung.contact:
            rows += _block(CONTACT_MM, y, rung.contact, "contact", "11", "14")
        if rung.gp is not None:
            rows += _block(THROUGH_MM, y, rung.through, f"input: pin {pins[rung.gp]}", "OUT", "0 V")
    return [*rows, *_words(rungs)]


def _words(rungs: list[Rung]) -> list[str]:
    told = ["12 V: 0.75 mm², red +, black 0 V, yellow DATA. A wire's number is on a label at both of its ends."]
    if any(rung.contact for rung in rungs):
        told[0] += " K1 is closed only while the machine runs; its diode has the ring at A1."
    if any(rung.through for rung in rungs):
        told.append(
            "Each GND wire of the I/O board's page that goes to a transistor or to the acceptor ends at X2 as well: there the grounds meet."
        )
    elif any(rung.mark == "B1" and not rung.data for rung in rungs):
        told.append("The acceptor's GND wire of the header's page ends at X2 as well: there the grounds meet.")
    return [text(LEFT_MM - 8, 203 + 4.2 * number, words, 2.8) for number, words in enumerate(told)]


def _lead(lead: Lead) -> str:
    (x1, y1), (x2, y2) = lead.begin_mm, lead.end_mm
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    x += 3.4 if lead.kind == "data" else 0  # there is no room for it on the wire
    data = f'data-wire="{lead.number}" data-from="{lead.start}" data-to="{lead.end}"'
    rows = [
        f'<line x1="{x1:g}" y1="{y1:.1f}" x2="{x2:g}" y2="{y2:.1f}" stroke="{COLOUR[lead.kind]}" stroke-width="1.1" {data}/>',
        f'<circle cx="{x:g}" cy="{y:.1f}" r="2" fill="white" stroke="{COLOUR[lead.kind]}" stroke-width="0.5"/>',
        text(x, y + 0.9, str(lead.number), 2.5, "middle"),
    ]
    if lead.kind == "data":
        rows.append(text(x + 3, y + 0.9, "DATA", 2.3))
    return "\n".join(rows)


def _block(box: Box, y: float, mark: str, words: str, left: str, right: str) -> list[str]:
    """A part on a rung: its terminals at both ends, its mark and words between them."""
    (begin, end), bold = box, f'<tspan font-weight="bold">{mark}</tspan>'
    rows = [
        f'<rect x="{begin:g}" y="{y - 3.2:.1f}" width="{end - begin:g}" height="6.4" rx="1.2" fill="white" {THIN} data-part="{mark}"/>',
        f'<text x="{(begin + end) / 2:g}" y="{y + 1:.1f}" font-size="2.7" text-anchor="middle">{bold} {escape(words)}</text>',
    ]
    for x, name, anchor in ((begin + 1.2, left, "start"), (end - 1.2, right, "end")):
        if name:
            rows.append(text(x, y + 1, name, 2.5, anchor))
    return rows


def _box(x: float, y: float, width: float, height: float, mark: str, words: list[str]) -> list[str]:
    lines = [f"{mark}  {words[0]}".strip(), *words[1:]]
    first = y + height / 2 + 1.1 - 2 * (len(lines) - 1)
    return [
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="1.5" fill="white" {THIN} data-part="{mark}"/>',
        *(
            text(x + width / 2, first + 4 * number, line, 3, "middle", bold=number == 0)
            for number, line in enumerate(lines)
        ),
    ]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width_mm: float) -> str:
    return f'<line x1="{x1:g}" y1="{y1:.1f}" x2="{x2:g}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width_mm:g}"/>'


def text(x: float, y: float, words: str, size: float, anchor: str = "start", *, bold: bool = False) -> str:
    """Words of `size` mm whose foot is at (x, y) in mm; `anchor` as in SVG."""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'
