"""What a person is asked for an argument: the example is one of the thing that was named."""

import re

import pytest

from firmware.config.settings import SETTABLE, overlay
from firmware.console.grammar import KEY, VALUE, Refused
from firmware.console.table import COMMANDS

KEYS = [key.replace("DAY", "everyday").replace("KIND", "copy").replace("NAME", "pay_s") for key in SETTABLE]


@pytest.mark.parametrize("key", KEYS)
def test_the_question_for_a_setting_has_examples_of_that_setting(key: str) -> None:
    asked = VALUE.question(key)
    examples = re.findall(r"(?:as|or) (\S+?),?(?= |\))", asked)
    assert examples, asked
    for example in examples:
        VALUE.read(example)
        overlay({KEY.read(key) and key: example})


def test_a_key_that_cannot_be_set_is_refused_before_its_value_is_asked_for() -> None:
    with pytest.raises(Refused, match=r"^printer\.port cannot be set on the console\. These can: "):
        VALUE.question("printer.port")


def test_every_other_question_shows_the_word_that_fits() -> None:
    for argument in {argument for row in COMMANDS for argument in row.takes} - {VALUE}:
        assert argument.question("") == f"{argument.name} (as {argument.example}): "
