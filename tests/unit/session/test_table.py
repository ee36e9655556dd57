"""The session's table as a graph: rules that hold for every state, whatever a resident does."""

import pytest

from firmware.session import actions
from firmware.session.events import Event
from firmware.session.states import RULES, KeypadMode, State, Wait
from firmware.session.table import TABLE


def edges() -> set[tuple[State, State]]:
    return {(state, row.next or state) for state, rows in TABLE.items() for row in rows.values()}


def reached_from(start: State) -> set[State]:
    seen, fresh = {start}, {start}
    while fresh:
        fresh = {after for before, after in edges() if before in fresh} - seen
        seen |= fresh
    return seen


def leads_to(state: State, event: Event) -> State:
    return TABLE[state][event].next or state


def test_every_state_has_rows_and_a_rule() -> None:
    assert set(TABLE) == set(State) == set(RULES)


def test_every_state_is_reached_and_every_state_ends_idle() -> None:
    assert reached_from(State.IDLE) == set(State)
    for state in State:
        assert State.IDLE in reached_from(state)


def test_idle_is_entered_only_from_closing() -> None:
    assert {before for before, after in edges() if after is State.IDLE} == {State.CLOSING, State.IDLE}


def waits_for_nobody(state: State) -> bool:
    """These answer a time-out as trouble of the device in hand (absorb.py), so they need no row for it."""
    return RULES[state].may_hold_money and RULES[state].keypad is KeypadMode.DEAD


@pytest.mark.parametrize("state", [s for s in State if s != State.IDLE])
def test_every_state_ends_by_itself(state: State) -> None:
    assert RULES[state].wait is not Wait.NEVER
    slips = {
        State.PRINTING_CLAIM_SLIP,
        State.PRINTING_RECEIPT,
        State.RETURNING_FEE,
    }  # `absorb` settles a time-out there
    assert Event.TIMED_OUT in TABLE[state] or waits_for_nobody(state) or state in slips


@pytest.mark.parametrize("state", [s for s in State if RULES[s].card_in])
def test_a_card_may_be_pulled_wherever_it_is_in(state: State) -> None:
    assert leads_to(state, Event.CARD_REMOVED) in {State.SORRY, State.CHOOSING_KIND, State.CLOSING}


@pytest.mark.parametrize("state", [s for s in State if RULES[s].may_hold_money])
def test_money_leaves_only_by_paper_or_by_settling(state: State) -> None:
    """From a state that may hold money, a state that may not is entered only by an event that proves it is settled."""
    settled = {Event.SETTLED_WITH_PAPER, Event.SETTLED_WITHOUT_PAPER, Event.CLAIM_DUE}
    for event, row in TABLE[state].items():
        if row.next is not None and not RULES[row.next].may_hold_money:
            assert event in settled, f"{event} in {state} leads to {row.next}"


def test_printing_begins_only_with_a_counted_paper_and_dispensing_only_with_a_counted_hopper() -> None:
    for state, rows in TABLE.items():
        for event, row in rows.items():
            if actions.print_copy in row.actions:
                assert (state, event) == (State.PREPARING_PAPER, Event.PAPER_COUNTED)
            if actions.dispense in row.actions:
                assert (state, event) == (State.PREPARING_PAYOUT, Event.HOPPER_COUNTED)


def test_the_slot_opens_only_after_paper_and_coins_were_checked() -> None:
    opens = {(s, e) for s, rows in TABLE.items() for e, row in rows.items() if actions.open_slot in row.actions}
    assert opens == {
        (State.CHECKING_COINS, Event.COINS_READY),
        (State.PAYING, Event.COIN),
        (State.PART_PAID, Event.COIN),
    }
    ways_in = {before for before, after in edges() if after is State.CHECKING_COINS} - {State.CHECKING_COINS}
    assert ways_in == {State.CHECKING_PAPER}


def test_the_slot_is_closed_on_every_way_out_of_paying() -> None:
    for state in (State.PAYING, State.PART_PAID):
        for event, row in TABLE[state].items():
            if row.next not in {None, State.PAYING, State.PART_PAID}:
                assert actions.close_slot in row.actions, f"{event} in {state}"


def test_no_money_is_asked_before_the_document_is_in_the_machine() -> None:
    """Take RASTERISING out of the graph, and no path leads to PAYING (book rule 5)."""
    seen, fresh = {State.IDLE}, {State.IDLE}
    while fresh:
        fresh = {after for before, after in edges() if before in fresh and after is not State.RASTERISING} - seen
        seen |= fresh
    assert State.PAYING not in seen


def test_the_pin_is_typed_only_where_the_keypad_hides_it() -> None:
    assert {s for s in State if RULES[s].keypad is KeypadMode.PIN} == {State.ENTERING_PIN}
    for state, rows in TABLE.items():
        for event, row in rows.items():
            if actions.prove_card in row.actions:
                assert (state, event) == (State.ENTERING_PIN, Event.PIN_ENTERED)


def test_every_session_is_closed_in_the_book() -> None:
    for state, rows in TABLE.items():
        for event, row in rows.items():
            if row.next is State.CLOSING and state is not State.CLOSING:
                assert actions.close_session in row.actions, f"{event} in {state}"


def test_the_page_is_drawn_from_this_table() -> None:
    """If this fails, run `python -m tests.session_page`."""
    from tests.session_page import README, page

    current = README.read_text(encoding="utf-8")
    assert page(current) == current
