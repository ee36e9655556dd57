"""What the centre says of flags and machines, in the language of the page. A word that it does not know is told in English."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from host_sim.centre.operating import flags, fleet


@cache
def japanese() -> Mapping[str, Mapping[str, str]]:
    """flags, cases, events, states, reasons, devices, acts, details: word -> sentence."""
    return tomllib.loads(Path(__file__).with_name("japanese.toml").read_text(encoding="utf-8"))


def of_flag(what: str, detail: Mapping[str, Any], language: str) -> str:
    known = japanese()["flags"].get(what)
    if what == "case":
        known = japanese()["cases"].get(str(detail.get("case", "")))
    if what == "reported":
        known = japanese()["events"].get(str(detail.get("event", "")))
    return known if known is not None and language == "ja" else flags.sentence_of(what, detail)


def of_act(act: str, language: str) -> str:
    """An act of the audit record."""
    return japanese()["acts"].get(act, act) if language == "ja" else act.replace("_", " ")


def of_detail(key: str, language: str) -> str:
    """What a value of the audit record is."""
    return japanese()["details"].get(key, key) if language == "ja" else key.replace("_", " ")


def of_state(state: str, language: str) -> str:
    return japanese()["states"].get(state, state) if language == "ja" else state.replace("_", " ")


def of_reason(reason: str, language: str) -> str:
    """`reason`: the English sentence, as `fleet.listed` gives it."""
    word = next((word for word, sentence in fleet.REASONS.items() if sentence == reason), "")
    return japanese()["reasons"].get(word, reason) if language == "ja" else reason


def of_device(device: str, language: str) -> str:
    word = device.replace(" ", "_")
    return japanese()["devices"].get(word, device) if language == "ja" else word.replace("_", " ")


def of_condition(told: str, language: str) -> str:
    """`told`: "well", the reason words of a device with spaces between them, or the model of a device."""
    known = [of_reason(fleet.REASONS[word], language) for word in told.split() if word in fleet.REASONS]
    if known:
        return " ".join(known)
    return japanese()["devices"].get(told, told) if language == "ja" else told
