"""The wires between the I/O board and what hangs on it: each may be on another's pin, cut, or touch its neighbour (fault W5).

A pin reads low when its net reaches ground or something that pulls it there; else high where an output drives it; else low
where the 10 kΩ before a transistor hold it, which are stronger than the chip's pull-ups; else high where something pulls up.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Cell = tuple[int, int]  # row, column, from 0
Joint = tuple[str, str]  # two terminals that are one net

GROUND = "ground"
COIN, INHIBIT, SUPPLY, DOOR, SERVICE = "coin", "inhibit", "supply", "door", "service"
LAMPS: Mapping[str, int] = {"slot lamp": 0x08, "paper lamp": 0x10, "buzzer": 0x20}  # and the output that drives it
ROWS = tuple(f"row {number}" for number in range(1, 5))
COLUMNS = tuple(f"column {number}" for number in range(1, 5))
# Wire -> its pin on the board's header, as firmware/io_board/README.md has them.
# fmt: off
PINS: Mapping[str, int] = {
    **dict(zip(ROWS, (4, 5, 6, 7), strict=True)), **dict(zip(COLUMNS, (9, 10, 11, 12), strict=True)),
    COIN: 14, INHIBIT: 15, SUPPLY: 16, DOOR: 17, "slot lamp": 19, "paper lamp": 20, "buzzer": 21, SERVICE: 29,
}
# fmt: on
_GROUNDS = (3, 8, 13, 18, 23, 28, 38)
_PULLED_UP = frozenset({*ROWS, COIN, DOOR})  # by the chip, at their pins
_HELD_LOW = frozenset({SUPPLY, *LAMPS})  # by 10 kΩ, at their terminals


@dataclass(frozen=True, slots=True)
class Loom:
    """`pins`: wire -> the header's pin that it is on; a wire that is cut is left out. `touching`: pairs of pins."""

    pins: Mapping[str, int]
    touching: Collection[tuple[int, int]] = ()
    wires: frozenset[str] = frozenset()  # what a technician would have to mend: one of these
    floats: bool = False  # what a pin reads that nothing holds

    def level(
        self, at: str | int, joints: Iterable[Joint], low: Collection[str], high: Collection[str], *, pulls: bool
    ) -> bool:
        """Whether a terminal, or the pin with this number, is high.

        `joints`: terminals that devices join. `low`, `high`: what the chip drives, named by the wire that belongs on the
        pin. `pulls`: the acceptor pulls its inhibit input up.
        """
        net = self._net(at, joints)
        own = {wire for wire, pin in PINS.items() if pin in net}  # whose pins are on it
        if GROUND in net or own & set(low):
            return False
        if own & set(high):
            return True
        pulled_up = own & _PULLED_UP or (pulls and INHIBIT in net)
        return not net & _HELD_LOW and bool(pulled_up or self.floats)

    def _net(self, at: str | int, joints: Iterable[Joint]) -> set[str | int]:
        pairs: list[tuple[str | int, str | int]] = [*self.pins.items(), *self.touching, *joints]
        pairs += [(pin, GROUND) for pin in _GROUNDS]
        net, frontier = {at}, [at]
        while frontier:
            here = frontier.pop()
            for pair in pairs:
                if here in pair and (there := pair[1] if pair[0] == here else pair[0]) not in net:
                    net.add(there)
                    frontier.append(there)
        return net


WHOLE = Loom(PINS)


def _swapped(one: str, other: str) -> Loom:
    return Loom({**PINS, one: PINS[other], other: PINS[one]}, wires=frozenset({one, other}))


def _neighbours() -> Iterable[tuple[str, str, int]]:
    """A wire, and the wire or ground on the pin behind or before it, and that pin. Of two wires, once."""
    beside = {**{pin: wire for wire, pin in PINS.items()}, **dict.fromkeys(_GROUNDS, GROUND)}
    for wire, pin in PINS.items():
        for other in (pin - 1, pin + 1):
            same_side = (other <= 20) is (pin <= 20)
            if same_side and other in beside and (other > pin or other in _GROUNDS):
                yield wire, beside[other], other


def _name(*words: str) -> str:
    return "_".join(words).replace(" ", "_")


_SWAPS = {
    "rows_1_2": ("row 1", "row 2"),
    "rows_3_4": ("row 3", "row 4"),
    "row_4_column_1": ("row 4", "column 1"),
    "columns_1_2": ("column 1", "column 2"),
    "columns_3_4": ("column 3", "column 4"),
    "coin_inhibit": (COIN, INHIBIT),
    "supply_door": (SUPPLY, DOOR),
    "slot_lamp_paper_lamp": ("slot lamp", "paper lamp"),
    "paper_lamp_buzzer": ("paper lamp", "buzzer"),
    "buzzer_service": ("buzzer", SERVICE),
}
# The service contact has no device: cut, it is only no contact; grounded, the board does not start (firmware/io_board/README.md).
FAULTS: Mapping[str, Loom] = {
    **{name: _swapped(*pair) for name, pair in _SWAPS.items()},
    **{
        _name(wire, "cut"): Loom({other: pin for other, pin in PINS.items() if other != wire}, wires=frozenset({wire}))
        for wire in PINS
        if wire != SERVICE
    },
    **{
        _name(wire, "touches", other): Loom(PINS, [(PINS[wire], pin)], frozenset({wire, other} - {GROUND}))
        for wire, other, pin in _neighbours()
        if wire != SERVICE
    },
}
