"""Who is printed on a 住民票, and in which order (standard 5.2)."""

import hashlib
from collections.abc import Mapping, Sequence

from host_sim.centre.register import FamilyRegister, Resident

_CHILDREN = ("子", "妻の子", "夫の子")
_SPOUSES = ("夫", "妻", "夫（未届）", "妻（未届）")
_SIBLINGS = ("兄", "姉", "弟", "妹")
_OTHERS = ("縁故者", "同居人")


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
    """The people on the paper, in the order of the standard. Without a `scope`, the whole household."""
    match tuple(options.get("scope", ("all",))):
        case ("self",):
            return [subject]
        case ("part",):
            wanted = set(options["members"])
            return ordered([person for person in household if member_token(person) in wanted])
        case _:
            return ordered(household)


def ordered(people: Sequence[Resident]) -> list[Resident]:
    """Rank 1: head, spouse, children by age. 2: each child with a family of its own, and that family.

    3: parents, siblings, grandparents. 4: everybody else. Equal birth dates go by number.
    """
    founders = {p.family_head for p in people if p.relation.startswith("子の") and p.family_head is not None}
    family_age = {
        p.family_head or "": p.born.on for p in people if p.relation in _CHILDREN and p.family_head in founders
    }

    def key(person: Resident) -> tuple[object, ...]:
        relation, age = person.relation, (person.born.on, person.resident_id)
        if relation == "世帯主":
            return 1, 0, 0, *age
        if relation in _SPOUSES:
            return 1, 1, 0, *age
        if relation in _CHILDREN and person.family_head not in founders:
            return 1, 2, 0, *age
        if relation in _CHILDREN or relation.startswith("子の"):
            first = family_age.get(person.family_head or "")
            place = first.toordinal() if first else 10**7
            generation = 0 if relation in _CHILDREN else 1 if relation in ("子の夫", "子の妻") else 2
            return 2, place, generation, *age
        if relation in ("父", "母"):
            return 3, 0, relation == "母", *age
        if relation in _SIBLINGS:
            return 3, 1, 0, *age
        if relation in _OTHERS:
            return 4, 1, 0, *age
        return (3, 2, 0, *age) if relation.endswith(("父", "母")) else (4, 0, 0, *age)

    return sorted(people, key=key)
