"""`lockout`: the sessions with wrong PINs that made the machine refuse cards, and ending that early.

The machine keeps nothing of a card (`firmware/service/lockout.py`), so a session's random id is all that can be shown.
"""

from collections import deque

from firmware.book import records
from firmware.console import looking
from firmware.console.grammar import Refused
from firmware.console.rows import jst
from firmware.console.steps import Answer, Hands, Job, Plan
from firmware.service.availability import Reason

_SHOWN = 20


def list_(hands: Hands) -> Job:
    """The failed sessions in a row, newest last. The one before the row ended with a right PIN, or with a `lockout clear`."""
    failed: deque[tuple[str, str, int]] = deque(maxlen=_SHOWN)
    wrong, right = 0, False
    for number, entry in enumerate(hands.history(), start=1):
        yield from looking.pause(hands, number)
        match entry.record:
            case records.SessionOpened():
                wrong, right = 0, False
            case records.PinResult(ok=ok):
                wrong, right = wrong + (not ok), ok
            case records.SessionClosed(sid=sid) if wrong and not right:
                failed.append((jst(entry.wall), sid[:8], wrong))
            case records.SessionClosed() if right:
                failed.clear()
            case records.ConsoleAct(verb="lockout.clear", outcome="ok"):
                failed.clear()
    count = hands.book.failed_sessions
    rows = [f"{at}  session {sid}~  wrong PINs {tries}" for at, sid, tries in failed]
    locked = Reason.LOCKOUT in hands.state.reasons
    now = "cards are refused now, and the wait ends by itself" if locked else "cards are taken"
    return Answer(
        (f"{count} sessions in a row without a right PIN; {now}.", *rows),
        {"failed_sessions": count, "locked": locked, "sessions": [list(row) for row in failed]},
    )


def clear(hands: Hands) -> Plan:
    """The book reads the clearing from the `ConsoleAct` around this. A case in `uncertain` stays until it is resolved."""
    count = hands.book.failed_sessions
    if not count:
        raise Refused(
            "lockout", "No session in a row failed, so there is nothing to clear. `reasons` says why nobody is served."
        )

    def carry_out(_: str) -> Answer:
        return Answer(("The row begins anew with the next wrong PIN; cards are taken.",))

    warning = "Confirm only when you know who typed wrong PINs: this gives an attacker new tries."
    return Plan((f"{count} failed sessions in a row, then 0", warning), carry_out)
