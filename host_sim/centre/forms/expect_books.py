"""What must be printed on certificates of tax, family register and addresses; see `expect.py`."""

from collections.abc import Mapping, Sequence

from host_sim.centre.forms.due import OFF, Due, Fixed, Flowing, Part, Words, address, born, entry
from host_sim.centre.forms.people import family_token
from host_sim.centre.register import FamilyEvent, FamilyMember, FamilyRegister, Register, Resident

_END = Words("the line that voids the rest", "以　下　余　白")


def tax(subject: Resident, options: Mapping[str, Sequence[str]], register: Register) -> Due:
    """The tax certificate: head, left column from top to bottom, right column."""
    (asked,) = options["year"]
    year = register.taxes[subject.resident_id, int(asked)]
    due = year.city_income_yen + year.city_flat_yen + year.prefecture_income_yen + year.prefecture_flat_yen
    due += year.forest_yen
    page: list[Part] = [
        Words("the title", "所得・課税証明書" if due else "所得・非課税証明書"),
        Words("the fiscal year", f"年度{_fiscal(year.fiscal_year)}（{_calendar(year.fiscal_year - 1)}中の所得）"),
        Words("the address", f"住所{address(register.households[subject.household_id])}"),
        Words("the name", f"氏名{subject.name}"),
        Words("the birth date", f"生年月日{born(subject)}"),
        Words("a heading", "収入・所得の内訳"),
        Words("the salary", f"給与収入{year.salary_revenue_yen:,}円"),
        Words("the pension", f"公的年金等収入{year.pension_revenue_yen:,}円"),
        *(Words("an income", f"{label}{amount:,}円") for label, amount in year.incomes_yen.items()),
        Words("the whole income", f"合計所得金額{sum(year.incomes_yen.values()):,}円"),
        Words("a heading", "所得控除の内訳"),
        *(Words("a deduction", f"{label}{amount:,}円") for label, amount in year.deductions_yen.items()),
        Words("all deductions", f"控除合計{sum(year.deductions_yen.values()):,}円"),
        Words("a heading", "扶養の内訳"),
        *(Words("the dependants", f"{label}{count}人") for label, count in year.dependants.items()),
        Words("all dependants", f"扶養人数合計{sum(year.dependants.values())}人"),
        Words("a heading", "税額の内訳"),
        Words("the taxable income", f"課税標準額{year.taxable_yen:,}円"),
        Words("the city's tax on income", f"市民税所得割額{year.city_income_yen:,}円"),
        Words("the city's flat tax", f"市民税均等割額{year.city_flat_yen:,}円"),
        Words("the prefecture's tax on income", f"県民税所得割額{year.prefecture_income_yen:,}円"),
        Words("the prefecture's flat tax", f"県民税均等割額{year.prefecture_flat_yen:,}円"),
        Words("the forest tax", f"森林環境税額{year.forest_yen:,}円"),
        Words("the tax of the year", f"年税額{due:,}円"),
    ]
    return Fixed([page], "上記のとおり相違ないことを証明する。")


def _fiscal(year: int) -> str:
    """A fiscal year, in the era of its 1 April."""
    return f"令和{year - 2018}年度" if year >= 2020 else f"平成{year - 1988}年度"


def _calendar(year: int) -> str:
    """A calendar year, in the era of its 31 December."""
    if year < 2019:
        return f"平成{year - 1988}年"
    return "令和元年" if year == 2019 else f"令和{year - 2018}年"


def family(kind: str, subject: Resident, options: Mapping[str, Sequence[str]], register: Register) -> Due:
    """戸籍: everybody in the register, or one person."""
    book = _book_of(subject, register)
    people = list(enumerate(book.members))
    if kind == "koseki_kojin":
        people = [(n, m) for n, m in people if family_token(book, n) in options["person"]]
    body = _events("戸籍事項", book.events)
    for number, (_, member) in enumerate(people, start=1):
        body.append(Words(f"person {number}", _facts(member)))
        body += _events("身分事項", member.events)
    whole = kind == "koseki"
    return Flowing(
        head=[
            Words("the title", "全部事項証明" if whole else "個人事項証明"),
            Words("the domicile", f"本籍{book.domicile}"),
            Words("the head of the register", f"氏名{book.surname}{book.head_given_name}"),
        ],
        body=[*body, _END],
        statement="これは、戸籍に記録されている事項の全部を証明した書面である。"
        if whole
        else "これは、戸籍中の一部の者について記録されている事項の全部を証明した書面である。",
    )


def _events(group: str, events: Sequence[FamilyEvent]) -> list[Words]:
    words = []
    for number, event in enumerate(events):
        heading = f"{group}{event.title}" if number == 0 else event.title
        lines = "".join(label + text for label, text in event.lines)
        words.append(Words(f"an entry of {group}", heading + lines))
    return words


def _facts(member: FamilyMember) -> str:
    gone = "（除籍）" if member.struck_off else ""
    spouse = f"【配偶者区分】{member.spouse}" if member.spouse else ""
    return (
        f"戸籍に記録されている者{gone}【名】{member.given_name}【生年月日】{entry(member.born)}{spouse}"
        f"【父】{member.father}【母】{member.mother}【続柄】{member.relation}"
    )


def addresses(subject: Resident, options: Mapping[str, Sequence[str]], register: Register) -> Due:
    """附票: each person's addresses."""
    book = _book_of(subject, register)
    whole = list(options.get("scope", ["all"])) == ["all"]
    asked = list(options.get("domicile", [])) == ["print"]
    body = []
    for member in book.members:
        if not whole and member.resident_id != subject.resident_id:
            continue
        gone = "（除籍）" if member.struck_off else ""
        name = f"{book.surname}{member.given_name}{gone}"
        body.append(Words("a person", f"氏名・生年月日{name}{entry(member.born)}"))
        body += [
            Words("an address", f"住所・住所を定めた年月日{line.address}{entry(line.since)}")
            for line in member.addresses
        ]
    part = "全部" if whole else "一部"
    return Flowing(
        head=[
            Words("the title", "戸籍の附票"),
            Words("the domicile", f"本籍{book.domicile if asked else OFF}"),
            Words("the head of the register", f"筆頭者{book.surname + book.head_given_name if asked else OFF}"),
        ],
        body=[*body, _END],
        statement=f"この写しは、戸籍の附票の{part}の写しであることを証明する。",
    )


def _book_of(subject: Resident, register: Register) -> FamilyRegister:
    (book,) = (
        book
        for book in register.families.values()
        if any(m.resident_id == subject.resident_id and not m.struck_off for m in book.members)
    )
    return book
