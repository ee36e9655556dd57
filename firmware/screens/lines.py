"""Where a line may end. Latin words stay whole; Japanese lines end between phrases where possible.

Japanese has no spaces, but a phrase nearly always begins with a kanji, a katakana or a number after a hiragana,
or behind 、 and 。: a line is broken there if it can be, else between any two letters that may be parted. No line
begins with a closing mark or a small kana, and none ends with an opening one (JIS X 4051). Lines of one
paragraph are made about equally long, because a last line of two letters looks like a mistake.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

Measure = Callable[[str], float]

NOT_FIRST = frozenset(
    "、。，．・：；？！ー」』）】〉》〕〜～々…％円通回枚分秒時日月年様,.:;?!)]}%ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
NOT_LAST = frozenset("「『（【〈《〔([{")
# Kinds of letters that count what a number before them says: 1階, 2つ.
_COUNTERS = frozenset({"kanji", "hiragana", "katakana"})
_DATE = re.compile(r"\d{1,2}[月월]\s?\d{1,2}[日일]\s?[（(][^（）()]{1,3}[）)]")  # with its weekday
_PREFIXES = frozenset("おご")  # お取りください, ご利用: polite heads of a word that look like the tail of the last


def broken(text: str, measure: Measure, width: float) -> list[str]:
    """Lines no wider than `width` pixels, as `measure` counts them; "\\n" always ends one."""
    return [line for paragraph in text.split("\n") for line in _balanced(paragraph, measure, width)]


def shortened(text: str, measure: Measure, width: float) -> str:
    """The text if it fits, else its beginning and an ellipsis."""
    if measure(text) <= width:
        return text
    while text and measure(text + "…") > width:
        text = text[:-1]
    return text + "…"


def before_number(text: str, end: int) -> int:
    """Where a line that could end at `end` ends without parting a number, or it from its counter; a number from the edge is parted."""
    start = end
    if 0 < end < len(text) and (_counted(text[end - 1], text[end]) or text[end - 1 : end + 1].isdigit()):
        while start and (text[start - 1].isdigit() or text[start - 1] in ",."):
            start -= 1
    return start or end


def _counted(before: str, after: str) -> bool:
    """Whether the letter behind a digit says what is counted."""
    return before.isdigit() and _kind(after) in _COUNTERS


def _balanced(paragraph: str, measure: Measure, width: float) -> list[str]:
    pieces = list(_pieces(paragraph, measure, width))
    lines = _filled(pieces, measure, width)
    if len(lines) == 1:
        return lines
    # The narrowest column that needs no more lines than the full width does.
    low, high = width / 2, width
    while high - low > 4:
        middle = (low + high) / 2
        candidate = _filled(pieces, measure, middle)
        if len(candidate) <= len(lines) and all(measure(line) <= width for line in candidate):
            high, lines = middle, candidate
        else:
            low = middle
    return lines


def _filled(pieces: list[str], measure: Measure, width: float) -> list[str]:
    lines, line = [], ""
    for piece in pieces:
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, measure: Measure, width: float) -> Iterator[str]:
    """The text phrase by phrase. A phrase wider than a line is cut where letters may be parted."""
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and not _phrase_begins(text, at):
            continue
        phrase = text[start:at]
        start = at
        if measure(phrase.rstrip()) <= width:
            yield phrase
        else:
            yield from _parted(phrase, measure, width)


def _parted(phrase: str, measure: Measure, width: float) -> Iterator[str]:
    """A phrase too long for a line, cut between any two letters; a Latin word only if it is longer than a line."""
    piece = ""
    for at, letter in enumerate(phrase):
        if piece and (_may_part(phrase, at) or measure(piece + letter) > width):
            yield piece
            piece = ""
        piece += letter
    yield piece


def _may_part(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if "\u3000" in (before, after) or "\u00a0" in (before, after):  # between surname and given name; within a date
        return False
    if _counted(before, after):
        return False
    if after in NOT_FIRST or before in NOT_LAST or _joins(after) or _within_date(text, at):
        return False
    return not (_kind(before) == _kind(after) == "latin")


def _phrase_begins(text: str, at: int) -> bool:
    """Whether a new phrase begins at `text[at]`."""
    if not _may_part(text, at):
        return False
    before, after = _kind(text[at - 1]), _kind(text[at])
    if "space" in (before, after):
        return before == "space"
    if text[at - 1] in "、。」』）・":
        return True
    if before == "hiragana":
        if text[at] in _PREFIXES and at + 1 < len(text) and _kind(text[at + 1]) in {"kanji", "katakana"}:
            return True
        polite = text[at - 1] in _PREFIXES and (at < 2 or _kind(text[at - 2]) != "latin")
        return after in {"kanji", "katakana", "latin", "open"} and not polite
    return after == "open"


def _kind(letter: str) -> str:
    if letter == " ":
        return "space"
    if letter in NOT_LAST:
        return "open"
    if "\u3041" <= letter <= "\u309f":
        return "hiragana"
    if "\u30a0" <= letter <= "\u30ff":
        return "katakana"
    if letter < "\u2e80":
        return "latin"
    return "kanji"


def _within_date(text: str, at: int) -> bool:
    """Whether this is inside a date such as 1月4日（月）, which stays on one line."""
    return any(begin < at < end for begin, end in _dates(text))


@lru_cache(maxsize=256)
def _dates(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _DATE.finditer(text))


def _joins(letter: str) -> bool:
    """Whether this letter belongs to the one before it: a variation selector or a combining mark."""
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef" or letter in "\u3099\u309a"
