"""The machine's framebuffer file as a picture, and which part changed since the last look."""

import contextlib
from pathlib import Path

from PIL import Image, ImageChops

from host_sim.models.screen_glass import ScreenGlass

Box = tuple[int, int, int, int]


class Onlooker:
    """Keeps the picture of its last look, so each browser has one of its own."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self._path = path
        self._glass = ScreenGlass(*size)
        self._seen: Image.Image | None = None

    def look(self) -> Image.Image | None:
        """What the screen shows now (RGB); None while there is no whole framebuffer file."""
        return self._glass.image() if self._load() else None

    def change(self) -> tuple[Box, Image.Image] | None:
        """The box (left, top, right, bottom) that differs from the last look, and its picture; None if none differs."""
        if not self._load():
            return None
        now = self._glass.image()
        box = ImageChops.difference(now, self._seen).getbbox() if self._seen else (0, 0, *now.size)
        self._seen = now
        return None if box is None else (box, now.crop(box))

    def _load(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self._glass.load(self._path)
        return False
