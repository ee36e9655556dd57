"""The drawings: what to do with card, keypad, coins and paper, and the state of the machine. Sizes are in pixels.
Each is drawn once and stays in memory between sessions; none shows anything about a resident. The picture of a notice is the city's.
"""

import base64
import io
from functools import cache, lru_cache

from PIL import Image, UnidentifiedImageError

from firmware.screens.palette import GREEN, GREY, INK, LINE, RED, SEA, SEA_PALE, SUN, SUN_PALE, WHITE, Colour
from firmware.screens.sketch import Sketch

STEEL: Colour = (62, 72, 82)
STEEL_LIGHT: Colour = (206, 213, 219)
GOLD: Colour = (214, 178, 84)
SILVER: Colour = (211, 215, 219)
BRONZE: Colour = (196, 128, 82)
SKIN: Colour = (247, 216, 182)
SKIN_LINE: Colour = (126, 84, 52)
SEAL: Colour = (196, 40, 40)
PAPER_SHADE: Colour = (226, 226, 222)


def _card(s: Sketch, x: float, y: float) -> None:
    """A card with a chip, 168 x 106."""
    s.box((x, y, x + 168, y + 106), WHITE, round_=11, line=SEA, width=3)
    s.box((x + 3, y + 3, x + 165, y + 28), SEA_PALE, round_=8)
    s.box((x + 3, y + 18, x + 165, y + 28), SEA_PALE)
    s.stroke([(x + 16, y + 15), (x + 84, y + 15)], SEA, 5)
    s.box((x + 14, y + 40, x + 52, y + 88), SEA_PALE, round_=4)
    s.disc(x + 33, y + 56, 9, SEA)
    s.pie(x + 33, y + 88, 17, 180, 360, SEA)
    for row, end in enumerate((104, 92, 104)):
        s.stroke([(x + 64, y + 46 + row * 13), (x + end, y + 46 + row * 13)], LINE, 4)
    s.box((x + 118, y + 46, x + 150, y + 72), GOLD, round_=5, line=(150, 116, 40), width=1.5)
    s.stroke([(x + 119, y + 59), (x + 149, y + 59)], (150, 116, 40), 1.5)
    s.stroke([(x + 134, y + 47), (x + 134, y + 71)], (150, 116, 40), 1.5)


def _slot(s: Sketch, x: float, y: float, width: float) -> None:
    """The front edge of a slot. A thing drawn above it looks as if it were in the slot."""
    s.box((x, y, x + width, y + 46), STEEL, round_=10)
    s.box((x + 6, y + 5, x + width - 6, y + 12), (20, 26, 32), round_=3)
    s.box((x + width / 2 - 26, y + 26, x + width / 2 + 26, y + 34), GREEN, round_=4)
    s.box((x + width / 2 - 24, y + 27, x + width / 2 + 24, y + 33), (70, 214, 132), round_=3)


def _arrow(s: Sketch, x: float, y: float, *, up: bool, fill: Colour = SUN) -> None:
    """A broad arrow, 60 wide and 74 high, its upper left corner at (x, y)."""
    points = [(30, 74), (0, 40), (17, 40), (17, 0), (43, 0), (43, 40), (60, 40)]
    if up:
        points = [(px, 74 - py) for px, py in points]
    outline = [(x + px, y + py) for px, py in points]
    s.polygon(outline, fill)
    s.stroke([*outline, outline[0]], INK, 3)


@cache
def insert_card(width: int = 280) -> Image.Image:
    """280 x 260, or as much smaller as `width` says."""
    s = Sketch(280, 260)
    _arrow(s, 110, 2, up=False)
    _card(s, 56, 92)
    s.erase((0, 178, 280, 260))
    _slot(s, 20, 172, 240)
    return s.finished(width / 280)


@cache
def take_card(width: int = 280) -> Image.Image:
    """280 x 260, or as much smaller as `width` says."""
    s = Sketch(280, 260)
    _card(s, 56, 88)
    s.erase((0, 190, 280, 260))
    _slot(s, 20, 184, 240)
    _arrow(s, 110, 4, up=True)
    return s.finished(width / 280)


@cache
def card_stays() -> Image.Image:
    """The card is in and must stay: no arrow; 280 x 180."""
    s = Sketch(280, 180)
    _card(s, 56, 24)
    s.erase((0, 88, 280, 180))
    _slot(s, 20, 82, 240)
    return s.finished()


@cache
def hidden_keypad() -> Image.Image:
    """One hand held over the keypad; 230 x 230."""
    s = Sketch(250, 250)
    s.box((34, 46, 216, 238), STEEL, round_=14)
    colours = (RED, (247, 202, 66), (20, 70, 140), GREEN)
    for row in range(4):
        for column in range(4):
            x, y = 46 + column * 41, 58 + row * 44
            s.box((x, y, x + 35, y + 36), colours[row] if column == 3 else WHITE, round_=6)
            if column < 3 and row < 3:
                s.letters(str(row * 3 + column + 1), x + 17, y + 18, 22, INK)
    s.letters("0", 46 + 41 + 17, 58 + 132 + 18, 22, INK)
    # The hand comes from the left, its back to the viewer, fingers together over the upper rows.
    for n, (reach, y) in enumerate(((196, 20), (222, 46), (226, 73), (206, 100))):
        s.box((40 - n * 2, y, reach, y + 29), SKIN, round_=14, line=SKIN_LINE, width=2.5)
    s.box((-30, 16, 96, 134), SKIN, round_=34, line=SKIN_LINE, width=2.5)
    s.box((40, 24, 100, 126), SKIN, round_=14)
    for crease in (47.5, 74.5, 101.5):
        s.stroke([(88, crease), (108, crease)], SKIN_LINE, 2.5)
    s.box((30, 112, 120, 142), SKIN, round_=15, line=SKIN_LINE, width=2.5)
    s.box((20, 104, 76, 128), SKIN, round_=10)
    return s.finished(0.92)


_FACES: dict[int, tuple[Colour, Colour]] = {
    500: (GOLD, SILVER),
    100: (SILVER, SILVER),
    50: (SILVER, SILVER),
    10: (BRONZE, BRONZE),
}


def _coin(s: Sketch, value: int, x: float, y: float, radius: float) -> None:
    rim, face = _FACES.get(value, (SILVER, SILVER))
    s.disc(x, y, radius, rim, line=INK, width=2)
    if rim != face:
        s.disc(x, y, radius * 0.74, face)
    else:
        s.disc(x, y, radius * 0.84, None, line=(120, 122, 126) if rim == SILVER else (140, 84, 48), width=1.2)
    if value == 50:
        s.disc(x, y - radius * 0.26, radius * 0.2, WHITE, line=INK, width=1.6)
        s.letters("50", x, y + radius * 0.4, round(radius * 0.6), INK)
    else:
        s.letters(str(value), x, y, round(radius * (0.66 if value >= 100 else 0.8)), INK)


@cache
def coins(values: tuple[int, ...], radius: int = 38) -> Image.Image:
    """A row of coins, from left to right."""
    pitch = 2 * radius + 8
    s = Sketch(pitch * max(len(values), 1), 2 * radius + 4)
    for number, value in enumerate(values):
        _coin(s, value, radius + 2 + number * pitch, radius + 2, radius)
    return s.finished()


@cache
def insert_coin() -> Image.Image:
    """A coin on its way into a slot; 220 x 130."""
    s = Sketch(220, 130)
    s.box((108, 4, 212, 126), STEEL, round_=14)
    s.box((153, 22, 165, 108), (20, 26, 32), round_=5)
    s.box((180, 56, 198, 74), (70, 214, 132), round_=9, line=GREEN, width=2)
    _coin(s, 100, 44, 65, 40)
    s.polygon([(92, 50), (120, 65), (92, 80)], SUN)
    s.stroke([(92, 50), (120, 65), (92, 80), (92, 50)], INK, 2.5)
    return s.finished()


@cache
def coin_cup() -> Image.Image:
    """Coins in the cup, and an arrow up; 240 x 230."""
    s = Sketch(240, 230)
    for value, x, y in ((100, 84, 138), (500, 150, 132), (10, 118, 158)):
        _coin(s, value, x, y, 38)
    s.erase((0, 176, 240, 230))
    s.box((16, 168, 224, 214), STEEL, round_=12)
    s.box((24, 173, 216, 181), (20, 26, 32), round_=4)
    _arrow(s, 90, 2, up=True)
    return s.finished()


def _sheet(s: Sketch, x: float, y: float, width: float = 156, height: float = 214) -> None:
    """A certificate: title, lines, and the mayor's red seal."""
    s.box((x + 4, y + 5, x + width + 4, y + height + 5), PAPER_SHADE, round_=3)
    s.box((x, y, x + width, y + height), WHITE, round_=3, line=SEA, width=2.5)
    s.box((x + 9, y + 9, x + width - 9, y + height - 9), None, line=(180, 208, 222), width=3)
    s.stroke([(x + width * 0.3, y + 30), (x + width * 0.7, y + 30)], SEA, 6)
    for row in range(int((height - 110) / 17)):
        end = x + width * (0.84 if row % 3 else 0.66)
        s.stroke([(x + 24, y + 56 + row * 17), (end, y + 56 + row * 17)], LINE, 4)
    s.box((x + width - 60, y + height - 62, x + width - 24, y + height - 26), None, line=SEAL, width=4)
    for offset in (12, 24):
        s.stroke([(x + width - 60 + offset, y + height - 56), (x + width - 60 + offset, y + height - 32)], SEAL, 3)


@cache
def certificate() -> Image.Image:
    """176 x 236."""
    s = Sketch(176, 236)
    _sheet(s, 8, 8)
    return s.finished()


@cache
def printing() -> Image.Image:
    """A sheet coming out of the machine; 250 x 280."""
    s = Sketch(250, 280)
    _sheet(s, 46, 18)
    s.erase((0, 0, 250, 62))
    s.box((6, 22, 244, 74), STEEL, round_=12)
    s.box((28, 58, 222, 67), (20, 26, 32), round_=4)
    s.box((200, 34, 226, 44), (70, 214, 132), round_=5)
    return s.finished()


@cache
def take_paper() -> Image.Image:
    """A certificate and a receipt sticking out of the tray; 280 x 280."""
    s = Sketch(280, 280)
    s.box((190, 92, 252, 232), WHITE, round_=2, line=SEA, width=2.5)
    for row in range(6):
        s.stroke([(200, 112 + row * 16), (242 if row % 2 else 226, 112 + row * 16)], LINE, 4)
    _sheet(s, 26, 56)
    s.erase((0, 214, 280, 280))
    s.box((6, 206, 274, 256), STEEL, round_=12)
    s.box((16, 212, 264, 220), (20, 26, 32), round_=4)
    _arrow(s, 192, 4, up=True)
    return s.finished()


@cache
def tick(size: int = 120) -> Image.Image:
    s = Sketch(size, size)
    half = size / 2
    s.disc(half, half, half - 1, GREEN)
    s.stroke([(size * 0.27, size * 0.53), (size * 0.44, size * 0.69), (size * 0.74, size * 0.34)], WHITE, size * 0.11)
    return s.finished()


@cache
def warning(size: int = 120) -> Image.Image:
    """A triangle with an exclamation mark."""
    s = Sketch(size, size)
    points = [(size / 2, size * 0.1), (size * 0.94, size * 0.86), (size * 0.06, size * 0.86)]
    s.stroke([*points, points[0]], INK, size * 0.12)
    s.polygon(points, SUN)
    s.stroke([*points, points[0]], SUN, size * 0.055)
    s.stroke([(size / 2, size * 0.38), (size / 2, size * 0.6)], INK, size * 0.09)
    s.disc(size / 2, size * 0.74, size * 0.055, INK)
    return s.finished()


@cache
def notice(size: int = 110) -> Image.Image:
    """A round sign for news that is no fault."""
    s = Sketch(size, size)
    half = size / 2
    s.disc(half, half, half - 1, SEA)
    s.disc(half, size * 0.27, size * 0.075, WHITE)
    s.stroke([(half, size * 0.45), (half, size * 0.75)], WHITE, size * 0.12)
    return s.finished()


@cache
def hourglass() -> Image.Image:
    """150 x 200."""
    s = Sketch(150, 200)
    s.polygon([(24, 18), (126, 18), (82, 92), (82, 108), (126, 182), (24, 182), (68, 108), (68, 92)], SEA_PALE)
    s.polygon([(42, 48), (108, 48), (78, 94), (72, 94)], SUN)
    s.polygon([(75, 130), (114, 180), (36, 180)], SUN)
    s.stroke([(75, 92), (75, 150)], SUN, 4)
    for side in (1, -1):
        points = [(75 + side * x, y) for x, y in ((51, 18), (44, 40), (7, 92), (7, 108), (44, 160), (51, 182))]
        s.stroke(points, SEA, 4)
    s.stroke([(16, 14), (134, 14)], SEA, 12)
    s.stroke([(16, 186), (134, 186)], SEA, 12)
    return s.finished()


@cache
def tools() -> Image.Image:
    """A spanner and a screwdriver, crossed; 180 x 180."""
    s = Sketch(180, 180)
    s.stroke([(52, 52), (132, 132)], STEEL, 20)
    s.disc(46, 46, 30, STEEL)
    s.cut([(46, 52), (2, 30), (30, 2), (52, 46)])
    s.disc(136, 136, 20, STEEL)
    s.disc(136, 136, 8, SEA_PALE)
    s.stroke([(132, 48), (86, 94)], STEEL_LIGHT, 9)
    s.stroke([(84, 96), (46, 134)], SUN, 24)
    s.stroke([(146, 34), (132, 48)], GREY, 5)
    return s.finished()


@cache
def shutter() -> Image.Image:
    """A closed shutter; 190 x 170."""
    s = Sketch(190, 170)
    s.box((14, 8, 176, 44), SEA, round_=8)
    s.box((24, 40, 166, 160), STEEL_LIGHT, line=SEA, width=3)
    for y in range(56, 150, 16):
        s.stroke([(28, y), (162, y)], (150, 160, 168), 2)
    s.box((84, 146, 106, 154), SEA, round_=3)
    return s.finished()


@cache
def last_one(size: int = 120) -> Image.Image:
    """Two filled circles and an open one: two tries used, one left; `size` * 2 wide."""
    s = Sketch(size * 2, size)
    for number in range(3):
        x = size * (0.34 + 0.66 * number)
        if number < 2:
            s.disc(x, size / 2, size * 0.26, SEA_PALE, line=GREY, width=4)
            for flip in (1, -1):
                reach = size * 0.12
                s.stroke([(x - reach, size / 2 - flip * reach), (x + reach, size / 2 + flip * reach)], RED, 7)
        else:
            s.disc(x, size / 2, size * 0.29, SUN_PALE, line=INK, width=5)
            s.letters("1", x, size / 2, round(size * 0.36), INK)
    return s.finished()


@cache
def clock(seconds: int, whole: int = 15) -> Image.Image:
    """A disc filled by `seconds` / `whole`: the time left; 40 x 40."""
    s = Sketch(40, 40)
    s.disc(20, 20, 18.5, WHITE, line=RED, width=3)
    share = min(max(seconds / whole, 0.0), 1.0)
    if share > 0:
        s.pie(20, 20, 14, -90, -90 + 360 * share, RED)
    return s.finished()


@cache
def tick_box(size: int = 30) -> Image.Image:
    """A marked box."""
    s = Sketch(size, size)
    s.box((0, 0, size - 0.5, size - 0.5), SEA, round_=6)
    s.stroke([(size * 0.24, size * 0.54), (size * 0.43, size * 0.72), (size * 0.76, size * 0.3)], WHITE, size * 0.13)
    return s.finished()


@lru_cache(maxsize=20)
def of_notice(text: str) -> Image.Image | None:
    """The picture that the city sent with a notice, as PNG in base64. None: there is none, or it is damaged, and the words stay."""
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text)), formats=("PNG",)) if text else None
        return None if picture is None else picture.convert("RGBA")
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError):
        return None
