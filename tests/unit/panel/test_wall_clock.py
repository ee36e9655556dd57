"""The instants that words name, and how the clock moves so that a developer finds an open machine at night."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.wall_clock import JST, WallClock, instant

NOW = datetime(2026, 11, 24, 17, 30, tzinfo=JST)  # a Tuesday


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("22:55", "2026-11-24T22:55"),
        ("12-05", "2026-12-05T10:00"),  # a date, not 12:00 with the offset -05
        ("12-31", "2026-12-31T10:00"),
        ("sunday", "2026-11-29T10:00"),
        ("2027-01-04T06:30", "2027-01-04T06:30"),
        ("2026-11-24T01:00+00:00", "2026-11-24T10:00"),
    ],
)
def test_words(words: str, named: str) -> None:
    assert instant(words, NOW) == datetime.fromisoformat(named).replace(tzinfo=JST)


@pytest.mark.parametrize("words", ["", "noon", "25:00", "13-40", "2026-02-30T10:00"])
def test_nonsense_is_refused_with_a_sentence(words: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        instant(words, NOW)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))  # noqa: DTZ001
def test_a_store_machine_is_open_after_open_if_closed(at: datetime) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        clock = WallClock(Path(folder))
        clock.set(at.isoformat())
        moved = clock.open_if_closed()
        now = clock.now()
        assert (now.month, now.day) not in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
        assert (6, 30) <= (now.hour, now.minute) < (22, 50)
        assert moved or abs((now - at.replace(tzinfo=JST)).total_seconds()) < 60
