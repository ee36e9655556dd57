"""The end of a session: take your papers, thank you, or what went wrong, what to do, and where the money is."""

from textwrap import wrap

from drivers.vocabulary import CentreRefusal
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
    y = 284
    for row in _handed(say, scene):
        c.panel((40, y, 480, y + 44), 10, WHITE, border=SEA)
        c.text(row, 56, y + 3, 28, width=410, bold=True)
        y += 50
    c.picture(pictures.take_paper(), 504, 88)
    return end(c, scene, **({"enter": "taken"} if scene.unseen else {}))


def _take_paper_and_slip(scene: show.TakePaper) -> Canvas:
    """The money that is owed is told as soon as its slip lies with the papers; it has the room of the picture."""
    c, say = begin(scene, "take")
    word, colour = ("alarm", RED) if scene.alarm else ("head", SEA)
    size = c.largest(say("take_paper", word), (42, 38, 34), width=720, bold=True)
    c.text(say("take_paper", word), 40, 78, size, width=720, lines=2, bold=True, colour=colour, leading=1.25)
    for number, row in enumerate(_handed(say, scene)):
        left = 40 + 372 * number
        c.panel((left, 196, left + 360, 240), 10, WHITE, border=SEA)
        c.text(row, left + 16, 199, c.largest(row, (28, 26, 24), width=332, bold=True), width=332, bold=True)
    told = say("money", "claim" if scene.claim_slip else "claim_no_slip", yen=say.yen(scene.claim_yen))
    lines = c.lines(told, 26, width=532, bold=True)
    c.panel((32, 252, 604, 408), 10, SUN_PALE, border=SUN, width=3)
    y = c.text(told, 50, 258, 26, width=532, lines=lines, bold=True, leading=1.3)
    if scene.telephone is not None:
        c.text(say("place", "call", telephone=scene.telephone), 50, y + 4, 26, width=540)
    return end(c, scene, **({"enter": "taken"} if scene.unseen else {}))


def _handed(say: Words, scene: show.TakePaper) -> list[str]:
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
        _claim(c, say, scene, y + 10)
    else:
        c.picture(landscape.coast(), 0, FOOT - landscape.HEIGHT)
        c.picture(pictures.tick(120), 56, 92)
        y = c.text(say("done", "head"), 212, 84, 44, width=560, bold=True, colour=SEA)
        c.text(say("done", "body"), 212, y + 4, 30, width=560, lines=3)
    return end(c, scene, enter="finish")


def sorry(scene: show.Sorry) -> Canvas:
    """Two sentences, then the money."""
    c, say = begin(scene)
    what, then = say.reason(scene.reason, scene.youngest_years)
    if scene.void_paper:
        then = say("sorry", "void_paper")
    c.picture(pictures.notice(96) if scene.reason in CALM else pictures.warning(104), 32, 70)
    y = c.text(what, 152, 62, 35, width=624, lines=2, bold=True, colour=INK, leading=1.26)
    y = c.text(then, 152, y, 28, width=624, lines=3, leading=1.3)
    y = _card(c, scene, say, y + 6) if scene.card_in else _money(c, scene, say, y + 6)
    if scene.elsewhere is not None:
        _place(c, say, scene.elsewhere, y + 4)
    if scene.numbers:
        c.text(say("sorry", "numbers", numbers=", ".join(scene.numbers)), 40, CONTEXT + 3, 24, width=560)
    elif not scene.claim_yen and scene.telephone is not None:
        c.text(say("place", "call", telephone=scene.telephone), 40, CONTEXT + 3, 24, width=560)
    return end(c, scene, enter="finish")


def _place(c: Canvas, say: Words, place: show.Elsewhere, y: int) -> None:
    """Where to go instead, if there is room below the money."""
    told = fitted(c, place_lines(say, place), 736)
    y = max(y, CONTEXT - sum(round(size * 1.36) * rows for _, size, rows, _ in told))
    for text, size, rows, bold in told:
        if y + round(size * 1.36) * rows > CONTEXT + 2:
            return
        y = c.text(text, 40, y, size, width=736, lines=rows, bold=bold)


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
    y = max(y, 182 if scene.claim_yen or scene.elsewhere is not None else 250 - 30 * len(rows))
    for row in rows:
        c.panel((32, y, 776, y + 44), 10, GREEN_PALE, border=GREEN)
        c.picture(pictures.tick(30), 44, y + 7)
        c.text(row, 88, y + 3, 28, width=676, bold=True, colour=GREEN)
        y += 48
    if scene.claim_yen:
        _claim(c, say, scene, y)
        y += 84
    return y


def _claim(c: Canvas, say: Words, scene: show.Done | show.Sorry, y: int) -> None:
    """Money the machine could not pay out: the slip and its code, or only the code when the slip could not be printed."""
    code, key = scene.claim_code, "claim" if scene.claim_slip else "claim_no_slip"
    c.panel((32, y, 776, y + 80), 10, SUN_PALE, border=SUN, width=3)
    c.text(say("money", key, yen=say.yen(scene.claim_yen)), 50, y + 3, 26, width=708, bold=True)
    if code is not None:
        # In parts, because people read it aloud at a counter.
        c.text(say("money", "code", code="-".join(wrap(code, 3))), 50, y + 37, 28, width=708, bold=True)
