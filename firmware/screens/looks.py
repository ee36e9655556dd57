"""What the language key opens: a number for each language, in its own words, and for each kind of letters."""

from firmware.screens.canvas import Canvas
from firmware.screens.frame import begin, end
from firmware.screens.palette import LINE, SEA, SEA_PALE, WHITE
from firmware.screens.words import words
from firmware.session import scenes as show
from firmware.session.scenes import Look

Entry = tuple[int, str, str, bool]  # number, words, their language, whether it is so now
_LETTERS = ((8, "large", Look.LARGE), (9, "dark", Look.LARGE_DARK), (0, "normal", Look.NORMAL))


def entries(scene: show.ChooseLook) -> list[Entry]:
    """Everything that can be chosen, in the order of the screen."""
    names = [
        (number, words(language)("self", "name"), language, language == scene.language)
        for number, language in enumerate(scene.languages, start=1)
    ]
    say = words(scene.language)
    part = "look" if scene.look is Look.NORMAL else "keys"  # shorter words
    letters = [(number, say(part if key == "dark" else "look", key), look) for number, key, look in _LETTERS]
    return [*names, *((number, told, scene.language, scene.look is look) for number, told, look in letters)]


def choose_look(scene: show.ChooseLook) -> Canvas:
    c, say = begin(scene)
    head = say("look", "head")
    c.text(head, 28, 62, c.largest(head, (32, 28, 26), width=744, bold=True), width=744, bold=True, colour=SEA)
    c.text("Language", 28, 370, 24, width=200, language="en", colour=SEA, aside=True)
    for place, (number, name, language, now) in enumerate(entries(scene)):
        x, y = 24 + place // 5 * 380, 112 + place % 5 * 51
        c.panel(
            (x, y, x + 372, y + 47), 10, SEA_PALE if now else WHITE, border=SEA if now else LINE, width=3 if now else 2
        )
        c.number(number, x + 6, y + 4, 39, fill=SEA)
        size = c.largest(name, (28, 26, 24), width=310, bold=now)
        c.text(
            name, x + 54, y + (47 - round(size * 1.3)) // 2, size, width=312, bold=now, leading=1.3, language=language
        )
    return end(c, scene, cancel="back", **({} if scene.picture is None else {"enter": scene.picture}))
