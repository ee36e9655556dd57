"""A text as a QR code, in SVG without style or script, to stand in a page."""

import io
import re

import segno


def svg(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, svgclass="qr", scale=4, border=4, omitsize=True)
    return out.getvalue().decode()


def secret_of(uri: str) -> str:
    """The secret of an otpauth:// URI in groups of four letters, for whoever cannot read the picture."""
    found = re.search(r"secret=([A-Z2-7]+)", uri)
    assert found is not None
    return " ".join(re.findall(".{1,4}", found[1]))
