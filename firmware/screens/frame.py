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
from firmware.session.scenes import Scene

TOP, CONTEXT, FOOT = 56, 366, 412
STEPS = ("card", "pin", "choose", "pay", "take")

# As engraved on the keypad, whatever the screen's language: legend, left edge, width of the cap, right end of the room.
_LEGENDS = {
    "cancel": ("取消", 12, 68, 198),
    "clear": ("訂正", 204, 68, 386),
    "language": ("ことば", 392, 92, 604),
    "enter": ("確認", 610, 68, 792),
}


def begin(scene: Scene, step: str | None = None) -> tuple[Canvas, Words]:
    """A sheet with the steps (or, outside a session, the machine's name) above, and the language's words."""
    canvas = Canvas(scene.language)
    canvas.part(_steps(scene.language, step) if step else name_bar(scene, ""), 0, 0)
    return canvas, words(scene.language)


def end_without_keys(canvas: Canvas, scene: Scene) -> Canvas:
    """An empty foot: the keypad is switched off, so that not even the language can be changed."""
    canvas.part(_foot(scene.language, (), language_key=False), 0, FOOT)
    return canvas


def end(canvas: Canvas, scene: Scene, **keys: str) -> Canvas:
    """The foot: the coloured keys that work now (`cancel="stop"`: the key and its word in [keys]), and the seconds left."""
    canvas.part(_foot(scene.language, tuple(sorted(keys.items())), language_key=not scene.clerk), 0, FOOT)
    if scene.countdown_s is not None:
        canvas.panel((612, CONTEXT, 788, 408), 10, RED_PALE)
        canvas.picture(pictures.clock(scene.countdown_s), 620, CONTEXT + 1)
        seconds = words(scene.language)("common", "seconds", n=scene.countdown_s)
        canvas.text(seconds, 664, CONTEXT + 3, 26, width=120, bold=True, colour=RED)
    return canvas


def name_bar(scene: Scene, right: str) -> Canvas:
    """The bar outside a session: the city's and the machine's name, and the text `right` at its right end."""
    say = words(scene.language)
    name = say("place", "machine") if scene.city is None else say("place", "machine_of", city=say.of(scene.city))
    return _name_bar(scene.language, name, right)


@lru_cache(maxsize=32)
def _name_bar(language: str, name: str, right: str) -> Canvas:
    bar = Canvas(language, SEA, (WIDTH, TOP))
    bar.picture(_emblem(), 16, 10)
    room = bar.width(right, 24) if right else 0
    bar.text(name, 62, 9, 27, width=784 - 62 - room - 12, bold=True, colour=WHITE)
    if right:
        bar.text(right, 784 - room, 11, 24, width=room, colour=WHITE)
    return bar


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
def _foot(language: str, keys: Sequence[tuple[str, str]], *, language_key: bool) -> Canvas:
    say = words(language)
    foot = Canvas(language, WHITE, (WIDTH, HEIGHT - FOOT))
    foot.line(0, WIDTH, 0, LINE, 2)
    labels = {key: say("keys", word) for key, word in keys}
    if language_key:
        labels["language"] = _next_language(language)
    for key, label in labels.items():
        legend, left, width, right = _LEGENDS[key]
        fill, colour = CAPS[key]
        foot.cap((left, 11, left + width, 59), fill)
        foot.text(legend, left, 17, 24, width=width, bold=True, colour=colour, align="centre")
        foot.text(label, left + width + 8, 17, 24, width=right - left - width - 8, bold=True)
    return foot


def _next_language(language: str) -> str:
    """The name, in its own language, of the language that the language key switches to."""
    known = LANGUAGES
    return words(known[(known.index(language) + 1) % len(known)])("self", "name")


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
