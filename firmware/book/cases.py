"""What a person must look at: the codes of the queue, which of them stay, and which are counted. Pure.

An item is a code and a detail. It leaves the queue by `Resolved` only, never because a retry worked. A code read from
the medium may be of another release, so the queue holds plain words; what this program writes is a `Case`.
"""

from enum import StrEnum
from itertools import count


class Case(StrEnum):
    # money
    ACCEPTOR_BLOCKED = "acceptor_blocked"
    ACCEPTOR_RESTARTED = "acceptor_restarted"
    ACCEPTOR_SWAPPED = "acceptor_swapped"
    CASH_BOX = "cash_box"  # counted another sum than the book expects
    COIN_FRAUD = "coin_fraud"
    COIN_UNCERTAIN = "coin_uncertain"  # rejected, and it may have stayed inside
    CREDITS_LOST = "credits_lost"  # detail: how many
    LATE_COIN = "late_coin"
    OVERPAID = "overpaid"
    PAY_UNKNOWN = "pay_unknown"  # a payout of which nobody can say what came out
    PAYOUT_UNKNOWN = "payout_unknown"  # a second item for the same payout, written by releases before this one
    POWER_LOST_AT_SLOT = "power_lost_at_slot"
    SLOT_UNCONFIRMED = "slot_unconfirmed"
    STRAY_COIN = "stray_coin"
    SUSPECT_COIN = "suspect_coin"
    # paper
    COPY_UNCERTAIN = "copy_uncertain"
    ISSUED_WITHOUT_PAPER = "issued_without_paper"
    PAPER_LEFT = "paper_left"
    PAPER_STUCK = "paper_stuck"
    SLIP = "slip"
    VOID_SHEET_IN_PATH = "void_sheet_in_path"
    # the centre
    ADVICE_REFUSED = "advice_refused"  # detail: the advice
    CENTRE_DISAGREES = "centre_disagrees"
    # the machine
    CONSOLE_LOCKED = "console_locked"
    DOOR_OPENED = "door_opened"  # while nobody had asked for maintenance
    KEYPAD = "keypad"
    MEDIUM_FAILED = "medium_failed"  # the journal's medium ended a run


class MismatchCode(StrEnum):
    """What does not match (match.py); a reason to stop serving."""

    MONEY_MOVED = "money_moved"
    SHEETS_MOVED = "sheets_moved"
    UNBALANCED = "unbalanced"


# Nobody can account for these yet.
UNCERTAIN_CODES: frozenset[str] = frozenset({Case.COPY_UNCERTAIN, Case.PAY_UNKNOWN, Case.SUSPECT_COIN})
# They stop the service: never crowded out by others.
LASTING_CODES: frozenset[str] = UNCERTAIN_CODES | frozenset(MismatchCode) | {Case.DOOR_OPENED, Case.MEDIUM_FAILED}
# Each time another, whether the words are the same or not.
COUNTED_CODES: frozenset[str] = frozenset(
    {Case.STRAY_COIN, Case.PAY_UNKNOWN, Case.PAYOUT_UNKNOWN, Case.COIN_UNCERTAIN, Case.CREDITS_LOST}
)
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
