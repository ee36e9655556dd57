"""戸籍全部事項証明書 and 戸籍個人事項証明書, in the form of the computer register (form rule 4).

First the domicile and the head's name, then 戸籍事項, then each person: who they are, and their 身分事項 in order. A person
who was struck off is marked 除籍. Readings stand where they are recorded (戸籍法 13条, in force since 26 May 2025). The
certificate of one person holds the head of the register and that person only.
"""

from collections.abc import Mapping, Sequence

from host_sim.centre.forms import eras
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.flow import Entry, columns, flow
from host_sim.centre.forms.frame import LEFT, RIGHT, Draft, title
from host_sim.centre.forms.people import family_token
from host_sim.centre.register import FamilyEvent, FamilyMember, FamilyRegister, Register, Resident

TITLES = {"koseki": "全部事項証明", "koseki_kojin": "個人事項証明"}
STATEMENTS = {
    "koseki": "これは、戸籍に記録されている事項の全部を証明した書面である。",
    "koseki_kojin": "これは、戸籍中の一部の者について記録されている事項の全部を証明した書面である。",
}
ROOM_FROM = 228.0


def draft(kind: str, subject: Resident, options: Mapping[str, Sequence[str]], register: Register) -> Draft:
    """The sheets. `offer` has checked that the subject is in a register of this city."""
    family = register.family_of(subject)
    assert family is not None
    members = family.members
    if kind == "koseki_kojin":
        wanted = set(options["person"])
        members = tuple(m for n, m in enumerate(family.members) if family_token(family, n) in wanted)

    def begin(sheet: Sheet) -> float:
        title(sheet, 18, TITLES[kind], 17)
        return head(sheet, family)

    entries = [_event("戸籍事項", event, first=n == 0) for n, event in enumerate(family.events)]
    for member in members:
        entries += _member(member)
    return Draft(
        sheets=flow(entries, begin),
        statement=STATEMENTS[kind],
        room_from=ROOM_FROM,
        people=tuple((f"{family.surname}　{m.given_name}", eras.written(m.born)) for m in members),
        address=family.domicile,
    )


def head(sheet: Sheet, family: FamilyRegister) -> float:
    """Draw 本籍, 氏名 and 氏の振り仮名, which are on every page; returns the y (mm) where the table may begin."""
    rows = [("本籍", family.domicile), ("氏名", f"{family.surname}　{family.head_given_name}")]
    if family.surname_kana:
        rows.append(("氏の振り仮名", family.surname_kana))
    for row, (label, words) in enumerate(rows):
        y = 24 + row * 8.0
        sheet.box(LEFT, y, RIGHT - LEFT, 8.0, 0.375)
        sheet.vertical(62.0, y, 8.0)
        sheet.label(LEFT + 8, y + 5.5, 36, label, 10.5)
        sheet.lines(64.0, y + 0.6, RIGHT - 67, 7.2, words, 11, "the domicile")
    return 24 + len(rows) * 8.0 + 3


def _event(group: str, event: FamilyEvent, first: bool) -> Entry:
    return Entry(f"{group}　{event.title}" if first else f"　　　　　{event.title}", columns(event.lines), rule=first)


def _member(member: FamilyMember) -> list[Entry]:
    facts = [("【名】", member.given_name)]
    if member.kana:
        facts.append(("【名の振り仮名】", member.kana))
    facts.append(("【生年月日】", eras.written(member.born)))
    if member.spouse:
        facts.append(("【配偶者区分】", member.spouse))
    facts += [("【父】", member.father), ("【母】", member.mother), ("【続柄】", member.relation)]
    heading = "戸籍に記録されている者" + ("（除籍）" if member.struck_off else "")
    entries = [Entry(heading, columns(facts))]
    entries += [_event("身分事項", event, first=n == 0) for n, event in enumerate(member.events)]
    return entries
