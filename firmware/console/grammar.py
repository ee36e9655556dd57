"""The console's grammar: words to values. Pure: no word is evaluated, and none is used as a path.

An argument is one word of a line; only this file says which words are allowed and what they mean.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from firmware.config.settings import SettingRefused, how_written
from firmware.console.language import Language


class Refused(Exception):
    """A command was refused: the console answers ERR with `code` (for a program) and `sentence` (for a person)."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument(Generic[T]):
    """One argument of a command: its name in `help`, the words that fit, and the value of a word."""

    name: str
    pattern: str
    value: Callable[[str], T]  # of a word that fits the pattern
    sentence: str  # shown when a word does not fit, and by `?`
    example: str  # a word that fits
    masked: bool = False  # the journal keeps two letters of it
    otherwise: tuple[T, ...] = ()  # its one entry is used when the word is left out; empty: it must be typed
    how: Callable[[str], str] | None = None  # of the word before: how this one is written; None: as `example`

    def read(self, word: str) -> T:
        """The value of this word. Raises `Refused` when the word does not fit."""
        if not re.fullmatch(self.pattern, word):
            raise Refused("arguments", self.sentence)
        return self.value(word)

    def kept(self, word: str) -> str:
        """The word as the journal keeps it."""
        return f"{word[:2]}......".lower() if self.masked else word.lower().replace(",", "+")

    def question(self, before: str) -> str:
        """What a person is asked for it. `before`: the word before. Raises `Refused` when nothing fits behind that."""
        return f"{self.name} ({self.how(before) if self.how else f'as {self.example}'}): "

    def or_(self, value: T) -> "Argument[T]":
        """The same argument, but it may be left out; `value` is used then."""
        return replace(self, otherwise=(value,))


class Decision(StrEnum):
    """What people found out about an item of `uncertain` when they close it. `cases.py` says which of them each code takes."""

    ISSUED = "issued"  # somebody has the certificate
    VOID = "void"  # it was never printed, or is destroyed
    PAID = "paid"
    UNPAID = "unpaid"
    SEEN = "seen"  # looked into; also when nobody can find out any more
    TOLD = "told"  # the city was told in another way


def _number(of: str, example: str, name: str = "N", digits: int = 6) -> Argument[int]:
    sentence = f"{name} is {of}, at most {digits} digits."
    return Argument(name=name, pattern=rf"[0-9]{{1,{digits}}}", value=int, sentence=sentence, example=example)


def _count(of: str, example: str) -> Argument[int]:
    """A number of things of which at least one is meant."""
    sentence = f"N is {of}, 1 or more, at most 6 digits."
    return Argument(name="N", pattern="0{0,5}[1-9][0-9]{0,5}", value=int, sentence=sentence, example=example)


def _coins(word: str) -> Mapping[int, int]:
    """`3x100,1x500` as yen of a coin -> coins."""
    coins_by_yen: Counter[int] = Counter()
    for part in word.split(","):
        coins, yen = part.split("x")
        coins_by_yen[int(yen)] += int(coins)
    return coins_by_yen


_SOME_COINS = r"[1-9][0-9]?x[1-9][0-9]{0,2}"
_LETTER = r"[A-HJ-NP-Za-hj-np-z2-9]"


def _written(key: str) -> str:
    try:
        return how_written(key)
    except SettingRefused as refused:
        raise Refused("config", f"{refused}.") from None


NAME = Argument(
    name="NAME",
    pattern=r"[a-z][a-z0-9-]{1,19}",
    value=str,
    sentence="A name is 2 to 20 of a-z, 0-9 and -, and begins with a letter.",
    example="tanaka",
)
RECORDS = _count("how many records", "20")
FROM = _number("the number of the first record; left out: the last 100", "4001", "FROM", digits=9)
ITEM = _count("the number of an item of `uncertain`", "1")
COINS = _number("how many coins", "50")
ADDED = _count("how many coins", "50")
SHEETS = _number("how many sheets", "500")
HOPPER = _number("what one coin of the hopper is worth", "100", "YEN")
AMOUNT = _number("an amount", "12300", "YEN")
DEVICE = Argument(
    name="DEVICE",
    pattern="coin|printer|receipt|card|board|line",
    value=str,
    sentence="DEVICE is coin, printer, receipt, card, board (the I/O board) or line (to the centre).",
    example="coin",
)
FRAMES = _count("how many frames", "20")
SERIAL = _number("the acceptor's serial number", "123456", "SERIAL", digits=8)
PLAN = Argument(
    name="PLAN",
    pattern=rf"{_SOME_COINS}(,{_SOME_COINS}){{0,3}}",
    value=_coins,
    sentence="PLAN is coins x yen, for example 3x100,1x500: at most four parts of at most 99 coins each.",
    example="3x100,1x500",
)
CLAIM = Argument(
    name="CODE",
    pattern=rf"({_LETTER}{{3}}-?){{2}}{_LETTER}{{3}}|{_LETTER}{{4}}-?{_LETTER}{{4}}",
    value=lambda word: word.replace("-", "").upper(),
    sentence="CODE is the nine letters and digits on the claim slip, without a space; I, O, 0 and 1 are never in it.",
    example="HSD4FT2J",
    masked=True,  # whoever knows the code can fetch the money
)
CONFIRM = Argument(
    name="CODE",
    pattern=r"[0-9A-Fa-f]{4}",
    value=str.upper,
    sentence="CODE is the four characters at the end of the dry run.",
    example="A001",
)
DECISION = Argument(
    name="|".join(Decision),
    pattern="|".join(Decision),
    value=Decision,
    sentence=f"The decision is one of {', '.join(Decision)}; `uncertain` shows which an item takes.",
    example="seen",
)
REASON = Argument(
    name="REASON",
    pattern=r"[a-z][a-z0-9-]{1,23}",
    value=str,
    sentence="REASON is one word: 2 to 24 small letters (no capitals), digits and -; a letter first.",
    example="broken-glass",
)
LANGUAGE = Argument(
    name="|".join(Language),
    pattern="|".join(Language),
    value=Language,
    sentence="The language is en, ja or romaji.",
    example="ja",
)
ON = Argument(
    name="on|off", pattern="on|off", value=lambda word: word == "on", sentence="Type on or off.", example="on"
)
KEY = Argument(
    name="KEY",
    pattern=r"[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30}){1,2}",
    value=str,
    sentence="KEY is two or three words joined by dots, for example hours.default.everyday.",
    example="hours.default.everyday",
)
SECTION = Argument(
    name="SECTION",
    pattern=r"[a-z][a-z_]{0,30}",
    value=str,
    sentence="SECTION is the first word of the settings that you want to see; left out: all of them.",
    example="timeouts",
)
VALUE = Argument(
    name="VALUE",
    pattern=r"[!-~]{1,90}",
    value=str,
    sentence="VALUE is at most 90 characters without a space.",
    example="07:00-21:00",
    how=_written,
)
TOPIC = Argument(
    name="COMMAND",
    pattern=r"[ -~]{1,128}",
    value=str,
    sentence="COMMAND is a command, or its first word.",
    example="hopper load",
)
