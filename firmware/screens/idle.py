"""The screens outside a session: insert your card, closed, or please wait."""

from datetime import datetime

from firmware.screens import landscape, pictures
from firmware.screens.canvas import Canvas
from firmware.screens.frame import FOOT, begin, end, name_bar
from firmware.screens.palette import INK, SEA, SUN, SUN_PALE, WHITE
from firmware.screens.words import Words, beside, words
from firmware.session import scenes as show

MOST_KINDS = 3
DARK = {"hours", "year_end"}


def idle(scene: show.Idle) -> Canvas:
    """Insert your card. Everybody must understand this screen, so it has pictures and a second language."""
    say, other = words(scene.language), beside(scene.language)
    c = Canvas(scene.language)
    hours = say("idle", "hours", opens=say.time(scene.opens), closes=say.time(scene.closes))
    c.part(name_bar(scene.language, hours), 0, 0)
    c.picture(landscape.coast(), 0, FOOT - landscape.HEIGHT)
    c.picture(pictures.insert_card(), 496, 72)
    head = "head" if scene.cards == ("individual_number",) else "head_any"
    y = c.text(say("idle", head), 36, 70, 43, width=450, lines=2, bold=True, colour=SEA, leading=1.28)
    y = c.text(other("idle", head), 36, y, 24, width=460, colour=SEA)
    cards = [say("cards", card) for card in scene.cards[:3]] if head == "head_any" else []
    if scene.exact_money_only:
        if cards:
            y = c.text(("、" if scene.language == "ja" else ", ").join(cards), 36, y, 24, width=460, lines=3)
        c.panel((36, y + 10, 470, y + 58), 10, SUN_PALE, border=SUN, width=3)
        c.text(say("idle", "exact"), 52, y + 15, 26, width=404, bold=True)
        return end(c, scene)
    for card in cards:
        y = c.text(card, 36, y, 24, width=460)
    if not cards:
        _kinds(c, scene, say, y + 4)
    return end(c, scene)


def _kinds(c: Canvas, scene: show.Idle, say: Words, y: int) -> None:
    """The certificates issued here and their fees, as many as there is room for."""
    if not scene.kinds:
        c.text(say("idle", "pin"), 36, y, 26, width=434)
    shown = scene.kinds if len(scene.kinds) <= MOST_KINDS else scene.kinds[: MOST_KINDS - 1]
    for title, fee_yen in shown:
        fee = say.yen(fee_yen)
        room = c.width(fee, 24)
        c.text(say.of(title), 36, y, 24, width=470 - room)
        y = c.text(fee, 512 - room, y, 24, width=room)
    if len(shown) < len(scene.kinds):
        c.text(say("idle", "more", n=len(scene.kinds) - len(shown)), 36, y, 24, width=434)


def closed(scene: show.Closed) -> Canvas:
    """The machine is closed: when it opens again, and where else to go."""
    say, other = words(scene.language), beside(scene.language)
    dark = scene.reason in DARK and not scene.numbers
    c = Canvas(scene.language)
    if dark:
        c.picture(landscape.night(), 0, 0)
    c.part(name_bar(scene.language, ""), 0, 0)
    letters, head = (WHITE, WHITE) if dark else (INK, SEA)
    if not dark:
        picture = pictures.tools() if scene.reason == "maintenance" else pictures.shutter()
        c.picture(picture, 584, 84)
    width = 580 if dark else 510
    y = c.text(say("closed", scene.reason), 40, 62, 40, width=width, lines=2, bold=True, colour=head, leading=1.28)
    y = c.text(other("closed", scene.reason), 40, y, 24, width=width, colour=letters)
    if scene.opens_at is not None:
        y = _opens(c, say, scene.opens_at, y + 6, dark=dark)
    c.text(say("closed", "elsewhere"), 40, y + 6, 26, width=width, lines=2, colour=letters, leading=1.3)
    if scene.numbers:
        text = say("closed", "numbers", numbers=", ".join(scene.numbers))
        c.text(text, 40, 376, 24, width=720, colour=letters)
    return end(c, scene)


def _opens(c: Canvas, say: Words, at: datetime, y: int, *, dark: bool) -> int:
    """A panel that says when the machine serves again. Returns the y below it."""
    c.panel((36, y, 560, y + 84), 12, SUN if dark else WHITE, border=SUN, width=3)
    c.text(say("closed", "opens"), 54, y + 4, 24, width=490)
    when = say("closed", "opens_at", date=say.date(at.date()), time=say.time(at.time()))
    size = c.largest(when, (34, 30, 26), width=490, bold=True)
    c.text(when, 54, y + 35, size, width=490, bold=True, leading=1.3)
    return y + 84


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
