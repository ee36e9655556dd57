"""An invented imprint as a picture, as a city's seal register holds it: a ring with strokes in it."""

import base64
import io
import math
import random

from PIL import Image, ImageDraw

DOTS = 360


def picture(seed: int) -> str:
    """A square PNG in base64; the same for the same seed."""
    chance = random.Random(f"picture {seed}")
    image = Image.new("1", (DOTS, DOTS), 1)
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 4, DOTS - 5, DOTS - 5), outline=0, width=chance.randrange(12, 22))
    for _ in range(9):
        turn, far = chance.uniform(0, 2 * math.pi), chance.uniform(20, 120)
        x, y = DOTS / 2 + far * math.cos(turn), DOTS / 2 + far * math.sin(turn)
        across = chance.random() < 0.5
        long = chance.randrange(30, 90)
        end = (x + long, y) if across else (x, y + long)
        draw.line((x, y, *(min(place, DOTS - 40) for place in end)), fill=0, width=chance.randrange(8, 16))
    told = io.BytesIO()
    image.save(told, "PNG")
    return base64.b64encode(told.getvalue()).decode()
