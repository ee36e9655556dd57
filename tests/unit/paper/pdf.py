"""PDFs for the tests, made by typst when they are needed."""

from functools import cache
from pathlib import Path

import typst


@cache
def compiled(source: str) -> bytes:
    pdf = typst.compile(source.encode())
    assert isinstance(pdf, bytes)
    return pdf


def certificate() -> bytes:
    return compiled(Path(__file__).with_name("certificate.typ").read_text(encoding="utf-8"))
