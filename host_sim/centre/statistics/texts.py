"""The report's words in both languages, from `texts.toml`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("ja", "en")


class Texts:
    """Words in one language. `say("channel.store")`; names in braces are filled in."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, key: str, **names: object) -> str:
        section, word = key.split(".")
        text: str = _read()[section][word][self.language]
        return text.format(**names)

    def find(self, key: str) -> str | None:
        """The same without names; None for a word that is not known."""
        section, _, word = key.partition(".")
        found = _read().get(section, {}).get(word)
        return None if found is None else str(found[self.language])


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))
