"""The rig's city: the site tables that its centre serves, signed, and what can be wrong with them.

The tables name the rig's one machine, its two kinds, and two places nearby: a counter with office hours and a shop. Hours, fees
and versions are the tests' to change (`Tables.change`); a table holds for 30 days and is renewed ten days before its end, as a
city's centre does.
"""

import base64
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = b"kofuki-site-table-1"
HOLDS, RENEWED, ANNOUNCED = timedelta(days=30), timedelta(days=20), timedelta(days=25)
NEW_YEAR = ["12-29", "12-30", "12-31", "01-01", "01-02", "01-03"]
OFFICE_HOURS = {"default": {"weekday": "08:30-17:15", "holiday": "closed"}}
TABLE: dict[str, Any] = {
    "machine": "rig-01",
    "municipality": {"code": "452017", "name": {"ja": "宮崎市", "en": "Miyazaki City"}},
    "profile": "store",
    "place": {"ja": "宮崎駅前店", "en": "Miyazaki Station store"},
    "telephone": "0985-25-2111",
    "cards": ["individual_number", "resident_register"],
    "youngest_years": 15,
    "hours": {"default": {"everyday": "06:30-23:00"}},
    "closed_days": NEW_YEAR,
    "maintenance": [],
    "kinds": [
        {
            "kind": "juminhyo",
            "title": {"ja": "住民票の写し", "en": "Certificate of residence"},
            "fee_yen": 300,
            "copies_max": 5,
        },
        {
            "kind": "inkan",
            "title": {"ja": "印鑑登録証明書", "en": "Seal registration certificate"},
            "fee_yen": 300,
            "copies_max": 5,
        },
    ],
    "notices": [],
    "places": [
        {
            "name": {"ja": "市民課の窓口", "en": "City hall counter"},
            "way": {"ja": "市役所1階、バスで10分", "en": "City hall, first floor, 10 minutes by bus"},
            "telephone": "0985-21-1752",
            "staffed": True,
            "kinds": ["juminhyo", "inkan", "koseki"],
            "hours": OFFICE_HOURS,
            "closed_days": NEW_YEAR,
            "maintenance": [],
        },
        {
            "name": {"ja": "橘通店", "en": "Tachibana-dori store"},
            "way": {"ja": "駅から西へ歩いて8分", "en": "8 minutes on foot, west of the station"},
            "telephone": "0985-25-2111",
            "staffed": False,
            "kinds": ["juminhyo", "inkan"],
            "hours": {"default": {"everyday": "06:30-23:00"}},
            "closed_days": NEW_YEAR,
            "maintenance": [],
        },
    ],
}


class Tables:
    """The tables of one machine. `now`: the centre's time."""

    def __init__(self, key: Ed25519PrivateKey, now: Callable[[], datetime], **over: Any) -> None:
        """`over`: fields that differ from `TABLE`, as the machine's name and profile."""
        self._key = key
        self._now = now
        self.table = deepcopy(TABLE) | over
        self.version = 1
        self.made_at: datetime | None = None
        self.announced: list[tuple[datetime, Mapping[str, Any]]] = []  # from when on, and what differs then
        self.listed = True  # whether the city's file has this machine
        self.renews = True
        self.damaged = False  # one letter of every table served differs from what was signed
        self.older = 0  # so much lower is the version that is served

    def change(self, **fields: Any) -> None:
        """The city changes its file: a new version."""
        self.table |= fields
        self.version += 1
        self.made_at = None

    def announce(self, begins: datetime, **fields: Any) -> None:
        """The city writes a change in advance: a second table."""
        self.announced.append((begins, fields))
        self.version += 1
        self.made_at = None

    def mend(self) -> None:
        """The centre serves its newest tables again, as they were signed."""
        self.renews, self.damaged, self.older = True, False, 0

    @property
    def newest(self) -> int:
        """What a heartbeat is answered with."""
        self._renew()
        return max(1, self.version - self.older) if self.listed else 0

    def served(self) -> dict[str, Any]:
        """The answer to `GET /v1/site-tables`."""
        self._renew()
        assert self.made_at is not None
        near = [(begins, fields) for begins, fields in self.announced if begins < self.made_at + ANNOUNCED]
        begun = [(self.made_at - timedelta(days=1), {}), *near]
        return {"tables": [self._signed(begins, fields) for begins, fields in begun]}

    def _renew(self) -> None:
        now = self._now()
        if self.made_at is None:
            self.made_at = now
        elif self.renews and not self.made_at <= now < self.made_at + RENEWED:
            self.version, self.made_at = self.version + 1, now

    def _signed(self, begins: datetime, fields: Mapping[str, Any]) -> dict[str, str]:
        assert self.made_at is not None
        told = {
            **self.table,
            **fields,
            "version": max(1, self.version - self.older),
            "valid_from": begins.isoformat(timespec="seconds"),
            "valid_until": (self.made_at + HOLDS).isoformat(timespec="seconds"),
        }
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        signature = base64.b64encode(self._key.sign(PREFIX + text.encode())).decode()
        return {"table": text.replace("0985", "0986") if self.damaged else text, "signature": signature}
