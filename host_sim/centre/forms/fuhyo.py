"""戸籍の附票の写し: the addresses of the people of a family register since it was made (form rule 5).

本籍・筆頭者 and 住民票コード are left off unless asked for (住民基本台帳法 20条). Under a 本籍・筆頭者 that is printed, people
stand by their given names, else by their whole names.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from host_sim.centre.forms import eras
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.flow import Entry, columns, flow
from host_sim.centre.forms.frame import LEFT, RIGHT, Draft, title
from host_sim.centre.register import FamilyMember, Register, Resident

OMITTED, EMPTY = "【省略】", "【空欄】"
BIRTH_AND_SEX_SINCE, CODE_SINCE = date(2022, 1, 11), date(2024, 5, 27)
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
    asked, coded = (tuple(options.get(key, ())) == ("print",) for key in ("domicile", "resident_code"))
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
            sheet.label(LEFT + 8, y + 5.5, 36, label, 10.5)
            sheet.lines(64.0, y + 0.6, RIGHT - 67, 7.2, words, 11, "the domicile")
        return 43.0

    return Draft(
        sheets=flow([entry for m in members for entry in _entries(m, family.surname, asked, coded)], begin),
        statement=STATEMENTS[scope],
        room_from=ROOM_FROM,
        people=tuple((f"{family.surname}　{m.given_name}", _born(m)) for m in members),
        address=members[0].addresses[-1].address if members and members[0].addresses else "",
    )


def bears_birth(member: FamilyMember) -> bool:
    """Birth and sex stand of everybody but who was struck off before 11 January 2022 (or nobody knows when)."""
    return not member.struck_off or (member.struck_off_on is not None and member.struck_off_on >= BIRTH_AND_SEX_SINCE)


def _born(member: FamilyMember) -> str:
    return eras.written(member.born) if bears_birth(member) else EMPTY


def _bears_code(member: FamilyMember) -> bool:
    return not member.struck_off or (member.struck_off_on is not None and member.struck_off_on >= CODE_SINCE)


def _entries(member: FamilyMember, surname: str, named: bool, coded: bool) -> list[Entry]:
    """`named`: 筆頭者 stands at the head of the page; `coded`: 住民票コード was asked for."""
    sex = (member.sex or EMPTY) if bears_birth(member) else EMPTY
    code = (member.resident_code or EMPTY) if _bears_code(member) else EMPTY
    facts = [
        ("【名】", member.given_name) if named else ("【氏名】", f"{surname}　{member.given_name}"),
        ("【生年月日】", _born(member)),
        ("【男女の別】", sex),
        ("【住民票コード】", code if coded else OMITTED),
    ]
    entries = [Entry("附票に記録されている者" + ("（除籍）" if member.struck_off else ""), columns(facts))]
    for number, line in enumerate(member.addresses):
        told = (("【住所】", line.address), ("【住所を定めた年月日】", eras.written(line.since)))
        entries.append(Entry("住所" if number == 0 else "", columns(told), rule=number == 0))
    return entries
