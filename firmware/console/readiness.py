"""`readiness`: of each guided test when it was last run, by whom and with what result, and what stands against service.

The journal has it already: the two `ConsoleAct` records around every test.
"""

from collections.abc import Sequence
from typing import Any

from firmware.book import records
from firmware.console import looking
from firmware.console.command import Command
from firmware.console.rows import jst
from firmware.console.steps import Answer, Hands, Job
from firmware.console.talking import Conversation

_UNFINISHED = "not finished"  # the person broke it off or left, or the power failed
_RESULTS = {"ok": "PASS", "begun": _UNFINISHED, "cancelled": _UNFINISHED}


def readiness(talk: Conversation) -> Job:
    hands = talk.hands
    tests = _tests(talk.commands, hands)
    last: dict[str, tuple[str, str, str]] = {}
    for number, entry in enumerate(hands.history(), start=1):
        yield from looking.pause(hands, number)
        act = entry.record
        if isinstance(act, records.ConsoleAct) and act.verb in tests:
            result = _RESULTS.get(act.outcome, f"FAIL ({act.outcome})")
            last[act.verb] = (result, jst(entry.wall), act.who)
    rows, data = [], dict[str, Any]()
    for verb, spoken in tests.items():
        result, at, who = last.get(verb, ("never", "", ""))
        rows.append(f"{spoken:14} {result:16} {at:24} {who}".rstrip())
        data[spoken] = {"result": result, "at": at, "who": who}
    open_ = [spoken for verb, spoken in tests.items() if last.get(verb, ("",))[0] != "PASS"]
    told = f"To be done: {', '.join(open_)}." if open_ else "Every test was passed when it was last run."
    why = looking.why(hands) or ["Nothing stands against service."]
    return Answer((*rows, told, *why), {"tests": data, "reasons": looking.why(hands)})


def _tests(commands: Sequence[Command], hands: Hands) -> dict[str, str]:
    """Verb of the journal -> words, of every guided test that this machine has devices for."""
    lacking = set() if hands.takes_coins else {"test.acceptor", "test.slot", "test.hopper"}
    lacking |= set() if hands.unit.door is not None else {"test.door"}
    lacking |= set() if hands.unit.io_board is not None else {"test.board"}
    lacking |= set() if hands.speaks else {"test.sound"}
    found = (command for command in commands if command.words[0] == "test" and command.words != ("test", "all"))
    return {command.verb: command.spoken for command in found if command.verb not in lacking}
