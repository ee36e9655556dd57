"""What the city has decided about its own cards, as pure questions (city rules 5, 6 and 11)."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from host_sim.centre.city.model import CardDeskPart, SwitchPart


def kind_for(desk: CardDeskPart, today: date, *, refuses_resident_register: bool) -> str:
    """The kind of card that a new holder gets: the 住基カード while it is issued, the 市民カード for who refuses it."""
    if today > desk.resident_register_until or refuses_resident_register:
        return "citizen"
    return "resident_register"


def after_years(day: date, years: int) -> date:
    """The same day so many years later; of 29 February, the last of that February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def renewable(desk: CardDeskPart, valid_until: date | None, today: date) -> bool:
    """Whether a card with this last day may be renewed today; a card that has ended always."""
    return valid_until is not None and today >= valid_until - timedelta(days=desk.renewal_days)


# --- the free switch of plastic cards -------------------------------------------------------------


def switch_refusal(switch: SwitchPart | None, today: date) -> str | None:
    """Why a plastic card is not changed without a fee today; None when it is."""
    if switch is None:
        return "This city's file says nothing of a free switch of plastic cards: issue a card in the usual way."
    if today < switch.from_:
        return f"The free switch of plastic cards begins on {switch.from_}: ask the holder to come again then."
    if today > switch.until:
        return f"The free switch of plastic cards ended on {switch.until}: issue a card in the usual way, with its fee."
    return None


def switch_sentence(switch: SwitchPart | None) -> str:
    """The period in words, and whether the years that were announced agree with its last day."""
    if switch is None:
        return "There is no free switch of plastic cards."
    summed = after_years(switch.from_, switch.years + switch.extended_years) - timedelta(days=1)
    told = f"Plastic cards are switched free from {switch.from_} to {switch.until}."
    if summed == switch.until:
        return told
    years = f"{switch.years} years and an extension of {switch.extended_years}"
    return f"{told} What was announced, {years}, ends on {summed}: the two do not agree, and the date counts."


# --- PINs that are easily guessed -----------------------------------------------------------------


def easy(pin: bytes | bytearray, born: date | None) -> bool:
    """Whether a PIN of four digits is one that a stranger tries first. Nothing forbids it, so the resident may keep it."""
    steps = {(after - before) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}) or pin[:2] == pin[2:]:
        return True
    return born is not None and bytes(pin) in set(_of_birthday(born))


def _of_birthday(born: date) -> Iterator[bytes]:
    """Year, month and day, day and month, and the year of the era's count with the month."""
    for told in (f"{born:%Y}", f"{born:%m%d}", f"{born:%d%m}", f"{born:%y%m}", f"{born.month}{born.day}".rjust(4, "0")):
        yield told.encode()
