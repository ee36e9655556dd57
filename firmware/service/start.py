"""The start of a run: `begin` settles what the last run left open, before anybody is served.

The workers do not run yet, so the main thread may ask the devices. Nothing is printed and no coin moves (start steps 1 to 6,
invariant I13).
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from drivers.errors import DeviceError
from drivers.vocabulary import AcceptorCounters, CentreUnreachable, CoinEvent, CopyState, Dispensed, HopperCounters
from firmware.book import records
from firmware.book.book import Book
from firmware.book.match import known, matched
from firmware.book.recovery import RecoveryPort, recover
from firmware.journal.journal import JournalFull
from firmware.journal.memory import Memory
from firmware.ports import Centre, CoinAcceptor, Hoppers, Printer

_NOTHING_READ = records.Counters(acceptor_event=None, acceptor_total=None, printer_counter=None, hoppers=())
_log = logging.getLogger(__name__)


class StartPort(RecoveryPort, Protocol):
    """What `begin` asks at a start; None means no answer."""

    def hopper_counters(self, value_yen: int) -> HopperCounters | None: ...

    def keep_whole_page(self) -> None:
        """The path holds a printed copy: the printer must not mark it void when cutting it off."""
        ...


def begin(
    memory: Memory, witnesses: StartPort, first_float: Mapping[int, int], version: str, reason: str = "start"
) -> None:
    """Write `Boot`, settle what was open, match (start step 4), and reserve room for the first session.

    `first_float`: yen -> coins in each hopper, used only if the journal has no count yet. `reason`: "medium" if the journal's
    medium ended the last run, else "start". If there is no room, the loop closes the machine (103).
    """
    memory.note(records.Boot(reason=reason, version=version))
    book = memory.book
    served = book.session is not None  # the last run may have cut sheets of which it wrote no record
    if served or book.staff_paying is not None or book.collecting:
        written = recover(book, witnesses, memory.note)
        _log.info("recovery wrote %d records", len(written))
    if not book.tubes:
        for value_yen, coins in first_float.items():
            memory.note(records.FloatSet(value_yen=value_yen, coins=coins))
    *flags, _ = matched(book, _readings(book, witnesses, sheets=not served))
    # The readings do not go into the book here. The paper desk soon cuts off what lies in the path, and then reports the
    # printer's counter. The coin desk reports coins that left a hopper without a command; if the readings were in the book
    # and the power failed before that, nobody would find those coins.
    for record in (*flags, replace(known(book, _NOTHING_READ), printer_counter=None)):
        memory.note(record)
    if book.whole_in_path:
        witnesses.keep_whole_page()
    with suppress(JournalFull):
        memory.rest()


def _readings(book: Book, ask: StartPort, *, sheets: bool) -> records.Counters:
    """The counters that the book can compare with a value of its own.

    The acceptor is not asked: its driver compares when the coin desk starts, and reports stray coins and lost credits.
    """
    hoppers = {value: ask.hopper_counters(value) for value in book.hoppers}
    return records.Counters(
        acceptor_event=None,
        acceptor_total=None,
        printer_counter=ask.printer_counter() if sheets and book.printer_counter is not None else None,
        hoppers=[
            records.HopperReading(value, seen.event_counter, seen.life_total)
            for value, seen in hoppers.items()
            if seen is not None
        ],
    )


class Witnesses:
    """Implements `StartPort`. A hopper that is no longer in the unit file (KeyError) counts as not answering."""

    def __init__(self, line: Centre, coins: tuple[CoinAcceptor, Hoppers] | None, printer: Printer) -> None:
        """`coins`: None at a counter terminal, where no coin can have moved."""
        self._line = line
        self._acceptor: CoinAcceptor | None = None
        self._hoppers: Hoppers | None = None
        if coins is not None:
            self._acceptor, self._hoppers = coins
        self._printer = printer

    def status(self, rid: str) -> Mapping[int, CopyState] | None:
        held = self._line.status(rid)
        return None if isinstance(held, CentreUnreachable) else held

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None:
        if self._hoppers is None:
            return None
        try:
            self._hoppers.start()
            return self._hoppers.settle(value_yen, coins, before)
        except (DeviceError, KeyError):
            return None

    def hopper_counters(self, value_yen: int) -> HopperCounters | None:
        if self._hoppers is None:
            return None
        try:
            return self._hoppers.counters(value_yen)
        except (DeviceError, KeyError):
            return None

    def keep_whole_page(self) -> None:
        self._printer.keep_whole_page()

    def printer_counter(self) -> int | None:
        try:
            return self._printer.counter()
        except DeviceError:
            return None

    def late_coins(self) -> Sequence[CoinEvent]:
        if self._acceptor is None:
            return ()
        try:
            self._acceptor.start()
            return self._acceptor.poll()
        except DeviceError:
            return ()

    def acceptor_counters(self) -> AcceptorCounters | None:
        if self._acceptor is None:
            return None
        try:
            self._acceptor.start()
            handed_over = self._acceptor.counters().event_counter  # the coin desk reports later coins
            return AcceptorCounters(event_counter=handed_over, accepted_total=self._acceptor.accepted_by_device())
        except DeviceError:
            return None
