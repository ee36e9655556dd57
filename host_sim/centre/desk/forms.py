"""A token in each form shows that this desk made the form for this browser; a form that was sent once is refused.

The token is an instant, a random number, and their HMAC with the browser's cookie, which no page of another site can
read. Nothing is stored until the form is sent; then its hash is, so that the same form again is known.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.desk.sessions import WHOLE_S
from host_sim.centre.store import Store
from host_sim.centre.tables import desk_forms

FIELD = "form"
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]*")


class FormRefused(Exception):
    """`why`: `foreign` (no token, or not of this browser), `old`, `again` (it was sent before)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def own_path(to: str) -> str:
    """A path of this desk; anything else leads home."""
    return to if _OWN_PATH.fullmatch(to) else "/"


def new_token(cookie: str, now: datetime) -> str:
    words = f"{int(now.timestamp())}.{secrets.token_hex(16)}"
    return f"{words}.{_mac(cookie, words)}"


def use(store: Store, cookie: str, token: str, now: datetime) -> None:
    """Take a form that was sent. Raises `FormRefused`; then nothing may be done."""
    words, _, mac = token.rpartition(".")
    if not cookie or not hmac.compare_digest(_mac(cookie, words).encode(), mac.encode()):
        raise FormRefused("foreign")
    at, made_at = now.timestamp(), int(words.split(".")[0])
    if abs(at - made_at) > WHOLE_S:  # also one of a day to come: the clock was set back
        raise FormRefused("old")
    token_sha256 = hashlib.sha256(token.encode()).hexdigest()
    with store.writing() as c:
        if c.execute(sa.select(desk_forms).where(desk_forms.c.token_sha256 == token_sha256)).first():
            raise FormRefused("again")
        c.execute(desk_forms.delete().where(desk_forms.c.sent_at < at - 2 * WHOLE_S))  # their forms are too old by now
        c.execute(desk_forms.insert().values(token_sha256=token_sha256, sent_at=at))


def _mac(cookie: str, words: str) -> str:
    return hmac.digest(cookie.encode(), b"kofuki-form-1 " + words.encode(), "sha256").hex()
