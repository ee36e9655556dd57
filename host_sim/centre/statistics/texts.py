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


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))
