"""Elementary files: selected by identifier, read in pieces, cut to the length that the object states.

The size of a file and the filler after its object are documented nowhere (card sources 2, 11), so the code relies on
neither: a card may give fewer bytes than asked, refuse a piece that is too long for it, or end with a warning. Some readers cannot
carry 256 bytes at once (fault C7): a piece whose exchange failed is asked for again in half.
"""

from enum import StrEnum

from drivers.card import apdu
from drivers.card.channel import ExchangeFailed, exchange
from drivers.errors import CardTrouble
from drivers.ports import CardChannel

_PIECE_MAX = 256
_PIECE_MIN = 16
_END = 0x6B00  # the offset is beyond the file
_TOO_LONG = 0x6700
_PROTECTED = 0x6982


class NoObject(StrEnum):
    """Why a file gave no object."""

    ABSENT = "absent"  # no such file
    PROTECTED = "protected"  # it needs a PIN first
    EMPTY = "empty"  # only filler
    GARBLED = "garbled"  # other bytes than the object, or only a part of it


def select(channel: CardChannel, identifier: int, device: str) -> bool:
    """Make this file current; False when the application has no such file. Raises `CardTrouble` from a broken card."""
    word = exchange(channel, apdu.select_file(identifier), device).word
    if word.broken:
        raise CardTrouble(device, f"selecting file {identifier:04X} was answered {word}")
    return word.ok


def select_application(channel: CardChannel, aid: bytes, device: str) -> bool:
    """Make this application current; False when the card does not have it. Raises `CardTrouble` from a broken card."""
    word = exchange(channel, apdu.select_application(aid), device).word
    if word.broken:
        raise CardTrouble(device, f"selecting an application was answered {word}")
    return word.ok


def read_start(channel: CardChannel, count: int, device: str) -> bytes | NoObject:
    """The first `count` bytes of the current file, or all there are if it is shorter."""
    read = bytearray()
    trouble = _read_on(channel, read, count, device)
    return bytes(read) if trouble is None else trouble


def read_object(channel: CardChannel, identifier: int, tag: int, device: str) -> bytes | NoObject:
    """The one object of this file, which has the outer tag `tag`, without the filler after it."""
    if not select(channel, identifier, device):
        return NoObject.ABSENT
    read = bytearray()
    trouble = _read_on(channel, read, _PIECE_MAX, device)
    if trouble is not None:
        return trouble
    length = apdu.object_length(read, tag)
    if length is None:
        filler = not read.strip(b"\x00") or not read.strip(b"\xff")
        return NoObject.EMPTY if filler else NoObject.GARBLED
    trouble = _read_on(channel, read, length, device)
    if trouble is not None:
        return trouble
    return bytes(read[:length]) if len(read) >= length else NoObject.GARBLED


def _read_on(channel: CardChannel, read: bytearray, count: int, device: str) -> NoObject | None:
    """Append to `read` until it has `count` bytes or the file ends (then None), or say why it cannot be read."""
    piece = _PIECE_MAX
    while len(read) < min(count, 0x8000):
        asked = min(piece, count - len(read))
        try:
            reply = exchange(channel, apdu.read_binary(len(read), asked), device)
        except ExchangeFailed:
            if asked <= _PIECE_MIN:
                raise
            piece = max(asked // 2, _PIECE_MIN)
            continue
        if reply.word.ok or reply.word.end_of_file:
            read += reply.data
            if reply.word.end_of_file or not reply.data:
                return None
        elif reply.word.value == _END:
            return None
        elif reply.word.value == _TOO_LONG and piece > _PIECE_MIN:
            piece //= 2
        elif reply.word.value == _PROTECTED:
            return NoObject.PROTECTED
        else:
            return NoObject.GARBLED
    return None
