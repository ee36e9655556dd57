"""The second language of receipts and claim slips: the resident's, or English for whoever reads Japanese."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

Say = Callable[[str], str]


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    table: Mapping[str, Mapping[str, str]] = tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    )["words"]
    return table


def second(language: str) -> Say:
    """The words by their key. Raises KeyError for a key that is not there: a programmer's error."""

    def say(key: str) -> str:
        told = _words()[key]
        return told.get(language, told["en"])

    return say
