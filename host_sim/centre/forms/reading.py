"""Reads a finished PDF back: its words in the order they are drawn and where they stand, its rules, its container, and
parts of its picture.

The only file of host_sim that imports pypdfium2. PDFium may be used by one thread at a time, so
one lock guards every call.
"""

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from host_sim.centre.forms import ivs

DOTS_PER_MM = 8
_pdfium = threading.Lock()
_BLANKS = str.maketrans("", "", " \t\r\n\f\v\x00\ufffe\ufeff\u00a0")
PT_MM = 25.4 / 72
RULE_MM = 0.6  # no rule of a form is thicker


class NotReadable(Exception):
    """These bytes are no PDF."""


Box = tuple[float, float, float, float]  # left, top, right, bottom, mm from the upper left corner of the page


@dataclass(frozen=True, slots=True)
class Run:
    """Words that one act has drawn. `seen`: in black, not cut by a clip, and with nothing drawn over them."""

    words: str = field(repr=False)
    box: Box
    seen: bool


@dataclass(frozen=True, slots=True)
class Page:
    """`runs` in the order in which they are drawn. `rules`: the black lines of the form, each as its rectangle.
    `pictures`: where pictures of dots stand."""

    runs: tuple[Run, ...]
    rules: tuple[Box, ...] = field(repr=False)
    pictures: tuple[Box, ...] = field(repr=False)

    @property
    def words(self) -> str:
        """Without blanks and line ends (U+3000 stays)."""
        return "".join(run.words for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The content of a document. `pages`: the words of each page, as `Page.words`; `laid`: where they stand."""

    pages: tuple[str, ...] = field(repr=False)
    laid: tuple[Page, ...] = field(repr=False)
    keywords: str = field(repr=False)
    title: str
    sizes_mm: tuple[tuple[float, float], ...]
    windows: tuple[NDArray[np.uint8], ...] = field(repr=False)  # the parts asked for, grey, 8 dots to the mm


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a page to look at, in mm from its upper left corner. `page` may count from the end; None: every page.

    `margin`: look only at the pictures of dots in it, and so much around them; at a corner of it where there is none.
    """

    page: int | None
    x: float
    y: float
    w: float
    h: float
    margin: float | None = None


def plain(words: str) -> str:
    """Words as `Paper.pages` has them; a text of blanks alone is nothing."""
    return ivs.told(words.translate(_BLANKS)) if words.strip() else ""


@contextmanager
def _opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """A document under the lock. Raises `NotReadable`, also when PDFium cannot read a page of it."""
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(pdf)
            try:
                yield document
            finally:
                document.close()
        except pypdfium2.PdfiumError:
            raise NotReadable("the document is no PDF") from None


def read(pdf: bytes, windows: Sequence[Window] = ()) -> Paper:
    """Read a document. Raises `NotReadable`."""
    with _opened(pdf) as document:
        pages = list(document)  # opened once, because opening a page takes as long as reading it
        laid = tuple(_laid(page) for page in pages)
        return Paper(
            pages=tuple(page.words for page in laid),
            laid=laid,
            keywords=document.get_metadata_value("Keywords"),
            title=document.get_metadata_value("Title"),
            sizes_mm=tuple((w * PT_MM, h * PT_MM) for w, h in (page.get_size() for page in pages)),
            windows=tuple(
                _look(pages[number], _narrowed(window, laid[number]))
                for window in windows
                for number in (range(len(pages)) if window.page is None else [window.page])
            ),
        )


def page_count(pdf: bytes) -> int:
    """How many pages a document has. Raises `NotReadable`."""
    with _opened(pdf) as document:
        return len(document)


def pictures(pdf: bytes, pages_max: int) -> list[NDArray[np.uint8]]:
    """The first pages of any document as grey pictures, 12 dots to the mm. Raises `NotReadable`."""
    with _opened(pdf) as document:
        return [_whole(document[number]) for number in range(min(pages_max, len(document)))]


def _whole(page: pypdfium2.PdfPage) -> NDArray[np.uint8]:
    scale = min(12 * 25.4 / 72, 6000 / max(page.get_size()))  # a page may say that it is metres long
    grey: NDArray[np.uint8] = page.render(scale=scale, grayscale=True).to_numpy()
    return grey.reshape(grey.shape[0], grey.shape[1]).copy()


def _narrowed(window: Window, page: Page) -> Window:
    """Drawing the ground of a whole window takes longer than everything else that a reader does."""
    if window.margin is None:
        return window
    x, y, right, bottom = window.x, window.y, window.x + window.w, window.y + window.h
    inside = [box for box in page.pictures if box[0] < right and box[2] > x and box[1] < bottom and box[3] > y]
    if not inside:
        return Window(window.page, x, y, 1.0, 1.0)
    x, y = (max(edge, min(box[k] for box in inside) - window.margin) for k, edge in ((0, x), (1, y)))
    right, bottom = (min(edge, max(box[k] for box in inside) + window.margin) for k, edge in ((2, right), (3, bottom)))
    return Window(window.page, x, y, right - x, bottom - y)


def _look(page: pypdfium2.PdfPage, window: Window) -> NDArray[np.uint8]:
    width, height = page.get_size()
    pt = 72 / 25.4
    # Points to cut off at each side. PDFium rounds them up to whole dots, so a rounding error must not add a dot.
    sides = (window.x * pt, height - (window.y + window.h) * pt, width - (window.x + window.w) * pt, window.y * pt)
    crop = tuple(max(0.0, side - 0.001) for side in sides)
    picture = page.render(scale=DOTS_PER_MM * 25.4 / 72, grayscale=True, crop=crop, rev_byteorder=False)
    grey: NDArray[np.uint8] = picture.to_numpy()
    return grey.reshape(grey.shape[0], grey.shape[1]).copy()


# --- where everything stands ----------------------------------------------------------------------------


def _held(function: Any) -> Any:
    """The same function of PDFium, called without letting go of the interpreter. A page is some thousand calls of less than
    a microsecond, and after each another thread would have to hand the interpreter back."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return ctypes.PYFUNCTYPE(function.restype, *function.argtypes)(address)


_count_objects = _held(pdfium.FPDFPage_CountObjects)
_object = _held(pdfium.FPDFPage_GetObject)
_kind = _held(pdfium.FPDFPageObj_GetType)
_get_bounds = _held(pdfium.FPDFPageObj_GetBounds)
_get_fill = _held(pdfium.FPDFPageObj_GetFillColor)
_get_matrix = _held(pdfium.FPDFPageObj_GetMatrix)
_clip_path = _held(pdfium.FPDFPageObj_GetClipPath)
_count_clips = _held(pdfium.FPDFClipPath_CountPaths)
_get_text = _held(pdfium.FPDFTextObj_GetText)
_render_mode = _held(pdfium.FPDFTextObj_GetTextRenderMode)
_count_segments = _held(pdfium.FPDFPath_CountSegments)
_segment = _held(pdfium.FPDFPath_GetPathSegment)
_segment_kind = _held(pdfium.FPDFPathSegment_GetType)
_get_point = _held(pdfium.FPDFPathSegment_GetPoint)


class _Scratch:
    """Memory for PDFium's answers, used again and again under the lock: a page is some thousand questions."""

    def __init__(self) -> None:
        self.numbers = tuple(ctypes.c_float() for _ in range(4))
        self.colours = tuple(ctypes.c_uint() for _ in range(4))
        self.x, self.y = ctypes.c_float(), ctypes.c_float()
        self.matrix = pdfium.FS_MATRIX()
        self.letters = (ctypes.c_ushort * 1024)()


_scratch = _Scratch()


def _laid(page: pypdfium2.PdfPage) -> Page:
    """The words and rules of a page; everything on it stands beside each other, nothing is nested."""
    text, height = page.get_textpage(), page.get_height()
    runs: list[Run] = []
    rules: list[Box] = []
    pictures: list[Box] = []
    covered = 0
    for number in range(_count_objects(page)):
        thing = _object(page, number)
        kind = _kind(thing)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            runs.append(_run(thing, text, height))
            continue
        covered = len(runs)
        if kind == pdfium.FPDF_PAGEOBJ_PATH and _black(thing):
            rules += _rules(thing, height)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            pictures.append(_bounds(thing, height))
    text.close()
    runs[:covered] = [replace(run, seen=False) for run in runs[:covered]]
    return Page(tuple(runs), tuple(rules), tuple(pictures))


def _run(thing: Any, text: pypdfium2.PdfTextPage, height: float) -> Run:
    buffer = _scratch.letters
    size = _get_text(thing, text, buffer, 2 * len(buffer))
    if size > 2 * len(buffer):
        buffer = (ctypes.c_ushort * (size // 2))()
        _get_text(thing, text, buffer, size)
    words = bytes(memoryview(buffer).cast("B")[:size]).decode("utf-16-le", "replace")
    box = _bounds(thing, height)
    if size <= 2 and box[0] == box[2]:
        words = "\u3000"  # PDFium tells nothing of a blank that is drawn alone
    # PDFium takes a hyphen at the end of a line for one that only divides a word, and tells it as a control character.
    words = ivs.told(words.replace("\x02", "-").translate(_BLANKS))
    seen = (
        _render_mode(thing) == pdfium.FPDF_TEXTRENDERMODE_FILL
        and _black(thing)
        and _count_clips(_clip_path(thing)) <= 0
    )
    return Run(words, box, seen)


def _bounds(thing: Any, height: float) -> Box:
    left, low, right, high = _scratch.numbers
    _get_bounds(thing, left, low, right, high)
    return left.value * PT_MM, (height - high.value) * PT_MM, right.value * PT_MM, (height - low.value) * PT_MM


def _black(thing: Any) -> bool:
    _get_fill(thing, *_scratch.colours)
    return [part.value for part in _scratch.colours] == [0, 0, 0, 255]


def _rules(path: Any, height: float) -> Iterator[Box]:
    """The thin upright rectangles among the parts of a path; none when it has a curve."""
    matrix, x, y = _scratch.matrix, _scratch.x, _scratch.y
    _get_matrix(path, matrix)
    wide, right, high, up = matrix.a * PT_MM, matrix.e * PT_MM, matrix.d * PT_MM, (height - matrix.f) * PT_MM
    parts: list[list[tuple[float, float]]] = []
    for number in range(_count_segments(path)):
        segment = _segment(path, number)
        kind = _segment_kind(segment)
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            return
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            parts.append([])
        _get_point(segment, x, y)
        parts[-1].append((wide * x.value + right, up - high * y.value))
    for points in parts:
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        if len(points) >= 4 and min(max(xs) - min(xs), max(ys) - min(ys)) <= RULE_MM:
            yield min(xs), min(ys), max(xs), max(ys)
