"""A counter terminal: one thing at a time on either glass, and the clerk's second factor."""

from firmware.screens import menu
from firmware.screens.canvas import Canvas
from firmware.screens.frame import CONTEXT, begin, end
from firmware.screens.menu import Row
from firmware.screens.palette import GREEN, GREEN_PALE, LINE, SEA, SUN, SUN_PALE, WHITE
from firmware.session import scenes as show

CODE_DIGITS = 6
# What stands above the screen, and which keys are asked for; a word that is not here has neither.
_STEPS = {
    "clerk_chooses": "choose",
    "clerks_vouch": "pin",
    "pay_at_till": "pay",
    "till_returns": "pay",
    "take_from_clerk": "take",
    "resident_types_pin": "pin",
    "pin_was_wrong": "pin",
    "resident_takes_card": "pin",
    "resident_consents": "choose",
    "take_fee": "pay",
    "return_fee": "pay",
    "hand_over": "take",
    "hand_over_seen": "take",
    "resident_takes_card_last": "card",
    "done": "take",
    "done_claim": "take",
}
_KEYS = {
    "clerk_chooses": {"cancel": "stop"},
    "clerks_vouch": {"cancel": "stop"},
    "pay_at_till": {"cancel": "stop"},
    "resident_types_pin": {"cancel": "stop"},
    "pin_was_wrong": {"cancel": "stop"},
    "resident_takes_card": {"cancel": "stop"},
    "resident_consents": {"cancel": "stop"},
    "take_fee": {"cancel": "stop", "enter": "received"},
    "return_fee": {"enter": "returned"},
    "hand_over": {"enter": "handed"},
    "done": {"enter": "finish"},
    "done_claim": {"enter": "finish"},
}
_NUMBERED = frozenset({"idle", "idle_no_pin"})  # the key 1 changes between them


def at_counter(scene: show.AtCounter) -> Canvas:
    c, say = begin(scene, _STEPS.get(scene.what))
    part = "clerk" if scene.clerk else "counter"
    y = c.text(say(part, f"{scene.what}_head"), 40, 84, 38, width=720, lines=2, bold=True, colour=SEA, leading=1.28)
    y = c.text(say(part, f"{scene.what}_body"), 40, y + 8, 28, width=720, lines=3)
    figure = _figure(scene)
    if figure is not None:
        amount, copies = figure
        words = say.yen(amount) if amount is not None else say.copies(copies or 0)
        owed = scene.what in {"return_fee", "till_returns", "done_claim"}
        c.panel((40, 256, 440, 352), 16, SUN_PALE if owed else GREEN_PALE, border=SUN if owed else GREEN, width=3)
        c.text(words, 60, 264, 60, width=360, bold=True, align="centre", leading=1.2)
    if scene.what in _NUMBERED:
        c.number(1, 40, 292, 46, fill=SEA)
        c.text(say("clerk", f"{scene.what}_one"), 98, 296, 28, width=660)
    if scene.masked_name:
        c.text(say("common", "name", name=scene.masked_name), 40, CONTEXT + 3, 26, width=560)
    return end(c, scene, **_KEYS.get(scene.what, {}))


def _figure(scene: show.AtCounter) -> tuple[int | None, int | None] | None:
    return None if scene.amount_yen is None and scene.copies is None else (scene.amount_yen, scene.copies)


def clerk_code(scene: show.ClerkCode) -> Canvas:
    """The clerks by number, then the place of six digits; a code is shown as dots."""
    c, say = begin(scene, "pin")
    head = say("clerk", "second_clerk" if scene.second else "first_clerk")
    size = c.largest(head, (34, 30, 26), width=744, bold=True)
    c.text(head, 28, 66, size, width=744, bold=True, colour=SEA)
    if scene.chosen is None:
        c.text(say("clerk", "choose_clerk"), 28, 112, 26, width=744)
        rows = [
            Row(title=name, right=say("clerk", "vouched") if line == scene.vouched else "", dim=line == scene.vouched)
            for line, name in enumerate(scene.names)
        ]
        menu.draw(c, rows, 152, 362)
        if scene.pages > 1:
            c.text(say("common", "page", page=scene.page, pages=scene.pages), 28, CONTEXT + 3, 24, width=560)
    else:
        y = c.text(scene.names[scene.chosen], 40, 126, 36, width=720, bold=True)
        c.text(say("clerk", "type_code"), 40, y + 6, 28, width=720)
        for number in range(CODE_DIGITS):
            left = 40 + number * 76
            c.panel((left, 254, left + 62, 330), 12, WHITE, border=SEA if number < scene.digits else LINE, width=3)
            if number < scene.digits:
                c.panel((left + 18, 279, left + 44, 305), 13, SEA)
    keys = {"cancel": "stop"}
    if scene.chosen is not None:
        keys["clear"] = "correct" if scene.digits else "back"
    if scene.digits == CODE_DIGITS:
        keys["enter"] = "enter"
    return end(c, scene, **keys)
