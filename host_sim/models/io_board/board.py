"""The board's behaviour: it says what its wires do and does what the last SET said, as long as the machine is heard.

On its wires hang the key matrix, a pulse acceptor with its 12 V relay, and the door. Time is passed in; `advance` takes the
board through every instant at which something changes by itself: an edge, a scan, the machine's silence.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from math import floor, inf
from typing import Protocol

from host_sim.models.io_board import loom, wire
from host_sim.models.io_board.loom import Loom
from host_sim.models.key_matrix import KeyMatrix
from host_sim.models.pulse_acceptor import PulseAcceptorModel

COINS, SUPPLY, GROUND_REFUSES = 0x01, 0x02, 0x04
SILENT_S, SUPPLY_KEPT_S = 1.0, 10.0
SCAN_S = 0.001
EDGES_KEPT = 64
TOLD, STARTED, WATCHDOG, SILENT = range(4)
PROGRAM = bytes(range(32))  # its number


class Loader(Protocol):
    """The drive that the chip shows while it waits for a new program."""

    def show(self) -> None: ...
    def taken(self) -> bytes | None:
        """The number of the program that was copied to the drive; None: none yet."""
        ...

    def hide(self) -> None: ...


class IoBoardModel:
    """Satisfies `LineModel`. `acceptor`: None where no pulse acceptor hangs on the board."""

    def __init__(
        self,
        keys: KeyMatrix,
        acceptor: PulseAcceptorModel | None,
        door_open: Callable[[], bool],
        now: Callable[[], float],
        *,
        seed: int = 0,
        program: bytes = PROGRAM,
        loader: Loader | None = None,
    ) -> None:
        """`now` reads the clock whose seconds are passed in everywhere else.

        `program`: its number. `loader`: None takes the same program again, at once.
        """
        self.program = program
        self._loader = loader
        self._loading = False
        self._loom: Loom | None = None  # None: every wire is right
        # What this loom was found to do, once for each case that there was of contacts, outputs and devices.
        self._levels: dict[tuple[object, ...], bool] = {}
        self._scans: dict[tuple[object, ...], frozenset[loom.Cell]] = {}
        self.keys = keys
        self.acceptor = acceptor
        self.outputs = 0
        self.lightings: Counter[str] = Counter()  # how often each of `lit` went on
        self.why = STARTED
        self.starts = 0
        self.on_scan: Callable[[], None] = lambda: None  # called when a scan sees something else than the last one
        self._door_open = door_open
        self._now = now
        self._random = random.Random(seed)
        self._powered = True
        self.forgotten_pulses = 0  # at most: with an edge that nobody has acknowledged, and nobody will credit
        self._edges: deque[int] = deque()
        self._start(0.0, STARTED)

    # --- power ----------------------------------------------------------------------------------

    def reset(self, now_s: float, *, watchdog: bool = False) -> None:
        """The program starts anew: every pin is let go, what was not told is forgotten."""
        self.advance(now_s)
        self._start(now_s, WATCHDOG if watchdog else STARTED)

    def power_off(self, now_s: float) -> None:
        self.advance(now_s)
        self._powered = False
        self._put_out(0, now_s)

    def power_on(self, now_s: float) -> None:
        if not self._powered and not self._loading:
            self._powered = True
            self._start(now_s, STARTED)

    def _start(self, now_s: float, why: int) -> None:
        self.starts += 1
        self._boot = self._random.randint(1, 2**32 - 1)
        self._zero_s = self._at_s = now_s
        self._ears = wire.Ears()
        self._sequence = 0
        self._heard_s = -inf  # the last SET that had effect
        self.forgotten_pulses += (len(self._edges) + 1) // 2
        self._edges.clear()
        self._numbered = 0
        self._collector_low = self.acceptor.low() if self.acceptor is not None else False
        self._coin_low = self._collector_low
        self._contacts = self._scanned(now_s)
        self._answers = b""
        self._told: tuple[int, ...] = ()
        self._put_out(0, now_s)
        self.why = why

    def new_listener(self, now_s: float) -> None:
        """Another run of the machine begins to listen: it does not know what the kept edges were."""
        self.advance(now_s)
        self.forgotten_pulses += (len(self._edges) + 1) // 2

    # --- the line -------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        self.advance(now_s)
        if not self._powered:
            self._take_program(now_s)
            return
        identify = heard = False
        for body in self._ears.hear(data):
            heard = True
            self._sequence = body[2]
            if body[0] != 1 or body[1] == wire.ASK:
                identify = True
            elif body[1] == wire.SET and int.from_bytes(body[3:7], "little") == self._boot:
                self._set(int.from_bytes(body[7:11], "little"), body[11], now_s)
            elif body[1] == wire.LOADER and int.from_bytes(body[3:7], "little") == self._boot:
                self._load(now_s)
                if self._loading:
                    return
        if identify:
            self._answers += wire.identity(self._sequence, self._boot, self.program)
        elif heard:
            self._report(now_s)

    def transmit(self, now_s: float) -> bytes:
        self.advance(now_s)
        if not self._powered:
            return b""
        if self._is_heard(now_s) and self._told != self._state():
            self._report(now_s)
        said, self._answers = self._answers, b""
        return said

    @property
    def lit(self) -> frozenset[str]:
        """Which of "slot lamp", "paper lamp" and "buzzer" are on."""
        return frozenset(lamp for lamp, bit in loom.LAMPS.items() if self._drives(lamp, bit))

    def wake_at(self) -> float | None:
        """When it changes by itself; the present where it has something to say already."""
        if not self._powered:
            return None
        now_s = self._now()
        if self._answers or (self._is_heard(now_s) and self._told != self._state()):
            return now_s
        due_s = min(self._scan_due_s(), self._edge_due_s(), self._silence_due_s())
        return None if due_s == inf else due_s

    def _report(self, now_s: float) -> None:
        self._told = self._state()
        self._answers += wire.report(
            self._sequence,
            self._boot,
            self._micros(now_s),
            self.outputs,
            self.why,
            self._inputs(),
            self._contacts,
            self._ears.damaged,
            self._numbered - len(self._edges),
            list(self._edges),
        )

    def _micros(self, at_s: float) -> int:
        return max(0, floor((at_s - self._zero_s) * 1e6 + 0.5))

    def _inputs(self) -> int:
        door_shut, grounded, disturbed = not self._door_open(), self._inhibit_grounded(), False
        if self._loom is not None:
            door_shut, grounded = not self._level(loom.PINS[loom.DOOR]), not self._level(loom.PINS[loom.INHIBIT])
            disturbed = self._level(loom.PINS[loom.SUPPLY]) is not bool(self.outputs & SUPPLY)
        return door_shut | self._coin_low << 1 | grounded << 2 | disturbed << 3

    def _state(self) -> tuple[int, ...]:
        """What makes a report due when it changes."""
        return (self.outputs, self._inputs(), self._contacts, self._numbered)

    def _is_heard(self, now_s: float) -> bool:
        return now_s - self._heard_s < SILENT_S

    # --- commands -------------------------------------------------------------------------------

    def _set(self, acknowledged: int, outputs: int, now_s: float) -> None:
        self._heard_s = now_s
        first = self._numbered - len(self._edges)
        if first < acknowledged <= self._numbered:
            for _ in range(acknowledged - first):
                self._edges.popleft()
        self._put_out(outputs if outputs & SUPPLY else outputs & ~COINS, now_s)
        self.why = TOLD

    def _load(self, now_s: float) -> None:
        """Into the loader: nothing answers at the port any more, and the loader shows its drive."""
        if self.outputs & COINS:
            return
        if self._loader is None:
            self._start(now_s, STARTED)
            return
        self._loading = True
        self.power_off(now_s)
        self._loader.show()

    def _take_program(self, now_s: float) -> None:
        """Start what was copied to the loader's drive. On this chip the loader restarts by the watchdog."""
        taken = self._loader.taken() if self._loading and self._loader is not None else None
        if taken is None or self._loader is None:
            return
        self._loader.hide()
        self.program, self._loading, self._powered = taken, False, True
        self._start(now_s, WATCHDOG)

    def _put_out(self, outputs: int, now_s: float) -> None:
        before, self.outputs = self.lit, outputs
        self.lightings.update(self.lit - before)
        if self.acceptor is None:
            return
        self.acceptor.hold_inhibit(0.0 if self._inhibit_input_low() else None)
        supplied = self._drives(loom.SUPPLY, SUPPLY)
        if supplied and not self.acceptor.powered:
            self.acceptor.power_on(now_s)
        elif not supplied and self.acceptor.powered:
            self.acceptor.power_off(now_s)
        if self._loom is not None and self._coin_pin_low() is not self._coin_low:
            self._note_coin(not self._coin_low, now_s)

    def _inhibit_grounded(self) -> bool:
        """The wire refuses at ground and coins are refused, or it takes at ground and coins are taken."""
        return bool(self.outputs & COINS) is not bool(self.outputs & GROUND_REFUSES)

    def _note_coin(self, low: bool, at_s: float) -> None:
        """An edge at the coin pin."""
        self._coin_low = low
        self._edges.append(2 * self._micros(at_s) + low)
        self._numbered += 1
        if len(self._edges) > EDGES_KEPT:
            self.forgotten_pulses += self._edges.popleft() & 1

    # --- time -----------------------------------------------------------------------------------

    def advance(self, now_s: float) -> None:
        """Live up to this instant."""
        while self._powered and self._at_s < now_s:
            at_s = min(now_s, max(self._at_s, min(self._scan_due_s(), self._edge_due_s(), self._silence_due_s())))
            self._look(at_s)
            if at_s >= now_s:
                break
            self._at_s = max(at_s, self._at_s + 1e-6)
        self._at_s = max(self._at_s, now_s)

    def _look(self, at_s: float) -> None:
        if self.acceptor is not None:
            for edge_s, low in self.acceptor.edges(at_s):
                self._collector_low = low
                self._note_coin(low if self._loom is None else self._coin_pin_low(), edge_s)
        if at_s >= self._scan_due_s():
            self._contacts = self._scanned(at_s)
            self.on_scan()
        if self.why == TOLD and at_s >= self._heard_s + SILENT_S:
            self._put_out(self.outputs & (SUPPLY | GROUND_REFUSES), at_s)
            self.why = SILENT
        if self.why == SILENT and at_s >= self._heard_s + SILENT_S + SUPPLY_KEPT_S:
            self._put_out(self.outputs & ~SUPPLY, at_s)

    def _silence_due_s(self) -> float:
        if self.why == TOLD:
            return self._heard_s + SILENT_S
        if self.why == SILENT and self.outputs & SUPPLY:
            return self._heard_s + SILENT_S + SUPPLY_KEPT_S
        return inf

    def _edge_due_s(self) -> float:
        due_s = None if self.acceptor is None else self.acceptor.wake_at()
        return inf if due_s is None else due_s

    def _scan_due_s(self) -> float:
        """The next scan that sees something else than the last one."""
        if self._scanned(self._at_s) != self._contacts:
            return self._grid(self._at_s)
        moves_s = self.keys.wake_at(self._at_s)
        return inf if moves_s is None else self._grid(moves_s)

    def _grid(self, at_s: float) -> float:
        return (floor((at_s - self._zero_s) / SCAN_S) + 1) * SCAN_S + self._zero_s

    def _scanned(self, now_s: float) -> int:
        seen = self.keys.seen(now_s) if self._loom is None else self._crossings(now_s)
        return sum(1 << 4 * row + column for row, column in seen)

    # --- wires that are not right ---------------------------------------------------------------

    def rewire(self, wires: Loom | None, now_s: float) -> None:
        """Put the wires so (`loom.FAULTS`); None: every one is right."""
        self.advance(now_s)
        self._loom = wires
        self._levels.clear()
        self._scans.clear()
        self._put_out(self.outputs, now_s)

    def _level(self, at: str | int, *, pulls: bool = False) -> bool:
        """Whether a terminal or pin is high, with what the chip and the devices do now.

        `pulls`: the acceptor pulls its inhibit input up, though it has no 12 V.
        """
        case = (at, pulls, *self._driven_now())
        if case not in self._levels:
            self._levels[case] = self._found_level(at, pulls=pulls)
        return self._levels[case]

    def _driven_now(self) -> tuple[int, bool, bool, bool]:
        """All that the level of a terminal depends on but for the keys: outputs, door, coin, and whether the acceptor has 12 V."""
        powered = self.acceptor is not None and self.acceptor.powered
        return self.outputs, self._door_open(), self._collector_low, powered

    def _found_level(
        self, at: str | int, joints: Iterable[loom.Joint] = (), low: Iterable[str] = (), *, pulls: bool = False
    ) -> bool:
        """`joints`: terminals that are joined besides; `low`: pins that are held low besides."""
        assert self._loom is not None
        _, door_open, collector_low, powered = self._driven_now()
        devices = {(loom.DOOR, loom.GROUND): not door_open, (loom.COIN, loom.GROUND): collector_low}
        joined = [joint for joint, closed in devices.items() if closed]
        outputs = {loom.SUPPLY: SUPPLY, **loom.LAMPS}
        high = {name for name, bit in outputs.items() if self.outputs & bit}
        driven = {*low, *(outputs.keys() - high)} | ({loom.INHIBIT} if self._inhibit_grounded() else set())
        return self._loom.level(at, [*joined, *joints], driven, high, pulls=pulls or powered)

    def _drives(self, terminal: str, bit: int) -> bool:
        """Whether what this output switches is on."""
        return bool(self.outputs & bit) if self._loom is None else self._level(terminal)

    def _inhibit_input_low(self) -> bool:
        """Whether something on the acceptor's inhibit input is stronger than its own pull-up."""
        return self._inhibit_grounded() if self._loom is None else not self._level(loom.INHIBIT, pulls=True)

    def _coin_pin_low(self) -> bool:
        return not self._level(loom.PINS[loom.COIN])

    def _crossings(self, now_s: float) -> frozenset[loom.Cell]:
        """What a scan finds: one column after the other is held low, and each row looked at."""
        closed = self.keys.contacts(now_s)
        case = (closed, *self._driven_now())
        if case not in self._scans:
            contacts = tuple((loom.ROWS[row], loom.COLUMNS[column]) for row, column in closed)
            self._scans[case] = frozenset(
                (row, column)
                for column, held in enumerate(loom.COLUMNS)
                for row, wire_of in enumerate(loom.ROWS)
                if not self._found_level(loom.PINS[wire_of], contacts, [held])
            )
        return self._scans[case]
