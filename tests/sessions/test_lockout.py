"""`lockout`: what made the machine refuse cards, and taking them again, with a second person."""

from collections.abc import Mapping

from firmware.book import records
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.rig.console import ConsoleRig
from host_sim.wallet import WalletCard
from tests.sessions.attackers import attack
from tests.sessions.console_rooms import acts

Cards = Mapping[str, WalletCard]


def test_wrong_pins_are_listed_without_a_card_and_cleared_by_two(wallet: Cards) -> None:
    machine = ConsoleRig()
    attack(machine, wallet, 3)
    machine.run_until(lambda: Reason.LOCKOUT in machine.loop.reception.state.reasons, 60)
    machine.log_in("tanaka")
    listed = machine.say("lockout list")
    sids = [record.sid for record in machine.records(records.SessionOpened)]
    assert "3 sessions in a row without a right PIN; cards are refused now" in listed
    assert [sid[:8] in listed for sid in sids] == [True] * 3
    assert not any(sid in listed for sid in sids)
    machine.say("request maint")
    planned = machine.say("lockout clear")
    assert "3 failed sessions in a row, then 0" in planned
    assert "ERR second" in machine.confirm(planned, "kato")
    assert machine.loop.book.failed_sessions == 3
    assert "cards are taken" in machine.confirm(machine.say("lockout clear"), "goto")
    assert ("tanaka+goto", "technician+security", "lockout.clear", "ok") in acts(machine)
    assert "0 sessions in a row" in machine.say("lockout list")
    assert "ERR lockout" in machine.say("lockout clear")
    machine.restart()
    assert machine.loop.book.failed_sessions == 0
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
