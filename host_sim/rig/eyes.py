"""A person in front of a glass: reads the digits of a test picture from the pixels of the glass's model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drivers.screen.framebuffer import FramebufferScreen
from firmware.screens import draw, render
from firmware.session.scenes import Scene, StaffPicture
from host_sim.models.screen_glass import ScreenGlass

Pixels = NDArray[np.int16]
FAINT = 24  # steps of a colour, of 255, that a person still sees


def _whole(pixels: Pixels) -> Pixels:
    return pixels


class Eyes:
    """One glass behind the real screen driver, and somebody who looks at it.

    `fault`: what is wrong between the framebuffer and the person, as a function of the picture.
    """

    def __init__(self, fault: Callable[[Pixels], Pixels] = _whole) -> None:
        self.glass = ScreenGlass()
        self._screen = FramebufferScreen(self.glass)
        self._fault = fault
        self._scene: Scene | None = None

    def show(self, scene: Scene) -> None:
        self._scene = scene
        self._screen.show(render(scene))

    def number(self) -> str:
        """The digits as they are seen; `?` for one that cannot be read. "" without a test picture."""
        scene = self._scene
        if not isinstance(scene, StaffPicture):
            return ""
        seen = self._fault(_pixels(self.glass.image()))
        kinds = [replace(scene, number=digit * 4) for digit in "0123456789"]
        pictures = [_pixels(render(kind)) for kind in kinds]
        rooms = [note.box for note in draw(kinds[8]).placed if note.text == "8"]
        return "".join(_digit(seen, pictures, room) for room in rooms)


def _pixels(image: object) -> Pixels:
    return np.asarray(image).astype(np.int16)


def _digit(seen: Pixels, pictures: list[Pixels], room: tuple[int, int, int, int]) -> str:
    left, top, right, bottom = room
    cut = (slice(max(0, top), bottom), slice(max(0, left), right))
    here = seen[cut]
    if np.ptp(here.reshape(-1, 3), axis=0).max() < FAINT:  # nothing stands out from its ground
        return "?"
    unlike = [int(np.abs(picture[cut] - here).sum()) for picture in pictures]
    return str(int(np.argmin(unlike)))
