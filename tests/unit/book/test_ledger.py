"""The ledger: the amount owed, after any steps in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.book.ledger import Ledger, LedgerBroken

RID = "ab" * 16

steps = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.sampled_from([10, 50, 100, 500])),
        st.tuples(st.just("earn"), st.sampled_from([0, 200, 300])),
        st.tuples(st.just("pay_out"), st.sampled_from([10, 50, 100, 500, 1000])),
        st.tuples(st.just("claim"), st.integers(0, 900)),
    ),
    max_size=30,
)


@given(steps)
def test_no_order_of_steps_makes_the_machine_owe_less_than_nothing(walk: list[tuple[str, int]]) -> None:
    ledger, physical_out, copies = Ledger(), 0, 0
    for what, amount in walk:
        before = ledger
        try:
            match what:
                case "insert":
                    ledger = ledger.insert(amount)
                case "earn":
                    ledger = ledger.earn(RID, copies, amount)
                    copies += 1
                case "pay_out":
                    ledger = ledger.pay_out(amount)
                    physical_out += amount
                case _:
                    ledger = ledger.claim(amount)
        except LedgerBroken:
            assert amount > before.owed_yen, "a step is refused only if it takes more than is owed"
            continue
        assert ledger.owed_yen >= 0
        assert ledger.inserted_yen == ledger.owed_yen + ledger.earned_yen + ledger.paid_out_yen + ledger.claimed_yen
        assert ledger.paid_out_yen + ledger.overpaid_yen == physical_out
        for account in ("inserted_yen", "earned_yen", "paid_out_yen", "claimed_yen", "overpaid_yen"):
            assert getattr(ledger, account) >= getattr(before, account), "accounts only grow"


def test_a_copy_earns_its_fee_once() -> None:
    ledger = Ledger().insert(1000).earn(RID, 1, 300).earn(RID, 2, 300).earn("cd" * 16, 1, 300)
    with pytest.raises(LedgerBroken):
        ledger.earn(RID, 2, 0)
    assert ledger.owed_yen == 100


def test_a_hopper_that_drops_a_coin_too_many_costs_the_operator_and_stops_nobody() -> None:
    ledger = Ledger().insert(500).earn(RID, 1, 300).pay_out(300)
    assert (ledger.owed_yen, ledger.paid_out_yen, ledger.overpaid_yen) == (0, 200, 100)
    assert ledger.settled


@pytest.mark.parametrize("step", ["insert", "pay_out", "claim"])
def test_an_account_never_shrinks(step: str) -> None:
    with pytest.raises(LedgerBroken):
        getattr(Ledger().insert(500), step)(-100)
    with pytest.raises(LedgerBroken):
        Ledger().insert(500).earn(RID, 1, -1)
