"""One press of a key is one event, whatever its contact does (faults P1 to P3)."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.pin_pad.debounce import Debouncer, Pressed, Stuck

CELL = (1, 2)
OTHERS = [(row, column) for row in range(4) for column in range(4) if (row, column) != CELL]


def scans(
    closed_at: list[tuple[float, float, tuple[int, int]]], phase_s: float, until_s: float, period_s: float = 0.005
):
    """Run a debouncer over intervals (from, to, cell) in which contacts conduct; yield (time, event)."""
    debouncer = Debouncer()
    now_s = phase_s
    while now_s < until_s:
        closed = {cell for begin, end, cell in closed_at if begin <= now_s < end}
        for event in debouncer.scan(closed, now_s):
            yield now_s, event
        now_s += period_s
    assert debouncer.quiet or closed, "the debouncer keeps no state of keys that are up"


def chatter(
    begin_s: float, train_s: float, cuts: list[float], end_s: float
) -> Iterator[tuple[float, float, tuple[int, int]]]:
    """A contact that closes at `begin_s`, toggles at fractions `cuts` of `train_s`, and holds to `end_s`."""
    edges = [begin_s, *(begin_s + cut * train_s for cut in sorted(cuts)), end_s]
    for first, second in zip(edges[::2], edges[1::2], strict=True):
        yield first, second, CELL


even_cuts = st.integers(0, 6).flatmap(lambda n: st.lists(st.floats(0, 1), min_size=2 * n, max_size=2 * n))


@given(even_cuts, even_cuts, st.floats(0, 0.030), st.floats(0, 0.005), st.floats(0.045, 0.5))
@settings(max_examples=400, deadline=None)
def test_chatter_up_to_30_ms_on_both_edges_is_one_press(down_cuts, up_cuts, train_s, phase_s, hold_s):
    press = list(chatter(0.1, train_s, down_cuts, 0.1 + hold_s))
    lifted_s = 0.1 + hold_s
    # Releasing: open at `lifted_s`, then closed between pairs of cuts.
    cuts = [lifted_s + cut * train_s for cut in sorted(up_cuts)]
    release = [(a, b, CELL) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    events = [event for _, event in scans([*press, *release], phase_s, 1.0)]
    assert events == [Pressed(CELL)]


@given(st.floats(0.031, 0.080), st.floats(0.040, 0.2), st.floats(0, 0.005))
@settings(max_examples=300, deadline=None)
def test_two_presses_31_to_80_ms_apart_are_two(gap_s, hold_s, phase_s):
    first_up_s = 0.1 + hold_s
    taps = [(0.1, first_up_s, CELL), (first_up_s + gap_s, first_up_s + gap_s + hold_s, CELL)]
    assert [event for _, event in scans(taps, phase_s, 1.0)] == [Pressed(CELL), Pressed(CELL)]


@given(st.floats(0.002, 0.02), st.sampled_from(OTHERS), st.floats(0, 0.005))
@settings(max_examples=100, deadline=None)
def test_different_keys_in_quick_turn_both_count(gap_s, other, phase_s):
    up_s = 0.16
    taps = [(0.1, up_s, CELL), (up_s + gap_s + 0.003, up_s + gap_s + 0.1, other)]
    assert [event for _, event in scans(taps, phase_s, 1.0)] == [Pressed(CELL), Pressed(other)]


def test_a_contact_seen_by_one_scan_only_is_ignored():
    assert list(scans([(0.0999, 0.1001, CELL)], 0.0, 0.5)) == []


def test_a_clean_press_is_told_within_two_scan_periods():
    (told,) = scans([(0.1001, 0.2, CELL)], 0.0, 0.5)
    assert told[0] - 0.1001 <= 0.010


@given(
    st.sampled_from(OTHERS), st.floats(-0.003, 0.003), st.floats(0.02, 0.2), st.floats(0.02, 0.2), st.floats(0, 0.005)
)
@settings(max_examples=200, deadline=None)
def test_two_keys_hit_together_count_as_none(other, apart_s, hold_s, other_hold_s, phase_s):
    both = [(0.1, 0.1 + hold_s, CELL), (0.1 + apart_s, 0.1 + apart_s + other_hold_s, other)]
    again = [(0.6, 0.7, CELL)]
    assert [event for _, event in scans([*both, *again], phase_s, 1.0)] == [Pressed(CELL)]


def test_a_second_key_while_one_is_held_does_not_count_until_all_are_up():
    taps = [(0.1, 0.4, CELL), (0.2, 0.6, OTHERS[0]), (0.7, 0.8, OTHERS[0])]
    told = list(scans(taps, 0.0, 1.0))
    assert [event for _, event in told] == [Pressed(CELL), Pressed(OTHERS[0])]
    assert told[1][0] > 0.7


def test_a_held_key_stops_no_other_after_3_s_and_is_reported_stuck_once_after_10():
    taps = [(0.1, 30.0, CELL), (1.0, 1.1, OTHERS[0]), (5.0, 5.1, OTHERS[1]), (31.0, 31.1, CELL)]
    told = list(scans(taps, 0.0, 32.0))
    assert [event for _, event in told] == [
        Pressed(CELL),  # and the one at 1.0 s is refused: two keys
        Pressed(OTHERS[1]),
        Stuck(CELL, counted=True),
        Pressed(CELL),
    ]
    assert told[2][0] == pytest.approx(10.1, abs=0.011)


def test_looking_only_when_told_to_gives_the_same_events():
    """A caller in virtual time may scan at edges and at `wake_at`, and skip what lies between."""
    edges = {0.1: {CELL}, 0.18: set(), 0.22: {CELL}, 0.30: set()}
    debouncer, events = Debouncer(), []
    now_s, closed, agenda = 0.0, set(), sorted(edges)
    while agenda or debouncer.wake_at() is not None:
        wake_s = debouncer.wake_at()
        now_s = min(t for t in [*agenda[:1], wake_s] if t is not None)
        if agenda and now_s == agenda[0]:
            closed = edges[agenda.pop(0)]
        events += debouncer.scan(closed, now_s)
    assert events == [Pressed(CELL), Pressed(CELL)]
    assert debouncer.quiet
