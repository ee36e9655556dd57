"""The screens outside a session: insert your card, closed, or please wait."""

from collections.abc import Sequence
from datetime import datetime, time

from firmware.screens import landscape, pictures
from firmware.screens.canvas import WIDTH, Canvas
from firmware.screens.frame import FOOT, begin, end, name_bar
from firmware.screens.palette import INK, SEA, SEA_DEEP, SUN, SUN_PALE, WHITE, Colour
from firmware.screens.places import fitted, place_lines
from firmware.screens.words import Words, beside, words
from firmware.session import scenes as show

DARK = {"hours", "year_end", "closed_day"}
LOW = 404  # above the keys
PICTURE_ENDS = 256
ROW = 33  # pixels from line to line at 24
FEE_ENDS = 512  # well to the left of the slot, which begins at 536


def idle(scene: show.Idle) -> Canvas:
    """Insert your card. Everybody must understand this screen, so it has pictures and a second language."""
    say, other = words(scene.language), beside(scene.language)
    c = Canvas(scene.language)
    until = "" if scene.until is None else say("idle", "until", time=say.time(scene.until))
    c.part(name_bar(scene, until), 0, 0)
    c.picture(pictures.insert_card(), 516, 72)
    head = "head" if scene.cards == ("individual_number",) else "head_any"
    y = c.text(say("idle", head), 36, 70, 43, width=450, lines=2, bold=True, colour=SEA, leading=1.28)
    y = c.text(other("idle", head), 36, y, 24, width=460, colour=SEA)
    cards = [say("cards", card) for card in scene.cards[:3]] if head == "head_any" else []
    if cards:
        y = c.text(("、" if scene.language == "ja" else ", ").join(cards), 36, y, 24, width=460, lines=3)
    low = LOW
    if scene.notice is not None and not scene.exact_money_only:  # money comes first
        low = _notice(c, say.of(scene.notice), low)
    if scene.exact_money_only:
        low -= 54
        c.panel((36, low, 486, low + 48), 10, SUN_PALE, border=SUN, width=3)
        c.text(say("idle", "exact"), 52, low + 5, 26, width=418, bold=True)
    lines = _kinds(scene, say, (low - y) // ROW)
    if low == LOW and y + len(lines) * ROW <= FOOT - landscape.HEIGHT + 20:
        c.picture(landscape.coast(), 0, FOOT - landscape.HEIGHT)
    for text, fee in lines:
        room = c.width(fee, 24) if fee else 0
        c.text(text, 36, y, 24, width=FEE_ENDS - 46 - room)
        if fee:
            c.text(fee, FEE_ENDS - room, y, 24, width=room)
        y += ROW
    return end(c, scene)


def _notice(c: Canvas, text: str, low: int) -> int:
    """The city's notice of today in a panel over the whole width. Returns the panel's top."""
    size, most = (26, 2) if c.lines(text, 26, width=700) <= 2 else (24, 3)
    lines = min(c.lines(text, size, width=700), most)
    top = low - 12 - round(size * 1.36) * lines
    c.panel((36, top, 764, low), 10, WHITE, border=SEA, width=2)
    c.text(text, 50, top + 6, size, width=700, lines=most)
    return top - 6


def _kinds(scene: show.Idle, say: Words, room: int) -> list[tuple[str, str]]:
    """What is issued here and for how much, line by line, as many as there is room for.

    Kinds whose last admission comes before the machine's stand below a line that says it.
    """
    told: list[tuple[str, str]] = []
    until = scene.until
    ordered = sorted(scene.kinds, key=lambda kind: (kind.until is not None, -_minutes(kind.until)))
    for kind in ordered:
        if kind.until != until and kind.until is not None:
            until = kind.until
            told.append((say("idle", "these_until", time=say.time(until)), ""))
        told.append((say.of(kind.title), say.yen(kind.fee_yen)))
    if len(told) <= room:
        return told
    shown = told[: max(room - 1, 0)]
    if shown and not shown[-1][1]:
        shown.pop()
    more = len(scene.kinds) - sum(bool(fee) for _, fee in shown)
    fees_yen = [kind.fee_yen for kind in ordered[-more:]]
    return [*shown, (say("idle", "more" if shown else "kinds", n=more), _fees(say, fees_yen))] if room > 0 else []


def _fees(say: Words, fees_yen: Sequence[int]) -> str:
    """What the kinds of one line cost: one fee, or the least and the highest."""
    least, most = min(fees_yen), max(fees_yen)
    return say.yen(least) if least == most else say("idle", "fees", least=say.yen(least), most=say.yen(most))


def _minutes(at: time | None) -> int:
    return 0 if at is None else at.hour * 60 + at.minute


def closed(scene: show.Closed) -> Canvas:
    """The machine is closed: when it opens again, and where else to go."""
    say, other = words(scene.language), beside(scene.language)
    dark = scene.reason in DARK and not scene.numbers
    c = Canvas(scene.language)
    if dark:
        c.picture(landscape.night(), 0, 0)
        if scene.elsewhere:  # its words stand where the sea is
            c.panel((0, FOOT - landscape.HEIGHT, WIDTH, FOOT), 0, SEA_DEEP)
    numbers = say("closed", "numbers", numbers=", ".join(scene.numbers)) if scene.numbers else ""
    c.part(name_bar(scene, numbers), 0, 0)
    letters, head = (WHITE, WHITE) if dark else (INK, SEA)
    if not dark:
        picture = pictures.tools() if scene.reason == "maintenance" else pictures.shutter()
        c.picture(picture, 584, 84)
    width = 580 if dark else 510
    size = 40 if c.lines(say("closed", scene.reason), 40, width=width, bold=True) == 1 else 34
    y = c.text(say("closed", scene.reason), 40, 60, size, width=width, lines=2, bold=True, colour=head, leading=1.28)
    y = c.text(other("closed", scene.reason), 40, y - 2, 24, width=width, colour=letters)
    if scene.opens_at is not None:
        y = _opens(c, say, scene.opens_at, y + 4)
    _places(c, say, scene.elsewhere, (y + 4, LOW), letters)
    return end(c, scene)


def _opens(c: Canvas, say: Words, at: datetime, y: int) -> int:
    """A panel that says when the machine serves again. Returns the y below it."""
    c.panel((36, y, 560, y + 80), 12, SUN, border=SUN, width=3)
    c.text(say("closed", "opens"), 54, y + 3, 24, width=490)
    when = say.instant(at)
    size = c.largest(when, (34, 30, 26), width=490, bold=True)
    c.text(when, 54, y + 33, size, width=490, bold=True, leading=1.3)
    return y + 80


def _places(c: Canvas, say: Words, places: Sequence[show.Elsewhere], room: tuple[int, int], colour: Colour) -> None:
    """Where else to go, place by place, below the picture, as far as there is room."""
    y, low = max(room[0], PICTURE_ENDS), room[1]
    for place in places:
        for text, size, rows, bold in fitted(c, place_lines(say, place), 720):
            if y + round(size * 1.36) * rows > low:
                return
            y = c.text(text, 40, y, size, width=720, lines=rows, bold=bold, colour=colour)
        y += 4


def starting(scene: show.Starting) -> Canvas:
    return _quiet(scene, "starting")


def maintenance(scene: show.Maintenance) -> Canvas:
    return _quiet(scene, "maintenance")


def _quiet(scene: show.Scene, part: str) -> Canvas:
    c, say = begin(scene)
    c.picture(landscape.coast(), 0, FOOT - landscape.HEIGHT)
    c.picture(pictures.tools() if part == "maintenance" else pictures.hourglass(), 560, 78)
    y = c.text(say(part, "head"), 56, 108, 44, width=480, lines=2, bold=True, colour=SEA)
    y = c.text(say(part, "body"), 56, y + 4, 28, width=480)
    c.text(beside(scene.language)(part, "head"), 56, y + 4, 24, width=480, colour=SEA)
    return end(c, scene)
