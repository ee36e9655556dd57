"""Tells the system that the machine serves well: a file, which a unit of the image waits for (hardware/image)."""

import contextlib
from pathlib import Path

from firmware.update.updates import WELL_S

FILE = "served-well"


class ServedWell:
    """Makes the file once the machine has served for `WELL_S` without a reason. `folder`: `manager.service_folder()`; None: never."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._well_since_s: float | None = None

    def note(self, *, well: bool, now_s: float) -> None:
        """Called about once a second. `now_s`: monotonic seconds."""
        if not well or self._folder is None:
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = now_s
        elif now_s - self._well_since_s >= WELL_S:
            with contextlib.suppress(OSError):  # tried again after another `WELL_S`
                (self._folder / FILE).touch()
            self._well_since_s = now_s
