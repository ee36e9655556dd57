"""One site table, ready to serve by: what may be had here now, and where else it may be had.

Pure: the time is an argument. A place that shuts before somebody could get there is not named, and nobody is sent to a place
that is shut without being told when it opens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from drivers.decode import to_plain
from drivers.line.site_table import Notice, Place, SiteTable
from drivers.vocabulary import Text
from firmware.config.hours import TOKYO, Open, ServiceHours
from firmware.session.scenes import Elsewhere, KindNow

WALK_S = 900.0  # to a place nearby


@dataclass(frozen=True, slots=True)
class Nearby:
    """A place of the table, with its hours."""

    place: Place
    hours: ServiceHours

    def told(self, now: datetime, kinds: frozenset[str], titles: tuple[Text, ...]) -> Elsewhere | None:
        """How the screen tells of it: open until, else opens at. None: it issues none of the kinds, or does not open again."""
        opened = [state for kind in kinds if isinstance(state := self.hours.state(now, kind), Open)]
        until = max((state.until for state in opened), default=None)
        opens_at = None
        if until is None or until < now + timedelta(seconds=WALK_S):
            until = None
            nexts = [at for kind in kinds if (at := self.hours.next_opening(now, kind)) is not None]
            opens_at = min(nexts, default=None)
            if opens_at is None:
                return None
        place = self.place
        return Elsewhere(
            name=place.name,
            way=place.way,
            telephone=place.telephone,
            until=None if until is None else clock_time(now, until),
            open_now=until is not None,
            opens_at=opens_at,
            kinds=titles,
        )


@dataclass(frozen=True, slots=True)
class Site:
    table: SiteTable
    hours: ServiceHours
    nearby: tuple[Nearby, ...]

    @classmethod
    def read(cls, table: SiteTable, own: Mapping[str, Any] | None = None) -> "Site":
        """`own`: the calendar of staff, which narrows. Raises `HoursError`."""
        nearby = tuple(Nearby(place, ServiceHours(calendar_of(place))) for place in table.places)
        return cls(table, ServiceHours(calendar_of(table), own), nearby)

    def admits(self, now: datetime, longest_session_s: float) -> bool:
        """Whether a session for at least one kind may begin now and still end before closing."""
        return bool(self.open_kinds(now, longest_session_s))

    def open_kinds(self, now: datetime, longest_session_s: float) -> frozenset[str]:
        return frozenset(here.kind for here in self.table.kinds if self.hours.admits(now, longest_session_s, here.kind))

    def kinds_now(self, now: datetime, longest_session_s: float) -> tuple[KindNow, ...]:
        """What a session that begins now may issue: title, fee, and until when one may begin."""
        told = []
        for here in self.table.kinds:
            state = self.hours.state(now, here.kind)
            last = state.until - timedelta(seconds=longest_session_s) if isinstance(state, Open) else now
            if isinstance(state, Open) and now <= last:
                told.append(KindNow(title=here.title, fee_yen=here.fee_yen, until=clock_time(now, last)))
        return tuple(told)

    def opens_at(self, now: datetime) -> datetime | None:
        """When a session may begin again. A kind that is open now, but not for long enough, counts from its next opening."""
        nexts = (self.hours.next_opening(now, here.kind) for here in self.table.kinds)
        return min((at for at in nexts if at is not None), default=None)

    def kinds_anywhere(self) -> frozenset[str]:
        """The kinds that are issued here or at a place nearby."""
        near = (kind for nearby in self.nearby for kind in nearby.place.kinds)
        return frozenset((*(here.kind for here in self.table.kinds), *near))

    def notice(self, now: datetime) -> Notice | None:
        """A notice of today; with several, each in turn for a minute."""
        local = now.astimezone(TOKYO)
        told = [notice for notice in self.table.notices if notice.holds(local.date())]
        return told[local.minute % len(told)] if told else None

    # --- where else -----------------------------------------------------------------------------

    def elsewhere(
        self, now: datetime, kinds: Iterable[str], *, staffed: bool = False, least: int = 1
    ) -> tuple[Elsewhere, ...]:
        """For these kinds, the fewest places: the first in the table that is open now, else the next to open.

        `staffed`: only counters with people. `least`: so many places at least, as far as the table knows others.
        """
        whole = frozenset(kinds)
        others = [nearby for nearby in self.nearby if nearby.place.staffed or not staffed]
        left, told = whole, list[Elsewhere]()
        while left or 0 < len(told) < least:
            found = self._best(now, left or whole, others, whole)
            if found is None:
                break
            nearby, elsewhere, had = found
            others.remove(nearby)
            told.append(elsewhere)
            left -= had
        return tuple(told)

    def _best(
        self, now: datetime, kinds: frozenset[str], among: Iterable[Nearby], whole: frozenset[str]
    ) -> tuple[Nearby, Elsewhere, frozenset[str]] | None:
        """The place that has most of these kinds now, else the first to open; and the kinds that it has."""
        found: list[tuple[tuple[bool, float, int], Nearby, Elsewhere, frozenset[str]]] = []
        for nearby in among:
            common = kinds & frozenset(nearby.place.kinds)
            if not common:
                continue
            had = frozenset(k for k in common if isinstance(nearby.hours.state(now, k), Open)) or common
            told = nearby.told(now, had, () if had == whole else self._titles(had))
            if told is not None:
                waits_s = 0.0 if told.opens_at is None else (told.opens_at - now).total_seconds()
                found.append(((not told.open_now, waits_s, -len(had)), nearby, told, had))
        if not found:
            return None
        _, place, elsewhere, had = min(found, key=lambda entry: entry[0])
        return place, elsewhere, had

    def _titles(self, kinds: frozenset[str]) -> tuple[Text, ...]:
        return tuple(here.title for here in self.table.kinds if here.kind in kinds)


def calendar_of(entry: SiteTable | Place) -> dict[str, Any]:
    """The hours, closed days and windows of a machine or place, as `ServiceHours` reads them."""
    plain = to_plain(entry)
    return {**plain["hours"], "closed_days": plain["closed_days"], "maintenance": plain["maintenance"]}


def clock_time(now: datetime, at: datetime) -> time | None:
    """The time of day of an instant before the next midnight in Japan; None: it is later."""
    local = at.astimezone(TOKYO)
    return local.time() if local.date() == now.astimezone(TOKYO).date() else None
