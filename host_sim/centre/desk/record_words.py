"""The values of an audit row in the language of the page. The record itself keeps the words of the programs that wrote it."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from host_sim.centre.city.model import Rules
from host_sim.centre.desk import words
from host_sim.centre.incidents.evidence import short
from host_sim.centre.statistics.texts import Texts

_OF_STATISTICS = {"channel", "method", "requester"}
_STATES = {"stands": "state", "told": "state"}  # keys whose values are those of another


@cache
def japanese() -> Mapping[str, Mapping[str, str]]:
    """Key of a row's detail -> its words."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def of_value(key: str, value: object, language: str, rules: Rules) -> str:
    """`key`: as the record has it; `value`: a word, a number, an instant, or several of them. What is no known word stays."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ("、" if language == "ja" else ", ").join(of_value(key, one, language, rules) for one in value)
    if not isinstance(value, str):
        return short(value)
    told = _known(key, value, language, rules)
    return short(_instant(value) if told is None else told)


def _known(key: str, word: str, language: str, rules: Rules) -> str | None:
    match key:
        case "kind" | "kinds":
            return _told(rules.kinds[word].title, language) if word in rules.kinds else None
        case "exemption":
            return _told(rules.exemptions[word].reason, language) if word in rules.exemptions else None
        case "what" | "event" if language == "ja":
            own = japanese().get(key, {}).get(word)
            return own or words.japanese()["flags" if key == "what" else "events"].get(word)
        case _ if key in _OF_STATISTICS:
            return Texts(language).find(f"{key}.{word}")
        case _ if language == "ja":
            return japanese().get(_STATES.get(key, key), {}).get(word)
    return word.replace("_", " ") if word.isidentifier() else None


def _told(names: Mapping[str, str], language: str) -> str:
    return names.get(language, names["ja"])


def _instant(value: str) -> str:
    """An instant as a person writes it; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S}" if "T" in value else value
    except ValueError:
        return value
