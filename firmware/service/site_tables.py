"""The site tables that the machine keeps: which one is in force, and whether a new set takes their place.

The book has them as signed text (record `SiteTablesKept`), so a power cut leaves the old set or the new one, and every start
verifies them again. A set is kept whole or not at all. One whose highest version is lower than what is held never takes its
place: the centre is told, because somebody may be playing an old table again (fault N10). Until a table is in force
the machine does not open (reason 150).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from drivers.line.fields import BadMessage
from drivers.line.site_table import LONGEST, SignedTable, SiteTable
from firmware.book import records
from firmware.book.book import Book
from firmware.book.schema import canonical
from firmware.config.hours import HoursError
from firmware.journal.journal import SESSION_BYTES
from firmware.service.site import Site

_MOST_BYTES = SESSION_BYTES - (16 << 10)  # in the journal, which keeps so much room while nobody is served

OLDER, REFUSED = "site_table_older", "site_table_refused"

Verify = Callable[[Sequence[SignedTable]], tuple[SiteTable, ...]]  # raises `BadMessage`


class SiteTables:
    """`own`: the calendar of staff, which narrows every table."""

    def __init__(
        self, book: Book, verify: Verify, *, profile: str, own: Mapping[str, Any], now: Callable[[], datetime]
    ) -> None:
        self._book = book
        self._verify = verify
        self._profile = profile
        self._own = own
        self._now = now
        self._alarms: set[str] = set()
        self._told: set[tuple[str, int, str]] = set()
        self.trouble = ""  # why the last set was refused, as a sentence
        self._sites = self._kept()
        self._chosen: tuple[datetime, datetime, Site | None] | None = None

    def _kept(self) -> tuple[Site, ...]:
        try:
            return self._read([SignedTable(*kept) for kept in self._book.site_tables])
        except (BadMessage, HoursError) as error:
            self._alarm(REFUSED, self._book.site_version, str(error))
            return ()

    @property
    def version(self) -> int:
        """The highest version held that this program can use; 0: none."""
        return self._book.site_version if self._sites else 0

    # --- in force -------------------------------------------------------------------------------

    def in_force(self, now: datetime) -> Site | None:
        """Of the tables that hold now, the one that holds since last."""
        if self._chosen is None or not self._chosen[0] <= now < self._chosen[1]:
            self._chosen = self._choose(now)
        return self._chosen[2]

    def _choose(self, now: datetime) -> tuple[datetime, datetime, Site | None]:
        """The table in force at `now`, with the instants between which the answer is the same."""
        holding = [site for site in self._sites if site.table.in_force(now)]
        changes = [at for site in self._sites for at in (site.table.begins, site.table.ends)]
        since = max((at for at in changes if at <= now), default=datetime.min.replace(tzinfo=now.tzinfo))
        until = min((at for at in changes if at > now), default=datetime.max.replace(tzinfo=now.tzinfo))
        return since, until, max(holding, key=lambda site: site.table.begins, default=None)

    # --- a new set ------------------------------------------------------------------------------

    def wants(self, told: int) -> bool:
        """Whether to fetch the set whose version the centre told. A lower one is not fetched but reported."""
        if 0 < told < self._book.site_version:
            self._alarm(OLDER, told, f"the centre has only {told}, and {self._book.site_version} is held")
        return told > self.version and told >= self._book.site_version

    def taken(self, fetched: Sequence[SignedTable]) -> records.SiteTablesKept | None:
        """The record that keeps this set; None: there is nothing to keep, or it is refused and the centre will hear it."""
        try:
            sites = self._read(fetched)
            self._must_end_in_time(sites)
        except (BadMessage, HoursError) as error:
            self._alarm(REFUSED, 0, str(error))
            return None
        version = max(site.table.version for site in sites)
        if sum(len(canonical(one.table)) for one in fetched) > _MOST_BYTES:
            self._alarm(REFUSED, version, "the site tables are together too large for the journal")
            return None
        if version < self._book.site_version:
            self._alarm(OLDER, version, f"{version} was fetched, and {self._book.site_version} is held")
            return None
        if version == self.version:
            return None
        return records.SiteTablesKept(version, [records.KeptTable(one.table, one.signature) for one in fetched])

    def changed(self) -> None:
        """The book has another set now."""
        self.trouble = ""
        self._sites, self._chosen = self._kept(), None

    def _read(self, signed: Sequence[SignedTable]) -> tuple[Site, ...]:
        """Raises `BadMessage` or `HoursError` with the first table that cannot be used."""
        sites = tuple(Site.read(table, self._own) for table in self._verify(signed))
        for site in sites:
            if site.table.profile != self._profile:
                raise BadMessage(f"site table: it is for a {site.table.profile}, and this machine is a {self._profile}")
        return sites

    def _must_end_in_time(self, sites: Sequence[Site]) -> None:
        """A table that holds too long would be served by long after the centre has lost the machine."""
        latest = self._now() + LONGEST
        if any(site.table.ends > max(latest, site.table.begins + LONGEST) for site in sites):
            raise BadMessage("site table: valid_until is more than 60 days away")

    # --- alarms ---------------------------------------------------------------------------------

    @property
    def alarms(self) -> tuple[str, ...]:
        """Words for the heartbeat, until the centre has heard them."""
        return tuple(sorted(self._alarms))

    def heard(self, words: Sequence[str]) -> None:
        """The centre has answered a heartbeat with these words."""
        self._alarms -= set(words)

    def _alarm(self, word: str, version: int, sentence: str) -> None:
        """Tell the centre once of each thing that was refused."""
        if (word, version, sentence) not in self._told:
            self._told.add((word, version, sentence))
            self._alarms.add(word)
        self.trouble = sentence
