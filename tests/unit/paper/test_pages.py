"""The PDF as dots: equal to an independent renderer's, nothing clipped, no line broken, the same each time."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from drivers.printer.profile import load_profile
from drivers.printer.raster import TEXT_LEVEL, RasterPage, has_real_time
from firmware.paper.pages import render
from firmware.paper.trouble import PageTrouble
from tests.unit.paper.pdf import certificate, compiled


def _render(pdf: bytes, profile: str = "a4-203") -> Sequence[RasterPage]:
    return render(pdf, request_id="r", copy=1, document_sha256="d", profile=load_profile(profile))


def _dots(page: RasterPage) -> NDArray[np.bool_]:
    packed = np.frombuffer(page.rows, np.uint8).reshape(page.height_dots, -1)
    return np.unpackbits(packed, axis=1)[:, : page.width_dots].astype(np.bool_)


def _grown(dots: NDArray[np.bool_], by: int = 1) -> NDArray[np.bool_]:
    grown = dots.copy()
    for _ in range(by):
        wide = grown.copy()
        wide[:, 1:] |= grown[:, :-1]
        wide[:, :-1] |= grown[:, 1:]
        wide[1:] |= grown[:-1]
        wide[:-1] |= grown[1:]
        grown = wide
    return grown


@pytest.mark.parametrize("profile", ["a4-203", "a4-300", "kpm216h"])
def test_poppler_draws_the_same_page(profile: str, tmp_path: Path) -> None:
    """Poppler's ink lies near ours, and our ink that is not tint lies near poppler's."""
    make = load_profile(profile)
    (tmp_path / "page.pdf").write_bytes(certificate())
    command = ["pdftoppm", "-r", str(make.dpi), "-gray", "-singlefile", tmp_path / "page.pdf", tmp_path / "page"]
    subprocess.run(command, check=True)
    theirs = np.asarray(Image.open(tmp_path / "page.pgm"))
    left = (theirs.shape[1] - make.width_dots) // 2
    theirs = theirs[: make.page_dots, left : left + make.width_dots]
    ours = _dots(_render(certificate(), profile)[0])[: theirs.shape[0]]
    solid = theirs < 90  # the middle of every stroke
    assert solid.sum() > 20_000
    assert (_grown(ours, 2) & solid).sum() / solid.sum() > 0.9995  # hinting moves a stroke by a dot
    not_white = _grown(theirs < 254, 2)
    assert (ours & ~not_white).sum() / ours.sum() < 0.002


def test_hairlines_are_unbroken_and_reach_their_ends() -> None:
    dots = _dots(_render(certificate())[0])
    hairline = max(range(1400, 1900), key=lambda y: int(dots[y].sum()))
    across = np.flatnonzero(dots[hairline])
    inside = across[(across > 160) & (across < 1500)]
    assert (np.diff(inside) == 1).all()


def test_the_ground_pattern_is_printed_as_tint() -> None:
    dots = _dots(_render(certificate())[0])
    foot = dots[2200:2340]
    assert 0.01 < foot.mean() < 0.08
    assert not (foot[:, :-2] & foot[:, 1:-1] & foot[:, 2:]).any()  # dots, not strokes


def test_equal_documents_give_equal_bytes_and_no_real_time_command() -> None:
    first, second = _render(certificate())[0], _render(certificate())[0]
    assert first == second
    assert first.rows == second.rows
    assert not has_real_time(first.rows)


def test_every_page_is_numbered_and_of_its_paper() -> None:
    pages = _render(compiled('#set page(paper: "a4")\none #pagebreak() two #pagebreak() three'))
    assert [(page.page, page.pages, page.width_dots, page.height_dots) for page in pages] == [
        (number, 3, 1664, 2376) for number in (1, 2, 3)
    ]
    assert len({page.raster_sha256 for page in pages}) == 3


@pytest.mark.parametrize("where", ["top + left", "top + right", "bottom + left"])
@pytest.mark.parametrize(("ink", "refused"), [("black", True), ('rgb("#d8352a")', True), ("luma(85%)", False)])
def test_ink_that_the_head_cannot_reach_is_refused(where: str, ink: str, refused: bool) -> None:
    """KPM216H: 1600 dots of 1687, five millimetres lost on each side. Tint may bleed, letters may not."""
    pdf = compiled(
        f'#set page(paper: "a4", margin: 0mm)\n#place({where}, rect(width: 4mm, height: 100mm, fill: {ink}))'
    )
    if refused:
        with pytest.raises(PageTrouble, match="has ink beyond 1600 x 2386"):
            _render(pdf, "kpm216h")
    else:
        assert len(_render(pdf, "kpm216h")) == 1


def test_a_smaller_page_lies_in_the_middle() -> None:
    pdf = compiled("#set page(width: 100mm, height: 100mm, margin: 0mm)\n#rect(width: 100%, height: 100%, fill: black)")
    dots = _dots(_render(pdf)[0])
    assert dots[:801].sum() == dots.sum()
    columns = np.flatnonzero(dots.any(axis=0))
    assert abs(int(columns[0]) - 432) <= 1
    assert abs(int(columns[-1]) - 1231) <= 1


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", "not a PDF"),
        (b"%PDF-1.7\n" + b"x" * 400, "not a PDF"),
        (certificate()[:20_000], "not a PDF|cannot be drawn"),
        (compiled("#set page(width: 900cm, height: 900cm)\nbig"), "does not fit on any paper"),
    ],
    ids=["empty", "noise", "cut off", "enormous"],  # a PDF holds the second in which it was made, so make it once
)
def test_a_bad_document_is_one_sentence(document: bytes, sentence: str) -> None:
    with pytest.raises(PageTrouble, match=sentence):
        _render(document)


def test_the_level_of_ink_is_the_raster_s_own() -> None:
    """A grey just lighter than ink at the very edge is tint, just darker is ink."""
    for grey, refused in ((TEXT_LEVEL - 4, True), (TEXT_LEVEL + 4, False)):
        pdf = compiled(
            f'#set page(paper: "a4", margin: 0mm)\n#place(rect(width: 3mm, height: 9mm, fill: rgb({grey}, {grey}, {grey})))'
        )
        if refused:
            with pytest.raises(PageTrouble):
                _render(pdf, "kpm216h")
        else:
            _render(pdf, "kpm216h")
