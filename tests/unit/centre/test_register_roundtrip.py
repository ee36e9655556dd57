"""Any register written as files and imported again is the same register, letter for letter."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.centre import books
from host_sim.centre import register as r
from host_sim.centre.registers import feed, writing
from host_sim.centre.sample.desk import my_number_check_digit
from host_sim.centre.sample.picture import picture
from host_sim.centre.store import Store
from tests.unit.centre.cities import MIYAZAKI
from tests.unit.centre.town import TUESDAY

# Letters of the further planes, 変体仮名, private use, unassigned, combining marks, and what CSV itself uses.
NASTY = "\"',;= \u3000é\u0301が\u3099\U00020bb7\U0002a700\U0002b740\U0002ceb0\U00030000\U00031350\U0001b002\U0001b11f\ue000\U000f0000\u9fff"
LETTER = st.builds(
    str.__add__,
    st.one_of(
        st.sampled_from(NASTY), st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), st.sampled_from("aZ0アひ")
    ),
    st.one_of(st.just(""), st.integers(0xE0100, 0xE01EF).map(chr)),
)
TEXT = st.lists(LETTER, min_size=1, max_size=6).map("".join)
MAYBE = st.none() | TEXT
EMPTY = st.just("") | TEXT
DAY = st.dates(date(1868, 1, 25), date(2199, 12, 31))
DATED = st.builds(r.RegisterDate, DAY, MAYBE)
YEN = st.integers(0, 10**9)
AMOUNTS = st.dictionaries(TEXT, st.integers(-(10**9), 10**9), max_size=4)
FOREIGN = st.none() | st.builds(
    r.ForeignFacts,
    nationality=TEXT,
    category=TEXT,
    status=MAYBE,
    period=MAYBE,
    until=st.none() | DAY,
    card_number=TEXT,
    resident_since=DATED,
    alias=MAYBE,
    alias_kana=MAYBE,
    alias_recorded_on=st.none() | DAY,
    alias_recorded_at=MAYBE,
)
EVENT = st.builds(r.FamilyEvent, title=TEXT, lines=st.lists(st.tuples(TEXT, EMPTY), max_size=3).map(tuple))
EVENTS = st.lists(EVENT, max_size=3).map(tuple)
ADDRESSES = st.lists(st.builds(r.AddressLine, address=TEXT, since=DATED), max_size=3).map(tuple)


def resident(number: int, home: int, relation: str) -> st.SearchStrategy[r.Resident]:
    eleven = f"{number:011d}"
    return st.builds(
        r.Resident,
        resident_id=st.just(f"{number:010d}"),
        household_id=st.just(f"{home:08d}"),
        name=TEXT,
        kana=EMPTY,
        sex=st.sampled_from("男女"),
        born=DATED,
        relation=st.just(relation),
        resident_since=DATED,
        address_since=st.none() | DATED,
        notified_on=st.none() | DATED,
        previous_address=MAYBE,
        my_number=st.just(eleven + my_number_check_digit(eleven)),
        resident_code=st.just(f"{number:011d}"),
        domicile=MAYBE,
        family_head=MAYBE,
        former_surname=MAYBE,
        former_surname_kana=MAYBE,
        foreign=FOREIGN,
        state=st.just(r.ResidentState.RESIDENT) if relation == "世帯主" else st.sampled_from(r.ResidentState),
        protected=st.booleans(),
        issue_blocked=st.booleans(),
        ward=st.booleans(),
    )


def seal(number: str) -> st.SearchStrategy[r.Seal]:
    facts = {"registration_number": st.just(f"S-{number}"), "registered_on": DAY, "state": st.sampled_from(r.SealState)}
    facts["diameter_mm"] = st.integers(81, 250).map(lambda tenths: tenths / 10)
    facts |= {"resident_id": st.just(number), "seed": st.integers(0, 10**9)}
    drawn = st.builds(r.Seal, letters=st.text("宮崎花子", min_size=1, max_size=4), **facts)
    scanned = st.builds(r.Seal, letters=EMPTY, imprint_png=st.integers(0, 3).map(picture), **facts)
    return drawn | scanned


def tax(number: str) -> st.SearchStrategy[r.TaxYear]:
    flags = {name: st.booleans() for name in ("resident_on_1_january", "declared", "issue_stopped")}
    items = dict.fromkeys(("incomes_yen", "deductions_yen", "dependants"), AMOUNTS)
    sums = ("salary_revenue_yen", "pension_revenue_yen", "taxable_yen", "city_income_yen", "city_flat_yen")
    more = dict.fromkeys((*sums, "prefecture_income_yen", "prefecture_flat_yen", "forest_yen"), YEN)
    year = st.integers(2000, 2100)
    return st.builds(r.TaxYear, resident_id=st.just(number), fiscal_year=year, **flags, **items, **more)


def family(number: int, resident_id: str | None) -> st.SearchStrategy[r.FamilyRegister]:
    def member(whose: str | None, struck: st.SearchStrategy[bool]) -> st.SearchStrategy[r.FamilyMember]:
        return st.builds(
            r.FamilyMember,
            resident_id=st.just(whose),
            given_name=TEXT,
            kana=EMPTY,
            born=DATED,
            father=EMPTY,
            mother=EMPTY,
            relation=TEXT,
            spouse=st.sampled_from((None, "夫", "妻")),
            struck_off=struck,
            events=EVENTS,
            addresses=ADDRESSES,
        )

    members = st.tuples(member(resident_id, st.booleans()), member(None, st.just(True)))
    return st.builds(
        r.FamilyRegister,
        register_id=st.just(f"{number:07d}"),
        domicile=TEXT,
        surname=TEXT,
        surname_kana=EMPTY,
        head_given_name=TEXT,
        events=EVENTS,
        members=members,
    )


@st.composite
def registers(draw: st.DrawFn) -> r.Register:
    people: dict[str, r.Resident] = {}
    homes: dict[str, r.Household] = {}
    for home in range(1, draw(st.integers(1, 3)) + 1):
        here = [draw(resident(home * 10, home, "世帯主"))]
        here += [draw(resident(home * 10 + n, home, "子")) for n in range(1, draw(st.integers(1, 3)))]
        numbers = tuple(person.resident_id for person in here)
        people |= {person.resident_id: person for person in here}
        number = f"{home:08d}"
        where = {"household_id": number, "head_id": numbers[0], "member_ids": numbers}
        homes[number] = r.Household(address=draw(TEXT), building=draw(MAYBE), **where)
    some = draw(st.sets(st.sampled_from(sorted(people))))
    taxes = [draw(tax(number)) for number in some]
    families = [draw(family(n, number)) for n, number in enumerate(sorted(some))]
    return r.Register(
        municipality=MIYAZAKI,
        residents=people,
        households=homes,
        seals={number: draw(seal(number)) for number in some},
        taxes={(year.resident_id, year.fiscal_year): year for year in taxes},
        families={book.register_id: book for book in families},
    )


@settings(max_examples=25, deadline=None)
@given(registers())
def test_a_register_is_the_same_after_its_files(city: r.Register) -> None:
    store = Store("sqlite://")
    with TemporaryDirectory() as folder:
        writing.write(city, Path(folder))
        feed.import_files(store, Path(folder), TUESDAY, 0)
    with store.reading() as c:
        found = books.everything(c, MIYAZAKI)
    assert {books.key_of(x): r.pack(x) for x in books.records_of(found)} == {
        books.key_of(x): r.pack(x) for x in books.records_of(city)
    }
    store.close()
