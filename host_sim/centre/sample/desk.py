"""`Desk` makes the sample's records from a few arguments each, and gives out their numbers."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from host_sim.centre.register import (
    FamilyRegister,
    Household,
    Municipality,
    Register,
    RegisterDate,
    Resident,
    Seal,
    SealState,
    TaxYear,
)

Day = RegisterDate | date | tuple[int, int, int]


def on(day: Day) -> RegisterDate:
    """`day` as a RegisterDate."""
    match day:
        case RegisterDate():
            return day
        case date():
            return RegisterDate(day)
        case (year, month, day_of_month):
            return RegisterDate(date(year, month, day_of_month))


def my_number_check_digit(eleven: str) -> str:
    """The last digit of a 個人番号 (総務省令第85号 第5条: weights 2..7 and 2..6 from the right, modulus 11)."""
    weighted = sum(int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(reversed(eleven), start=1))
    rest = weighted % 11
    return "0" if rest <= 1 else str(11 - rest)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A household being written."""

    household_id: str
    address: str
    building: str | None
    domicile: str | None
    family_head: str | None
    since: Day  # default of 住民となった年月日 and 住所を定めた年月日
    previous_address: str | None


class Desk:
    """Collects residents, seals, taxes and family registers; `register` returns them as one `Register`."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self._residents: dict[str, Resident] = {}
        self._members: dict[str, list[str]] = {}
        self._homes: dict[str, Home] = {}
        self._seals: dict[str, Seal] = {}
        self._taxes: dict[tuple[str, int], TaxYear] = {}
        self._families: dict[str, FamilyRegister] = {}
        self._cast: dict[str, str] = {}

    def home(
        self,
        address: str,
        *,
        building: str | None = None,
        domicile: str | None = None,
        family_head: str | None = None,
        since: Day,
        previous_address: str | None = None,
    ) -> Home:
        """Begin a household; the first person added to it is its head."""
        number = f"{45_000_000 + 17 * (len(self._homes) + 1):08d}"
        home = Home(
            household_id=number,
            address=address,
            building=building,
            domicile=domicile,
            family_head=family_head,
            since=since,
            previous_address=previous_address,
        )
        self._homes[number] = home
        self._members[number] = []
        return home

    def person(
        self,
        home: Home,
        name: str,
        kana: str,
        sex: str,
        born: Day,
        relation: str,
        *,
        key: str | None = None,
        **more: Any,
    ) -> Resident:
        """Add one person; `more` sets any other field of Resident."""
        running = len(self._residents) + 1
        eleven = f"000{self.random.randrange(10**8):08d}"
        came, birth = on(more.pop("since", home.since)), on(born)
        born_here = birth.on >= came.on
        since = birth if born_here else came
        facts: dict[str, Any] = {
            "resident_since": since,
            "address_since": None,  # never moved inside the city
            "notified_on": since,
            "previous_address": None if born_here else home.previous_address,
            "domicile": home.domicile,
            "family_head": home.family_head,
        }
        facts.update(more)
        person = Resident(
            resident_id=f"{4_500_000_000 + 7919 * running:010d}",
            household_id=home.household_id,
            name=name,
            kana=kana,
            sex=sex,
            born=birth,
            relation=relation,
            my_number=eleven + my_number_check_digit(eleven),
            resident_code=f"{self.random.randrange(10**11):011d}",
            **facts,
        )
        self._residents[person.resident_id] = person
        self._members[home.household_id].append(person.resident_id)
        if key is not None:
            self._cast[key] = person.resident_id
        return person

    def seal(
        self,
        person: Resident,
        letters: str,
        diameter_mm: float,
        registered_on: Day,
        state: SealState = SealState.VALID,
        picture: str | None = None,
    ) -> None:
        self._seals[person.resident_id] = Seal(
            resident_id=person.resident_id,
            registration_number=f"{len(self._seals) + 100_001}",
            registered_on=on(registered_on).on,
            letters=letters,
            diameter_mm=diameter_mm,
            seed=int(person.resident_id),
            state=state,
            imprint_png=picture,
        )

    def tax(self, year: TaxYear) -> None:
        self._taxes[year.resident_id, year.fiscal_year] = year

    def family(self, family: FamilyRegister) -> None:
        self._families[family.register_id] = family

    def next_family_number(self) -> str:
        return f"{4_520_100 + len(self._families) + 1}"

    def register(self, municipality: Municipality) -> Register:
        """Everything collected so far, as one `Register`."""
        households: Mapping[str, Household] = {
            number: Household(
                household_id=number,
                head_id=self._members[number][0],
                address=home.address,
                building=home.building,
                member_ids=tuple(self._members[number]),
            )
            for number, home in self._homes.items()
        }
        return Register(
            municipality=municipality,
            residents=self._residents,
            households=households,
            seals=self._seals,
            taxes=self._taxes,
            families=self._families,
            cast=self._cast,
        )
