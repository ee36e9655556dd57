"""Records on their way to a laptop: as rows of text that a terminal's log keeps, and back. Pure.

    kofuki-export 1 rig-01 4001 4120      machine, first and last record
    key 5f0c...                           the public key that signs its checkpoints, or `none`
    before 91ab...                        the hash that the first record continues
    4001 yksBAQAA...                      a record's bytes as on the medium (frames.py), in base64, in rows that
    4001 ZGVmYXVs...                      begin with its number
    end 4120 345                          the last record, and how many rows there were

Rows have at most 79 columns. A log may hold anything before, between and behind them, and an export in several pieces.
Nothing is trusted but the hash chain: each record is checked as a start of the machine would.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from firmware.journal.frames import Entry, pack_record, unpack_record
from firmware.journal.seal import PUBLIC_BYTES

_ROW_LETTERS = 64
_BEGIN = re.compile(r"kofuki-export (\d+) ([\w.-]+) (\d+) (\d+)")
_FORMAT = "1"
_KEY = re.compile(rf"key ([0-9a-f]{{{2 * PUBLIC_BYTES}}}|none)")
_BEFORE = re.compile(r"before ([0-9a-f]{64})")
_ROW = re.compile(rf"(\d+) ([A-Za-z0-9+/=]{{1,{_ROW_LETTERS}}})")
_END = re.compile(r"end (\d+) (\d+)")


class Unreadable(Exception):
    """The rest of the journal cannot be read; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Export:
    """What logs held. `until_seq`: the last record that was asked for; fewer entries: the export was cut off."""

    machine: str
    key: bytes | None
    entries: list[Entry]
    until_seq: int

    @property
    def missing_from(self) -> int | None:
        """The first record that is not there any more; None: the export is whole."""
        got = self.entries[-1].seq if self.entries else 0
        return None if got >= self.until_seq else got + 1


@dataclass(slots=True)
class _Piece:
    machine: str
    first: int
    last: int
    key: bytes | None = None
    before: bytes = b""
    rows: dict[int, list[str]] = field(default_factory=dict)
    ended: bool = False


def head_rows(machine: str, key: bytes | None, first: int, last: int, before: bytes) -> Iterator[str]:
    """The rows before the first record."""
    yield f"kofuki-export {_FORMAT} {machine} {first} {last}"
    yield f"key {'none' if key is None else key.hex()}"
    yield f"before {before.hex()}"


def record_rows(entry: Entry) -> Iterator[str]:
    """The rows of one record."""
    packed, _ = pack_record(
        number=entry.number,
        flags=entry.flags,
        clock=entry.clock,
        seq=entry.seq,
        boot=entry.boot,
        mono_ms=entry.mono_ms,
        wall_ms=entry.wall_ms,
        payload=entry.payload,
        before=entry.before,
    )
    text = base64.b64encode(packed).decode("ascii")
    for at in range(0, len(text), _ROW_LETTERS):
        yield f"{entry.seq} {text[at : at + _ROW_LETTERS]}"


def end_row(last: int, rows: int) -> str:
    return f"end {last} {rows}"


def read(texts: Mapping[str, str]) -> Export:
    """The export in these logs (name -> text). Raises `Unreadable`; an export that was cut off is none of it."""
    pieces = [piece for name, text in texts.items() for piece in _pieces(name, text)]
    machines = sorted({piece.machine for piece in pieces})
    if len(machines) > 1:
        raise Unreadable(f"These are exports of several machines: {', '.join(machines)}. Read those of one at a time.")
    if len({piece.key for piece in pieces}) > 1:
        raise Unreadable("The exports name different keys, so one of them is not of this machine.")
    pieces.sort(key=lambda piece: (piece.first, piece.last))
    entries: list[Entry] = []
    for piece in pieces:
        _join(entries, piece)
    return Export(machines[0], pieces[0].key, entries, max(piece.last for piece in pieces))


def _pieces(name: str, text: str) -> list[_Piece]:
    """The exports in one log. Raises `Unreadable` when there is none."""
    pieces: list[_Piece] = []
    for row in map(str.strip, text.splitlines()):
        if begin := _BEGIN.fullmatch(row):
            if begin[1] != _FORMAT:
                raise Unreadable(f"{name} is an export of form {begin[1]}; this program reads form {_FORMAT}.")
            pieces.append(_Piece(begin[2], int(begin[3]), int(begin[4])))
        elif pieces and not pieces[-1].ended:
            _take(pieces[-1], row, name)
    if not pieces:
        raise Unreadable(
            f"{name} holds no export. Let the terminal keep a log, type `journal export`, and give that log."
        )
    return pieces


def _take(piece: _Piece, row: str, name: str) -> None:
    if found := _ROW.fullmatch(row):
        piece.rows.setdefault(int(found[1]), []).append(found[2])
    elif found := _KEY.fullmatch(row):
        piece.key = None if found[1] == "none" else bytes.fromhex(found[1])
    elif found := _BEFORE.fullmatch(row):
        piece.before = bytes.fromhex(found[1])
    elif found := _END.fullmatch(row):
        count = sum(map(len, piece.rows.values()))
        if count != int(found[2]):
            raise Unreadable(
                f"{name}: {count} of {found[2]} rows came over the line. Export again: `journal export {piece.first}`."
            )
        piece.ended = True


def _join(entries: list[Entry], piece: _Piece) -> None:
    """Add the piece's records behind those that are there. Raises `Unreadable` for a gap or a break of the chain."""
    if entries and piece.first > entries[-1].seq + 1:
        raise Unreadable(
            f"Records {entries[-1].seq + 1} to {piece.first - 1} are missing. "
            f"Export them too: `journal export {entries[-1].seq + 1}`."
        )
    before, known = piece.before, {entry.seq: entry for entry in entries}
    cut_at = math.inf if piece.ended else max(piece.rows, default=piece.first)
    for seq in range(piece.first, piece.last + 1):
        entry = _record(piece.rows.get(seq, ()), before)
        if entry is None and seq >= cut_at:
            return
        if entry is None or entry.seq != seq:
            raise Unreadable(
                f"Record {seq} was changed or damaged: it does not continue the one before. "
                f"Export again: `journal export {seq}`. If it stays so, call an engineer."
            )
        if seq in known and known[seq].hash != entry.hash:
            raise Unreadable(f"Two exports give record {seq} differently, so one of them was changed.")
        before = entry.hash
        if seq not in known:
            if entries and entry.before != entries[-1].hash:
                raise Unreadable(f"Record {seq} does not continue record {entries[-1].seq} of the other export.")
            entries.append(entry)


def _record(rows: Iterable[str], before: bytes) -> Entry | None:
    try:
        packed = base64.b64decode("".join(rows), validate=True)
    except binascii.Error:
        return None
    found = unpack_record(packed, 0, before)
    if found is None or not found[1] or found[0].end != len(packed):
        return None
    return found[0]
