"""The first records of a run: what the last one left open is settled before anybody is served.

The workers do not run yet, so the devices can be asked here, by the one thread there is. Nothing is printed and no coin
moves (start steps 1 to 6, invariant I13).
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
    """Who can be asked at a start."""

    def hopper_counters(self, value_yen: int) -> HopperCounters | None: ...

    def keep_whole_page(self) -> None:
        """What lies in the printer's path is a printed copy, not to be marked void when it is cut off."""
        ...


def begin(
    memory: Memory, witnesses: StartPort, first_float: Mapping[int, int], version: str, reason: str = "start"
) -> None:
    """Write that the machine started, settle what was open, match (start step 4), and make room for the first session.

    `first_float`: yen -> coins in each hopper, believed only by a machine whose journal knows of none. `reason`: "medium"
    where the journal's medium ended the last run. Without room the loop lets nobody in, and says so.
    """
    memory.note(records.Boot(reason=reason, version=version))
    book = memory.book
    served = book.session is not None  # the desk may have cut sheets that it could not tell of any more
    if served or book.staff_paying is not None or book.collecting:
        written = recover(book, witnesses, memory.note)
        _log.info("recovery wrote %d records", len(written))
    if not book.tubes:
        for value_yen, coins in first_float.items():
            memory.note(records.FloatSet(value_yen=value_yen, coins=coins))
    *flags, _ = matched(book, _readings(book, witnesses, sheets=not served))
    # The readings are not the book's yet. What lies in the printer's path is about to be cut off, and the paper desk tells
    # the counter then; what left a hopper without a command the coin desk tells, and a cut before that must not hide it.
    for record in (*flags, replace(known(book, _NOTHING_READ), printer_counter=None)):
        memory.note(record)
    if book.whole_in_path:
        witnesses.keep_whole_page()
    with suppress(JournalFull):
        memory.rest()


def _readings(book: Book, ask: StartPort, *, sheets: bool) -> records.Counters:
    """The counters that the book can compare with something; nobody else is asked.

    Not the acceptor: it makes the comparison itself when its desk starts, and tells of stray coins and lost credits.
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
    """Satisfies `StartPort`; no answer is None. A hopper that the unit file has no longer (KeyError) gives none either."""

    def __init__(self, line: Centre, acceptor: CoinAcceptor, hoppers: Hoppers, printer: Printer) -> None:
        self._line = line
        self._acceptor = acceptor
        self._hoppers = hoppers
        self._printer = printer

    def status(self, rid: str) -> Mapping[int, CopyState] | None:
        held = self._line.status(rid)
        return None if isinstance(held, CentreUnreachable) else held

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None:
        try:
            self._hoppers.start()
            return self._hoppers.settle(value_yen, coins, before)
        except (DeviceError, KeyError):
            return None

    def hopper_counters(self, value_yen: int) -> HopperCounters | None:
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
        try:
            self._acceptor.start()
            return self._acceptor.poll()
        except DeviceError:
            return ()

    def acceptor_counters(self) -> AcceptorCounters | None:
        try:
            self._acceptor.start()
            handed_over = self._acceptor.counters().event_counter  # what is new comes as a stray coin, from its desk
            return AcceptorCounters(event_counter=handed_over, accepted_total=self._acceptor.accepted_by_device())
        except DeviceError:
            return None
