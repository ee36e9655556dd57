"""Who may be served, when, and with which card: pure rules. See city rules 2, 3, 6 to 8, 10.

Refusals are words of drivers/line/README.md. A resident under 支援措置 or 抑止 gets `ask_at_counter`. Many harmless
reasons get the same word, so a machine in a shop does not reveal the reason.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import holidays

from host_sim.centre.register import Register, Resident, ResidentState

YOUNGEST = 15  # for the machine: younger residents come with a representative
CLOSED_DAYS = ((12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3))
GRACE = timedelta(minutes=15)  # a session admitted before closing may finish
Hours = tuple[time, time]

EVERY_DAY: tuple[Hours | None, Hours | None] = ((time(6, 30), time(23)), (time(6, 30), time(23)))
OFFICE_DAYS = ((time(8, 30), time(17, 15)), None)
FAMILY_DAYS = ((time(9), time(17)), None)  # 戸籍 and 附票: only while their office is open
# site -> kind -> hours on a working day, hours on Saturday, Sunday and holidays
HOURS: Mapping[str, Mapping[str, tuple[Hours | None, Hours | None]]] = {
    "store": {"default": EVERY_DAY, "koseki": FAMILY_DAYS, "koseki_kojin": FAMILY_DAYS, "fuhyo": FAMILY_DAYS},
    "office": {"default": OFFICE_DAYS, "koseki": FAMILY_DAYS, "koseki_kojin": FAMILY_DAYS, "fuhyo": FAMILY_DAYS},
    "counter": {"default": OFFICE_DAYS},
}
CARDS: Mapping[str, frozenset[str]] = {
    "store": frozenset({"individual_number", "resident_register"}),
    "office": frozenset({"individual_number", "resident_register", "citizen"}),
    "counter": frozenset({"individual_number", "resident_register", "citizen"}),
}


def terminal(machine: str) -> str:
    """The terminal's word in an issue number. A machine's name says where it stands; the place of issue is not printed
    (standard 5.5), so it is `T` and five letters of the name's hash."""
    digest = int.from_bytes(sha256(machine.encode()).digest()[:4], "big")
    return "T" + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digest >> shift & 31] for shift in (27, 22, 17, 12, 7))


def age_on(born: date, today: date) -> int:
    """Completed years. The law completes a year at the end of the day before the birthday (年齢計算ニ関スル法律)."""
    had = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (0 if had else 1)


def refusal_of(resident: Resident, register: Register, today: date) -> str | None:
    """Why this resident cannot be served by a machine at all; None when they can."""
    match resident.state:
        case ResidentState.MOVED_OUT | ResidentState.LEAVING:
            return "moved_out"
        case ResidentState.DEAD | ResidentState.STRUCK_OFF:
            return "not_resident"
        case ResidentState.RESIDENT:
            pass
    household = register.household_of(resident)
    members = [register.residents[number] for number in household.member_ids if number in register.residents]
    if any(member.protected for member in members) or resident.protected or resident.issue_blocked or resident.ward:
        return "ask_at_counter"
    if age_on(resident.born.on, today) < YOUNGEST:
        return "under_age"
    return None


# --- when ---------------------------------------------------------------------------------------


def hours_on(day: date, site: str, kind: str) -> Hours | None:
    """When this kind is issued at this site on this day; None: not at all."""
    if (day.month, day.day) in CLOSED_DAYS:
        return None
    table = HOURS.get(site, HOURS["store"])
    working, resting = table.get(kind, table["default"])
    return resting if day.weekday() >= 5 or _is_holiday(day) else working


def open_at(now: datetime, site: str, kind: str = "default") -> bool:
    """Whether a session may begin at this instant (Asia/Tokyo)."""
    hours = hours_on(now.date(), site, kind)
    return hours is not None and hours[0] <= now.time() < hours[1]


def finishing_at(now: datetime, site: str, kind: str = "default") -> bool:
    """Whether a session that began in time may still go on."""
    return open_at(now, site, kind) or open_at(now - GRACE, site, kind)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def _is_holiday(day: date) -> bool:
    return day in _holidays(day.year)


# --- with what ----------------------------------------------------------------------------------


def card_refusal(site: str, kind: str, valid_until: date | None, today: date) -> str | None:
    """Why a site does not take this card; None if it does. Only stores refuse the city's own and expired cards."""
    if kind not in CARDS.get(site, CARDS["store"]):
        return "card_not_taken"
    if valid_until is not None and valid_until < today and site not in {"office", "counter"}:
        return "card_expired"
    return None


def options_allowed(offer: Mapping[str, Any], options: Mapping[str, Sequence[str]]) -> bool:
    """Whether an order's options answer exactly the questions of its offer that apply."""
    asked: set[str] = set()
    for group in offer["groups"]:
        condition = group.get("only_if")
        if condition is not None and condition[1] not in options.get(condition[0], ()):
            continue
        asked.add(group["key"])
        answer = list(options.get(group["key"], ()))
        known = {choice["value"] for choice in group["choices"]}
        if not answer or len(set(answer)) != len(answer) or not set(answer) <= known:
            return False
        if not group["several"] and len(answer) != 1:
            return False
    return set(options) == asked


# --- what is shown ------------------------------------------------------------------------------


def masked(name: str) -> str:
    """A name that only its owner recognises: 「宮崎　花＊」. Variation selectors stay with their character."""
    surname, _, given = name.partition("\u3000")
    if not given:
        return _first(surname)
    return f"{surname}\u3000{_first(given)}"


def _first(name: str) -> str:
    """The first character as it is written, then one star for each of the others."""
    letters: list[str] = []
    for letter in name:
        if letters and (_selects(letter) or unicodedata.combining(letter)):
            letters[-1] += letter
        else:
            letters.append(letter)
    return letters[0] + "＊" * max(1, len(letters) - 1)


def _selects(letter: str) -> bool:
    return 0xFE00 <= ord(letter) <= 0xFE0F or 0xE0100 <= ord(letter) <= 0xE01EF
