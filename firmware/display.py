"""The screen as the loop uses it: a screen that is missing or fails ends nothing, and is tried again.

A machine that nobody can read serves nobody (reason `screen`); console, centre and a session under way go on without it.
"""

from collections.abc import Callable

from drivers.errors import DeviceError
from drivers.ports import Clock
from firmware.session.scenes import Scene

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 16.0


class Display:
    """One glass; a counter terminal has two.

    `draw` puts a scene on the screen or raises `DeviceError`. Pauses between tries double up to `LONGEST_PAUSE_S`."""

    def __init__(self, draw: Callable[[Scene], None], clock: Clock) -> None:
        self._draw = draw
        self._clock = clock
        self._scene: Scene | None = None
        self._pause_s = FIRST_PAUSE_S
        self._try_at_s = 0.0
        self.trouble: str | None = None  # why the screen cannot be used, as a sentence; None: it shows the last scene

    def show(self, scene: Scene) -> None:
        self._scene = scene
        if self.trouble is None:
            self._try()

    def look(self) -> None:
        """Try a screen that failed again, if its pause is over. The loop calls this once a second."""
        if self.trouble is not None and self._clock.monotonic() >= self._try_at_s:
            self._try()

    def _try(self) -> None:
        if self._scene is None:
            return
        try:
            self._draw(self._scene)
        except DeviceError as error:
            self.trouble = error.sentence
            self._try_at_s = self._clock.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        else:
            self.trouble, self._pause_s = None, FIRST_PAUSE_S
