"""The rows of the console's table are consistent, and the README is drawn from them."""

import itertools

import pytest

from firmware.console.command import Command
from firmware.console.table import COMMANDS
from tests.console_page import README, page


def test_no_words_are_doubled_and_none_hide_another_row() -> None:
    for one, other in itertools.permutations(COMMANDS, 2):
        assert one.words != other.words
        if other.words[: len(one.words)] == one.words:
            assert one.takes == (), f"`{' '.join(other.words)}` could be an argument of `{' '.join(one.words)}`"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_a_row_says_what_it_does_and_what_it_takes(command: Command) -> None:
    assert command.help
    assert command.help.isascii()
    assert not command.help.endswith(".")
    assert command.roles
    assert not (command.acts and None in command.roles), "its journal record names the person"
    left_out = [bool(argument.otherwise) for argument in command.takes]
    assert left_out == sorted(left_out), "only the last arguments may be left out"
    assert all(argument.name and argument.sentence.endswith(".") for argument in command.takes)
    for argument in command.takes:
        argument.read(argument.example)


def test_the_page_is_drawn_from_this_table() -> None:
    """If this fails, run `python -m tests.console_page`."""
    current = README.read_text(encoding="utf-8")
    assert page(current) == current
