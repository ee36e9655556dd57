"""The payment screen."""

from firmware.screens import pictures
from firmware.screens.canvas import Canvas
from firmware.screens.frame import CONTEXT, begin, end
from firmware.screens.palette import INK, LINE, RED, RED_PALE, SEA, SUN, SUN_PALE, WHITE
from firmware.screens.words import Words, beside
from firmware.session import scenes as show


def pay(scene: show.Pay) -> Canvas:
    c, say = begin(scene, "pay")
    y = c.text(say("pay", "head"), 32, 64, 40, width=500, bold=True, colour=SEA)
    c.text(beside(scene.language)("pay", "head"), 32, y - 4, 24, width=400, colour=SEA, aside=True)
    _sum(c, scene, say)
    c.picture(pictures.insert_coin(), 552, 62)
    c.text(say("pay", "accepts"), 508, 208, 24, width=270)
    values = tuple(sorted(scene.accepts_yen, reverse=True))
    c.picture(pictures.coins(values, 28 if len(values) <= 4 else 22), 508, 240)
    c.text(say("pay", "no_notes"), 508, 306, 24, width=270)
    if scene.rejected:
        c.panel((20, CONTEXT - 8, 604, 408), 10, RED_PALE, border=RED)
        c.text(say("pay", "rejected"), 32, CONTEXT, 24, width=560, bold=True, colour=RED)
    elif scene.exact_money_only:
        c.panel((20, CONTEXT - 8, 604, 408), 10, SUN_PALE, border=SUN)
        word = "exact" if scene.coins_come_back else "exact_kept"
        c.text(say("pay", word), 32, CONTEXT, 24, width=560, bold=True)
    return end(c, scene, cancel="refund")


def _sum(c: Canvas, scene: show.Pay, say: Words) -> None:
    """The fee, the amount inserted and, in large letters, the amount still to pay."""
    c.panel((32, 148, 484, 350), 14, WHITE, border=SEA, width=3)
    for word, amount, y in (("fee", scene.fee_yen, 158), ("inserted", scene.inserted_yen, 202)):
        c.text(say("pay", word), 52, y, 28, width=190)
        c.text(say.yen(amount), 230, y, 32, width=236, bold=True, align="right", leading=1.2)
    c.line(52, 464, 250, LINE, 2)
    rest = max(scene.fee_yen - scene.inserted_yen, 0)
    c.text(say("pay", "rest"), 52, 280, 30, width=124, bold=True)
    size = c.largest(say.yen(rest), (62, 50, 40), width=280, bold=True)
    c.text(say.yen(rest), 186, 298 - round(size * 0.68), size, width=280, bold=True, colour=INK, align="right")
