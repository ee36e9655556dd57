"""Which coins pay an amount out, and which coins may be taken so that every amount that can fall due can be paid.

**Tubes.** Coins taken go into the cash box; coins paid come from the hoppers, whose contents (`tubes`, yen ->
coins) do not grow while a resident pays. A refund therefore never returns the resident's own coins: it is as
hard to pay as change is, and both must be certain before the slot opens (fault H7).

**Paying out.** Yen coins form a chain: 10 divides 50, 50 divides 100, 100 divides 500. On a chain the plain
greedy way, as many of the largest coin as fit and are there, then the next, is exact even with bounded tubes:
if some plan used one large coin fewer than it could, its smaller coins would add up to at least that coin, and
laid out from large to small their running sum meets it exactly (each step divides it), so they can be swapped
for it. Hence greedy pays whenever anything can, with the fewest coins; and by the same swap what it reaches,
when it falls short, is the largest amount that can be paid.

**Taking in.** The worst is assumed: the resident inserts any coins of the accepted set, in any order, and cancels at
any moment; the printer fails at any copy; one late coin was rolling when the slot closed. So the amounts that can
fall due are
  - every total on the way to the fee (cancel),
  - every total at which the slot closes, with and without a late coin, less any sum of fees earned by then.
A set of denominations is *safe* when each of these can be paid from the tubes. Take the largest safe set; of
two as large, the one with the larger coins, so that fewer must be inserted. If no set is safe, ask for the exact
fee: only coins that still fit below it are accepted, so no change arises, and only the totals up to the fee
need be refundable. (A second coin within 0.2 s can still pass the fee; it becomes a claim if the tubes cannot pay
it.) If that is not safe either, the exact fee is taken all the same, because hoppers that are empty or broken are no
reason to refuse who brings it; the screen says first that coins do not come back, and a cancel makes a claim.

A set of amounts is one number here: its bit n stands for n yen.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise
from typing import NamedTuple

from drivers.vocabulary import HopperState

_PAYS = frozenset({HopperState.OK, HopperState.LOW})


class Taking(NamedTuple):
    """The coins that may be taken next. No values: the fee has been met, or no coin of this machine can make it up.

    `exact`: only the exact fee is taken. `comes_back`: whatever falls due can be paid from the tubes.
    """

    values: frozenset[int]
    exact: bool
    comes_back: bool = True


def plan_change(amount_yen: int, tubes: Mapping[int, int]) -> dict[int, int] | None:
    """The fewest coins worth exactly `amount_yen`, yen -> coins (none of them zero); None if it cannot be done."""
    plan, rest_yen = _greedy(amount_yen, tubes)
    return plan if rest_yen == 0 else None


def returnable(amount_yen: int, tubes: Mapping[int, int]) -> int:
    """The most of `amount_yen` that the tubes can pay; the rest is a claim."""
    return amount_yen - _greedy(amount_yen, tubes)[1]


def usable(tubes: Mapping[int, int], states: Mapping[int, HopperState]) -> dict[int, int]:
    """The tubes that can be relied on: a hopper that is empty, jammed, faulty or silent counts as empty."""
    return {value: coins for value, coins in tubes.items() if coins > 0 and states.get(value) in _PAYS}


def acceptable_values(
    fee_yen: int,
    tubes: Mapping[int, int],
    accepts: Iterable[int],
    *,
    copy_fees_yen: Iterable[int] = (),
    inserted_yen: int = 0,
) -> Taking:
    """Which coins may be taken now.

    `copy_fees_yen`: the fee of each copy, where several are printed (default: all or nothing).
    `inserted_yen`: what has been credited so far; ask again after every coin.
    """
    left_yen = fee_yen - inserted_yen
    if left_yen <= 0:
        return Taking(frozenset(), exact=False)
    known = sorted(set(accepts))
    # What can be earned: nothing, the whole fee, or the fees of some copies.
    earnings = _sums((0, fee_yen, *copy_fees_yen), fee_yen) if copy_fees_yen else {0, fee_yen}
    payable = _payable(tubes)
    for values in _by_preference(known):
        if not _due_with_change(values, inserted_yen, fee_yen, earnings) & ~payable:
            return Taking(frozenset(values), exact=False)
    fitting = [values for values in _by_preference(known) if left_yen % values[0] == 0]
    safe = [values for values in fitting if not _due_exact(values, inserted_yen, fee_yen, earnings) & ~payable]
    best = next(iter(safe or fitting), ())
    return Taking(frozenset(value for value in best if value <= left_yen), exact=True, comes_back=bool(safe))


def _greedy(amount_yen: int, tubes: Mapping[int, int]) -> tuple[dict[int, int], int]:
    """The plan, and what it falls short of the amount."""
    assert amount_yen >= 0
    values = sorted(tubes, reverse=True)
    assert all(large % small == 0 for large, small in pairwise(values)), "the proof above needs a chain"
    plan: dict[int, int] = {}
    for value in values:
        coins = min(amount_yen // value, tubes[value])
        if coins > 0:
            plan[value] = coins
            amount_yen -= coins * value
    return plan, amount_yen


def _by_preference(values: list[int]) -> list[tuple[int, ...]]:
    """Every non-empty subset, ascending inside; most denominations first, then the larger coins."""
    subsets = [subset for size in range(1, len(values) + 1) for subset in combinations(values, size)]
    return sorted(subsets, key=lambda subset: (len(subset), sum(subset)), reverse=True)


def _due_with_change(values: tuple[int, ...], inserted_yen: int, fee_yen: int, earnings: set[int]) -> int:
    """Every amount that can fall due when any coin of `values` is taken until the fee is met."""
    on_the_way = _totals(values, inserted_yen, fee_yen - 1)
    met = _from(fee_yen, _one_more(on_the_way, values))
    closed = on_the_way | met  # a cancel closes the slot on the way, and a late coin can follow there too
    late = _one_more(closed, values)
    due = closed | late
    for earned in earnings:
        due |= _from(fee_yen, met | late) >> earned
    return due


def _due_exact(values: tuple[int, ...], inserted_yen: int, fee_yen: int, earnings: set[int]) -> int:
    """Every amount that can fall due when no coin is taken that does not fit below the fee."""
    due = _totals(values, inserted_yen, fee_yen)
    for earned in earnings:
        due |= 1 << fee_yen - earned
    return due


def _totals(values: tuple[int, ...], start_yen: int, limit_yen: int) -> int:
    """Every total that coins of `values` can make from `start_yen` without passing `limit_yen`."""
    reached, within = 1 << start_yen, (1 << limit_yen + 1) - 1
    for value in values:
        heap_yen = value  # of 1, 2, 4 coins and so on: together any number of them
        while heap_yen <= limit_yen:
            reached |= reached << heap_yen & within
            heap_yen *= 2
    return reached


def _one_more(amounts: int, values: tuple[int, ...]) -> int:
    """The amounts after one more coin of `values`."""
    more = 0
    for value in values:
        more |= amounts << value
    return more


def _from(least_yen: int, amounts: int) -> int:
    """Those of the amounts that are at least so much."""
    return amounts >> least_yen << least_yen


def _sums(fees: Iterable[int], limit_yen: int) -> set[int]:
    """Every sum of some of the fees, each used once."""
    sums = {0}
    for fee in fees:
        sums |= {total + fee for total in sums if total + fee <= limit_yen}
    return sums


def _payable(tubes: Mapping[int, int]) -> int:
    """Every amount the tubes can pay. Coins come in heaps of 1, 2, 4 and so on, and the rest."""
    amounts = 1
    for value, coins in tubes.items():
        heap, left = 1, coins
        while left > 0:
            heap = min(heap, left)
            amounts |= amounts << heap * value
            left -= heap
            heap *= 2
    return amounts
