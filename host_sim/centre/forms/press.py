"""Sets pages as PDF/A-2b; the same pages give the same bytes.

A typst compiler may be used by one thread at a time, and loading the font costs 50 ms; so the fonts are loaded once
for the process and each thread keeps a compiler of its own over them. Nothing is written to disk.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import typst

from host_sim.centre.forms import canvas, font, ivs
from host_sim.centre.forms.canvas import Sheet

_HERE = Path(__file__).parent
_mine = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """The metadata in the document's container."""

    title: str
    author: str
    keywords: tuple[str, ...]
    made_on: date


def press(sheets: Sequence[Sheet], imprint: Imprint, *, ground: bool = True) -> bytes:
    """Set the sheets. `ground`: on the pattern that a copier shows, as a certificate is; a letter is on plain paper.

    Raises `GlyphMissing` before anything is set when the font lacks a character."""
    ivs.require(item[-1] for sheet in sheets for item in sheet.words)
    job = {
        "title": imprint.title,
        "author": imprint.author,
        "keywords": imprint.keywords,
        "date": [imprint.made_on.year, imprint.made_on.month, imprint.made_on.day],
        "width": canvas.WIDTH_MM,
        "height": canvas.HEIGHT_MM,
        "font": font.FAMILY,
        "ground": ground,
        "pages": [{"picture": sheet.picture(), "words": sheet.words} for sheet in sheets],
    }
    pdf = _compiler().compile(
        format="pdf",
        sys_inputs={"job": json.dumps(job, ensure_ascii=False)},
        pdf_standards="a-2b",
        pdf_tags=False,
        timestamp=0,
    )
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font.folder())])


def _compiler() -> Any:
    compiler = getattr(_mine, "compiler", None)
    if compiler is None:
        compiler = typst.Compiler(str(_HERE / "plot.typ"), root=str(_HERE), font_paths=_fonts())
        _mine.compiler = compiler
    return compiler
