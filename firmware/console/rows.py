"""Lines as rows of the terminal."""

import textwrap
from datetime import datetime
from zoneinfo import ZoneInfo

WIDTH = 79  # columns
JST = ZoneInfo("Asia/Tokyo")


def fitted(line: str) -> list[str]:
    """One line as rows of at most 79 columns of plain ASCII."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in line)
    return textwrap.wrap(plain, WIDTH, subsequent_indent="    ") or [""]


def jst(at: datetime) -> str:
    """An instant in Japan's time, with its name, because records are kept in UTC."""
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S} JST"
