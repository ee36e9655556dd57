"""GPIO pins with the keypad and a pulse coin acceptor: a gpiozero pin factory, so that the firmware needs no change.

`GPIOZERO_PIN_FACTORY=kofuki_sim` selects it through its entry point. It runs inside the firmware's process. Keys are
pressed and coins dropped over a unix socket whose path is in `KOFUKI_SIM_KEYS` (without it there is no socket):

    {"press": "5"}   {"release": "5"}   {"tap": "5", "hold_ms": 80}   {"jam": "7"}   {"free": "7"}
    {"tap": "5", "side": "clerk"}  the same on the clerk's keys of a counter terminal
    {"coin": "JP100A"}   {"slot": "look"}   {"slot": "stuck"}   {"slot": "cleared"}

one JSON object a line, names as in `host_sim.models.key_matrix.LAYOUT`. Each is answered by a line, {"ok": true} or
{"error": "..."}, once it is done. Taps are played one after the other. The answer to a coin says whether it was kept, the
answer to a look at the slot whether its lamp is on.

The case is open while a file `case-open` lies beside that socket, through a restart too; an earphone is in while `earphone-in` does.

A pin reads what the wires give it: the level of an output joined to it through closed keys, else its own pull.
Outputs of opposite level joined together are a short circuit; `shorts` counts them, and a good driver makes none.
"""

import json
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from host_sim.models.key_matrix import CLERK_LAYOUT, LAYOUT, KeyMatrix
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.models.zoo import Kind, load
from host_sim.models.zoo.room import Room

ROWS = (5, 6, 13, 19)  # BCM numbers, as hardware/units/dev-store.toml has them
COLUMNS = (12, 16, 20, 21)
CLERK_ROWS, CLERK_COLUMNS = (4, 17, 27, 22), (18, 25, 8, 7)  # as hardware/units/dev-counter.toml has them
COIN, INHIBIT = 23, 24  # as hardware/units/dev-pulse.toml has them; a ccTalk machine leaves both alone
DOOR = 26  # the contact of the case: joined to ground while it is shut
CASE_OPEN = "case-open"
EARPHONE = 9  # the switch of the earphone's socket: joined to ground while a plug is in
EARPHONE_IN = "earphone-in"

BOUNCE_S = 0.004  # a new metal-dome pad; an old one is set by the tests
GAP_S = 0.06  # a finger on its way to the next key
FELT_SCANS = 8  # a key stays down, then up, for at least so many scans: the machine may be slow
_WAIT_S = 0.005
_MOST_WAITS = 2000  # 10 s for these scans; sooner, a key of a machine that stood still would be lost

Reply = Callable[[dict[str, object]], None]


class SimPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin of the simulated board. As on the real one, a pin made an output drives low until told otherwise."""

    _armed = False

    @property
    def drives(self) -> bool | None:
        """The level an output drives; None for an input."""
        return bool(self._state) if self._function == "output" else None

    @property
    def pulled_up(self) -> bool:
        return bool(self._pull == "up")

    @property
    def watched(self) -> bool:
        return self._armed

    def _enable_event_detect(self) -> None:
        self._armed = True

    def _disable_event_detect(self) -> None:
        self._armed = False

    def _set_function(self, value: str) -> None:
        with self.factory.lock:
            self._function = value
            if value == "output":
                self._state = False
        self.factory.settle()

    def _set_pull(self, value: str) -> None:
        with self.factory.lock:
            self._pull = value
        self.factory.settle()

    def _set_state(self, value: float) -> None:
        assert self._function == "output", "an input drives nothing"
        with self.factory.lock:
            self._state = bool(value)
        self.factory.settle()

    def _get_state(self) -> bool:
        return bool(self.factory.level(self))

    def edge(self, level: bool, at_s: float | None = None) -> None:
        """Call the callback of this pin if it watches this edge. `at_s`: the edge's time, as the kernel's stamp."""
        if self.watched and self._edges in ("both", "rising" if level else "falling"):
            self._last_change = monotonic() if at_s is None else at_s
            self._state = level
            self._call_when_changed()


class Keys:
    """A key matrix and its wires. `seen`: columns that were scanned since a key moved."""

    def __init__(self, matrix: KeyMatrix, rows: tuple[int, ...], columns: tuple[int, ...]) -> None:
        self.matrix = matrix
        self.first_row = f"GPIO{rows[0]}"
        self.crossing = {f"GPIO{pin}": ("row", n) for n, pin in enumerate(rows)}
        self.crossing |= {f"GPIO{pin}": ("column", n) for n, pin in enumerate(columns)}
        self.columns = len(columns)
        self.seen = 0


class SimFactory(MockFactory):  # type: ignore[misc]
    """The board. Tests may pass `matrix`; gpiozero makes the factory without arguments."""

    def __init__(self, matrix: KeyMatrix | None = None) -> None:
        super().__init__(revision="c03111", pin_class=SimPin)  # a Raspberry Pi 4
        self.lock = threading.RLock()
        room = Room([load(name) for name in os.environ.get("KOFUKI_SIM_ZOO", "").split(",") if name])
        caps = {"bounce_s": BOUNCE_S, **room.settings(Kind.KEYPAD)}
        self.matrix = matrix or KeyMatrix(LAYOUT, **caps, seed=os.getpid())
        clerk = KeyMatrix(CLERK_LAYOUT, **caps, seed=os.getpid() + 1)
        self.sides = {
            "resident": Keys(self.matrix, ROWS, COLUMNS),
            "clerk": Keys(clerk, CLERK_ROWS, CLERK_COLUMNS),
        }
        self.acceptor = PulseAcceptorModel(**room.settings(Kind.PULSE_ACCEPTOR), seed=os.getpid())
        self.shorts = 0
        self._coin_low = False
        self._levels: dict[SimPin, bool] = {}
        path = os.environ.get("KOFUKI_SIM_KEYS")
        self._fingers = _Fingers(Path(path), self) if path else None

    def close(self) -> None:
        if self._fingers is not None:
            self._fingers.close()
            self._fingers = None
        super().close()

    def level(self, pin: SimPin) -> bool:
        """The level on the pin now."""
        with self.lock:
            if pin.drives is not None:
                return pin.drives
            name = pin.info.name
            if name == f"GPIO{COIN}":
                return not self._coin_low and pin.pulled_up  # an open collector
            if name == f"GPIO{INHIBIT}":
                return True  # the acceptor's pull-up
            if name == f"GPIO{DOOR}":
                return self._lies_there(CASE_OPEN) and pin.pulled_up
            if name == f"GPIO{EARPHONE}":
                return not self._lies_there(EARPHONE_IN) and pin.pulled_up
            for keys in self.sides.values():
                keys.seen += name == keys.first_row and self._columns_low(keys) == 1
            driven = {other.drives for other in self._joined(pin)} - {None}
            if len(driven) == 2:
                self.shorts += 1
            return False not in driven if driven else pin.pulled_up

    def settle(self) -> None:
        """After any change, call the callbacks of the edges it made, in the thread that made the change."""
        with self.lock:
            changed = []
            for pin in [pin for pin in self.pins.values() if pin.watched]:
                level = self.level(pin)
                if level != self._levels.get(pin, True):
                    changed.append((pin, level))
                self._levels[pin] = level
        for pin, level in changed:
            pin.edge(level)

    def _columns_low(self, keys: Keys) -> int:
        """How many columns are driven low: one while a driver scans, all while it waits for a key."""
        low = [pin for pin in self.pins.values() if pin.drives is False]
        return sum(keys.crossing.get(pin.info.name, ("", 0))[0] == "column" for pin in low)

    def felt(self, keys: Keys, *, down: bool) -> bool:
        """Whether the driver has scanned often enough since; with the key up, also whether it waits for the next touch."""
        waits = not down and self._columns_low(keys) == keys.columns
        return waits or keys.seen >= FELT_SCANS * keys.columns

    def _lies_there(self, name: str) -> bool:
        path = os.environ.get("KOFUKI_SIM_KEYS")
        return path is not None and Path(path).with_name(name).exists()

    # --- coins ----------------------------------------------------------------------------------

    def slot_open(self) -> bool:
        """Whether the acceptor takes coins."""
        with self.lock:
            self._read_inhibit()
            return not self.acceptor.inhibited

    def drop(self, coin: str) -> bool:
        """Drop a coin; returns whether it was kept."""
        with self.lock:
            self._read_inhibit()
            return self.acceptor.insert(coin, monotonic())

    def _read_inhibit(self) -> None:
        pin = self._wired(INHIBIT)
        self.acceptor.hold_inhibit(0.0 if pin is not None and pin.drives is False else None)

    def play_pulses(self) -> None:
        """Make the acceptor's edges on the coin wire. Each edge has its own time, even if this thread is late."""
        with self.lock:
            due = self.acceptor.edges(monotonic())
        for at_s, low in due:
            with self.lock:
                self._coin_low = low
                pin = self._wired(COIN)
                if pin is not None:
                    self._levels[pin] = not low
            if pin is not None:
                pin.edge(not low, at_s)

    def _wired(self, number: int) -> SimPin | None:
        return next((pin for pin in self.pins.values() if pin.info.name == f"GPIO{number}"), None)

    # --- keys -----------------------------------------------------------------------------------

    def _joined(self, pin: SimPin) -> list[SimPin]:
        """The pins joined to this one through closed keys."""
        keys = next((keys for keys in self.sides.values() if pin.info.name in keys.crossing), None)
        if keys is None:
            return []
        start = keys.crossing[pin.info.name]
        contacts = keys.matrix.contacts(monotonic())
        if not contacts:
            return [pin]
        reached, frontier = {start}, [start]
        while frontier:
            side, number = frontier.pop()
            for row, column in contacts:
                here, there = (("row", row), ("column", column))
                if side == "column":
                    here, there = there, here
                if here == (side, number) and there not in reached:
                    reached.add(there)
                    frontier.append(there)
        if len(reached) == 1:
            return [pin]
        return [other for other in self.pins.values() if keys.crossing.get(other.info.name) in reached]


@dataclass
class _Tap:
    keys: Keys
    key: str
    hold_s: float
    reply: Reply


class _Fingers:
    """The thread that reads the socket, plays the taps and makes the contacts chatter."""

    def __init__(self, path: Path, board: SimFactory) -> None:
        self._path, self._board = path, board
        with suppress(FileNotFoundError):
            path.unlink()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen()
        self._stop, stopped = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(stopped, selectors.EVENT_READ, stopped)
        self._heard: dict[socket.socket, bytes] = {}
        self._taps: deque[_Tap] = deque()
        self._step_at_s: float | None = None  # when the present tap takes its next step
        self._down = False
        self._last = board.sides["resident"]  # the keys of the last tap
        self._waits = 0
        self._thread = threading.Thread(target=self._run, name="sim-fingers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.close()
        self._thread.join(timeout=2)
        with suppress(FileNotFoundError):
            self._path.unlink()

    def _run(self) -> None:
        with self._selector, self._listener:
            while True:
                for ready, _ in self._selector.select(self._wait_s()):
                    if ready.data is not None:
                        return
                    if ready.fileobj is self._listener:
                        peer, _ = self._listener.accept()
                        self._heard[peer] = b""
                        self._selector.register(peer, selectors.EVENT_READ, None)
                    else:
                        self._hear(ready.fileobj)
                self._play()
                self._board.play_pulses()
                self._board.settle()

    def _wait_s(self) -> float | None:
        now_s = monotonic()
        with self._board.lock:
            instants = [self._step_at_s, self._board.acceptor.wake_at()]
            instants += [keys.matrix.wake_at(now_s) for keys in self._board.sides.values()]
            due = [instant for instant in instants if instant is not None]
        return max(min(due) - now_s, 0.0) if due else None

    def _hear(self, peer: Any) -> None:
        try:
            data = peer.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(peer)
            del self._heard[peer]
            peer.close()
            return
        *lines, self._heard[peer] = (self._heard[peer] + data).split(b"\n")
        for line in filter(bytes.strip, lines):
            self._obey(line, partial(_answer, peer))

    def _obey(self, line: bytes, reply: Reply) -> None:
        resident = self._board.sides["resident"]
        matrix = resident.matrix
        acts: dict[object, Callable[[str, float], None]] = {
            "press": matrix.press,
            "release": matrix.release,
            "jam": matrix.jam,
            "free": matrix.free,
        }
        try:
            match json.loads(line):
                case {"tap": str(key), **more} if key in matrix.keys:
                    side = self._board.sides[str(more.get("side", "resident"))]
                    self._taps.append(_Tap(side, key, float(str(more.get("hold_ms", 80))) / 1000, reply))
                    return
                case {"coin": str(coin)}:
                    answer: dict[str, object] = {"ok": True, "kept": self._board.drop(coin)}
                case {"slot": "look"}:
                    answer = {"ok": True, "open": self._board.slot_open()}
                case {"slot": "stuck"}:
                    self._board.acceptor.fault("stuck", monotonic())
                    answer = {"ok": True}
                case {"slot": "cleared"}:
                    self._board.acceptor.clear("stuck", monotonic())
                    answer = {"ok": True}
                case {**one} if len(one) == 1 and (act := acts.get(next(iter(one)))) is not None:
                    self._move(resident, act, str(*one.values()))
                    answer = {"ok": True}
                case _:
                    answer = {"error": "unknown command; send press, release, tap, jam, free, coin or slot"}
        except (ValueError, KeyError) as error:
            answer = {"error": f"no such key, or the line is not JSON: {error}"}
        reply(answer)

    def _play(self) -> None:
        """Take the next step of the first tap in the queue if it is due: down, up, or away."""
        now_s = monotonic()
        if self._step_at_s is not None and now_s < self._step_at_s:
            return
        if (
            self._step_at_s is not None
            and self._waits < _MOST_WAITS
            and not self._board.felt(self._taps[0].keys if self._down else self._last, down=self._down)
        ):
            self._waits, self._step_at_s = self._waits + 1, now_s + _WAIT_S
            return
        self._step_at_s, self._waits = None, 0
        if not self._taps:
            return
        tap = self._taps[0]
        if not self._down:
            self._move(tap.keys, tap.keys.matrix.press, tap.key)
            self._down, self._step_at_s = True, now_s + tap.hold_s
        else:
            self._move(tap.keys, tap.keys.matrix.release, tap.key)
            self._last = tap.keys
            self._down, self._step_at_s = False, now_s + GAP_S
            self._taps.popleft().reply({"ok": True})

    def _move(self, keys: Keys, act: Callable[[str, float], None], key: str) -> None:
        with self._board.lock:
            keys.seen = 0  # count the scans from here
            act(key, monotonic())
        self._board.settle()


def _answer(peer: socket.socket, answer: dict[str, object]) -> None:
    with suppress(OSError):  # the client has closed its socket
        peer.sendall(json.dumps(answer).encode() + b"\n")
