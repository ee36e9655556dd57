"""When the machine opens and closes, at the very bounds; and whose answer it hears."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from drivers.vocabulary import CentreRefusal, CentreRefused
from firmware.book import records
from firmware.book.cases import Case
from firmware.desks import LINE, OfSession, Posted
from firmware.service.availability import Reason
from firmware.service.reception import CLOCK_TOLERANCE_S, UNCERTAIN_LIMIT
from firmware.session import scenes as show
from firmware.session.states import State
from host_sim.rig.machine import RigMachine
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def test_three_uncertain_papers_are_borne_and_a_fourth_closes() -> None:
    machine = RigMachine()
    for count in range(1, UNCERTAIN_LIMIT + 2):
        machine.loop.write(records.Flag(code=Case.COPY_UNCERTAIN, detail=f"{count}"))
        machine.wait(3)
        closed = Reason.UNCERTAIN in machine.loop.reception.state.reasons
        assert closed == (count > UNCERTAIN_LIMIT)


@pytest.mark.parametrize("way", [-1, 1])
def test_a_clock_that_somebody_moves_is_not_trusted_until_the_centre_confirms_it(way: int) -> None:
    machine = RigMachine()
    machine.wait(5)
    machine.centre.faults.down = True
    reception = machine.loop.reception
    machine.jump(timedelta(seconds=way * (CLOCK_TOLERANCE_S - 1)))
    assert reception.clock_trusted
    machine.jump(timedelta(seconds=way * 2))
    assert not reception.clock_trusted
    machine.wait(3)
    assert reception.state.reasons & {Reason.CLOCK, Reason.CLOCK_BEHIND}


def test_an_answer_to_an_earlier_step_changes_nothing(wallet: Cards) -> None:
    """The centre's refusal of a step that is over comes when the resident types the PIN of the next."""
    machine = RigMachine()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.EnterPin))
    receive = machine.crew.receive
    late = [Posted(LINE, OfSession(ticket), CentreRefused(CentreRefusal.BAD_REQUEST, None)) for ticket in range(3)]

    def receiving(timeout_s: float) -> Posted | None:
        return late.pop() if late else receive(timeout_s)

    machine.crew.receive = receiving  # type: ignore[method-assign]
    before = machine.loop.stale_answers
    machine.run_until(lambda: not late)
    machine.loop.turn()
    assert machine.loop.stale_answers == before + 3
    assert machine.loop.state is State.ENTERING_PIN
