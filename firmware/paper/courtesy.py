"""The courtesy translation below a receipt: what the Japanese labels of the papers mean, for whoever reads another language.

It knows the kinds of paper only: no page is read, so nothing about a resident can stand here.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

READ_JAPANESE = frozenset({"ja", "ja-easy"})


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def labels(titles: Iterable[str], language: str) -> tuple[tuple[str, str], ...]:
    """Japanese label and its meaning, each once, of the papers with these Japanese titles.

    Empty for who reads Japanese, and for papers that are not in the table; English where a language has no words.
    """
    if language in READ_JAPANESE:
        return ()
    table = _table()
    names = dict.fromkeys(name for title in titles for name in table["kinds"].get(title, ()))
    return tuple((name, _of(table["labels"][name], language)) for name in names)


def labels_in(language: str) -> Mapping[str, str]:
    """Every label in one language; Japanese labels have their own words there."""
    return {name: told.get(language, name) for name, told in _table()["labels"].items()}


def word(key: str, language: str) -> str:
    """A sentence around the labels. Raises KeyError for a key that is not there: a programmer's error."""
    return _of(_table()["words"][key], language)


def _of(told: Mapping[str, str], language: str) -> str:
    return told.get(language, told["en"])
