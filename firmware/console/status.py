"""`status`: the whole machine on one screen of 24 rows, and what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any

from firmware.console.cases import CLEARED_BY
from firmware.console.rows import fitted, jst
from firmware.console.steps import Answer, Hands
from firmware.service.availability import Reason

_CELL = 40  # columns
ROWS = 22  # of 24: one is for OK, one for the prompt


def status(hands: Hands) -> Answer:
    state, book = hands.state, hands.book
    reasons = sorted(state.reasons, key=lambda reason: reason.number)
    box_yen, tubes_yen = _yen(book.cash_box), _yen(book.tubes)
    steps = next_steps(hands)
    wanted = ", maintenance begins after this session" if state.maintenance_wanted else ""
    head = [
        f"{hands.machine}, program {hands.version}{_release(hands)}, {jst(hands.now())}",
        f"mode {state.mode}{wanted}, session {hands.sentence}{_door(hands)}",
    ]
    waits = f"waits for a person: {len(book.queue)}, of these {len(book.uncertain)} unaccounted for"
    tail = [
        *_devices(hands),
        f"tubes {tubes_yen} yen ({_coins(book.tubes)}), cash box {box_yen} yen",
        f"sheets {'not counted' if book.sheets is None else book.sheets}",
        hands.site(),
        *_trials(hands),
        f"{waits}; advices not acknowledged: {len(book.pending_advices())}",
        f"Next: {_told(steps)}",
    ]
    why = [f"{reason.number} {reason.sentence}" for reason in reasons] + sorted(hands.troubles.values())
    lines = (*head, *_that_fit(why, ROWS - _rows(head) - _rows(tail)), *tail)
    facts: dict[str, Any] = {
        "mode": str(state.mode),
        "session": hands.sentence,
        "reasons": {reason.number: str(reason) for reason in reasons},
        "devices": dict(hands.devices()),
        "queue": len(book.queue),
        "uncertain": len(book.uncertain),
        "advices": len(book.pending_advices()),
        "sheets": book.sheets,
        "tubes_yen": tubes_yen,
        "cash_box_yen": box_yen,
        "hoppers_out": dict(book.hoppers_out),
        "site_table": hands.site(),
        "trial_left_s": hands.trial_left_s,
        "next": list(steps),
    }
    return Answer(lines, facts)


def _yen(coins_by_yen: Mapping[int, int]) -> int:
    return sum(value * coins for value, coins in coins_by_yen.items())


def _coins(coins_by_yen: Mapping[int, int]) -> str:
    return " ".join(f"{coins}x{value}" for value, coins in sorted(coins_by_yen.items())) or "no coins counted"


def _release(hands: Hands) -> str:
    return "" if hands.updates is None else f", release {hands.updates.standing.running}"


def _door(hands: Hands) -> str:
    return "" if hands.door_open is None else f", door {'open' if hands.door_open else 'shut'}"


def _rows(lines: Sequence[str]) -> int:
    return sum(len(fitted(line)) for line in lines)


def _that_fit(lines: Sequence[str], room: int) -> Sequence[str]:
    """As many of these lines as fit, with a word about the others."""
    if _rows(lines) <= room:
        return lines
    kept = max((count for count in range(len(lines)) if _rows(lines[:count]) < room), default=0)
    return [*lines[:kept], f"and {len(lines) - kept} more; `reasons` shows all"]


def _devices(hands: Hands) -> list[str]:
    """Two devices a row where both fit, each with its state and since when; hoppers that do not pay have a row of their own."""
    told = [
        f"{name} {_numbers(state)} since {since:%m-%d %H:%M}" for name, (state, since) in sorted(hands.desks().items())
    ]
    out = [f"{value} {state}" for value, state in sorted(hands.book.hoppers_out.items())]
    rows: list[str] = []
    for cell in told:
        if rows and max(len(rows[-1]), len(cell)) < _CELL:
            rows[-1] = f"{rows[-1]:{_CELL}}{cell}"
        else:
            rows.append(cell)
    return [*rows, *([f"hoppers that do not pay: {', '.join(out)}"] if out else [])]


def _numbers(state: str) -> str:
    """Reasons by their numbers, under which their sentences stand above; a word such as `well` as it is."""
    numbers = {str(reason): str(reason.number) for reason in Reason}
    return " ".join(numbers.get(word, word) for word in state.split())


def _trials(hands: Hands) -> list[str]:
    rows, left_s = [], hands.trial_left_s
    if left_s is not None:
        rows.append(f"settings on trial, {max(0.0, left_s) / 60:.0f} min left")
    if hands.updates is not None and hands.updates.standing.on_trial is not None:
        rows.append(f"release {hands.updates.standing.on_trial} on trial")
    system = hands.systems.standing
    if system is not None and system.on_trial:
        rows.append(f"system {system.version_in(system.running)} on trial")
    return rows


# What a reason may come from, and is then put right first.
_CAUSES = {
    Reason.CLOCK: Reason.LINE,
    Reason.SITE_TABLE: Reason.LINE,
    Reason.ADVICES: Reason.LINE,
    Reason.KEYPAD: Reason.IO_BOARD,
    Reason.DOOR_CONTACT: Reason.IO_BOARD,
}
# The commands that clear a reason by themselves, in maintenance or at any time.
_IN_MAINT = {Reason.TAMPER_MONEY: "`reconcile`", Reason.UNBALANCED: "`reconcile`", Reason.LINE_STOPPED: "`line clear`"}
_ANY_TIME = {Reason.OPERATOR: "`oos off`"}
_RESOLVE = "`uncertain` shows what a person must look at; `resolve` closes it"


def next_steps(hands: Hands) -> tuple[str, ...]:
    """All that waits, in the order in which one does it.

    First what runs out, then what is put right by hand, then what is counted and decided, at last the way back to service.
    """
    state, book = hands.state, hands.book
    by_command = {**_IN_MAINT, **_ANY_TIME}
    by_hand = state.reasons - by_command.keys()
    if book.queue:
        by_hand -= {Reason.UNCERTAIN, *(CLEARED_BY[code] for code, _ in book.queue if code in CLEARED_BY)}
    in_maint = ["count the sheets and type `paper load N`"] if book.sheets is None else []
    acts = dict.fromkeys(words for reason, words in by_command.items() if reason in state.reasons)
    begins = not state.in_maintenance and not state.maintenance_wanted
    goes_in = begins and (bool(in_maint) or not state.reasons.isdisjoint(_IN_MAINT))
    steps = (
        ["`config keep` if the settings on trial are right, or they go back"] if hands.trial_left_s is not None else []
    )
    for_whom = "the resident has gone" if state.started else "the machine has started"
    steps += [f"wait; maintenance begins when {for_whom}"] if state.maintenance_wanted else []
    steps += ["`request maint`"] if goes_in else []
    steps += [_put_right(by_hand, opens=begins and not goes_in)] if by_hand else []
    steps += in_maint + (["shut the door"] if hands.door_open else [])
    steps += ([_RESOLVE] if book.queue else []) + list(acts)
    if not begins or goes_in:
        steps += ["`exit`" if steps else "`exit` tests the devices and ends maintenance"]
    return tuple(steps) or ("nothing is to do; `logout`",)


def _put_right(reasons: frozenset[Reason], *, opens: bool) -> str:
    """`opens`: a person may have to open the case for it, and is not in maintenance."""
    in_order = sorted(reasons, key=lambda reason: (_CAUSES.get(reason) in reasons, reason.number))
    what = f"put right what {', '.join(str(reason.number) for reason in in_order)} {'say' if len(reasons) > 1 else 'says'} above"
    return f"{what}; `request maint` before you open the case" if opens else what


def _told(steps: Sequence[str]) -> str:
    """One step as a sentence, several of them numbered; all in one line, because the screen has 24 rows."""
    if len(steps) == 1:
        return f"{steps[0]}."
    return "; ".join(f"{number} {step}" for number, step in enumerate(steps, start=1)) + "."
