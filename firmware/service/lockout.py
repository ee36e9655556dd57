"""How long the machine refuses cards after too many wrong PINs with different cards."""

LOCKOUT_S: tuple[tuple[int, float], ...] = ((3, 30.0), (4, 60.0), (5, 300.0), (6, 900.0), (7, 3600.0))
REPORT_FROM = 5
PIN_ATTACK = "pin_attack"


def locked_until(failed_sessions: int, last_failed_s: float) -> float:
    """The monotonic instant from which a card may be tried again; `last_failed_s` or earlier means at once.

    A card blocks itself after three wrong tries. The lockout is against somebody who tries many found cards. It counts the
    sessions in a row in which a PIN was wrong and none was right, so the machine stores nothing about any card. One right
    PIN sets the count to 0.

        failed sessions in a row | the machine refuses cards for
        -------------------------+-------------------------------
        0, 1, 2                  | not at all
        3                        | 30 s
        4                        | 1 min
        5                        | 5 min, and tells the centre
        6                        | 15 min
        7 and more               | 1 h each

    `failed_sessions` is `Book.failed_sessions`, which a power cut does not forget; after a start, `last_failed_s` is
    the instant of the start, so switching the machine off and on does not shorten the wait.
    """
    assert failed_sessions >= 0
    waits = [wait_s for failures, wait_s in LOCKOUT_S if failures <= failed_sessions]
    return last_failed_s + (waits[-1] if waits else 0.0)


def must_report(failed_sessions: int) -> bool:
    """Whether the centre is told: `PIN_ATTACK` in every heartbeat while this is true, and a `Flag` in the journal."""
    return failed_sessions >= REPORT_FROM
