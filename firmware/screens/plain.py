"""The picture of a machine without its letters: words and number in whatever letters are left."""

from PIL import Image, ImageDraw, ImageFont

from firmware.screens.fonts import BOLD
from firmware.screens.palette import INK, WHITE
from firmware.screens.words import words
from firmware.session.scenes import Closed, Scene


def plain(scene: Scene, size: tuple[int, int]) -> Image.Image:
    """Out of service, with the scene's numbers. In Japanese where the font is there; in English always, with Pillow's own."""
    image = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(image)
    numbers = ", ".join(scene.numbers) if isinstance(scene, Closed) else ""
    english = f"{words('en')('closed', 'out_of_service')}\n{numbers}"
    draw.multiline_text((60, 220), english, fill=INK, font=ImageFont.load_default(36), spacing=20)
    try:
        font = ImageFont.truetype(str(BOLD), 40, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return image
    draw.text((60, 120), words("ja")("closed", "out_of_service"), fill=INK, font=font)
    return image
