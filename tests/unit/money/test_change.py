"""Coins out, compared with exhaustive search; coins in, for every sequence of coins a resident can play."""

from collections.abc import Iterator
from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.vocabulary import HopperState
from firmware.money.change import acceptable_values, plan_change, returnable, usable

YEN = (10, 50, 100, 500)
tubes_of = st.fixed_dictionaries({value: st.integers(0, 6) for value in YEN})


def every_payout(tubes: dict[int, int]) -> dict[int, int]:
    """Amount -> fewest coins that pay it, by trying everything."""
    best: dict[int, int] = {}
    for counts in product(*(range(coins + 1) for coins in tubes.values())):
        amount = sum(value * coins for value, coins in zip(tubes, counts, strict=True))
        best[amount] = min(best.get(amount, 999), sum(counts))
    return best


@settings(max_examples=60, deadline=None)
@given(tubes_of)
@example({10: 4, 50: 1, 100: 4, 500: 2})
def test_plan_and_returnable_are_what_exhaustive_search_finds(tubes: dict[int, int]) -> None:
    best = every_payout(tubes)
    for amount in range(0, 1300, 10):
        plan = plan_change(amount, tubes)
        if amount in best:
            assert plan is not None
            assert sum(value * coins for value, coins in plan.items()) == amount
            assert sum(plan.values()) == best[amount]
            assert all(0 < coins <= tubes[value] for value, coins in plan.items())
        else:
            assert plan is None
        assert returnable(amount, tubes) == max(paid for paid in best if paid <= amount)


def test_a_tube_that_cannot_be_relied_on_counts_as_empty() -> None:
    tubes = dict.fromkeys((1, 5, *YEN), 9)
    states = {
        1: HopperState.OK,
        5: HopperState.LOW,
        10: HopperState.EMPTY,
        50: HopperState.JAMMED,
        100: HopperState.UNKNOWN,
    }
    assert usable(tubes, states) == {1: 9, 5: 9}, "a hopper that does not answer does not count as filled"


def test_coins_that_do_not_divide_each_other_are_refused_rather_than_paid_wrongly() -> None:
    with pytest.raises(AssertionError):
        plan_change(600, {200: 3, 500: 1})


# --- coins in: every play of a resident -------------------------------------------------------------------------


def can_pay(amount: int, tubes: dict[int, int]) -> bool:
    return amount in every_payout(tubes)


def opponent_wins(values: frozenset[int], exact: bool, fee: int, tubes: dict[int, int], fees: tuple[int, ...]) -> bool:
    """Whether some play of a resident, with a fixed set of allowed coins, ends at an amount that cannot be paid out.

    It tries each move coin by coin: drop, cancel, drop one more while the slot closes, any subset of papers fails.
    """
    earned = {sum(some) for size in range(len(fees) + 1) for some in combinations(fees, size)}
    seen, todo = {0}, [0]
    payable = set(every_payout(tubes))
    while todo:
        total = todo.pop()
        drops = {value for value in values if not exact or total + value <= fee}
        ends = {total} if exact else {total, *(total + value for value in values)}
        for end in ends:
            owed_at_the_end = {end - some for some in earned if end >= fee} | {end}
            if not owed_at_the_end <= payable:
                return True
        if total < fee:
            fresh = {total + value for value in drops} - seen
            seen |= fresh
            todo += fresh
    return False


def sets_of_coins(at_least: int) -> Iterator[frozenset[int]]:
    """Every set of coins that a slot could allow, from so many kinds up to all four."""
    for size in range(at_least, len(YEN) + 1):
        yield from map(frozenset, combinations(YEN, size))


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries({value: st.integers(0, 7) for value in YEN}),
    st.sampled_from([(300,), (200,), (10,), (300, 300), (350,), (250, 200)]),
)
def test_no_play_of_coins_ends_at_an_amount_that_cannot_be_paid(tubes: dict[int, int], fees: tuple[int, ...]) -> None:
    fee = sum(fees)
    values, exact, comes_back = acceptable_values(fee, tubes, YEN, copy_fees_yen=fees)
    if values and comes_back:
        assert not opponent_wins(values, exact, fee, tubes, fees)
    if exact:
        for other in sets_of_coins(1):
            assert opponent_wins(other, False, fee, tubes, fees), "change was possible after all"
    elif values:
        for other in sets_of_coins(len(values) + 1):
            assert opponent_wins(other, False, fee, tubes, fees), "more coins could have been taken"
    if not comes_back:
        assert exact
        for other in sets_of_coins(1):
            reachable = fee % min(other) == 0
            assert not reachable or opponent_wins(other, True, fee, tubes, fees), (
                "change would have been possible for this coin"
            )


@settings(max_examples=60, deadline=None)
@given(tubes_of, st.data())
def test_exact_money_leads_to_the_fee_coin_by_coin(tubes: dict[int, int], data: st.DataObject) -> None:
    values, exact, _ = acceptable_values(300, tubes, YEN)
    assert values, "whoever brings the exact fee is served, whatever the hoppers hold"
    inserted = 0
    while exact and values:
        inserted += data.draw(st.sampled_from(sorted(values)))
        assert inserted <= 300
        values, exact, _ = acceptable_values(300, tubes, YEN, inserted_yen=inserted)
        assert values or inserted == 300, "no coin is allowed, and the fee is not met"


@pytest.mark.parametrize(
    ("tubes", "values", "exact", "comes_back"),
    [
        # Korea's kiosks stopped for want of change; ours must ask for exact money before a coin is in.
        ({10: 0, 50: 0, 100: 0, 500: 0}, {10, 50, 100}, True, False),
        ({10: 100, 50: 60, 100: 80, 500: 20}, {10, 50, 100, 500}, False, True),
        ({10: 0, 50: 0, 100: 80, 500: 0}, {100, 500}, False, True),
        ({10: 0, 50: 0, 100: 3, 500: 0}, {100}, True, True),
        ({10: 0, 50: 0, 100: 0, 500: 20}, {10, 50, 100}, True, False),
    ],
)
def test_the_float_decides_which_coins_are_allowed(
    tubes: dict[int, int], values: set[int], exact: bool, comes_back: bool
) -> None:
    assert acceptable_values(300, tubes, YEN) == (values, exact, comes_back)


def test_nothing_is_taken_once_the_fee_is_met() -> None:
    full = dict.fromkeys(YEN, 50)
    nothing = (frozenset(), False, True)
    assert acceptable_values(300, full, YEN, inserted_yen=300) == nothing
    assert acceptable_values(300, full, YEN, inserted_yen=500) == nothing
    assert acceptable_values(0, {}, YEN) == nothing, "a free certificate needs no coin"
