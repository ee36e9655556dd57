"""What the centre says of flags and machines, in the language of the page. English where there is no Japanese yet."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from host_sim.centre.operating import flags, fleet


@cache
def japanese() -> Mapping[str, Mapping[str, str]]:
    """flags, events, states, reasons: word -> sentence."""
    return tomllib.loads(Path(__file__).with_name("japanese.toml").read_text(encoding="utf-8"))


def of_flag(what: str, detail: Mapping[str, Any], language: str) -> str:
    known = japanese()["flags"].get(what)
    if what == "reported":
        known = japanese()["events"].get(str(detail.get("event", "")))
    return known if known is not None and language == "ja" else flags.sentence_of(what, detail)


def of_state(state: str, language: str) -> str:
    return japanese()["states"].get(state, state) if language == "ja" else state.replace("_", " ")


def of_reason(reason: str, language: str) -> str:
    """`reason`: the English sentence, as `fleet.listed` gives it."""
    word = next((word for word, sentence in fleet.REASONS.items() if sentence == reason), "")
    return japanese()["reasons"].get(word, reason) if language == "ja" else reason
