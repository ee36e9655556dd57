"""The words of the desk's pages: one TOML file a subject, each entry with `ja` and `en`, named `file.entry`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("ja", "en")
_FOLDER = Path(__file__).with_name("texts")


@cache
def all_texts() -> Mapping[str, Mapping[str, str]]:
    read = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.toml"))}
    return {f"{subject}.{name}": texts for subject, entries in read.items() for name, texts in entries.items()}


def say(key: str, language: str, **values: object) -> str:
    """The words in this language, with the values in their places. KeyError: no such entry."""
    return all_texts()[key][language].format(**values)


def known(key: str) -> bool:
    return key in all_texts()
