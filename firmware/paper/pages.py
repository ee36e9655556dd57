"""The centre's PDF as the printer's dots, and its words for who listens. The only file of the machine that imports pypdfium2.

A page is drawn grey at the printer's own resolution, so that nothing is scaled afterwards, and centred on the print
head. The head is a little narrower than A4: outside its reach a page may be white or tinted, but ink there raises
`PageTrouble`, because a certificate must not lose a letter. Only one page at a time is in memory as grey.
"""

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from drivers.printer.escpos import sendable
from drivers.printer.profile import Profile
from drivers.printer.raster import TEXT_LEVEL, RasterPage, pack, raster_sha256
from firmware.paper.items import items
from firmware.paper.trouble import PageTrouble
from firmware.session.events import PageItem

WHITE = 255
_LARGEST_POINTS = 1300  # a little more than A3; no certificate is larger
_DEEPEST = 16  # levels of a structure; the forms have five


def render(
    document: bytes, *, request_id: str, copy: int, document_sha256: str, profile: Profile
) -> Sequence[RasterPage]:
    """Every page of a PDF as the dots that this printer is sent. Raises `PageTrouble`."""
    width_dots, page_dots = profile.width_dots, profile.page_dots
    packed = [sendable(rows, width_dots, profile) for rows in _pack_all(document, profile.dpi, width_dots, page_dots)]
    return [
        RasterPage(
            request_id=request_id,
            copy=copy,
            page=number,
            pages=len(packed),
            document_sha256=document_sha256,
            raster_sha256=raster_sha256(width_dots, page_dots, rows),
            width_dots=width_dots,
            height_dots=page_dots,
            rows=rows,
        )
        for number, rows in enumerate(packed, start=1)
    ]


def _pack_all(document: bytes, dpi: float, width_dots: int, page_dots: int) -> list[bytes]:
    try:
        pdf = pypdfium2.PdfDocument(document)
    except pypdfium2.PdfiumError:
        raise PageTrouble("the document is not a PDF that can be read") from None
    try:
        return [_pack(page, dpi, width_dots, page_dots) for page in pdf]
    except pypdfium2.PdfiumError:
        raise PageTrouble("a page of the document cannot be drawn") from None
    finally:
        pdf.close()


def _pack(page: pypdfium2.PdfPage, dpi: float, width_dots: int, page_dots: int) -> bytes:
    """One page as packed rows; its grey picture is gone when this returns."""
    width_points, height_points = page.get_size()
    if max(width_points, height_points) > _LARGEST_POINTS:  # checked before memory is taken for the picture
        raise PageTrouble(f"a page of {width_points:.0f} x {height_points:.0f} points does not fit on any paper")
    bitmap = page.render(scale=dpi / 72, grayscale=True)
    try:
        return pack(_lay_out(bitmap.to_numpy().reshape(bitmap.height, bitmap.width), width_dots, page_dots))
    finally:
        bitmap.close()
        page.close()


def _lay_out(drawn: NDArray[np.uint8], width_dots: int, page_dots: int) -> NDArray[np.uint8]:
    """The page on the head's dots: centred left to right, aligned at the top. Ink out of reach raises `PageTrouble`."""
    height, width = drawn.shape
    if width < width_dots or height < page_dots:
        wider = np.full((max(height, page_dots), max(width, width_dots)), WHITE, dtype=np.uint8)
        left = (wider.shape[1] - width) // 2
        wider[:height, left : left + width] = drawn
        drawn, (height, width) = wider, wider.shape
    left = (width - width_dots) // 2
    beyond = (drawn[:, :left], drawn[:, left + width_dots :], drawn[page_dots:])
    if any(bool((edge < TEXT_LEVEL).any()) for edge in beyond):
        raise PageTrouble(f"a page of {width} x {height} dots has ink beyond {width_dots} x {page_dots}")
    return drawn[:page_dots, left : left + width_dots]


# --- its words -------------------------------------------------------------------------------------


def read(document: bytes) -> Sequence[tuple[PageItem, ...]]:
    """What is written on each page, as the document itself tells a screen reader. A page that tells nothing has no items."""
    try:
        pdf = pypdfium2.PdfDocument(document)
    except pypdfium2.PdfiumError:
        return ()
    try:
        return [_items(page) for page in pdf]
    except pypdfium2.PdfiumError:
        return ()
    finally:
        pdf.close()


def _items(page: pypdfium2.PdfPage) -> tuple[PageItem, ...]:
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return ()
    try:
        parts: list[tuple[str, str]] = []
        texts = _texts(page)
        for number in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            _walk(pdfium.FPDF_StructTree_GetChildAtIndex(tree, number), texts, parts, _DEEPEST)
        return items(parts)
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def _walk(element: Any, texts: Mapping[int, str], parts: list[tuple[str, str]], deeper: int) -> None:
    """Add the element and what is in it. A span is a part of a line, so its text belongs to what it stands in."""
    if not element or not deeper:
        return
    kind = _string(lambda room, size: pdfium.FPDF_StructElement_GetType(element, room, size))
    if kind != "Span" or not parts:
        parts.append((kind, ""))
    marks = range(max(pdfium.FPDF_StructElement_GetMarkedContentIdCount(element), 0))
    own = "".join(texts.get(pdfium.FPDF_StructElement_GetMarkedContentIdAtIndex(element, mark), "") for mark in marks)
    parts[-1] = (parts[-1][0], parts[-1][1] + own)
    for number in range(pdfium.FPDF_StructElement_CountChildren(element)):
        _walk(pdfium.FPDF_StructElement_GetChildAtIndex(element, number), texts, parts, deeper - 1)


def _texts(page: pypdfium2.PdfPage) -> Mapping[int, str]:
    """The words of each piece of marked content, by its number."""
    layer = pdfium.FPDFText_LoadPage(page)
    found: dict[int, str] = {}
    try:
        for mark, text in _marked(page, layer):
            found[mark] = found.get(mark, "") + text
    finally:
        pdfium.FPDFText_ClosePage(layer)
    return found


def _marked(page: pypdfium2.PdfPage, layer: Any) -> Iterator[tuple[int, str]]:
    for number in range(pdfium.FPDFPage_CountObjects(page)):
        thing = pdfium.FPDFPage_GetObject(page, number)
        mark = pdfium.FPDFPageObj_GetMarkedContentID(thing)
        if mark >= 0 and pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_TEXT:
            yield mark, _text(thing, layer)


def _text(thing: Any, layer: Any) -> str:
    def get(room: Any, size: int) -> int:
        units = None if room is None else ctypes.cast(room, ctypes.POINTER(ctypes.c_ushort))
        return int(pdfium.FPDFTextObj_GetText(thing, layer, units, size))

    return _string(get)


def _string(get: Callable[[Any, int], int]) -> str:
    """A text that PDFium writes into a buffer: UTF-16 with a zero at its end."""
    size = get(None, 0)
    if size < 2:
        return ""
    room = ctypes.create_string_buffer(size)
    get(room, size)
    return room.raw[: size - 2].decode("utf-16-le", errors="replace")
