"""The two clerks of a simulated counter terminal who stand in for a PIN: accounts with a second factor, and their codes."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from host_sim.centre.identity import ensure_identity
from host_sim.centre.opening import open_city, open_store
from host_sim.centre.staff import codes
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.staff.vouching import Vouching


class Clerks:
    """Enrols the first two clerks of the city's file in the centre of this run directory, with new invented passwords."""

    def __init__(self, run: Path, now: Callable[[], datetime]) -> None:
        self._now = now
        store = open_store(run, None)
        accounts = Accounts(store, open_city(store, None, now()), ensure_identity(run / "centre", ()).staff_key)
        with store.reading() as c:
            clerks = Vouching(store, accounts).clerks(c, now())
        self._uris = [
            accounts.enrol(login, bytearray(secrets.token_hex(12).encode()), "sample", now()) for login, _ in clerks[:2]
        ]

    def keys(self, which: int) -> tuple[str, ...]:
        """What the first clerk (0) or the second (1) presses now: the number beside the name, the code, enter."""
        return (str(which + 1), *codes.code_of(self._uris[which], self._now()), "enter")
