"""A refusal of every command: it says which rule, and what to type or who must come."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import firmware.console
from firmware.console.access import Role
from firmware.console.command import Command, When, legal, parse
from firmware.console.grammar import Refused
from firmware.console.rows import WIDTH, columns, fitted
from firmware.console.table import COMMANDS

MODES = (When.SERVICE, When.MAINT)
EVERYBODY = (None, *Role)
UNFIT = "\x7f"  # fits no argument


def refusal(line: str, role: Role | None, mode: When) -> Refused:
    with pytest.raises(Refused) as refused:
        parse(COMMANDS, line, role, mode)
    return refused.value


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_who_may_not_type_it_now_is_told_the_rule_and_the_way(command: Command) -> None:
    for role, mode in itertools.product(EVERYBODY, MODES):
        if command in set(legal(COMMANDS, role, mode)):
            continue
        told = refusal(command.example, role, mode)
        if role not in command.roles:
            wanted = "`login NAME`" if role is None else f"the role {' or '.join(sorted(filter(None, command.roles)))}"
            assert (told.code, wanted in told.sentence) == ("login" if role is None else "role", True)
        else:
            way = "`request maint`" if command.when is When.MAINT else "`exit`"
            assert (told.code, way in told.sentence) == ("mode", True)
            if command.words == ("exit",):  # who wants to end finds the word for it
                assert "`logout`" in told.sentence


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_wrong_missing_and_extra_words_are_answered_with_usage_and_example(command: Command) -> None:
    role = next(role for role in EVERYBODY if role in command.roles)
    mode = next(mode for mode in MODES if command.when in {When.ALWAYS, mode})
    must = [argument for argument in command.takes if not argument.otherwise]
    wrong = [f"{command.example} {command.spoken}"] if command.words != ("help",) else []
    wrong += [command.spoken] if must else []
    for place, argument in enumerate(command.takes):
        words = command.example.split()
        words[len(command.words) + place :] = [UNFIT, *words[len(command.words) + place + 1 :]]
        if not re.fullmatch(argument.pattern, UNFIT):
            wrong.append(" ".join(words))
            assert refusal(wrong[-1], role, mode).sentence.startswith(argument.sentence)
    for line in wrong:
        told = refusal(line, role, mode)
        assert (told.code, f"Type: {command.usage}" in told.sentence) == ("arguments", True)
        assert not command.takes or f"`{command.example}`" in told.sentence


# What a person types, or what hands do: a command in its signs, or one of the words with which such a sentence begins.
WAY = re.compile(
    r"`|(^|[.;:] |[Tt]hen )(?i:type|give|check|compare|look|wait|shut|mend|call|count|test|send|pay|pull|free|try|tell|clear)\b|must"
)


def sentences() -> Iterator[str]:
    """Each sentence of a `Refused` inside a command, `{}` for what differs; one that another part wrote is left out."""
    for path in sorted(Path(firmware.console.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Refused"), args=[_, ast.Constant(value=str(sentence))]):
                    yield sentence
                case ast.Call(func=ast.Name(id="Refused"), args=[_, ast.JoinedStr(values=parts)]):
                    words = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts]
                    if re.search(r"\w+ \w+ \w+", "".join(words)):
                        yield "".join(words)


def test_each_refusal_inside_a_command_says_what_to_do() -> None:
    found = list(sentences())
    assert len(found) > 50
    assert [sentence for sentence in found if not WAY.search(sentence)] == []


def test_what_is_to_be_typed_is_never_broken_over_two_rows() -> None:
    """A command that ends at a hyphen or a space of its row would be typed wrong."""
    lines = [
        refusal(f"{command.example} {command.spoken} x", *allowed(command)).sentence
        for command in COMMANDS
        if command.words != ("help",)
    ]
    for sentence in (*lines, *sentences(), *(f"{'x' * n} `oos on broken-glass`, `request maint`." for n in range(79))):
        rows = fitted(f"ERR arguments {sentence}")
        assert all(row.count("`") % 2 == 0 for row in rows), rows
        assert max(map(columns, rows)) <= WIDTH


def allowed(command: Command) -> tuple[Role | None, When]:
    role = next(role for role in EVERYBODY if role in command.roles)
    return role, next(mode for mode in MODES if command.when in {When.ALWAYS, mode})


@pytest.mark.parametrize("line", ["journal tail 0", "frames coin 0", "resolve 0 seen looked", "hopper load 100 0"])
def test_a_number_of_which_nothing_would_come_is_refused(line: str) -> None:
    assert "1 or more" in refusal(line, Role.TECHNICIAN, When.MAINT).sentence
