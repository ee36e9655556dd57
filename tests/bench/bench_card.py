"""The card: time from detection to proof over a real pcscd, time until a pulled card is noticed, a million false answers."""

import statistics
import time

from drivers.errors import CardGone
from drivers.vocabulary import CardRead
from tests.process.pcsc import Desk, service
from tests.unit.card.fuzz import run
from tests.unit.card.table import ALL, bound, challenge, jpki_card, pin_of

_VISITS = 15
_LIES = 1_000_000


def rows() -> list[tuple[str, str, str]]:
    """(what, measured, target)."""
    with service() as handle:
        desk = Desk(handle)
        try:
            visits = [_visit_ms(desk) for _ in range(_VISITS)]
            pulled = max(_pulled_ms(desk, at) for at in (1, 5, 11))
        finally:
            desk.close()
    started_s = time.perf_counter()
    outcomes = run(seed=1, answers=_LIES)
    taken_s = time.perf_counter() - started_s
    return [
        (
            "card: detected to authenticated over vpcd, median of own and card's time",
            f"{statistics.median(visits):.1f} ms",
            "<= 15 ms",
        ),
        ("card: pulled in the middle of a command to CardGone, worst", f"{pulled:.0f} ms", "<= 1000 ms"),
        (
            "card: mutated and random answers, none but typed outcomes",
            f"{outcomes['answers']:,} in {taken_s:.0f} s",
            ">= 1,000,000",
        ),
    ]


def _visit_ms(desk: Desk) -> float:
    """Time to read the card and prove it, from its detection on; includes the time in which the card signs."""
    desk.insert(jpki_card())
    started_s = time.perf_counter()
    card = desk.driver.read(ALL)
    assert isinstance(card, CardRead)
    desk.driver.prove(pin_of("2580"), card, challenge(), bound())
    taken_ms = (time.perf_counter() - started_s) * 1000
    desk.driver.release()
    desk.remove()
    return taken_ms


def _pulled_ms(desk: Desk, at: int) -> float:
    card = jpki_card()
    card.fail("pulled", at=at)
    desk.insert(card)
    started_s = time.perf_counter()
    try:
        desk.driver.read(ALL)
    except CardGone:
        return (time.perf_counter() - started_s) * 1000
    finally:
        desk.remove()
    raise AssertionError("the card was pulled and nobody noticed")
