"""A slip in the printer's own letters, for a printer with a kanji ROM. The only file that imports python-escpos.

python-escpos knows alignment, weight and sizes. It does not know FS C 1, which switches the printer to Shift_JIS, and
its own text encoder (version 3.1, code table CP932) turns every kanji into a question mark. So this file encodes the
letters and passes the bytes on raw. `slips.py` imports this file only when it needs it: the import takes half a
second and leaves a temporary folder behind.

Such printers know JIS X 0208 only. A letter outside it raises `UnknownLetter`, and `slips.py` draws the slip instead.
"""

from collections.abc import Sequence

from escpos.printer import Dummy

from firmware.paper.slips import half_widths
from firmware.screens.lines import before_number

_SHIFT_JIS = b"\x1cC\x01"  # FS C 1
_GAP = b"\x1bJ\x10"  # ESC J: about a millimetre
_SCALE = {"small": (1, 1), "normal": (1, 1), "large": (2, 2), "huge": (3, 3)}


class UnknownLetter(Exception):
    """A letter that the printer's ROM does not have."""


class LetteredSlip:
    """A `slips.Slip` in the printer's letters. `columns`: half-width letters in a row. Raises `UnknownLetter`."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._printer = Dummy()
        self._raw(_SHIFT_JIS)

    def centre(self, text: str, size: str, *, bold: bool = False) -> None:
        self._write(_wrapped(text, self._columns // _SCALE[size][0]), size, bold, align="center")

    def left(self, text: str, size: str, *, bold: bool = False) -> None:
        self._write(_wrapped(text, self._columns // _SCALE[size][0]), size, bold)

    def pair(self, left: str, right: str, size: str, *, bold: bool = False) -> None:
        columns = self._columns // _SCALE[size][0]
        gap = columns - half_widths(left) - half_widths(right)
        if gap >= 1:
            self._write([left + " " * gap + right], size, bold)
        else:
            self._write(_wrapped(left, columns), size, bold)
            # Blanks, because the printer aligns to its head's edge, which is not that of its last column.
            self._write([" " * (columns - half_widths(line)) + line for line in _wrapped(right, columns)], size, bold)

    def row(self, text: str) -> None:
        self.left(text, "small")

    def cells(self, cells: Sequence[tuple[str, int]]) -> None:
        (first, width), *others = cells
        spare = self._columns - sum(abs(width) for _, width in cells)
        wider = [(first, width + spare if width > 0 else width - spare), *others]
        self.row("".join(_padded(text, width) for text, width in wider).rstrip())

    def rule(self, *, heavy: bool = False) -> None:
        self._write(["=" * self._columns if heavy else "-" * self._columns], "normal", bold=False)

    def space(self) -> None:
        self._raw(_GAP)

    def finish(self) -> bytes:
        """The commands, with a margin below the last line. The driver adds the cut."""
        self._raw(_GAP * 3)
        return bytes(self._printer.output)

    def _write(self, lines: list[str], size: str, bold: bool, align: str = "left") -> None:
        width, height = _SCALE[size]
        self._printer.set(align=align, bold=bold, custom_size=True, width=width, height=height)
        for line in lines:
            try:
                self._raw(line.encode("shift_jis") + b"\n")
            except UnicodeEncodeError as error:
                raise UnknownLetter(f"U+{ord(line[error.start]):04X} is not in JIS X 0208") from None
        if height > 1:  # taller than the printer's line spacing, so that the next line would touch it
            self._raw(_GAP)

    def _raw(self, data: bytes) -> None:
        # python-escpos has no public method for bytes
        self._printer._raw(data)  # noqa: SLF001


def _padded(text: str, width: int) -> str:
    blanks = " " * (abs(width) - half_widths(text))
    return blanks + text if width > 0 else text + blanks


def _wrapped(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for letter in text:
        if half_widths(line + letter) > columns:
            space = line.rfind(" ", len(line) // 2)
            end = before_number(line + letter, len(line))
            line, rest = (line[:space], line[space + 1 :]) if space > 0 else (line[:end], line[end:])
            lines.append(line)
            line = rest
        line += letter
    return [*lines, line]
