"""The pages as they will be printed, before they are paid for. Drawn anew each time from the printer's dots, and kept nowhere."""

from PIL import Image

from firmware.screens.canvas import HEIGHT, LARGE_SIZE, Canvas
from firmware.screens.frame import CONTEXT, begin, end
from firmware.screens.large_sheet import KEY_ROW, LEFT, RIGHT, Sheet
from firmware.screens.palette import LINE, SEA
from firmware.screens.words import Words
from firmware.session import scenes as show

ARROWS = {"2": "↑", "8": "↓", "4": "←", "6": "→"}
_TOP, _WIDTH, _PART = 60, 776, 298


def preview(scene: show.Preview) -> Canvas:
    c, say = begin(scene, "choose")
    if scene.part is None:
        _whole(c, say, scene)
    else:
        _framed(c, page_of(scene, _WIDTH, _PART), 12, _TOP)
        x = 28
        for move in scene.moves:
            c.number(int(move), x, CONTEXT - 1, 42, fill=SEA)
            c.text(ARROWS[move], x + 48, CONTEXT + 3, 26, width=28)
            x += 86
        c.number(5, x, CONTEXT - 1, 42, fill=SEA)
        c.text(say("preview", "whole"), x + 50, CONTEXT + 3, 26, width=600 - x - 50)
    return end(c, scene, cancel="stop", enter="pay" if scene.fee_yen else "enter")


def _whole(c: Canvas, say: Words, scene: show.Preview) -> None:
    page = page_of(scene, 250, 340)
    _framed(c, page, 24, _TOP + 4)
    left = 24 + page.width + 24
    width = 776 - left
    y = c.text(say("preview", "head"), left, 64, 32, width=width, lines=2, bold=True, colour=SEA, leading=1.2)
    y = c.text(say.of(scene.line.title), left, y + 8, 28, width=width, lines=2, bold=True, leading=1.2)
    if scene.pages > 1:
        y = c.text(say("common", "page", page=scene.page, pages=scene.pages), left, y + 4, 26, width=width)
    c.text(say("preview", "body"), left, y + 8, 26, width=width, lines=4, leading=1.3)
    keys = [(5, "enlarge"), *([(1, "read")] if scene.reads else [])]
    room = width // len(keys)
    for place, (number, word) in enumerate(keys):
        x = left + place * room
        c.number(number, x, CONTEXT - 48, 44, fill=SEA)
        c.text(say("preview", word), x + 56, CONTEXT - 45, 28, width=room - 60, bold=True)


def draw_large_preview(scene: show.Preview, ordinary: Canvas) -> Canvas:
    """In the large letters of its look, with the keys of the ordinary screen."""
    sheet = Sheet(scene, ordinary.keys)
    say, c = sheet.say, sheet.c
    low = HEIGHT - 2 * KEY_ROW - 8
    if scene.part is not None:
        _framed(c, page_of(scene, RIGHT - LEFT, 288), LEFT, 4)
        x = LEFT
        for move in scene.moves:
            c.number(int(move), x, low - 60, 56, fill=sheet.colours.cap)
            c.text(ARROWS[move], x + 62, low - 58, LARGE_SIZE, width=44, colour=sheet.colours.letters, leading=1.2)
            x += 116
        y, word = low - 60, "whole"
    else:
        page = page_of(scene, 250, low - 12)
        _framed(c, page, LEFT, 6)
        x, y, word = LEFT + page.width + 20, low - 64, "enlarge"
        # The line of the second key takes the room of the sentence.
        told = [say.of(scene.line.title), *([] if scene.reads else [say("preview", "head")])]
        told += [f"▲▼ {scene.page}/{scene.pages}"] if scene.pages > 1 else []
        top = 4
        for words in told:
            lines = min(c.lines(words, LARGE_SIZE, width=RIGHT - x), 2)
            top = c.text(words, x, top, LARGE_SIZE, width=RIGHT - x, lines=lines, colour=sheet.colours.letters,
                         leading=1.15)  # fmt: skip
    keys = [*([(1, "read")] if scene.reads else []), (5, word)]
    for row, (number, name) in enumerate(reversed(keys)):
        c.number(number, x, y - row * 66, 56, fill=sheet.colours.cap)
        c.text(say("preview", name), x + 66, y - row * 66 + 2, LARGE_SIZE, width=RIGHT - x - 66,
               colour=sheet.colours.letters, leading=1.2)  # fmt: skip
    return c


def page_of(scene: show.Preview, width: int, height: int) -> Image.Image:
    """The page, or its part, as large as fits into this room; grey, so that the dots of the ground are one tint."""
    size = scene.width_dots, scene.height_dots
    page = Image.frombytes("1", size, scene.dots, "raw", "1;I")
    if scene.part is not None:
        left, top, wide, high = scene.part
        box = (left * size[0], top * size[1], (left + wide) * size[0], (top + high) * size[1])
        page = page.crop(box)
    scale = min(width / page.width, height / page.height)
    grey = page.convert("L").resize((round(page.width * scale), round(page.height * scale)), Image.Resampling.BOX)
    return grey.convert("RGB")


def _framed(c: Canvas, page: Image.Image, x: int, y: int) -> None:
    c.panel((x - 2, y - 2, x + page.width + 2, y + page.height + 2), 2, LINE)
    c.picture(page, x, y)
