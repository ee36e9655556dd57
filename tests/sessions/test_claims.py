"""A machine hears that the city's desk has paid its claim (fault N13), and the centre hears what waits at the machine."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.session import scenes as show
from host_sim.adapters.disk import PowerLost
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import claim_of_200, owing_200
from tests.sessions.test_advices import come

Cards = Mapping[str, WalletCard]


def key_of(machine: RigMachine) -> str:
    (key,) = machine.centre.claims
    return key


def test_the_machine_writes_what_the_desk_paid_and_owes_it_no_more(wallet: Cards) -> None:
    machine = owing_200(wallet)
    key = key_of(machine)
    machine.settle_advices()
    assert machine.loop.book.owed == {key: 200}
    assert machine.centre.pay_at_desk(key)
    machine.settle_advices()
    for _ in range(2):  # and a replay of the journal gives the same
        assert machine.loop.book.owed == {}
        assert machine.loop.book.totals["paid_at_desk_yen"] == 200
        Checker(machine).check()
        machine.restart()
    machine.wait(120)
    assert machine.records(records.ClaimPaid) == [records.ClaimPaid(key, 200)], "it is written once"


def test_the_console_shows_who_paid_and_pays_no_more(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    assert machine.centre.pay_at_desk(key_of(machine))
    machine.wait(60)
    assert "collected here 0, paid at the city's desk 200, not paid 0" in " ".join(machine.say(f"claim {code}").split())
    assert "ERR claim It was paid at the city's desk already; 200 yen were owed." in machine.say(f"collect {code}")
    assert "paid_at_desk_yen              200" in machine.say("counters")
    assert machine.coins_out_yen() == 0


def test_whoever_the_centre_lets_hold_the_claim_pays_it(wallet: Cards) -> None:
    """The desk pays between dry run and confirmation: the machine pays nothing. The machine holds: the desk pays nothing."""
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    assert machine.centre.pay_at_desk(key_of(machine))
    assert "ERR held Nothing was paid" in machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 0
    machine, code = claim_of_200(wallet)
    key, at_desk = key_of(machine), []
    machine.at_point = lambda point: at_desk.append(machine.centre.pay_at_desk(key)) if point == "coin out" else None
    assert "200 yen are paid" in machine.confirm(machine.say(f"collect {code}"), "kato")
    machine.settle_advices()
    assert at_desk
    assert not any(at_desk), "the desk would have paid, too"
    assert machine.loop.book.owed == {}
    assert machine.centre.left_yen(key) == 0
    assert machine.coins_out_yen() == 200


def test_what_the_desk_paid_is_written_after_the_session_that_is_under_way(wallet: Cards) -> None:
    machine = owing_200(wallet)
    key = key_of(machine)
    machine.settle_advices()
    person = Person(wallet["taro"], coins=[100, 100, 100])

    def pay(machine: RigMachine, _: show.Scene) -> None:
        machine.centre.pay_at_desk(key)
        machine.tap("enter", machine.clock.monotonic() + 1.0)

    person.deeds[show.Basket] = pay
    serve(machine, person)
    machine.settle_advices()
    kinds = [type(entry.record) for entry in machine.memory.journal.records()]
    last = max(at for at, kind in enumerate(kinds) if kind is records.SessionClosed)
    assert kinds.index(records.ClaimPaid) > last
    Checker(machine).check()


def test_a_payment_that_the_centre_refuses_to_have_heard_is_a_case_and_not_written_again(wallet: Cards) -> None:
    machine = owing_200(wallet)
    machine.centre.faults.unwanted.add("heard")
    machine.settle_advices()
    machine.centre.pay_at_desk(key_of(machine))
    machine.wait(300)
    assert len(machine.records(records.ClaimPaid)) == 1
    assert [code for code, _ in machine.loop.book.queue if code == "advice_refused"] == ["advice_refused"]
    machine.centre.faults.unwanted.clear()
    machine.settle_advices()
    assert machine.loop.book.owed == {}


# --- cases ------------------------------------------------------------------------------------------


def test_the_centre_hears_of_an_uncertain_paper_with_the_machines_own_words(wallet: Cards) -> None:
    machine = RigMachine(certificate_printer="receipt-80")  # has no counter
    machine.at_point = lambda point: machine.die(None, 0) if point == "dots" else None
    with pytest.raises(PowerLost):
        come(machine, Person(wallet["hanako"], coins=[100, 100, 100]))
    machine.at_point = lambda _: None
    machine.restart()
    machine.wait(60)
    (detail,) = [detail for code, detail in machine.loop.book.queue if code == "copy_uncertain"]
    assert ("copy_uncertain", detail) in machine.centre.cases
    told = "\n".join(machine.centre.words.values())
    for record in ("SessionOpened", "PrintIntent", "CopyUncertain", "SessionClosed"):
        assert record in told
    assert detail.split(".")[0] not in told, "ids are cut short"
    for word in ("花", "hanako"):
        assert word not in told


def test_a_case_closed_at_the_machine_is_told_as_gone(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.centre.faults.unwanted |= {"issued", "claims"}
    come(machine, Person(wallet["hanako"], coins=[100, 100, 100]))
    machine.wait(120)
    assert [code for code, _ in machine.centre.cases] == ["advice_refused"]
    machine.log_in("kato")
    assert "Closed." in machine.confirm(machine.say("resolve 1 told by-telephone"), "goto")
    machine.wait(60)
    assert machine.centre.cases == []


def test_cases_are_told_again_until_the_centre_has_them_and_after_a_restart(wallet: Cards) -> None:
    machine = RigMachine()
    machine.centre.faults.unwanted.add("issued")
    machine.centre.faults.lost_before.add("cases")
    come(machine, Person(wallet["hanako"], coins=[100, 100, 100]))
    machine.wait(200)
    assert [code for code, _ in machine.centre.cases] == ["advice_refused"]
    machine.centre.cases.clear()  # another centre, or an old backup of this one
    machine.restart()
    machine.wait(60)
    assert [code for code, _ in machine.centre.cases] == ["advice_refused"]
