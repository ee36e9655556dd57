"""The lockout's table, row by row, and that it never shortens."""

import pytest

from firmware.service.lockout import locked_until, must_report


@pytest.mark.parametrize(
    ("failed", "wait_s"),
    [(0, 0), (1, 0), (2, 0), (3, 30), (4, 60), (5, 300), (6, 900), (7, 3600), (8, 3600), (10_000, 3600)],
)
def test_table(failed: int, wait_s: float) -> None:
    assert locked_until(failed, 1000.0) == 1000.0 + wait_s
    assert must_report(failed) == (failed >= 5)


def test_guessing_ten_thousand_pins_with_found_cards_takes_half_a_year() -> None:
    """Two wrong PINs with each of 5,000 cards, and an hour's wait a card from the seventh on."""
    now_s = 0.0
    for failed in range(1, 5_001):
        now_s = locked_until(failed, now_s)
    assert now_s > 182 * 24 * 3600
