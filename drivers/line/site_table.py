"""The signed site table: what the city lets this machine issue, when, for how much, and where else. Pure.

The centre makes one for each machine (README.md, "The site table"). The machine serves by it, also while the line is down, so
everything in it is checked here before it is kept: signature, addressee, every field. `BadMessage` says in one sentence why a
table is refused. What the lines of hours mean is read by `firmware/config/hours.py`.
"""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.decode import between, listed, written
from drivers.line.fields import BadMessage, Line, Message, Text, Time, base64_of, instant, line, needs_japanese, read
from drivers.line.messages import Yen
from drivers.vocabulary import CardKind

PREFIX = b"kofuki-site-table-1"
LONGEST = timedelta(days=61)  # 60 days behind the day it was made, and a day for clocks that differ
PICTURE_PX = 96
PNG_BEGINS = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_MOST_LETTERS = 200 * 1024

Kind = Annotated[str, written("[a-z0-9][a-z0-9_.-]{0,31}", "a word of a-z, 0-9, _ . -")]
Kinds = Annotated[tuple[Kind, ...], listed(0, 50)]
Day = Annotated[str, written("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, as 2026-12-29")]
Week = Mapping[Annotated[str, line(16)], Annotated[str, line(100)]]  # day key -> line of hours
Hours = Mapping[Kind, Week]  # `default` or a kind -> its week
ClosedDays = Annotated[
    tuple[Annotated[str, written("([0-9]{4}-)?[0-9]{2}-[0-9]{2}", "a day, as 12-29 or 2026-11-30")], ...],
    listed(0, 400),
]
Telephone = Annotated[str, written("[0-9][0-9-]{3,19}", "in digits and dashes")]


class Municipality(Message, frozen=True, kw_only=True):
    code: Annotated[str, written("[0-9]{6}", "six digits")]
    name: Text
    sample: bool = False  # what it prints says so; tables made before it have no such field

    def __post_init__(self) -> None:
        needs_japanese(self.name)


class KindHere(Message, frozen=True, kw_only=True):
    """A kind of certificate that is issued at this machine."""

    kind: Kind
    title: Text
    fee_yen: Yen
    copies_max: Annotated[int, between(1, 9)]

    def __post_init__(self) -> None:
        needs_japanese(self.title)


class Window(Message, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Closed from the one minute to the other, in Asia/Tokyo. Without `kinds`: as a whole."""

    from_: Annotated[str, line(32)]
    until: Annotated[str, line(32)]
    kinds: Kinds = ()


class Notice(Message, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Shown on these days, the first and the last included. `picture`: a PNG in base64; tables made before it have no such field."""

    from_: Day
    until: Day
    text: Text
    picture: Annotated[str, written("[A-Za-z0-9+/]{0,5464}={0,2}", "base64 of at most 4 KiB")] = ""

    def __post_init__(self) -> None:
        needs_japanese(self.text)
        if self.picture:
            _small_png(self.picture)
        if _day(self.from_) > _day(self.until):
            raise ValueError("a notice ends before it begins")

    def holds(self, day: date) -> bool:
        return _day(self.from_) <= day <= _day(self.until)


class Purpose(Message, frozen=True, kw_only=True):
    """What a paper is for, and what it answers: kind -> key of a question -> the answer. What it does not answer is asked."""

    title: Text
    answers: Mapping[Kind, Mapping[Annotated[str, line(32)], Annotated[str, line(32)]]]

    def __post_init__(self) -> None:
        needs_japanese(self.title)


class Place(Message, frozen=True, kw_only=True):
    """Where else these kinds are issued. `staffed`: a counter with people, which also does what no machine can."""

    name: Text
    way: Text
    telephone: Telephone
    staffed: bool
    kinds: Kinds
    hours: Hours
    closed_days: ClosedDays
    maintenance: Annotated[tuple[Window, ...], listed(0, 100)]

    def __post_init__(self) -> None:
        needs_japanese(self.name, self.way)


class SiteTable(Message, frozen=True, kw_only=True):
    """One table. Nothing in it depends on a date of change: a change that is announced is a second table."""

    machine: Line
    version: Annotated[int, between(1, 2**53 - 1)]
    valid_from: Time
    valid_until: Time
    municipality: Municipality
    profile: Literal["store", "office", "counter"]
    place: Text
    telephone: Telephone
    cards: Annotated[tuple[CardKind, ...], listed(1, 10)]
    p384_cards: bool = False  # the next 個人番号カード (card source 12); tables made before it have no such field
    youngest_years: Annotated[int, between(0, 99)]
    hours: Hours
    closed_days: ClosedDays
    maintenance: Annotated[tuple[Window, ...], listed(0, 100)]
    kinds: Annotated[tuple[KindHere, ...], listed(0, 50)]
    notices: Annotated[tuple[Notice, ...], listed(0, 60)]
    places: Annotated[tuple[Place, ...], listed(0, 100)]
    purposes: Annotated[tuple[Purpose, ...], listed(0, 40)] = ()  # tables made before it have no such field

    def __post_init__(self) -> None:
        needs_japanese(self.place)
        if self.begins >= self.ends:
            raise ValueError("valid_until is not after valid_from")
        if len({here.kind for here in self.kinds}) != len(self.kinds):
            raise ValueError("kinds has a kind twice")

    @property
    def begins(self) -> datetime:
        return instant(self.valid_from)

    @property
    def ends(self) -> datetime:
        return instant(self.valid_until)

    def in_force(self, now: datetime) -> bool:
        return self.begins <= now < self.ends


@dataclass(frozen=True, slots=True)
class SignedTable:
    """A table as it came, letter by letter, so that it can be verified again: canonical JSON, and base64."""

    table: str
    signature: str


class _Signed(Message, frozen=True, kw_only=True):
    table: str
    signature: Annotated[str, base64_of(64)]


class _Tables(Message, frozen=True, kw_only=True):
    tables: Annotated[tuple[_Signed, ...], listed(1, 8)]


def read_tables(body: bytes) -> tuple[SignedTable, ...]:
    """The tables in an answer of the centre, not yet verified. Raises `BadMessage`."""
    given = read(_Tables, body, "site tables")
    return tuple(SignedTable(one.table, one.signature) for one in given.tables)


def opened(signed: SignedTable, key: Ed25519PublicKey, machine: str) -> SiteTable:
    """The table, verified. Raises `BadMessage`: its signature is wrong, it is another machine's, or a field is."""
    if len(signed.table) > _MOST_LETTERS:
        raise BadMessage("site table: it is larger than 200 KiB")
    told = signed.table.encode("utf-8")
    try:
        key.verify(base64.b64decode(signed.signature), PREFIX + told)
    except InvalidSignature:
        raise BadMessage("site table: its signature is not the centre's") from None
    table = read(SiteTable, told, "site table")
    if table.machine != machine:
        raise BadMessage("site table: machine is another one's name")
    return table


def all_opened(signed: Sequence[SignedTable], key: Ed25519PublicKey, machine: str) -> tuple[SiteTable, ...]:
    """Every table of a set, verified. Raises `BadMessage` if one is refused: a set is kept whole or not at all."""
    return tuple(opened(one, key, machine) for one in signed)


def _small_png(text: str) -> None:
    """Raises ValueError unless it begins as a PNG whose sides are within what a screen has room for."""
    try:
        head = base64.b64decode(text, validate=True)[:24]
    except ValueError:
        raise ValueError("has a picture that is not base64") from None
    sides = struct.unpack(">II", head[16:24]) if len(head) == 24 else (0, 0)
    if head[:16] != PNG_BEGINS or not all(1 <= side <= PICTURE_PX for side in sides):
        raise ValueError(f"has a picture that is no PNG of at most {PICTURE_PX} pixels each way")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("has a day that does not exist") from None
