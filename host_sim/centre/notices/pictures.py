"""A notice's picture as PNG: a small one that travels in a machine's site table, a large one for paper and desk.

A source is a word of `drawings.py`, "birth_flower:" and a flower's word, or the path of the city's own picture; empty: none. A file
that has gone since the city's file was applied gives no picture, and the notice stays: words are never lost by it.
"""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from host_sim.centre.notices import birth_flowers, drawings, flowers

MACHINE_PX, LARGE_PX = 88, 480
MACHINE_BYTES_MAX = 4096  # as the site table allows (drivers/line/README.md)
FILE_BYTES_MAX, FILE_PX_MAX = 4_000_000, 6000
FLOWER = "birth_flower:"


class PictureUnusable(Exception):
    """A picture of the city's file cannot be shown; the message is one sentence without its end."""


def usable(source: str) -> None:
    """Raises `PictureUnusable`."""
    if source.startswith("/"):
        _opened(Path(source))


def small(source: str) -> bytes:
    """At most `MACHINE_PX` each way and `MACHINE_BYTES_MAX` bytes; empty when the city's file is gone."""
    return _made(source, _written_at(source), MACHINE_PX)


def large(source: str) -> bytes:
    return _made(source, _written_at(source), LARGE_PX)


def _written_at(source: str) -> int:
    """So that a picture that was exchanged is seen; 0 for what is drawn, and for a file that is gone."""
    try:
        return Path(source).stat().st_mtime_ns if source.startswith("/") else 0
    except OSError:
        return 0


@lru_cache(maxsize=500)
def _made(source: str, _written: int, size: int) -> bytes:
    if not source:
        return b""
    try:
        picture = _drawn(source, size)
    except PictureUnusable:
        return b""
    if size == LARGE_PX:
        return _png(picture)
    for colours in (32, 16, 8, 4):
        if len(png := _png(picture.quantize(colours, Image.Quantize.FASTOCTREE))) <= MACHINE_BYTES_MAX:
            return png
    return b""


def _drawn(source: str, size: int) -> Image.Image:
    if source.startswith(FLOWER):
        return flowers.drawn(birth_flowers.named(source.removeprefix(FLOWER)).flower, size)
    if not source.startswith("/"):
        return drawings.drawn(source, size)
    picture = _opened(Path(source)).convert("RGBA")
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    return picture


def _opened(path: Path) -> Image.Image:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise PictureUnusable(f"{path} has more than {FILE_BYTES_MAX:,} bytes; save it smaller")
        picture = Image.open(path, formats=("PNG", "JPEG"))
        if max(picture.size) > FILE_PX_MAX:
            raise PictureUnusable(f"{path} is more than {FILE_PX_MAX:,} pixels wide or high; save it smaller")
        picture.load()
    except UnidentifiedImageError:
        raise PictureUnusable(f"{path} is neither PNG nor JPEG") from None
    except (OSError, Image.DecompressionBombError, ValueError, SyntaxError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) and trouble.strerror else "it is damaged"
        raise PictureUnusable(f"{path} cannot be read: {why}") from None
    return picture


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
