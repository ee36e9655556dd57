"""Days of coins on every wire, with resets, kills and power cuts, after which the books must balance.

`make bench` plays 200,000 coins of it (tests/bench/bench_coin.py).
"""

import pytest

from host_sim.adapters.wire import WIRES
from tests.bench.bench_coin import coin_latencies
from tests.bench.coin_world import play

COINS = 400  # on each of ten wires


@pytest.mark.parametrize("wire", list(WIRES))
def test_what_was_credited_is_in_the_box_and_what_was_paid_is_out(wire: str) -> None:
    books, failures = play(wire, COINS, seed=2026)
    assert failures == []
    assert books.coins >= COINS
    # Each kind of trouble must have happened, or the test shows nothing.
    assert min(books.cuts, books.host_deaths, books.resets, books.payouts) > 0
    assert books.worst_cut <= 1


def test_the_same_seed_plays_the_same_day() -> None:
    assert play("flips_echo", 120, seed=5) == play("flips_echo", 120, seed=5)


def test_no_coin_waits_longer_than_a_poll_and_two_readings() -> None:
    # Virtual time: the delay of the protocol, not of this computer.
    assert max(coin_latencies(200, seed=3)) <= 0.250
