"""How a figure is written: rounded once, half away from zero, as on paper; with its sign where it is a change."""

import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

Cell = str | int | Fraction | None
NONE = "–"
# How the cells of a column are written: digits after the point, whether a sign is always written, what follows.
_FORMS = {
    "text": (0, False, ""),
    "count": (0, False, ""),
    "signed": (0, True, ""),
    "percent": (1, False, "%"),
    "signed_percent": (1, True, "%"),
    "points": (1, True, ""),
    "average": (1, False, ""),
    "yen": (0, False, ""),
}
_TIMES = {"percent": 100, "signed_percent": 100, "points": 100}


def rounded(number: int | Fraction, digits: int) -> Decimal:
    exact = Fraction(number)
    size = abs(exact) * 10**digits + Fraction(1, 2)
    return (
        Decimal(int(size) if exact >= 0 else -int(size))
        .scaleb(-digits)
        .quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    )


def written(cell: Cell, form: str, *, plain: bool = False) -> str:
    """For a person, or `plain` for a program: no comma, no sign of a unit, nothing for what is not known."""
    if cell is None:
        return "" if plain else NONE
    if isinstance(cell, str):
        return cell
    digits, signed, unit = _FORMS[form]
    number = rounded(cell * _TIMES.get(form, 1), digits)
    sign = "+" if signed and number > 0 else ""
    return f"{sign}{number}" if plain else f"{sign}{number:,}{unit}"


def width(text: str) -> int:
    """Columns of a terminal: a full-width character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "FW" else 1 for letter in text)


def aligned(rows: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """One line a row; each column as wide as its widest cell."""
    widths = [max(width(row[n]) for row in rows) for n in range(len(left))]
    lines = []
    for row in rows:
        padding = [" " * (widths[n] - width(cell)) for n, cell in enumerate(row)]
        cells = [cell + pad if left[n] else pad + cell for n, (cell, pad) in enumerate(zip(row, padding, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines
