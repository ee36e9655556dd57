"""The swarm counts a row of the fault catalogue when its fault happens, not when it is laid."""

import pytest

from host_sim.adapters.disk import PowerLost
from host_sim.models.chip_faults import Pulled
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.models.zoo import Kind
from host_sim.rig.catalogue import OF_BOARD, ROWS
from host_sim.rig.pairs import Plan, at_counter, board_for, drawn_for, planned, rows_for
from host_sim.rig.swarm import Life
from host_sim.wallet import WalletCard

# Rows that need something of the resident, a card, a payout or the medium before they can happen.
LAID = ("A2", "A5", "C1", "C4", "C5", "C6", "C7", "C8", "D2", "D4", "H8", "M3", "N10", "P4")


@pytest.fixture
def life(wallet: dict[str, WalletCard]) -> Life:
    life = Life(Plan(1), wallet)
    life.person = life._somebody(("hanako",))
    return life


def prepare(life: Life, code: str) -> None:
    life._row = code
    ROWS[code][1](life)


def test_a_row_is_not_counted_before_its_fault_happens(life: Life) -> None:
    before = life.tally.marks.total()
    for code in LAID:
        prepare(life, code)
    assert life.tally.marks.total() == before


def test_a_card_that_is_pulled_counts_at_the_command_at_which_it_leaves(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "chance", lambda _, high: high)  # the last command that the row may choose
    prepare(life, "C1")
    chip = life.person.card.chip
    chip.power_on()
    for _ in range(13):
        chip.transmit(b"\x00\xa4\x00\x00")
    assert life.tally.marks["C1"] == 0
    with pytest.raises(Pulled):
        chip.transmit(b"\x00\xa4\x00\x00")
    assert life.tally.marks["C1"] == 1


def test_a_fault_that_did_not_happen_in_its_session_counts_in_no_later_one(life: Life) -> None:
    prepare(life, "C1")
    life.session()
    seen = life.tally.marks["C1"]
    life._at_fault("card pulled")
    assert life.tally.marks["C1"] == seen


def test_a_machine_that_is_rare_looks_for_the_pairs_that_only_it_can_have() -> None:
    on_boards = [plan for plan in planned(range(120), set()) if board_for(plan.seed) is not None]
    assert on_boards
    for plan in on_boards:
        assert all(OF_BOARD & set(pair) for pair in plan.wanted), plan


def test_a_row_that_ends_the_machine_waits_for_the_other_row_of_its_pair(life: Life) -> None:
    life._held = life._in_turn(("A8", "X2"))
    prepare(life, "A8")
    assert [armed.row for armed in life._armed] == ["A8"]
    life._armed[0].skip = 0
    life._at_point("coin in")
    assert [armed.row for armed in life._armed] == ["X2"]
    life._armed[0].skip = 0
    with pytest.raises(PowerLost):
        life._at_point("coin in")


def test_a_row_that_never_happens_is_the_end_of_the_one_that_waits_for_it(life: Life) -> None:
    life._held = "X2"
    life.session()
    assert not life._held


def test_coins_of_a_shut_slot_are_drawn_where_the_acceptor_can_keep_one() -> None:
    seen = set()
    for seed in range(60):
        room = drawn_for(seed)
        device = room.get(Kind.PULSE_ACCEPTOR)
        if device is None or at_counter(seed):
            continue
        acceptor, told = PulseAcceptorModel(**room.settings(Kind.PULSE_ACCEPTOR)), list[str]()
        acceptor.on_fault = told.append
        acceptor.hold_inhibit(0.0)
        if not acceptor.inhibited:
            acceptor.hold_inhibit(5.0)
        acceptor.fault("inhibit cut", 0.0)
        acceptor.insert("JP100A", 1.0)
        can = "inhibit cut" in told
        assert can is ("W2" in rows_for(seed)), device.name
        seen.add(can)
    assert seen == {True, False}
