"""The codes of cases, which of them are never dropped, and which are counted. Pure.

A case is a code and a detail. A person closes it (`Resolved`); a retry that works does not. The queue holds codes as
plain text, because the medium may have some of another release; this program writes only members of `Case`.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import count


class Case(StrEnum):
    # money
    ACCEPTOR_BLOCKED = "acceptor_blocked"  # detail: the event, and in which session; coins may be uncounted
    ACCEPTOR_RESTARTED = "acceptor_restarted"
    ACCEPTOR_SWAPPED = "acceptor_swapped"
    CASH_BOX = "cash_box"  # counted another sum than the book expects
    COIN_FRAUD = "coin_fraud"
    COIN_UNCERTAIN = "coin_uncertain"  # rejected, and it may have stayed inside
    COINS_EXCHANGED = "coins_exchanged"  # coins were put in and taken back again and again
    COINS_UNRELIABLE = "coins_unreliable"  # a second session in which coins were lost or the acceptor restarted
    CREDITS_LOST = "credits_lost"  # detail: how many, and in which session
    CREDITS_WITHOUT_COINS = "credits_without_coins"  # detail begins with their number: tampering
    LATE_COIN = "late_coin"
    OVERPAID = "overpaid"
    PAY_UNKNOWN = "pay_unknown"  # a payout with unknown result
    PULSES_WRONG = (
        "pulses_wrong"  # of a pulse acceptor, that cannot be a credit: how many, what they may be worth, whose
    )
    PAYOUT_UNKNOWN = "payout_unknown"  # a second item for the same payout, written by releases before this one
    POWER_LOST_AT_SLOT = "power_lost_at_slot"
    SLOT_UNCONFIRMED = "slot_unconfirmed"
    STRAY_COIN = "stray_coin"
    SUSPECT_COIN = "suspect_coin"
    TILL_UNCONFIRMED = "till_unconfirmed"  # a refund at the till that the clerk has not confirmed; it became a claim
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
    JOURNAL_ROLLED_BACK = "journal_rolled_back"  # detail: the head that the centre witnessed and the journal has not
    IO_BOARD = "io_board"  # what happened to the board with keys, door and coin wires on it; it works again
    DOOR_OPENED = "door_opened"  # while nobody had asked for maintenance
    KEYPAD = "keypad"
    MEDIUM_FAILED = "medium_failed"  # the journal's medium ended a run


class MismatchCode(StrEnum):
    """What does not match (match.py); a reason to stop serving."""

    MONEY_MOVED = "money_moved"
    SHEETS_MOVED = "sheets_moved"
    UNBALANCED = "unbalanced"


# Paper or money that nobody can account for yet.
UNCERTAIN_CODES: frozenset[str] = frozenset({Case.COPY_UNCERTAIN, Case.PAY_UNKNOWN, Case.SUSPECT_COIN})
# These stop the service; `QUEUE_LIMIT` never drops them.
LASTING_CODES: frozenset[str] = (
    UNCERTAIN_CODES
    | frozenset(MismatchCode)
    | {Case.DOOR_OPENED, Case.MEDIUM_FAILED, Case.JOURNAL_ROLLED_BACK}
    | {Case.CREDITS_WITHOUT_COINS, Case.COINS_EXCHANGED, Case.COINS_UNRELIABLE, Case.PULSES_WRONG}
)
# Each of these is a new case, even with the same code and detail as one in the queue.
COUNTED_CODES: frozenset[str] = frozenset(
    {
        Case.PAY_UNKNOWN,
        Case.PAYOUT_UNKNOWN,
        Case.COIN_UNCERTAIN,
        Case.CREDITS_LOST,
        Case.CREDITS_WITHOUT_COINS,
    }
)
# Of each of these there is one item that counts ("2 coins, 110 yen"), however often it happens: 300 pulses of a loose wire
# are one matter for a person, and push no other item out.
SUMMED_CODES: frozenset[str] = frozenset({Case.STRAY_COIN, Case.LATE_COIN, Case.PULSES_WRONG})
STRAY_LIMIT = 5  # coins while nobody is served; above it the slot does not shut, or something writes on its wire
# While somebody pays, each of these ends the session with its money back; the second one soon closes the machine.
COIN_TROUBLES: frozenset[str] = frozenset({Case.CREDITS_LOST, Case.ACCEPTOR_RESTARTED})
COIN_TROUBLE_SESSIONS = 20  # two in so many sessions are no chance
QUEUE_LIMIT = 200  # cases with other codes; above it the oldest is dropped


def enqueue(queue: list[tuple[str, str]], code: str, detail: str) -> None:
    """Add a case; one that is in the queue already is not added again, unless its code is counted or summed."""
    if code in SUMMED_CODES and _add_up(queue, code, detail):
        return
    if (code, detail) in queue:
        if code not in COUNTED_CODES:
            return
        detail = next(d for n in count(2) if (code, d := f"{detail} ({n})") not in queue)
    queue.append((code, detail))
    others = [item for item in queue if item[0] not in LASTING_CODES]
    if len(others) > QUEUE_LIMIT:
        queue.remove(others[0])


def close(queue: list[tuple[str, str]], code: str, detail: str) -> bool:
    """Take a case out of the queue; False where there is none like it."""
    if (code, detail) in queue:
        queue.remove((code, detail))
        return True
    # Releases before this one had an item of its own for each stray coin, and their journals close it so.
    single = re.fullmatch(r"(\d+) yen, event .*", detail)
    return code == Case.STRAY_COIN and single is not None and _add_up(queue, code, stray(-1, -int(single[1])))


def stray(coins: int, yen: int) -> str:
    """How the detail of `STRAY_COIN` and `LATE_COIN` begins."""
    return f"{coins} coins, {yen} yen"


def stray_coins(queue: Iterable[tuple[str, str]]) -> int:
    """How many coins came while nobody was served, and no person has closed it."""
    found = [_SUM.fullmatch(detail) for code, detail in queue if code == Case.STRAY_COIN]
    return sum(int(one[1]) for one in found if one is not None)


_SUM = re.compile(r"(-?\d+) (coins|pulses), (?:about )?(-?\d+) yen(.*)")


def _add_up(queue: list[tuple[str, str]], code: str, detail: str) -> bool:
    """Add the numbers of `detail` to the item that differs in nothing else; False where there is none."""
    new = _SUM.fullmatch(detail)
    for number, item in enumerate(queue):
        old = _SUM.fullmatch(item[1])
        if item[0] != code or new is None or old is None or old[4] != new[4]:
            continue
        count_, yen = int(old[1]) + int(new[1]), int(old[3]) + int(new[3])
        about = "about " if "about" in detail else ""
        queue[number] = (code, f"{count_} {old[2]}, {about}{yen} yen{old[4]}")
        if not count_:
            del queue[number]
        return True
    return False


def coins_lost(detail: str) -> int:
    """How many coins a case `CREDITS_LOST` is about."""
    return int(detail.split(",", maxsplit=1)[0])
