"""Short pages whose dots encode the document's SHA-256, so that the checker can tell which document is on a sheet.

Real pages (`firmware/paper/pages.py`) have tests and a bench of their own.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from drivers.printer.raster import RasterPage, RasterSlip, pack, raster_sha256
from firmware.desks import PrintLines, PrintZReport
from firmware.session.effects import PrintClaimSlip, PrintReceipt
from firmware.session.events import PageItem
from host_sim.models.printer.paper import Dots

SLIP_DOTS = 384  # fits the narrowest receipt printer
# Fits the narrowest printer; too long to arrive in one slice of the line, and longer than any printer's shortest cut.
WIDTH_DOTS, HEIGHT_DOTS = 576, 256
_CELL_DOTS, _CODE_ROWS, _RULE_ROWS = 2, 72, 2  # width and height of a bit, height of the rule
_RULE_DOTS = 260 * _CELL_DOTS  # wider than any code


@lru_cache(maxsize=64)
def draw_pages(document: bytes, document_sha256: str, request_id: str, copy: int) -> Sequence[RasterPage]:
    digest = hashlib.sha256(document).digest()  # of the bytes that came, promised or not
    bits = f"{int.from_bytes(digest, 'big'):0256b}".replace("0", "00").replace("1", "11")
    code = int(bits, 2).to_bytes(len(bits) // 8, "big")
    rule = b"\xff" * (_RULE_DOTS // 8)  # above the code, to find where it begins: its first rows may be white
    drawn = [b""] * 12 + [rule] * _RULE_ROWS + [code] * _CODE_ROWS
    rows = b"".join(row.ljust(WIDTH_DOTS // 8, b"\0") for row in drawn).ljust(HEIGHT_DOTS * WIDTH_DOTS // 8, b"\0")
    told = document.rsplit(b" on ", 1)[-1]
    pages = int(told) if told.isdigit() else 1
    return tuple(
        RasterPage(
            request_id=request_id,
            copy=copy,
            page=page,
            pages=pages,
            document_sha256=document_sha256,
            raster_sha256=raster_sha256(WIDTH_DOTS, HEIGHT_DOTS, rows),
            width_dots=WIDTH_DOTS,
            height_dots=HEIGHT_DOTS,
            rows=rows,
        )
        for page in range(1, pages + 1)
    )


def read_pages(document: bytes) -> Sequence[tuple[PageItem, ...]]:
    """Of each page ten items with a number each: more than are said at a time."""
    told = document.rsplit(b" on ", 1)[-1]
    item = PageItem(0, "個人番号", str(int(hashlib.sha256(document).hexdigest()[:9], 16)).zfill(12)[-12:])
    return [(item,) * 10] * (int(told) if told.isdigit() else 1)


def codes_in(dots: Dots) -> dict[str, bool]:
    """SHA-256 (hex) of every document whose code begins on this paper, and whether it is whole and not voided.

    The bar that voids a sheet is black for longer than the rule above a code.
    """
    rule = np.pad(np.all(dots[:, :_RULE_DOTS], axis=1), 1).astype(np.int8)
    edges = np.diff(rule)
    runs = list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True))
    voided = any(ends - begins > _RULE_ROWS for begins, ends in runs)
    found = {}
    for begins, ends in runs:
        if ends - begins == _RULE_ROWS and ends < len(dots):
            rows = dots[ends : ends + _CODE_ROWS, : 256 * _CELL_DOTS : _CELL_DOTS]
            whole = not voided and len(rows) == _CODE_ROWS and bool((rows == rows[0]).all())
            found[np.packbits(rows[0]).tobytes().hex()] = whole
    return found


@lru_cache(maxsize=2)
def _slip(ink_dots: int) -> RasterSlip:
    grey = np.full((24, SLIP_DOTS), 255, dtype=np.uint8)
    grey[4:20, 8 : 8 + ink_dots] = 0
    return RasterSlip(width_dots=SLIP_DOTS, height_dots=24, rows=pack(grey))


def draw_slip(effect: PrintReceipt | PrintClaimSlip | PrintLines | PrintZReport) -> RasterSlip:
    """A short bar for a receipt, a longer one for a claim slip."""
    return _slip(32 if isinstance(effect, PrintReceipt) else 72)
