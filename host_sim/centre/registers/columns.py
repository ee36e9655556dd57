"""The forms that a column may have: how its text is read, and the words that say what is allowed.

A text is kept byte for byte, with its variation selectors. What is no letter is refused: controls, line ends, marks of
direction, a selector without a letter before it. A letter that only the certificates' font lacks stays in the register;
the centre refuses that resident's certificates (form rule 8), and the import says so.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from host_sim.centre.forms import ivs
from host_sim.centre.forms.font import SELECTORS

LONGEST = 400  # letters of one text; no form has room for more
FIRST_DAY, LAST_DAY = date(1868, 1, 25), date(2199, 12, 31)  # from the first day of 明治, the oldest era of the forms
_NO_LETTERS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Form:
    """What a column may hold, in words; and whether it may be empty."""

    words: str
    required: bool = True
    printed: bool = False  # its letters are printed on certificates


def _text(text: str) -> str:
    """Refuse what is no letter, by its code point and place; the text around it is never told."""
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} letters")
    for at, (letter, _) in enumerate(ivs.letters(text), start=1):
        code = ord(letter)
        stray = code in SELECTORS or 0xFE00 <= code <= 0xFE0F
        if stray or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or unicodedata.category(letter) in _NO_LETTERS:
            raise ValueError(f"U+{code:04X} at letter {at} is no letter")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    return _text(text)


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: read(text) if text else None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("it is no day of the calendar in this form" if text else "it is empty")
    return day


def _yes(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("it is neither 0 nor 1")
    return text == "1"


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if re.fullmatch(r"0|-?[1-9][0-9]{0,12}", text, re.ASCII) is None or not least <= int(text) <= most:
            raise ValueError("it is no such number" if text else "it is empty")
        return int(text)

    return read


def _digits(text: str, count: int) -> str:
    if not (text.isascii() and text.isdigit() and len(text) == count):
        raise ValueError(f"it is not {count} digits")
    return text


def _my_number(text: str) -> str:
    digits = [int(digit) for digit in reversed(_digits(text, 12))]
    rest = sum(digit * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(digits[1:], start=1)) % 11
    if digits[0] != (0 if rest <= 1 else 11 - rest):
        raise ValueError("its check digit does not fit")
    return text


def _millimetres(text: str) -> float:
    if re.fullmatch(r"[0-9]{1,2}\.[0-9]", text, re.ASCII) is None or not 8.0 < float(text) <= 25.0:
        raise ValueError("it is no such size" if text else "it is empty")
    return float(text)


_RELATIVES = ["夫", "妻", "夫（未届）", "妻（未届）", "子", "子（子の夫）", "子（子の妻）"]
_RELATIVES += ["父", "母", "兄", "姉", "弟", "妹", "縁故者", "同居人"]
_RELATION = re.compile("世帯主|(?:LINK)(?:の(?:LINK)){0,3}".replace("LINK", "|".join(_RELATIVES)))


def _relation(text: str) -> str:
    """A word of the closed vocabulary (standard 1.1.11): up to four generations joined with の, or 世帯主."""
    if _RELATION.fullmatch(text) is None:
        raise ValueError("it is none of these words")
    return text


def _number(text: str) -> str:
    if re.fullmatch(r"[0-9A-Za-z-]{1,20}", text, re.ASCII) is None:
        raise ValueError("it has another form" if text else "it is empty")
    return text


Number = Annotated[str, BeforeValidator(_number), Form("1 to 20 letters of 0-9, A-Z, a-z and -")]
NumberOrNone = Annotated[
    str | None, BeforeValidator(_or_none(_number)), Form("1 to 20 letters of 0-9, A-Z, a-z and -, or empty", False)
]
Picture = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9A-Za-z_-]{1,60}\.png)?$"),
    Form("a file name of 0-9, A-Z, a-z, _ and - with .png, or empty", False),
]
_PRINTED = "text of at most 400 letters"
Printed = Annotated[str, BeforeValidator(_filled), Form(_PRINTED, printed=True)]
PrintedOrEmpty = Annotated[str, BeforeValidator(_text), Form(f"{_PRINTED}, or empty", False, printed=True)]
PrintedOrNone = Annotated[
    str | None, BeforeValidator(_or_none(_text)), Form(f"{_PRINTED}, or empty", False, printed=True)
]
Day = Annotated[date, BeforeValidator(_day), Form("YYYY-MM-DD in the western calendar, from 1868-01-25 on")]
DayOrNone = Annotated[date | None, BeforeValidator(_or_none(_day)), Form("YYYY-MM-DD, or empty", False)]
YesNo = Annotated[bool, BeforeValidator(_yes), Form("1 or 0")]
Yen = Annotated[int, BeforeValidator(_whole(0, 10**12)), Form("whole yen, 0 or more, digits only")]
Amount = Annotated[
    int, BeforeValidator(_whole(-(10**12), 10**12)), Form("whole yen or people; a loss with - before it")
]
Seed = Annotated[int, BeforeValidator(_whole(0, 10**12)), Form("a whole number, 0 or more")]
Place = Annotated[int, BeforeValidator(_whole(1, 9999)), Form("1, 2, 3 ... without a gap, in printing order")]
PlaceOrNone = Annotated[int | None, BeforeValidator(_or_none(_whole(1, 9999))), Form("1, 2, 3 ..., or empty", False)]
FiscalYear = Annotated[int, BeforeValidator(_whole(2000, 2100)), Form("four digits, 2000 to 2100")]
MyNumber = Annotated[str, BeforeValidator(_my_number), Form("12 digits with the right check digit")]
ResidentCode = Annotated[str, BeforeValidator(lambda text: _digits(text, 11)), Form("11 digits")]
ResidentCodeOrNone = Annotated[
    str | None, BeforeValidator(_or_none(lambda text: _digits(text, 11))), Form("11 digits, or empty", False)
]
Relation = Annotated[
    str,
    BeforeValidator(_relation),
    Form(f"世帯主, or up to four of {' '.join(_RELATIVES)} joined with の", printed=True),
]
Millimetres = Annotated[float, BeforeValidator(_millimetres), Form("more than 8.0, at most 25.0, one decimal")]


def one_of(*words: str, required: bool = True) -> Any:
    """A column of a closed vocabulary: the annotation's validator, and its form."""

    def read(text: str) -> str | None:
        if text not in words and (required or text):
            raise ValueError("it is none of these words" if text else "it is empty")
        return text or None

    return BeforeValidator(read), Form(", ".join(words) + ("" if required else ", or empty"), required)
