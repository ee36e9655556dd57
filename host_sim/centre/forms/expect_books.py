"""What must be printed on certificates of tax, family register and addresses; see `expect.py`."""

from collections.abc import Mapping, Sequence

from host_sim.centre.forms.due import NONE, OFF, Due, Fixed, Flowing, Part, Words, address, born, entry
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
        Words("the fiscal year", f"{_fiscal(year.fiscal_year)}（{_calendar(year.fiscal_year - 1)}中の所得）", "年度"),
        Words("the address", address(register.households[subject.household_id]), "住所"),
        Words("the name", subject.name, "氏名"),
        Words("the birth date", born(subject), "生年月日"),
        Words("a heading", "収入・所得の内訳"),
        Words("the salary", f"{year.salary_revenue_yen:,}円", "給与収入"),
        Words("the pension", f"{year.pension_revenue_yen:,}円", "公的年金等収入"),
        *(Words("an income", f"{amount:,}円", label) for label, amount in year.incomes_yen.items()),
        Words("the whole income", f"{sum(year.incomes_yen.values()):,}円", "合計所得金額"),
        Words("a heading", "所得控除の内訳"),
        *(Words("a deduction", f"{amount:,}円", label) for label, amount in year.deductions_yen.items()),
        Words("all deductions", f"{sum(year.deductions_yen.values()):,}円", "控除合計"),
        Words("a heading", "扶養の内訳"),
        *(Words("the dependants", f"{count}人", label) for label, count in year.dependants.items()),
        Words("all dependants", f"{sum(year.dependants.values())}人", "扶養人数合計"),
        Words("a heading", "税額の内訳"),
        Words("the taxable income", f"{year.taxable_yen:,}円", "課税標準額"),
        Words("the city's tax on income", f"{year.city_income_yen:,}円", "市民税所得割額"),
        Words("the city's flat tax", f"{year.city_flat_yen:,}円", "市民税均等割額"),
        Words("the prefecture's tax on income", f"{year.prefecture_income_yen:,}円", "県民税所得割額"),
        Words("the prefecture's flat tax", f"{year.prefecture_flat_yen:,}円", "県民税均等割額"),
        Words("the forest tax", f"{year.forest_yen:,}円", "森林環境税額"),
        Words("the tax of the year", f"{due:,}円", "年税額"),
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
        body.append(_facts(f"person {number}", member))
        body += _events("身分事項", member.events)
    whole = kind == "koseki"
    return Flowing(
        head=[
            Words("the title", "全部事項証明" if whole else "個人事項証明"),
            Words("the domicile", book.domicile, "本籍"),
            Words("the head of the register", book.surname + book.head_given_name, "氏名"),
            *([Words("the reading of the surname", book.surname_kana, "氏の振り仮名")] if book.surname_kana else []),
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
        words.append(Words(f"an entry of {group}", lines, heading))
    return words


def _facts(what: str, member: FamilyMember) -> Words:
    gone = "（除籍）" if member.struck_off else ""
    spouse = f"【配偶者区分】{member.spouse}" if member.spouse else ""
    kana = f"【名の振り仮名】{member.kana}" if member.kana else ""
    facts = (
        f"【名】{member.given_name}{kana}【生年月日】{entry(member.born)}{spouse}"
        f"【父】{member.father}【母】{member.mother}【続柄】{member.relation}"
    )
    return Words(what, facts, f"戸籍に記録されている者{gone}")


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
        body.append(Words("a person", _entered(book, member, options), f"附票に記録されている者{gone}"))
        for number, line in enumerate(member.addresses):
            told = f"【住所】{line.address}【住所を定めた年月日】{entry(line.since)}"
            body.append(Words("an address", told, "住所" if number == 0 else ""))
    part = "全部" if whole else "一部"
    return Flowing(
        head=[
            Words("the title", "戸籍の附票"),
            Words("the domicile", book.domicile if asked else OFF, "本籍"),
            Words("the head of the register", book.surname + book.head_given_name if asked else OFF, "筆頭者"),
        ],
        body=[*body, _END],
        statement=f"この写しは、戸籍の附票の{part}の写しであることを証明する。",
    )


def _entered(book: FamilyRegister, member: FamilyMember, options: Mapping[str, Sequence[str]]) -> str:
    """Who somebody of the 附票 is. The law has birth and sex since 11 January 2022 and the code since 27 May 2024, and of
    nobody who was struck off before."""

    def asked(key: str) -> bool:
        return list(options.get(key, [])) == ["print"]

    gone = 0
    if member.struck_off:
        gone = (
            member.struck_off_on.year * 10000 + member.struck_off_on.month * 100 + member.struck_off_on.day
            if member.struck_off_on
            else 1
        )
    new, coded = not 0 < gone < 20220111, not 0 < gone < 20240527
    code = (member.resident_code if coded and member.resident_code else NONE) if asked("resident_code") else OFF
    name = f"【名】{member.given_name}" if asked("domicile") else f"【氏名】{book.surname}{member.given_name}"
    born = entry(member.born) if new else NONE
    return f"{name}【生年月日】{born}【男女の別】{(member.sex if new else None) or NONE}【住民票コード】{code}"


def _book_of(subject: Resident, register: Register) -> FamilyRegister:
    (book,) = (
        book
        for book in register.families.values()
        if any(m.resident_id == subject.resident_id and not m.struck_off for m in book.members)
    )
    return book
