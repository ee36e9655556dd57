"""Lines as rows of the terminal."""

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

WIDTH = 79  # columns
JST = ZoneInfo("Asia/Tokyo")
INDENT = "    "
_JOIN = "\x7f"  # in the place of a space at which no row may end
_ENDS = "[;、。）」ーっゃゅょッャュョァィゥェォ]{0,3}"  # begin no row
_PIECES = re.compile(rf"[!-~{_JOIN}]{{1,60}}{_ENDS}|.{_ENDS}")
_NUMBER = re.compile(r"(?<=; \d) ")  # between the number of a step and its words
_TO_TYPE = re.compile(r"`[^`]{1,50}`")


def plain(text: str) -> str:
    """The text in ASCII. A letter that has none is written as JSON writes it, so that it can be looked up."""
    return "".join(letter if " " <= letter <= "~" else f"\\u{ord(letter):04x}" for letter in text)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes; a Japanese letter takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def fitted(line: str) -> list[str]:
    """One line as rows of at most 79 columns; a Japanese letter takes two. What is typed, and a number with its step, stay in one row."""
    joined = _TO_TYPE.sub(lambda typed: typed[0].replace(" ", _JOIN), line)
    joined = _NUMBER.sub(_JOIN, joined)
    narrow = textwrap.wrap(joined, WIDTH, subsequent_indent=INDENT, break_on_hyphens=False) or [""]
    rows = narrow if line.isascii() else _wide(joined)
    return [row.replace(_JOIN, " ") for row in rows]


def _wide(line: str) -> Iterator[str]:
    """Rows that end behind any Japanese letter, as such text does, but not inside a word of Latin letters."""
    row, taken = "", 0
    for piece in _PIECES.findall(line):
        wide = columns(piece)
        if taken + wide > WIDTH:
            yield row.rstrip()
            row, taken = INDENT, len(INDENT)
            if piece == " ":
                continue
        row, taken = row + piece, taken + wide
    yield row


def in_rows(*lines: str) -> str:
    """Lines as the text of their rows."""
    return "".join(f"{row}\n" for line in lines for row in fitted(line))


def json_rows(told: Mapping[str, Any]) -> str:
    """One JSON object as the text of its rows; a program joins them again."""
    text = json.dumps(told, ensure_ascii=True, separators=(",", ":"))
    return "".join(f"{text[at : at + WIDTH]}\n" for at in range(0, len(text), WIDTH))


def jst(at: datetime) -> str:
    """An instant in Japan's time, with its name, because records are kept in UTC."""
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S} JST"
