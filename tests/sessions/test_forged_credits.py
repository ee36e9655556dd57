"""Credits for which no coin came, and coins that are put in and taken back (faults M1, M2, M3)."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.money.limits import REFUNDS_MAX, REFUNDS_WINDOW_S, UNBORNE_SESSION_YEN
from firmware.session import scenes as show
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.acceptor import AcceptorModel
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.test_coins import idle, numbers
from tests.sessions.test_sessions import sorry

Cards = Mapping[str, WalletCard]


def forger(card: WalletCard, credits_: int = 2, *, first: str = "", cancels: bool = True, copies: int = 1) -> Person:
    """Shows so many credits of 100 yen without a coin, after the acceptor's fault `first`; then cancels."""
    card.chip.heal()
    person = Person(card, coins=(), copies=copies)
    begun: list[bool] = []

    def forge(machine: RigMachine, _: show.Scene) -> None:
        if begun:
            return
        begun.append(True)
        clock = machine.clock
        begins_s = clock.monotonic() + 0.5
        if first:
            clock.at(begins_s, lambda: machine.acceptor.fault(first, clock.monotonic()))
            begins_s += 0.5
        for number in range(credits_):
            clock.at(begins_s + 1.5 * number, lambda: machine.acceptor.fault("forged", clock.monotonic()))
        if cancels:
            machine.tap("cancel", begins_s + 1.5 * (credits_ - 1) + 0.05)

    person.deeds[show.Pay] = forge
    return person


def taker(card: WalletCard, coins: tuple[int, ...] = (100,)) -> Person:
    """Puts coins in and takes them back."""
    card.chip.heal()
    return Person(card, coins=coins, gives_up_after_s=0.5)


def last_closed(machine: RigMachine) -> records.SessionClosed:
    closed = machine.records(records.SessionClosed)[-1]
    assert isinstance(closed, records.SessionClosed)
    return closed


def cases(machine: RigMachine, code: str) -> list[str]:
    return [detail for found, detail in machine.loop.book.queue if found == code]


# --- fault M1: credits without coins ----------------------------------------------------------------


@pytest.mark.parametrize(("credits_", "first"), [(1, ""), (2, ""), (5, ""), (2, "reset")])
def test_m1_credits_without_coins_are_not_paid_out(wallet: Cards, credits_: int, first: str) -> None:
    """Also when the forger first lets it look as if the acceptor had restarted: its own count did not begin anew."""
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))  # the acceptor has counted coins before
    person = serve(machine, forger(wallet["hanako"], credits_, first=first))
    closed = last_closed(machine)
    assert isinstance(machine.acceptor, AcceptorModel)
    assert (machine.coins_in_yen(), machine.coins_out_yen()) == (300, 0)
    assert (closed.inserted_yen, closed.claimed_yen) == (sum_seen(machine, closed.sid), closed.inserted_yen)
    assert sorry(person).reason == "tamper"
    assert machine.centre.claims == {closed.sid: closed.claimed_yen}
    flagged = cases(machine, "credits_without_coins")
    assert sum(int(detail.split()[0]) for detail in flagged) == credits_, (
        "those that came after the session are told, too"
    )
    assert all(closed.sid in detail for detail in flagged)
    assert "308" in numbers(machine)
    assert "credits_without_coins" in machine.loop.reception.news(machine.loop.book)


def sum_seen(machine: RigMachine, sid: str) -> int:
    return sum(record.value_yen for record in machine.records(records.Coin) if record.sid == sid)  # type: ignore[union-attr]


def test_m1_no_paper_is_printed_for_credits_without_coins(wallet: Cards) -> None:
    machine = RigMachine()
    person = forger(wallet["hanako"], 1, cancels=False)
    fake = person.deeds[show.Pay]

    def pay(
        machine_: RigMachine, scene: show.Scene
    ) -> None:  # the last credit meets the fee, and the slot closes at once
        fake(machine_, scene)
        assert isinstance(scene, show.Pay)
        if scene.inserted_yen == 0 and scene.countdown_s is None:
            now_s = machine_.clock.monotonic()
            machine_.drop(100, now_s + 0.3)
            machine_.drop(100, now_s + 0.4)

    person.deeds[show.Pay] = pay
    serve(machine, person)
    closed = last_closed(machine)
    assert (closed.inserted_yen, closed.earned_yen, closed.claimed_yen) == (300, 0, 300)
    assert machine.records(records.PrintIntent) == []
    assert machine.coins_out_yen() == 0


def test_m1_an_honest_resident_gets_everything_as_a_claim_and_the_next_one_is_served(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, forger(wallet["hanako"]))
    machine.restart()  # a restart does not clear it
    assert "308" in numbers(machine)
    ((code, detail),) = [item for item in machine.loop.book.queue if item[0] == "credits_without_coins"][:1]
    machine.mend()
    idle(machine)
    assert (code, detail) not in machine.loop.book.queue
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    assert (last_closed(machine).outcome, last_closed(machine).paid_out_yen) == ("issued", 200)
    assert cases(machine, "credits_without_coins") == []


@pytest.mark.parametrize("tail", [None, Tail.KEPT])
def test_m1_a_cut_behind_forged_credits_makes_a_claim_that_is_examined(wallet: Cards, tail: Tail | None) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))
    idle(machine)
    person = forger(wallet["hanako"], 1, cancels=False)
    machine.watchers[:] = [person]
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_until(
        lambda: bool(machine.loop.book.session) and machine.loop.book.open_session().ledger.inserted_yen == 100
    )
    with pytest.raises(PowerLost):
        machine.die(tail)
    machine.restart()
    machine.settle_advices()
    advices = [record.advice for record in machine.records(records.AdviceQueued)]  # type: ignore[union-attr]
    assert advices[-1].reason == "tamper"
    assert len(cases(machine, "credits_without_coins")) == 1
    assert "308" in numbers(machine)


def test_m1_credits_while_nobody_is_served_close_the_machine(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    machine.acceptor.fault("forged", machine.clock.monotonic())
    assert "308" in numbers(machine)
    assert cases(machine, "credits_without_coins") == ["1 credits"]


def test_a_count_that_began_anew_with_its_power_is_no_tampering(wallet: Cards) -> None:
    """An acceptor that keeps header 225 in RAM (AL66): after a restart its count is lower, and equals the credits since."""
    machine = RigMachine()
    acceptor = machine.acceptor
    assert isinstance(acceptor, AcceptorModel)
    acceptor.accept_counter = 5000
    machine.restart()
    idle(machine)
    acceptor.fault("reset", machine.clock.monotonic())
    acceptor.accept_counter = 0
    machine.wait(30)
    idle(machine)
    serve(machine, Person(wallet["hanako"], coins=[500]))
    assert (last_closed(machine).outcome, last_closed(machine).paid_out_yen) == ("issued", 200)
    assert cases(machine, "credits_without_coins") == []


# --- fault M2: nothing counts beside the credits ----------------------------------------------------


@pytest.mark.parametrize("pulse", [True, False])
def test_m2_where_nothing_counts_beside_the_credits_the_hoppers_pay_up_to_a_limit(wallet: Cards, pulse: bool) -> None:
    machine = RigMachine(pulse=pulse, acceptor_counts=False)
    serve(machine, forger(wallet["hanako"], 13, copies=5))
    closed = last_closed(machine)
    assert closed.inserted_yen == 1300
    assert (closed.paid_out_yen, closed.claimed_yen) == (UNBORNE_SESSION_YEN, 300)
    assert machine.coins_out_yen() == UNBORNE_SESSION_YEN


def test_m2_a_forger_who_then_silences_the_acceptor_gets_no_more_than_that(wallet: Cards) -> None:
    machine = RigMachine()
    person = forger(wallet["hanako"], 13, copies=5)
    person.on_scene = lambda shown: (
        machine.acceptor.fault("mute", machine.clock.monotonic())
        if isinstance(shown, show.Pay) and shown.inserted_yen == 1200
        else None
    )
    serve(machine, person)
    assert machine.coins_out_yen() <= UNBORNE_SESSION_YEN


# --- fault M3: put in and taken back ----------------------------------------------------------------


def test_m3_coins_that_are_taken_back_again_and_again_become_claims(wallet: Cards) -> None:
    machine = RigMachine()
    for _ in range(REFUNDS_MAX):
        serve(machine, taker(wallet["hanako"]))
        assert last_closed(machine).paid_out_yen == 100
    assert cases(machine, "coins_exchanged") == [
        f"{REFUNDS_MAX} sessions in 60 minutes took {REFUNDS_MAX * 100} yen back"
    ]
    assert "coins_exchanged" in machine.loop.reception.news(machine.loop.book)
    serve(machine, taker(wallet["hanako"]))
    closed = last_closed(machine)
    assert (closed.paid_out_yen, closed.claimed_yen) == (0, 100)
    told = [record.advice for record in machine.records(records.AdviceQueued)]  # type: ignore[union-attr]
    assert [advice.reason for advice in told if advice.told()["op"] == "claim"] == ["exchanged"]
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    assert last_closed(machine).paid_out_yen == 200, "change after a paper is still paid"
    serve(machine, taker(wallet["hanako"]))
    assert last_closed(machine).claimed_yen == 100, "one paper does not open the window again"
    machine.wait(REFUNDS_WINDOW_S)
    idle(machine)
    serve(machine, taker(wallet["hanako"]))
    assert last_closed(machine).paid_out_yen == 100
    assert len(cases(machine, "coins_exchanged")) == 1


def test_m3_a_restart_forgets_none_of_those_in_a_row(wallet: Cards) -> None:
    machine = RigMachine()
    for _ in range(REFUNDS_MAX):
        serve(machine, taker(wallet["hanako"]))
    machine.restart()
    serve(machine, taker(wallet["hanako"]))
    assert last_closed(machine).claimed_yen == 100


def test_m3_a_refund_for_a_fault_of_the_machine_does_not_count(wallet: Cards) -> None:
    machine = RigMachine()
    for _ in range(REFUNDS_MAX + 1):
        wallet["hanako"].chip.heal()
        person = Person(wallet["hanako"], coins=[100])
        person.on_scene = lambda shown: (
            machine.acceptor.fault("string", machine.clock.monotonic())
            if isinstance(shown, show.Pay) and shown.inserted_yen == 100
            else None
        )
        serve(machine, person)
        assert last_closed(machine).paid_out_yen == 100
    assert cases(machine, "coins_exchanged") == []


# --- baskets with more than one fee -----------------------------------------------------------------


def test_each_copy_earns_its_own_fee(wallet: Cards) -> None:
    machine = RigMachine()
    machine.centre.fees = {"juminhyo": 250}
    person = serve(machine, Person(wallet["hanako"], coins=[500, 100], then="1"))
    printed = machine.records(records.CopyPrinted)
    assert [record.fee_yen for record in printed] == [300, 250]  # type: ignore[union-attr]
    closed = last_closed(machine)
    assert (closed.earned_yen, closed.paid_out_yen) == (550, 50)
    assert any(isinstance(scene, show.Done) for scene in person.seen)


def test_change_for_every_part_of_a_basket_is_planned_before_money_is_taken(wallet: Cards) -> None:
    """200 and 300 yen are one coin of 500; but if only one of the two papers is printed, coins of 100 are due."""
    machine = RigMachine(tubes={10: 0, 50: 0, 100: 0, 500: 20})
    machine.centre.fees = {"juminhyo": 200}
    person = serve(machine, Person(wallet["hanako"], coins=[500], then="1"))
    pay = next(scene for scene in person.seen if isinstance(scene, show.Pay))
    assert (pay.exact_money_only, pay.coins_come_back) == (True, False), "said before a coin is in"
    assert last_closed(machine).outcome == "issued"
