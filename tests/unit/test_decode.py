"""Values that are refused in a file or a message, and the sentences that say why."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

import pytest

from drivers.decode import Table, Undecodable, at_least, between, listed, read_json, read_toml, to_table, written


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Lamp(Table, frozen=True, kw_only=True):
    pin: Annotated[int, between(0, 27)]
    colour: Colour = Colour.RED


class Board(Table, frozen=True, kw_only=True):
    name: Annotated[str, written("[a-z]+", "small letters")]
    lamps: Annotated[tuple[Lamp, ...], listed(0, 2)] = ()
    level: Literal["low", "high"] = "low"
    wait_s: Annotated[float, at_least(0.5)] = 1.0
    on: bool = True
    values: Mapping[Annotated[str, written("[A-Z]+", "capitals")], int] = {}
    spare: Lamp | None = None

    def __post_init__(self) -> None:
        if self.name == "spare" and self.spare is None:
            raise ValueError("a board of that name has a spare lamp")


@pytest.mark.parametrize(
    ("text", "sentence", "quiet"),
    [
        ("", "the key 'name' is missing", None),
        ("name = 1", "name must be small letters, not 1", "name must be small letters"),
        ("name = 'Ab'", "name must be small letters, not 'Ab'", "name must be small letters"),
        ('name = "a\\n"', "name must be small letters, not 'a\\n'", "name must be small letters"),
        (
            "name = 'a'\nlampe = 1",
            "this table does not take the key 'lampe'; it takes lamps, level, name, on, spare, values, wait_s",
            "this table does not take the key 'lampe'",
        ),
        (
            "name = 'a'\n'渡辺' = 1",
            "this table does not take the key '渡辺'; it takes lamps, level, name, on, spare, values, wait_s",
            "this table does not take a key that is no field's name",
        ),
        ("name = 'a'\nlamps = 3", "lamps must be a list of 0 to 2, not 3", "lamps must be a list of 0 to 2"),
        (
            "name = 'a'\nlamps = [{pin = 1}, {pin = 28}]",
            "lamps[1].pin is 28; allowed is 0 to 27",
            "lamps[1].pin must be 0 to 27",
        ),
        ("name = 'a'\nlamps = [{pin = true}]", "lamps[0].pin must be a whole number, not True", None),
        ("name = 'a'\nlamps = [{pin = 1.0}]", "lamps[0].pin must be a whole number, not 1.0", None),
        ("name = 'a'\nlamps = [1]", "lamps[0] must be a table, not 1", "lamps[0] must be a table"),
        ("name = 'a'\nlamps = [{}]", "lamps[0]: the key 'pin' is missing", "lamps[0]: the key 'pin' is missing"),
        (
            "name = 'a'\nlamps = [{pin = 1}, {pin = 1}, {pin = 1}]",
            "lamps must be a list of 0 to 2, not [{'pin': 1}, {'pin': 1}, {'pin': 1}]",
            None,
        ),
        (
            "name = 'a'\nspare = {pin = 1, colour = 'green'}",
            "spare.colour is 'green'; allowed is red, blue",
            "spare.colour must be red, blue",
        ),
        ("name = 'a'\nlevel = 'mid'", "level is 'mid'; allowed is low, high", "level must be low, high"),
        ("name = 'a'\nwait_s = 0", "wait_s is 0; allowed is at least 0.5", "wait_s must be at least 0.5"),
        ("name = 'a'\nwait_s = '1'", "wait_s must be a number, not '1'", None),
        ("name = 'a'\non = 1", "on must be true or false, not 1", None),
        ("name = 'a'\nvalues.AB = 'x'", "values.AB must be a whole number, not 'x'", "values must be a whole number"),
        ("name = 'a'\nvalues.ab = 1", "values.ab must be capitals, not 'ab'", "values must be capitals"),
        ("name = 'spare'", "a board of that name has a spare lamp", "a board of that name has a spare lamp"),
    ],
)
def test_a_sentence_names_the_key_and_what_is_allowed(text: str, sentence: str, quiet: str | None) -> None:
    with pytest.raises(Undecodable) as told:
        to_table(Board, read_toml(text))
    assert str(told.value) == sentence
    with pytest.raises(Undecodable) as told:
        to_table(Board, read_toml(text), quiet=True)
    assert str(told.value) == (quiet or sentence.partition(", not ")[0])


def test_what_fits_is_read() -> None:
    board = to_table(Board, read_toml("name = 'a'\nwait_s = 2\nlamps = [{pin = 3, colour = 'blue'}]\nvalues = {A = 1}"))
    assert board == Board(name="a", wait_s=2.0, lamps=(Lamp(pin=3, colour=Colour.BLUE),), values={"A": 1})


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\na = 2",
        "a = nan",
        "a = -inf",
        "a = 1e999",
        "a = " + "9" * 5000,
        "a = " + "[" * 9000,
        "#" * 300_000,
        "a = ?",
    ],
    ids=["twice", "nan", "inf", "overflow", "digits", "depth", "size", "noise"],
)
def test_toml_that_is_none(text: str) -> None:
    with pytest.raises(Undecodable):
        read_toml(text)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"code":1,"code":1}', "the key 'code' stands twice"),
        (b'{"a":{"b":[{"code":1,"code":2}]}}', "the key 'code' stands twice"),
        ('{"渡辺":1,"渡辺":2}'.encode(), "a key that is no field's name stands twice"),
        (b"[NaN]", "NaN is not allowed as a number"),
        (b"[-Infinity]", "-Infinity is not allowed as a number"),
        (b"[1e400]", "1e400 is not allowed as a number"),
        (b'["\\ud800"]', "the text is not JSON"),
        (b'["\xff"]', "the text is not JSON"),
        (b"[" + b"9" * 5000 + b"]", "the text is not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "the text is not JSON"),
        (b"", "the text is not JSON"),
        (b"[1] 2", "the text is not JSON"),
        (b" " * (256 * 1024) + b"1", "the text is larger than 256 KiB"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_json_that_is_none(body: bytes, sentence: str) -> None:
    with pytest.raises(Undecodable) as told:
        read_json(body)
    assert str(told.value) == sentence
