"""Who is printed on a 住民票, and in which order (standard 5.2; form rule 11)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache

from host_sim.centre.register import FamilyRegister, Resident

_SPOUSES = ("夫", "妻", "夫（未届）", "妻（未届）")
_PARENTS, _SIBLINGS = ("父", "母"), ("兄", "姉", "弟", "妹")
_LINK = re.compile("世帯主|縁故者|同居人|[夫妻]（未届）|[夫妻子父母兄姉弟妹]")
_WORD = re.compile(f"(?:子（子の[夫妻]）|{_LINK.pattern})(?:の(?:子（子の[夫妻]）|{_LINK.pattern}))*")


def member_token(resident: Resident) -> str:
    """The word by which an order names a member of the household; it means nothing outside this household.

    An order passes through a machine in a shop, so it must not hold the resident number.
    """
    return hashlib.sha256(f"member {resident.household_id} {resident.resident_id}".encode()).hexdigest()[:10]


def family_token(family: FamilyRegister, place: int) -> str:
    """The same for a person of a family register, by the place in which they stand there."""
    member = family.members[place]
    named = f"family {family.register_id} {place} {member.given_name} {member.born.on.isoformat()}"
    return hashlib.sha256(named.encode()).hexdigest()[:10]


def chosen(subject: Resident, household: Sequence[Resident], options: Mapping[str, Sequence[str]]) -> list[Resident]:
    """The people on the paper, in the order that the whole household has. Without a `scope`, everybody."""
    match tuple(options.get("scope", ("all",))):
        case ("self",):
            return [subject]
        case ("part",):
            wanted = set(options["members"])
            return [person for person in ordered(household) if member_token(person) in wanted]
        case _:
            return ordered(household)


def ordered(people: Sequence[Resident]) -> list[Resident]:
    """A whole household. Rank 1: head, spouse, children by age. 2: each child who has a family here, and that family.

    3: parents, siblings, grandparents. 4: the spouse's in the same order, other relatives, 縁故者, 同居人, each followed by
    their own family. Equal birth dates go by number. Whose family somebody belongs to, the 筆頭者 tells; where nobody or
    several could be meant, the person stands after the families of that rank.
    """
    anchors = {person.resident_id: _anchor(person, people) for person in people}
    founders = {found.resident_id for number, found in anchors.items() if found and found.resident_id != number}

    def key(person: Resident) -> tuple[object, ...]:
        base, inside = _line(person.relation)
        anchor = anchors[person.resident_id]
        if inside and anchor is None and "（子の" in person.relation:
            base, inside, anchor = ("子",), 0, person  # adopted by the head; whose husband or wife, nobody can tell
        rank = _rank(base, inside, anchor is not None and anchor.resident_id in founders)
        return *rank, anchor is None, _age(anchor or person, base), inside, _age(person, ())

    return sorted(people, key=key)


def _age(person: Resident, base: tuple[str, ...]) -> tuple[object, ...]:
    """Older first, then by number; of parents and grandparents the 筆頭者 first."""
    behind = base[-1:] != () and base[-1] in _PARENTS and person.name != person.family_head
    return behind, person.born.on, person.resident_id


def _anchor(person: Resident, people: Sequence[Resident]) -> Resident | None:
    """Whose family in this household it is: the person with the relation before the last links, or the person."""
    base, inside = _line(person.relation)
    if not inside:
        return person
    found = [p for p in people if _line(p.relation) == (base, 0)]
    same = [p for p in found if p.family_head is not None and p.family_head == person.family_head]
    if len(same) == 1:
        return same[0]
    return found[0] if len(found) == 1 else None


@cache
def _line(relation: str) -> tuple[tuple[str, ...], int]:
    """A 続柄 as the person whose family it names, and the place inside that family: 0 that person, 1 the spouse, 2 a
    child, 3 a child's spouse, 4 a grandchild. The head's own spouse and children are no such family."""
    if _WORD.fullmatch(relation) is None:
        return (relation,), 0  # a word of older books: among the other relatives
    links = tuple(_LINK.findall(relation))
    if "（子の" in relation:
        links = links[1:]  # adopted by the head, and wife of the head's child
    first = 1 if len(links) > 1 and links[0] in _SPOUSES else 0  # 妻の子 is a child, too
    end = first + 1 if links[first : first + 1] == ("子",) else len(links)
    while end > first + 1 and links[end - 1] in (*_SPOUSES, "子"):
        end -= 1
    inside = links[end:]
    return links[:end], 2 * inside.count("子") + (bool(inside) and inside[-1] in _SPOUSES)


def _rank(base: tuple[str, ...], inside: int, founder: bool) -> tuple[int, int, int]:
    """The rank of the standard, the place in it, and the generation."""
    spouses = len(base) > 1 and base[0] in _SPOUSES
    own = base[1:] if spouses else base
    if own == ("子",):
        return (2, 0, 0) if inside or founder else (1, 2, 0)
    if base[0] in ("縁故者", "同居人"):
        return 4, 4 if base[0] == "縁故者" else 5, 0
    if len(base) == 1 and base[0] in ("世帯主", *_SPOUSES):
        return 1, base[0] != "世帯主", 0
    place = _kin(own)
    if place is None or (inside and not spouses):  # a brother stands in rank 3, his wife among the other relatives
        return 4, 3, len(base)
    return 4 if spouses else 3, place, 0


def _kin(own: tuple[str, ...]) -> int | None:
    """Parents, siblings, grandparents: 0, 1, 2."""
    if len(own) == 1 and own[0] in (*_PARENTS, *_SIBLINGS):
        return int(own[0] in _SIBLINGS)
    return 2 if len(own) == 2 and own[0] in _PARENTS and own[1] in _PARENTS else None
