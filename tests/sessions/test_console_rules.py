"""Rules of the console's conversation and money that one changed line could break unseen."""

from collections.abc import Mapping

from firmware.book import records
from firmware.book.book import CLAIM
from firmware.console.access import HARD_LOCK
from firmware.console.messages import CheckPassword
from firmware.console.money import DAY_CAP_YEN
from firmware.desks import C, DeskName, Whose
from host_sim.rig.console import PASSWORD, ConsoleRig
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import acts, claim_of_200

Cards = Mapping[str, WalletCard]


def test_a_try_is_durable_before_anybody_looks_at_the_password() -> None:
    """A power cut between the two must not give the try back (fault K2)."""
    machine = ConsoleRig()
    durable: list[bool] = []
    send = machine.crew.send

    def sending(desk: DeskName[C], command: C, whose: Whose) -> None:
        if isinstance(command, CheckPassword):
            head = machine.memory.journal.head()[0]
            tried = [
                stored.seq
                for stored in machine.memory.journal.records()
                if isinstance(stored.record, records.ConsoleAct)
            ]
            durable.append(bool(tried) and tried[-1] <= head and acts(machine)[-1][2:] == ("login", "tried"))
        send(desk, command, whose)

    machine.crew.send = sending  # type: ignore[method-assign]
    machine.log_in("tanaka")
    assert durable == [True]


def test_the_days_cap_may_be_reached_and_not_passed() -> None:
    machine = ConsoleRig(tubes={10: 60, 50: 60, 100: 60, 500: 60})
    machine.enter_maintenance()
    coins = DAY_CAP_YEN // 500
    assert "ERR cap" in machine.say(f"hopper pay {coins}x500,1x10")
    assert f"{DAY_CAP_YEN} yen came out." in machine.confirm(machine.say(f"hopper pay {coins}x500"), "kato")
    assert "ERR cap" in machine.say("hopper pay 1x10")


def test_a_claim_of_which_an_unknown_part_was_paid_is_not_paid_here_again(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    (key,) = machine.centre.claims
    machine.loop.write(
        records.StaffPayIntent(purpose=f"{CLAIM}{key}", value_yen=100, coins=2, event_counter=1, life_total=1)
    )
    machine.loop.write(records.StaffPayDone(value_yen=100, asked=2, paid=None, event_counter=None, life_total=None))
    machine.loop.write(records.ClaimCollected(key=key, amount_yen=0, where="machine"))
    before = machine.coins_out_yen()
    assert "ERR unknown" in machine.say(f"collect {code}")
    assert machine.coins_out_yen() == before


def test_only_the_next_command_confirms_a_plan_whoever_typed_in_between() -> None:
    for between in (["who"], ["login kato", PASSWORD]):
        machine = ConsoleRig()
        machine.enter_maintenance()
        planned = machine.say("hopper load 100 5")
        for line in between:
            machine.say(line)
        assert "ERR nothing" in machine.confirm(planned)


def test_a_word_of_root_unlocks_once() -> None:
    """The file keeps the word; only a new one unlocks again."""
    machine = ConsoleRig()

    def lock() -> None:
        for _ in range(HARD_LOCK):
            machine.loop.write(records.ConsoleAct(who="tanaka", role="none", verb="login", outcome="tried"))

    lock()
    machine.store_accounts(unlock="0123456789abcdef")
    assert "technician" in machine.log_in("tanaka")
    machine.say("logout")
    lock()
    assert "ERR locked" in machine.say("login tanaka")
    machine.store_accounts(unlock="fedcba9876543210")
    assert "technician" in machine.log_in("tanaka")
