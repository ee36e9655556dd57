"""A hand on the keypad, and at the slot of a pulse acceptor: the near end of `KOFUKI_SIM_KEYS`."""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Self


class Fingers:
    """Presses keys by name, one after the other. Raises ConnectionError or FileNotFoundError when no machine runs.

    A command the keypad does not know raises ValueError with its answer.
    """

    def __init__(self, path: Path, timeout_s: float = 120.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._answers = self._socket.makefile("rb")

    def tap(self, *keys: str, hold_ms: int = 80) -> None:
        """Press and let go of each key in turn; returns when the last is up."""
        for key in keys:
            self._ask({"tap": key, "hold_ms": hold_ms})

    def press(self, key: str) -> None:
        self._ask({"press": key})

    def release(self, key: str) -> None:
        self._ask({"release": key})

    def jam(self, key: str) -> None:
        """The cap sticks until `free`."""
        self._ask({"jam": key})

    def free(self, key: str) -> None:
        self._ask({"free": key})

    def drop(self, coin: str) -> bool:
        """A coin into a pulse acceptor, by its identification; whether it was kept."""
        return bool(self._ask({"coin": coin})["kept"])

    def slot_open(self) -> bool:
        """The lamp of a pulse acceptor."""
        return bool(self._ask({"slot": "look"})["open"])

    def stick(self, on: bool) -> None:
        """A coin gets stuck in a pulse acceptor, or is freed."""
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
            raise ConnectionError("the machine's keypad went away")
        answer: dict[str, object] = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer
