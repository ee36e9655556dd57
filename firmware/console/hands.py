"""Implements `steps.Hands`: what the console may use of the loop and its memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from drivers.decode import to_plain
from drivers.line.site_table import SiteTable
from drivers.ports import Clock
from drivers.trace import Tap
from firmware.book.book import Book
from firmware.book.records import Record
from firmware.config.hours import ServiceHours
from firmware.config.settings import Settings, own_hours
from firmware.config.unit import Unit
from firmware.console.grammar import Refused
from firmware.console.rows import jst
from firmware.desks import Beat, C, DeskName
from firmware.journal.frames import Entry
from firmware.journal.journal import JournalFull, Stored
from firmware.journal.memory import Memory
from firmware.loop import Loop
from firmware.service.availability import Availability, Reason
from firmware.service.site import calendar_of
from firmware.session.scenes import Scene
from firmware.update.standing import CardSystems
from firmware.update.updates import Updates


class LoopHands:
    def __init__(
        self,
        loop: Loop,
        memory: Memory,
        *,
        machine: str,
        version: str,
        hopper_values: Iterable[int],
        now: Callable[[], datetime],
        clock: Clock,
        unit: Unit,
        filed: Unit,
        speaks: bool,
        check_settings: Callable[[Settings], str | None],
        fresh_code: Callable[[], str],
        taps: Mapping[str, Tap],
        systems: CardSystems,
        updates: Updates | None = None,
    ) -> None:
        """`filed`: the unit as its file says it, without the settings made on the console. `speaks`: has a loudspeaker."""
        self.machine = machine
        self.version = version
        self.hopper_values = tuple(sorted(hopper_values))
        self.takes_coins = unit.coin is not None
        self.check_settings = check_settings
        self.now = now
        self.monotonic = clock.monotonic
        self._loop = loop
        self._memory = memory
        self.unit = unit
        self._filed = filed
        self.speaks = speaks
        self._fresh_code = fresh_code
        self.taps = taps
        self.systems = systems
        self.updates = updates
        self.candidate: dict[str, str] | None = None

    @property
    def book(self) -> Book:
        return self._memory.book

    @property
    def state(self) -> Availability:
        return self._loop.reception.state

    @property
    def troubles(self) -> Mapping[str, str]:
        """For each device that cannot be used, its driver's sentence."""
        return self._loop.troubles

    def devices(self) -> Mapping[str, str]:
        return self._loop.reception.devices()

    def desks(self) -> Mapping[str, tuple[str, datetime]]:
        reception = self._loop.reception
        told = reception.devices()
        return {source: (told[source], since) for source, since in reception.since.items()}

    def compared(self) -> tuple[datetime, float] | None:
        return self._loop.reception.compared

    @property
    def door_open(self) -> bool | None:
        return self._loop.reception.door_open

    @property
    def sentence(self) -> str:
        return str(self._loop.state)

    # --- the journal ----------------------------------------------------------------------------

    def head(self) -> tuple[int, str]:
        return self._memory.journal.head()

    def history(self, since_seq: int = 0) -> Iterator[Stored]:
        return self._memory.journal.records(since_seq)

    def entries(self, since_seq: int = 0) -> Iterator[Entry]:
        return self._memory.journal.entries(since_seq)

    @property
    def seal_key(self) -> bytes | None:
        return None if self._memory.seal is None else self._memory.seal.public

    def write(self, record: Record) -> None:
        self._loop.write(record)

    def checkpoint(self) -> None:
        try:
            self._memory.checkpoint()
        except JournalFull:
            raise Refused("full", "The journal has no room for a checkpoint. Free space on its medium.") from None

    def rest(self) -> None:
        self._loop.make_room()

    # --- the machine ----------------------------------------------------------------------------

    def send(self, desk: DeskName[C], command: C, ticket: int) -> None:
        self._loop.send_for_staff(desk, command, ticket)

    def beat(self) -> Beat:
        return self._loop.heartbeat.beat()

    def show(self, scene: Scene | None) -> None:
        self._loop.show_for_staff(scene)

    def fresh_number(self) -> str:
        return f"{int(self._fresh_code(), 16) % 10_000:04}"

    @property
    def glasses(self) -> tuple[str, ...]:
        return ("screen",) if self.unit.clerk is None else ("screen", "clerk's screen")

    def request_maintenance(self) -> None:
        reception = self._loop.reception
        reception.state = reception.state.maintenance_requested()
        self._loop.look_anew()

    def leave_maintenance(self, *, passed: bool) -> None:
        reception = self._loop.reception
        reception.state = reception.state.maintenance_left(self_test_passed=passed)
        self._loop.look_anew()

    def clear(self, reasons: Iterable[Reason]) -> None:
        change = self._loop.reception.cleared(reasons)
        if change is not None:
            self.write(change)

    def settings(self) -> list[tuple[str, str]]:
        return list(_flat("", to_plain(self.unit)))

    def filed(self) -> list[tuple[str, str]]:
        return list(_flat("", to_plain(self._filed)))

    def without_effect(self, settings: Settings) -> list[str]:
        site = self._loop.reception.site
        if site is None:
            return []
        wider = ServiceHours(calendar_of(site.table), own_hours(settings)).without_effect(self.now().date())
        return [f"hours.{line}" for line in wider]

    def site(self) -> str:
        site, trouble = self._loop.reception.site, self._loop.reception.sites.trouble
        held = (
            "none in force" if site is None else f"{site.table.version} in force, until {_jst(site.table.valid_until)}"
        )
        return f"site table {held}{'; the last one was refused: ' if trouble else ''}{trouble}"

    @property
    def site_table(self) -> SiteTable | None:
        site = self._loop.reception.site
        return None if site is None else site.table

    @property
    def trial_left_s(self) -> float | None:
        return self._loop.trial_left_s

    def end(self) -> None:
        self._loop.exit_asked = True


def _jst(at: str) -> str:
    return jst(datetime.fromisoformat(at))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every setting as key and value. None is secret: the unit file names key files and holds no keys."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, entry)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict | list | tuple):
        for number, entry in enumerate(value, start=1):
            yield from _flat(f"{prefix}.{number}", entry)
    elif isinstance(value, list | tuple):
        yield prefix, ",".join(map(str, value))
    else:
        yield prefix, str(value)
