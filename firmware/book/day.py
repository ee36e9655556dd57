"""What happened since the last daily close, gathered from the journal's records: the figures of a Z-report (pure)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from firmware.book import records
from firmware.book.book import Book
from firmware.book.records import Record

CLOSES = frozenset({"close", "close.print"})


@dataclass(frozen=True, slots=True)
class Count:
    """Somebody counted: in yen for the cash box (`value_yen` 0), in coins for the hopper of that coin."""

    value_yen: int
    expected: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZReport:
    """The figures of one close. Yen and copies of the period, unless another is named."""

    number: int  # runs through the life of the journal
    city: str
    place: str
    machine: str
    closed_by: str  # role
    since: datetime | None  # None: since the journal began
    until: datetime
    sold: tuple[tuple[str, int, int], ...]  # title, fee of one copy, copies
    period: Mapping[str, int]  # account -> yen, copies or sheets
    life: Mapping[str, int]  # the same since the machine began
    coins: tuple[tuple[int, int, int, int, int | None], ...]  # yen; coins in, out, now in cash box, now in hopper
    counts: tuple[Count, ...]
    box_yen: int  # should be in the cash box now
    sheets: int | None
    logins: Mapping[str, int]  # role -> how often
    open_cases: int
    advices: int  # of which the centre has not been heard
    sample: bool = False  # an invented city's machine: the slip says 見本


@dataclass(slots=True)
class Day:
    """Give it every record of the journal, oldest first. It keeps a book of its own, so that counts have an expected value."""

    since: datetime | None = (
        None  # the last daily close; None: this journal has none, so it counts from its first record
    )
    sold: Counter[tuple[str, int]] = field(default_factory=Counter)  # kind and fee in yen -> copies that were paid
    coins_in: Counter[int] = field(default_factory=Counter)  # yen -> coins, whoever put them in
    coins_out: Counter[int] = field(default_factory=Counter)  # yen -> coins, as far as it is known how many
    counts: list[Count] = field(default_factory=list)
    logins: Counter[str] = field(default_factory=Counter)  # role -> how often somebody with it logged in
    _book: Book = field(default_factory=Book)
    _kinds: dict[tuple[str, int], str] = field(default_factory=dict)  # request and copy -> kind

    def take(self, record: Record, wall: datetime) -> None:
        """Take in one record, written at `wall`."""
        self._note_service(record)
        self._note_staff(record)
        self._book.apply(record)
        if isinstance(record, records.ConsoleAct) and record.outcome == "ok" and record.verb in CLOSES:
            self._begin_anew(wall)

    def _note_service(self, record: Record) -> None:
        match record:
            case records.Authorised():
                copies = (records.CopyLine(*copy) for copy in record.copies)
                self._kinds = {(record.rid, copy.copy): copy.kind for copy in copies}
            case records.CopyPrinted():
                self.sold[self._kinds.get((record.rid, record.copy), ""), record.fee_yen] += 1
            case records.Coin() | records.StrayCoin() | records.TestCoin():
                self.coins_in[record.value_yen] += 1
            case records.PayDone() | records.StaffPayDone():
                self.coins_out[record.value_yen] += record.paid or 0

    def _note_staff(self, record: Record) -> None:
        match record:
            case records.CashBoxEmptied(counted_yen=counted):
                expected = sum(value * coins for value, coins in self._book.cash_box.items())
                self.counts.append(Count(0, expected, counted))
            case records.FloatSet(value_yen=value, coins=coins) if value in self._book.tubes:  # else the first count
                self.counts.append(Count(value, self._book.tubes[value], coins))
            case records.ConsoleAct(verb="login", outcome="ok"):
                self.logins[record.role] += 1

    def _begin_anew(self, wall: datetime) -> None:
        self.since = wall
        for counted in (self.sold, self.coins_in, self.coins_out, self.counts, self.logins):
            counted.clear()
