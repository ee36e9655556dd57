"""Whether hoppers still give coins back that residents put in and take back: insert-and-cancel (fault M3). No clock, no card.

It counts sessions, so the machine stores nothing about any person. `Book.refunds_yen` has those in a row, which a power cut
does not forget: after a start they count as made at the start. A session with a paper sets that list back, but not the
window of the running program.
"""

from collections.abc import Sequence

from firmware.money.limits import REFUNDS_MAX, REFUNDS_WINDOW_S

COINS_EXCHANGED = "coins_exchanged"


class Refunds:
    """Call `seen` with the book's list after every session; `now_s` is monotonic."""

    def __init__(self) -> None:
        self._known = 0
        self._window: list[tuple[float, int]] = []

    def seen(self, refunds_yen: Sequence[int], now_s: float) -> None:
        self._window += [(now_s, yen) for yen in refunds_yen[self._known :]]
        self._known = len(refunds_yen)
        self._window = [(at_s, yen) for at_s, yen in self._window if now_s - at_s < REFUNDS_WINDOW_S]

    @property
    def by_hopper(self) -> bool:
        """Whether the hoppers give back what the next resident puts in and takes back."""
        return len(self._window) < REFUNDS_MAX

    @property
    def words(self) -> str:
        """Numbers for the case."""
        yen, minutes = sum(yen for _, yen in self._window), REFUNDS_WINDOW_S / 60
        return f"{len(self._window)} sessions in {minutes:.0f} minutes took {yen} yen back"
