"""A place where a certificate may be had instead, in three lines: which place and when, what is had there, how to get there."""

from firmware.screens.canvas import Canvas
from firmware.screens.words import Words
from firmware.session.scenes import Elsewhere

Line = tuple[str, int, bool]  # text, size, bold


def place_lines(say: Words, place: Elsewhere) -> list[Line]:
    """Its name and when it is open, the certificates if it has not all that were asked for, and the way there.

    What it has stands before the way: without it a resident would go there for what it has not.
    """
    when = _when(say, place)
    lines = [(say("places", "open" if place.open_now else "next", name=say.of(place.name), when=when), 28, True)]
    if place.kinds:
        lines.append((say("places", "kinds", kinds=say.listed(map(say.of, place.kinds))), 24, False))
    lines.append((say("places", "way", way=say.of(place.way), telephone=place.telephone), 24, False))
    return lines


def brief_lines(say: Words, place: Elsewhere) -> list[Line]:
    """Its name and when it is open in few words; that it has not all that were asked for is told, but not what it has."""
    some = f" {say('places', 'some')}" if place.kinds else ""
    return [(short_line(say, place) + some, 24, True)]


def short_line(say: Words, place: Elsewhere) -> str:
    """Its name and when it is open, without more words: for a screen in large letters that is nearly full."""
    return f"{say.of(place.name)}　{_when(say, place)}".strip()


def fitted(c: Canvas, lines: list[Line], width: int) -> list[tuple[str, int, int, bool]]:
    """Each line with its size and how many rows of this width it takes; at most three."""
    told = []
    for text, size, bold in lines:
        smaller = size if c.lines(text, size, width=width, bold=bold) == 1 else 24
        told.append((text, smaller, min(c.lines(text, smaller, width=width, bold=bold), 3), bold))
    return told


def _when(say: Words, place: Elsewhere) -> str:
    if place.opens_at is not None:
        return say.instant(place.opens_at)
    return "" if place.until is None else say("places", "until", time=say.time(place.until))
