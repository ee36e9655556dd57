"""The one loop. It owns all state: an answer comes in, the session takes a step, effects go out in order.

Order is the whole point. A `Write` whose record must be durable is on the disk before the effect behind it is sent, so nothing
irreversible happens that the journal does not know. An answer carries the ticket of the step that asked;
when the session has moved on, the answer is counted and dropped before the table can see it. What happens by
itself (a key, a coin, a card) has no ticket and is always heard.

The loop sleeps in `Crew.receive` only, so the same loop runs in virtual time.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Protocol

from drivers.ports import Clock
from drivers.vocabulary import CoinEvent, Reserved, StrayPayout
from firmware.book import records
from firmware.book.book import Book
from firmware.book.cases import DOOR_OPENED
from firmware.config.settings import TRIAL_S
from firmware.config.unit import Timeouts
from firmware.console.console import Console
from firmware.desks import (
    Acknowledged,
    Advised,
    Answer,
    Beat,
    CoinNews,
    Command,
    DoorMoved,
    Health,
    Heard,
    Paired,
    SheetCut,
    Stranger,
    WipeDesk,
)
from firmware.journal.journal import JournalFull
from firmware.journal.memory import Memory
from firmware.service.advices import Advices
from firmware.service.availability import Reason
from firmware.service.reception import Reception
from firmware.session import effects as fx
from firmware.session.context import Context, House
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    DoorOpened,
    Fault,
    Report,
    SlotClosed,
    Ticked,
    TimedOut,
    Wiped,
)
from firmware.session.machine import step
from firmware.session.scenes import Scene
from firmware.session.states import RULES, State, Wait
from firmware.session.view import scene
from firmware.workers import Crew

DESK_OF: dict[type[fx.Effect], str] = {
    fx.ReadCard: "card",
    fx.ProveCard: "card",
    fx.ReleaseCard: "card",
    fx.SetKeypad: "keypad",
    fx.AskChallenge: "line",
    fx.Authenticate: "line",
    fx.Reserve: "line",
    fx.Fetch: "line",
    fx.Rasterise: "paper",
    fx.CheckPaper: "paper",
    fx.CountPaper: "paper",
    fx.Print: "paper",
    fx.PrintReceipt: "paper",
    fx.PrintClaimSlip: "paper",
    fx.WatchExit: "paper",
    fx.CutRemains: "paper",
    fx.ClearPaper: "paper",
    fx.CheckCoins: "coin",
    fx.OpenSlot: "coin",
    fx.CloseSlot: "coin",
    fx.CountHopper: "coin",
    fx.Dispense: "coin",
}
WORK_S = 40.0  # above every desk's own deadline: reached only when a desk hangs
LONG_WORK_S = 180.0
ROOM_S = 10.0  # between two looks whether a full journal has room again
PRINT_MARGIN_S = 60.0  # from the last coin to the last dot
DRAINING = frozenset({State.DRAINING_PAID, State.DRAINING_REFUND})
WIPING_DESKS = ("line", "paper", "keypad")


class Show(Protocol):
    """Puts a scene before the resident."""

    def __call__(self, scene: Scene) -> None: ...


@dataclass(slots=True)
class Timer:
    """When the state ends by itself, and when its countdown was last shown."""

    ends_at_s: float | None = None
    shown_s: int | None = None


class Loop:
    def __init__(
        self,
        *,
        crew: Crew,
        clock: Clock,
        memory: Memory,
        house: House,
        timeouts: Timeouts,
        reception: Reception,
        show: Show,
        fresh_id: Callable[[], str],
        heartbeat_s: float,
        publish: Callable[["Loop"], None] = lambda _: None,
        self_check: Callable[[], frozenset[str]] = frozenset,
        console: Callable[["Loop"], Console] | None = None,
    ) -> None:
        """`console`: makes the maintenance console of this loop, where the machine has one."""
        self.state = State.IDLE
        self.reception = reception
        self.stale_answers = 0
        self.sessions = 0
        self._crew = crew
        self._clock = clock
        self._memory = memory
        self._house = house
        self._timeouts = timeouts
        self._show = show
        self._fresh_id = fresh_id
        self._heartbeat_s = heartbeat_s
        self._publish = publish
        self._self_check = self_check
        self._timer = Timer()
        self._ticket = 0
        self._promise_ends_s = 0.0
        self._card_here = False
        self._advices = Advices(memory, clock, lambda advise: self.send("line", advise))
        self._beat_at_s = clock.monotonic() + heartbeat_s
        self._beat_under_way = False
        self._look_at_s = 0.0
        self._room_at_s = 0.0  # when to look for room in the journal
        self._shown: Scene | None = None
        self._reports: deque[Report] = deque()
        self.context = self._fresh_context()
        self.exit_asked = False  # the program shall end, and be started again
        self._trial_ends_s = clock.monotonic() + TRIAL_S
        self._console = console(self) if console is not None else None

    # --- turning --------------------------------------------------------------------------------

    def turn(self, longest_wait_s: float = 1.0) -> None:
        """Wait for one answer or the next instant that matters, and deal with it."""
        posted = self._crew.receive(min(longest_wait_s, self._until_next_s()))
        if posted is not None:
            self._hear(posted.answer, posted.ticket)
        self._pass_time()

    @property
    def book(self) -> Book:
        """What the journal says, kept up to date as it is written."""
        return self._memory.book

    @property
    def scene(self) -> Scene | None:
        """What is on the screen."""
        return self._shown

    def redraw(self) -> None:
        """Show what the state says, if that is not what is shown already."""
        wanted = scene(self.state, self.context)
        if wanted != self._shown:
            self._shown = wanted
            self._show(wanted)
        self._publish(self)

    # --- hearing --------------------------------------------------------------------------------

    def _hear(self, answer: Answer, ticket: int | None) -> None:
        console = self._console
        if console is not None and console.wants(answer):
            console.noticed(answer)
            return
        if console is not None and ticket is not None and ticket < 0:
            if not isinstance(answer, StrayPayout | Acknowledged | Paired | Stranger | SheetCut | CoinEvent):
                console.answered(ticket, answer)
                if not isinstance(answer, Health):
                    return
            ticket = None
        if isinstance(answer, CoinEvent):
            ticket = None  # a coin is a coin, whoever asked the acceptor, and however late the answer comes
        match answer:
            case Heard(what="console", value=said):
                assert console is not None
                console.hear(said)
            case Health(desk=desk, reasons=reasons):
                self._beat_under_way = self._beat_under_way and desk != "line"
                self._note_health(desk, reasons)
            case Heard(value=datetime() as told):
                self.reception.hear_time(told)
                self._look_at_s = 0.0
            case Heard():
                self.stale_answers += 1  # the console that asked has hung up
            case Advised():
                self._advices.answered(answer)
            case SheetCut(counter=counter):
                self._note_cut(counter)
            case DoorMoved(opened=opened):
                self._note_door(opened)
            case StrayPayout() | Acknowledged() | Paired() | Stranger():
                self._note_coins(answer)
            case Fault() if ticket is None and not self._concerns(answer):
                pass  # a desk at rest failed: its Health says so
            case SlotClosed() if self.state not in DRAINING:
                self.stale_answers += 1  # the session gave up waiting for it
            case _ if ticket is not None and ticket != self._ticket:
                self.stale_answers += 1
            case _:
                self._report(answer)

    def _concerns(self, fault: Fault) -> bool:
        """Whether a desk that failed unasked is one the session depends on at this moment."""
        return fault.worker == "coin" and self.state in {State.PAYING, State.PART_PAID, *DRAINING}

    def _note_cut(self, counter: int | None) -> None:
        """A sheet that carries nothing; without the record a start would take it for one that somebody printed."""
        before = self.book.printer_counter
        if counter != before:
            sheets = 0 if counter is None or before is None else max(0, counter - before)
            self.write(records.SheetsUsed(sheets=sheets, printer_counter=counter))

    def _note_door(self, opened: bool) -> None:
        """Opened while nobody had asked for maintenance: on the disk before anything is seen of it (fault S1)."""
        self.reception.door_open = opened
        watched = self._console is not None and self._console.person is not None
        if opened and not (self.reception.state.in_maintenance and watched):
            self._memory.flag(DOOR_OPENED, "not in maintenance", durable=True)
            if self.state is not State.IDLE:
                self._report(DoorOpened())
            self._beat_at_s = 0.0  # the centre hears of it now
        self._weigh()
        self._pass_front()

    def _note_coins(self, news: CoinNews) -> None:
        """What the coin desk found out about its devices: a record, and the reasons follow from the book."""
        match news:
            case StrayPayout(value_yen=value, coins=coins, life_total=life):
                self.write(records.PayoutUnexplained(value_yen=value, coins=coins, life_total=life))
            case Acknowledged(value_yen=value):
                self.write(records.PayoutAcknowledged(value_yen=value))
                if not self.book.unexplained and (change := self.reception.cleared((Reason.TAMPER_MONEY,))):
                    self.write(change)
            case Paired(serial=serial):
                self.write(records.AcceptorPaired(serial=serial))
            case Stranger(serial=serial):
                self._memory.flag("acceptor_swapped", f"serial number {serial}")
        self._look_at_s = 0.0

    def _report(self, report: Report) -> None:
        """One step for each report, and for those that a step itself brings about, in order."""
        self._reports.append(report)
        if len(self._reports) > 1:
            return  # a step is under way; it comes next
        while self._reports:
            self._take_step(self._reports[0])
            self._reports.popleft()
        self.redraw()

    def _take_step(self, report: Report) -> None:
        if isinstance(report, CardInserted | CardRemoved):
            self._card_here = isinstance(report, CardInserted)
        if self.state is State.IDLE and isinstance(report, CardInserted) and not self._has_room_for_one():
            return
        if isinstance(report, Reserved):
            self._promise_ends_s = self._clock.monotonic() + report.lasts_s
        before = self.state
        if before is State.IDLE and isinstance(report, CardInserted):
            self.reception.state = self.reception.state.session_began()
            self.context.tubes = dict(self.book.tubes)  # staff may have been here since the last session
            self.context.counted_sheets = self.book.sheets
        taken = step(self.state, self.context, report)
        self.state = taken.state
        if taken.state is not before:
            self._ticket += 1
        for effect in taken.effects:
            self._perform(effect)
        if self.state is State.IDLE and before is not State.IDLE:
            self._become_idle()

    def _become_idle(self) -> None:
        self.reception.state = self.reception.state.session_ended()
        self.context = self._fresh_context()
        self.make_room()
        self._look_at_s = 0.0
        self._weigh()  # before the next card: it may be the lockout that begins here
        self._pass_front()
        self._admit_waiting_card()

    def _has_room_for_one(self) -> bool:
        """Whether a session may begin; what was written since the last one has used up some of the journal's room."""
        if self.reception.admits:
            self.make_room()
        return self.reception.admits

    def make_room(self) -> None:
        """Everything durable, and room in the journal for the next session; without it none begins (fault D1).

        While nothing moves, for it may take a checkpoint: in maintenance the console says when.
        """
        try:
            self._memory.rest()
            full: frozenset[str] = frozenset()
        except JournalFull:
            full = frozenset({"journal_full"})
        self._room_at_s = self._clock.monotonic() + ROOM_S if full else inf
        self._note_health("journal", full)

    def _admit_waiting_card(self) -> None:
        """A card that was put in while nobody could be served, or while the last session was ending, begins now."""
        if self.state is State.IDLE and self._card_here and self.reception.admits:
            self._report(CardInserted())

    def _weigh(self) -> None:
        for change in self.reception.weigh(self.book):
            self.write(change)

    # --- doing ----------------------------------------------------------------------------------

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Write(record=record):
                self.write(record)
            case fx.SetTimer(wait=wait):
                self._set_timer(wait)
            case fx.StopLine(field=field):
                self.write(records.LineStopped(field=field))
                self._note_health("line_stop", frozenset({"line_stopped"}))
            case fx.Wipe():
                for desk in WIPING_DESKS:
                    self._crew.send(desk, WipeDesk(), self._ticket)
                self._report(Wiped())
            case _:
                self._crew.send(DESK_OF[type(effect)], effect, self._ticket)

    def write(self, record: records.Record) -> None:
        """Into the book, which refuses what the protocol forbids, then into the journal."""
        self._memory.note(record)

    def send(self, desk: str, command: Command) -> None:
        """A command of the machine's own, outside any session."""
        self._crew.send(desk, command, self._ticket)

    def _set_timer(self, wait: Wait) -> None:
        now_s = self._clock.monotonic()
        match wait:
            case Wait.NEVER:
                changed = self.context.language != self._house.languages[0]
                self._timer = Timer(now_s + self._timeouts.menu_s if changed else None)
            case Wait.WORK:
                self._timer = Timer(now_s + WORK_S)
            case Wait.LONG_WORK:
                self._timer = Timer(now_s + LONG_WORK_S)
            case Wait.PAY:  # what is paid for must still be printed while the centre's promise holds (fault T2)
                self._timer = Timer(min(now_s + self._timeouts.pay_s, self._promise_ends_s - PRINT_MARGIN_S))
            case Wait.DONE if self.context.claim_yen:  # a code to write down
                self._timer = Timer(now_s + self._timeouts.sorry_s)
            case _:
                self._timer = Timer(now_s + getattr(self._timeouts, wait.value))

    # --- time -----------------------------------------------------------------------------------

    def _until_next_s(self) -> float:
        now_s = self._clock.monotonic()
        instants = [self._look_at_s] if self._beat_under_way else [self._look_at_s, self._beat_at_s]
        if self._console is not None:
            instants.append(self._console.due_s)
        if self._timer.ends_at_s is not None:
            left_s = self._timer.ends_at_s - now_s
            counts = left_s <= self._timeouts.countdown_s and self._counts_down()
            instants.append(self._timer.ends_at_s if not counts else now_s + (left_s % 1.0 or 1.0))
        return max(0.0, min(instants) - now_s)

    def _pass_time(self) -> None:
        now_s = self._clock.monotonic()
        if self._timer.ends_at_s is not None:
            left_s = self._timer.ends_at_s - now_s
            if left_s <= 0:
                self._timer = Timer()
                self._report(TimedOut())
            elif left_s <= self._timeouts.countdown_s and self._counts_down():
                self._count_down(left_s)
        # Never a second one behind it: a line that is slow to fail would be asked faster than it answers.
        if now_s >= self._beat_at_s and not self._beat_under_way:
            self._beat_at_s = now_s + self._heartbeat_s
            if self.state is State.IDLE:
                self._beat_under_way = True
                self.send("line", Beat())
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + 1.0
            self._note_health("machine", self._self_check())
            if not self.reception.clock_trusted:  # ask sooner than the next heartbeat would
                self._beat_at_s = min(self._beat_at_s, now_s + 2.0)
            self._weigh()
            self._pass_front()
            self._end_trial()
            if now_s >= self._room_at_s and self.state is State.IDLE and not self.reception.state.in_maintenance:
                self.make_room()
            self._admit_waiting_card()
            self._advices.tell()
        if self._console is not None:
            self._console.pass_time()

    @property
    def trial_left_s(self) -> float | None:
        """How long the settings that this run tries may still be kept; None: it tries none."""
        return self._trial_ends_s - self._clock.monotonic() if self.book.settings.on_trial else None

    def _end_trial(self) -> None:
        """Nobody has kept the settings in time: back to those before, as soon as nobody is served (fault K5)."""
        left_s = self.trial_left_s
        if left_s is not None and left_s <= 0 and self.state is State.IDLE and not self.reception.state.in_maintenance:
            self.write(records.SettingsDropped(reason="time"))
            self.exit_asked = True

    def _counts_down(self) -> bool:
        """A countdown is for a person who can still do something."""
        if self.state is State.DONE:
            return False
        return RULES[self.state].wait not in {Wait.WORK, Wait.LONG_WORK, Wait.NEVER}

    def _count_down(self, left_s: float) -> None:
        shown_s = int(left_s) + 1
        if shown_s != self._timer.shown_s:
            self._timer.shown_s = shown_s
            self._report(Ticked(shown_s))

    # --- staff ----------------------------------------------------------------------------------

    def send_for_staff(self, desk: str, command: Command, ticket: int) -> None:
        """A console's command; `ticket` is negative, so that its answer goes back there."""
        assert ticket < 0
        self._crew.send(desk, command, ticket)

    def show_for_staff(self, scene: Scene | None) -> None:
        """A picture for a test of the screen; None puts back what the state says."""
        if scene is not None:
            self._shown = scene
            self._show(scene)
        self._pass_front()

    def look_anew(self) -> None:
        """Staff changed what the reception knows; a resident whose card waits in the reader begins now."""
        for change in self.reception.weigh(self.book):
            self.write(change)
        self._pass_front()
        if self.state is State.IDLE and self._card_here and self.reception.admits:
            self._report(CardInserted())

    # --- service --------------------------------------------------------------------------------

    def _note_health(self, source: str, reasons: frozenset[str]) -> None:
        change = self.reception.note(source, reasons)
        if change is not None:
            self.write(change)
        self._pass_front()

    def _pass_front(self) -> None:
        """What an idle machine shows: open, or closed and why."""
        if self.state is State.IDLE:
            self.context.front = self.reception.front(self.context.language)
            self.redraw()

    def _fresh_context(self) -> Context:
        self.sessions += 1
        return Context(
            house=self._house,
            session_id=self._fresh_id(),
            session_nonce=bytes.fromhex(self._fresh_id()),
            request_ids=self._fresh_ids(),
            tubes=dict(self.book.tubes),
            language=self._house.languages[0],
        )

    def _fresh_ids(self) -> Iterator[str]:
        while True:
            yield self._fresh_id()
