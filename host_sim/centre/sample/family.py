"""Family registers (戸籍) of the sample: births, marriages, and the address lines of the 附票."""

from collections.abc import Sequence
from datetime import date

from host_sim.centre.register import (
    AddressLine,
    FamilyEvent,
    FamilyMember,
    FamilyRegister,
    RegisterDate,
    Resident,
)
from host_sim.centre.sample.desk import Desk

ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
)
CITY = "宮崎県宮崎市"

__all__ = ["AddressLine", "couple", "member", "register_of"]


def wareki(day: date) -> str:
    """A date in the wording of a family register."""
    for first, era in ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"明治{day.year - 1867}年{day.month}月{day.day}日"


def register_of(
    desk: Desk, domicile: str, surname: str, kana: str, members: Sequence[FamilyMember], made: date
) -> FamilyRegister:
    """A register made on `made`, by marriage or otherwise; its first member is the 筆頭者."""
    return FamilyRegister(
        register_id=desk.next_family_number(),
        domicile=domicile,
        surname=surname,
        surname_kana=kana,
        head_given_name=members[0].given_name,
        events=(FamilyEvent(title="戸籍編製", lines=(("【編製日】", wareki(made)),)),),
        members=tuple(members),
    )


def member(
    person: Resident,
    father: str,
    mother: str,
    relation: str,
    *,
    born_at: str = CITY,
    here: AddressLine,
    spouse: str | None = None,
    events: Sequence[FamilyEvent] = (),
    notifier: str = "父",
) -> FamilyMember:
    """A living person of the register: the birth entry first, then `events`."""
    born = person.born.written or wareki(person.born.on)
    notified = wareki(date.fromordinal(person.born.on.toordinal() + 8))
    birth = FamilyEvent(
        title="出生",
        lines=(
            ("【出生日】", born),
            ("【出生地】", born_at),
            ("【届出日】", notified),
            ("【届出人】", notifier),
        ),
    )
    return FamilyMember(
        resident_id=person.resident_id,
        given_name=person.name.partition("\u3000")[2],
        kana=person.kana.partition("\u3000")[2],
        born=person.born,
        father=father,
        mother=mother,
        relation=relation,
        spouse=spouse,
        events=(birth, *events),
        sex=person.sex,
        resident_code=person.resident_code,
        addresses=(here,),
    )


def couple(
    desk: Desk,
    domicile: str,
    surname: str,
    kana: str,
    husband: Resident,
    wife: Resident,
    married: date,
    *,
    wife_was: str,
    parents: tuple[tuple[str, str, str], tuple[str, str, str]],
    children: Sequence[tuple[Resident, str]],
    here: AddressLine,
) -> FamilyRegister:
    """A married couple and their unmarried children."""

    def marriage(partner: str, before: str) -> FamilyEvent:
        lines = (("【婚姻日】", wareki(married)), ("【配偶者氏名】", partner), ("【従前戸籍】", before))
        return FamilyEvent(title="婚姻", lines=lines)

    (h_father, h_mother, h_relation), (w_father, w_mother, w_relation) = parents
    husband_was = f"{domicile}　{h_father}"
    wife_from = f"宮崎県日南市飫肥十五丁目8番地　{w_father}"
    people = [
        member(
            husband,
            h_father,
            h_mother,
            h_relation,
            here=here,
            spouse="夫",
            events=(marriage(wife_was.replace("\u3000", ""), husband_was),),
        ),
        member(
            wife,
            w_father,
            w_mother,
            w_relation,
            here=here,
            spouse="妻",
            born_at="宮崎県日南市",
            events=(marriage(husband.name.replace("\u3000", ""), wife_from),),
        ),
    ]
    fathers, mothers = husband.name.replace("\u3000", ""), wife.name.replace("\u3000", "")
    people += [
        member(
            child,
            fathers,
            mothers,
            relation,
            here=AddressLine(address=here.address, since=RegisterDate(max(child.born.on, here.since.on))),
        )
        for child, relation in children
    ]
    return register_of(desk, domicile, surname, kana, people, married)
