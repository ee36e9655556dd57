"""The screens outside a session: insert your card, closed, or please wait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from PIL import Image

from firmware.screens import landscape, pictures, qr
from firmware.screens.canvas import WIDTH, Canvas
from firmware.screens.frame import FOOT, begin, end, end_with_languages, end_without_keys, name_bar
from firmware.screens.palette import INK, SEA, SEA_DEEP, SUN, SUN_PALE, WHITE, Colour
from firmware.screens.places import Line, brief_lines, fitted, place_lines
from firmware.screens.words import Words, beside, words
from firmware.session import scenes as show

DARK = {"hours", "year_end", "closed_day"}
LOW = 404  # above the keys
PICTURE_ENDS = 256
MOON_ENDS = 160
BESIDE_PICTURE = 530
NOTICE_SIDE = 96  # pixels for the picture of a notice
PICTURE_Y = 72  # of the card and its slot
MONEY_HIGH, MONEY_HIGH_ABOVE = 48, 40  # pixels of "no change"; above a notice
GAP = 6  # pixels between panels
CARD_HIGH = 219  # pixels of the picture of the card and its slot
ROW = 33  # pixels from line to line at 24
PIXELS_A_MODULE = 4  # 0.8 mm on a 7-inch panel: a telephone reads it
REQUEST_Y = 250  # of its words, beside the code
FEE_ENDS = 512  # well to the left of the slot, which begins at 536

KindRow = tuple[str, str, int]  # a kind (or a line above kinds), its fee, and its rows


def idle(scene: show.Idle) -> Canvas:
    """Insert your card. Everybody must understand this screen, so it has pictures and a second language."""
    say, other = words(scene.language), beside(scene.language)
    c = Canvas(scene.language)
    until = "" if scene.until is None else say("idle", "until", time=say.time(scene.until))
    c.part(name_bar(scene, until), 0, 0)
    c.picture(pictures.insert_card(), 516, PICTURE_Y)
    head = "head" if scene.cards == ("individual_number",) else "head_any"
    y = c.text(say("idle", head), 36, 70, 43, width=450, lines=2, bold=True, colour=SEA, leading=1.28)
    y = c.text(other("idle", head), 36, y, 24, width=460, colour=SEA, aside=True)
    if not scene.exact_money_only:  # the panel of "no change" says it too
        y = c.text(say("idle", needs(scene)), 36, y, 24, width=476, leading=ROW / 24)
    cards = [say("cards", card) for card in scene.cards[:3]] if head == "head_any" else []
    taken = say.listed(cards)
    taken_ends = y + ROW * min(c.lines(taken, 24, width=460), 3) if cards else y
    low = _notice_and_money(c, scene, say, y)
    if cards and taken_ends + ROW <= low:
        y = c.text(taken, 36, y, 24, width=460, lines=3, leading=ROW / 24)
    lines = _kinds(c, scene, say, (low - y) // ROW)
    if low == LOW and y + sum(rows for _, _, rows in lines) * ROW <= FOOT - landscape.HEIGHT + 20:
        c.picture(landscape.coast(), 0, FOOT - landscape.HEIGHT)
    for text, fee, rows in lines:
        c.text(text, 36, y, 24, width=_beside_fee(c, fee), lines=rows, leading=ROW / 24)
        if fee:
            room = c.width(fee, 24)
            c.text(fee, FEE_ENDS - room, y, 24, width=room)
        y += ROW * rows
    return end_with_languages(c, scene)


def _notice_and_money(c: Canvas, scene: show.Idle, say: Words, y: int) -> int:
    """The notice at the bottom, and above it that no change is given. Returns where the room below `y` ends.

    Money and fees come before a notice, which may be left out; the names of the cards do not.
    """
    low, money = LOW, MONEY_HIGH if scene.notice is None else MONEY_HIGH_ABOVE
    if scene.notice is not None:
        highest = max(y + ROW + (money + GAP if scene.exact_money_only else 0), PICTURE_Y + CARD_HIGH)
        notice = _notice_of(c, scene, 26, low - highest)
        if low - notice.high >= highest:
            notice.draw(c, low - notice.high)
            low -= notice.high + GAP
    if scene.exact_money_only:
        low -= money + (GAP if low == LOW else 0)
        down = (money - ROW) // 2
        c.panel((36, low, 500, low + money), 10, SUN_PALE, border=SUN, width=3)
        c.text(say("idle", "exact"), 48, low + down, 24, width=440, bold=True)
    return low


def _beside_fee(c: Canvas, fee: str) -> int:
    """Pixels for the title of a kind, to the left of its fee."""
    return FEE_ENDS - 46 - (c.width(fee, 24) if fee else 0)


@dataclass(frozen=True)
class _Notice:
    """The city's notice of today in a panel over the whole width, with its picture at the left."""

    text: str
    size: int
    lines: int
    picture: Image.Image | None

    @property
    def high(self) -> int:
        return max(12 + round(self.size * 1.36) * self.lines, 0 if self.picture is None else self.picture.height + 8)

    def draw(self, c: Canvas, top: int) -> None:
        c.panel((36, top, 764, top + self.high), 10, WHITE, border=SEA, width=2)
        y = top + (self.high - round(self.size * 1.36) * self.lines) // 2
        if self.picture is not None:
            c.picture(
                self.picture, 50 + (NOTICE_SIDE - self.picture.width) // 2, top + (self.high - self.picture.height) // 2
            )
        left = _notice_left(self.picture)
        c.text(self.text, left, y, self.size, width=750 - left, lines=self.lines)


def _notice_of(c: Canvas, scene: show.Idle, size: int, room: int) -> _Notice:
    """In `size` pixels where it then takes two lines, else smaller and in three; without its picture where that is too high."""
    text = words(scene.language).of(scene.notice or {})
    picture = pictures.of_notice(scene.notice_picture)
    notice = _fitted_notice(c, text, size, picture)
    return notice if picture is None or notice.high <= room else _fitted_notice(c, text, size, None)


def _fitted_notice(c: Canvas, text: str, size: int, picture: Image.Image | None) -> _Notice:
    width = 750 - _notice_left(picture)
    size, most = (size, 2) if c.lines(text, size, width=width) <= 2 else (24, 3)
    return _Notice(text, size, min(c.lines(text, size, width=width), most), picture)


def _notice_left(picture: Image.Image | None) -> int:
    return 50 if picture is None else 50 + NOTICE_SIDE + 14


def needs(scene: show.Idle) -> str:
    """The word for what a resident must have besides the card."""
    return "exact" if scene.exact_money_only else "pin" if scene.at_till else "pin_and_coins"


def _kinds(c: Canvas, scene: show.Idle, say: Words, room: int) -> list[KindRow]:
    def rows(title: str, fee: str) -> int:
        return min(c.lines(title, 24, width=_beside_fee(c, fee)), 2)

    return kinds_told(scene, say, room, rows)


def kinds_told(scene: show.Idle, say: Words, room: int, rows: Callable[[str, str], int]) -> list[KindRow]:
    """What is issued here, for how much, and on how many rows, as many as there is room for (in rows).

    Kinds whose last admission comes before the machine's stand below a line that says it. `rows`: how many a title takes.
    """
    told: list[KindRow] = []
    until = scene.until
    ordered = sorted(scene.kinds, key=lambda kind: (kind.until is not None, -_minutes(kind.until)))
    for kind in ordered:
        if kind.until != until and kind.until is not None:
            until = kind.until
            told.append((say("idle", "these_until", time=say.time(until)), "", 1))
        line = (say.of(kind.title), say.yen(kind.fee_yen))
        told.append((*line, rows(*line)))
    if sum(taken for _, _, taken in told) <= room:
        return told
    shown = list(told)
    while shown and (sum(taken for _, _, taken in shown) > room - 1 or not shown[-1][1]):
        shown.pop()
    more = len(scene.kinds) - sum(bool(fee) for _, fee, _ in shown)
    fees_yen = [kind.fee_yen for kind in ordered[-more:]]
    return [*shown, (say("idle", "more" if shown else "kinds", n=more), _fees(say, fees_yen), 1)] if room > 0 else []


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
    width = 580 if dark else 510
    if scene.request:
        width = _request(c, scene.request) - 64
    elif not dark:
        picture = pictures.tools() if scene.reason == "maintenance" else pictures.shutter()
        c.picture(picture, 584, 84)
    size = 40 if c.lines(say("closed", scene.reason), 40, width=width, bold=True) == 1 else 34
    y = c.text(say("closed", scene.reason), 40, 60, size, width=width, lines=2, bold=True, colour=head, leading=1.28)
    y = c.text(other("closed", scene.reason), 40, y - 2, 24, width=width, lines=2, colour=letters, aside=True)
    if scene.opens_at is not None:
        y = _opens(c, say, scene.opens_at, y + 4)
    if scene.request:
        c.text(say("closed", "request"), 40, max(y + 16, REQUEST_Y), 24, width=width, lines=4, aside=True)
    else:
        past = (MOON_ENDS if dark else PICTURE_ENDS, BESIDE_PICTURE)
        _places(c, say, scene.elsewhere, (y + 2, FOOT - 2), past, letters)
    return end_without_keys(c, scene) if scene.halted else end(c, scene)


def _request(c: Canvas, request: str) -> int:
    """The certificate request as a QR code at the right. Returns the x at which it begins."""
    code = qr.picture(request, "l", PIXELS_A_MODULE)
    left, top = WIDTH - 32 - code.width, 72
    c.panel((left - 2, top - 2, left + code.width + 2, top + code.height + 2), 0, WHITE, border=SEA, width=2)
    c.picture(code, left, top)
    return left


def _opens(c: Canvas, say: Words, at: datetime, y: int) -> int:
    """A panel that says when the machine serves again. Returns the y below it."""
    c.panel((36, y, 560, y + 80), 12, SUN, border=SUN, width=3)
    c.text(say("closed", "opens"), 54, y + 3, 24, width=490)
    when = say.instant(at)
    size = c.largest(when, (34, 30, 26), width=490, bold=True)
    c.text(when, 54, y + 33, size, width=490, bold=True, leading=1.3)
    return y + 80


def _places(
    c: Canvas,
    say: Words,
    places: Sequence[show.Elsewhere],
    room: tuple[int, int],
    beside: tuple[int, int],
    colour: Colour,
) -> None:
    """Where else to go. `beside`: where the picture ends, and the width of a line beside it.

    A place is not named without what it has. Sooner than another place the way there is left out, of the last one first; then what
    it has is told in fewer words.
    """
    y, low = room if len(places) > 1 else (max(room[0], beside[0]), room[1])
    for told in _fewer_and_fewer(say, places):
        placed, ends = _beside_picture(c, told, y, beside)
        if ends <= low:
            for top, text, size, rows, bold, width in placed:
                c.text(text, 40, top, size, width=width, lines=rows, bold=bold, colour=colour)
            return


def _fewer_and_fewer(say: Words, places: Sequence[show.Elsewhere]) -> Iterator[list[list[Line]]]:
    """The lines of the places, each time in less room."""
    whole = [place_lines(say, place) for place in places]
    brief = [brief_lines(say, place) for place in places]
    for count in range(len(places), 0, -1):
        for ways in range(count, -1, -1):
            yield [one if n < ways else one[:-1] for n, one in enumerate(whole[:count])]
        for long in range(count - 1, -1, -1):
            yield [whole[n][:-1] if n < long else brief[n] for n in range(count)]


def _beside_picture(
    c: Canvas, told: Sequence[Sequence[Line]], y: int, beside: tuple[int, int]
) -> tuple[list[tuple[int, str, int, int, bool, int]], int]:
    """The lines of each place with top, size, rows and width, narrow as long as the picture is beside them; and where they end."""
    placed = []
    for lines in told:
        for line in lines:
            width = 720 if y >= beside[0] else beside[1]
            [(text, size, rows, bold)] = fitted(c, [line], width)
            placed.append((y, text, size, rows, bold, width))
            y += round(size * 1.36) * rows
        y += 2
    return placed, y - 2


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
    c.text(beside(scene.language)(part, "head"), 56, y + 4, 24, width=480, colour=SEA, aside=True)
    return (
        end_without_keys(c, scene) if part == "starting" else end(c, scene)
    )  # nobody reads keys before it has started
