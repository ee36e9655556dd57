"""The city's books as plain records: residents, households, seals, tax years, family registers.

A certificate is made from these records and checked against them; `books.py` stores them. They are frozen and refer
to each other by number. A `Register` is a bundle of them; for one certificate it may hold a single household.

Names and addresses are exact strings: Moji_Joho variation selectors stay in them, surname and given name are
parted by U+3000. See form rule 1, city rules 7, 8; the words in brackets are those of the standard.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

Record = TypeVar("Record")


class Entry:
    """A record that is stored. `unpack` refuses a missing field, an extra field and a value of another type."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class RegisterDate(Entry):
    """A date as it is written in the register.

    `on` is the calendar day, or, where none is known, the day assumed for arithmetic (みなし). `written` is set
    only where the words differ from what the calendar gives: 「昭和20年以下不詳」, 明治45年7月30日 (the day on which
    大正 began), a 29 February that never was (standard 1.1.8).
    """

    on: date
    written: str | None = None


class ResidentState(StrEnum):
    RESIDENT = "resident"
    LEAVING = "leaving"  # 転出予定: has filed the notice and not yet moved
    MOVED_OUT = "moved_out"
    DEAD = "dead"
    STRUCK_OFF = "struck_off"  # 職権消除


class SealState(StrEnum):
    VALID = "valid"
    LOST = "lost"  # 亡失届
    CANCELLED = "cancelled"  # 廃止, or struck off by the office
    PENDING = "pending"  # 照会中: the answer to the enquiry is not there yet


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFacts(Entry):
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
class Resident(Entry):
    """One person of the resident register. `repr` shows the number only."""

    resident_id: str  # 宛名番号, 10 digits
    household_id: str
    name: str = field(repr=False)
    kana: str = field(repr=False)  # empty: no reading is recorded
    sex: str = field(repr=False)  # 男, 女
    born: RegisterDate = field(repr=False)
    relation: str = field(repr=False)  # 続柄, of the closed vocabulary
    resident_since: RegisterDate = field(repr=False)  # 住民となった年月日
    address_since: RegisterDate | None = field(repr=False)  # 住所を定めた年月日; None: never moved inside the city
    notified_on: RegisterDate | None = field(repr=False)  # 届出日
    previous_address: str | None = field(repr=False)  # 転入前住所; None: born here
    my_number: str = field(repr=False)  # 個人番号, 12 digits with a right check digit
    resident_code: str = field(repr=False)  # 住民票コード, 11 digits; never printed by a machine
    domicile: str | None = field(default=None, repr=False)  # 本籍; None for foreign residents
    family_head: str | None = field(default=None, repr=False)  # 筆頭者
    moved_from: str | None = field(default=None, repr=False)  # 異動前住所, in this city; None: no move is kept
    former_surname: str | None = field(default=None, repr=False)  # 旧氏
    former_surname_kana: str | None = field(default=None, repr=False)
    foreign: ForeignFacts | None = field(default=None, repr=False)
    state: ResidentState = ResidentState.RESIDENT
    protected: bool = field(default=False, repr=False)  # 支援措置
    issue_blocked: bool = field(default=False, repr=False)  # 抑止 (証明書発行)
    ward: bool = field(default=False, repr=False)  # 成年被後見人


@dataclass(frozen=True, slots=True, kw_only=True)
class Household(Entry):
    """One household. The address is everybody's; 方書 (building, room) is never left off (standard 5.4)."""

    household_id: str
    head_id: str  # resident_id of the 世帯主
    address: str = field(repr=False)
    building: str | None = field(default=None, repr=False)  # 方書
    member_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal(Entry):
    """A registered seal. `imprint_png` is the registered imprint, a square PNG in base64; an invented seal has none and is
    drawn from its letters and its seed, the same each time (`forms.seal.imprint`)."""

    resident_id: str
    registration_number: str
    registered_on: date
    letters: str = field(repr=False)  # what is cut into it, one to four characters
    diameter_mm: float = 12.0  # more than 8, at most 25
    seed: int = 0
    state: SealState = SealState.VALID
    imprint_png: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear(Entry):
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
        """The whole tax for the year."""
        return (
            self.city_income_yen
            + self.city_flat_yen
            + self.prefecture_income_yen
            + self.prefecture_flat_yen
            + self.forest_yen
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyEvent(Entry):
    """One 戸籍事項 or 身分事項: its title and its labelled lines, as the computer register prints them."""

    title: str
    lines: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLine(Entry):
    """One line of the 附票: an address and when it began."""

    address: str = field(repr=False)
    since: RegisterDate = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyMember(Entry):
    """One person of a family register, struck off (除籍) or not."""

    resident_id: str | None  # None: lives elsewhere, or is no longer alive
    given_name: str = field(repr=False)
    kana: str = field(repr=False)  # 名の振り仮名; empty: none is recorded
    born: RegisterDate = field(repr=False)
    father: str = field(repr=False)
    mother: str = field(repr=False)
    relation: str = field(repr=False)  # 長男, 二女 ...
    spouse: str | None = field(default=None, repr=False)  # 配偶者区分: 夫, 妻
    struck_off: bool = False
    struck_off_on: date | None = None  # 除籍日; None: not struck off, or before the books know
    sex: str | None = field(default=None, repr=False)  # 男, 女: of the 附票, since 11 January 2022
    resident_code: str | None = field(default=None, repr=False)  # 住民票コード: of the 附票, since 27 May 2024
    events: tuple[FamilyEvent, ...] = field(default=(), repr=False)
    addresses: tuple[AddressLine, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRegister(Entry):
    """One 戸籍 of this city, with the address lines that make its 附票."""

    register_id: str
    domicile: str = field(repr=False)  # 本籍
    surname: str = field(repr=False)
    surname_kana: str = field(repr=False)  # 氏の振り仮名; empty: none is recorded
    head_given_name: str = field(repr=False)  # of the 筆頭者
    events: tuple[FamilyEvent, ...] = field(default=(), repr=False)  # 戸籍事項
    members: tuple[FamilyMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionalLetters(Entry):
    """Where a city has its additional letters, MJ+ (`forms/letters.py`): two files, and what is done without a glyph."""

    font: str
    table: str
    fallback: str = "refused"  # or "said": another letter is printed (縮退), and the paper says so


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySignature(Entry):
    """Where a city has the key that signs its PDFs (`forms/city_key.py`): two files, and who stamps the time."""

    key: str
    chain: str
    time_stamps: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality(Entry):
    """Who certifies. `acting`: a 職務代理者 signs. `sample`: an invented city, whose papers all say 見本."""

    code: str  # 団体コード, 6 digits
    prefecture: str
    city: str
    mayor: str
    acting: bool = False
    telephone: str = ""
    seal: str | None = None  # the letters of the electronic seal, where they are not the usual ones
    seal_picture: str | None = None  # in their place: the path of the city's own picture of the seal
    sample: bool = False
    check_page: str = ""  # the address of the page that judges the code of a paper
    letters: AdditionalLetters | None = None
    signature: CitySignature | None = None

    @property
    def certifier(self) -> str:
        """「宮崎県宮崎市長」, the prefecture before the title as the standard (5.6) wants it."""
        return f"{self.prefecture}{self._office}"

    @property
    def seal_letters(self) -> str:
        return self.seal or f"{self._office}之印"

    @property
    def _office(self) -> str:
        return f"{self.city}長{'職務代理者' if self.acting else ''}"


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
        """The people who live there now, in the order of the books, which is not the order on the paper."""
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


class RowUnreadable(Exception):
    """A row of the books cannot be read. The message names the fields and no values, which are personal."""


class KeyTwice(ValueError):
    """Two equal keys in one object."""


def pack(record: Any) -> str:
    """A record of this module as JSON text (dates as ISO 8601). `Register` is not one."""
    return _adapter(type(record)).dump_json(record).decode()


def unpack(kind: type[Record], packed: str) -> Record:
    """The record that `pack` made `packed` from. Raises `RowUnreadable` for anything else."""
    try:
        json.loads(packed, object_pairs_hook=_each_key_once)  # pydantic would keep the last of two
        record: Record = _adapter(kind).validate_json(packed)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, e['loc']))} ({e['type']})" for e in error.errors(include_input=False))
        raise RowUnreadable(f"a stored {kind.__name__} cannot be read: {', '.join(faults)}") from None
    except (ValueError, RecursionError) as error:
        why = "a key stands twice" if isinstance(error, KeyTwice) else "it is not JSON"
        raise RowUnreadable(f"a stored {kind.__name__} cannot be read: {why}") from None
    return record


def _each_key_once(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise KeyTwice


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)  # worked out once for each kind of record
