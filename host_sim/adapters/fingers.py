"""Presses keys and drops coins through the socket of the simulated pins (`KOFUKI_SIM_KEYS`, `pins.py`)."""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Self


class Fingers:
    """Keys and coin slot of one machine. Raises ConnectionError or FileNotFoundError when no machine runs.

    A command that `pins.py` refuses raises ValueError with the answer.
    """

    def __init__(self, path: Path, timeout_s: float = 120.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._answers = self._socket.makefile("rb")

    def tap(self, *keys: str, hold_ms: int = 80, side: str = "resident") -> None:
        """Press and release each key in turn; returns when the last one is up. `side`: resident or clerk."""
        for key in keys:
            self._ask({"tap": key, "hold_ms": hold_ms, "side": side})

    def press(self, key: str) -> None:
        self._ask({"press": key})

    def release(self, key: str) -> None:
        self._ask({"release": key})

    def jam(self, key: str) -> None:
        """Make the cap stick until `free`."""
        self._ask({"jam": key})

    def free(self, key: str) -> None:
        self._ask({"free": key})

    def drop(self, coin: str) -> bool:
        """Drop a coin, named by its identification, into the pulse acceptor; returns whether it was kept."""
        return bool(self._ask({"coin": coin})["kept"])

    def slot_open(self) -> bool:
        """Whether the pulse acceptor takes coins."""
        return bool(self._ask({"slot": "look"})["open"])

    def stick(self, on: bool) -> None:
        """Make a coin stick in the pulse acceptor, or free it."""
        self._ask({"slot": "stuck" if on else "cleared"})

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, command: dict[str, object]) -> dict[str, object]:
        self._socket.sendall(json.dumps(command).encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise ConnectionError("the machine closed its keypad socket")
        answer: dict[str, object] = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer
