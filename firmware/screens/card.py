"""The card and its PIN."""

from firmware.screens import pictures
from firmware.screens.canvas import Canvas
from firmware.screens.frame import CONTEXT, begin, end
from firmware.screens.palette import CAPS, INK, LINE, RED, RED_PALE, SEA, SUN_PALE, WHITE
from firmware.screens.words import beside
from firmware.session import scenes as show

DIGITS = 4


def enter_pin(scene: show.EnterPin) -> Canvas:
    """One dot for each digit typed. The digits themselves are only in the PIN buffer."""
    c, say = begin(scene, "pin")
    y = 68
    if scene.wrong:
        c.panel((24, y, 776, y + 60), 10, RED_PALE, border=RED, width=3)
        c.picture(pictures.warning(48), 34, y + 6)
        c.text(say("pin", "wrong"), 92, y + 6, 34, width=670, bold=True, colour=RED)
        y += 70
    else:
        y = c.text(say("pin", "head"), 32, y, 36, width=736, bold=True, colour=SEA)
        y = c.text(beside(scene.language)("pin", "head"), 32, y, 24, width=500, colour=SEA, aside=True) + 6
    _dots(c, scene.count, y + 6)
    y += 124
    full = scene.count == DIGITS
    y = c.text(say("pin", "full" if full else "hide"), 32, y, 26, width=480, lines=2, bold=full)
    c.picture(pictures.hidden_keypad(), 548, 132)
    warning = _tries(scene)
    if warning is not None:
        key, values = warning
        c.text(say("pin", key, **values), 32, CONTEXT + 3, 26, width=570, bold=True, colour=RED)
    # Without a digit there is nothing to clear or to confirm, and an unfinished PIN is not taken.
    keys = {"cancel": "stop"}
    if scene.count:
        keys["clear"] = "correct"
    if full:
        keys["enter"] = "enter"
    return end(c, scene, **keys)


def _dots(c: Canvas, count: int, y: int) -> None:
    for number in range(DIGITS):
        left = 32 + number * 116
        active = number == count
        border, width = (SEA, 5) if active else (SEA if number < count else LINE, 3)
        c.panel((left, y, left + 100, y + 100), 14, WHITE, border=border, width=width)
        if number < count:
            c.panel((left + 30, y + 30, left + 70, y + 70), 20, INK)


def _tries(scene: show.EnterPin) -> tuple[str, dict[str, int]] | None:
    """Key and numbers of the warning about the tries left; None while all are left."""
    if scene.tries_left == 1:
        return "last", {}
    if scene.tries_left is not None and (scene.wrong or scene.tries_left < 3):
        return "left", {"n": scene.tries_left}
    return None


def last_try(scene: show.LastTry) -> Canvas:
    """Before the try that could block the card: the two possible answers side by side, each with its key."""
    c, say = begin(scene, "pin")
    c.picture(pictures.last_one(96), 304, 60)
    y = c.text(say("last_try", "head"), 32, 156, 36, width=736, lines=2, bold=True, colour=RED, align="centre")
    c.text(say("last_try", "body"), 32, y + 2, 26, width=736, lines=2, align="centre")
    for key, legend, word, left, right in (
        ("cancel", "取消", "stop", 24, 394),
        ("enter", "確認", "go_on", 406, 776),
    ):
        fill, letters = CAPS[key]
        c.panel((left, 286, right, 360), 12, WHITE, border=fill, width=3)
        c.cap((left + 12, 299, left + 80, 347), fill)
        c.text(legend, left + 12, 305, 24, width=68, bold=True, colour=letters, align="centre")
        rows = c.lines(say("last_try", word), 24, width=right - left - 100, bold=True)
        top = 307 if rows == 1 else 291
        c.text(say("last_try", word), left + 92, top, 24, width=right - left - 100, lines=2, bold=True, leading=1.3)
    return end(c, scene, cancel="stop", enter="go_on")


def take_card(scene: show.TakeCard) -> Canvas:
    c, say = begin(scene, "pin")
    if scene.alarm:
        c.panel((24, 84, 500, 340), 16, SUN_PALE)
        c.picture(pictures.warning(64), 40, 98)
        y = c.text(say("take_card", "alarm"), 118, 102, 38, width=370, lines=2, bold=True, colour=RED, leading=1.25)
        c.text(say("take_card", "alarm_body"), 44, max(y, 172) + 10, 30, width=444, lines=3)
    else:
        y = c.text(say("take_card", "head"), 40, 100, 46, width=460, lines=2, bold=True, colour=SEA)
        y = c.text(beside(scene.language)("take_card", "head"), 40, y + 2, 24, width=460, colour=SEA, aside=True)
        c.text(say("take_card", "body"), 40, y + 12, 28, width=460, lines=2)
    c.picture(pictures.take_card(), 506, 96)
    return end(c, scene, **({} if scene.last else {"cancel": "stop"}))
