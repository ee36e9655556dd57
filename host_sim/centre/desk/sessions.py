"""Who is signed in. A session is a row of the database; the browser has a random cookie, the database only its hash."""

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.store import Store
from host_sim.centre.tables import desk_sessions

IDLE_S = 15 * 60.0  # without a page asked for
WHOLE_S = 10 * 3600.0  # a working day
_NOTED_S = 30.0  # the last use is written at most so often

COOKIE = "__Host-desk"


class Sessions:
    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, c: sa.Connection, login: str, now: datetime) -> str:
        """Returns the cookie's new value; whoever signs in again is signed out elsewhere."""
        self.end_all(c, login)
        old = desk_sessions.c.began_at < now.timestamp() - WHOLE_S
        c.execute(desk_sessions.delete().where(old))
        cookie, at = new_cookie(), now.timestamp()
        c.execute(desk_sessions.insert().values(token_sha256=_sha256(cookie), login=login, began_at=at, seen_at=at))
        return cookie

    def login_of(self, cookie: str, now: datetime) -> str | None:
        """Who is signed in with this cookie, and note that they were here. None: nobody, or no longer."""
        this, at = desk_sessions.c.token_sha256 == _sha256(cookie), now.timestamp()
        with self._store.reading() as c:
            row = c.execute(sa.select(desk_sessions).where(this)).first()
        # Either way: while the clock is set back, a session would otherwise never end.
        if row is None or abs(at - row.seen_at) > IDLE_S or abs(at - row.began_at) > WHOLE_S:
            return None
        if at - row.seen_at > _NOTED_S:
            with self._store.writing() as c:
                c.execute(desk_sessions.update().where(this).values(seen_at=at))
        return str(row.login)

    def has(self, c: sa.Connection, cookie: str) -> bool:
        """Whether this cookie's session stands in the database, also one that has run out."""
        this = desk_sessions.c.token_sha256 == _sha256(cookie)
        return c.execute(sa.select(desk_sessions.c.login).where(this)).first() is not None

    def end(self, c: sa.Connection, cookie: str) -> None:
        c.execute(desk_sessions.delete().where(desk_sessions.c.token_sha256 == _sha256(cookie)))

    def end_all(self, c: sa.Connection, login: str) -> None:
        c.execute(desk_sessions.delete().where(desk_sessions.c.login == login))


def new_cookie() -> str:
    return secrets.token_urlsafe(32)


def _sha256(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
