"""Coins in whole sessions: late coins, stray coins, a swapped acceptor, and an acceptor that only counts pulses."""

import re
from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.book.cases import MismatchCode
from firmware.desks import COIN, AcknowledgePayout, OfSession, PairAcceptor
from firmware.loop import DRAINING
from firmware.session import scenes as show
from firmware.session.effects import CloseSlot, OpenSlot
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.acceptor import AcceptorModel, Fate, Insertion
from host_sim.models.cctalk_bus import Answer
from host_sim.rig.crew import InlineCrew
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import dies_with_a_coin_at_the_sensor
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]


def idle(machine: RigMachine, limit_s: float = 120) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), limit_s)


def numbers(machine: RigMachine, limit_s: float = 120) -> tuple[str, ...]:
    """The fault numbers on the closed screen, once it shows."""
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), limit_s)
    scene = machine.loop.scene
    assert isinstance(scene, show.Closed)
    return scene.numbers


# --- fault A5: late coins ------------------------------------------------------------------------------


def roll_in_after_closing(machine: RigMachine, *delays_s: float) -> None:
    """Coins that are already past the gate when the slot closes reach the credit sensor after these times."""
    acceptor, waiting = machine.acceptor, list(delays_s)
    assert isinstance(acceptor, AcceptorModel)
    obey = acceptor.command

    def command(header: int, data: bytes, now_s: float) -> Answer | None:
        if header == 231 and data == bytes(2) and machine.loop.state in DRAINING:
            acceptor._rolling += [(now_s + delay, Insertion("JP100A", now_s, Fate.ROLLING)) for delay in waiting]
            waiting.clear()
        return obey(header, data, now_s)

    acceptor.command = command  # type: ignore[method-assign]


@pytest.mark.parametrize("delays_s", [(0.15,), (0.35,), (0.15, 0.35), (0.35, 0.55)])
def test_a5_a_coin_that_rolls_in_after_the_slot_was_closed_comes_back_as_change(
    wallet: Cards, delays_s: tuple[float, ...]
) -> None:
    machine = RigMachine()
    roll_in_after_closing(machine, *delays_s)
    serve(machine, Person(wallet["hanako"]))
    book = balanced(machine)
    assert (book.outcome, book.inserted_yen, book.paid_out_yen) == (
        "issued",
        300 + 100 * len(delays_s),
        100 * len(delays_s),
    )
    assert machine.loop.book.totals["stray_yen"] == 0


def test_a_coin_read_by_a_late_answer_is_credited(wallet: Cards) -> None:
    """Every command to the acceptor also reads its events; the session may be in another state when that answer comes."""
    machine = RigMachine()
    person = Person(wallet["hanako"])
    begun: list[bool] = []

    def pay(machine_: RigMachine, scene: show.Scene) -> None:
        now_s = machine_.clock.monotonic()
        if not begun:
            begun.append(True)
            command = OpenSlot(frozenset({10, 50, 100, 500}))
            machine_.drop(500, now_s + 1)
            late = OfSession(machine_.loop._ticket - 1)
            machine_.clock.at(now_s + 1.045, lambda: machine_.crew.send(COIN, command, late))

    person.deeds[show.Pay] = pay
    serve(machine, person)
    assert (balanced(machine).outcome, balanced(machine).inserted_yen) == ("issued", 500)


def test_a_late_answer_to_close_slot_changes_nothing(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    machine.loop.send(COIN, CloseSlot())
    before = machine.loop.stale_answers
    machine.run_until(lambda: machine.loop.stale_answers > before, 10)
    serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).outcome == "issued"


# --- fault H6: coins that leave without a command ------------------------------------------------------


@pytest.mark.parametrize("value_yen", [10, 50, 100, 500])
def test_h6_coins_out_while_idle_end_the_service_until_a_technician_has_acknowledged_them(
    wallet: Cards, value_yen: int
) -> None:
    machine = RigMachine()
    idle(machine)
    hopper = machine.hoppers[value_yen]
    began_s = machine.clock.monotonic()
    for _ in range(3):
        hopper.fault("phantom", began_s)
    assert numbers(machine) == ("303",)
    assert machine.clock.monotonic() - began_s <= 75, "four hoppers, one every 15 s"
    assert machine.records(records.PayoutUnexplained) == [records.PayoutUnexplained(value_yen, 3, 3)]
    assert machine.loop.book.tubes[value_yen] == hopper.tube
    machine.reader.insert(wallet["hanako"].chip)
    for _ in range(30):
        machine.loop.turn()
    assert machine.records(records.SessionOpened) == []
    machine.reader.remove()
    machine.restart()  # a restart does not clear it
    assert numbers(machine) == ("303",)
    machine.loop.send(COIN, AcknowledgePayout(value_yen))
    idle(machine)
    assert machine.records(records.PayoutAcknowledged) == [records.PayoutAcknowledged(value_yen)]
    assert isinstance(machine.records(records.Resumed)[-1], records.Resumed)
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    assert machine.records(records.SessionClosed)[-1].paid_out_yen == 200  # type: ignore[union-attr]
    assert len(machine.records(records.PayoutUnexplained)) == 1


def test_h6_what_left_while_the_machine_was_off_is_found_at_the_start(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    with pytest.raises(PowerLost):
        machine.die(Tail.KEPT)
    machine.hoppers[100].fault("phantom", machine.clock.monotonic())
    machine.restart()
    # The start has compared the hoppers with the book; no desk has been heard yet.
    assert (MismatchCode.MONEY_MOVED, "hopper 100: +1 coins") in machine.memory.book.queue
    assert numbers(machine) == ("303",)
    assert machine.records(records.PayoutUnexplained) == [records.PayoutUnexplained(100, 1, 3)]


def test_h6_a_cut_before_the_coin_desk_has_reported_hides_nothing(
    wallet: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    with pytest.raises(PowerLost):
        machine.die(Tail.KEPT)
    machine.hoppers[100].fault("phantom", machine.clock.monotonic())
    with monkeypatch.context() as patched:
        patched.setattr(InlineCrew, "start", lambda _: machine.die(Tail.KEPT))
        with pytest.raises(PowerLost):
            machine.restart()
    machine.restart()
    assert numbers(machine) == ("303",)
    assert machine.records(records.PayoutUnexplained) == [records.PayoutUnexplained(100, 1, 3)]
    assert machine.loop.book.tubes[100] == machine.hoppers[100].tube


def test_a_day_of_ordinary_payouts_leaves_nothing_unexplained(wallet: Cards) -> None:
    machine = RigMachine()
    for coins in ([500], [100, 100, 100], [500]):
        wallet["hanako"].chip.heal()
        serve(machine, Person(wallet["hanako"], coins=coins))
    until_s = machine.clock.monotonic() + 300
    machine.run_until(lambda: machine.clock.monotonic() >= until_s, 400)
    assert isinstance(machine.loop.scene, show.Idle)
    assert machine.records(records.PayoutUnexplained) == []


# --- fault A9: another acceptor ------------------------------------------------------------------------


def test_a9_a_swapped_acceptor_ends_the_service_until_it_is_paired(wallet: Cards) -> None:
    machine = RigMachine(acceptor_serial=107187)
    serve(machine, Person(wallet["hanako"]))
    acceptor = machine.acceptor
    assert isinstance(acceptor, AcceptorModel)
    acceptor.fault("swapped", machine.clock.monotonic())
    assert numbers(machine) == ("306",)
    assert ("acceptor_swapped", f"serial number {acceptor.serial}") in machine.loop.book.queue
    machine.loop.send(COIN, PairAcceptor(4711))  # a wrong serial number in the unit file
    until_s = machine.clock.monotonic() + 30
    machine.run_until(lambda: machine.clock.monotonic() >= until_s)
    assert numbers(machine) == ("306",)
    machine.loop.send(COIN, PairAcceptor(acceptor.serial))
    idle(machine)
    assert machine.records(records.AcceptorPaired) == [records.AcceptorPaired(acceptor.serial)]
    machine.restart()  # the unit file names the old acceptor
    idle(machine)
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    assert balanced(machine).paid_out_yen == 200


def test_a9_without_a_number_in_the_unit_file_the_first_acceptor_is_the_machines(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    assert machine.records(records.AcceptorPaired) == [records.AcceptorPaired(107187)]
    acceptor = machine.acceptor
    assert isinstance(acceptor, AcceptorModel)
    acceptor.fault("swapped", machine.clock.monotonic())
    machine.restart()
    assert numbers(machine) == ("306",)
    acceptor.fault("swapped", machine.clock.monotonic())  # the old one is put back
    idle(machine)


# --- an acceptor that counts in pulses -----------------------------------------------------------


@pytest.mark.parametrize("coins", [[100, 100, 100], [500], [50, 50, 100, 100], [10] * 30])
def test_a_resident_pays_in_pulses(wallet: Cards, coins: list[int]) -> None:
    machine = RigMachine(pulse=True)
    serve(machine, Person(wallet["hanako"], coins=coins))
    book = balanced(machine)
    assert (book.outcome, book.paid_out_yen) == ("issued", sum(coins) - 300)
    counters = {record.event_counter for record in machine.records(records.Coin) + machine.records(records.SlotClosed)}  # type: ignore[union-attr]
    assert counters == {None}, "a pulse acceptor has no counter"
    assert machine.loop.book.acceptor_serial is None


def test_pulses_cannot_refuse_single_coins_so_without_change_for_all_nothing_is_taken(wallet: Cards) -> None:
    machine = RigMachine(pulse=True, tubes={10: 10, 50: 2, 100: 3, 500: 0})  # no change for 500 yen
    assert numbers(machine) == ("302",), "known before anybody types a PIN"


def test_a_power_cut_with_the_slot_open_is_flagged_as_nobody_can_count_the_pulses_missed(wallet: Cards) -> None:
    machine = RigMachine(pulse=True)
    idle(machine)
    machine.watchers[:] = [Person(wallet["hanako"], coins=[100])]
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_until(lambda: machine.loop.state is State.PART_PAID)
    machine.run_until(lambda: machine.loop.book.open_session().ledger.inserted_yen == 100)
    with pytest.raises(PowerLost):
        machine.die(Tail.KEPT)
    machine.restart()
    idle(machine)
    sid = machine.records(records.SessionOpened)[-1].sid  # type: ignore[union-attr]
    assert ("suspect_coin", f"session {sid}, number unknown") in machine.loop.book.uncertain
    assert machine.records(records.SessionClosed)[-1].claimed_yen == 100  # type: ignore[union-attr]
    assert machine.acceptor.inhibited  # type: ignore[union-attr]


# --- fault H7: change ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tubes", "exact"),
    [
        ({10: 60, 50: 40, 100: 60, 500: 20}, False),
        ({10: 60, 50: 10, 100: 20, 500: 0}, False),
        ({10: 60, 50: 0, 100: 0, 500: 0}, False),  # no 500 yen then, but change for all others
        ({10: 10, 50: 4, 100: 0, 500: 0}, True),
    ],
)
def test_h7_the_idle_screen_says_whether_exact_money_is_needed(
    wallet: Cards, tubes: dict[int, int], exact: bool
) -> None:
    machine = RigMachine(tubes=tubes)
    idle(machine)
    scene = machine.loop.scene
    assert isinstance(scene, show.Idle)
    assert scene.exact_money_only is exact
    person = serve(machine, Person(wallet["hanako"]))
    pay = next(scene for scene in person.seen if isinstance(scene, show.Pay))
    assert pay.exact_money_only is exact
    assert balanced(machine).outcome == "issued"


# --- faults A1, A6: what blocks and what cheats ----------------------------------------------------------


def in_the_middle(machine: RigMachine, card: WalletCard, fault: str) -> Person:
    """A resident who pays one coin, after which this happens to the acceptor."""
    person = Person(card, coins=[100])

    def pay(machine_: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.Pay)
        now_s = machine_.clock.monotonic()
        if scene.inserted_yen == 0 and scene.countdown_s is None:
            machine_.drop(100, now_s + 1)
        elif scene.inserted_yen == 100 and scene.countdown_s is None:
            machine_.clock.at(now_s + 1, lambda: machine_.acceptor.fault(fault, machine_.clock.monotonic()))

    person.deeds[show.Pay] = pay
    return person


@pytest.mark.parametrize(("pulse", "fault"), [(False, "jam"), (True, "stuck")])
def test_a1_a_stuck_coin_gives_the_money_back_and_closes_the_machine_until_it_is_freed(
    wallet: Cards, pulse: bool, fault: str
) -> None:
    machine = RigMachine(pulse=pulse)
    person = serve(machine, in_the_middle(machine, wallet["hanako"], fault))
    assert sorry(person).reason == "coin_trouble"
    book = balanced(machine)
    assert (book.inserted_yen, book.paid_out_yen) == (100, 100)
    assert numbers(machine) == ("307",)
    (told,) = [detail for code, detail in machine.loop.book.queue if code == "acceptor_blocked"]
    assert re.fullmatch(r"14, session [0-9a-f]{32}", told), "staff must know who may miss a coin"
    until_s = machine.clock.monotonic() + 60
    machine.run_until(lambda: machine.clock.monotonic() >= until_s)
    assert numbers(machine) == ("307",), "the coin is still stuck"
    machine.acceptor.clear(fault, machine.clock.monotonic())
    idle(machine)
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).outcome == "issued"


@pytest.mark.parametrize("fault", ["string", "light"])
def test_a6_a_coin_on_a_string_closes_the_slot_is_flagged_and_credits_nothing(wallet: Cards, fault: str) -> None:
    machine = RigMachine()
    person = serve(machine, in_the_middle(machine, wallet["hanako"], fault))
    assert sorry(person).reason == "coin_trouble"
    assert (balanced(machine).inserted_yen, balanced(machine).paid_out_yen) == (100, 100)
    assert [flag.code for flag in machine.records(records.Flag)] == ["coin_fraud"]  # type: ignore[union-attr]
    idle(machine)


def test_a6_a_coin_that_stayed_inside_unknown_is_flagged_with_its_session(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    machine.acceptor.fault("swallow", machine.clock.monotonic())
    serve(machine, Person(wallet["hanako"], coins=[500, 100, 100, 100]))
    closed = machine.records(records.SessionClosed)[-1]
    assert isinstance(closed, records.SessionClosed)
    assert (closed.inserted_yen, machine.coins_in_yen()) == (300, 800)
    assert machine.records(records.Flag) == [records.Flag("coin_uncertain", f"event 36, session {closed.sid}")]


# --- a process that dies with a coin in the acceptor's buffer --------------------------------------


@pytest.mark.parametrize("tail", [None, Tail.KEPT])
def test_a_coin_that_nobody_had_read_is_claimed_if_it_can_be_and_suspected_if_not(
    wallet: Cards, tail: Tail | None
) -> None:
    """Killed: the acceptor still has the event, so a claim is made. Power cut: only its lifetime count shows the coin (crash point 10)."""
    machine = RigMachine()
    idle(machine)

    dies_with_a_coin_at_the_sensor(machine, wallet["hanako"], tail)
    machine.restart()
    sid = machine.records(records.SessionOpened)[-1].sid  # type: ignore[union-attr]
    suspected = ("suspect_coin", f"session {sid}, 1 coins") in machine.loop.book.uncertain
    assert suspected == (tail is not None)
    idle(machine)
    assert machine.acceptor.cash_box == ["JP500A"]
    if tail is None:
        machine.settle_advices()
        assert machine.records(records.Coin) == [records.Coin(sid, 500, 1)]
        assert machine.centre.claims == {sid: 500}
        assert machine.loop.book.cash_box == {500: 1}
    else:
        assert ("credits_lost", f"1, session {sid}") in machine.loop.book.queue
    queue = list(machine.loop.book.queue)
    machine.restart()
    idle(machine)
    machine.run_until(lambda: machine.clock.monotonic() > 120, 200)
    assert machine.loop.book.queue == queue, "flagged once"


# --- what the resident is told -----------------------------------------------------------------------


@pytest.mark.parametrize("fails", [(), (50, 10)], ids=["all is paid", "the small coins fail"])
def test_change_is_told_coin_value_by_coin_value_and_what_is_owed_with_the_papers(
    wallet: Cards, fails: tuple[int, ...]
) -> None:
    machine = RigMachine()
    for value_yen in fails:
        machine.hoppers[value_yen].fault("pays_nothing", machine.clock.monotonic())
    person = serve(machine, Person(wallet["hanako"], coins=(100, 100, 50, 500)))
    told = [scene for scene in person.seen if isinstance(scene, show.MoneyBack)]
    assert {scene.amount_yen for scene in told} == {450}
    steps = dict.fromkeys((scene.paid_yen, scene.coming) for scene in told if scene.coming is not None)
    assert list(steps)[:2] == [(0, (100, 4)), (400, (50, 1))]
    papers = next(scene for scene in person.seen if isinstance(scene, show.TakePaper))
    assert (papers.change_yen, papers.claim_yen) == ((400, 50) if fails else (450, 0))
    assert papers.telephone
