"""The end of a session: take your papers, thank you, or what went wrong, what to do, and where the money is."""

from textwrap import wrap

from PIL import Image

from drivers.vocabulary import CardRefusal, CentreRefusal
from firmware.book.reasons import EndReason
from firmware.screens import landscape, pictures
from firmware.screens.canvas import Canvas
from firmware.screens.frame import CONTEXT, FOOT, begin, end
from firmware.screens.palette import GREEN, GREEN_PALE, INK, RED, SEA, SUN, SUN_PALE, WHITE
from firmware.screens.places import fitted, place_lines
from firmware.screens.words import Words, beside
from firmware.session import scenes as show

# Reasons that are no fault: the resident cancelled, took too long, or came outside the hours.
CALM = frozenset(
    {
        EndReason.CANCELLED,
        EndReason.TIMED_OUT,
        CentreRefusal.OUTSIDE_HOURS,
        CentreRefusal.EXPIRED,
        CentreRefusal.BOOKS_CHANGED,
    }
)
# The card may be put in again: its picture shows how.
CARD_AGAIN = frozenset(
    {
        EndReason.CARD_REMOVED,
        EndReason.TIMED_OUT,
        EndReason.PAY_TIMED_OUT,
        CardRefusal.NOT_OUR_CARD,
        CardRefusal.UNREADABLE,
        CentreRefusal.BOOKS_CHANGED,
        CentreRefusal.EXPIRED,
    }
)


def take_paper(scene: show.TakePaper) -> Canvas:
    if scene.claim_yen:
        return _take_paper_and_slip(scene)
    c, say = begin(scene, "take")
    if scene.alarm:
        c.panel((24, 72, 500, 272), 16, SUN_PALE)
        c.picture(pictures.warning(60), 36, 82)
        y = c.text(say("take_paper", "alarm"), 110, 84, 38, width=376, lines=2, bold=True, colour=RED, leading=1.25)
        y = c.text(say("take_paper", "alarm_body"), 40, max(y, 146) + 6, 28, width=446, lines=3)
    else:
        size = 42 if c.lines(say("take_paper", "head"), 42, width=460, bold=True) <= 2 else 36
        y = c.text(say("take_paper", "head"), 40, 78, size, width=460, lines=3, bold=True, colour=SEA, leading=1.28)
        c.text(beside(scene.language)("take_paper", "head"), 40, y + 2, 24, width=460, lines=2, colour=SEA, aside=True)
    if scene.alarm and scene.elsewhere is not None:
        _later(c, say, scene.elsewhere)
        c.picture(pictures.take_paper(), 504, 62)
    else:
        y = 284
        for row in handed(say, scene):
            c.panel((40, y, 480, y + 44), 10, WHITE, border=SEA)
            c.text(row, 56, y + 3, 28, width=410, bold=True)
            y += 50
        c.picture(pictures.take_paper(), 504, 88)
    return end(c, scene, **({"enter": "taken"} if scene.unseen else {}))


def _later(c: Canvas, say: Words, place: show.Elsewhere) -> None:
    """Papers that are left are drawn in or lie there for staff: where the resident may ask for them, and with what."""
    y = c.text(say("take_paper", "later"), 40, 276, 26, width=446, lines=2, leading=1.25)
    y = max(y, 322)  # below the picture
    for text, size, rows, bold in fitted(c, place_lines(say, place)[:1], 560):
        c.text(text, 40, y, min(size, 26), width=560, lines=rows, bold=bold, leading=1.28)


def _take_paper_and_slip(scene: show.TakePaper) -> Canvas:
    """The money that is owed is told as soon as its slip lies with the papers; it has the room of the picture."""
    c, say = begin(scene, "take")
    word, colour = ("alarm", RED) if scene.alarm else ("head", SEA)
    size = c.largest(say("take_paper", word), (42, 38, 34), width=720, bold=True)
    c.text(say("take_paper", word), 40, 78, size, width=720, lines=2, bold=True, colour=colour, leading=1.25)
    for number, row in enumerate(handed(say, scene)):
        left = 40 + 372 * number
        c.panel((left, 196, left + 360, 240), 10, WHITE, border=SEA)
        c.text(row, left + 16, 199, c.largest(row, (28, 26, 24), width=332, bold=True), width=332, bold=True)
    told = say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.yen(scene.claim_yen))
    lines = c.lines(told, 26, width=532, bold=True)
    c.panel((32, 252, 604, 408), 10, SUN_PALE, border=SUN, width=3)
    y = c.text(told, 50, 258, 26, width=532, lines=lines, bold=True, leading=1.3)
    if scene.elsewhere is not None:
        for text, _, rows, _ in fitted(c, place_lines(say, scene.elsewhere)[:1], 532):
            y = c.text(text, 50, y, 24, width=532, lines=rows, leading=1.28)
    if scene.telephone is not None and y + 34 < 408:
        c.text(say("place", "call", telephone=scene.telephone), 50, y + 2, 24, width=540, leading=1.28)
    return end(c, scene, **({"enter": "taken"} if scene.unseen else {}))


def handed(say: Words, scene: show.TakePaper) -> list[str]:
    rows = [say("take_paper", "copies", copies=say.copies(scene.copies))]
    if scene.change_yen:
        rows.append(say("take_paper", "change", yen=say.yen(scene.change_yen)))
    return rows


def done(scene: show.Done) -> Canvas:
    c, say = begin(scene, "take")
    if scene.claim_yen:
        c.picture(pictures.tick(84), 40, 74)
        c.text(say("done", "head"), 148, 84, 42, width=620, bold=True, colour=SEA)
        y = c.text(say("done", "body"), 40, 170, 28, width=720, lines=2)
        y = _claim(c, say, scene, y + 10)
        if scene.elsewhere is not None:
            _place(c, say, scene.elsewhere, y + 4, FOOT - 4)
    else:
        c.picture(landscape.coast(), 0, FOOT - landscape.HEIGHT)
        c.picture(pictures.tick(120), 56, 92)
        y = c.text(say("done", "head"), 212, 84, 44, width=560, bold=True, colour=SEA)
        c.text(say("done", "body"), 212, y + 4, 30, width=560, lines=3)
    return end(c, scene, enter="finish")


def sorry(scene: show.Sorry) -> Canvas:
    """Two sentences, then the money, then where to go and when; the name of the place and its hours always have room."""
    c, say = begin(scene)
    what, then = say.reason(scene.reason, scene.youngest_years)
    if scene.void_paper:
        then = say("sorry", "void_paper")
    if scene.elsewhere is not None and scene.claim_yen:
        y = _close_head(c, scene, what, then)
    else:
        c.picture(_sign(scene), 32, 70)
        y = c.text(what, 152, 62, 35, width=624, lines=2, bold=True, colour=INK, leading=1.26)
        y = c.text(then, 152, y, 28, width=624, lines=3, leading=1.3) + 6
    y = _card(c, scene, say, y) if scene.card_in else _money(c, scene, say, y)
    below = CONTEXT
    if scene.numbers:
        c.text(say("sorry", "numbers", numbers=", ".join(scene.numbers)), 40, CONTEXT + 3, 24, width=560)
    elif scene.elsewhere is not None and y + 110 > CONTEXT:
        below = FOOT - 4  # its own telephone number stands with the place
    elif not scene.claim_yen and scene.telephone is not None:
        c.text(say("place", "call", telephone=scene.telephone), 40, CONTEXT + 3, 24, width=560)
    if scene.elsewhere is not None:
        _place(c, say, scene.elsewhere, y + 4, below)
    return end(c, scene, enter="finish")


def _close_head(c: Canvas, scene: show.Sorry, what: str, then: str) -> int:
    """Both sentences with little room between them, because money and a place follow."""
    c.picture(_small_sign(scene), 40, 62)
    size = c.largest(what, (34, 30), width=672, bold=True)
    y = c.text(what, 104, 60, size, width=672, lines=2, bold=True, colour=INK, leading=1.26)
    beside = c.lines(then, 26, width=672) <= 2
    left, top = (104, y) if beside else (40, max(y, 118))
    return max(c.text(then, left, top, 26, width=776 - left, lines=3, leading=1.25), 120) + 2


def _sign(scene: show.Sorry) -> Image.Image:
    """What to do with the card, where that is the matter; else whether it is a fault."""
    if scene.card_in:
        return pictures.take_card(104)
    if scene.reason in CARD_AGAIN:
        return pictures.insert_card(104)
    return pictures.notice(96) if scene.reason in CALM else pictures.warning(104)


def _small_sign(scene: show.Sorry) -> Image.Image:
    return pictures.notice(44) if scene.reason in CALM else pictures.warning(44)


def _place(c: Canvas, say: Words, place: show.Elsewhere, y: int, below: int) -> None:
    """Where to go: the name and its hours in any case, the way and the telephone if there is room above `below`."""
    lines = place_lines(say, place)
    y = max(y, below - sum(round(size * 1.36) * rows for _, size, rows, _ in fitted(c, lines, 736)))
    for line in lines:
        for width in (736, 560):  # the seconds left may stand at the right end of the line of context
            ((text, size, rows, bold),) = fitted(c, [line], width)
            low = y + round(size * 1.36) * rows
            if low <= (CONTEXT if width == 736 else below) + 2:
                y = c.text(text, 40, y, size, width=width, lines=rows, bold=bold)
                break
        else:
            return


def _card(c: Canvas, scene: show.Sorry, say: Words, y: int) -> int:
    """Before any money was asked for: remind the resident to take the card."""
    y = max(y, 220)
    c.panel((32, y, 776, y + 60), 10, SUN_PALE, border=SUN, width=3)
    c.text(say("sorry", "clerk_take_card" if scene.clerk else "take_card"), 60, y + 6, 34, width=690, bold=True)
    return y + 60


def _money(c: Canvas, scene: show.Sorry, say: Words, y: int) -> int:
    """What was handed over, what came back, what is still owed. If none applies, say "not paid"."""
    rows = []
    if scene.issued_copies:
        rows.append(say("money", "issued", copies=say.copies(scene.issued_copies)))
    if scene.returned_yen:
        rows.append(say("money", "returned", yen=say.yen(scene.returned_yen)))
    if not rows and not scene.claim_yen and scene.reason != EndReason.PAPER_STUCK:  # PAPER_STUCK: the fee was charged
        rows.append(say("money", "none"))
    if scene.elsewhere is None or not scene.claim_yen:  # below the sign
        y = max(y, 182 if scene.claim_yen or scene.elsewhere is not None else 250 - 30 * len(rows))
    high = 40 if scene.claim_yen else 44
    for row, left, right, top in _beside(c, rows, y, high):
        c.panel((left, top, right, top + high), 10, GREEN_PALE, border=GREEN)
        c.picture(pictures.tick(30), left + 12, top + high // 2 - 15)
        room = right - left - 64
        size = c.largest(row, (28, 26, 24), width=room, bold=True)
        c.text(row, left + 52, top + (high - round(size * 1.36)) // 2, size, width=room, bold=True, colour=GREEN)
        y = top + high + 4
    return _claim(c, say, scene, y) + 2 if scene.claim_yen else y


def _beside(c: Canvas, rows: list[str], y: int, high: int) -> list[tuple[str, int, int, int]]:
    """Each with left and right edge and top: two side by side where both find room, else one below the other."""
    wide = [c.width(row, 24, bold=True) + 64 for row in rows]
    if len(rows) == 2 and sum(wide) + 4 <= 744:
        middle = 32 + wide[0] + (740 - sum(wide)) // 2
        return [(rows[0], 32, middle, y), (rows[1], middle + 4, 776, y)]
    return [(row, 32, 776, y + (high + 4) * number) for number, row in enumerate(rows)]


def _claim(c: Canvas, say: Words, scene: show.Done | show.Sorry, y: int) -> int:
    """Money the machine could not pay out: the slip and its code, or only the code when the slip could not be printed."""
    code, key = scene.claim_code, "claim" if scene.claim_slip else "claim_no_slip"
    c.panel((32, y, 776, y + 74), 10, SUN_PALE, border=SUN, width=3)
    c.text(say("money", key, yen=say.yen(scene.claim_yen)), 50, y + 2, 26, width=708, bold=True)
    if code is not None:
        # In parts, because people read it aloud at a counter.
        c.text(say("money", "code", code="-".join(wrap(code, 3))), 50, y + 35, 26, width=708, bold=True)
    return y + 74
