"""Lines as rows of the terminal."""

import json
import textwrap
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

WIDTH = 79  # columns
JST = ZoneInfo("Asia/Tokyo")


def fitted(line: str) -> list[str]:
    """One line as rows of at most 79 columns of plain ASCII."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in line)
    return textwrap.wrap(plain, WIDTH, subsequent_indent="    ") or [""]


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
