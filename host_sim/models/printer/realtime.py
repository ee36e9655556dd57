"""Finds real-time commands anywhere in a stream as it arrives. Pure."""

from collections.abc import Iterator

CLEAR = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")


class Scanner:
    """Passes every byte on to the buffer; reports a command when its last byte arrives."""

    def __init__(self) -> None:
        self._tail = b""  # the beginning of what may be a command

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Pieces of the data, each with the real-time command that ends with it (or b"")."""
        start = 0
        position = 0
        tail = self._tail
        while position < len(data):
            if not tail:
                found = data.find(b"\x10", position)
                if found < 0:
                    break
                tail, position = b"\x10", found + 1
                continue
            tail += data[position : position + 1]
            position += 1
            if _complete(tail):
                yield data[start:position], tail
                start, tail = position, b""
            elif not _possible(tail):
                # the byte that broke it may begin another
                tail = b"\x10" if tail[-1] == 0x10 else b""
        self._tail = tail
        if start < len(data):
            yield data[start:], b""


def _complete(tail: bytes) -> bool:
    return (len(tail) == 3 and tail[1] in (0x04, 0x05)) or tail == CLEAR


def _possible(tail: bytes) -> bool:
    return (len(tail) == 2 and tail[1] in (0x04, 0x05, 0x14)) or CLEAR.startswith(tail)
