"""Tells from the lengths of the texts alone, without layout, whether they surely fit on every form.

Each number is below what the form holds of the widest letters (one em). So texts within all the numbers can be
printed if the font has their characters; that is so for nearly everybody. A longer text may fit too, but only the
layout can tell (`offers.py`). The test fills every field to its number and lays out every kind.
"""

import operator
from collections.abc import Iterator, Sequence
from functools import lru_cache

from host_sim.centre.forms import ivs, letters
from host_sim.centre.register import FamilyRegister, Register, RegisterDate, Resident

PERSON = {
    "name": 20,
    "kana": 18,
    "relation": 7,
    "previous_address": 42,
    "moved_from": 42,
    "domicile": 42,
    "family_head": 14,
    "former_surname": 10,
    "former_surname_kana": 14,
}
FOREIGN = {
    "nationality": 14,
    "category": 42,
    "status": 14,
    "period": 14,
    "card_number": 14,
    "alias": 16,
    "alias_kana": 14,
    "alias_recorded_at": 20,
}
ADDRESS = 44  # with its building
HEAD_OF_FAMILY = 20  # surname and given name
DOMICILE = 40
DATE = 12  # as written in the register
TAX_LABEL = 16
WORD = 38  # of Latin letters in a line of a family register, where no line ends within it


def surely_fits(subject: Resident, household: Sequence[Resident], register: Register) -> bool:
    """Whether every certificate about these people surely can be set, with any options."""
    fits, missing = _looked_through(_Same((subject, household, register)))
    return fits and not missing


def lacking(subject: Resident, household: Sequence[Resident], register: Register) -> list[str]:
    """The letters of these people's texts that no font can draw, as code points."""
    return list(_looked_through(_Same((subject, household, register)))[1])


class _Same:
    """Records that are compared by what they are, not by what they say: a record is never changed."""

    def __init__(self, records: tuple[Resident, Sequence[Resident], Register]) -> None:
        self.records = records

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and all(map(operator.is_, self.records, other.records))

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.records)))


@lru_cache(maxsize=8)  # one resident's menu asks once for each kind
def _looked_through(same: _Same) -> tuple[bool, tuple[str, ...]]:
    """Whether all texts are within their numbers, and the letters that no font can draw."""
    texts = set(_texts(*same.records))
    known = letters.additional(same.records[-1].municipality.letters).letters
    # As one text: many letters come again and again. A blank between them, or a stray selector would find a letter.
    missing = ivs.missing(("\u3000".join({text for text, _ in texts}),), known)
    return all(len(text) <= room for text, room in texts), tuple(missing)


def _texts(subject: Resident, household: Sequence[Resident], register: Register) -> Iterator[tuple[str, int]]:
    """Every text that may be printed on a form, with the characters it has room for."""
    home = register.household_of(subject)
    yield f"{home.address}　{home.building or ''}", ADDRESS
    yield register.residents[home.head_id].name, PERSON["name"]
    for person in household if subject in household else (subject, *household):
        yield from _person(person)
    for tax in register.taxes_of(subject):
        for labels in (tax.incomes_yen, tax.deductions_yen, tax.dependants):
            yield from ((label, TAX_LABEL) for label in labels)
    family = register.family_of(subject)
    if family is not None:
        yield from _family(family)


def _person(person: Resident) -> Iterator[tuple[str, int]]:
    yield from ((getattr(person, name) or "", room) for name, room in PERSON.items())
    yield from _dates(person.born, person.resident_since, person.address_since, person.notified_on)
    if person.foreign is not None:
        yield from ((getattr(person.foreign, name) or "", room) for name, room in FOREIGN.items())
        yield from _dates(person.foreign.resident_since)


def _dates(*dates: RegisterDate | None) -> Iterator[tuple[str, int]]:
    yield from ((day.written, DATE) for day in dates if day is not None and day.written is not None)


def _family(family: FamilyRegister) -> Iterator[tuple[str, int]]:
    """The texts of a family register. Only the head must fit: entries run on over lines and pages."""
    yield family.domicile, DOMICILE
    yield f"{family.surname}　{family.head_given_name}", HEAD_OF_FAMILY
    yield family.surname_kana, HEAD_OF_FAMILY
    flowing = list(family.events)
    for member in family.members:
        yield from (
            (text or "", len(text or "")) for text in (member.given_name, member.kana, member.father, member.mother)
        )
        yield from ((text or "", len(text or "")) for text in (member.relation, member.spouse))
        yield from ((line.address, len(line.address)) for line in member.addresses)
        yield from _dates(member.born, *(line.since for line in member.addresses))
        flowing += member.events
    for event in flowing:
        yield event.title, 20
        for text in (text for line in event.lines for text in line):
            yield text, len(text)
            yield from ((word, WORD) for word in text.split() if len(word) > WORD and word.isascii())
