"""QR codes as pictures: the codes of a paper drawn, and found again in a clean page or in a bad photo of it.

The only file of host_sim that imports zxing-cpp.
"""

from collections.abc import Callable, Collection, Iterator

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from host_sim.centre import verify

QUIET_MODULES = 4
MODULES_MAX = 77  # version 15
PIXELS_MAX = 16_000_000  # of an enlarged photo
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


class TooLong(Exception):
    """A text does not fit into a code of version 15."""


def modules(text: str) -> NDArray[np.bool_]:
    """The QR code of a text (error correction M), True where black, without its quiet zone. Raises `TooLong`."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture = np.asarray(code.to_image(scale=1, add_quiet_zones=False))
    if len(picture) > MODULES_MAX:
        raise TooLong
    black: NDArray[np.bool_] = picture == 0
    return black


def read_codes(picture: Image.Image, enough: Callable[[Collection[str]], bool] = bool) -> list[str]:
    """The texts of all codes of ours in a picture: a clean page, or a photo taken at an angle in bad light.

    Looks at the picture in one way after another (form rule 10) until `enough` of the texts found so far.
    """
    found: dict[str, None] = {}
    for number, seen in enumerate(_views(picture.convert("L"))):
        found |= dict.fromkeys(_found(seen, thorough=number > 0))
        if enough(found):
            break
    return list(found)


def _found(grey: Image.Image, *, thorough: bool) -> list[str]:
    codes = zxingcpp.read_barcodes(
        np.asarray(grey), formats=_QR, try_rotate=thorough, try_downscale=thorough, try_invert=False
    )
    return [code.text for code in codes if verify.is_ours(code.text)]


def _views(grey: Image.Image) -> Iterator[Image.Image]:
    """The picture as it is, twice; larger and sharpened; smoothed, with full contrast; smoothed a little."""
    yield grey
    yield grey
    yield _larger(grey, 3).filter(ImageFilter.UnsharpMask(4, 300, 0))
    yield _larger(ImageOps.autocontrast(grey.filter(ImageFilter.GaussianBlur(1.2)), 1), 2)
    yield _larger(grey.filter(ImageFilter.GaussianBlur(0.8)), 2)


def _larger(grey: Image.Image, times: float) -> Image.Image:
    times = max(1.0, min(times, (PIXELS_MAX / (grey.width * grey.height)) ** 0.5))
    return grey.resize((round(grey.width * times), round(grey.height * times)), Image.Resampling.BICUBIC)
