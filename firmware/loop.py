"""The one loop. It owns all state: an answer comes in, the session takes a step, effects go out in order.

The loop carries out effects one after the other. If a `Write` has a record that must be durable, the record is on the disk
before the next effect is sent. So nothing irreversible happens that the journal does not know.

`Posted.whose` says where an answer goes. An answer for the session carries the ticket of the step that asked: if the session
has left that state, the loop counts the answer and drops it. An answer for staff goes to the console. The loop always handles
what happens by itself (a key, a coin, a card).

The loop sleeps only in `Crew.receive`, so the same loop runs in virtual time.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Protocol

from drivers.line.site_table import SignedTable
from drivers.ports import Clock
from drivers.vocabulary import (
    BoardTrouble,
    HopperState,
    Key,
    KeyPressed,
    PaidAtDesk,
    PinCancelled,
    PinEntered,
    PinProgress,
    Reserved,
    StrayPayout,
)
from firmware.book import records
from firmware.book.book import HOPPER_WELL, Book
from firmware.book.cases import Case
from firmware.config.settings import TRIAL_S
from firmware.config.unit import Timeouts
from firmware.desks import (
    CARD,
    COIN,
    KEYPAD,
    LINE,
    OF_MACHINE,
    PAPER,
    Acknowledged,
    Advised,
    Answer,
    BoardNoticed,
    C,
    CasesTold,
    ConsoleAnswer,
    Contacts,
    DeskName,
    DeviceNews,
    DoorMoved,
    EarphoneMoved,
    FetchTables,
    Health,
    HoppersSeen,
    OfMachine,
    OfSession,
    OfStaff,
    Paired,
    Posted,
    SheetCut,
    SpeakerTold,
    Stranger,
    TablesFetched,
    Tell,
    TimeTold,
    WipeDesk,
)
from firmware.journal.journal import JournalFull
from firmware.journal.memory import Memory
from firmware.service.advices import Advices
from firmware.service.availability import Reason
from firmware.service.cases import Cases
from firmware.service.heartbeat import Heartbeat
from firmware.service.reception import Reception
from firmware.service.site import Site
from firmware.service.staff import Staff
from firmware.service.timer import StateTimer
from firmware.session import effects as fx
from firmware.session.context import Context, House
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    DoorOpened,
    Fault,
    Report,
    SlotClosed,
    Stopping,
    TimedOut,
    Wiped,
)
from firmware.session.machine import step
from firmware.session.scenes import Look, Scene
from firmware.session.states import State, Wait
from firmware.session.view import clerk_scene, scene
from firmware.workers import Crew

ROOM_S = 10.0  # between two checks whether a full journal has room again
_log = logging.getLogger(__name__)
_SAID = frozenset({State.DONE, State.SORRY})  # nothing is left but to read the screen
_PIN_KEYS = PinProgress | PinEntered | PinCancelled
DRAINING = frozenset({State.DRAINING_PAID, State.DRAINING_REFUND})


class Show(Protocol):
    """Draws a scene on the screen."""

    def __call__(self, scene: Scene) -> None: ...


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
        show_clerk: Show | None = None,
        tell: Callable[[Tell], None] | None = None,
        heartbeat: Heartbeat,
        fresh_id: Callable[[], str],
        publish: Callable[["Loop"], None] = lambda _: None,
        self_check: Callable[[], frozenset[str]] = frozenset,
        more_troubles: Callable[[], Mapping[str, str]] = dict,
        console: Callable[["Loop"], Staff] | None = None,
    ) -> None:
        """`show_clerk`: of a counter terminal. `tell`: to the voice desk, where there is one.

        `console`: makes the maintenance console of this loop, where there is one.

        `self_check`: reason words of what is wrong with the machine itself. `more_troubles`: for each source that has no
        desk, a sentence on what is wrong there, empty when nothing is.
        """
        self.state = State.IDLE
        self.reception = reception
        self.heartbeat = heartbeat
        self.stale_answers = 0
        self.sessions = 0
        self._crew = crew
        self._clock = clock
        self._memory = memory
        self._house = house
        self._house_of: tuple[Site, House] | None = None  # the table in force, and the house as it says it
        self._show = show
        self._show_clerk = show_clerk
        self._tell = tell
        self._pressed = False  # a key, since the voice desk was told last
        self._key: Key | None = None  # which one; None: one of a PIN
        self._fresh_id = fresh_id
        self._publish = publish
        self._self_check = self_check
        self._more_troubles = more_troubles
        self._timer = StateTimer(timeouts, clock)
        self._ticket = 0
        self._promise_ends_s = 0.0
        self._card_here = False
        self._advices = Advices(memory, clock, lambda advise: self.send(LINE, advise))
        self._cases = Cases(memory, lambda told: self.send(LINE, told))
        self._look_at_s = 0.0
        self._room_at_s = 0.0  # when to look for room in the journal
        self._shown: Scene | None = None
        self._clerk_shown: Scene | None = None
        self._staff_picture: Scene | None = None  # what a test of a glass shows while nobody is served
        self.troubles: dict[str, str] = {}  # source of a reason -> what its driver says: what happened and what to do
        self._reports: deque[Report] = deque()
        self._fetched_tables: tuple[SignedTable, ...] = ()
        self.context = self._fresh_context()
        self._stopping = False
        self.exit_asked = False  # True: the program ends, and the service manager starts it again
        self._trial_ends_s = clock.monotonic() + TRIAL_S
        self._console = console(self) if console is not None else None

    # --- turning --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the first picture and prompt, and send the first heartbeat. Call it once, before the first `turn`."""
        if self._console is not None:
            self._console.begin()
        self.redraw()
        self.heartbeat.tell_if_due(idle=True)

    def turn(self, longest_wait_s: float = 1.0) -> None:
        """Wait for one answer or for the next thing that is due, and handle it."""
        posted = self._crew.receive(min(longest_wait_s, self._until_next_s()))
        if posted is not None:
            self._hear(posted)
        self._pass_time()

    @property
    def book(self) -> Book:
        """The book of the journal's records, up to the last one written."""
        return self._memory.book

    @property
    def scene(self) -> Scene | None:
        """What is on the screen."""
        return self._shown

    @property
    def clerk_scene(self) -> Scene | None:
        """What is on the clerk's glass of a counter terminal."""
        return self._clerk_shown

    def redraw(self) -> None:
        """Show the scene of the present state, unless it is on the screen already."""
        test = self._staff_picture if self.state is State.IDLE else None
        wanted = test if test and not test.clerk else scene(self.state, self.context, self.book)
        changed = wanted != self._shown
        if changed:
            self._shown = wanted
            self._show(wanted)
        if self._tell is not None and (changed or self._pressed):  # after the picture, which is not kept waiting
            self._tell(Tell(wanted, self._pressed, self._key))
            self._pressed, self._key = False, None
        if self._show_clerk is not None:
            wanted = test if test and test.clerk else clerk_scene(self.state, self.context, self.book)
            if wanted != self._clerk_shown:
                self._clerk_shown = wanted
                self._show_clerk(wanted)
        self._publish(self)

    def wind_down(self) -> None:
        """Begin no further session and end the one under way as early as it can: card back, refund or claim slip (fault E1).

        Turn the loop afterwards until `at_rest`.
        """
        self._stopping = True
        if self.state is not State.IDLE:
            self._report(Stopping())

    @property
    def at_rest(self) -> bool:
        """Whether no session is under way."""
        return self.state is State.IDLE

    # --- hearing --------------------------------------------------------------------------------

    def _hear(self, posted: Posted) -> None:
        answer = posted.answer
        if self._console is not None and self._console.wants(answer):
            self._console.noticed(answer)
            return
        match posted.whose:
            case OfSession(ticket=ticket):
                self._hear_for_session(ticket, answer)
            case OfStaff(ticket=ticket):
                if self._console is not None:
                    self._console.answered(ticket, answer)
            case OfMachine():
                self._hear_by_itself(answer)
        if isinstance(answer, Health):  # a desk's health matters to the machine, whoever asked for it
            if answer.desk == LINE:
                self.heartbeat.ended()
            self._note_trouble(answer.desk, answer.detail if answer.reasons else "")
            self._note_health(answer.desk, answer.reasons)

    def _hear_for_session(self, ticket: int, answer: Answer) -> None:
        if isinstance(answer, Report):
            if ticket == self._ticket:
                self._report(answer)
            else:
                self.stale_answers += 1

    def _hear_by_itself(self, answer: Answer) -> None:
        match answer:
            case Fault() if not self._concerns(answer):
                pass  # the session does not use this desk now; the desk's `Health` closes the machine
            case SlotClosed() if self.state not in DRAINING:
                self.stale_answers += 1  # the session no longer waits for it
            case TimeTold() | TablesFetched() | CasesTold():
                self._note_city(answer)
            case DoorMoved() | SpeakerTold() | EarphoneMoved():
                self._note_case(answer)
            case Advised():
                self._advices.answered(answer)
            case ConsoleAnswer() if self._console is not None:
                self._console.hear(answer)
            case SheetCut() | StrayPayout() | HoppersSeen() | Acknowledged() | Paired() | Stranger() | BoardNoticed():
                self._note_devices(answer)
            case _ if isinstance(answer, Report):
                self._report(answer)

    def _note_city(self, answer: TimeTold | TablesFetched | CasesTold) -> None:
        match answer:
            case CasesTold(heard=heard):
                self._cases.answered(heard=heard)
            case TimeTold():
                self._note_time(answer)
            case TablesFetched(tables=tables):
                self._fetched_tables = tables
                self._keep_tables()

    def _note_case(self, answer: Contacts) -> None:
        """What happened in the machine's own case."""
        match answer:
            case DoorMoved(opened=opened):
                self._note_door(opened)
            case SpeakerTold(trouble=sentence):
                self._note_trouble("speaker", sentence)
            case EarphoneMoved(is_in=is_in):
                self._timer.listened_to = self.context.listens = is_in
                self.context.dark &= is_in
                self.redraw()

    def _note_time(self, told: TimeTold) -> None:
        self.heartbeat.answered(told.heard)
        if self.heartbeat.witness.hear(told.witnessed):
            self.heartbeat.hurry(0.0)  # now it may tell its head
        self.reception.hear_time(told.at)
        if self.reception.sites.wants(told.site_table):
            self.send(LINE, FetchTables())
        self._note_paid(told.claims_paid)
        self._cases.tell()
        self._look_at_s = 0.0

    def _note_paid(self, told: Sequence[PaidAtDesk]) -> None:
        """Write which of this machine's claims the city's desk has paid, while nothing is open; the centre repeats it."""
        for paid in told:
            record = records.ClaimPaid(key=paid.key, amount_yen=paid.amount_yen)
            if self.state is State.IDLE and self.book.takes(record) and self._makes_room():
                self.write(record)

    def _keep_tables(self) -> None:
        """Keep the site tables that were fetched, once nobody is served: a session ends by those that it began with."""
        if not self._fetched_tables or self.state is not State.IDLE:
            return
        record = self.reception.sites.taken(self._fetched_tables)
        self._fetched_tables = ()
        if record is None or not self._makes_room():
            return  # the next heartbeat's answer fetches again what the journal has no room for
        self.write(record)
        self.reception.sites.changed()
        self.make_room()
        self._look_at_s = 0.0

    def _concerns(self, fault: Fault) -> bool:
        """Whether the desk failed without a command, and the session needs it in its present state."""
        if fault.worker == KEYPAD:  # the PIN typed so far is lost, and the screen shows its dots
            return self.state is State.ENTERING_PIN
        return fault.worker == COIN and self.state in {State.PAYING, State.PART_PAID, *DRAINING}

    def _note_cut(self, counter: int | None) -> None:
        """Record the sheets of a cleaning cut. Without the record the match at the next start would take them for pages."""
        before = self.book.printer_counter
        if counter != before:
            sheets = 0 if counter is None or before is None else max(0, counter - before)
            self.write(records.SheetsUsed(sheets=sheets, printer_counter=counter))

    def _note_door(self, opened: bool) -> None:
        """A door opened outside maintenance: the case is on the disk before the screen changes (fault S1)."""
        self.reception.door_open = opened
        watched = self._console is not None and self._console.person is not None
        if opened and not (self.reception.state.in_maintenance and watched):
            self._memory.flag(Case.DOOR_OPENED, "not in maintenance", durable=True)
            if self.state is not State.IDLE:
                self._report(DoorOpened())
            self.heartbeat.hurry(0.0)  # the heartbeat tells the centre now
        self._weigh()
        self._pass_front()

    def _note_devices(self, news: DeviceNews) -> None:
        """Write a record of what a desk found. `_weigh` then reads the reasons from the book."""
        match news:
            case SheetCut(counter=counter):
                self._note_cut(counter)
                return
            case BoardNoticed(troubles=troubles):
                self._note_board(troubles)
            case StrayPayout(value_yen=value, coins=coins, life_total=life):
                self.write(records.PayoutUnexplained(value_yen=value, coins=coins, life_total=life))
            case HoppersSeen(states=states):
                self._note_hoppers(states)
            case Acknowledged(value_yen=value):
                self.write(records.PayoutAcknowledged(value_yen=value))
                if not self.book.unexplained and (change := self.reception.cleared((Reason.TAMPER_MONEY,))):
                    self.write(change)
            case Paired(serial=serial):
                self.write(records.AcceptorPaired(serial=serial))
            case Stranger(serial=serial):
                self._memory.flag(Case.ACCEPTOR_SWAPPED, f"serial number {serial}")
        self._look_at_s = 0.0

    def _note_board(self, troubles: Sequence[BoardTrouble]) -> None:
        """A person looks at the board, however well it works again: a loose cable comes back worse."""
        for trouble in troubles:
            self._memory.flag(Case.IO_BOARD, trouble)

    def _note_hoppers(self, states: Mapping[int, HopperState]) -> None:
        """Write which hopper is out of order, or well again, where the book has it otherwise."""
        for value, state in states.items():
            if self.book.hoppers_ill.get(value, HopperState.OK) != (HopperState.OK if state in HOPPER_WELL else state):
                self.write(records.HopperSeen(value_yen=value, state=state))

    def _report(self, report: Report) -> None:
        """Take one step for each report. A report that a step itself causes is handled after that step."""
        self._reports.append(report)
        if len(self._reports) > 1:
            return  # a step is under way; the loop below takes this report next
        while self._reports:
            self._take_step(self._reports[0])
            self._reports.popleft()
        self.redraw()

    def _take_step(self, report: Report) -> None:
        if isinstance(report, KeyPressed | _PIN_KEYS):
            self._pressed, self._key = True, report.key if isinstance(report, KeyPressed) else None
        if isinstance(report, CardInserted | CardRemoved):
            self._card_here = isinstance(report, CardInserted)
        if self.state is State.IDLE and isinstance(report, CardInserted) and not self._has_room_for_one():
            return
        if isinstance(report, Reserved):
            self._promise_ends_s = self._clock.monotonic() + report.lasts_s
        before = self.state
        if before is State.IDLE and isinstance(report, CardInserted):
            self.context.house = replace(
                self._house_now(),
                served=self.reception.served(),
                refunds_by_hopper=self.reception.refunds.by_hopper,
            )
            self.reception.state = self.reception.state.session_began()
        taken = step(self.state, self.context, self.book, report, self.write)
        self.state = taken.state
        if taken.state is not before:
            self._ticket += 1
        for effect in taken.effects:
            self._perform(effect)
        if self._stopping and self.state in _SAID and not self.context.claim_slip_failed:
            self._reports.append(TimedOut())  # without the slip the resident may write the code down
        if self.state is State.IDLE and before is not State.IDLE:
            self._become_idle()

    def _become_idle(self) -> None:
        self.reception.state = self.reception.state.session_ended()
        self.context = self._fresh_context()
        self.make_room()
        self._keep_tables()
        self._look_at_s = 0.0
        self._weigh()  # before the next card is admitted: this session may have begun a lockout
        self._pass_front()
        self._admit_waiting_card()

    def _has_room_for_one(self) -> bool:
        """Whether a session may begin. Records written since the last session may have filled the journal."""
        if self.reception.admits:
            self.make_room()
        return self.reception.admits and not self._stopping

    def make_room(self) -> None:
        """Make all records durable and reserve room for the next session; without room none begins (fault D1).

        Call it only while no coin or paper moves, because it may write a checkpoint. In maintenance the console calls it.
        """
        self._makes_room()

    def _makes_room(self) -> bool:
        try:
            self._memory.rest()
            full: frozenset[str] = frozenset()
        except JournalFull:
            full = frozenset({"journal_full"})
        self._room_at_s = self._clock.monotonic() + ROOM_S if full else inf
        self._note_health("journal", full)
        return not full

    def _admit_waiting_card(self) -> None:
        """Begin a session with a card that was put in while the machine was closed or another session was ending."""
        if self.state is State.IDLE and self._card_here and self.reception.admits and not self._stopping:
            self._report(CardInserted())

    def _weigh(self) -> None:
        for change in self.reception.weigh(self.book):
            self.write(change)

    # --- doing ----------------------------------------------------------------------------------

    def _perform(self, effect: fx.Effect) -> None:
        """Carry out one effect. A command to a desk carries the ticket of the present step."""
        whose = OfSession(self._ticket)
        match effect:
            case fx.Write(record=record):
                self.write(record)
            case fx.SetTimer(wait=wait, slow=slow):
                self._set_timer(wait, slow=slow)
            case fx.Wipe():
                self._wipe()
            case fx.ReadCard() | fx.ProveCard() | fx.ShowCard() | fx.ReleaseCard():
                self._crew.send(CARD, effect, whose)
            case fx.SetKeypad():
                self._crew.send(KEYPAD, effect, whose)
            case fx.AskChallenge() | fx.Authenticate() | fx.TellCode() | fx.Reserve() | fx.Fetch():
                self._crew.send(LINE, effect, whose)
            case fx.CheckCoins() | fx.OpenSlot() | fx.CloseSlot() | fx.CountHopper() | fx.Dispense():
                self._crew.send(COIN, effect, whose)
            case _:
                self._crew.send(PAPER, effect, whose)

    def _wipe(self) -> None:
        self.send(LINE, WipeDesk())
        self.send(PAPER, WipeDesk())
        self.send(KEYPAD, WipeDesk())
        self._report(Wiped())

    def write(self, record: records.Record) -> None:
        """Add the record to the book, which raises if the protocol forbids it, then to the journal."""
        self._memory.note(record)

    def send(self, desk: DeskName[C], command: C) -> None:
        """Send a command that belongs neither to the session nor to staff."""
        self._crew.send(desk, command, OF_MACHINE)

    def _set_timer(self, wait: Wait, *, slow: bool = False) -> None:
        self._timer.set(
            wait,
            slow=slow,
            changed=self.context.pin_waived or self.context.choosing_look or self._looks_changed(),
            has_claim=bool(self.book.session and self.book.session.ledger.claimed_yen),
            promise_ends_s=self._promise_ends_s,
        )

    def _looks_changed(self) -> bool:
        context = self.context
        return (context.language, context.look, context.dark) != (self._house.languages[0], Look.NORMAL, False)

    # --- time -----------------------------------------------------------------------------------

    def _until_next_s(self) -> float:
        instants = [self._look_at_s, self.heartbeat.due_s, self._timer.due_s]
        if self._console is not None:
            instants.append(self._console.due_s)
        return max(0.0, min(at_s for at_s in instants if at_s is not None) - self._clock.monotonic())

    def _pass_time(self) -> None:
        now_s = self._clock.monotonic()
        passed = self._timer.passed()
        if passed is not None:
            self._report(passed)
        self.heartbeat.tell_if_due(idle=self.state is State.IDLE)
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + 1.0
            self._look_around(now_s)
        if self._console is not None:
            self._console.pass_time()

    def _look_around(self, now_s: float) -> None:
        """Check whether the machine opens or closes: once a second, and after every change that may decide it."""
        found = self._self_check()
        for source, sentence in self._more_troubles().items():
            self._note_trouble(source, sentence)
        self._note_words("machine", found)
        if not self.reception.clock_trusted:  # only the answer to a heartbeat can confirm the clock
            self.heartbeat.hurry(now_s + 2.0)
        self._weigh()
        self._pass_front()
        self._end_trial()
        if now_s >= self._room_at_s and self.state is State.IDLE and not self.reception.state.in_maintenance:
            self.make_room()
        self._admit_waiting_card()
        self._advices.tell()

    @property
    def trial_left_s(self) -> float | None:
        """Seconds left to keep the settings on trial; None when this run has none on trial."""
        return self._trial_ends_s - self._clock.monotonic() if self.book.settings.on_trial else None

    def _end_trial(self) -> None:
        """Drop settings that were not kept in time, once no session and no maintenance is open (fault K5)."""
        left_s = self.trial_left_s
        if left_s is not None and left_s <= 0 and self.state is State.IDLE and not self.reception.state.in_maintenance:
            self.write(records.SettingsDropped(reason="time"))
            self.exit_asked = True

    # --- staff ----------------------------------------------------------------------------------

    def send_for_staff(self, desk: DeskName[C], command: C, ticket: int) -> None:
        """Send a command of the console. Its answer goes to the console with the same ticket."""
        self._crew.send(desk, command, OfStaff(ticket))

    def show_for_staff(self, scene: Scene | None) -> None:
        """Keep a picture on its glass for a test, a clerk's on the clerk's; None shows the present state's scene again."""
        self._staff_picture = scene
        self._pass_front()

    def look_anew(self) -> None:
        """Check the reception after staff changed it. If it admits, a card that is in the reader begins a session."""
        for change in self.reception.weigh(self.book):
            self.write(change)
        self._pass_front()
        if self.state is State.IDLE and self._card_here and self.reception.admits:
            self._report(CardInserted())

    # --- service --------------------------------------------------------------------------------

    def _note_trouble(self, source: str, sentence: str) -> None:
        """Keep the sentence for the console, and log it once. `sentence=""`: there is nothing to tell."""
        if self.troubles.get(source, "") == sentence:
            return
        self.troubles.pop(source, None)
        if sentence:
            self.troubles[source] = sentence
            _log.warning("%s: %s", "nobody is served" if source != "speaker" else "nothing is said", sentence)
        else:
            _log.info("%s: this is mended", source)

    def _note_words(self, source: str, reasons: frozenset[str]) -> None:
        change = self.reception.note(source, reasons)
        if change is not None:
            self.write(change)

    def _note_health(self, source: str, reasons: frozenset[str]) -> None:
        self._note_words(source, reasons)
        self._pass_front()

    def _pass_front(self) -> None:
        """Show what an idle machine shows: open, or closed with the reasons."""
        if self.state is State.IDLE:
            self.context.front = self.reception.front(self.context.language)
            self.context.house = self._house_now()
            self.redraw()

    def _fresh_context(self) -> Context:
        self.sessions += 1
        session = self._fresh_id()
        return Context(
            house=self._house,
            session_id=session,
            session_nonce=bytes.fromhex(session),  # so the centre knows of which session a claim is
            request_ids=self._fresh_ids(),
            language=self._house.languages[0],
            listens=self._timer.listened_to,
        )

    def _house_now(self) -> House:
        """The house as the site table in force says it, else the unit file. A session gets what it may issue besides."""
        site, house = self.reception.site, self._house
        if site is None:
            return house
        if self._house_of is None or self._house_of[0] is not site:
            told = replace(
                house,
                kinds_taken=house.kinds_taken & frozenset(site.table.cards),
                p384=site.table.p384_cards,
                place=site.table.place,
                telephone=site.table.telephone,
                city=site.table.municipality.name,
                city_code=site.table.municipality.code,
                youngest_years=site.table.youngest_years,
                sample=site.table.municipality.sample,
            )
            self._house_of = (site, told)
        return self._house_of[1]

    def _fresh_ids(self) -> Iterator[str]:
        while True:
            yield self._fresh_id()
