"""The I/O board as its wires and its serial line: its own program under MicroPython, in the time that the caller tells.

A `LineModel`. Acts are what hands and wires do; each has an instant, and none may lie before the last time told.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from host_sim.io_board.process import Answer, Process

ROUND_S = 0.005  # the program's loop comes round at least so often (firmware/io_board/README.md allows 10 ms)
_LONGEST_US = 1_000_000  # of one request: MicroPython's WebAssembly collects its garbage between two requests only


@dataclass(frozen=True, slots=True)
class Wires:
    """What the board's pins do: `supply`: the relay in the acceptor's 12 V; `inhibit_low`: else the wire floats."""

    supply: bool
    inhibit_low: bool
    slot_lamp: bool
    paper_lamp: bool
    buzzer: bool


class BoardModel:
    """A board with nothing connected but ideal contacts: no key is down, the door is shut, the coin wire is high.

    `seed`: its boot numbers and the phase of its clock; `boots`: the first boot numbers instead. Close it: it is a process.
    """

    def __init__(self, *, seed: int = 0, boots: Sequence[int] = (), now_s: float = 0.0) -> None:
        self._zero_s = now_s
        self._now_us = 0
        self._acts: list[tuple[int, list[int | str]]] = []
        self._said = bytearray()
        self._process = Process(seed=seed, boots=boots)
        self._answer = self._process.ask({"to_us": 0, "acts": []})

    def press(self, row: int, column: int, now_s: float) -> None:
        """Close one crossing of the key matrix; rows and columns count from 0."""
        self._act(now_s, "contact", row, column, 1)

    def release(self, row: int, column: int, now_s: float) -> None:
        self._act(now_s, "contact", row, column, 0)

    def coin_wire(self, *, low: bool, now_s: float) -> None:
        """The acceptor's open collector pulls the coin wire low, or lets it go."""
        self._act(now_s, "coin", int(low))

    def pulse(self, pulses: int = 1, *, width_s: float = 0.05, gap_s: float = 0.05, now_s: float) -> None:
        """`pulses` times low for `width_s`, `gap_s` apart; the edges after `now_s` happen when their time is told."""
        for number in range(pulses):
            begin_s = now_s + number * (width_s + gap_s)
            self.coin_wire(low=True, now_s=begin_s)
            self.coin_wire(low=False, now_s=begin_s + width_s)

    def door(self, *, shut: bool, now_s: float) -> None:
        self._act(now_s, "door", int(shut))

    def service(self, *, held: bool, now_s: float) -> None:
        """The service contact to ground; the program looks at it when it starts."""
        self._act(now_s, "service", int(held))

    def hold_inhibit(self, *, low: bool, now_s: float) -> None:
        """Something outside (an acceptor, a short) holds the inhibit wire at ground."""
        self._act(now_s, "inhibit", int(low))

    def hold_supply(self, *, low: bool, now_s: float) -> None:
        """Something outside (a short) holds the 12 V pin at ground."""
        self._act(now_s, "supply", int(low))

    def stop_reading(self, room_bytes: int, now_s: float) -> None:
        """The machine is connected and reads no more: the cable takes `room_bytes` yet."""
        self._act(now_s, "room", room_bytes)

    def go_on_reading(self, now_s: float) -> None:
        self._act(now_s, "room", -1)

    def reset(self, now_s: float) -> None:
        """Its button, or its supply going and coming back: the program starts anew, edges and bytes under way are lost."""
        self._act(now_s, "reset")

    def edge_at_start(self, now_s: float) -> None:
        """At the next start the coin wire goes low in the instant in which the program begins to listen to it."""
        self._act(now_s, "edge_at_start")

    def hang(self, now_s: float) -> None:
        """The program stands still from now on, until the watchdog starts it anew."""
        self._act(now_s, "hang")

    def receive(self, data: bytes, now_s: float) -> None:
        self._act(now_s, "bytes", data.hex())

    def transmit(self, now_s: float) -> bytes:
        self.run(now_s)
        said, self._said = bytes(self._said), bytearray()
        return said

    def wake_at(self) -> float | None:
        return self._zero_s + self._now_us / 1e6 + ROUND_S

    def run(self, now_s: float) -> None:
        """Let time pass up to `now_s`."""
        end_us = max(self._now_us, self._us(now_s))
        while True:
            to_us = min(end_us, self._now_us + _LONGEST_US)
            due = bisect.bisect_right(self._acts, to_us, key=lambda act: act[0])
            acts, self._acts = self._acts[:due], self._acts[due:]
            self._answer = self._process.ask({"to_us": to_us, "acts": [[at_us, *act] for at_us, act in acts]})
            self._said += bytes.fromhex(self._answer["said"])
            self._now_us = to_us
            if to_us == end_us:
                return

    def wires(self) -> Wires:
        """As of the last time told."""
        bits = self._answer["wires"]
        return Wires(*(bool(bits >> number & 1) for number in range(5)))

    def takes_coins(self, refuses_at: Literal["ground", "float"] = "ground") -> bool:
        """Whether an acceptor on these wires takes coins. `refuses_at`: what its inhibit wire must do for it to refuse."""
        wires = self.wires()
        return wires.supply and wires.inhibit_low == (refuses_at == "float")

    @property
    def starts(self) -> int:
        """How often the program has started; more than before means that the port has gone and come back."""
        return self._answer["starts"]

    @property
    def in_loader(self) -> bool:
        """The chip's own USB loader runs: no port, no program, no output, until `reset`."""
        return self._answer["in_loader"]

    @property
    def last_answer(self) -> Answer:
        return self._answer

    def close(self) -> None:
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _us(self, now_s: float) -> int:
        return round((now_s - self._zero_s) * 1e6)

    def _act(self, now_s: float, *act: int | str) -> None:
        at_us = max(self._us(now_s), self._now_us)
        bisect.insort_right(self._acts, (at_us, list(act)), key=lambda known: known[0])
