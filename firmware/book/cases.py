"""What a person must look at: the codes of the queue, which of them stay, and which are counted. Pure.

An item is a code and a detail. It leaves the queue by `Resolved` only, never because a retry worked.
"""

from enum import StrEnum
from itertools import count

ADVICE_REFUSED = "advice_refused"  # detail: the advice
DOOR_OPENED = "door_opened"  # while nobody had asked for maintenance
MEDIUM_FAILED = "medium_failed"  # the journal's medium ended a run


class MismatchCode(StrEnum):
    """What does not match (match.py); a reason to stop serving."""

    MONEY_MOVED = "money_moved"
    SHEETS_MOVED = "sheets_moved"
    UNBALANCED = "unbalanced"


UNCERTAIN_CODES = frozenset({"copy_uncertain", "pay_unknown", "suspect_coin"})  # nobody can account for these yet
# They stop the service: never crowded out by others.
LASTING_CODES = UNCERTAIN_CODES | frozenset(map(str, MismatchCode)) | {DOOR_OPENED, MEDIUM_FAILED}
# Each time another, whether the words are the same or not.
COUNTED_CODES = frozenset({"stray_coin", "pay_unknown", "payout_unknown", "coin_uncertain", "credits_lost"})
QUEUE_LIMIT = 200  # other items: the oldest give way


def enqueue(queue: list[tuple[str, str]], code: str, detail: str) -> None:
    """Add an item; one that is there already is not added again, unless its kind is counted."""
    if (code, detail) in queue:
        if code not in COUNTED_CODES:
            return
        detail = next(d for n in count(2) if (code, d := f"{detail} ({n})") not in queue)
    queue.append((code, detail))
    others = [item for item in queue if item[0] not in LASTING_CODES]
    if len(others) > QUEUE_LIMIT:
        queue.remove(others[0])
