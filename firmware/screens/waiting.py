"""The machine is at work: reading, asking, printing, paying out."""

from firmware.screens import pictures
from firmware.screens.canvas import Canvas
from firmware.screens.frame import begin, end_without_keys
from firmware.screens.palette import INK, SEA, SEA_PALE, WHITE
from firmware.screens.words import beside
from firmware.session import scenes as show

STEP_OF = {
    "reading_card": "card",
    "calling_centre": "card",
    "checking_pin": "pin",
    "authenticating": "pin",
    "checking_code": "choose",
    "preparing": "choose",
    "opening_slot": "pay",
    "counting": "pay",
    "settling": "take",
}
CARD_IN = frozenset({"reading_card", "calling_centre", "checking_pin", "authenticating"})


def working(scene: show.Working) -> Canvas:
    c, say = begin(scene, STEP_OF[scene.what])
    y = c.text(say("working", scene.what), 48, 118, 42, width=500, lines=2, bold=True, colour=SEA)
    hint = "keep_card" if scene.what in CARD_IN else "wait"
    y = c.text(say("working", hint), 48, y + 4, 28, width=500, lines=2)
    c.text(beside(scene.language)("working", scene.what), 48, y + 4, 24, width=500, colour=SEA, aside=True)
    if scene.what in CARD_IN:
        c.picture(pictures.card_stays(), 510, 130)
    else:
        c.picture(pictures.hourglass(), 586, 118)
    return end_without_keys(c, scene)


def printing(scene: show.Printing) -> Canvas:
    c, say = begin(scene, "take")
    title = say.of(scene.kind_title)
    rows = min(c.lines(title, 28, width=460), 2)
    c.text(title, 48, 150 - 38 * rows, 28, width=460, lines=2)
    y = c.text(say("printing", "head"), 48, 150, 46, width=460, bold=True, colour=SEA)
    y = c.text(say("printing", "body"), 48, y, 28, width=460)
    if scene.copies > 1:
        c.text(say("printing", "count", copy=scene.copy, copies=scene.copies), 48, y + 6, 30, width=460, bold=True)
    _progress(c, scene.copy, scene.copies, 48, 334, 440)
    c.picture(pictures.printing(), 526, 84)
    return end_without_keys(c, scene)


def _progress(c: Canvas, copy: int, copies: int, x: int, y: int, width: int) -> None:
    """One field for each copy: full when printed, half full while it is being printed."""
    gap = 8
    field = (width - gap * (copies - 1)) // copies
    for number in range(1, copies + 1):
        left = x + (number - 1) * (field + gap)
        c.panel((left, y, left + field, y + 26), 8, SEA_PALE, border=SEA, width=2)
        share = 2 if number < copy else 1 if number == copy else 0
        if share:
            c.panel((left + 4, y + 4, left + 4 + (field - 8) * share // 2, y + 22), 6, SEA)


def money_back(scene: show.MoneyBack) -> Canvas:
    c, say = begin(scene, "take")
    key = "change" if scene.is_change else "refund"
    y = c.text(say("money_back", key), 40, 74, 36, width=470, lines=2, bold=True, colour=SEA, leading=1.3)
    c.panel((40, y + 8, 470, y + 92), 14, WHITE, border=SEA, width=3)
    amount = say.yen(scene.amount_yen)
    size = c.largest(amount, (60, 52, 44), width=398, bold=True)
    c.text(amount, 56, y + 50 - round(size * 0.68), size, width=398, bold=True, colour=INK, align="centre")
    y += 100
    if scene.coming is not None:
        value, coins = scene.coming
        y = c.text(say("money_back", "coming", yen=say.yen(value), coins=coins), 40, y, 30, width=470, bold=True)
    if scene.paid_yen:
        y = c.text(say("money_back", "paid", yen=say.yen(scene.paid_yen)), 40, y, 28, width=470)
    c.text(say("money_back", "body"), 40, y, 26, width=470, lines=2, leading=1.2)
    c.picture(pictures.coin_cup(), 524, 116)
    return end_without_keys(c, scene)
