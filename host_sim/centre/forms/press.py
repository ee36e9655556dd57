"""Sets pages as PDF/A-2a and PDF/UA-1; the same pages give the same bytes.

Level a (ISO 19005-2, 5.2) asks for the tags that a screen reader needs, and for a Unicode text of every glyph. A letter
of the private use area (MJ+) has none, so a paper that bears one is PDF/A-2b, tagged all the same. Part 2 and not 3,
because nothing is attached.

A typst compiler may be used by one thread at a time, and loading the font costs 50 ms; so the fonts are loaded once
for the process and each thread keeps a compiler of its own over them. Nothing is written to disk.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

import typst

from host_sim.centre.forms import canvas, font, ivs, structure
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.letters import NOTHING, Additional

_HERE = Path(__file__).parent
# Whether on the ground, whether a sample -> the picture under the sheet (ground.py).
_GROUNDS = {
    (True, False): "ground.png",
    (True, True): "ground_sample.png",
    (False, True): "sample.png",
    (False, False): None,
}
_TAGGED, _PRIVATE = ("a-2a", "ua-1"), ("a-2b",)
_mine = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """The metadata in the document's container."""

    title: str
    author: str
    keywords: tuple[str, ...]
    made_on: date


def press(
    sheets: Sequence[Sheet],
    imprint: Imprint,
    *,
    ground: bool = True,
    sample: bool = False,
    additional: Additional = NOTHING,
) -> bytes:
    """Set the sheets. `ground`: on the pattern that a copier shows, as a certificate is; a letter is on plain paper.
    `sample`: 見本 across every sheet (form rule 12).

    Raises `GlyphMissing` before anything is set when the font lacks a character."""
    ivs.require(
        (item[-1] for sheet in sheets for item in sheet.words), {each.printed for each in additional.letters.values()}
    )
    job = {
        "title": imprint.title,
        "author": imprint.author,
        "keywords": imprint.keywords,
        "date": [imprint.made_on.year, imprint.made_on.month, imprint.made_on.day],
        "width": canvas.WIDTH_MM,
        "height": canvas.HEIGHT_MM,
        "font": font.FAMILY,
        "additional": additional.family,
        "ground": _GROUNDS[ground, sample],
        "pages": [
            {"picture": sheet.picture(), "blocks": structure.blocks(sheet.words, sheet.parts)} for sheet in sheets
        ],
    }
    private = bool(additional.letters) and any(
        category(letter) == "Co" for sheet in sheets for item in sheet.words for letter in item[-1]
    )
    # As a text of its own, and not by `sys.inputs`: then typst remembers how it set the words that many papers share.
    text = f'#import "plot.typ": paper\n#paper(json(bytes({_quoted(_as_json(job))})))'
    return _pdf(_compiler(_HERE / "plot.typ", additional.folder), _PRIVATE if private else _TAGGED, input=text.encode())


def compiled(template: Path, job: Mapping[str, Any], fonts_beside: Path | None = None) -> bytes:
    """A typst file set as PDF; it reads `job` as JSON from `sys.inputs.job`, and has the font `font.FAMILY`,
    and those of a folder beside it."""
    return _pdf(_compiler(template, fonts_beside), _TAGGED, sys_inputs={"job": _as_json(job)})


def _pdf(compiler: Any, standards: Sequence[str], **told: Any) -> bytes:
    pdf = compiler.compile(format="pdf", pdf_standards=list(standards), timestamp=0, **told)
    assert isinstance(pdf, bytes)
    return pdf


def _as_json(job: Mapping[str, Any]) -> str:
    return json.dumps(job, ensure_ascii=False)


def _quoted(text: str) -> str:
    """A text as a string of typst, which knows these two escapes among others and takes every other letter as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@cache
def _fonts(beside: Path | None) -> Any:
    folders = [str(folder) for folder in (font.folder(), beside) if folder is not None]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _compiler(template: Path, beside: Path | None) -> Any:
    mine: dict[tuple[Path, Path | None], Any] = _mine.__dict__.setdefault("compilers", {})
    if (template, beside) not in mine:
        mine[template, beside] = typst.Compiler(str(template), root=str(template.parent), font_paths=_fonts(beside))
    return mine[template, beside]
