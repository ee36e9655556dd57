"""Who may be served, and with which card: pure rules. See city rules 2, 6 to 8, 10. What a city decides comes as `Place`.

Refusals are words of drivers/line/README.md. A resident under 支援措置 or 抑止 gets `ask_at_counter`. Many harmless
reasons get the same word, so a machine in a shop does not reveal the reason.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from host_sim.centre.city.place import Place
from host_sim.centre.register import Register, Resident, ResidentState


def terminal(machine: str) -> str:
    """The terminal's word in an issue number. A machine's name says where it stands; the place of issue is not printed
    (standard 5.5), so it is `T` and five letters of the name's hash."""
    digest = int.from_bytes(sha256(machine.encode()).digest()[:4], "big")
    return "T" + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digest >> shift & 31] for shift in (27, 22, 17, 12, 7))


def age_on(born: date, today: date) -> int:
    """Completed years. The law completes a year at the end of the day before the birthday (年齢計算ニ関スル法律)."""
    had = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (0 if had else 1)


def refusal_of(resident: Resident, register: Register, today: date, youngest_years: int) -> str | None:
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
    if age_on(resident.born.on, today) < youngest_years:
        return "under_age"
    return None


# --- with what ----------------------------------------------------------------------------------


def card_refusal(place: Place, kind: str, valid_until: date | None, today: date) -> str | None:
    """Why a place does not take this card; None if it does. Shops refuse the city's own and expired cards (city rule 10)."""
    if kind not in place.cards:
        return "card_not_taken"
    if valid_until is not None and valid_until < today and not place.expired_cards:
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


def requester(offer: Mapping[str, Any], options: Mapping[str, Sequence[str]]) -> str:
    """Who asks for a copy, seen from those who stand on it: themselves (`self`), or somebody of their household or family.

    The statistics' class 本人等. It says nothing about who it is. A question that is not asked has one answer: oneself.
    """
    match offer["kind"]:
        case "juminhyo" | "kisai":
            return "self" if options.get("scope", ["self"]) == ["self"] else "household"
        case "fuhyo":
            return "self" if options.get("scope", ["self"]) == ["self"] else "family"
        case "koseki":
            return "family"
        case "koseki_kojin":
            own = next((group["default"] for group in offer["groups"] if group["key"] == "person"), None)
            return "self" if options.get("person") == own else "family"
        case _:
            return "self"


# --- what is shown ------------------------------------------------------------------------------


def masked(name: str) -> str:
    """A name that only its owner recognises: 「宮崎　花＊」. Variation selectors stay with their character.

    In Latin letters it is whole: it has no surname to show alone, and its owner may be able to read nothing else.
    """
    if all(
        letter in " -.'’" or unicodedata.name(letter, "").startswith("LATIN ")
        for letter in unicodedata.normalize("NFC", name)
    ):
        return name
    surname, gap, given = _surname(name)
    return f"{surname}{gap}{_first(given)}" if given else _first(surname)


def _surname(name: str) -> tuple[str, str, str]:
    """What stands before the first gap, the gap, and the rest, which may have other gaps."""
    gap = next((letter for letter in name if letter in "\u3000・"), "\u3000")
    return name.partition(gap)


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
