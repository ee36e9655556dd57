"""Advices on papers and debts, and the centre's answers: a refusal, another outcome, nothing for a day."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.book.advice import ClaimAdvice
from firmware.service import reception
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import under_whom_the_hoppers_run_dry

Cards = Mapping[str, WalletCard]


def come(machine: RigMachine, person: Person) -> None:
    machine.serve(person, person.card.chip)


def told_of(machine: RigMachine, code: str) -> list[str]:
    return [detail for known, detail in machine.loop.book.queue if known == code]


def end_of(machine: RigMachine, request: int) -> str:
    held = list(machine.centre.requests.values())[request]
    return held[1].state


def test_a_refused_advice_holds_up_nothing_behind_it(wallet: Cards) -> None:
    machine = RigMachine()
    machine.centre.faults.refusals["issued"] = "bad_request"
    machine.centre.faults.unwanted.add("void")
    for person in (
        Person(wallet["hanako"]),
        Person(wallet["hanako"], coins=[100], gives_up_after_s=0.5),
        Person(wallet["hanako"]),
    ):
        come(machine, person)
    machine.wait(300)
    assert [end_of(machine, request) for request in range(3)] == ["issued", "delivered", "issued"]
    refused = told_of(machine, "advice_refused")
    assert len(refused) == 2, (
        "one case for `issued`, one for the void although it was refused often; hearing `issued` later closes no case"
    )
    assert [advice_id for advice_id, _ in machine.loop.book.pending_advices()] == [refused[1]]
    assert isinstance(machine.loop.scene, show.Idle)
    machine.centre.faults.unwanted.clear()
    machine.settle_advices()
    assert end_of(machine, 1) == "void"


def test_each_of_several_refused_advices_is_sent_again(wallet: Cards) -> None:
    machine = RigMachine()
    machine.centre.faults.unwanted |= {"issued", "void"}
    come(machine, Person(wallet["hanako"], coins=[100], gives_up_after_s=0.5))
    come(machine, Person(wallet["hanako"]))
    machine.wait(120)
    assert len(told_of(machine, "advice_refused")) == 2
    machine.centre.faults.unwanted.discard("issued")
    machine.wait(200)
    assert [end_of(machine, request) for request in range(2)] == ["delivered", "issued"]


def test_two_persons_close_a_refused_advice_and_it_is_not_told_again(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.centre.faults.unwanted.add("claims")
    come(machine, under_whom_the_hoppers_run_dry(wallet["hanako"]))
    machine.wait(60)
    ((_, advice),) = machine.loop.book.pending_advices()
    assert isinstance(advice, ClaimAdvice)
    assert advice.amount_yen == 200
    machine.log_in("kato")
    (item,) = [n for n, (code, _) in enumerate(machine.loop.book.queue, start=1) if code == "advice_refused"]
    assert advice.key not in machine.say("uncertain")
    assert "Closed." in machine.confirm(machine.say(f"resolve {item} told by-telephone"), "goto")
    for _ in range(2):  # and a replay of the journal gives the same
        assert (machine.loop.book.pending_advices(), machine.loop.book.claims) == ([], {})
        machine.restart()
    machine.centre.faults.unwanted.clear()
    machine.wait(200)
    assert machine.centre.claims == {}
    assert machine.loop.book.totals["claimed_yen"] == 200


def test_another_outcome_at_the_centre_is_a_case_at_the_machine_too(wallet: Cards) -> None:
    """Fault N8: the advice counts as acknowledged, since repeating it changes nothing; the machine corrects nothing itself."""
    machine = RigMachine()
    machine.at_point = lambda point: machine.centre.contradict() if point == "line issued reached" else None
    come(machine, Person(wallet["hanako"]))
    machine.settle_advices()
    (rid,) = machine.centre.requests
    assert told_of(machine, "centre_disagrees") == [f"{rid}.1 was told as issued"]
    assert machine.loop.book.totals["earned_yen"] == 300
    assert end_of(machine, 0) == "void"


def test_an_advice_that_waits_too_long_closes_the_machine_until_it_is_acknowledged(
    wallet: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "ADVICE_WAIT_S", 600.0)  # a day in service, shortened for the test
    machine = RigMachine()
    machine.centre.faults.unwanted.add("issued")
    come(machine, Person(wallet["hanako"]))
    machine.wait(580)
    assert machine.loop.reception.state.reasons == frozenset()
    machine.wait(40)
    assert machine.loop.reception.state.reasons == {Reason.ADVICES}
    machine.centre.faults.unwanted.clear()
    machine.settle_advices()
    machine.wait(5)
    assert machine.loop.reception.state.reasons == frozenset()
    assert len(machine.records(records.AdviceDone)) == 1
