"""Names, spelled: the syllables of kana and the letters of a Latin name, each a recording. Kanji have no one reading."""

import re
import unicodedata
from collections.abc import Iterator

from firmware.voice.pieces import JA, Numbers, Piece

_SINGLE = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    "ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ"
)
_FIRSTS = "キシチニヒミリギジビピ"  # before a small ャ, ュ, ョ
_WITH_SMALL = (
    *(first + small for first in _FIRSTS for small in "ャュョ"),
    *(first + small for first in "フヴ" for small in "ァィェォ"),
    *("ティ", "ディ", "トゥ", "ドゥ", "シェ", "ジェ", "チェ", "ウィ", "ウェ", "ウォ", "デュ", "テュ", "フュ", "ツァ"),
)
SYLLABLES = (*_WITH_SMALL, *_SINGLE)
_SYLLABLE = re.compile("|".join(SYLLABLES))
_SILENT = re.compile(r"[\s・･＝=\-'’.,ーッ]+")  # long vowels and stops are not heard in a spelled name
_LATIN = re.compile(r"[A-Z]+")
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def spelled(name: str, numbers: Numbers) -> tuple[Piece, ...] | None:
    """The pieces of a name in kana, or in Latin capitals as the registers have them; None for any other writing."""
    plain = unicodedata.normalize("NFKC", name).translate(_HIRAGANA)
    plain = _SILENT.sub("", "".join(c for c in plain if not unicodedata.category(c).startswith("M")))
    if not plain:
        return None
    if _LATIN.fullmatch(plain):
        return numbers.digits(plain)
    if _SYLLABLE.sub("", plain):
        return None
    return tuple(Piece(JA, syllable) for syllable in _SYLLABLE.findall(plain))


def syllables() -> Iterator[Piece]:
    return (Piece(JA, syllable) for syllable in SYLLABLES)
