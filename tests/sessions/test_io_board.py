"""Whole sessions with the I/O board between machine and keys, door, coins: whatever happens to it, every yen is explained."""

from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from statistics import median

import pytest

from firmware.book import records
from firmware.book.cases import Case
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.wire import WireKind
from host_sim.rig.crash import Explorer
from host_sim.rig.machine import COUNTER, RigMachine
from host_sim.rig.pairs import LOSSY, Plan, board_for
from host_sim.rig.people import Clerk, Person, serve
from host_sim.rig.scripts import scripts
from host_sim.rig.swarm import live
from host_sim.rig.truth import Checker
from host_sim.rig.world import USB
from host_sim.wallet import WalletCard
from tests.bench.bench_coin import shown_after_s
from tests.sessions.test_coins import idle
from tests.sessions.test_sessions import balanced

Cards = Mapping[str, WalletCard]
Strike = Callable[[RigMachine], object]
PAPER_LAMP, BUZZER = 0x10, 0x20
TROUBLES = {
    "reset": lambda machine: machine.reset_board(),
    "cable": lambda machine: machine.replug_board(3.0, power=False),
    "plug": lambda machine: machine.replug_board(3.0, power=True),
    "short cable": lambda machine: machine.replug_board(0.3, power=False),
}


def checked(**world: object) -> tuple[RigMachine, Checker]:
    machine = RigMachine(pulse=True, **world)
    checker = Checker(machine)
    machine.at_point = checker.effect
    idle(machine)
    return machine, checker


@pytest.mark.parametrize("wire", [USB, LOSSY], ids=["clean", "lossy"])
@pytest.mark.parametrize("coins", [[100, 100, 100], [500], [10, 50, 100, 100, 50]])
def test_a_resident_is_served_over_the_board(wallet: Cards, wire: WireKind, coins: list[int]) -> None:
    machine, checker = checked(board=wire)
    serve(machine, Person(wallet["hanako"], coins=coins))
    assert balanced(machine).outcome == "issued"
    machine.settle_advices()
    checker.check()


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("scene", [show.EnterPin, show.Pay, show.Printing])
def test_whatever_happens_to_the_board_every_yen_is_explained_and_the_next_one_is_served(
    wallet: Cards, trouble: str, scene: type[show.Scene]
) -> None:
    machine, checker = checked(board=LOSSY, late=(trouble == "plug") is (scene is show.Pay))
    person, struck = Person(wallet["hanako"], coins=[100, 50, 100, 50]), []

    def strike(now: show.Scene) -> None:
        if isinstance(now, scene) and not struck:
            struck.append(now)
            machine.clock.after(Random(trouble).uniform(0.1, 1.5), lambda: TROUBLES[trouble](machine))

    person.on_scene = strike
    serve(machine, person)
    assert struck
    machine.settle_advices()
    checker.check()
    machine.mend()
    idle(machine)
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"]))
    last = machine.records(records.SessionClosed)[-1]
    assert last.outcome == "issued", last  # type: ignore[union-attr]
    checker.check()


@pytest.mark.parametrize("trouble", ["reset", "cable", "plug"])
def test_at_rest_the_machine_is_open_again_by_itself(trouble: str) -> None:
    machine, checker = checked(board=USB)
    machine.wait(10)
    TROUBLES[trouble](machine)
    machine.wait(20)
    assert {code for code, _ in machine.loop.book.queue} <= {Case.IO_BOARD}
    idle(machine)
    checker.check()


def test_a_board_that_is_gone_closes_the_machine_and_a_person_opens_it_again() -> None:
    machine, _ = checked(board=USB)
    machine.replug_board(60.0, power=True)
    machine.wait(20)
    assert set(machine.loop.reception.state.reasons) >= {Reason.IO_BOARD, Reason.KEYPAD, Reason.COIN, Reason.DOOR}
    assert machine.board is not None
    machine.board.advance(machine.clock.monotonic())
    assert not machine.acceptor.powered  # type: ignore[union-attr]
    machine.wait(60)
    assert set(machine.loop.reception.state.reasons) == {Reason.DOOR}  # nobody saw the door for a minute
    machine.mend()
    idle(machine)


# --- what a person is told ----------------------------------------------------------------------------


def noticed(machine: RigMachine) -> list[str]:
    return [detail for code, detail in machine.loop.book.queue if code == Case.IO_BOARD]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (lambda machine: machine.reset_board(), "watchdog"),
        (lambda machine: machine.replug_board(3.0, power=True), "restarted"),
        (lambda machine: machine.replug_board(3.0, power=False), "cable"),
    ],
)
def test_what_happens_to_the_board_at_rest_waits_for_a_person_once(trouble: Strike, told: str) -> None:
    machine, _ = checked(board=USB)
    for _ in range(2):
        machine.wait(10)
        trouble(machine)
        machine.wait(20)
        idle(machine)
        assert noticed(machine) == [told]
    machine.wait(60)
    assert machine.centre.cases == [("io_board", told)]


def test_many_damaged_frames_are_told_and_a_few_are_not() -> None:
    machine, _ = checked(board=USB)
    machine.wait(60)
    assert noticed(machine) == []
    machine, _ = checked(board=WireKind(baud=None, flip=0.002))
    machine.wait(60)
    assert noticed(machine) == ["frames"]


@pytest.mark.parametrize(("away_s", "opened"), [(6.0, False), (40.0, True)])
def test_a_door_that_nobody_could_see_for_long_counts_as_opened(away_s: float, opened: bool) -> None:
    machine, _ = checked(board=USB)
    machine.replug_board(away_s, power=False)
    machine.wait(5)
    assert {Reason.IO_BOARD, Reason.DOOR_CONTACT} <= set(machine.loop.reception.state.reasons)
    machine.wait(away_s + 20)
    assert (Case.DOOR_OPENED in dict(machine.loop.book.queue)) is opened
    assert set(machine.loop.reception.state.reasons) == ({Reason.DOOR} if opened else set())


# --- lamps and buzzer ---------------------------------------------------------------------------------


def heard_and_seen(machine: RigMachine) -> set[tuple[str, bool, bool]]:
    """Scene, lamp at the paper and buzzer, as a resident met them together."""
    met: set[tuple[str, bool, bool]] = set()

    def look() -> None:
        assert machine.board is not None
        bits = machine.board.outputs
        met.add((type(machine.loop.scene).__name__, bool(bits & PAPER_LAMP), bool(bits & BUZZER)))
        machine.clock.after(0.25, look)

    look()
    return met


def test_lamp_and_buzzer_remind_whoever_leaves_card_or_paper(wallet: Cards) -> None:
    machine, _ = checked(board=USB)
    met = heard_and_seen(machine)
    serve(machine, Person(wallet["hanako"], coins=[100, 100, 100]))
    assert ("TakePaper", True, False) in met
    assert not any(buzzer for _, _, buzzer in met)
    met.clear()

    def when_it_sounds(act: Callable[[], object]) -> Callable[[RigMachine, show.Scene], None]:
        def deed(_: RigMachine, scene: show.Scene) -> None:
            if isinstance(scene, show.TakeCard | show.TakePaper) and scene.alarm:
                machine.clock.after(8.0, act)

        return deed

    late = {
        show.TakeCard: when_it_sounds(machine.reader.remove),
        show.TakePaper: when_it_sounds(machine.take_what_lies_there),
    }
    serve(machine, Person(wallet["hanako"], coins=[100, 100, 100], deeds=late))
    machine.wait(5)
    assert {("TakeCard", False, True), ("TakeCard", False, False)} <= met  # it sounds in between
    assert {("TakePaper", True, True), ("TakePaper", True, False)} <= met
    assert machine.board is not None
    assert not machine.board.outputs & (PAPER_LAMP | BUZZER)


# --- a clerk's keys -----------------------------------------------------------------------------------


def at_counter(wallet: Cards, wire: WireKind) -> tuple[RigMachine, Checker, Person]:
    machine = RigMachine(site=COUNTER, board=wire)
    checker = Checker(machine)
    machine.at_point = checker.effect
    idle(machine)
    person = Person(wallet["hanako"], copies=2)
    machine.clerk = Clerk(person)
    return machine, checker, person


@pytest.mark.parametrize("wire", [USB, LOSSY], ids=["clean", "lossy"])
def test_a_clerk_serves_with_the_keys_on_the_board(wallet: Cards, wire: WireKind) -> None:
    machine, checker, person = at_counter(wallet, wire)
    serve(machine, person)
    (end,) = machine.records(records.SessionClosed)
    assert end.outcome == "issued"  # type: ignore[attr-defined]
    checker.check()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_whatever_happens_to_a_clerks_board_no_fee_is_lost_and_the_next_one_is_served(
    wallet: Cards, trouble: str
) -> None:
    machine, checker, person = at_counter(wallet, LOSSY)
    struck: list[bool] = []
    clerk = machine.clerk

    def look(rig: RigMachine, scene: show.Scene) -> None:
        if isinstance(scene, show.AtCounter) and scene.what == "take_fee" and not struck:
            struck.append(True)
            rig.clock.after(0.3, lambda: TROUBLES[trouble](rig))
        assert clerk is not None
        clerk(rig, scene)

    machine.clerk = look
    serve(machine, person)
    assert struck
    machine.mend()
    idle(machine)
    again = Person(wallet["hanako"])
    again.card.renew()
    machine.clerk = Clerk(again)
    serve(machine, again)
    assert machine.records(records.SessionClosed)[-1].outcome == "issued"  # type: ignore[attr-defined]
    checker.check()


# --- swarm and crash explorer -------------------------------------------------------------------------


def test_a_life_with_a_board_has_its_faults_and_no_violation(wallet: Cards) -> None:
    """A small share of `host_sim swarm`: the first life that has a board looks for its rows."""
    seed = next(seed for seed in count() if board_for(seed) is not None)
    tally = live(Plan(seed, (("B1", "P4"), ("B2", "N1"), ("A5", "B1"))), wallet, sessions=6)
    assert tally.reds == []
    assert tally.marks["B1"] + tally.marks["B2"] >= 2


@pytest.mark.parametrize(("point", "fault"), [(29, "killed"), (26, "killed")])
def test_a_coin_that_falls_in_after_the_program_was_killed_is_told(wallet: Cards, point: int, fault: str) -> None:
    """Found by the crash explorer: a board shuts its slot a second after the program has ended."""
    script = scripts(dict(wallet))["board: cancel with coins in"]
    assert Explorer(script, depth=1, replay=[(point, fault)]).explore().reds == []


def test_a_coin_shows_through_the_board_no_later_than_through_pins() -> None:
    """In virtual time; `make bench` has the same with more coins."""
    pins, board = (shown_after_s(RigMachine(pulse=True, **on), 24, 1, roll_s=0.0) for on in ({}, {"board": USB}))
    assert median(board) <= median(pins)
    assert max(board) <= max(pins)
