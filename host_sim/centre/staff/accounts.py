"""Accounts of the city's staff. Who is staff, and with which roles, the city's file says anew for every day.

An account has a password and a second factor. A person who is taken out of the city's file can act no more, whatever the
account says. Wrong tries are counted before the slow hash, so that many at once are no way around the limit.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.database import stays
from host_sim.centre.operating import audit, flags
from host_sim.centre.refusal import Refusal
from host_sim.centre.staff import codes, passwords, tries
from host_sim.centre.store import Store
from host_sim.centre.tables import desk_sessions, staff_accounts
from host_sim.centre.typed import plain

START_HOURS = 72  # an invitation is good for so long
_LOGIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")  # as the city's file writes them

SENTENCES = {
    "wrong": "The login, the password or the code is wrong; type all three again, with a new code.",
    "code_wrong": "The code is wrong; wait for the next one and type it.",
    "code_used": "This code was used already; wait for the next one and type it.",
    "login_locked": "Too many wrong tries for this login: try again in {minutes} minutes, or ask a supervisor to unlock it.",
    "address_locked": "Too many wrong tries from this computer: try again in {minutes} minutes.",
    "no_staff": "{login} is not staff in the city's file of today; a supervisor applies the file that names them.",
    "no_role": "{login} has not the role for this ({role}); a colleague who has it must do it.",
    "no_account": "{login} has no account that can be used; a supervisor enrols or unlocks it.",
    "same_person": "Two different people must agree; ask a colleague for the second confirmation.",
    "own_account": "Nobody may help to open their own account; two other supervisors must do it.",
    "from_the_first": "{second} and {first} had their accounts one from the other; "
    "another supervisor must agree, or the administrator does it (desk staff).",
    "no_reason": "Say why, in one line of at most 500 letters; write no resident's name.",
    "weak_password": "The password is too weak; take 12 to 128 letters, not the same few again and again.",
    "start_wrong": "The login or the start code is wrong, used or too old; ask a supervisor for a new one.",
}


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff, as the city's file of the day names them."""

    login: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the city's file, or with an account. `state`: none, invited, active, locked."""

    login: str
    name: str  # empty, like `roles`: no longer in the city's file
    roles: frozenset[str]
    state: str
    locked_minutes: int  # after wrong tries; 0: not locked


class NotAllowed(Refusal):
    """What a member of staff may not do, or not now."""

    sentences = SENTENCES


def staff_of(c: sa.Connection, city: CityBook, login: str, now: datetime) -> Staff:
    """The person in the city's file of this day. Raises `NotAllowed`."""
    person = city.at(c, now).rules.staff.get(login)
    if person is None:
        raise NotAllowed("no_staff", login=login)
    return Staff(login, person.name, frozenset(person.roles))


def need(staff: Staff, *roles: str) -> None:
    """Raises `NotAllowed` unless the person has one of these roles; no role named: any member of staff."""
    if roles and not staff.roles & set(roles):
        raise NotAllowed("no_role", login=staff.login, role=" / ".join(roles))


def reason_of(why: str) -> str:
    """Why something is done, as a person wrote it: one line. Raises `NotAllowed` when nothing is said, or too much."""
    said = " ".join(why.split())
    if not said or len(said) > flags.WORDS_MAX or not said.isprintable():
        raise NotAllowed("no_reason")
    return said


class Accounts:
    """`key`: the 32 bytes of staff.key (`Identity.staff_key`)."""

    def __init__(self, store: Store, city: CityBook, key: bytes) -> None:
        self._store, self.city, self.key = store, city, key

    # --- making and ending accounts -------------------------------------------------------------

    def enrol(self, login: str, password: bytearray, by: str, now: datetime) -> str:
        """A whole account at once, in place of any before; returns the otpauth:// URI, to be shown once."""
        row, secret = self._password(password), codes.new_secret()
        with self._store.writing() as c:
            staff_of(c, self.city, login, now)
            sealed = codes.seal(self.key, login, secret)
            self._replace(c, login, by, now, state="active", totp_sealed=sealed, **row)
            self._note(c, now, "staff_enrolled", login, by)
        return codes.uri(secret, login)

    def invite(self, c: sa.Connection, login: str, by: str, now: datetime, *, made_by: str = "") -> str:
        """An account that its owner finishes at the desk; returns the start code, to be told to them once.

        `made_by`: who sees the code, where that is not `by` at the desk (see `open_to`).
        """
        staff_of(c, self.city, login, now)
        start = "-".join(secrets.token_hex(2) for _ in range(5))  # 80 bits
        until = now.timestamp() + START_HOURS * 3600
        self._replace(c, login, made_by or by, now, state="invited", start_sha256=_sha256(start), start_until=until)
        self._note(c, now, "staff_invited", login, by)
        return start

    def begin(self, login: str, start: str, now: datetime, address: str = "") -> str:
        """An invited person comes with the start code; returns the otpauth:// URI, which is shown until they finish."""
        self._count_first(login, address, now)
        with self._store.writing() as c:
            row = self._invited(c, login, start, now)
            self._was_right(c, login, address)
            if row.totp_sealed is not None:
                return codes.uri(codes.unseal(self.key, login, row.totp_sealed), login)
            secret = codes.new_secret()
            self._set(c, login, totp_sealed=codes.seal(self.key, login, secret))
        return codes.uri(secret, login)

    def finish(self, login: str, start: str, password: bytearray, code: str, now: datetime, address: str = "") -> Staff:
        """The invited person's own password, and a first code that proves the second factor. Then the account is active."""
        self._count_first(login, address, now)
        with self._store.reading() as c:
            self._invited(c, login, start, now)
        changed = self._password(password)
        with self._store.writing() as c:
            row = self._invited(c, login, start, now)
            staff = staff_of(c, self.city, login, now)
            step = self._fresh_step(row, code, now)
            self._was_right(c, login, address)
            ended = {"start_sha256": None, "start_until": None}
            self._set(c, login, state="active", totp_step=step, **ended, **changed)
            self._note(c, now, "staff_enrolled", login, login)
        return staff

    def lock(self, c: sa.Connection, login: str, by: str, now: datetime) -> None:
        """No sign-in and no confirmation until the account is unlocked; whoever is signed in is signed out."""
        self._move(c, login, "active", "locked")
        self._note(c, now, "staff_account_locked", login, by)

    def unlock(self, c: sa.Connection, login: str, by: str, now: datetime) -> None:
        """End a supervisor's lock and the lock after wrong tries."""
        if self._row(c, login).state == "locked":
            self._move(c, login, "locked", "active")
        tries.forget(c, tries.login(login))
        self._note(c, now, "staff_account_unlocked", login, by)

    def listed(self, c: sa.Connection, now: datetime) -> list[Account]:
        """Everybody in the city's file or with an account, by login."""
        people = self.city.at(c, now).rules.staff
        states = {row.login: row.state for row in c.execute(sa.select(staff_accounts))}
        return [
            Account(
                login,
                people[login].name if login in people else "",
                frozenset(people[login].roles) if login in people else frozenset(),
                states.get(login, "none"),
                tries.minutes_left(c, tries.login(login), now),
            )
            for login in sorted(people.keys() | states.keys())
        ]

    # --- proving who one is ---------------------------------------------------------------------

    def sign_in(self, login: str, password: bytearray, code: str, now: datetime, address: str = "") -> Staff:
        """Password and code. Raises `NotAllowed`; each try is counted for the login and, if given, the network address."""
        self._count_first(login, address, now)
        with self._store.reading() as c:
            row = self._find(c, login)
        right = passwords.fits(password, row)
        if not right or row is None or row.state != "active":
            raise NotAllowed("wrong")
        with self._store.writing() as c:
            step = self._fresh_step(self._row(c, login), code, now, "wrong")
            staff = staff_of(c, self.city, login, now)
            self._set(c, login, totp_step=step)
            self._was_right(c, login, address)
            tries.forget_old(c, now)
        return staff

    def confirm(self, c: sa.Connection, login: str, code: str, role: str, now: datetime) -> Staff:
        """The second factor alone, for a second person or a terminal. Raises `NotAllowed`.

        A code works once, also when the act for which it was given is refused afterwards: it was seen by then.
        """
        staff = staff_of(c, self.city, login, now)
        need(staff, role)
        counted = tries.login(login)
        if minutes := tries.minutes_left(c, counted, now):
            raise NotAllowed("login_locked", minutes=minutes)
        row = self._row(c, login)
        if row.state != "active":
            raise NotAllowed("no_account", login=login)
        try:
            step = self._fresh_step(row, code, now)
        except NotAllowed:
            stays(c, lambda later: self._count(later, counted, now))
            raise
        stays(c, lambda later: self._use_up(later, login, step))
        tries.forget(c, counted)
        return staff

    def open_to(self, c: sa.Connection, login: str, first: str, second: str) -> None:
        """Whether these two may open somebody's account. Raises `NotAllowed` when one of them would have it, or one gave the
        other theirs: whoever saw a start code may be both of them."""
        if login in (first, second):
            raise NotAllowed("own_account")
        if self._row(c, first).made_by == second or self._row(c, second).made_by == first:
            raise NotAllowed("from_the_first", first=first, second=second)

    def staff(self, c: sa.Connection, login: str, now: datetime) -> Staff:
        """The owner of an account that can be used now. Raises `NotAllowed`."""
        staff = staff_of(c, self.city, login, now)
        if self._row(c, login).state != "active":
            raise NotAllowed("no_account", login=login)
        return staff

    # --- inside ---------------------------------------------------------------------------------

    def _password(self, password: bytearray) -> dict[str, Any]:
        try:
            return passwords.new_row(password)
        except passwords.TooWeak:
            raise NotAllowed("weak_password") from None

    def _find(self, c: sa.Connection, login: str) -> Any:
        """The account, or None; whatever was typed, the database is asked for a login only."""
        if not _LOGIN.fullmatch(login):
            return None
        return c.execute(sa.select(staff_accounts).where(staff_accounts.c.login == login)).first()

    def _row(self, c: sa.Connection, login: str) -> Any:
        row = self._find(c, login)
        if row is None:
            raise NotAllowed("no_account", login=login)
        return row

    def _invited(self, c: sa.Connection, login: str, start: str, now: datetime) -> Any:
        row = self._find(c, login)
        typed = _sha256(plain(start).lower())
        if row is None or row.state != "invited" or row.start_sha256 != typed or row.start_until < now.timestamp():
            raise NotAllowed("start_wrong")
        return row

    def _fresh_step(self, row: Any, code: str, now: datetime, wrong: str = "code_wrong") -> int:
        """The step of a code that is right and was not used. A step before the last used one is used up, too."""
        if row.totp_sealed is None:
            raise NotAllowed(wrong)
        step = codes.step_of(codes.unseal(self.key, row.login, row.totp_sealed), code, now)
        if step is None:
            raise NotAllowed(wrong)
        if step <= row.totp_step:
            raise NotAllowed("code_used")
        return step

    def _use_up(self, c: sa.Connection, login: str, step: int) -> None:
        older = (staff_accounts.c.login == login) & (staff_accounts.c.totp_step < step)
        c.execute(staff_accounts.update().where(older).values(totp_step=step))

    def _replace(self, c: sa.Connection, login: str, by: str, now: datetime, **row: Any) -> None:
        c.execute(staff_accounts.delete().where(staff_accounts.c.login == login))
        self._sign_out(c, login)
        made = {"made_at": now.isoformat(), "made_by": by}
        c.execute(staff_accounts.insert().values(login=login, **made, **row))
        tries.forget(c, tries.login(login))

    def _move(self, c: sa.Connection, login: str, was: str, becomes: str) -> None:
        if self._row(c, login).state != was:
            raise NotAllowed("no_account", login=login)
        self._set(c, login, state=becomes)
        self._sign_out(c, login)

    def _sign_out(self, c: sa.Connection, login: str) -> None:
        c.execute(desk_sessions.delete().where(desk_sessions.c.login == login))

    def _set(self, c: sa.Connection, login: str, **values: Any) -> None:
        c.execute(staff_accounts.update().where(staff_accounts.c.login == login).values(**values))

    def _count_first(self, login: str, address: str, now: datetime) -> None:
        """Count this try as a wrong one before anything is compared; `_was_right` takes it back."""
        with self._store.writing() as c:
            for counted in self._counted(login, address):
                if minutes := tries.minutes_left(c, counted, now):
                    raise NotAllowed(f"{counted.what}_locked", minutes=minutes)
            for counted in self._counted(login, address):
                self._count(c, counted, now)

    def _was_right(self, c: sa.Connection, login: str, address: str) -> None:
        tries.forget(c, tries.login(login))
        if address:
            tries.take_back(c, tries.address(address))

    def _counted(self, login: str, address: str) -> list[tries.Counted]:
        """A login that the city's file could not write is nobody's: it is counted for the address only."""
        named = [tries.login(login)] if _LOGIN.fullmatch(login) else []
        return [*named, *([tries.address(address)] if address else [])]

    def _count(self, c: sa.Connection, counted: tries.Counted, now: datetime) -> None:
        if not tries.count(c, counted, now):
            return
        if counted.what == "address":
            flags.raise_flag(c, now, "desk", "desk_attacked", {"key": counted.name})
        elif c.execute(sa.select(staff_accounts.c.login).where(staff_accounts.c.login == counted.name)).first():
            flags.raise_flag(c, now, "desk", "staff_locked", {"key": counted.name})

    def _note(self, c: sa.Connection, now: datetime, act: str, login: str, by: str) -> None:
        told = {"login": login, "who": by}
        audit.append(c, at=now.isoformat(), machine="desk", site="desk", act=act, detail=told)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
