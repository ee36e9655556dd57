"""Money, counts and cases on the console, compared with the coins that really moved, through power cuts.

Each test that moves money ends with the same accounts as a resident's: what left the hoppers is what the journal says,
what is in the cash box is what was put in, and the centre holds the same of every claim.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from firmware.book import records
from firmware.book.cases import QUEUE_LIMIT, Case
from firmware.console import looking
from firmware.console.cases import closed_with
from firmware.console.grammar import Decision
from firmware.desks import COIN, OfStaff
from firmware.journal.journal import Stored
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.session.effects import CheckCoins
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.acceptor import Fate, Insertion
from host_sim.rig.console import PASSWORD, ConsoleRig
from host_sim.rig.pairs import Plan
from host_sim.rig.people import Person, serve
from host_sim.rig.swarm import live
from host_sim.rig.technician import WHICH
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import accounts_hold, acts, claim_of_200

Cards = Mapping[str, WalletCard]


# --- money (fault K4) -------------------------------------------------------------------------------------


def test_coins_for_a_test_need_a_plan_a_code_and_two_people() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    planned = machine.say("hopper pay 3x100,2x10")
    assert "60 then 57" in planned
    assert machine.coins_out_yen() == 0
    assert "ERR nothing" in ConsoleRig().say_as("tanaka", "confirm")  # it asks for no code of a plan that is not there
    assert "ERR confirm" in machine.say("confirm 0000")
    assert "ERR nothing" in machine.say("confirm A001")  # a wrong code forgets the plan
    planned = machine.say("hopper pay 3x100,2x10")
    assert "ERR second" in machine.confirm(planned, "ueda")  # a viewer is no second person
    planned = machine.say("hopper pay 3x100,2x10")
    machine.clock.advance(31)
    assert "ERR nothing" in machine.confirm(planned)
    planned = machine.say("hopper pay 3x100,2x10")
    assert "320 yen came out." in machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 320
    assert acts(machine)[-1] == ("tanaka+kato", "technician+cash", "hopper.pay/3x100+2x10", "ok")
    assert "ERR cap" in machine.say("hopper pay 20x500")
    assert machine.loop.book.tubes[100] == 57
    accounts_hold(machine)


def test_a_program_reads_plans_and_acts_as_json_with_the_same_codes() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    planned = as_json(machine.say("hopper pay 3x100 --json"))
    assert any("60 then 57" in row for row in planned["plan"])
    machine.say(f"confirm {planned['confirm']}")
    machine.say("kato")
    assert as_json(machine.say(PASSWORD))["lines"][-1] == "300 yen came out."
    machine.clock.advance(1)
    tested = as_json(machine.say("test hopper --json"))
    assert [row for row in tested["lines"] if " PASS " in row]
    assert "ERR cap" in machine.say("hopper pay 20x500 --json")
    assert "{" not in machine.confirm(machine.say("hopper pay 2x100"), "kato")
    accounts_hold(machine)


def as_json(said: str) -> dict[str, Any]:
    """The object before the last OK of an answer."""
    rows = said.split("\n")
    told = json.loads("".join(rows[1 : rows.index("OK")]))
    assert isinstance(told, dict)
    return told


def test_an_unknown_second_person_is_told_why() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance("kato")
    for name, told in (
        ("", "ERR second Nothing was done. Give the command again."),
        ("Kato!", "A name is 2 to 20 of a-z"),
    ):
        planned = machine.say("hopper pay 3x100")
        machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
        assert told in machine.say(name)
    assert machine.coins_out_yen() == 0


@pytest.mark.parametrize("second", ["kato", "mori", "ueda"])
def test_two_people_are_two_and_have_two_roles(second: str) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance("kato")
    planned = machine.say("hopper pay 3x100")
    machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
    said = machine.say(second)
    assert "ERR second" in (machine.say(PASSWORD) if said.endswith("word: ") else said)
    assert machine.coins_out_yen() == 0


def test_a_coin_read_by_an_answer_to_staff_is_recorded() -> None:
    """The desk polls the acceptor before it answers; a coin found then belongs to no session and is recorded as stray."""
    machine = ConsoleRig()
    now_s = machine.clock.monotonic()
    machine.acceptor._rolling.append((now_s, Insertion("JP100A", now_s, Fate.ROLLING)))
    machine.crew.send(COIN, CheckCoins(), OfStaff(7))
    machine.wait(0.1)
    assert [(record.value_yen, record.event_counter) for record in machine.records(records.StrayCoin)] == [(100, 1)]


def test_test_coins_and_test_papers_have_accounts_of_their_own() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    for number, coin in enumerate((500, 100)):
        machine.drop(coin, machine.clock.monotonic() + 3 + number)
    assert "600 yen are in the cash box as test coins." in machine.say("acceptor coins")
    assert "PASS printer" in machine.say("test printer")
    assert machine.loop.book.totals["test_coins_yen"] == 600
    assert machine.loop.book.queue == []
    accounts_hold(machine)


def test_a_claim_is_paid_at_the_machine_once(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    evidence = machine.say(f"claim {code}")
    assert "the session itself" in evidence
    assert "ClaimIntent" in evidence
    assert "not paid 200" in evidence
    planned = machine.say(f"collect {code[:4]}-{code[4:]}")
    assert "200 yen are paid" in machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 200
    (collected,) = machine.records(records.ClaimCollected)
    assert collected.amount_yen == 200
    assert "ERR claim It was paid here already" in machine.say(f"collect {code}")
    accounts_hold(machine)


def test_a_claim_of_which_an_unknown_part_was_paid_is_not_paid_again(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    (intent,) = machine.records(records.ClaimIntent)
    assert isinstance(intent, records.ClaimIntent)
    machine.memory.note(records.StaffPayIntent(f"claim:{intent.key}", 100, 2, 1, 0))
    machine.memory.note(records.StaffPayDone(100, 2, None, None, None))  # nobody can say what came out
    machine.memory.note(records.ClaimCollected(intent.key, 0, "machine"))
    out_yen = machine.coins_out_yen()
    assert "ERR unknown" in machine.say(f"collect {code}")
    assert machine.coins_out_yen() == out_yen


def test_m4_a_claim_of_credits_without_coins_is_not_paid_before_its_case_is_closed(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    (intent,) = machine.records(records.ClaimIntent)
    assert isinstance(intent, records.ClaimIntent)
    machine.memory.note(records.Flag("credits_without_coins", f"2 credits, session {intent.key}"))
    assert "ERR examined" in machine.say(f"collect {code}")
    machine.memory.note(records.Resolved("credits_without_coins", f"2 credits, session {intent.key}", "seen"))
    assert "200 yen are paid" in machine.confirm(machine.say(f"collect {code}"), "kato")


def test_the_day_s_cap_may_be_reached_and_not_passed() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    assert "ERR cap" in machine.say("hopper pay 20x500,1x10")
    assert "10000 yen came out." in machine.confirm(machine.say("hopper pay 20x500"), "kato")
    assert "ERR cap" in machine.say("hopper pay 1x10")
    accounts_hold(machine)


def test_the_loop_goes_on_while_the_whole_journal_is_read(wallet: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a segment takes about a second and the watchdog waits fifteen, so the whole journal is read in slices."""
    machine, code = claim_of_200(wallet)
    monkeypatch.setattr(looking, "SLICE", 10)
    journal, turn, read = machine.memory.journal, machine.loop.turn, [0]
    whole = journal.records

    def counted(since_seq: int = 0) -> Iterator[Stored]:
        for entry in whole(since_seq):
            read[-1] += 1
            yield entry

    def turned() -> None:
        read.append(0)
        turn()

    monkeypatch.setattr(journal, "records", counted)
    monkeypatch.setattr(machine.loop, "turn", turned)
    assert "one chain" in machine.say("journal verify")
    assert "not paid 200" in machine.say(f"claim {code}")
    assert "200 yen are paid" in machine.confirm(machine.say(f"collect {code}"), "kato")
    assert "100 yen came out" in machine.confirm(machine.say("hopper pay 1x100"), "kato")
    assert sum(read) > 100
    assert max(read) <= 2 * looking.SLICE, "one turn reads at most the rest of one slice and the next slice"


def test_a_claim_that_the_counter_has_paid_is_not_paid_again(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    (key,) = machine.centre.claims
    planned = machine.say(f"collect {code}")
    machine.centre.collected[key] = {9: 200}
    assert "ERR held" in machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 0


def test_no_claim_is_paid_while_the_centre_cannot_be_asked(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    machine.centre.faults.down = True
    assert "ERR held" in machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 0
    machine.centre.faults.down = False
    accounts_hold(machine)


def test_a_hopper_that_runs_dry_leaves_the_rest_owed(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    machine.hoppers[100].tube = 1
    assert "ERR short 100 of 200 yen surely came out" in machine.confirm(planned, "kato")
    accounts_hold(machine)
    machine.hoppers[100].tube = 30
    planned = machine.say(f"collect {code}")
    assert "claim" in planned
    assert "100 yen are paid" in machine.confirm(planned, "kato")
    accounts_hold(machine)


@pytest.mark.parametrize("point", range(12))
@pytest.mark.parametrize("tail", [Tail.DROPPED, Tail.KEPT])
def test_power_cut_while_a_claim_is_paid(wallet: Cards, point: int, tail: Tail) -> None:
    """Fault X1 for staff: cut at every coin and at every sync from the hold to the end; nothing is paid twice or unexplained."""
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
    machine.say("kato")
    seen = [0]

    def count(name: str) -> None:
        if name in {"coin out", "disk sync before", "disk sync after"} or name.startswith("line hold"):
            seen[0] += 1
            if seen[0] == point + 1 + 4:  # the first four are the second person's
                machine.die(tail)

    machine.at_point = count
    try:
        machine.say(PASSWORD)
    except PowerLost:
        machine.at_point = lambda _: None
        machine.restart()
    machine.at_point = lambda _: None
    machine.run_until(lambda: machine.loop.reception.state.started, 60)
    machine.settle_advices()
    assert machine.coins_out_yen() == machine.loop.book.totals["staff_paid_yen"]
    assert machine.coins_out_yen() == machine.loop.book.totals["collected_yen"]
    # the rest can still be collected, and then everything is paid exactly once
    left = 200 - machine.coins_out_yen()
    if not machine.loop.reception.state.in_maintenance:
        machine.enter_maintenance()
    said = machine.say(f"collect {code}")
    if left:
        assert f"{left} yen are paid" in machine.confirm(said, "kato")
    else:
        assert "ERR claim" in said
    assert machine.coins_out_yen() == 200
    accounts_hold(machine)


def test_the_sheet_of_cases_is_closed_by_two_people() -> None:
    machine = ConsoleRig()
    machine.loop.write(records.Flag(code="pay_unknown", detail="2 x 100 yen, staff"))
    machine.loop.write(records.LineStopped(field="copies"))
    machine.enter_maintenance()
    assert "  1 pay_unknown" in machine.say("uncertain")
    planned = machine.say("resolve 1 unpaid counted")
    assert "ERR second Two roles are needed" in machine.confirm(planned, "kato")
    assert "Closed." in machine.confirm(machine.say("resolve 1 unpaid counted"), "goto")
    (resolved,) = machine.records(records.Resolved)
    assert resolved.decision == "unpaid, counted, tanaka+goto"
    assert "The line is open again." in machine.confirm(machine.say("line clear"), "goto")
    assert machine.loop.book.line_stopped is None
    machine.say("exit")
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 30)


@pytest.mark.parametrize("code", [*Case, "of_another_release"])
def test_a_case_is_closed_only_by_a_decision_that_says_something_of_it_and_uncertain_shows_which(code: str) -> None:
    machine = ConsoleRig()
    machine.loop.write(records.Flag(code=code, detail="3"))
    machine.enter_maintenance()
    told = machine.say("uncertain")
    shown = re.search(r"Then `resolve 1 ([a-z|]+) REASON`", told)
    assert shown is not None, told
    taken = set(shown[1].split("|"))
    assert taken < set(Decision)
    for decision in Decision:
        said = machine.say(f"resolve 1 {decision} looked")
        assert ("confirm " in said) is (decision in taken), said
        assert decision in taken or (f"ERR decision `{decision}`" in said and f"resolve 1 {shown[1]} REASON" in said)


@pytest.mark.parametrize(
    ("codes", "taken"),
    [
        ({Case.COPY_UNCERTAIN, Case.ISSUED_WITHOUT_PAPER, Case.PAPER_LEFT, Case.PAPER_STUCK}, "issued|void|seen"),
        ({Case.PAY_UNKNOWN, Case.PAYOUT_UNKNOWN, Case.TILL_UNCONFIRMED}, "paid|unpaid|seen"),
        ({Case.CENTRE_DISAGREES}, "issued|void|paid|unpaid|seen"),
        ({Case.ADVICE_REFUSED}, "told"),
    ],
)
def test_paper_and_money_have_decisions_of_their_own(codes: set[Case], taken: str) -> None:
    """Which others a case takes is decided nowhere else; every case that is not listed here takes `seen` alone."""
    assert {code for code in Case if "|".join(closed_with(code)) == taken} == codes


@pytest.mark.parametrize(
    ("line", "code"),
    [("hopper load 100 0", "arguments"), ("oos off", "oos"), ("acceptor pair {serial}", "acceptor")],
)
def test_what_would_do_nothing_is_refused(line: str, code: str) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    said = machine.say(line.format(serial=machine.loop.book.acceptor_serial))
    assert f"ERR {code} " in said


# --- matching (start step 4, fault H6) ----------------------------------------------------------------------


def test_coins_that_left_while_the_machine_was_off_stop_it_until_security_accepts(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.hoppers[100].life_total += 3
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    assert ("money_moved", "hopper 100: +3 coins") in machine.loop.book.queue
    assert Reason.TAMPER_MONEY in machine.loop.reception.state.reasons
    machine.enter_maintenance("kato")
    assert "ERR item" in machine.say("resolve 1 seen counted")
    planned = machine.say("reconcile")
    assert "open: money_moved hopper 100: +3 coins" in planned
    assert "ERR role" in machine.confirm(planned)
    machine.log_in("goto")
    assert "Accepted." in machine.confirm(machine.say("reconcile"))
    assert machine.loop.book.queue == []
    machine.say("exit")
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 30)
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)


def test_h6_coins_that_left_while_idle_are_accepted_by_reconcile() -> None:
    """The coin desk has recorded them, so the counters match; the book still asks for a person."""
    machine = ConsoleRig()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.phantom_coin()
    machine.run_until(lambda: Reason.TAMPER_MONEY in machine.loop.reception.state.reasons, 120)
    machine.enter_maintenance("goto")
    planned = machine.say("reconcile")
    assert "open: hopper 10: 1 coin without a command" in planned
    assert "Accepted." in machine.confirm(planned)
    machine.run_until(lambda: not machine.loop.book.unexplained, 10)
    assert "Everything matches." in machine.say("reconcile")
    machine.say("exit")
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 30)


@pytest.mark.parametrize("point", range(20, 90, 5))
@pytest.mark.parametrize("tail", [Tail.KEPT, None])
def test_a_start_after_a_cut_reports_no_false_mismatch(wallet: Cards, point: int, tail: Tail | None) -> None:
    """Coins that recovery has settled are no mismatch, at this start or the next."""
    machine = ConsoleRig()
    passed = [0]

    def strike(_: str) -> None:
        passed[0] += 1
        if passed[0] == point:
            machine.die(tail)

    machine.at_point = strike
    person = Person(wallet["hanako"], coins=[500, 500], copies=2)
    with contextlib.suppress(PowerLost):
        machine.serve(person, person.card.chip)
    assert passed[0] == point
    for _ in range(2):
        machine.restart()
        machine.settle_advices()
    assert {code for code, _ in machine.loop.book.queue} & {"money_moved", "sheets_moved", "unbalanced"} == set()


def test_a_hopper_that_was_taken_out_of_the_unit_file_is_asked_nothing_more(wallet: Cards) -> None:
    """Its counters stay in the book, and the coins that left it can still be accepted."""
    machine = ConsoleRig()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.hoppers[100].fault("phantom", machine.clock.monotonic())
    machine.run_until(lambda: bool(machine.loop.book.unexplained), 120)
    del machine.tubes[100]
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    machine.enter_maintenance("goto")
    assert "Accepted." in machine.confirm(machine.say("reconcile"))
    assert not machine.loop.book.unexplained
    machine.say("exit")
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 30)


def test_a_payout_of_a_hopper_that_was_taken_out_is_claimed(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.at_point = lambda name: machine.die(Tail.KEPT) if name == "coin out" else None
    with pytest.raises(PowerLost):
        serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.at_point = lambda _: None
    del machine.tubes[100]
    machine.restart()
    (closed,) = machine.records(records.SessionClosed)
    assert (closed.paid_out_yen, closed.claimed_yen) == (0, 200)
    assert [code for code, _ in machine.loop.book.uncertain] == ["pay_unknown"]


def test_stray_coins_do_not_open_a_machine_that_does_not_match(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.printer.counters.cuts += 1
    machine.restart()
    machine.run_until(lambda: Reason.UNBALANCED in machine.loop.reception.state.reasons, 60)
    for event in range(QUEUE_LIMIT + 1):
        machine.loop.write(records.StrayCoin(value_yen=10, event_counter=event))
    machine.restart()
    machine.run_until(lambda: machine.front_is_settled, 60)
    # So many coins of nobody are themselves a reason (310); neither covers the other.
    assert machine.loop.reception.state.reasons == {Reason.UNBALANCED, Reason.COIN_WIRE}


def test_a_sheet_that_was_printed_while_the_machine_was_off_is_found(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.printer.counters.cuts += 1
    machine.restart()
    assert ("sheets_moved", "printer: +1 sheets") in machine.loop.book.queue
    machine.run_until(lambda: Reason.UNBALANCED in machine.loop.reception.state.reasons, 60)
    machine.restart()
    assert machine.loop.book.totals["flags"] == 1  # flagged once


def test_another_acceptor_is_paired_by_two_people() -> None:
    machine = ConsoleRig()
    machine.run_until(lambda: machine.loop.book.acceptor_serial == machine.acceptor.serial, 30)
    machine.acceptor.serial += 1
    machine.restart()
    machine.run_until(lambda: Reason.ACCEPTOR_UNPAIRED in machine.loop.reception.state.reasons, 60)
    machine.enter_maintenance()
    planned = machine.say(f"acceptor pair {machine.acceptor.serial}")
    assert "Paired" in machine.confirm(planned, "goto")
    assert machine.loop.book.acceptor_serial == machine.acceptor.serial
    assert Reason.ACCEPTOR_UNPAIRED not in machine.loop.reception.state.reasons
    machine.say("test acceptor")
    machine.say("exit")
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)


def test_the_program_ends_when_it_is_told_to() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.confirm(machine.say("reboot"))
    assert machine.loop.exit_asked


def test_what_a_technician_types_breaks_nothing_while_residents_come_and_faults_strike(wallet: Cards) -> None:
    """Faults K1, K3 and K4 in a life of the swarm."""
    tally = live(Plan(WHICH), wallet, sessions=8)
    assert tally.reds == []
    assert min(tally.marks[row] for row in ("K1", "K3", "K4")) > 0, tally.marks
