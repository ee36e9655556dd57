"""住民票の写し and 住民票記載事項証明書, 世帯連記式: A4 portrait, at most four people a page (form rule 1,
standard 5.1).

The head of the sheet holds what the household shares; below it, each person has a block of twelve lines. A field that the
applicant left off reads 【省略】, one that the register leaves empty 【空欄】; the cell of a reading that is not recorded stays
blank. 住民票コード is never on a machine's paper. Blocks without a person are struck through.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from host_sim.centre.forms import eras, people
from host_sim.centre.forms.annex import Annex
from host_sim.centre.forms.canvas import HAIR_MM, Sheet
from host_sim.centre.forms.frame import LEFT, RIGHT, Draft, title
from host_sim.centre.forms.structure import Part
from host_sim.centre.register import Register, Resident

OMITTED, EMPTY, SPARE = "【省略】", "【空欄】", "＊＊＊"
SEE_REMARK = "統合記載欄に記載"
PER_PAGE = 4
TITLES = {"juminhyo": "住民票", "kisai": "住民票記載事項証明書"}
STATEMENTS = {
    ("juminhyo", "all"): "この写しは、世帯全員の住民票の原本と相違ないことを証明する。",
    ("juminhyo", "part"): "この写しは、世帯の一部の住民票の原本と相違ないことを証明する。",
    ("juminhyo", "self"): "この写しは、住民票の原本と相違ないことを証明する。",
    ("kisai", "all"): "上記の事項は、世帯全員の住民票に記載があることを証明する。",
    ("kisai", "part"): "上記の事項は、世帯の一部の住民票に記載があることを証明する。",
    ("kisai", "self"): "上記の事項は、住民票に記載があることを証明する。",
}

TOP, HEAD_ROW, BLOCKS, ROW = 20.0, 7.5, 36.0, 4.0
BLOCK = 12 * ROW
# Columns of a block: number, labels, values, and the second pair.
X_NUMBER, X_LABEL, X_VALUE, X_LABEL2, X_VALUE2 = 10.0, 17.0, 41.0, 117.0, 149.0
BASE = 3.2  # from the upper rule of a line to the baseline of its text


class Put(Protocol):
    """What `_block` hands to its helpers: write a label or a value into a line of the block."""

    def __call__(self, row: float, words: str, second: bool = False) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which of the optional items are printed."""

    relation: bool
    domicile: bool
    my_number: bool
    foreign: bool
    foreign_kana: bool
    moved_from: bool


def shown(options: Mapping[str, Sequence[str]]) -> Shown:
    def asked(key: str) -> bool:
        return tuple(options.get(key, ())) == ("print",)

    return Shown(**{item.name: asked(item.name) for item in fields(Shown)})


def draft(
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    options: Mapping[str, Sequence[str]],
    register: Register,
) -> Draft:
    """The sheets of the people who were chosen, four to a page, in the order of the standard."""
    persons = people.chosen(subject, household, options)
    items = shown(options)
    address = address_of(register, subject)
    head = register.residents[register.household_of(subject).head_id].name if items.relation else OMITTED
    sheets = []
    for first in range(0, len(persons), PER_PAGE):
        sheet = Sheet()
        title(sheet, 16, TITLES[kind], 20 if kind == "juminhyo" else 17)
        _head(sheet, address, head)
        here = persons[first : first + PER_PAGE]
        for place, person in enumerate(here):
            _block(sheet, BLOCKS + place * BLOCK, first + place + 1, person, items)
        _void(sheet, BLOCKS + len(here) * BLOCK, PER_PAGE - len(here))
        sheets.append(sheet)
    return Draft(
        sheets=sheets,
        statement=STATEMENTS[kind, options.get("scope", ("all",))[0]],
        room_from=BLOCKS + PER_PAGE * BLOCK,
        people=tuple((person.name, born_of(person)) for person in persons),
        address=address,
    )


def address_of(register: Register, subject: Resident) -> str:
    """The address with its 方書, which is never left off (standard 5.4)."""
    home = register.household_of(subject)
    return f"{home.address}　{home.building}" if home.building else home.address


def born_of(person: Resident) -> str:
    """和暦, but the western calendar for a foreign resident (standard 1.1.9)."""
    return eras.written_western(person.born) if person.foreign else eras.written(person.born)


def _head(sheet: Sheet, address: str, head: str) -> None:
    width = RIGHT - LEFT
    sheet.box(LEFT, TOP, width, HEAD_ROW, 0.375)
    sheet.box(LEFT, TOP + HEAD_ROW, width, HEAD_ROW, 0.375)
    sheet.vertical(X_VALUE - 6, TOP, 2 * HEAD_ROW)
    for row, (label, words) in enumerate((("住所", address), ("世帯主", head))):
        y = TOP + row * HEAD_ROW
        sheet.label(LEFT + 3, y + 5.1, X_VALUE - 6 - LEFT - 6, label, 9.5)
        sheet.lines(X_VALUE - 4, y + 0.4, RIGHT - X_VALUE + 2, HEAD_ROW - 0.8, words, 12, "the address")


def _block(sheet: Sheet, y: float, number: int, person: Resident, items: Shown) -> None:
    _rules(sheet, y, 9 if items.moved_from and person.foreign is None else 8)
    sheet.group((X_NUMBER + X_LABEL) / 2, y + BLOCK / 2 + 1.6, str(number), 12)
    foreign = person.foreign
    annex, labels = Annex(sheet, SEE_REMARK), [""]

    def label(row: float, words: str, second: bool = False) -> None:
        labels.append(words)
        x, end = (X_LABEL2, X_VALUE2) if second else (X_LABEL, X_VALUE)
        place = (x + 1.2, y + row * ROW + BASE, end - x - 2.2, words, 8)
        if words == SPARE:
            sheet.begin(Part.UNREAD)
            sheet.spread(*place)
        else:
            sheet.label(*place)

    def value(row: float, words: str, second: bool = False) -> None:
        x, until = (X_VALUE2, RIGHT) if second else (X_VALUE, X_LABEL2)
        annex.fitted(x + 1.5, y + row * ROW + BASE, until - x - 2.5, words, 9, labels[-1])

    def long(row: float, words: str) -> None:
        annex.lines(X_VALUE + 1.5, y + row * ROW, RIGHT - X_VALUE - 2.5, ROW + 0.2, words, 9, labels[-1])

    label(0, "氏名の振り仮名")
    value(0, person.kana if foreign is None or items.foreign_kana else OMITTED)
    label(0, "個人番号", second=True)
    value(0, person.my_number if items.my_number else OMITTED, second=True)
    label(1.5, "氏名")
    sheet.lines(X_VALUE + 1.5, y + ROW + 0.3, X_LABEL2 - X_VALUE - 2.5, 2 * ROW - 0.5, person.name, 15, "the name")
    label(1, "住民票コード", second=True)
    value(1, OMITTED, second=True)
    label(2, "住民となった年月日" if foreign is None else "外国人住民となった年月日", second=True)
    value(2, eras.written(person.resident_since if foreign is None else foreign.resident_since), second=True)
    _other_name(person, items, label, value)
    label(3, "住所を定めた年月日", second=True)
    value(3, eras.written(person.address_since) if person.address_since else EMPTY, second=True)
    label(4, "届出日", second=True)
    value(4, eras.written(person.notified_on) if person.notified_on else EMPTY, second=True)
    _birth(sheet, y + 5 * ROW, person, items)
    if foreign is None:
        label(5, "筆頭者", second=True)
        value(5, (person.family_head or EMPTY) if items.domicile else OMITTED, second=True)
        label(6, "本籍")
        long(6, (person.domicile or EMPTY) if items.domicile else OMITTED)
    else:
        label(5, "国籍・地域", second=True)
        value(5, foreign.nationality if items.foreign else OMITTED, second=True)
        label(6, "30条45区分")
        long(6, foreign.category if items.foreign else OMITTED)
    label(7, "転入前住所")
    long(7, person.previous_address or EMPTY)
    _spare(person, items, label, value, long)
    label(10.5, "統合記載欄")
    remark = annex.words(_remark(person, items), EMPTY)
    sheet.lines(X_VALUE + 1.5, y + 10 * ROW + 0.3, RIGHT - X_VALUE - 2.5, 2 * ROW - 0.5, remark, 9, "the remark")


def _other_name(person: Resident, items: Shown, label: Put, value: Put) -> None:
    """旧氏 of a Japanese, 通称 of a foreign resident, with its reading."""
    if person.foreign is None:
        words, reading, name = "旧氏", person.former_surname_kana, person.former_surname
    else:
        words, reading, name = "通称", person.foreign.alias_kana, person.foreign.alias
        reading = reading if items.foreign_kana or name is None else OMITTED
    label(3, f"{words}の振り仮名")
    value(3, reading or EMPTY)
    label(4, words)
    value(4, name or EMPTY)


def _birth(sheet: Sheet, y: float, person: Resident, items: Shown) -> None:
    """Birth, sex and relation share one line."""
    sheet.label(X_LABEL + 1.2, y + BASE, X_VALUE - X_LABEL - 2.2, "生年月日", 8)
    sheet.fitted(X_VALUE + 1.5, y + BASE, 31, born_of(person), 9, "the birth date")
    sheet.label(75.2, y + BASE, 6.6, "性別", 8)
    sheet.text(85.5, y + BASE, person.sex, 9, align="center")
    sheet.label(89.2, y + BASE, 6.6, "続柄", 8)
    relation = person.relation if items.relation else OMITTED
    sheet.fitted(98, y + BASE, 18.5, relation, 9, "the relation")


def _spare(person: Resident, items: Shown, label: Put, value: Put, long: Callable[[float, str], None]) -> None:
    """Two lines: what the register holds of foreign residents (standard 1.1.2); of others 異動前住所, where asked for."""
    foreign = person.foreign
    if foreign is None:
        if items.moved_from:
            label(8, "異動前住所")
            long(8, person.moved_from or EMPTY)
        for row in (9,) if items.moved_from else (8, 9):
            label(row, SPARE)
            value(row, SPARE)
            label(row, SPARE, second=True)
            value(row, SPARE, second=True)
        return
    until = eras.western(foreign.until) if foreign.until else EMPTY
    cells = (
        (8, False, "在留資格", foreign.status or EMPTY),
        (8, True, "在留期間等", foreign.period or EMPTY),
        (9, False, "在留カード等番号", foreign.card_number),
        (9, True, "在留期間の満了の日", until),
    )
    for row, second, words, item in cells:
        label(row, words, second=second)
        value(row, item if items.foreign else OMITTED, second=second)


def _remark(person: Resident, items: Shown) -> str:
    """The words of 統合記載欄: where and when a 通称 was recorded, and 異動前住所 of a foreign resident."""
    foreign, told = person.foreign, []
    if foreign is not None and foreign.alias is not None and foreign.alias_recorded_on is not None:
        recorded = f"通称の記載　{eras.wareki(foreign.alias_recorded_on)}　{foreign.alias_recorded_at or ''}".rstrip()
        told.append(recorded if items.foreign else OMITTED)
    if foreign is not None and items.moved_from:
        told.append(f"異動前住所　{person.moved_from or EMPTY}")
    return "　".join(told) or EMPTY


def _rules(sheet: Sheet, y: float, divided: int) -> None:
    """`divided`: the spare line from which on there are two pairs of cells."""
    sheet.box(LEFT, y, RIGHT - LEFT, BLOCK, 0.375)
    sheet.vertical(X_LABEL, y, BLOCK)
    sheet.vertical(X_VALUE, y, BLOCK)
    full = RIGHT - X_LABEL
    for row in (1, 3, 4, 5, 6, 7, 8, 9, 10):
        sheet.horizontal(X_LABEL, y + row * ROW, full)
    sheet.horizontal(X_LABEL2, y + 2 * ROW, RIGHT - X_LABEL2)
    for x in (X_LABEL2, X_VALUE2):
        sheet.vertical(x, y, 6 * ROW)
        sheet.vertical(x, y + divided * ROW, (10 - divided) * ROW + HAIR_MM)
    for x in (74.0, 83.0, 88.0, 97.0):
        sheet.vertical(x, y + 5 * ROW, ROW)


def _void(sheet: Sheet, y: float, blocks: int) -> None:
    """Strike through the blocks without a person, so that nobody can write into them."""
    if blocks == 0:
        return
    height = blocks * BLOCK
    sheet.box(LEFT, y, RIGHT - LEFT, height, 0.375)
    middle_x, middle_y = (LEFT + RIGHT) / 2, y + height / 2
    gap = min(20.0, 4.0 * (RIGHT - LEFT) / height)  # the line stops before the words
    drop = gap * height / (RIGHT - LEFT)
    sheet.slash(RIGHT, y + 0.4, middle_x + gap, middle_y - drop)
    sheet.slash(middle_x - gap, middle_y + drop, LEFT + 0.4, y + height)
    sheet.block(middle_x - 20, middle_y - 4, 40, 8, white=True)
    sheet.begin(Part.TEXT)
    sheet.text(middle_x, middle_y + 1.4, "以　下　余　白", 10, align="center")
