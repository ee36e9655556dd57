"""The panel on the bench: `python -m drivers.screen --path /dev/fb0 --pixels rgb565 test`.

`test` shows red, green, blue and white bars, a grey ramp, and a frame one pixel wide along the edge. If the colours are
wrong, try the other --pixels; if the frame is broken, the panel's size is wrong. `show FILE` shows a picture of the panel's size.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw

from drivers.errors import DeviceError
from drivers.screen.framebuffer import FileSink, FramebufferScreen

GLASSES = {"800x480": (800, 480), "1280x800": (1280, 800)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.screen", description=__doc__)
    parser.add_argument("--path", type=Path, required=True)
    parser.add_argument("--pixels", choices=["bgrx", "rgb565"], default="bgrx")
    parser.add_argument("--glass", choices=list(GLASSES), default="800x480")
    parser.add_argument("what", choices=["test", "show"])
    parser.add_argument("picture", type=Path, nargs="?")
    arguments = parser.parse_args()
    size = GLASSES[arguments.glass]
    image = Image.open(arguments.picture).convert("RGB") if arguments.what == "show" else test_picture(size)
    try:
        sink = FileSink(arguments.path, size, arguments.pixels)
        FramebufferScreen(sink, size, arguments.pixels).show(image)
        sink.close()
    except DeviceError as error:
        print(f"{error} ({error.remedy})")
        return 1
    return 0


def test_picture(size: tuple[int, int]) -> Image.Image:
    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for number, colour in enumerate(["#ff0000", "#00ff00", "#0000ff", "#ffffff"]):
        draw.rectangle((number * width // 4, 0, (number + 1) * width // 4, height * 3 // 4), fill=colour)
    for x in range(width):
        grey = 255 * x // width
        draw.line((x, height * 3 // 4, x, height), fill=(grey, grey, grey))
    draw.rectangle((0, 0, width - 1, height - 1), outline="#ffff00")
    return image


if __name__ == "__main__":
    raise SystemExit(main())
