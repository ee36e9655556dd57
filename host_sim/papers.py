"""The paper side of a world: both printers, the sheets in their mouths and the sheets taken."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from host_sim.adapters.pty import PtyLine
from host_sim.models.printer import Sheet
from host_sim.models.printers import printer_in
from host_sim.models.zoo import Kind
from host_sim.unit_file import UnitFile

_LINES = {"certificate": "printer", "receipt": "receipt"}
_KEPT = ("cuts", "rows", "retracts", "power_ups")


class PaperSide:
    """Certificate and receipt printer. The world sets their lines before it starts the machine."""

    lines: Mapping[str, PtyLine]

    def __init__(self, unit: UnitFile, run: Path) -> None:
        self.certificate = printer_in(unit.room, Kind.PRINTER, unit.text("printer", "profile"))
        self.receipt = printer_in(unit.room, Kind.RECEIPT_PRINTER, unit.text("receipt_printer", "profile"))
        self._printers = {"certificate": self.certificate, "receipt": self.receipt}
        self._given = {"certificate": 0, "receipt": 0}  # how many of `delivered` have been picked up
        self._numbered: list[Sheet] = []
        self._memory = run / "printers.json"
        self._recall()

    def take(self, printer: str) -> list[Image.Image]:
        """Take every sheet in the mouth of this printer; returns them as pictures."""
        model = self._printers[printer]
        with self.lines[_LINES[printer]].lock:
            model.take_paper(time.monotonic())
            sheets = model.delivered[self._given[printer] :]
            self._given[printer] = len(model.delivered)
        return [sheet.image() for sheet in sheets]

    def picture(self, number: int) -> Image.Image | None:
        """The sheet of that number, one pixel a dot; None when it is no longer in a mouth."""
        for _, sheet in self._lying():
            if self._number(sheet) == number:
                return sheet.image()
        return None

    def status(self) -> list[dict[str, Any]]:
        return [
            {"id": self._number(sheet), "printer": name, "width": sheet.width_dots, "height": sheet.height_dots}
            for name, sheet in self._lying()
        ]

    def complaints(self) -> list[str]:
        """What the printers found wrong with the bytes they were sent, and sheets that did not come out whole."""
        found = []
        for name, model in self._printers.items():
            with self.lines[_LINES[name]].lock:
                found += [f"{name}: {sentence}" for sentence in model.complaints]
                spoiled = [sheet for sheet in (*model.delivered, *model.tray) if not sheet.complete]
                found += [f"{name}: {', '.join(sheet.mishaps)}" for sheet in spoiled]
        return found

    def _lying(self) -> list[tuple[str, Sheet]]:
        found: list[tuple[str, Sheet]] = []
        for name, model in self._printers.items():
            with self.lines[_LINES[name]].lock:
                found += [(name, sheet) for sheet in (*model.delivered[self._given[name] :], *model.tray)]
        return found

    def _number(self, sheet: Sheet) -> int:
        """A number for this sheet, the same as long as it exists. Two sheets with equal dots have different numbers."""
        for number, known in enumerate(self._numbered, start=1):
            if known is sheet:
                return number
        self._numbered.append(sheet)
        return len(self._numbered)

    # --- state kept in files --------------------------------------------------------------------

    def remember(self) -> None:
        kept = {
            name: {counter: getattr(model.counters, counter) for counter in _KEPT}
            for name, model in self._printers.items()
        }
        self._memory.write_text(json.dumps(kept), encoding="utf-8")

    def _recall(self) -> None:
        if not self._memory.exists():
            return
        for name, counters in json.loads(self._memory.read_text(encoding="utf-8")).items():
            for counter, value in counters.items():
                setattr(self._printers[name].counters, counter, value)
