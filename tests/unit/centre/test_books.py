"""The books: a reader sees one instant, each change raises a version, and all databases behave the same."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from host_sim.centre import books, sample
from host_sim.centre.register import (
    FamilyMember,
    FamilyRegister,
    RegisterDate,
    Resident,
    RowUnreadable,
    TaxYear,
    pack,
    unpack,
)
from host_sim.centre.store import Store
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.town import TUESDAY, Town

MIYAZAKI = sample.city().at(TUESDAY).municipality


def version(town: Town, holder: str) -> int | None:
    home = town.register.by_key(holder).household_id
    with town.store.reading() as c:
        return books.version_of(c, home)


@pytest.mark.parametrize("kind", AT_HAND)
def test_what_is_read_is_what_was_written(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url:
        town = Town(url)
        books.load(town.store, replace(town.register, residents={}))  # a second load changes nothing
        for person in town.register.residents.values():
            with town.store.reading() as c:
                found = books.snapshot(c, person.resident_id, MIYAZAKI)
            assert found is not None
            home = town.register.household_of(person)
            assert found.resident == person
            assert found.members == town.register.members(home)
            assert found.register.household_of(person) == home
            assert found.register.seal_of(person) == town.register.seal_of(person)
            assert found.register.taxes_of(person) == town.register.taxes_of(person)
            assert found.register.family_of(person) == town.register.family_of(person)
            assert found.register.municipality == MIYAZAKI
        town.store.close()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"sex":"男"', '"sex":"男","age":45', "age"),
        ('"sex":"男",', "", "sex"),
        ('"sex":"男"', '"sex":45', "sex"),
        ('"state":"resident"', '"state":"here"', "state"),
        ('"born":{"on":"', '"born":{"at":1,"on":"', "born.at"),
        ('"born":{"on":"', '"born":{"on":"x', "born.on"),
        ('"ward":false', '"ward":0', "ward"),
    ],
)
def test_a_row_that_somebody_changed_by_hand_is_refused_and_names_the_field_alone(
    old: str, new: str, fault: str
) -> None:
    row = pack(Town().register.by_key("taro"))
    assert old in row
    with pytest.raises(RowUnreadable, match=rf"^a stored Resident cannot be read: {fault} \([a-z_]+\)$"):
        unpack(Resident, row.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [('"sex":"男"', '"sex":"男","sex":"女"', "a key stands twice"), ('"sex":"男"', '"sex":', "it is not JSON")],
)
def test_a_row_with_a_key_twice_is_not_read_as_the_last_of_them(old: str, new: str, why: str) -> None:
    row = pack(Town().register.by_key("taro"))
    with pytest.raises(RowUnreadable, match=rf"^a stored Resident cannot be read: {why}$"):
        unpack(Resident, row.replace(old, new, 1))


def test_nobody_is_found_under_a_strange_number() -> None:
    with Town().store.reading() as c:
        assert books.snapshot(c, "0000000000", MIYAZAKI) is None
        assert books.version_of(c, "00000000") is None


def test_a_change_marks_every_household_it_touches_and_no_other() -> None:
    town = Town()
    taro, kazuko = town.register.by_key("taro"), town.register.by_key("kazuko")
    seal = town.register.seal_of(taro)
    assert seal is not None
    tax = TaxYear(resident_id=kazuko.resident_id, fiscal_year=2026)
    member = FamilyMember(
        resident_id=taro.resident_id,
        given_name="太郎",
        kana="タロウ",
        born=RegisterDate(date(1980, 1, 1)),
        father="x",
        mother="y",
        relation="長男",
    )
    family = FamilyRegister(
        register_id="f",
        domicile="d",
        surname="宮崎",
        surname_kana="ミヤザキ",
        head_given_name="太郎",
        members=(member,),
    )
    steps = [
        (taro, {"taro"}),
        (replace(seal, letters="宮崎"), {"taro"}),
        (tax, {"kazuko"}),
        (town.register.household_of(kazuko), {"kazuko"}),
        (family, {"taro"}),
        (replace(taro, household_id=kazuko.household_id), {"taro", "kazuko"}),
    ]
    before = {holder: version(town, holder) for holder in ("taro", "kazuko", "nguyen")}
    for record, touched in steps:
        town.change(record)
        after = {holder: version(town, holder) for holder in before}
        assert {holder for holder in before if after[holder] != before[holder]} == touched, record
        before = after


def test_several_records_are_one_change() -> None:
    town = Town()
    taro, kazuko = town.register.by_key("taro"), town.register.by_key("kazuko")
    town.change(taro, kazuko, replace(taro, kana="タロー"))
    assert version(town, "taro") == version(town, "kazuko") == town.register.version + 1
    with town.store.reading() as c:
        found = books.snapshot(c, taro.resident_id, MIYAZAKI)
    assert found is not None
    assert found.resident.kana == "タロー"


@pytest.mark.parametrize("kind", AT_HAND)
def test_a_reader_sees_one_instant(kind: str, tmp_path: Path) -> None:
    """A reader does not see any part of a change that is committed while it reads."""
    with database(kind, tmp_path) as url:
        town = Town(url)
        taro = town.register.by_key("taro")
        with town.store.reading() as c:
            first = books.snapshot(c, taro.resident_id, MIYAZAKI)
            town.change(replace(taro, name="日向\u3000太郎"))
            assert books.snapshot(c, taro.resident_id, MIYAZAKI) == first
        with town.store.reading() as c:
            assert books.snapshot(c, taro.resident_id, MIYAZAKI) != first
        town.store.close()


def test_a_change_that_fails_changes_nothing() -> None:
    town = Town()
    before = version(town, "taro")

    def fall(store: Store) -> None:
        with store.writing() as c:
            books.change(store, c, town.register.by_key("taro"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fall(town.store)
    assert version(town, "taro") == before
