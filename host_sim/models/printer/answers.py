"""The printer's status answers, bit by bit, for each dialect.

Epson: TM-T88III programming guide, DLE EOT and GS a. Citizen: PPU-700 command reference pages 59-60 and GS a.
Custom: KPM210/216 manual pages 36 (DLE EOT 17 and 20) and 76 (GS e 6).
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Condition:
    """The state of the mechanism, as its sensors report it."""

    cover_open: bool = False
    paper_out: bool = False
    paper_low: bool = False
    jammed: bool = False
    cutter_stuck: bool = False
    broken: bool = False
    head_hot: bool = False
    printing: bool = False
    cover_opened_while_printing: bool = False
    sheet_in_mouth: bool = False
    buffer_in_use: bool = False

    @property
    def stopped(self) -> bool:
        """Whether the printer is offline: it carries out nothing from the buffer."""
        return self.cover_open or self.paper_out or self.jammed or self.cutter_stuck or self.broken or self.head_hot


@dataclass(slots=True)
class Counters:
    """Non-volatile."""

    cuts: int = 0
    rows: int = 0
    retracts: int = 0
    power_ups: int = 1


def _bits(base: int, flags: dict[int, bool]) -> int:
    for bit, on in flags.items():
        base |= bit if on else 0
    return base


def real_time(dialect: str, n: int, now: Condition) -> bytes:
    """The answer to DLE EOT n; empty where the dialect has no such n."""
    if dialect == "custom":
        return _custom_real_time(n, now)
    automatic = now.head_hot or now.cover_opened_while_printing
    error = now.jammed or now.cutter_stuck or now.broken or automatic
    match n:
        case 1:
            return bytes((_bits(0x12, {0x08: now.stopped}),))
        case 2:
            return bytes((_bits(0x12, {0x04: now.cover_open, 0x20: now.paper_out, 0x40: error}),))
        case 3:
            flags = {0x04: now.jammed, 0x08: now.cutter_stuck, 0x20: now.broken, 0x40: automatic}
            return bytes((_bits(0x12, flags),))
        case 4 if dialect == "citizen":
            flags = {0x0C: now.paper_low or now.paper_out, 0x20: now.paper_out, 0x40: now.sheet_in_mouth}
            return bytes((_bits(0x12, flags),))
        case 4:
            return bytes((_bits(0x12, {0x0C: now.paper_low or now.paper_out, 0x60: now.paper_out}),))
        case 5 if dialect == "citizen":
            return bytes((_bits(0x12, {0x04: now.cover_open, 0x08: now.head_hot}),))
        case 6 if dialect == "citizen":
            return bytes((_bits(0x12, {0x20: now.jammed, 0x40: now.broken}),))
        case _:
            return b""


def _custom_real_time(n: int, now: Condition) -> bytes:
    paper = _bits(
        0,
        {0x01: now.paper_out, 0x04: now.paper_low or now.paper_out, 0x20: now.sheet_in_mouth},
    )
    match n:
        case 17:
            return bytes((_bits(0x12, {0x04: now.printing, 0x20: now.paper_out}),))
        case 20:
            user = _bits(0, {0x02: now.cover_open, 0x04: now.buffer_in_use, 0x08: now.printing})
            return bytes(
                (0x10, 0x0F, paper, user, int(now.head_hot), _bits(0, {0x01: now.cutter_stuck, 0x04: now.broken}))
            )
        case _:
            return b""


def automatic(dialect: str, n: int, now: Condition) -> bytes:
    """The bytes of automatic status, turned on with `n`: four, or those of Custom's DLE EOT 20 that the bits of `n` name."""
    if dialect == "custom":
        told = _custom_real_time(20, now)[2:]
        return bytes((0x10, n)) + bytes(told[bit] for bit in range(4) if n >> bit & 1)
    recovering = now.head_hot or now.cover_opened_while_printing
    one = _bits(0x10, {0x08: now.stopped, 0x20: now.cover_open})
    two = _bits(0, {0x04: now.jammed, 0x08: now.cutter_stuck, 0x20: now.broken, 0x40: recovering})
    if dialect == "citizen":
        three = _bits(0, {0x03: now.paper_low or now.paper_out, 0x04: now.paper_out, 0x08: now.sheet_in_mouth})
    else:
        three = _bits(0, {0x03: now.paper_low or now.paper_out, 0x0C: now.paper_out})
    return bytes((one, two, three, 0))


def paper_sensor(now: Condition) -> bytes:
    """GS r 1: bits 0-1 near end, 2-3 end."""
    return bytes((_bits(0, {0x03: now.paper_low or now.paper_out, 0x0C: now.paper_out}),))


def ejector(now: Condition) -> bytes:
    """GS e 6 of the Custom line."""
    flags = {0x01: now.paper_low, 0x08: now.sheet_in_mouth, 0x10: now.printing, 0x40: now.jammed, 0x80: now.jammed}
    return bytes((_bits(0, flags),))
