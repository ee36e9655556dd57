"""`/verify`, the page on which anybody checks a certificate: put together as one file, and what stands of a number.

The page holds its words in six languages, its style, its program, the city's public keys and, where set-up has
installed it, jsQR, which finds a code in a photo for browsers that cannot. Its policy names each script by its hash and lets
it speak with its own origin only.
"""

import base64
import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
import sqlalchemy as sa

from host_sim.centre import verify
from host_sim.centre.forms.certificate import TITLES
from host_sim.centre.tables import copies

_HERE = Path(__file__).with_name("verify")
_DECODER = _HERE / "node_modules" / "jsqr" / "dist" / "jsQR.js"
_STANDINGS = {"issued": "issued", "void": "void", "reserved": "open", "delivered": "open"}
WORKER_POLICY = "default-src 'none'; connect-src 'self'"


def page(city: str, keys: Mapping[bytes, verify.TrustedKey]) -> tuple[str, str]:
    """The page and its Content-Security-Policy."""
    told = {
        "keys": {
            one.hex(): {
                "public": key.public.hex(),
                "first_day": key.first_day.isoformat(),
                "last_day": key.last_day.isoformat(),
                "sample": key.sample,
            }
            for one, key in keys.items()
        },
        "kinds": TITLES,
        "texts": texts(),
    }
    style, program = _file("style.css"), _file("page.js")
    scripts = [program]
    if _DECODER.exists():
        scripts.append(_DECODER.read_text(encoding="utf-8"))
    made = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined).from_string(_file("page.html"))  # noqa: S701
    html = made.render(
        city=re.sub(r"[<>&\"]", "", city),
        style=style,
        program=program,
        decoder=scripts[1] if len(scripts) > 1 else "",
        told=json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"),
    )
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; "
        "connect-src 'self'; img-src blob:; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return html, policy


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_file("texts.toml"))


def worker() -> str:
    """The program that keeps the page for when there is no network."""
    return _file("worker.js")


def standing(c: sa.Connection, written: str) -> dict[str, str]:
    """What the books say of an issue number as somebody types it: issued, void, open or unknown, and whether the city
    signed its PDF: yes, no, or nothing for a number without a copy. Nothing about a person."""
    number = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", written)).strip()
    number = re.sub(r"^発行番号 ?| \d{1,2}/\d{1,2}$", "", number)
    row = c.execute(sa.select(copies.c.state, copies.c.signed_by).where(copies.c.issue_number == number)).first()
    if row is None:
        return {"standing": "unknown"}
    return {"standing": _STANDINGS[row.state], "signed": "yes" if row.signed_by else "no"}


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8").rstrip("\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
