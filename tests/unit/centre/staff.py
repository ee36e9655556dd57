"""Staff with accounts, for tests: each has the same invented password, and an authenticator at hand."""

from datetime import datetime

import pyotp

from host_sim.centre.staff import passwords
from host_sim.centre.staff.accounts import Accounts
from tests.unit.centre.town import STAFF_KEY, Town

# The slow hash is quick here, because the tests are about what follows it; one test is at the real cost.
REAL_COST, passwords.COST = passwords.COST, "n=16 r=8 p=1"
PASSWORD = "kaki no tane 2014"


class Authenticator:
    """One person's telephone: shows the code of an instant."""

    def __init__(self, uri: str) -> None:
        self._totp = pyotp.parse_uri(uri)

    def code(self, now: datetime) -> str:
        assert isinstance(self._totp, pyotp.TOTP)
        return self._totp.at(now)


def accounts_of(town: Town) -> Accounts:
    return Accounts(town.store, town.city, STAFF_KEY)


def enrolled(town: Town, login: str, accounts: Accounts | None = None) -> Authenticator:
    """A whole account for somebody of the city's file."""
    return Authenticator((accounts or accounts_of(town)).enrol(login, bytearray(PASSWORD.encode()), "sample", town.now))
