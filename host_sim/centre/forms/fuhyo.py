"""戸籍の附票の写し: the addresses of the people of a family register since it was made (form rule 5).

本籍 and 筆頭者 are left off unless asked for (住民基本台帳法 20条, as it stands since 2022).
"""

from collections.abc import Mapping, Sequence

from host_sim.centre.forms import eras
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.flow import Entry, flow
from host_sim.centre.forms.frame import LEFT, RIGHT, Draft, title
from host_sim.centre.register import FamilyMember, Register, Resident

OMITTED = "【省略】"
STATEMENTS = {
    "all": "この写しは、戸籍の附票の全部の写しであることを証明する。",
    "self": "この写しは、戸籍の附票の一部の写しであることを証明する。",
}
ROOM_FROM = 228.0


def draft(subject: Resident, options: Mapping[str, Sequence[str]], register: Register) -> Draft:
    """The sheets. People who were struck off are printed only if the whole register is asked for."""
    family = register.family_of(subject)
    assert family is not None
    scope = options.get("scope", ("all",))[0]
    members = [m for m in family.members if scope == "all" or m.resident_id == subject.resident_id]
    asked = tuple(options.get("domicile", ())) == ("print",)
    shared = (
        ("本籍", family.domicile if asked else OMITTED),
        ("筆頭者", f"{family.surname}　{family.head_given_name}" if asked else OMITTED),
    )

    def begin(sheet: Sheet) -> float:
        title(sheet, 18, "戸籍の附票", 18)
        for row, (label, words) in enumerate(shared):
            y = 24 + row * 8.0
            sheet.box(LEFT, y, RIGHT - LEFT, 8.0, 0.375)
            sheet.vertical(62.0, y, 8.0)
            sheet.spread(LEFT + 8, y + 5.5, 36, label, 10.5)
            sheet.lines(64.0, y + 0.6, RIGHT - 67, 7.2, words, 11, "the domicile")
        return 43.0

    return Draft(
        sheets=flow([entry for member in members for entry in _entries(member, family.surname)], begin),
        statement=STATEMENTS[scope],
        room_from=ROOM_FROM,
        people=tuple((f"{family.surname}　{m.given_name}", eras.written(m.born)) for m in members),
        address=members[0].addresses[-1].address if members and members[0].addresses else "",
    )


def _entries(member: FamilyMember, surname: str) -> list[Entry]:
    name = f"{surname}　{member.given_name}" + ("（除籍）" if member.struck_off else "")
    entries = [Entry("氏名・生年月日", (f"{name}　　{eras.written(member.born)}",))]
    entries += [
        Entry("住所・住所を定めた年月日", (line.address, eras.written(line.since)), rule=False)
        for line in member.addresses
    ]
    return entries
