"""The menu fits a screen of 24 rows and leads to every command; each command explains itself."""

import itertools

import pytest

from firmware.console.access import Role
from firmware.console.command import When, legal, parse
from firmware.console.grammar import Refused
from firmware.console.language import Language, texts
from firmware.console.menu import MORE, SECTIONS, explained, menu, sections
from firmware.console.rows import fitted
from firmware.console.table import COMMANDS

BELOW = 3  # the words below a menu, OK and the prompt
ROLES_AND_MODES = list(itertools.product([None, *Role], [When.SERVICE, When.MAINT]))


@pytest.mark.parametrize(("role", "mode"), ROLES_AND_MODES)
def test_the_menu_fits_a_screen_and_reaches_every_command(role: Role | None, mode: When) -> None:
    commands = list(legal(COMMANDS, role, mode))
    top = menu(commands, "")
    assert top
    reached, menus = set(), [top]
    for menu_ in menus:
        assert sum(len(fitted(f"00 {row}")) for _, row in menu_) + BELOW <= 24
        for line, _ in menu_:
            section = menu(commands, line.removeprefix("help ")) if line.startswith("help ") else None
            if section is None:
                reached.add(line)
            else:
                menus.append(section)
    assert reached == {command.spoken for command in commands}


@pytest.mark.parametrize("language", Language)
def test_what_is_typed_is_the_same_in_every_language(language: Language) -> None:
    told = texts(language).told
    top = menu(COMMANDS, "") or []
    for number, (line, row) in enumerate(top, start=1):
        name = line.removeprefix("help ")
        shown = told(f"{number:2} {row}")
        assert shown.startswith(f"{number:2} {name} ")
        for command in sections(COMMANDS)[name]:
            assert f"`{command.words[0]}`" in shown
    for command in COMMANDS:
        first, *rest = map(told, explained(COMMANDS, command.spoken))
        assert first == command.usage
        assert any(row.endswith(command.example) for row in rest)
        for number in range(1, 20):
            assert told(f"{number:2} {command.usage:28} {command.help}").startswith(f"{number:2} {command.usage} ")


def test_no_section_has_the_name_of_a_command_and_none_is_without_commands() -> None:
    firsts = {command.words[0] for command in COMMANDS}
    assert firsts.isdisjoint({*SECTIONS, MORE})
    assert set(SECTIONS) <= set(sections(COMMANDS))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_the_example_of_an_explanation_is_a_line_that_is_read(command: object) -> None:
    row = next(one for one in COMMANDS if one is command)
    told = explained(COMMANDS, row.spoken)
    assert row.usage in told
    example = next(line for line in told if "Example: " in line).split("Example: ")[1]
    role = next(role for role in [*Role, None] if role in row.roles)
    mode = When.SERVICE if row.when is When.SERVICE else When.MAINT
    assert parse(COMMANDS, example, role, mode).command is row
    assert sum(len(fitted(line)) for line in told) + BELOW <= 24


def test_what_is_not_open_now_names_the_mode_or_the_role_that_opens_it() -> None:
    def refusal(line: str, role: Role | None, mode: When) -> str:
        with pytest.raises(Refused) as refused:
            parse(COMMANDS, line, role, mode)
        return f"{refused.value.code} {refused.value.sentence}"

    for line in {command.spoken for command in COMMANDS} | {command.words[0] for command in COMMANDS}:
        rows = [row for row in COMMANDS if row.spoken == line] or [row for row in COMMANDS if row.words[0] == line]
        for role, mode in ROLES_AND_MODES:
            if any(legal(rows, role, mode)):
                continue
            told = refusal(line, role, mode)
            if any(role in row.roles for row in rows):
                assert told.startswith("mode ")
                assert ("`exit`" if mode is When.MAINT else "`request maint`") in told
            elif role is None:
                assert "`login NAME`" in told
            else:
                assert all(str(wanted) in told for row in rows[:1] for wanted in row.roles if wanted)
