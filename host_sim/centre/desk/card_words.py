"""The sentences of the card desk and of flags in the reader's language.

The acts say them in English, with values in them. `texts/card_said.toml` and `texts/incident_said.toml` have each with
its Japanese; a value stands as `{}` in both, in the same order. `tests/unit/centre/test_card_words.py` finds a sentence
that has none.
"""

import re
from collections.abc import Callable
from functools import cache

from fastapi import Request

from host_sim.centre.desk.desk import language_of
from host_sim.centre.desk.texts import all_texts


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The longest first: a value takes any letters, so a sentence that goes on would match the beginning of another."""
    entries = [texts for key, texts in all_texts().items() if key.split(".")[0].endswith("_said")]
    entries.sort(key=lambda entry: -len(entry["en"]))
    return tuple((re.compile(re.escape(entry["en"]).replace(r"\{\}", "(.+?)")), entry["ja"]) for entry in entries)


def said(sentence: str, language: str) -> str:
    """The sentence in this language; as it is where there is no translation."""
    if language == "ja":
        for pattern, japanese in _patterns():
            if (found := pattern.fullmatch(sentence)) is not None:
                return japanese.format(*found.groups())
    return sentence


def said_in(request: Request) -> Callable[[str], str]:
    language = language_of(request)
    return lambda sentence: said(sentence, language)
