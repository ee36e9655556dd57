"""What all screens share, each at its fixed place: the steps above, the key caps below, the seconds left.

  0  ┌ カード > 暗証番号 > 証明書 > お支払い > 受け取り ┐   or the machine's name
 56  │ the screen's own                                │
366  │ a line of context                  (seconds)    │
412  └ [取消]…   [訂正]…   [ことば]…   [確認]…          ┘
"""

from collections.abc import Sequence
from functools import lru_cache

from PIL import Image

from firmware.screens import pictures
from firmware.screens.canvas import HEIGHT, WIDTH, Canvas
from firmware.screens.palette import CAPS, INK, LINE, RED, RED_PALE, SEA, SEA_PALE, SUN, WHITE
from firmware.screens.sketch import Sketch
from firmware.screens.words import LANGUAGES, Words, words
from firmware.session.scenes import EnterPin, Scene

TOP, CONTEXT, FOOT = 56, 366, 412
SIGN = "A・あ・中"  # of the language key, for whoever cannot read the words beside it
STEPS = ("card", "pin", "choose", "pay", "take")

# As engraved on the keypad, whatever the screen's language: legend, left edge, width of the cap, right end of the room.
LEGENDS = {
    "cancel": ("取消", 12, 68, 198),
    "clear": ("訂正", 204, 68, 386),
    "language": ("ことば", 392, 92, 604),
    "enter": ("確認", 610, 68, 792),
}


def begin(scene: Scene, step: str | None = None) -> tuple[Canvas, Words]:
    """A sheet with the steps (or, outside a session, the machine's name) above, and the language's words."""
    canvas = Canvas(scene.language)
    if scene.follows is not None:
        canvas.part(_warning(scene.language, scene.follows), 0, 0)
    else:
        canvas.part(_steps(scene.language, step) if step else name_bar(scene, ""), 0, 0)
    return canvas, words(scene.language)


def end_without_keys(canvas: Canvas, scene: Scene) -> Canvas:
    """An empty foot: the keypad is switched off, so that not even the language can be changed."""
    canvas.part(_foot(scene.language, (), ()), 0, FOOT)
    return canvas


def end(canvas: Canvas, scene: Scene, **keys: str) -> Canvas:
    """The foot: the coloured keys that work now (`cancel="stop"`: the key and its word in [keys]), and the seconds left.

    While a warning shows, the foot says that any key gives more time.
    """
    if scene.follows is not None:
        canvas.keys = {}
        canvas.part(_foot_of_warning(scene.language), 0, FOOT)
        return _seconds(canvas, scene)
    canvas.keys = keys
    canvas.part(_foot(scene.language, tuple(sorted(keys.items())), _key_of_look(scene)), 0, FOOT)
    return _seconds(canvas, scene)


def end_with_languages(canvas: Canvas, scene: Scene) -> Canvas:
    """The foot of the idle screen: a number for each language, each in its own words, and 8 for large letters."""
    canvas.keys = {}
    canvas.panel((0, FOOT, WIDTH, HEIGHT), 0, WHITE)
    canvas.line(0, WIDTH, FOOT, LINE, 2)
    names = [(language, words(language)("self", "name")) for language in LANGUAGES]
    names.append((scene.language, words(scene.language)("look", "large")))
    x, y = 8, FOOT + 5
    for number, (language, name) in enumerate(names, start=1):
        room = canvas.width(name, 24, language=language)
        if x + 34 + room > WIDTH - 8:
            x, y = 8, y + 31
        if name == words(scene.language)("self", "name"):
            canvas.picture(pictures.tick(30), x, y)  # its number would do nothing
        else:
            canvas.number(number, x, y, 30, fill=SEA)
        canvas.text(name, x + 36, y - 1, 24, width=room, leading=1.25, language=language, aside=True)
        x += 36 + room + 18
    fill, colour = CAPS["language"]
    canvas.cap((700, y, 792, y + 30), fill)
    canvas.text(
        LEGENDS["language"][0],
        700,
        y - 1,
        24,
        width=92,
        bold=True,
        colour=colour,
        align="centre",
        aside=True,
        leading=1.2,
    )
    return canvas


def _seconds(canvas: Canvas, scene: Scene) -> Canvas:
    if scene.countdown_s is not None:
        canvas.panel((612, CONTEXT, 788, 408), 10, RED_PALE)
        canvas.picture(pictures.clock(scene.countdown_s), 620, CONTEXT + 1)
        seconds = words(scene.language)("common", "seconds", n=scene.countdown_s)
        canvas.text(seconds, 664, CONTEXT + 3, 26, width=120, bold=True, colour=RED, aside=True)
    return canvas


def name_bar(scene: Scene, right: str) -> Canvas:
    """The bar outside a session: the city's and the machine's name, and the text `right` at its right end."""
    say = words(scene.language)
    city = "" if scene.city is None else say.of(scene.city)
    names = (say("place", "machine_of", city=city), city) if city else (say("place", "machine"),)
    return _name_bar(scene.language, names, right)


@lru_cache(maxsize=32)
def _name_bar(language: str, names: Sequence[str], right: str) -> Canvas:
    """With the first of the names that finds room: whose machine it is matters more than that it is one."""
    bar = Canvas(language, SEA, (WIDTH, TOP))
    bar.picture(_emblem(), 16, 10)
    room = bar.width(right, 24) if right else 0
    width = 784 - 62 - room - 12
    name, size = next(((n, s) for n in names for s in (27, 24) if bar.width(n, s, bold=True) <= width), (names[-1], 24))
    bar.text(name, 62, 9 + (27 - size), size, width=width, bold=True, colour=WHITE)
    if right:
        bar.text(right, 784 - room, 11, 24, width=room, colour=WHITE)
    return bar


@lru_cache(maxsize=64)
def _warning(language: str, follows: str) -> Canvas:
    """What will happen, in the place of the steps: it holds until a key is pressed, and the screen below stays as it is."""
    bar = Canvas(language, RED, (WIDTH, TOP))
    said = words(language)("warning", follows)
    size = bar.largest(said, (30, 28, 26, 24), width=700, bold=True)
    bar.picture(pictures.warning(44), 16, 6)
    bar.text(said, 72, (TOP - round(size * 1.36)) // 2, size, width=716, bold=True, colour=WHITE)
    return bar


@lru_cache(maxsize=32)
def _foot_of_warning(language: str) -> Canvas:
    """No key has its own meaning now, so none is drawn: every one gives more time."""
    foot = Canvas(language, WHITE, (WIDTH, HEIGHT - FOOT))
    foot.line(0, WIDTH, 0, LINE, 2)
    said = words(language)("warning", "any_key")
    size = foot.largest(said, (34, 30, 28, 26, 24), width=760, bold=True)
    foot.text(said, 20, 34 - round(size * 1.36) // 2, size, width=760, bold=True, align="centre")
    return foot


@lru_cache(maxsize=64)
def _steps(language: str, now: str) -> Canvas:
    bar = Canvas(language, SEA_PALE, (WIDTH, TOP))
    pitch, point = WIDTH // len(STEPS), 16
    arrows = Sketch(WIDTH, TOP)
    for number in range(STEPS.index(now), -1, -1):  # from the right, so that each point lies over the next step
        left, right = number * pitch, (number + 1) * pitch
        fill = SUN if STEPS[number] == now else SEA
        arrows.polygon([(left, 0), (right, 0), (right + point, TOP / 2), (right, TOP), (left, TOP)], fill)
        if number < STEPS.index(now):
            arrows.stroke([(right - 2, 4), (right + point - 4, TOP / 2), (right - 2, TOP - 4)], SEA_PALE, 2)
    for number in range(STEPS.index(now) + 1, len(STEPS) - 1):
        right = (number + 1) * pitch
        arrows.stroke([(right - 2, 8), (right + point - 6, TOP / 2), (right - 2, TOP - 8)], LINE, 3)
    bar.picture(arrows.finished(), 0, 0)
    for number, step in enumerate(STEPS):
        done, current = number < STEPS.index(now), step == now
        left = number * pitch + (14 if number else 4)
        room = pitch - 18
        if done:
            bar.picture(_mark(), left + 2, 18)
            left, room = left + 24, room - 24
        colour = INK if current else WHITE if done else SEA
        bar.text(words(language)("steps", step), left, 11, 24, width=room, bold=current, colour=colour, align="centre")
    return bar


@lru_cache(maxsize=128)
def _foot(language: str, keys: Sequence[tuple[str, str]], look: Sequence[tuple[str, str]]) -> Canvas:
    """`look`: the two short lines beside the language key, each with its language; none: the key does nothing."""
    say = words(language)
    foot = Canvas(language, WHITE, (WIDTH, HEIGHT - FOOT))
    foot.line(0, WIDTH, 0, LINE, 2)
    labels = {key: say("keys", word) for key, word in keys}
    for key in (*labels, *(["language"] if look else [])):
        legend, left, width, _ = LEGENDS[key]
        fill, colour = CAPS[key]
        foot.cap((left, 11, left + width, 59), fill)
        foot.text(legend, left, 17, 24, width=width, bold=True, colour=colour, align="centre")
    for key, label in labels.items():
        _, left, width, right = LEGENDS[key]
        foot.text(label, left + width + 8, 17, 24, width=right - left - width - 8, bold=True)
    _, left, width, right = LEGENDS["language"]
    for number, (name, spoken) in enumerate(look):
        y = 5 + 30 * number
        foot.text(name, left + width + 6, y, 24, width=right - left - width, leading=1.2, language=spoken)
    return foot


def _key_of_look(scene: Scene) -> tuple[tuple[str, str], ...]:
    """What the language key does: it opens the list of languages and letters, or at the PIN goes on to the next of them."""
    if scene.clerk:
        return ()
    large = (words(scene.language)("keys", "large"), scene.language)
    if isinstance(scene, EnterPin):
        return large, next_language(scene.language)
    return (SIGN, "ja"), large


def next_language(language: str) -> tuple[str, str]:
    """The short name, in its own language, of the next in the order of the numbers, and its code."""
    following = LANGUAGES[(LANGUAGES.index(language) + 1) % len(LANGUAGES)]
    return words(following)("self", "short"), following


@lru_cache(maxsize=1)
def _emblem() -> Image.Image:
    """A sun over the sea."""
    s = Sketch(36, 36)
    s.disc(18, 18, 17.5, WHITE)
    s.disc(18, 17, 8.5, SUN)
    s.box((3, 19, 33, 34), WHITE)
    for y, half in ((21, 15), (25.5, 12), (30, 8)):
        s.stroke([(18 - half, y), (18 + half, y)], SEA, 2.4)
    return s.finished()


@lru_cache(maxsize=1)
def _mark() -> Image.Image:
    """A small tick: this step is done."""
    s = Sketch(22, 22)
    s.stroke([(4, 12), (9, 17), (18, 6)], SUN, 3.4)
    return s.finished()
