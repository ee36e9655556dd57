"""What a machine's site tables say (drivers/line/README.md), worked out from the city; pure, but for the files of its notices' pictures.

Nothing inside one table depends on a date of change: a change that is written in advance is a table of its own. The
first table is in force now; the others are those whose day comes within `ANNOUNCED_DAYS`. A table ends where the next
one begins, and is never valid for longer than `VALID_DAYS` after it was made, so that a machine that nobody reaches
stops by itself.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from host_sim.centre.city.city import City, InForce
from host_sim.centre.city.hours import JST, Timetable
from host_sim.centre.city.model import CHANNELS, LAST_DAY
from host_sim.centre.city.place import Place
from host_sim.centre.notices import days, pictures

SIGNED = b"kofuki-site-table-1"
VALID_DAYS, RENEWED_DAYS, ANNOUNCED_DAYS = 60, 30, 25
TABLES_MAX = 8
BYTES_MAX = (
    180 * 1024
)  # of all tables together, so that the answer stays below the line's limit (drivers/line/README.md)
NEAREST, NEAREST_OF_A_KIND = 6, 2
DAILY_DAYS = 14  # of what a plug-in tells each day: this week and the next
Body = dict[str, Any]
Drawn = Callable[[str], bytes]  # a notice's source -> its small picture


@dataclass(frozen=True, slots=True)
class Content:
    """One table without version and limit: the day it begins, the day after its last (None: open), and its body."""

    since: date
    until: date | None
    body: Body


def contents(city: City, machine: str, today: date) -> list[Content]:
    """The tables of a machine: the one of today, then those announced. Empty: the file does not list it today."""
    here = next(n for n, period in enumerate(city.periods) if period is city.on(today))
    body = _body(city.periods[here], machine, today)
    if body is None:
        return []
    first = here
    while first and _body(city.periods[first - 1], machine, today) == body:
        first -= 1
    found = [Content(city.periods[first].since, None, body)]
    bytes_left = BYTES_MAX - size_of(body)
    for period in city.periods[here + 1 :]:
        body = _body(period, machine, today)
        if body == found[-1].body:
            continue
        found[-1] = Content(found[-1].since, period.since, found[-1].body)
        if body is None or period.since > today + timedelta(days=ANNOUNCED_DAYS) or len(found) == TABLES_MAX:
            break
        bytes_left -= size_of(body)
        if bytes_left < 0:
            break
        found.append(Content(period.since, None, body))
    return found


def size_of(body: Body) -> int:
    """The bytes of a body as a text inside the answer."""
    return len(json.dumps(canonical(body), ensure_ascii=False).encode())


def too_large(period: InForce) -> tuple[int, str] | None:
    """The largest table of a period, in bytes, and its machine, if no machine would take it.

    Reckoned with the largest pictures first, because drawing a year's birth flowers takes every program that reads the file a third
    of a second.
    """
    most = _largest(period, lambda source: bytes(pictures.MACHINE_BYTES_MAX if source else 0))
    if most[0] <= BYTES_MAX:
        return None
    found = _largest(period, pictures.small)
    return found if found[0] > BYTES_MAX else None


def _largest(period: InForce, picture: Drawn) -> tuple[int, str]:
    bodies = ((_body(period, machine, period.since, picture), machine) for machine in period.machines)
    return max(((size_of(body), machine) for body, machine in bodies if body is not None), default=(0, ""))


def sha256_of(found: Sequence[Content]) -> str:
    """The hash of a set of tables, by which a changed set is noticed."""
    told = [[content.since.isoformat(), str(content.until), content.body] for content in found]
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def made(found: Sequence[Content], last_version: int, now: datetime) -> list[tuple[int, str]]:
    """Version and text of each table, made at `now`. Versions grow, also when the clock was set back."""
    version = max(last_version + 1, int(now.timestamp()))
    limit = now.astimezone(JST) + timedelta(days=VALID_DAYS)
    told = []
    for number, content in enumerate(found):
        until = limit if content.until is None else min(limit, _midnight(content.until))
        told.append(
            (
                version + number,
                canonical(
                    content.body
                    | {
                        "version": version + number,
                        "valid_from": _midnight(content.since).isoformat(),
                        "valid_until": until.replace(microsecond=0).isoformat(),
                    }
                ),
            )
        )
    return told


def canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), JST)


# --- one body -------------------------------------------------------------------------------------


def _body(period: InForce, machine: str, today: date, picture: Drawn = pictures.small) -> Body | None:
    """Everything but version and dates; None when the machine is not listed. What is over by `today` is left out."""
    place = period.place_of(machine)
    if place is None:
        return None
    told = period.rules.municipality
    return {
        "machine": machine,
        "municipality": {"code": told.code, "name": dict(told.name), **({"sample": True} if told.sample else {})},
        "profile": place.channel,
        "place": dict(place.name),
        "telephone": place.telephone,
        "cards": sorted(place.cards),
        **({"p384_cards": True} if place.p384_cards else {}),
        "youngest_years": place.youngest_years,
        **_when(place.timetable, today),
        "kinds": [
            {"kind": kind, "title": dict(terms.title), "fee_yen": terms.fee_yen, "copies_max": terms.copies_max}
            for kind, terms in place.kinds.items()
        ],
        "notices": _notices(place, today, picture),
        **({"purposes": _purposes(place)} if place.purposes else {}),
        "places": [_elsewhere(other, today) for other in nearby(place, period.places)],
    }


def _notices(place: Place, today: date, picture: Drawn) -> list[Body]:
    """Those that are not over. A plug-in's until the Sunday after next, so that the table changes once a week for them."""
    monday = today.toordinal() - today.weekday()
    sunday = date.fromordinal(monday + DAILY_DAYS - 1)
    return [
        {
            "from": one.first.isoformat(),
            "until": one.last.isoformat(),
            "text": dict(one.text),
            **({"picture": base64.b64encode(small).decode()} if (small := picture(one.picture)) else {}),
        }
        for one in days.between(place.notices, date.fromordinal(monday), LAST_DAY, sunday)
        if one.daily or one.last >= today
    ]


def _purposes(place: Place) -> list[Body]:
    return [
        {"title": dict(purpose.title), "answers": {kind: dict(answers) for kind, answers in purpose.answers.items()}}
        for purpose in place.purposes
    ]


def _when(timetable: Timetable, today: date) -> Body:
    return {
        "hours": timetable.hours,
        "closed_days": [day for day in timetable.closed_days if len(day) == len("12-29") or day >= today.isoformat()],
        "maintenance": [
            {
                "from": _minute(window.start),
                "until": _minute(window.end),
                "kinds": sorted(window.kinds),
            }
            for window in timetable.maintenance
            if window.end > _midnight(today)
        ],
    }


def _minute(instant: datetime) -> str:
    return instant.astimezone(JST).strftime("%Y-%m-%dT%H:%M")


def _elsewhere(place: Place, today: date) -> Body:
    return {
        "name": dict(place.name),
        "way": dict(place.way),
        "telephone": place.telephone,
        "staffed": place.staffed,
        "kinds": list(place.kinds),
        **_when(place.timetable, today),
    }


def nearby(here: Place, everywhere: Mapping[str, Place]) -> list[Place]:
    """Where to send a resident, nearest first: the nearest places, and of every kind the nearest of each channel.

    So a kind that is issued here and closed, or not issued here, has a place wherever the city has one.
    """
    others = sorted(
        (p for p in everywhere.values() if p.site != here.site), key=lambda p: (here.distance_km(p), p.site)
    )
    wanted = {place.site for place in others[:NEAREST]}
    for channel in CHANNELS:
        for kind in {kind for place in others for kind in place.kinds}:
            of_a_kind = [place.site for place in others if place.channel == channel and kind in place.kinds]
            wanted.update(of_a_kind[:NEAREST_OF_A_KIND])
    return [place for place in others if place.site in wanted]
