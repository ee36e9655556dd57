"""A small world around the real journal, book and recovery: devices that keep physical truth, a centre, and power cuts.

`explore` lets the power fail before and after every write, every sync and every physical effect of a session, with
every fate of what was not synced, and again in the start that follows, as deep as asked. After each history the
machine starts in peace, tells the centre what it has to tell, and `check` compares what the journal says with
what really lies in the tray, the hoppers and the cash box. The invariants are those of
host_sim/rig/INVARIANTS.md; each violation begins with the invariant's name.

The resident's script here is a model of the session, kept in the order of the protocol; the session itself is
explored by the rig. Mutants replace one method of `Resident`, one function of the recovery, or one of the journal.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field

from drivers.vocabulary import AcceptorCounters, CopyState, Dispensed, HopperCounters, HopperState
from firmware.book import records as r
from firmware.book import recovery
from firmware.book.open_session import ProtocolBroken
from firmware.book.records import Record
from firmware.journal.frames import used_bytes
from firmware.journal.journal import JournalTrouble
from firmware.journal.memory import Memory
from firmware.money.change import plan_change, returnable
from host_sim.adapters.disk import MemoryDisk, Tail
from tests.unit.journal.history import ident, number_of, open_memory

FEE_YEN = 300


class PowerCut(Exception):
    """The power went at this point."""


class Violation(AssertionError):
    """An invariant does not hold; the message begins with its name."""


@dataclass(frozen=True)
class Script:
    """What one resident does, and in what kind of machine."""

    name: str
    coins: tuple[int, ...] = (500,)
    copies: int = 1
    pages: int = 1
    cancels: bool = False  # after the coins
    jams_at: int | None = None  # the copy at which the printer fails
    hopper_100: int = 20
    printer_counts: bool = True
    acceptor_counts: bool = True
    hopper_answers_at_start: bool = True
    centre_answers_at_start: bool = True


SCRIPTS = (
    Script("one copy, change"),
    Script("exact money", coins=(100, 100, 100)),
    Script("three copies of two pages", coins=(500, 500), copies=3, pages=2),
    Script("cancel with coins in", coins=(100, 50), cancels=True),
    Script("jam at the second copy", coins=(500, 100), copies=2, jams_at=2),
    Script("hopper nearly empty", hopper_100=1),
    Script("hopper empty", hopper_100=0),
    Script("printer without a counter", printer_counts=False),
    Script("acceptor without a counter", coins=(100, 100, 100), acceptor_counts=False),
    Script("hopper silent at the start", hopper_answers_at_start=False),
    Script("centre down at the start", centre_answers_at_start=False),
)


@dataclass
class World:
    """Physical truth. What the machine may ask is what the devices' counters say."""

    script: Script
    cut_at: int | None = None
    steps: int = 0
    cuts: int = 0
    attended: bool = True
    coins_in: list[int] = field(default_factory=list)
    coins_out: list[int] = field(default_factory=list)
    acceptor_event: int = 0
    hopper_coins: dict[int, int] = field(default_factory=dict)
    hopper_event: dict[int, int] = field(default_factory=dict)
    hopper_life: dict[int, int] = field(default_factory=dict)
    sheets: int = 7000
    papers: list[tuple[str, int]] = field(default_factory=list)
    held: dict[str, dict[int, CopyState]] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    witnessed: tuple[int, str] = (0, bytes(32).hex())
    acknowledged: int = 0  # the last record the machine was told is durable

    def __post_init__(self) -> None:
        self.hopper_coins = {50: 9, 100: self.script.hopper_100}
        self.hopper_event = {50: 3, 100: 3}
        self.hopper_life = {50: 900, 100: 9000}

    def point(self, *_: str) -> None:
        """A place where the power may fail."""
        self.steps += 1
        if self.steps == self.cut_at:
            raise PowerCut

    def power_cycle(self) -> None:
        self.steps, self.cut_at, self.attended = 0, None, False
        self.cuts += 1
        self.acceptor_event = 0  # volatile, as ccTalk says

    # --- effects --------------------------------------------------------------------------------

    def drop(self, value_yen: int) -> None:
        self.point()
        self.coins_in.append(value_yen)
        self.acceptor_event += 1
        self.point()

    def dispense(self, value_yen: int, coins: int) -> Dispensed:
        if not self.attended:
            raise Violation("I13: coins for an empty room")
        self.point()
        self.hopper_event[value_yen] += 1
        paid = 0
        while paid < coins and self.hopper_coins[value_yen] > 0:
            self.hopper_coins[value_yen] -= 1
            self.hopper_life[value_yen] += 1
            self.coins_out.append(value_yen)
            paid += 1
            self.point()
        return self._dispensed(value_yen, coins, paid)

    def print(self, rid: str, copy: int, pages: int) -> bool:
        """Whether the whole copy came out."""
        if not self.attended:
            raise Violation("I13: paper for an empty room")
        self.point()
        for page in range(1, pages + 1):
            if self.script.jams_at == copy and page == pages:
                return False
            self.sheets += 1
            if page == pages:
                self.papers.append((rid, copy))
            self.point()
        return True

    def reserve(self, rid: str, copies: int) -> None:
        self.point()
        self.held[rid] = dict.fromkeys(range(1, copies + 1), CopyState.RESERVED)
        self.point()

    def advise(self, advice: Mapping[str, object], head: tuple[int, str]) -> None:
        self.point()
        self.witnessed = head
        if advice["op"] == "claim":
            self.claims.setdefault(str(advice["key"]), int(str(advice["amount_yen"])))
        else:
            self._copy_told(str(advice["request_id"]), int(str(advice["copy"])), CopyState(str(advice["op"])))
        self.point()

    def _copy_told(self, rid: str, copy: int, state: CopyState) -> None:
        copies = self.held.get(rid, {})  # nothing to void where nothing was reserved
        standing = copies.get(copy)
        if standing in {CopyState.ISSUED, CopyState.VOID} and standing is not state:
            self.conflicts.append(f"{rid}.{copy} is {standing}, told {state}")
        elif standing is not None:
            copies[copy] = state

    # --- counters and questions -----------------------------------------------------------------

    def counters(self) -> AcceptorCounters:
        return AcceptorCounters(self.acceptor_event, len(self.coins_in) if self.script.acceptor_counts else None)

    def hopper_counters(self, value_yen: int) -> HopperCounters:
        return HopperCounters(self.hopper_event[value_yen], self.hopper_life[value_yen])

    def status(self, rid: str) -> Mapping[int, CopyState] | None:
        return self.held.get(rid, {}) if self.script.centre_answers_at_start else None

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None:
        if not self.script.hopper_answers_at_start:
            return None
        return self._dispensed(value_yen, coins, self.hopper_life[value_yen] - before.life_total)

    def printer_counter(self) -> int | None:
        return self.sheets if self.script.printer_counts else None

    def late_coins(self) -> tuple[()]:
        return ()  # its events are volatile

    def acceptor_counters(self) -> AcceptorCounters | None:
        return self.counters()

    def _dispensed(self, value_yen: int, coins: int, paid: int) -> Dispensed:
        return Dispensed(
            value_yen=value_yen,
            asked=coins,
            paid=paid,
            counters=self.hopper_counters(value_yen),
            state=HopperState.OK if paid == coins else HopperState.EMPTY,
        )


class Resident:
    """One session in the order of the protocol. Mutants override one step."""

    def __init__(self, world: World, memory: Memory, which: int = 1) -> None:
        self.world, self.memory, self.script = world, memory, world.script
        self.sid, self.rid = ident(which), ident(which + (1 << 64))
        self.which = which

    def note(self, record: Record) -> None:
        seq = self.memory.note(record)
        if self.memory.journal.head()[0] == seq:
            self.world.acknowledged = seq

    def run(self) -> None:
        self.note(r.SessionOpened(self.sid, "store"))
        self.note(r.PinResult(self.sid, True, None))
        self.request()
        copies = [(copy, "juminhyo", number_of(copy, self.which), FEE_YEN) for copy in range(1, self.script.copies + 1)]
        self.note(r.Authorised(self.rid, copies))
        self.open_slot()
        for value in self.script.coins:
            self.coin(value)
        self.note(r.SlotClosed(self.sid, self.world.acceptor_event))
        if not self.script.cancels:
            self.print_copies()
        self.queue_advices()
        self.pay_out()
        self.claim_rest()
        tell_centre(self.world, self.memory)
        self.close()

    def request(self) -> None:
        self.note(r.Request(self.sid, self.rid, [("juminhyo", self.script.copies)]))
        self.world.reserve(self.rid, self.script.copies)

    def open_slot(self) -> None:
        before = self.world.counters()
        self.note(r.SlotOpened(self.sid, before.event_counter, before.accepted_total))

    def coin(self, value_yen: int) -> None:
        self.world.drop(value_yen)
        self.note(r.Coin(self.sid, value_yen, self.world.acceptor_event))

    def print_copies(self) -> None:
        for copy in range(1, self.script.copies + 1):
            if not self.print_copy(copy):
                return

    def print_copy(self, copy: int) -> bool:
        self.intend(copy)
        done = self.world.print(self.rid, copy, self.script.pages)
        self.printed(copy) if done else self.note(r.CopySpoiled(self.rid, copy, "jam"))
        return done

    def intend(self, copy: int) -> None:
        counter, number = self.world.printer_counter(), number_of(copy, self.which)
        self.note(r.PrintIntent(self.rid, copy, number, "c" * 64, counter, self.script.pages))

    def printed(self, copy: int) -> None:
        counter, number = self.world.printer_counter(), number_of(copy, self.which)
        self.note(r.CopyPrinted(self.rid, copy, number, "process_id", counter, FEE_YEN))

    def queue_advices(self) -> None:
        request = self.memory.book.open_session().requests[self.rid]
        for copy in request.untold:
            op = "issued" if request.stages[copy] == "printed" else "void"
            self.note(r.AdviceQueued(f"{self.rid}.{copy}", {"op": op, "request_id": self.rid, "copy": copy}))

    def pay_out(self) -> None:
        owed = self.memory.book.open_session().ledger.owed_yen
        for value, coins in (plan_change(returnable(owed, {50: 9, 100: 9}), {50: 9, 100: 9}) or {}).items():
            self.pay(value, coins)

    def pay(self, value_yen: int, coins: int) -> None:
        before = self.world.hopper_counters(value_yen)
        self.note(r.PayIntent(self.sid, value_yen, coins, before.event_counter, before.life_total))
        self.paid(self.world.dispense(value_yen, coins))

    def paid(self, end: Dispensed) -> None:
        assert end.counters is not None
        counters = end.counters.event_counter, end.counters.life_total
        self.note(r.PayDone(self.sid, end.value_yen, end.asked, end.paid, *counters))

    def claim_rest(self) -> None:
        owed = self.memory.book.open_session().ledger.owed_yen
        if owed:
            self.note(r.ClaimIntent(self.sid, owed))
            self.note(r.AdviceQueued(f"{self.sid}.claim", {"op": "claim", "key": self.sid, "amount_yen": owed}))

    def close(self) -> None:
        ledger = self.memory.book.open_session().ledger
        accounts = ledger.inserted_yen, ledger.earned_yen, ledger.paid_out_yen, ledger.claimed_yen
        self.note(r.SessionClosed(self.sid, *accounts, "issued", ""))
        self.memory.rest()


def tell_centre(world: World, memory: Memory) -> None:
    """Store and forward: every pending advice, in order, until acknowledged."""
    for advice_id, advice in memory.book.pending_advices():
        world.advise(advice, memory.journal.head())
        memory.note(r.AdviceDone(advice_id))


def serve(world: World, memory: Memory) -> None:
    """A resident at a machine that was just switched on."""
    kit.resident(world, memory).run()


def serve_another(world: World, memory: Memory) -> None:
    kit.resident(world, memory, 2).run()


def restart(world: World, memory: Memory) -> None:
    """What a start does before anybody is served."""
    memory.note(r.Boot("power", "test"))
    kit.recover(memory.book, world, memory.note)
    memory.rest(checkpoint_every=kit.checkpoint_every)
    tell_centre(world, memory)
    memory.journal.sync()


@dataclass
class Kit:
    """The parts a mutant may replace."""

    resident: type[Resident] = Resident
    recover: Callable[..., object] = recovery.recover
    checkpoint_every: int = 40


kit = Kit()
Run = Callable[[World, Memory], None]
Fate = tuple[str, Callable[[MemoryDisk], None]]


def _fate(tail: Tail, seed: int) -> Callable[[MemoryDisk], None]:
    def meet(disk: MemoryDisk) -> None:
        disk.cut(tail, seed)
        disk.power_on()

    return meet


FATES: tuple[Fate, ...] = (
    ("dropped", _fate(Tail.DROPPED, 0)),
    ("kept", _fate(Tail.KEPT, 0)),
    *((f"torn {seed}", _fate(Tail.TORN, seed)) for seed in range(3)),
    *((f"flipped {seed}", _fate(Tail.FLIPPED, seed)) for seed in range(3)),
    ("shuffled", _fate(Tail.SHUFFLED, 1)),
    ("killed", lambda _: None),  # the process only: what it wrote is still on its way to the medium
)


@dataclass
class Explorer:
    """Counts the histories it explored; raises `Violation` with the cuts that lead there."""

    script: Script
    depth: int
    every: int = 1  # below the first level, only every n-th point
    histories: int = 0
    seen: set[object] = field(default_factory=set)

    def explore(self) -> int:
        disk, world = MemoryDisk(), World(self.script)
        self._dive(disk, world, serve, self.depth, ())
        return self.histories

    def _dive(self, disk: MemoryDisk, world: World, run: Run, depth: int, trail: tuple[str, ...]) -> None:
        stride = 1 if depth == self.depth else self.every
        cut_at = 1
        while not self._cut_once(disk, world, run, depth, (*trail, f"point {cut_at}"), cut_at):
            cut_at += stride

    def _cut_once(
        self, disk: MemoryDisk, world: World, run: Run, depth: int, trail: tuple[str, ...], cut_at: int
    ) -> bool:
        """One cut with all its fates; whether the run ended before it."""
        cut_disk, cut_world = disk.copy(), deepcopy(world)
        cut_world.steps, cut_world.cut_at = 0, cut_at
        if self._attempt(cut_disk, cut_world, run, trail):
            self._finish(cut_disk, cut_world, trail)
            return True
        cut_world.power_cycle()
        fates = FATES if cut_disk.unsynced_sectors() else FATES[:1]
        for name, meet in fates:
            after = cut_disk.copy()
            meet(after)
            told = (*trail, name)
            key = (depth, image(after), repr(cut_world))
            if key in self.seen:
                continue
            self.seen.add(key)
            self._start_in_peace(after.copy(), deepcopy(cut_world), told, and_serve=depth == self.depth)
            if depth > 1:
                self._dive(after, cut_world, restart, depth - 1, told)
        return False

    def _attempt(self, disk: MemoryDisk, world: World, run: Run, trail: tuple[str, ...]) -> bool:
        """Whether the run came to its end."""
        disk.on_step = world.point
        try:
            with self._told(trail):
                run(world, self._open(disk, world))
        except PowerCut:
            return False
        return True

    @contextmanager
    def _told(self, trail: tuple[str, ...]) -> Iterator[None]:
        """A violation says by which cuts it was reached; a machine that stops violates I15."""
        place = f"[{self.script.name}: {', '.join(trail)}]"
        try:
            yield
        except Violation as violation:
            raise Violation(f"{violation} {place}") from None
        except (ProtocolBroken, JournalTrouble) as error:
            raise Violation(f"I15: the machine stopped: {error} {place}") from error

    def _open(self, disk: MemoryDisk, world: World) -> Memory:
        memory = open_memory(disk)
        if not memory.journal.confirms(*world.witnessed):
            raise Violation(f"I14: the centre knows record {world.witnessed[0]}, the journal does not")
        if memory.journal.head()[0] < world.acknowledged:
            raise Violation(f"I14: record {world.acknowledged} was acknowledged and is gone")
        return memory

    def _start_in_peace(self, disk: MemoryDisk, world: World, trail: tuple[str, ...], *, and_serve: bool) -> None:
        """No more cuts: settle, and (I15) serve somebody else as if nothing had happened."""
        completed = self._attempt(disk, world, restart, trail)
        assert completed
        self._finish(disk, world, trail)
        if and_serve:
            world.attended = True
            completed = self._attempt(disk, world, serve_another, (*trail, "next resident"))
            assert completed
            self._finish(disk, world, (*trail, "next resident"))

    def _finish(self, disk: MemoryDisk, world: World, trail: tuple[str, ...]) -> None:
        self.histories += 1
        disk.on_step = lambda *_: None
        with self._told(trail):
            check(world, open_memory(disk))


def image(disk: MemoryDisk) -> tuple[object, ...]:
    """What lies on the medium, and how much of it is still on its way."""
    segments = (disk.read(name) for name in disk.names())
    return (disk.unsynced_sectors(), *(data[: used_bytes(data)] for data in segments))


# --- the invariants ---------------------------------------------------------------------------------


def hold(condition: bool, name: str, sentence: str) -> None:
    if not condition:
        raise Violation(f"{name}: {sentence}")


def check(world: World, memory: Memory) -> None:
    """After settlement: what the journal says against what is."""
    book, total = memory.book, memory.book.totals
    history = [stored.record for stored in memory.journal.records()]
    silent = not world.script.hopper_answers_at_start
    accounted = total["paid_out_yen"] + total["overpaid_yen"]
    out_yen = sum(world.coins_out)
    unknown = total["unknown_yen"] if silent and book.uncertain else 0
    hold(accounted <= out_yen <= accounted + unknown, "I1", f"{out_yen} yen came out, {accounted} are booked")
    _check_coins_in(world, memory)
    hold(book.session is None, "I6", "a session is still open")
    for sid in [record.sid for record in history if isinstance(record, r.SessionOpened)]:
        ends = [record for record in history if isinstance(record, r.SessionClosed) and record.sid == sid]
        hold(len(ends) == 1, "I6", f"closed {len(ends)} times")
    settled = total["earned_yen"] + total["paid_out_yen"] + total["claimed_yen"]
    hold(total["inserted_yen"] == settled, "I3", f"inserted {total['inserted_yen']}, settled {settled}")
    hold(sum(world.claims.values()) == total["claimed_yen"], "I4", f"the centre holds claims {world.claims}")
    _check_paper(world, memory, history)


def _check_coins_in(world: World, memory: Memory) -> None:
    lost_yen = sum(world.coins_in) - memory.book.totals["inserted_yen"]
    flags = [detail for code, detail in memory.book.queue if code == "suspect_coin"]
    hold(lost_yen >= 0, "I2", "a coin was credited that never came")
    lost = 0
    for value in sorted(world.coins_in, reverse=True):
        if lost_yen >= value:
            lost, lost_yen = lost + 1, lost_yen - value
    hold(lost <= 1, "I2", f"{lost} coins are unexplained")
    hold(lost <= len(flags), "I2", "a coin is missing and nobody was told")
    hold(not world.script.acceptor_counts or len(flags) <= lost, "I2", "a flag for a coin that is not missing")


def _check_paper(world: World, memory: Memory, history: list[Record]) -> None:
    printed = [(record.rid, record.copy) for record in history if isinstance(record, r.CopyPrinted)]
    hold(len(set(printed)) == len(printed), "I5", "a copy earned its fee twice")
    hold(memory.book.totals["earned_yen"] == FEE_YEN * len(printed), "I5", "fees are not those of the papers")
    hold(not world.conflicts, "I8", str(world.conflicts))
    for rid, copies in world.held.items():
        for copy, state in copies.items():
            hold(state in {CopyState.ISSUED, CopyState.VOID}, "I7", f"copy {copy} is left {state}")
            issued = state is CopyState.ISSUED
            hold(issued == ((rid, copy) in printed), "I8", f"copy {copy} is {state} at the centre")
            papers = world.papers.count((rid, copy))
            hold(not issued or papers == 1, "I9", f"copy {copy} is issued with {papers} papers")
            told = ("copy_uncertain", f"{rid}.{copy}") in memory.book.queue
            hold(issued or papers == 0 or told, "I12", f"a paper of copy {copy} is void and nobody was told")
            hold(world.script.printer_counts is False or not told, "I12", "uncertain in spite of a counter")


def explore_all(depth: int, every: int = 1) -> Iterator[tuple[str, int]]:
    for script in SCRIPTS:
        yield script.name, Explorer(script, depth, every).explore()
