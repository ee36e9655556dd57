"""今日の誕生花: the flower of each day, with its 花言葉. Which it is stands in `birth_flowers.toml`; `flowers.py` draws it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from host_sim.centre.notices.flowers import Flower

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BirthFlower:
    word: str
    name: Texts
    says: Texts  # 花言葉
    flower: Flower


def of(day: date) -> BirthFlower:
    flowers, days = _read()
    return flowers[days[day.month][day.day - 1]]


def named(word: str) -> BirthFlower:
    """Raises `KeyError`."""
    return _read()[0][word]


def text(day: date) -> Texts:
    """As a notice tells it."""
    one = of(day)
    return {
        "ja": f"{day.month}月{day.day}日の誕生花は「{one.name['ja']}」。花言葉は「{one.says['ja']}」です。",
        "en": f"Flower of {day.day} {day:%B}: {one.name['en']}, for {one.says['en']}.",
    }


@cache
def _read() -> tuple[Mapping[str, BirthFlower], Mapping[int, list[str]]]:
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    flowers = {
        word: BirthFlower(word, {"ja": ja, "en": en}, {"ja": says_ja, "en": says_en}, Flower(*look))
        for word, (ja, en, says_ja, says_en, *look) in told["flowers"].items()
    }
    return flowers, {int(month): words for month, words in told["days"].items()}
