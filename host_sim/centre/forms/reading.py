"""Reads a finished PDF back: its words in the order they are drawn, its container, and parts of its picture.

The only file of host_sim that imports pypdfium2. PDFium may be used by one thread at a time, so
one lock guards every call.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pypdfium2
from numpy.typing import NDArray

DOTS_PER_MM = 8
_pdfium = threading.Lock()
_BLANKS = str.maketrans("", "", " \t\r\n\f\v\x00\ufffe\ufeff\u00a0")


class NotReadable(Exception):
    """These bytes are no PDF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The content of a document. `pages`: the words of each page, without blanks and line ends (U+3000 stays)."""

    pages: tuple[str, ...] = field(repr=False)
    keywords: str = field(repr=False)
    title: str
    sizes_mm: tuple[tuple[float, float], ...]
    windows: tuple[NDArray[np.uint8], ...] = field(repr=False)  # the parts asked for, grey, 8 dots to the mm


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a page to look at, in mm from its upper left corner. `page` may count from the end."""

    page: int
    x: float
    y: float
    w: float
    h: float


def plain(words: str) -> str:
    """Words as `Paper.pages` has them."""
    return words.translate(_BLANKS)


def read(pdf: bytes, windows: Sequence[Window] = ()) -> Paper:
    """Read a document. Raises `NotReadable`."""
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError:
            raise NotReadable("the document is no PDF") from None
        try:
            pages = list(document)  # opened once, because opening a page takes as long as reading it
            return Paper(
                pages=tuple(plain(page.get_textpage().get_text_range()) for page in pages),
                keywords=document.get_metadata_value("Keywords"),
                title=document.get_metadata_value("Title"),
                sizes_mm=tuple((w * 25.4 / 72, h * 25.4 / 72) for w, h in (page.get_size() for page in pages)),
                windows=tuple(_look(pages[window.page % len(pages)], window) for window in windows),
            )
        finally:
            document.close()


def page_count(pdf: bytes) -> int:
    """How many pages a document has. Raises `NotReadable`."""
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError:
            raise NotReadable("the document is no PDF") from None
        try:
            return len(document)
        finally:
            document.close()


def pictures(pdf: bytes, pages_max: int) -> list[NDArray[np.uint8]]:
    """The first pages of any document as grey pictures, 12 dots to the mm. Raises `NotReadable`."""
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError:
            raise NotReadable("the document is no PDF") from None
        try:
            return [_whole(document[number]) for number in range(min(pages_max, len(document)))]
        finally:
            document.close()


def _whole(page: pypdfium2.PdfPage) -> NDArray[np.uint8]:
    scale = min(12 * 25.4 / 72, 6000 / max(page.get_size()))  # a page may say that it is metres long
    grey: NDArray[np.uint8] = page.render(scale=scale, grayscale=True).to_numpy()
    return grey.reshape(grey.shape[0], grey.shape[1]).copy()


def _look(page: pypdfium2.PdfPage, window: Window) -> NDArray[np.uint8]:
    width, height = page.get_size()
    pt = 72 / 25.4
    # Points to cut off at each side. PDFium rounds them up to whole dots, so a rounding error must not add a dot.
    sides = (window.x * pt, height - (window.y + window.h) * pt, width - (window.x + window.w) * pt, window.y * pt)
    crop = tuple(max(0.0, side - 0.001) for side in sides)
    picture = page.render(scale=DOTS_PER_MM * 25.4 / 72, grayscale=True, crop=crop, rev_byteorder=False)
    grey: NDArray[np.uint8] = picture.to_numpy()
    return grey.reshape(grey.shape[0], grey.shape[1]).copy()
