"""Looking for what should be gone: pieces of a paper and a resident's words, in files and in a process's memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.process.test_pin_memory import memory_of

PIECE = 32  # bytes; no two papers have one of so many different bytes in common by chance
DIFFERENT = 20  # different bytes of a piece: a run of zeros or of white dots is nobody's


def pieces(data: bytes) -> list[bytes]:
    """Parts of a document that stand nowhere by chance."""
    cut = (data[at : at + PIECE] for at in range(0, len(data) - PIECE, PIECE))
    return [piece for piece in cut if len(set(piece)) >= DIFFERENT]


def some(all_: list[bytes], count: int) -> list[bytes]:
    """So many of the pieces, from the first to the last: a search through a whole memory takes its time."""
    return all_[:: max(1, len(all_) // count)][:count]


def spelt(words: str) -> list[bytes]:
    """A text as files and as CPython's strings have it."""
    return sorted({words.encode(form) for form in ("utf-8", "utf-16-le", "utf-32-le", "euc_jp", "shift_jis")})


def found(where: Iterable[bytes], wanted: Iterable[bytes]) -> int:
    """How many of the wanted pieces stand somewhere."""
    hay = list(where)
    return sum(any(piece in part for part in hay) for piece in wanted)


def files(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below these folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()


def memory(pid: int) -> list[bytes]:
    return [part for _, _, part in memory_of(pid)]


def modes(*folders: Path) -> dict[str, str]:
    """The files below these folders that others than their owner may read or write."""
    return {
        str(path): oct(path.stat().st_mode & 0o777)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077
    }
