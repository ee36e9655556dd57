"""Looking for what should be gone: pieces of a paper and a resident's words, in files and in a process's memory."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.process.test_pin_memory import memory_of

Words = np.ndarray[Any, np.dtype[np.uint64]]

PIECE = 32  # bytes; no two papers have one of so many different bytes in common by chance
KEY = 8  # bytes, by which a piece is looked up
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


def found(where: Iterable[bytes], wanted: Sequence[bytes]) -> int:
    """How many of the wanted pieces stand somewhere."""
    hay, keys = list(where), _by_key(wanted)
    seen = {piece for part in hay for piece in _keyed_pieces(part, keys)}
    return sum(piece in seen or (len(piece) < KEY and any(piece in part for part in hay)) for piece in wanted)


def _by_key(wanted: Sequence[bytes]) -> dict[int, list[tuple[int, bytes]]]:
    """Eight bytes of each piece that has so many, the most different ones: where in the piece they stand, and the piece."""
    keys: dict[int, list[tuple[int, bytes]]] = {}
    for piece in wanted:
        if len(piece) >= KEY:
            at = max(range(len(piece) - KEY + 1), key=lambda at: len(set(piece[at : at + KEY])))
            keys.setdefault(int.from_bytes(piece[at : at + KEY], "little"), []).append((at, piece))
    return keys


def _keyed_pieces(part: bytes, keys: dict[int, list[tuple[int, bytes]]]) -> Iterator[bytes]:
    """The pieces that stand in this part, looked up by their eight bytes: thousands of them in one pass.

    Most of a memory is thrown out by sixteen bits of a product first, which is much faster than the lookup.
    """
    known = np.sort(np.fromiter(keys, np.uint64, len(keys)))
    may_be = np.zeros(2**16, bool)
    may_be[_sixteen_bits(known)] = True
    for shift in range(min(KEY, len(part) - KEY + 1) if keys else 0):
        read = np.frombuffer(part, "<u8", (len(part) - shift) // KEY, shift)
        places = np.flatnonzero(may_be[_sixteen_bits(read)])
        places = places[np.isin(read[places], known)]
        for place in places.tolist():
            for at, piece in keys[int(read[place])]:
                begin = shift + KEY * place - at
                if part[max(begin, 0) : begin + len(piece)] == piece:
                    yield piece


def _sixteen_bits(words: Words) -> Words:
    return (words * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)


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
