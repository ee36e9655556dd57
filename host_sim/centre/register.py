"""The city's books as plain records: residents, households, seals, tax years, family registers.

These records are what a certificate is made from and what it is checked against; how they are stored is
the centre's business. They are frozen, hold no reference to each other (only numbers), and `Register` is a
bundle of them that is cheap to make: for one certificate it may hold one household and nothing else.

Names and addresses are exact strings: Moji_Joho variation selectors stay in them, surname and given name are
parted by U+3000. See form rule 1, city rules 7, 8; the words in brackets are those of the standard.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class RegisterDate:
    """A date as the register has it.

    `on` is the calendar day, or, where none is known, the day assumed for arithmetic (みなし). `written` is set
    only where the words differ from what the calendar gives: 「昭和20年以下不詳」, 明治45年7月30日 (the day on which
    大正 began), a 29 February that never was (standard 1.1.8).
    """

    on: date
    written: str | None = None


class ResidentState(StrEnum):
    RESIDENT = "resident"
    LEAVING = "leaving"  # 転出予定: the notice is filed, the day has not come
    MOVED_OUT = "moved_out"
    DEAD = "dead"
    STRUCK_OFF = "struck_off"  # 職権消除


class SealState(StrEnum):
    VALID = "valid"
    LOST = "lost"  # 亡失届
    CANCELLED = "cancelled"  # 廃止, or struck off by the office
    PENDING = "pending"  # 照会中: the enquiry has not come back


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFacts:
    """What the register holds of a resident of foreign nationality instead of a domicile (standard 1.1.2)."""

    nationality: str
    category: str  # 法30条の45に規定する区分: 中長期在留者, 特別永住者 ...
    status: str | None  # 在留資格
    period: str | None  # 在留期間
    until: date | None  # 在留期間の満了の日, written in the western calendar
    card_number: str
    resident_since: RegisterDate  # 外国人住民となった年月日
    alias: str | None = None  # 通称
    alias_kana: str | None = None
    alias_recorded_on: date | None = None
    alias_recorded_at: str | None = None  # the municipality that recorded it


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One person of the resident register. `repr` shows the number only."""

    resident_id: str  # 宛名番号, 10 digits
    household_id: str
    name: str = field(repr=False)
    kana: str = field(repr=False)
    sex: str = field(repr=False)  # 男, 女
    born: RegisterDate = field(repr=False)
    relation: str = field(repr=False)  # 続柄, of the closed vocabulary
    resident_since: RegisterDate = field(repr=False)  # 住民となった年月日
    address_since: RegisterDate = field(repr=False)  # 住所を定めた年月日
    notified_on: RegisterDate | None = field(repr=False)  # 届出日
    previous_address: str | None = field(repr=False)  # 転入前住所; None: born here
    my_number: str = field(repr=False)  # 個人番号, 12 digits with a right check digit
    resident_code: str = field(repr=False)  # 住民票コード, 11 digits; never printed by a machine
    domicile: str | None = field(default=None, repr=False)  # 本籍; None for foreign residents
    family_head: str | None = field(default=None, repr=False)  # 筆頭者
    former_surname: str | None = field(default=None, repr=False)  # 旧氏
    former_surname_kana: str | None = field(default=None, repr=False)
    foreign: ForeignFacts | None = field(default=None, repr=False)
    state: ResidentState = ResidentState.RESIDENT
    protected: bool = field(default=False, repr=False)  # 支援措置
    issue_blocked: bool = field(default=False, repr=False)  # 抑止 (証明書発行)
    ward: bool = field(default=False, repr=False)  # 成年被後見人


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """One household. The address is everybody's; 方書 (building, room) is never left off (standard 5.4)."""

    household_id: str
    head_id: str  # resident_id of the 世帯主
    address: str = field(repr=False)
    building: str | None = field(default=None, repr=False)  # 方書
    member_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A registered seal. The imprint is drawn from these numbers, the same each time (`forms.seal.imprint`)."""

    resident_id: str
    registration_number: str
    registered_on: date
    letters: str = field(repr=False)  # what is cut into it, one to four characters
    diameter_mm: float = 12.0  # more than 8, at most 25
    seed: int = 0
    state: SealState = SealState.VALID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear:
    """Municipal tax of one fiscal year (from 1 April), on the income of the calendar year before. Whole yen."""

    resident_id: str
    fiscal_year: int  # 2026: 令和8年度
    resident_on_1_january: bool = True
    declared: bool = True
    issue_stopped: bool = False  # 発行停止
    incomes_yen: Mapping[str, int] = field(default_factory=dict, repr=False)  # 給与所得 ... in printing order
    salary_revenue_yen: int = field(default=0, repr=False)  # 給与収入
    pension_revenue_yen: int = field(default=0, repr=False)  # 公的年金収入
    deductions_yen: Mapping[str, int] = field(default_factory=dict, repr=False)  # 社会保険料控除 ...
    dependants: Mapping[str, int] = field(default_factory=dict, repr=False)  # 配偶者, 一般扶養 ...
    taxable_yen: int = field(default=0, repr=False)  # 課税標準額
    city_income_yen: int = field(default=0, repr=False)  # 市民税 所得割
    city_flat_yen: int = field(default=0, repr=False)  # 市民税 均等割
    prefecture_income_yen: int = field(default=0, repr=False)
    prefecture_flat_yen: int = field(default=0, repr=False)
    forest_yen: int = field(default=0, repr=False)  # 森林環境税

    @property
    def tax_yen(self) -> int:
        """All that is due for the year."""
        return (
            self.city_income_yen
            + self.city_flat_yen
            + self.prefecture_income_yen
            + self.prefecture_flat_yen
            + self.forest_yen
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyEvent:
    """One 戸籍事項 or 身分事項: its title and its labelled lines, as the computer register prints them."""

    title: str
    lines: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLine:
    """One line of the 附票: an address and when it began."""

    address: str = field(repr=False)
    since: RegisterDate = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyMember:
    """One person of a family register, struck off (除籍) or not."""

    resident_id: str | None  # None: lives elsewhere, or is no longer alive
    given_name: str = field(repr=False)
    kana: str = field(repr=False)
    born: RegisterDate = field(repr=False)
    father: str = field(repr=False)
    mother: str = field(repr=False)
    relation: str = field(repr=False)  # 長男, 二女 ...
    spouse: str | None = field(default=None, repr=False)  # 配偶者区分: 夫, 妻
    struck_off: bool = False
    events: tuple[FamilyEvent, ...] = field(default=(), repr=False)
    addresses: tuple[AddressLine, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRegister:
    """One 戸籍 of this city, with the address lines that make its 附票."""

    register_id: str
    domicile: str = field(repr=False)  # 本籍
    surname: str = field(repr=False)
    surname_kana: str = field(repr=False)
    head_given_name: str = field(repr=False)  # of the 筆頭者
    events: tuple[FamilyEvent, ...] = field(default=(), repr=False)  # 戸籍事項
    members: tuple[FamilyMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """Who certifies. `acting`: a 職務代理者 signs."""

    code: str  # 団体コード, 6 digits
    prefecture: str
    city: str
    mayor: str
    acting: bool = False
    telephone: str = ""

    @property
    def certifier(self) -> str:
        """「宮崎県宮崎市長」, the prefecture before the title as the standard (5.6) wants it."""
        return f"{self.prefecture}{self.city}長{'職務代理者' if self.acting else ''}"


@dataclass(frozen=True, kw_only=True)
class Register:
    """A consistent set of records. `version` names the state of the books they were read from."""

    municipality: Municipality
    residents: Mapping[str, Resident]
    households: Mapping[str, Household]
    seals: Mapping[str, Seal] = field(default_factory=dict)  # by resident_id
    taxes: Mapping[tuple[str, int], TaxYear] = field(default_factory=dict)  # by (resident_id, fiscal year)
    families: Mapping[str, FamilyRegister] = field(default_factory=dict)  # by register_id
    cast: Mapping[str, str] = field(default_factory=dict)  # key of the sample -> resident_id
    version: int = 1

    def by_key(self, key: str) -> Resident:
        """The resident whom host_sim/wallet.toml calls `key`. Raises KeyError."""
        return self.residents[self.cast[key]]

    def household_of(self, resident: Resident) -> Household:
        return self.households[resident.household_id]

    def members(self, household: Household) -> tuple[Resident, ...]:
        """The people who live there now, in the order of the books; the paper orders them by itself."""
        people = (self.residents[number] for number in household.member_ids)
        return tuple(p for p in people if p.state in {ResidentState.RESIDENT, ResidentState.LEAVING})

    def seal_of(self, resident: Resident) -> Seal | None:
        return self.seals.get(resident.resident_id)

    def taxes_of(self, resident: Resident) -> Sequence[TaxYear]:
        """Newest year first."""
        mine = (tax for (number, _), tax in self.taxes.items() if number == resident.resident_id)
        return sorted(mine, key=lambda tax: -tax.fiscal_year)

    def family_of(self, resident: Resident) -> FamilyRegister | None:
        """The 戸籍 in which this resident stands now; None when the domicile is elsewhere."""
        for family in self.families.values():
            if any(m.resident_id == resident.resident_id and not m.struck_off for m in family.members):
                return family
        return None


# --- records to JSON and back, for whoever stores them -------------------------------------------------


def pack(record: Any) -> Any:
    """Any record of this module as plain JSON values (dates as ISO 8601, tuples as lists). `Register` is not one."""
    match record:
        case date():
            return record.isoformat()
        case Mapping():
            return {key: pack(value) for key, value in record.items()}
        case tuple() | list():
            return [pack(value) for value in record]
        case _ if dataclasses.is_dataclass(record) and not isinstance(record, type):
            return {f.name: pack(getattr(record, f.name)) for f in dataclasses.fields(record)}
        case _:
            return record


def unpack(kind: type[Record], packed: Mapping[str, Any]) -> Record:
    """The record that `pack` made `packed` from. An unknown field raises TypeError, a missing one too."""
    this: Any = kind
    readers = _readers(this)
    return kind(**{name: readers.get(name, _as_it_is)(value) for name, value in packed.items()})


Reader = Callable[[Any], Any]


@cache
def _readers(kind: type[Any]) -> Mapping[str, Reader]:
    """Field -> how it is read; worked out once for each kind of record."""
    return {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()}


def _reader(hint: Any) -> Reader:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        read = _reader(next(a for a in arguments if a is not type(None)))
        return lambda value: None if value is None else read(value)
    if origin is tuple and arguments[-1] is Ellipsis:
        read = _reader(arguments[0])
        return lambda value: tuple(map(read, value))
    if origin is tuple:
        parts = [_reader(a) for a in arguments]
        return lambda value: tuple(part(item) for part, item in zip(parts, value, strict=True))
    if hint is date:
        return date.fromisoformat
    if dataclasses.is_dataclass(hint):
        return lambda value: unpack(typing.cast("type[Any]", hint), value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
