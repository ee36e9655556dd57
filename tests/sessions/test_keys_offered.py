"""What a key on the screen offers, it does; what it does, the screen offers: at every screen of whole sessions.

What is offered is read from the drawn picture: the coloured caps in the foot, the numbers beside lines, and the arrows in the
words. What a key does is asked of the session with a copy of its context.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.vocabulary import Key
from firmware.book.open_session import OpenSession
from firmware.screens import draw
from firmware.screens.canvas import Canvas
from firmware.screens.words import words
from firmware.session import scenes as show
from firmware.session.context import Context
from firmware.session.events import Event
from firmware.session.keys import key_event
from firmware.session.states import RULES, KeypadMode, Side, State
from firmware.session.table import TABLE
from host_sim.rig.machine import COUNTER, RigMachine
from host_sim.rig.people import Clerk, Person, tap_at_first
from host_sim.wallet import WalletCard
from tests.sessions.city import City, CityMachine
from tests.sessions.test_counter import phones
from tests.sessions.test_exemption_codes import code_for

Cards = Mapping[str, WalletCard]
LEGENDS = {"取消": "cancel", "訂正": "clear", "ことば": "language", "確認": "enter"}
DIGITS = frozenset("0123456789")
ARROWS = frozenset({"previous", "next"})
# Screens that ask for digits by words and empty places, and the copies, which stop at one and at the most.
OF_DIGITS = {show.TypeCode: DIGITS, show.ClerkCode: DIGITS, show.ChooseCopies: DIGITS | ARROWS}
TILL = {(State.RETURNING_FEE, Event.CONFIRMED)}  # `till_event` takes it


@dataclass
class Watch:
    """Compares at each new screen, and keeps what differed."""

    numbers: list[tuple[Canvas, str]] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)
    seen: set[State] = field(default_factory=set)

    def compare(self, machine: RigMachine, scene: show.Scene, side: Side) -> None:
        state = machine.loop.state
        if RULES[state].keypad is KeypadMode.PIN or isinstance(scene, show.Starting):
            return  # the PIN desk reads the keys itself; nobody reads them yet
        self.seen.add(state)
        if scene.follows is not None:  # a warning: every key gives more time (tests/unit/session/test_warning.py)
            told = "".join(note.text for note in draw(scene).placed).replace(" ", "")
            if words(scene.language)("warning", "any_key").replace(" ", "") not in told:
                self.wrong.add(f"{state} {type(scene).__name__} {side}: the warning does not say that any key helps")
            return
        offered, works = self._offered(scene), _works(state, machine.loop.context, side, machine.memory.book.session)
        by_words = OF_DIGITS.get(type(scene), frozenset())
        if offered - by_words != works - by_words:
            self.wrong.add(
                f"{state} {type(scene).__name__} {side}: dead {sorted(offered - works)}, hidden {sorted(works - offered)}"
            )

    def _offered(self, scene: show.Scene) -> set[str]:
        self.numbers.clear()
        canvas = draw(scene)
        caps = {LEGENDS[note.text] for note in canvas.placed if note.text in LEGENDS}
        arrows = ARROWS if any("▲" in note.text for note in canvas.placed) else frozenset()
        # In large letters the ordinary screen is drawn too, for its sentences; nobody sees it.
        return caps | {number for shown, number in self.numbers if shown is canvas} | arrows


def _works(state: State, context: Context, side: Side, session: OpenSession | None) -> set[str]:
    """The keys after which something is different."""
    works = set()
    for key in Key:
        now = copy.copy(context)
        now.draft, now.basket, now.attended = copy.deepcopy(now.draft), list(now.basket), list(now.attended)
        now.viewing = copy.copy(now.viewing)
        event = key_event(state, now, key, side, session=session)
        row = TABLE[state][event]
        if row.next is not None or row.actions or row.restarts or (state, event) in TILL:
            works.add(str(key))
    return works


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watch, draws_number = Watch(), Canvas.number

    def number(canvas: Canvas, digit: int, *place: int, fill: object) -> None:
        watch.numbers.append((canvas, str(digit)))
        draws_number(canvas, digit, *place, fill=fill)  # type: ignore[arg-type]

    monkeypatch.setattr(Canvas, "number", number)
    for name, side in (("_show", Side.RESIDENT), ("_show_clerk", Side.CLERK)):
        shows = getattr(RigMachine, name)

        def showing(
            machine: RigMachine, scene: show.Scene, shows: Callable[..., None] = shows, side: Side = side
        ) -> None:
            shows(machine, scene)
            if hasattr(machine, "loop"):
                watch.compare(machine, scene, side)

        monkeypatch.setattr(RigMachine, name, showing)
    yield watch
    assert not watch.wrong, "\n".join(sorted(watch.wrong))


def stays(_: RigMachine, __: show.Scene) -> None:
    """Somebody who does nothing."""


def takes_it_at_last(machine: RigMachine, scene: show.Scene) -> None:
    if isinstance(scene, show.TakeCard) and scene.last:
        machine.clock.after(1.0, machine.reader.remove)


def test_no_key_is_dead_and_none_is_hidden_at_a_machine(watch: Watch, wallet: Cards, wallet_folder: Path) -> None:
    city = City(wallet_folder)
    machine = CityMachine(city)
    code_for(city, "hanako")
    for person in (
        Person(wallet["hanako"], kind="1", copies=2, then="2", coins=(500, 500, 100)),
        Person(wallet["hanako"], gives_up_after_s=1.0, coins=(100,)),
        Person(wallet["hanako"], leaves_paper=True),
        Person(wallet["hanako"], kind="1", then="2", coins=(500, 100), looks="586842258"),
        Person(wallet["hanako"], code="00000000"),
        Person(wallet["hanako"], deeds={show.TakeCard: takes_it_at_last}),
        Person(wallet["hanako"], deeds={show.Pay: stays}),
        Person(wallet["taro"]),
        Person(wallet["blocked"], deeds={show.Sorry: stays}),
    ):
        person.card.renew()
        machine.serve(person, person.card.chip)
        machine.settle_advices()
    person = Person(wallet["taro"])
    person.card.renew()
    person.enter_wrong_first(2)
    machine.serve(person, person.card.chip)
    alive = {state for state, rule in RULES.items() if rule.keypad is KeypadMode.KEYS}
    counters = {State.ATTENDING_FIRST, State.ATTENDING_SECOND, State.CONSENTING, State.TAKING_FEE, State.RETURNING_FEE}
    assert alive - watch.seen == counters


def test_in_large_letters_no_key_is_dead_and_none_is_hidden(watch: Watch, wallet: Cards, wallet_folder: Path) -> None:
    """Where three lines stand on a page, the pages and their numbers are others."""
    city = City(wallet_folder)
    machine = CityMachine(city)
    code_for(city, "hanako")
    for person in (
        Person(wallet["hanako"], kind="1", copies=2, then="2", coins=(500, 500, 100), looks="586842258"),
        Person(wallet["hanako"], code="00000000", coins=(500,)),
        Person(wallet["hanako"], deeds={show.Pay: stays}),
        Person(wallet["hanako"], deeds=dict(tap_at_first(show.ChooseKind, "next"))),
        Person(wallet["taro"]),
        Person(wallet["blocked"], deeds={show.Sorry: stays}),
        owed := Person(wallet["hanako"], deeds={show.Printing: _empty_the_hoppers, show.Done: _turns}, coins=(500,)),
    ):
        person.card.renew()
        machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)
        machine.tap("8", machine.clock.monotonic() + 0.5)
        machine.wait(1)
        machine.serve(person, person.card.chip)
        machine.settle_advices()
    assert show.Look.LARGE in {scene.look for scene in machine.scenes}
    assert {State.IDLE, State.CHOOSING_KIND, State.TYPING_CODE, State.PAYING, State.SORRY, State.DONE} <= watch.seen
    ends = [scene for scene in owed.seen if isinstance(scene, show.Done)]
    assert [(scene.page, scene.pages) for scene in ends] == [(1, 2), (2, 2)]


def _empty_the_hoppers(machine: RigMachine, _: show.Scene) -> None:
    for hopper in machine.hoppers.values():
        hopper.tube = 0


def _turns(machine: RigMachine, scene: show.Scene) -> None:
    assert isinstance(scene, show.Done)
    machine.tap("next" if scene.page == 1 else "enter", machine.clock.monotonic() + 1.0)


def test_no_key_is_dead_and_none_is_hidden_on_both_sides_of_a_counter(
    watch: Watch, wallet: Cards, wallet_folder: Path
) -> None:
    city = City(wallet_folder)
    machine = CityMachine(city, COUNTER)

    def jam(machine: RigMachine, _: show.Scene) -> None:
        machine.printer.jam(machine.clock.monotonic())

    def serve(person: Person, clerk: Clerk) -> None:
        machine.clerk = clerk
        machine.serve(person, person.card.chip)
        machine.settle_advices()

    person = Person(wallet["hanako"], kind="1", copies=2, then="2")
    serve(person, Clerk(person))
    codes = phones(city, machine)
    machine.waive_pin()
    person = Person(wallet["hanako"])
    serve(person, Clerk(person, codes=codes))
    person = Person(wallet["hanako"], deeds={show.Printing: jam})
    serve(person, Clerk(person))
    assert {State.ATTENDING_FIRST, State.ATTENDING_SECOND, State.CONSENTING} <= watch.seen
    assert {State.TAKING_FEE, State.RETURNING_FEE, State.TAKING_PAPER, State.SORRY} <= watch.seen
