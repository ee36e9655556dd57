"""Texts that are too long for their own field stand whole in a form's annex field (統合記載欄, 備考), and the field says so.

A name or a reading is never divided between two fields. `expect.py` derives the same a second time.
"""

from host_sim.centre.forms import fitting
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.fitting import TextOverflow


class Annex:
    """`see`: what a field says whose text stands in the annex field."""

    def __init__(self, sheet: Sheet, see: str) -> None:
        self._sheet = sheet
        self._see = see
        self._continued: list[tuple[str, str]] = []

    def fitted(self, x: float, y: float, w: float, words: str, size: float, label: str) -> None:
        """As `Sheet.fitted`, for the field that is called `label`."""
        try:
            size = fitting.one_line(words, w, size, label)
        except TextOverflow:
            words = self._continue(label, words)
        self._sheet.text(x, y, words, size)

    def lines(self, x: float, y: float, w: float, h: float, words: str, size: float, label: str) -> None:
        """As `Sheet.lines`, for the field that is called `label`."""
        try:
            self._sheet.lines(x, y, w, h, words, size, label)
        except TextOverflow:
            self._sheet.lines(x, y, w, h, self._continue(label, words), size, label)

    def words(self, own: str, empty: str) -> str:
        """What the annex field says: its own words, or `empty`, and each text that did not fit with its label."""
        further = [f"{label}　{words}" for label, words in self._continued]
        return "　".join(further if further and own == empty else [own, *further])

    def _continue(self, label: str, words: str) -> str:
        self._continued.append((label, words))
        return self._see
