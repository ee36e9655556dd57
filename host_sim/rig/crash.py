"""Every power cut: a script runs once, and at each point the process forks for every fault that can happen there.

Theory. The world calls `at_point` before and after every write, every sync, every message to the centre, and whenever a
coin or dots move. At each of these points, for each fault that can happen there, the process forks: the child goes on with
the fault, the parent without. So the common beginning of two histories runs once; at depth 2 the child forks again.
Two cuts that leave the same bytes on the medium are one history. At the end of each history `truth.Checker` compares
the records with what really happened.

A history is named by its script and its faults, "one copy, change: 57 torn 1, 81 lost"; `replay` runs exactly that one.
"""

import os
import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from firmware.journal.journal import JournalTrouble
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.adapters.wire import WireKind
from host_sim.models.zoo import Device
from host_sim.rig.machine import STORE, RigMachine, Site
from host_sim.rig.menu import AT_BOARD, MENU, happen
from host_sim.rig.people import Clerk, Person
from host_sim.rig.truth import Checker, Violation

CUTS: dict[str, tuple[Tail | None, int]] = {
    "dropped": (Tail.DROPPED, 0),
    "kept": (Tail.KEPT, 0),
    "torn 1": (Tail.TORN, 1),
    "torn 2": (Tail.TORN, 2),
    "flipped 1": (Tail.FLIPPED, 1),
    "flipped 2": (Tail.FLIPPED, 2),
    "shuffled": (Tail.SHUFFLED, 1),
    "killed": (None, 0),
}


@dataclass(frozen=True)
class Script:
    """The residents, in the order in which they come, and the machine they come to."""

    name: str
    people: Callable[[], Sequence[Person]]
    tubes: dict[int, int] | None = None
    pages: int = 1  # of every certificate
    fees: dict[str, int] = field(default_factory=dict)  # kind -> yen, where it is not the usual one
    acceptor_counts: bool = True  # the acceptor has a lifetime counter of accepted coins (ccTalk header 225)
    pulse: bool = False  # the acceptor counts in pulses
    printer: str = "a4-203"
    rests_s: float = 0.0  # after the last resident, before everything is settled
    at_rest: Callable[[RigMachine], None] = lambda _: None  # done once everybody has left
    while_dead: Callable[[RigMachine], None] = lambda _: None  # done to the machine before each start
    site: Site = STORE
    clerk: Callable[[Person], Clerk] | None = None  # who serves each of them at a counter terminal
    zoo: Sequence[Device] = ()  # devices that stand in for the ordinary ones
    board: WireKind | None = None  # the line of the I/O board on which keys, door and coin wires are


@dataclass
class Findings:
    """The histories that were run, and what the checker found in them."""

    histories: int = 0
    points: Counter[str] = field(default_factory=Counter)  # kind of point -> faults that happened there
    reds: list[str] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        self.histories += other.histories
        self.points.update(other.points)
        self.reds += other.reds[: max(0, 20 - len(self.reds))]


def read_history(named: str) -> tuple[str, list[tuple[int, str]]]:
    """Script and faults of a history's name. Raises ValueError for a text that is no such name."""
    name, _, faults = named.rpartition(":")
    return name, [(int(point), fault) for point, _, fault in (one.strip().partition(" ") for one in faults.split(","))]


@dataclass
class Explorer:
    """Runs one script with every fault at every point. `share`: (which, of how many) equal parts of the first faults.

    `told` is called after each point of the first process with the point and what was found since the call before.
    """

    script: Script
    depth: int
    share: tuple[int, int] = (0, 1)
    every: int = 1  # after the first fault, only every n-th point,
    part: int = 0  # beginning with this one; the parts 0 to n-1 together cover every point
    first: int = 0  # the first fault comes at this point or later
    told: Callable[[int, Findings], None] | None = None
    replay: Sequence[tuple[int, str]] = ()
    stop_at_red: bool = False
    only: frozenset[str] = frozenset()  # names of the faults to try; empty: all
    findings: Findings = field(default_factory=Findings)
    _trail: list[tuple[int, str]] = field(default_factory=list)
    _point: int = 0
    _seen: set[int] = field(default_factory=set)
    _answer: int | None = None  # the pipe to the parent; None in the first process

    def explore(self) -> Findings:
        """Run the script and every history that forks off. Does not return in a child."""
        try:
            self._live()
        except Violation as red:
            self.findings.reds.append(f"{self.named}\n    {red}")
        except Exception as fault:  # noqa: BLE001  every exception of the machine is a finding
            self.findings.reds.append(f"{self.named}\n    X2: the machine fell: {type(fault).__name__}: {fault}")
        self.findings.histories += self._answer is not None or self.share[0] == 0
        if self._answer is not None:
            with os.fdopen(self._answer, "wb") as pipe:
                pickle.dump(self.findings, pipe)
            os._exit(0)
        return self.findings

    @property
    def points(self) -> int:
        """How many points the script has had so far."""
        return self._point

    @property
    def named(self) -> str:
        faults = ", ".join(f"{point} {fault}" for point, fault in self._trail)
        return f"{self.script.name}: {faults}"

    # --- living ---------------------------------------------------------------------------------

    def _live(self) -> None:
        self.machine = machine = RigMachine(
            site=self.script.site,
            tubes=self.script.tubes,
            certificate_printer=self.script.printer,
            acceptor_counts=self.script.acceptor_counts,
            zoo=self.script.zoo,
            pulse=self.script.pulse,
            board=self.script.board,
        )
        machine.centre.pages, machine.centre.fees = self.script.pages, dict(self.script.fees)
        self.checker = Checker(machine)
        machine.at_point = self._at_point
        for person in self.script.people():
            person.card.chip.heal()
            self._surviving(partial(self._serve, person))
        self._surviving(machine.settle_advices)
        self.script.at_rest(machine)
        self._surviving(partial(machine.wait, self.script.rests_s))
        self._surviving(machine.settle_advices)
        self.checker.check()

    def _serve(self, person: Person) -> None:
        """Serve one resident; before that, a technician mends what only a person can."""
        self.machine.mend()
        clerk = None if self.script.clerk is None else self.script.clerk(person)
        self.machine.clerk = clerk
        if clerk is not None and clerk.codes:
            self.machine.waive_pin()
        self.machine.serve(person, person.card.chip)

    def _surviving(self, deed: Callable[[], None]) -> None:
        """Do it; each time the machine dies during it, restart the machine until it shows its idle screen."""
        try:
            deed()
        except PowerLost:
            self._come_back()
        except JournalTrouble:
            self.checker.died()
            self.machine.last_end = "medium"
            self._come_back()

    def _come_back(self) -> None:
        """Restart until one start succeeds; a fault may end a start too."""
        while True:
            try:
                self.script.while_dead(self.machine)
                self.machine.restart()
                self.checker.restarted()
                self.machine.mend()
                self.machine.settle_advices()
            except PowerLost:
                continue
            return

    # --- splitting ------------------------------------------------------------------------------

    def _at_point(self, name: str) -> None:
        self.checker.effect(name)
        self._point += 1
        if self.replay:
            for point, fault in self.replay:
                if point == self._point:
                    self._trail.append((point, fault))
                    self._strike(name, fault)
            return
        if self.depth == 0 or not self._is_ours() or (self.stop_at_red and self.findings.reds):
            return
        for fault in list(self._faults(name)):
            if self._split(name, fault):
                self._strike(name, fault)
                return
        if self.told is not None and not self._trail:
            self.told(self._point, self.findings)
            self.findings = Findings()

    def _is_ours(self) -> bool:
        mine, shares = self.share
        if not self._trail:
            return self._point % shares == mine and self._point >= self.first
        return self._point % self.every == self.part

    def _faults(self, name: str) -> Iterator[str]:
        """The faults that can happen at this point; power cuts that leave equal media are listed once."""
        for fault, (tail, seed) in CUTS.items():
            if self.only and fault not in self.only:
                continue
            state = self._state_after(tail, seed)
            if state not in self._seen:
                self._seen.add(state)
                yield fault
        menus = [MENU] if self.machine.board is None else [MENU, AT_BOARD]
        for pattern, faults in (row for menu in menus for row in menu.items()):
            if re.fullmatch(pattern, name):
                yield from (fault for fault in faults if not self.only or fault in self.only)

    def _state_after(self, tail: Tail | None, seed: int) -> int:
        """What a start after this cut would find, to compare cuts: medium, coins, paper, centre."""
        machine = self.machine
        centre = tuple((rid, n, c.state) for rid, held in machine.centre.requests.items() for n, c in held.items())
        return hash(
            (
                machine.disk.hash_after(tail or Tail.KEPT, seed),
                machine.centre.tables.version,
                tail is None,
                len(machine.acceptor.cash_box),
                machine.coins_out_yen(),
                machine.printer.counters.cuts,
                machine.printer.path.burns,
                centre,
                tuple(machine.centre.claims.items()),
                tuple(machine.centre.paid_at_desk.items()),
                tuple(sorted(machine.centre.unheard)),
                machine.starts,
                machine.loop.state,
            )
        )

    def _split(self, name: str, fault: str) -> bool:
        """Fork. True in the child, which goes on with the fault; the parent waits and adds the child's findings."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            if self._answer is not None:
                os.close(self._answer)
            self._answer = writing
            self.depth -= 1
            self._trail.append((self._point, fault))
            self.findings = Findings(points=Counter({f"{name}: {fault}": 1}))
            return True
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        if told:
            self.findings.add(pickle.loads(told))  # noqa: S301  from our own child
        else:
            self.findings.reds.append(f"{self.named}, {self._point} {fault}\n    X2: the process fell without a word")
        return False

    def _strike(self, name: str, fault: str) -> None:
        machine = self.machine
        if fault in CUTS:
            self.checker.died()
            machine.die(*CUTS[fault])
        happen(machine, name, fault)
