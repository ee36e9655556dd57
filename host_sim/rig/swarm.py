"""Thousands of residents with faults: whole sessions from one seed, in virtual time, through the real drivers.

A *life* is one machine and its world for 25 sessions; its seed chooses devices of the zoo, wire noise, keys, hoppers and hour. For each
session the seed chooses a resident, a card and up to two rows of the catalogue. After each session a technician mends what
is broken, and the machine must show its idle screen again. At the end of a life the checker compares the records with
what really happened. The same seed gives the same journal and the same bytes to the printer.
"""

import hashlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from firmware.journal.journal import JournalTrouble
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost
from host_sim.adapters.wire import WIRES, WireKind
from host_sim.rig.catalogue import ROWS
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import COUNTER, RigMachine
from host_sim.rig.pairs import LOSSY, SESSIONS, Pair, Plan, at_counter, board_for, drawn_for, rows_for
from host_sim.rig.people import Clerk, Person
from host_sim.rig.tally import Tally
from host_sim.rig.technician import EVERY, WHICH, Technician
from host_sim.rig.thief import Thief
from host_sim.rig.truth import Checker, Violation
from host_sim.rig.world import JST, USB
from host_sim.wallet import WalletCard

GOOD = ("hanako", "taro", "kazuko", "nguyen")
KINDS = {"1": "juminhyo", "2": "inkan"}  # as the menu numbers them
DEADLY = frozenset({"X1", "X2", "D3", "R8"})  # rows that end the machine
BEFORE = frozenset({"A2", "A5", "A9", "M3", "N10", "P4", "R9"})  # rows of what is so before the resident comes
PIECES = WireKind(baud=None, slice_bytes=700, send_buffer=900)


def live(plan: Plan, cards: Mapping[str, WalletCard], sessions: int = SESSIONS) -> Tally:
    """Run one life. A violation ends it and goes into the tally, with the options that replay it."""
    try:
        life = Life(plan, cards)
    except Exception as fault:  # noqa: BLE001  as below
        red = f"life {plan.seed}: X2: the machine fell at its start: {type(fault).__name__}: {fault}"
        return Tally(seed=plan.seed, reds=[red], replays=[str(plan)])
    try:
        for _ in range(sessions):
            life.session()
        life.end()
    except Violation as red:
        life.found(str(red))
    except Exception as fault:  # noqa: BLE001  every exception of the machine is a finding
        life.found(f"X2: the machine fell: {type(fault).__name__}: {fault}")
    return life.tally


@dataclass
class _Armed:
    """A fault that will be made to happen at a point whose name matches."""

    row: str
    point: re.Pattern[str]
    skip: int
    act: Callable[[], None]


class Life:
    """Satisfies `catalogue.Trouble`."""

    def __init__(self, plan: Plan, cards: Mapping[str, WalletCard]) -> None:
        self.plan = plan
        self._possible = sorted(rows_for(plan.seed))
        self.seed = seed = plan.seed
        self.tally = Tally(seed=plan.seed)
        self.rows: list[str] = []
        self._cards = cards
        self._random = rng = random.Random(f"kofuki swarm {seed}")
        for card in cards.values():
            card.renew()
        noisy = rng.random() < 0.15
        chatter = rng.random() < 0.2
        pieces = rng.random() < 0.2
        late = rng.random() < 0.25
        kind = ConsoleRig if seed % EVERY == WHICH else RigMachine
        self.machine = machine = kind(
            seed=seed,
            site=COUNTER if at_counter(seed) else None,
            late=late,
            wire=WIRES[rng.choice(sorted(WIRES))] if noisy else USB,
            usb=PIECES if pieces else USB,
            bounce_s=0.028 if chatter else 0.003,
            tubes={10: rng.randrange(90), 50: rng.randrange(60), 100: rng.randrange(90), 500: rng.randrange(30)},
            begins=datetime(2026, 11, 24, rng.randrange(7, 21), tzinfo=JST),
            acceptor_serial=0x01A2B3,
            zoo=drawn_for(seed).devices,
            board=board_for(seed),
        )
        lossy = board_for(seed) is LOSSY
        self.tally.marks.update(
            row for row, on in (("A7", noisy), ("B3", lossy), ("P3", chatter), ("R6", pieces)) if on
        )
        self.technician = Technician(machine, rng, self.tally.marks) if isinstance(machine, ConsoleRig) else None
        self.checker = Checker(machine)
        self._armed: list[_Armed] = []
        self._at_scenes: list[tuple[type[show.Scene], Callable[[], None]]] = []
        self._laid: set[tuple[str, str]] = set()  # the world's word for a fault that was laid, and its row
        self._row = ""
        self._held = ""  # this row is laid when another has happened
        self._struck: set[str] = set()
        machine.at_point, machine.at_fault = self._at_point, self._at_fault
        self.person = Person(cards["hanako"])
        self.thief = Thief(machine, seed, self.tally.marks)

    # --- one session ----------------------------------------------------------------------------

    def session(self) -> None:
        self.tally.sessions += 1
        self.tally.lived.update(device.name for device in self.machine.room.devices)
        wanted = self._wanted()
        self.person = self._somebody() if wanted is None else self._patient()
        self.machine.clerk = self._clerk() if self.machine.site is COUNTER else None
        self.rows = self._by_chance() if wanted is None else list(wanted)
        self._held = "" if wanted is None else self._in_turn(wanted)
        self._struck.clear()
        for code in self.rows:
            if code != self._held:
                self._lay(code)
        self.tally.outcomes[self._serve()] += 1
        self._held = ""
        self._armed.clear()
        self._at_scenes.clear()
        self._laid.clear()
        self._desk_pays()
        self._recover()
        self.thief.looks(self.tally.sessions)
        self.tally.pairs.update(combinations(sorted(self._struck), 2))

    def _by_chance(self) -> list[str]:
        count = self._random.choices((0, 1, 2), (30, 50, 20))[0]
        return self._random.sample(self._possible, count)

    def _wanted(self) -> Pair | None:
        """In most sessions of a life that looks for pairs: the next of them that has not happened in it."""
        left = [pair for pair in self.plan.wanted if pair not in self.tally.pairs]
        return left[self.tally.sessions % len(left)] if left and self._random.random() < 0.8 else None

    def _in_turn(self, wanted: Pair) -> str:
        """The row of a pair that is laid only when the other has happened: what ends the machine, else either or none."""
        deadly = [row for row in wanted if row in DEADLY]
        held = deadly[0] if len(deadly) == 1 else self._random.choice((*wanted, ""))
        return "" if held in BEFORE else held

    def _lay(self, code: str) -> None:
        self._row = code
        ROWS[code][1](self)

    def found(self, red: str) -> None:
        """Add a violation to the tally."""
        where = f"life {self.seed}, session {self.tally.sessions}, rows {'+'.join(self.rows)}"
        self.tally.reds.append(f"{where}: {red}")
        self.tally.replays.append(str(self.plan))

    def end(self) -> None:
        """Wait until nothing is open, let the checker compare everything, and return the life's digest."""
        machine = self.machine
        machine.settle_advices(7200.0)
        self.checker.check()
        digest = hashlib.sha256(machine.printed.digest())
        for name in machine.disk.names():
            digest.update(machine.disk.read(name))
        self.tally.digests[self.seed] = digest.hexdigest()[:16]
        self.thief.comes(Person(self._cards["hanako"]))

    def _desk_pays(self) -> None:
        """Some of the residents go to the city's desk with their slips; the machine hears of it."""
        for key in self.machine.centre.claims:
            if (
                self.machine.centre.left_yen(key)
                and self._random.random() < 0.5
                and self.machine.centre.pay_at_desk(key)
            ):
                self.tally.marks["N13"] += 1

    def _somebody(self, names: Sequence[str] = ()) -> Person:
        rng = self._random
        name = rng.choice(names or (GOOD if rng.random() < 0.9 else sorted(self._cards)))
        card = self._cards[name]
        card.renew()
        copies = rng.choice((1, 1, 1, 2, 3))
        self.machine.centre.pages = rng.choice((1, 1, 1, 2))
        self.machine.centre.fees = fees = {
            "juminhyo": rng.choice((150, 200, 250, 300)),
            "inkan": rng.choice((200, 300)),
        }
        code = f"{rng.randrange(10**8):08d}"
        self.machine.centre.code = code if rng.random() < 0.06 else None
        kind, then = rng.choice("12"), rng.choice("12") if rng.random() < 0.2 else None
        fee_yen = copies * sum(fees[KINDS[one]] for one in (kind, then) if one is not None)
        coins: list[int] = []
        while sum(coins) < fee_yen and rng.random() > 0.01:
            coins.append(rng.choice((10, 50, 100, 100, 100, 500, 500)))
        person = Person(
            card,
            coins=coins,
            kind=kind,
            copies=copies,
            think_s=rng.uniform(0.25, 0.6),
            apart_s=rng.choice((0.06, 0.2, 0.4)),
            then=then,
            code=code if rng.random() < 0.8 else code[::-1],
            gives_up_after_s=rng.uniform(0.0, 1.0) if rng.random() < 0.06 else None,
            quits_at=rng.choice((show.EnterPin, show.ChooseKind, show.ChooseCopies, show.Basket, show.TakeCard))
            if rng.random() < 0.06
            else None,
        )
        person.on_scene, person.on_fault = self._scene, self._at_fault
        card.chip.on_fault = lambda name: self._at_fault(f"card {name}")
        if int(person.think_s * 1000) % 7 == 0:  # of what was drawn already, so that a seed stays the same life
            person.looks = "586842"
        return person

    def _patient(self) -> Person:
        """A resident with a good card and enough coins, who stays: so that as much as possible can happen."""
        person = self._somebody(GOOD)
        person.coins = (*person.coins, 500, 500)
        person.gives_up_after_s = person.quits_at = None
        return person

    def _clerk(self) -> Clerk:
        """One in twenty leaves where the money or the paper is."""
        left = self.one_of("take_fee return_fee hand_over_seen")
        leaves = self._random.random() < 0.05
        return Clerk(self.person, think_s=self.person.think_s, deeds={left: None} if leaves else {})

    def _serve(self) -> str:
        """Serve the resident; returns the session's outcome in a word."""
        machine = self.machine
        try:
            machine.run_until(lambda: machine.front_is_settled, 60)
            machine.wait(self.person.comes_after_s)
        except (PowerLost, JournalTrouble):
            return self._died()
        if not isinstance(machine.loop.scene, show.Idle):
            return "closed"
        try:
            if self.technician is not None:
                self.technician.comes()
            machine.serve(self.person, self.person.card.chip, 3600.0)
            if self.technician is not None:
                self.technician.works()
        except (PowerLost, JournalTrouble):
            return self._died()
        except TimeoutError:
            if machine.loop.state is not State.IDLE:
                raise Violation(f"I15: the session hangs in {machine.loop.state}") from None
            return "not noticed"
        closed = machine.memory.last_closed
        return f"{closed.outcome} {closed.reason}".strip() if closed else "nothing"

    def _died(self) -> str:
        if self.machine.alive:
            self.checker.died()  # it ended itself: the medium failed
            self.machine.last_end = "medium"
        self._come_back()
        return "died"

    def _come_back(self) -> None:
        """Restart as the service manager does; after three failed starts a technician mends the medium."""
        for attempt in range(20):
            try:
                self.machine.restart()
                self.checker.restarted()
            except PowerLost:
                continue
            except JournalTrouble:
                self.machine.last_end = "medium"
                if attempt >= 2:
                    self.machine.disk.heal()
                continue
            return
        raise Violation("I15: it does not come back")

    def _recover(self) -> None:
        """A technician mends everything, and then it must serve again."""
        machine = self.machine
        if machine.loop.state is not State.IDLE:
            raise Violation(f"I15: left in {machine.loop.state}")
        machine.reader.remove()
        for patience_s in (60.0, 60.0, 4000.0):  # recovery may find more to mend, so three attempts
            try:
                machine.mend()
                if self.technician is not None:
                    self.technician.goes()
                # An acceptor that takes all coins or none closes the machine where there is no change for each (302).
                if self._random.random() < 0.3 or Reason.CHANGE in machine.loop.reception.state.reasons:
                    machine.load_coins()
                machine.run_until(machine.is_open_again, patience_s)
            except (PowerLost, JournalTrouble):
                self._died()
            except TimeoutError:
                continue
            else:
                return
        raise Violation(f"I15: does not serve again: {machine.loop.scene}")

    # --- for the catalogue ----------------------------------------------------------------------

    def chance(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one_of(self, words: str) -> str:
        return self._random.choice(words.split())

    def now(self, act: Callable[[], object], *, told: str = "") -> None:
        self._marked(self._row, act, told)()

    def soon(self, act: Callable[[], object], within_s: float = 10.0, *, told: str = "") -> None:
        clock = self.machine.clock
        clock.at(clock.monotonic() + self._random.uniform(0.0, within_s), self._marked(self._row, act, told))

    def when(self, point: str, act: Callable[[], object], among: int = 1, *, told: str = "") -> None:
        armed = _Armed(self._row, re.compile(point), self._random.randrange(among), self._marked(self._row, act, told))
        self._armed.append(armed)

    def at_scene(self, scene: type[show.Scene], act: Callable[[], object], *, told: str = "") -> None:
        self._at_scenes.append((scene, self._marked(self._row, act, told)))

    def other_card(self) -> None:
        machine = self.machine
        other = self._cards["taro" if self.person.card.name == "hanako" else "hanako"]
        other.renew()
        machine.reader.remove()
        machine.clock.after(0.5, lambda: machine.reader.insert(other.chip))
        machine.clock.after(600.0, machine.reader.remove)  # ten minutes later staff takes a forgotten card out

    # --- inside ---------------------------------------------------------------------------------

    def _marked(self, row: str, act: Callable[[], object], told: str) -> Callable[[], None]:
        """Does `act`; the row is counted with it, or once the world tells that the fault has happened."""

        def strike() -> None:
            if told:
                self._laid.add((told, row))
            else:
                self._mark(row)
            act()

        return strike

    def _at_fault(self, name: str) -> None:
        for laid in [laid for laid in self._laid if laid[0] == name]:
            self._laid.remove(laid)
            self._mark(laid[1])

    def _mark(self, row: str) -> None:
        self.tally.marks[row] += 1
        self._struck.add(row)
        if self._held and row != self._held:
            held, self._held = self._held, ""
            self._lay(held)

    def _at_point(self, name: str) -> None:
        self.checker.effect(name)
        for armed in self._armed:
            if armed.point.fullmatch(name):
                if armed.skip:
                    armed.skip -= 1
                    continue
                self._armed.remove(armed)
                if armed.row in DEADLY:
                    self.checker.died()
                armed.act()
                return

    def _scene(self, scene: show.Scene) -> None:
        for entry in list(self._at_scenes):
            kind, act = entry
            if isinstance(scene, kind):
                self._at_scenes.remove(entry)
                act()
