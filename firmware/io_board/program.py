"""The number of the board's program, which IDENTITY carries: README.md, "The program's number"."""

import hashlib
import sys
from pathlib import Path

BOARD = Path(__file__).parent / "board"
NUMBER = "digest.py"  # holds the number itself, so it is not counted


def files() -> list[Path]:
    """The files that the board runs, without the one that holds the number, in the order of their names."""
    return sorted(path for path in BOARD.glob("*.py") if path.name != NUMBER)


def digest() -> bytes:
    """SHA-256, 32 bytes. Raises FileNotFoundError where the program's files are not installed."""
    if not files():
        raise FileNotFoundError(f"{BOARD} has no program: install the whole firmware again.")
    total = hashlib.sha256()
    for path in files():
        text = path.read_bytes()
        total.update(path.name.encode() + b"\x00" + len(text).to_bytes(4, "little") + text)
    return total.digest()


def number_file(number: bytes) -> str:
    """What `digest.py` holds on a board with the program `number`."""
    return f"PROGRAM = {number!r}\n"


if __name__ == "__main__":  # what build.sh asks: the text of digest.py, or the number in hex
    print(digest().hex() if "--hex" in sys.argv else number_file(digest()), end="")
