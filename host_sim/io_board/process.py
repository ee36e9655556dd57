"""One Node.js process that runs the board's program under MicroPython; each request is one line of JSON, each answer another.

Nothing happens in that process between two requests: its time is what the last request said.
"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

HERE = Path(__file__).parent
CHIP = HERE / "chip"
PROGRAM = HERE.parents[1] / "firmware" / "io_board" / "board"

Act = list[int | str]


class Request(TypedDict):
    """`to_us`: let time pass up to here. `acts`: what happens meanwhile, in order: an instant, a name, its arguments."""

    to_us: int
    acts: list[Act]


class Answer(TypedDict):
    """`said`: the bytes that the board sent, in hex. `wires`: bits as `model.Wires` reads them. `starts`: of the program."""

    said: str
    wires: int
    starts: int
    in_loader: bool
    heap_bytes: int


class BoardStopped(RuntimeError):
    """The process ended or said something that is no answer; the text has its last words."""


class Process:
    """Raises FileNotFoundError without Node.js or without the packages of package.json: run `make setup`."""

    def __init__(self, *, seed: int, boots: Sequence[int] = (), program: Path = PROGRAM, chip: Path = CHIP) -> None:
        if not (HERE / "node_modules").exists():
            raise FileNotFoundError("MicroPython for the I/O board is not installed: run make setup.")
        digest = program_digest(program)
        numbers = [str(number) for number in (seed, *boots)]
        command = ["node", "--no-warnings", str(HERE / "run.mjs"), str(program), str(chip), digest, *numbers]
        self._node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request: Request) -> Answer:
        """Let the board's time pass. Raises `BoardStopped`."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        try:
            self._node.stdin.write(json.dumps(request) + "\n")
            self._node.stdin.flush()
        except OSError as error:
            raise BoardStopped(f"The process of the I/O board ended: {error}.") from error
        line = self._node.stdout.readline()
        try:
            answer: Answer = json.loads(line)
        except ValueError as error:
            raise BoardStopped(f"The process of the I/O board ended; its last words: {line.strip()!r}.") from error
        return answer

    def close(self) -> None:
        """End the process; a second call changes nothing."""
        self._node.kill()
        self._node.wait()
        for pipe in (self._node.stdin, self._node.stdout):
            if pipe is not None:
                pipe.close()


def program_digest(program: Path = PROGRAM) -> str:
    """SHA-256 over the program's files, as firmware/io_board/README.md ("The program's number") says, in hex."""
    digest = hashlib.sha256()
    for path in sorted(program.glob("*.py")):
        if path.name != "digest.py":
            text = path.read_bytes()
            digest.update(path.name.encode() + b"\0" + len(text).to_bytes(4, "little") + text)
    return digest.hexdigest()
