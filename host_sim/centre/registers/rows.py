"""The files of each register and the columns of each file: one model a file, one field a column, in the files' order.

The models are the documentation too: the tables of README.md in this folder are drawn from them.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from host_sim.centre.register import ResidentState, SealState
from host_sim.centre.registers import columns as col

RegisterName = Literal["residents", "seals", "taxes", "families"]


def told(meaning: str, example: str) -> Any:
    return Field(description=meaning, examples=[example])


def added(meaning: str, example: str) -> Any:
    """A column that files of an earlier form lack: it may be missing, and is then empty. It stands last."""
    return Field(default=None, description=meaning, examples=[example])


Sex = Annotated[str, *col.one_of("男", "女")]
SexOrNone = Annotated[str | None, *col.one_of("男", "女", required=False)]
BlockKind = Annotated[Literal["protected", "issue_blocked", "ward"], *col.one_of("protected", "issue_blocked", "ward")]
TaxGroup = Annotated[Literal["income", "deduction", "dependant"], *col.one_of("income", "deduction", "dependant")]
Spouse = Annotated[str | None, *col.one_of("夫", "妻", required=False)]
Table = Annotated[str, *col.one_of("households", "residents", "seals", "taxes", "families")]
FiscalYearOrNone = Annotated[int | None, *col.one_of(*map(str, range(2000, 2101)), required=False)]
State = Annotated[ResidentState, *col.one_of(*ResidentState)]
SealWord = Annotated[SealState, *col.one_of(*SealState)]


STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Row:
    """One line of a file. `key`: the columns that name the record it belongs to."""

    __slots__ = ()
    file: ClassVar[str]
    register: ClassVar[RegisterName]
    key: ClassVar[tuple[str, ...]]
    own: ClassVar[tuple[str, ...]] = ()  # with `key`, the columns that no two lines may share


@dataclass(frozen=True, slots=True, config=STRICT)
class HouseholdRow(Row):
    file, register, key = "households.csv", "residents", ("household_id",)
    household_id: col.Number = told("the household's number", "45000017")
    head_id: col.Number = told("宛名番号 of the 世帯主, who is a member", "4500007919")
    address: col.Printed = told("住所, from the prefecture on", "宮崎県宮崎市橘通西九丁目14番3号")
    building: col.PrintedOrNone = told("方書: building and room", "ひまわり荘101")


@dataclass(frozen=True, slots=True, config=STRICT)
class ResidentRow(Row):
    file, register, key = "residents.csv", "residents", ("resident_id",)
    resident_id: col.Number = told("宛名番号; each stands once, so nobody is in two households", "4500007919")
    household_id: col.Number = told("a household of households.csv", "45000017")
    name: col.Printed = told("氏名; U+3000 between surname and given name", "宮崎　太郎")
    kana: col.PrintedOrEmpty = told("氏名の振り仮名; empty: none is recorded", "ミヤザキ　タロウ")
    sex: Sex = told("性別", "男")
    born: col.Day = told("生年月日, or the day assumed for it (みなし)", "1981-08-29")
    born_written: col.PrintedOrNone = told(
        "the words of the register where they differ from the day", "昭和20年月日不詳"
    )
    relation: col.Relation = told("続柄", "世帯主")
    resident_since: col.Day = told("住民となった年月日", "2009-04-02")
    resident_since_written: col.PrintedOrNone = told("its words where they differ", "")
    address_since: col.DayOrNone = told(
        "住所を定めた年月日: of the last move inside the city; empty: never moved there", "2009-06-07"
    )
    address_since_written: col.PrintedOrNone = told("its words where they differ", "")
    notified_on: col.DayOrNone = told("届出日, on which they became a resident, also of who moved since", "2009-04-02")
    notified_on_written: col.PrintedOrNone = told("its words where they differ", "")
    previous_address: col.PrintedOrNone = told("転入前住所; empty: born here", "福岡県福岡市中央区天神九丁目2番1号")
    my_number: col.MyNumber = told("個人番号", "000000000019")
    resident_code: col.ResidentCode = told("住民票コード; on no 住民票 of a machine", "00000000001")
    domicile: col.PrintedOrNone = told("本籍; empty for foreign residents", "宮崎県宮崎市青島西七丁目14番地")
    family_head: col.PrintedOrNone = told("筆頭者", "宮崎　太郎")
    former_surname: col.PrintedOrNone = told("旧氏", "")
    former_surname_kana: col.PrintedOrNone = told("旧氏の振り仮名", "")
    state: State = told("leaving: 転出予定; moved_out; dead; struck_off: 職権消除", "resident")
    moved_from: col.PrintedOrNone = added("異動前住所 in this city, since standardisation; empty: none is kept", "")


@dataclass(frozen=True, slots=True, config=STRICT)
class ForeignRow(Row):
    file, register, key = "foreign_residents.csv", "residents", ("resident_id",)
    resident_id: col.Number = told("a resident of residents.csv, in the same files", "4500055433")
    nationality: col.Printed = told("国籍・地域", "ベトナム")
    category: col.Printed = told("法30条の45に規定する区分", "中長期在留者")
    status: col.PrintedOrNone = told("在留資格", "永住者")
    period: col.PrintedOrNone = told("在留期間等", "5年")
    until: col.DayOrNone = told("在留期間の満了の日", "2028-03-14")
    card_number: col.Printed = told("在留カード等番号", "ZZ00000205ZZ")
    resident_since: col.Day = told("外国人住民となった年月日", "2016-10-03")
    resident_since_written: col.PrintedOrNone = told("its words where they differ", "")
    alias: col.PrintedOrNone = told("通称", "宮本　安")
    alias_kana: col.PrintedOrNone = told("通称の振り仮名", "ミヤモト　アン")
    alias_recorded_on: col.DayOrNone = told("day on which the 通称 was recorded", "2021-04-01")
    alias_recorded_at: col.PrintedOrNone = told("municipality that recorded it", "宮崎県宮崎市")


@dataclass(frozen=True, slots=True, config=STRICT)
class BlockRow(Row):
    file, register, key, own = "blocks.csv", "residents", ("resident_id",), ("kind",)
    resident_id: col.Number = told("a resident of residents.csv, in the same files", "4500071271")
    kind: BlockKind = told("protected: 支援措置; issue_blocked: 証明書発行の抑止; ward: 成年被後見人", "protected")


@dataclass(frozen=True, slots=True, config=STRICT)
class SealRow(Row):
    file, register, key = "seals.csv", "seals", ("resident_id",)
    resident_id: col.Number = told("who registered it; one seal a person", "4500007919")
    registration_number: col.Number = told("登録番号", "100001")
    registered_on: col.Day = told("登録年月日", "2009-04-10")
    state: SealWord = told("lost: 亡失届; cancelled: 廃止; pending: 照会中", "valid")
    diameter_mm: col.Millimetres = told("side of the square that the imprint fills, mm", "15.0")
    imprint: col.Picture = told("name of the PNG file in imprints/; empty: drawn from `letters`", "100001.png")
    letters: col.PrintedOrEmpty = told("what is cut into it; of an invented seal one to four letters", "宮崎")
    seed: col.Seed = told("for the drawing of an invented seal; else 0", "0")


@dataclass(frozen=True, slots=True, config=STRICT)
class TaxRow(Row):
    file, register, key = "taxes.csv", "taxes", ("resident_id", "fiscal_year")
    resident_id: col.Number = told("whose tax it is", "4500007919")
    fiscal_year: col.FiscalYear = told("fiscal year, from 1 April (2026: 令和8年度)", "2026")
    resident_on_1_january: col.YesNo = told("lived here on its 1 January", "1")
    declared: col.YesNo = told("0: 未申告", "1")
    issue_stopped: col.YesNo = told("1: 発行停止", "0")
    salary_revenue_yen: col.Yen = told("給与収入", "6240000")
    pension_revenue_yen: col.Yen = told("公的年金収入", "0")
    taxable_yen: col.Yen = told("課税標準額", "2830000")
    city_income_yen: col.Yen = told("市民税 所得割", "168300")
    city_flat_yen: col.Yen = told("市民税 均等割", "3000")
    prefecture_income_yen: col.Yen = told("県民税 所得割", "112200")
    prefecture_flat_yen: col.Yen = told("県民税 均等割", "1500")
    forest_yen: col.Yen = told("森林環境税", "1000")


@dataclass(frozen=True, slots=True, config=STRICT)
class TaxItemRow(Row):
    file, register, key, own = "tax_items.csv", "taxes", ("resident_id", "fiscal_year"), ("group", "label")
    resident_id: col.Number = told("with fiscal_year: a line of taxes.csv", "4500007919")
    fiscal_year: col.FiscalYear = told("fiscal year", "2026")
    group: TaxGroup = told("income: 所得; deduction: 控除; dependant: 扶養, counted in people", "income")
    place: col.Place = told("place inside the group", "1")
    label: col.Printed = told("what it is", "給与所得")
    amount: col.Amount = told("whole yen; of dependants the number of people", "4552000")


@dataclass(frozen=True, slots=True, config=STRICT)
class FamilyRow(Row):
    file, register, key = "families.csv", "families", ("register_id",)
    register_id: col.Number = told("the 戸籍's number", "4520101")
    domicile: col.Printed = told("本籍, in this city", "宮崎県宮崎市青島西七丁目14番地")
    surname: col.Printed = told("氏", "宮崎")
    surname_kana: col.PrintedOrEmpty = told("氏の振り仮名; empty: none is recorded", "ミヤザキ")
    head_given_name: col.Printed = told("名 of the 筆頭者", "太郎")


@dataclass(frozen=True, slots=True, config=STRICT)
class MemberRow(Row):
    file, register, key, own = "family_members.csv", "families", ("register_id",), ("member",)
    register_id: col.Number = told("a 戸籍 of families.csv", "4520101")
    member: col.Place = told("place in the 戸籍", "1")
    resident_id: col.NumberOrNone = told("宛名番号 of who lives in this city", "4500007919")
    given_name: col.Printed = told("名", "太郎")
    kana: col.PrintedOrEmpty = told("名の振り仮名; empty: none is recorded", "タロウ")
    born: col.Day = told("生年月日, or the day assumed for it", "1981-08-29")
    born_written: col.PrintedOrNone = told("its words where they differ", "")
    father: col.PrintedOrEmpty = told("父", "宮崎正造")
    mother: col.PrintedOrEmpty = told("母", "宮崎ハル")
    relation: col.Printed = told("父母との続柄", "長男")
    spouse: Spouse = told("配偶者区分", "夫")
    struck_off: col.YesNo = told("1: 除籍", "0")
    struck_off_on: col.DayOrNone = added(
        "除籍日; of who was struck off and has none, the 附票 prints no birth and no sex", ""
    )
    sex: SexOrNone = added("男女の別 for the 附票; without it no machine issues that 附票", "男")
    resident_code: col.ResidentCodeOrNone = added("住民票コード for the 附票", "00000000001")


@dataclass(frozen=True, slots=True, config=STRICT)
class EventRow(Row):
    file, register, key, own = "family_events.csv", "families", ("register_id",), ("member", "event", "line")
    register_id: col.Number = told("a 戸籍 of families.csv", "4520101")
    member: col.PlaceOrNone = told("whose 身分事項; empty: 戸籍事項", "1")
    event: col.Place = told("place of the entry", "1")
    line: col.Place = told("line of the entry; the lines of one entry repeat its title", "1")
    title: col.Printed = told("what the entry is", "出生")
    label: col.PrintedOrEmpty = told("label of the line; empty: the entry has no lines", "【出生日】")
    text: col.PrintedOrEmpty = told("words of the line", "昭和56年8月29日")


@dataclass(frozen=True, slots=True, config=STRICT)
class AddressRow(Row):
    file, register, key, own = "address_history.csv", "families", ("register_id",), ("member", "line")
    register_id: col.Number = told("a 戸籍 of families.csv", "4520101")
    member: col.Place = told("whose address, by the place in the 戸籍", "1")
    line: col.Place = told("line of the 附票, oldest first", "1")
    address: col.Printed = told("住所", "宮崎県宮崎市橘通西九丁目14番3号")
    since: col.Day = told("住所を定めた年月日", "2009-06-07")
    since_written: col.PrintedOrNone = told("its words where they differ", "")


@dataclass(frozen=True, slots=True, config=STRICT)
class RemovedRow(Row):
    """In a delivery that is not complete: the records that are no longer in the register."""

    file, key = "removed.csv", ("table", "number", "fiscal_year")
    table: Table = told("what is removed", "seals")
    number: col.Number = told("宛名番号; of a household or a 戸籍 its own number", "4500007919")
    fiscal_year: FiscalYearOrNone = told("of a line of taxes.csv", "")


FILES: tuple[type[Row], ...] = (
    HouseholdRow,
    ResidentRow,
    ForeignRow,
    BlockRow,
    SealRow,
    TaxRow,
    TaxItemRow,
    FamilyRow,
    MemberRow,
    EventRow,
    AddressRow,
)
REGISTERS: tuple[RegisterName, ...] = ("residents", "seals", "taxes", "families")
TABLES_OF: Mapping[RegisterName, tuple[str, ...]] = {
    "residents": ("households", "residents"),
    "seals": ("seals",),
    "taxes": ("taxes",),
    "families": ("families",),
}
IMPRINTS = "imprints"  # the folder of the seals' pictures, beside seals.csv


def files_of(register: RegisterName) -> tuple[type[Row], ...]:
    """The files of one register, which are always given together."""
    return tuple(kind for kind in FILES if kind.register == register)


def columns_of(kind: type[Row]) -> Mapping[str, FieldInfo]:
    """The columns of a file, in order."""
    columns: Mapping[str, FieldInfo] = kind.__pydantic_fields__  # type: ignore[attr-defined]
    return columns


def form_of(kind: type[Row], column: str) -> col.Form:
    """What a column may hold."""
    return next(meta for meta in columns_of(kind)[column].metadata if isinstance(meta, col.Form))


reader: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)  # of one kind of row, worked out once
