"""The `system` commands, on a card of `make image`: which system runs, and how a person ends a trial (`firmware/update/`; fault U1)."""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

from firmware.console.grammar import Refused
from firmware.console.rows import jst
from firmware.console.steps import Answer, Hands, Job, Listen, Plan, Step, must_be_shut
from firmware.update.slots import TRIAL_RUNS_S
from firmware.update.systems import SLOTS, Slot, Standing, other

ANSWERS_S = 120.0  # root's unit starts a program, on a machine that does other things, too


def _standing(hands: Hands) -> Standing:
    standing = hands.systems.standing
    if standing is None:
        raise Refused(
            "system",
            "Nothing is known of slots: this is no card of `make image`, or it started a moment ago. Else replace the card.",
        )
    return standing


def _on_trial(hands: Hands) -> tuple[Standing, Slot]:
    standing = _standing(hands)
    if standing.choice.trial is None:
        raise Refused("system", "No system is on trial. `system status` shows the slots.")
    return standing, standing.choice.trial


def _named(standing: Standing, slot: Slot) -> str:
    version = standing.version_in(slot)
    return f"no system in slot {slot}" if version is None else f"system {version} in slot {slot}"


def status(hands: Hands) -> Answer:
    standing = _standing(hands)
    choice, running = standing.choice, standing.running
    lines = [f"running {_named(standing, running)}", f"beside it {_named(standing, other(running))}"]
    if standing.on_trial:
        until = hands.now() + timedelta(seconds=TRIAL_RUNS_S - hands.monotonic())
        lines.append(f"tried until {jst(until)} at the latest, starts left {choice.starts_left}")
        lines.append("A minute of service without a reason, and it is kept.")
    elif choice.trial is not None:
        lines.append(f"Slot {choice.trial} is tried from the next start of the board: pull its plug, and put it back.")
    elif choice.failed:
        lines.append(f"Slot {other(choice.active)} was tried and did not serve. Bring a newer system.")
    data = {"running": running, "good": choice.active, "on_trial": choice.trial, "starts_left": choice.starts_left}
    return Answer(tuple(lines), data | {f"system_{slot}": standing.version_in(slot) for slot in SLOTS})


def keep(hands: Hands) -> Plan:
    """For a machine that cannot show by itself that the system is good: one that is closed, or lacks paper."""
    standing, trial = _on_trial(hands)
    if not standing.on_trial:
        raise Refused(
            "system", f"Slot {trial} was not started yet. Pull the board's plug, put it back, and look at it first."
        )
    lines = (f"{_named(standing, trial)} on trial, then kept", "The one before is then never started again.")
    return Plan(
        lines,
        lambda _: _asked(
            hands, hands.systems.ask_to_keep, lambda now: now.choice.active == trial, "The system is kept."
        ),
    )


def rollback(hands: Hands) -> Plan:
    """Give up a trial, also one that waits for its first start. A good system is never replaced by an older one."""
    must_be_shut(hands)
    standing, trial = _on_trial(hands)
    good = _named(standing, other(trial))
    if standing.on_trial:
        lines: tuple[str, ...] = (f"{_named(standing, trial)} on trial, then {good}", "The board restarts.")
        done = "The trial is given up. The board restarts: wait for its prompt."
    else:
        lines = (f"{_named(standing, trial)} waits for its first start, then is never tried",)
        done = "The trial is given up. The system that runs goes on."
    return Plan(
        lines, lambda _: _asked(hands, hands.systems.ask_to_go_back, lambda now: now.choice.trial is None, done)
    )


def _asked(hands: Hands, ask: Callable[[], None], over: Callable[[Standing], bool], done: str) -> Job:
    """Ask root's unit, and wait until the card shows that it was done."""
    try:
        ask()
    except OSError:
        raise Refused(
            "system", "It cannot be asked for: the service has no folder in memory. Pull the board's plug."
        ) from None
    yield from _until(hands, lambda: over(_standing(hands)))
    return Answer((done,))


def _until(hands: Hands, over: Callable[[], bool]) -> Generator[Step, Any, None]:
    until_s = hands.monotonic() + ANSWERS_S
    while not over():
        if hands.monotonic() >= until_s:
            raise Refused(
                "system",
                "It was asked for, but the card has not changed. `system status` tells; else replace the card.",
            )
        yield Listen(min(until_s, hands.monotonic() + 0.5))
