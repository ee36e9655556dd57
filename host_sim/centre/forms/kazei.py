"""所得・課税証明書 of one fiscal year (form rule 3): income of the calendar year before, deductions, tax.

Where no tax is due it is called 所得・非課税証明書. The fiscal year is named by the era of its 1 April: 2019 is 平成31年度, not 令和元年度.
"""

from collections.abc import Mapping, Sequence

from host_sim.centre.forms import eras
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.fitting import TextOverflow
from host_sim.centre.forms.frame import LEFT, RIGHT, Draft, title
from host_sim.centre.forms.juminhyo import address_of, born_of
from host_sim.centre.forms.structure import Part
from host_sim.centre.register import Register, Resident, TaxYear

TITLES = {True: "所得・課税証明書", False: "所得・非課税証明書"}
STATEMENT = "上記のとおり相違ないことを証明する。"
ROW, X_MIDDLE = 8.0, 105.0
ROOM_FROM = 226.0
Line = tuple[str, str]


def draft(subject: Resident, options: Mapping[str, Sequence[str]], register: Register) -> Draft:
    """The one sheet of the fiscal year asked for."""
    tax = register.taxes[subject.resident_id, int(options["year"][0])]
    sheet = Sheet()
    title(sheet, 20, TITLES[tax.tax_yen > 0], 19)
    address = address_of(register, subject)
    y = _head(sheet, subject, address, tax)
    left = [("収入・所得の内訳", "")] + [(label, yen(amount)) for label, amount in incomes(tax)]
    left += [("所得控除の内訳", "")] + [(label, yen(amount)) for label, amount in tax.deductions_yen.items()]
    left.append(("控除合計", yen(sum(tax.deductions_yen.values()))))
    right = [("扶養の内訳", "")] + [(label, f"{count}人") for label, count in dependants(tax)]
    right += [("税額の内訳", "")] + [(label, yen(amount)) for label, amount in taxes(tax)]
    rows = max(len(left), len(right))
    if y + rows * ROW > ROOM_FROM:
        raise TextOverflow("the list of incomes and deductions does not fit on the form")
    for column, lines in ((LEFT, left), (X_MIDDLE, right)):
        _column(sheet, column, y, lines + [("", "")] * (rows - len(lines)))
    sheet.box(LEFT, y, RIGHT - LEFT, rows * ROW, 0.375)
    return Draft(
        sheets=[sheet],
        statement=STATEMENT,
        room_from=ROOM_FROM,
        people=((subject.name, born_of(subject)),),
        address=address,
    )


def incomes(tax: TaxYear) -> list[tuple[str, int]]:
    revenue = [("給与収入", tax.salary_revenue_yen), ("公的年金等収入", tax.pension_revenue_yen)]
    return [*revenue, *tax.incomes_yen.items(), ("合計所得金額", sum(tax.incomes_yen.values()))]


def dependants(tax: TaxYear) -> list[tuple[str, int]]:
    return [*tax.dependants.items(), ("扶養人数合計", sum(tax.dependants.values()))]


def taxes(tax: TaxYear) -> list[tuple[str, int]]:
    return [
        ("課税標準額", tax.taxable_yen),
        ("市民税所得割額", tax.city_income_yen),
        ("市民税均等割額", tax.city_flat_yen),
        ("県民税所得割額", tax.prefecture_income_yen),
        ("県民税均等割額", tax.prefecture_flat_yen),
        ("森林環境税額", tax.forest_yen),
        ("年税額", tax.tax_yen),
    ]


def yen(amount: int) -> str:
    return f"{amount:,}円"


def _head(sheet: Sheet, subject: Resident, address: str, tax: TaxYear) -> float:
    period = f"{eras.fiscal_year(tax.fiscal_year)}（{eras.calendar_year(tax.fiscal_year - 1)}中の所得）"
    y = 27.0
    for label, words, height in (
        ("年度", period, 8.0),
        ("住所", address, 11.0),
        ("氏名", subject.name, 11.0),
        ("生年月日", born_of(subject), 8.0),
    ):
        sheet.box(LEFT, y, RIGHT - LEFT, height, 0.375)
        sheet.vertical(48.0, y, height)
        sheet.label(LEFT + 6, y + height / 2 + 1.5, 26, label, 10.5)
        sheet.lines(51.0, y + 0.5, RIGHT - 53, height - 1, words, 12, "the head of the form")
        y += height
    return y + 4.0


def _column(sheet: Sheet, x: float, y: float, lines: Sequence[Line]) -> None:
    """Labels on the left, amounts on the right; a label without an amount heads a group."""
    end = x + X_MIDDLE - LEFT
    for number, (label, amount) in enumerate(lines):
        top = y + number * ROW
        sheet.horizontal(x, top, end - x)
        if label and not amount:
            sheet.group((x + end) / 2, top + 5.4, label, 10.5, tracking=2)
        elif label:
            sheet.vertical(x + 48, top, ROW)
            sheet.begin(Part.LABEL)
            sheet.fitted(x + 3, top + 5.4, 44, label, 10, "a label")
            sheet.begin(Part.VALUE)
            sheet.text(end - 4, top + 5.4, amount, 10.5, align="right")
    sheet.vertical(x, y, len(lines) * ROW)
