"""Looks every character and its variation selector up in the font before a page is set.

If the font lacks a selector, a renderer silently draws the plain character, even in PDF/A: a wrong name on an official
paper (form rule 8). So a character or selector that the font lacks refuses the certificate, like an unregistered
外字, and the exception tells staff which one it is (standard 5.8).
"""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache, lru_cache

from host_sim.centre.forms.font import SELECTORS, font

_A_SELECTOR = f"{chr(SELECTORS.start)}-{chr(SELECTORS.stop - 1)}"
_WITH_SELECTOR = re.compile(f"([^{_A_SELECTOR}])([{_A_SELECTOR}])", re.DOTALL)
_USUAL: set[str] = set()  # characters that the font was seen to draw; nearly every text has no other
_NOT_DRAWN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Mn"})  # general categories


class GlyphMissing(Exception):
    """The font cannot draw a character of this certificate; the counter issues it.

    `characters` are for staff (`U+9089 U+E0200`, never the name around them).
    """

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = tuple(dict.fromkeys(characters))
        super().__init__(f"the font lacks {', '.join(self.characters)}")


def letters(text: str) -> Iterator[tuple[str, str | None]]:
    """Each character of a text with its selector, or None. A selector without a character before it counts as a character."""
    index = 0
    while index < len(text):
        follower = text[index + 1 : index + 2]
        if follower and ord(follower) in SELECTORS and ord(text[index]) not in SELECTORS:
            yield text[index], follower
            index += 2
        else:
            yield text[index], None
            index += 1


def missing(texts: Iterable[str], also: Container[str] = ()) -> list[str]:
    """The code points that the font cannot draw as written; empty when it can draw everything. `also`: letters that are
    printed another way (`letters.py`).

    A selector without a character before it, and anything that is not a letter to be drawn (controls, private use,
    unassigned, compatibility selectors VS1 to VS16), is missing too.
    """
    wanted = dict.fromkeys(pair for text in dict.fromkeys(texts) for pair in _pairs(text))
    return [
        f"U+{ord(character):04X}" + (f" U+{ord(selector):04X}" if selector else "")
        for character, selector in wanted
        if not _drawn(character, selector) and character + (selector or "") not in also
    ]


def _pairs(text: str) -> Iterable[tuple[str, str | None]]:
    """Each letter with its selector once, those with one first, as they come; without those in `_USUAL`. What `letters` tells,
    without a step for each."""
    with_selectors: list[tuple[str, str]] = []
    if max(text, default="") >= chr(SELECTORS.start):
        with_selectors, text = _WITH_SELECTOR.findall(text), _WITH_SELECTOR.sub("", text)
    if _USUAL.issuperset(text):
        return with_selectors
    return (*with_selectors, *((character, None) for character in dict.fromkeys(text) if character not in _USUAL))


def require(texts: Iterable[str], also: Container[str] = ()) -> None:
    """Raise `GlyphMissing` unless the font can draw every text; `also` as in `missing`."""
    faults = missing(texts, also)
    if faults:
        raise GlyphMissing(faults)


@lru_cache(maxsize=65536)
def _drawn(character: str, selector: str | None) -> bool:
    drawn = character == " " or (
        unicodedata.category(character) not in _NOT_DRAWN
        and font().glyph(ord(character), ord(selector) if selector else None) is not None
    )
    if drawn and selector is None:
        _USUAL.add(character)
    return drawn


def told(text: str) -> str:
    """The text with one letter for each glyph: a finished PDF knows one text for a glyph, so that 〜 and ～, or a letter
    with and without a selector that changes nothing, cannot be told apart where both stand on one paper."""
    if text.isascii():
        return text
    if max(text) < chr(SELECTORS.start):  # the usual case
        return text.translate(_characters())
    plain, *rest = _WITH_SELECTOR.split(text)  # and then, again and again: a letter, its selector, what follows
    pairs = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    after = (_told(letter, selector) + follows.translate(_characters()) for letter, selector, follows in pairs)
    return "".join((plain.translate(_characters()), *after))


@lru_cache(maxsize=65536)
def _told(character: str, selector: str | None) -> str:
    glyph = font().glyph(ord(character), ord(selector) if selector else None)
    if selector and glyph is not None and glyph == font().glyph(ord(character)):
        return _told(character, None)
    return _first_of().get(glyph, character + (selector or "")) if glyph else character + (selector or "")


@cache
def _characters() -> Mapping[int, str]:
    """The same for characters alone: the few of which another is told."""
    every = {ord(text): _told(text, None) for glyph, text in font().texts() if len(text) == 1 and glyph in _first_of()}
    return {code: told for code, told in every.items() if told != chr(code)}


@cache
def _first_of() -> Mapping[int, str]:
    """Each glyph that draws several texts -> the first of them: without a selector, the lowest. Blanks are told apart."""
    first: dict[int, str] = {}
    shared: set[int] = set()
    for glyph, text in font().texts():
        if unicodedata.category(text[0]) in _NOT_DRAWN or text.isspace():
            continue
        if glyph in first:
            shared.add(glyph)
        first[glyph] = min(first.get(glyph, text), text, key=lambda one: (len(one), one))
    return {glyph: first[glyph] for glyph in shared}
