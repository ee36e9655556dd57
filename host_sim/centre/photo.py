"""The codes of a certificate on a photo, a scan or a PDF: read, judged, and put together to papers."""

import io
import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace

from PIL import Image, ImageOps

from host_sim.centre import qr, verify
from host_sim.centre.forms import reading

PAGES_MAX = 40
PIXELS_MAX, SIDE_MAX = 120_000_000, 30_000  # more than a telephone's largest photo has
# What cameras and scanners write. Pillow knows more, and runs another program for some of them.
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP")
_TOO_LARGE = "has too many pixels; take a smaller photo, or only the part with the code"


class NotAPicture(Exception):
    """The sentence says why a file can be read neither as a picture nor as a PDF."""


def verify_file(data: bytes, keys: Mapping[bytes, verify.TrustedKey] | None = None) -> list[verify.Verdict]:
    """One verdict for each code of ours on a photo, a scan or all pages of a PDF, in the order of the codes.

    Raises `NotAPicture`.
    """

    def judged(texts: Collection[str]) -> list[verify.Verdict]:
        return [verify.verify_text(text, keys) for text in texts]

    texts: dict[str, None] = {}
    pictures = _pages(data) if data.lstrip()[:5] == b"%PDF-" else [_photo(data)]
    for picture in pictures:
        texts |= dict.fromkeys(qr.read_codes(picture, lambda found: bool(found) and not missing(judged(found))))
    return sorted(judged(texts), key=lambda one: one.claims.code if one.claims else 0)


def missing(verdicts: Collection[verify.Verdict]) -> list[int]:
    """The numbers of the codes that belong to papers seen here, but are not among these."""
    papers: dict[verify.Claims, set[int]] = {}
    for claims in (verdict.claims for verdict in verdicts if verdict.claims is not None):
        papers.setdefault(replace(claims, people=(), address="", code=1), set()).add(claims.code)
    return sorted({n for paper, seen in papers.items() for n in set(range(1, paper.codes + 1)) - seen})


def _photo(data: bytes) -> Image.Image:
    try:
        # Pillow warns of damaged metadata; what matters raises.
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX or max(picture.size) > SIDE_MAX:
                raise NotAPicture(_TOO_LARGE)
            return ImageOps.exif_transpose(picture).convert("L")
    except Image.DecompressionBombError:
        raise NotAPicture(_TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError):  # Pillow's readers of damaged files raise all three
        raise NotAPicture("is neither a picture nor a PDF, or it is damaged; send a JPEG, a PNG or a PDF") from None


def _pages(data: bytes) -> list[Image.Image]:
    try:
        if reading.page_count(data) > PAGES_MAX:
            raise NotAPicture(f"has more than {PAGES_MAX} pages; send only those of the certificate")
        pages = reading.pictures(data, PAGES_MAX)
    except reading.NotReadable:
        raise NotAPicture(
            "is a damaged PDF, or one with a password; ask for it again, or take a photo of the paper"
        ) from None
    return [Image.fromarray(page) for page in pages]
