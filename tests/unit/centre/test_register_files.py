"""A city's files: taken whole and byte for byte, or refused whole with file, line and column and without personal data."""

import base64
import csv
import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from host_sim.centre import books
from host_sim.centre.register import Register
from host_sim.centre.registers import feed, files, rows, writing
from host_sim.centre.registers.freshness import standings
from host_sim.centre.registers.reading import FilesRefused
from host_sim.centre.sample.cast import cast
from host_sim.centre.sample.desk import Desk
from host_sim.centre.sample.picture import picture
from host_sim.centre.store import Store
from tests.unit.centre.cities import MIYAZAKI
from tests.unit.centre.databases import AT_HAND, empty_database
from tests.unit.centre.town import TUESDAY


def _city() -> Register:
    """The cast alone, with one seal that was scanned."""
    desk = Desk(random.Random(1))
    cast(desk)
    city = desk.register(MIYAZAKI)
    hanako = city.by_key("hanako").resident_id
    return replace(city, seals={**city.seals, hanako: replace(city.seals[hanako], imprint_png=picture(1))})


CITY = _city()
README = Path(rows.__file__).parent / "README.md"


def taken(store: Store, folder: Path, may_remove: int = 0) -> feed.Imported:
    return feed.import_files(store, folder, TUESDAY, may_remove)


def state(store: Store) -> Register:
    with store.reading() as c:
        return books.everything(c, MIYAZAKI)


def same(one: Register, other: Register) -> bool:
    """Equal in every record; in a tax year also the order of the items, which is printed."""
    records = [{books.key_of(record): record for record in books.records_of(city)} for city in (one, other)]
    items = [[list(tax.incomes_yen.items()) for _, tax in sorted(city.taxes.items())] for city in (one, other)]
    return records[0] == records[1] and items[0] == items[1] and one.municipality == other.municipality


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample's files, for a test to spoil."""
    writing.write(CITY, tmp_path / "city")
    return tmp_path / "city"


def cells(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def put(path: Path, table: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)


def spoil(folder: Path, file: str, line: int, column: str, value: str) -> str:
    """Put a value into one cell; returns what stood there. `line` as an editor counts it, from 1."""
    table = cells(folder / file)
    place = table[0].index(column)
    was, table[line - 1][place] = table[line - 1][place], value
    put(folder / file, table)
    return was


@pytest.mark.parametrize("kind", AT_HAND)
def test_registers_are_the_same_after_its_files_and_a_second_import_changes_nothing(
    kind: str, tmp_path: Path, folder: Path
) -> None:
    with empty_database(kind, tmp_path) as url:
        store = Store(url, create=True)
        assert taken(store, folder).applied.added == len(books.records_of(CITY))
        first = state(store)
        assert same(first, CITY)
        again = taken(store, folder).applied
        assert (again.added, again.changed, again.removed, again.version) == (0, 0, 0, first.version)
        assert state(store) == first
        store.close()


def test_one_changed_line_raises_the_version_of_its_household_alone(folder: Path) -> None:
    store = Store("sqlite://")
    taken(store, folder)
    spoil(folder, "residents.csv", 2, "kana", "ミヤザキ　タロー")
    assert taken(store, folder).applied.changed == 1
    with store.reading() as c:
        versions = {number: books.version_of(c, number) for number in CITY.households}
    assert [number for number, version in versions.items() if version == 2] == [CITY.by_key("taro").household_id]


CELLS = [
    ("residents.csv", "born", "昭和56年8月29日"),
    ("residents.csv", "born", "2026-02-30"),
    ("residents.csv", "born", "20260401"),
    ("residents.csv", "born", ""),
    ("residents.csv", "born", "1700-01-01"),
    ("residents.csv", "sex", "M"),
    ("residents.csv", "relation", "孫"),
    ("residents.csv", "state", "gone"),
    ("residents.csv", "my_number", "123456789012"),
    ("residents.csv", "resident_code", "1"),
    ("residents.csv", "name", ""),
    ("residents.csv", "name", "秘\u200b密"),
    ("residents.csv", "name", "秘\u202e密"),
    ("residents.csv", "name", "\U000e0110秘密"),
    ("residents.csv", "name", "秘密\ufe00"),
    ("residents.csv", "name", "秘\n密"),
    ("residents.csv", "name", "秘\x00密"),
    ("residents.csv", "name", "秘" * 401),
    ("residents.csv", "household_id", "99999999"),
    ("residents.csv", "household_id", "秘密"),
    ("residents.csv", "resident_id", "4500015838"),
    ("residents.csv", "born_written", "秘密\u2028"),
    ("households.csv", "head_id", "4500063352"),
    ("blocks.csv", "kind", "secret"),
    ("blocks.csv", "resident_id", "1"),
    ("foreign_residents.csv", "resident_id", "1"),
    ("seals.csv", "diameter_mm", "30.0"),
    ("seals.csv", "diameter_mm", "12"),
    ("seals.csv", "resident_id", "1"),
    ("seals.csv", "imprint", "../secret.png"),
    ("seals.csv", "imprint", "secret.png"),
    ("seals.csv", "letters", "秘密秘密秘"),
    ("taxes.csv", "fiscal_year", "令和8"),
    ("taxes.csv", "declared", "yes"),
    ("taxes.csv", "taxable_yen", "1,000"),
    ("taxes.csv", "taxable_yen", "-1"),
    ("taxes.csv", "taxable_yen", "1" * 5000),
    ("taxes.csv", "resident_id", "1"),
    ("tax_items.csv", "group", "secret"),
    ("tax_items.csv", "place", "7"),
    ("tax_items.csv", "resident_id", "1"),
    ("family_members.csv", "spouse", "友"),
    ("family_members.csv", "member", "9"),
    ("family_members.csv", "resident_id", "秘密"),
    ("family_members.csv", "resident_id", "1"),
    ("family_events.csv", "member", "9"),
    ("family_events.csv", "label", ""),
    ("address_history.csv", "line", "3"),
]


@pytest.mark.parametrize(("file", "column", "value"), CELLS)
def test_a_wrong_cell_refuses_everything_and_tells_no_personal_data(
    folder: Path, file: str, column: str, value: str
) -> None:
    store = Store("sqlite://")
    was = spoil(folder, file, 2, column, value)
    with pytest.raises(FilesRefused) as refused:
        taken(store, folder)
    told = [str(fault) for fault in refused.value.faults]
    assert all(re.match(r"^[a-z_]+\.csv line \d+(, [a-z_, ]+)?: \S.+$", sentence) for sentence in told), told
    named = [fault for fault in refused.value.faults if fault.column and column in fault.column]
    assert file in {fault.file for fault in refused.value.faults} or named
    kind = next(kind for kind in rows.FILES if kind.file == file)
    for secret in (value, was, "秘", CITY.by_key("taro").name, CITY.by_key("taro").my_number):
        public = len(secret) < 3 or secret in rows.form_of(kind, column).words
        assert public or secret not in " ".join(told)
    with store.reading() as c:
        assert store.fact(c, "version") is None


def test_every_refused_line_is_told(folder: Path) -> None:
    for line in (3, 5, 9):
        spoil(folder, "residents.csv", line, "born", "x")
    spoil(folder, "taxes.csv", 4, "declared", "x")
    with pytest.raises(FilesRefused) as refused:
        taken(Store("sqlite://"), folder)
    assert [(fault.file, fault.line, fault.column) for fault in refused.value.faults] == [
        ("residents.csv", 3, "born"),
        ("residents.csv", 5, "born"),
        ("residents.csv", 9, "born"),
        ("taxes.csv", 4, "declared"),
    ]


def test_a_register_that_is_read_in_shares_is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = files.whole(folder)
    monkeypatch.setattr(files, "SHARE_BYTES", 2_000)
    shares = files.whole(folder)
    assert dict(shares.records) == dict(whole.records)
    assert [shares.where(key) for key in whole.records] == [whole.where(key) for key in whole.records]
    assert shares.notices == whole.notices


def test_in_shares_each_refused_line_is_told_once_and_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a line that belongs to no share, and a number that two people of different shares have."""
    monkeypatch.setattr(files, "SHARE_BYTES", 2_000)
    for line in (3, 5, 9):
        spoil(folder, "residents.csv", line, "my_number", cells(folder / "residents.csv")[1][15])
    with pytest.raises(FilesRefused) as contradictions:
        files.whole(folder)
    assert [(fault.line, fault.wrong) for fault in contradictions.value.faults] == [
        (line, "it is that of line 2") for line in (3, 5, 9)
    ]
    put(folder / "taxes.csv", [*cells(folder / "taxes.csv"), ["too short"]])
    with pytest.raises(FilesRefused) as refused:
        files.whole(folder)
    assert [fault.wrong for fault in refused.value.faults] == ["it has 1 columns instead of 13"]


def _second_head(folder: Path) -> None:
    spoil(folder, "residents.csv", 3, "relation", "世帯主")


def _no_head(folder: Path) -> None:
    spoil(folder, "residents.csv", 2, "relation", "子")


def _in_two_households(folder: Path) -> None:
    table = cells(folder / "residents.csv")
    again = list(table[1])
    again[1] = table[6][1]
    put(folder / "residents.csv", [*table, again])


def _empty_household(folder: Path) -> None:
    table = cells(folder / "households.csv")
    put(folder / "households.csv", [*table, ["1", table[1][1], "x", ""]])


def _same_number_twice(folder: Path) -> None:
    table = cells(folder / "residents.csv")
    spoil(folder, "residents.csv", 3, "my_number", table[1][table[0].index("my_number")])


def _in_two_families(folder: Path) -> None:
    spoil(folder, "family_members.csv", 2, "resident_id", CITY.by_key("kazuko").resident_id)


def _unknown_column(folder: Path) -> None:
    table = cells(folder / "residents.csv")
    put(folder / "residents.csv", [[*row, "秘密"] for row in table])


def _missing_column(folder: Path) -> None:
    put(folder / "residents.csv", [row[1:] for row in cells(folder / "residents.csv")])


def _doubled_column(folder: Path) -> None:
    put(folder / "residents.csv", [[*row, row[-1]] for row in cells(folder / "residents.csv")])


def _no_header(folder: Path) -> None:
    put(folder / "residents.csv", cells(folder / "residents.csv")[1:])


def _short_line(folder: Path) -> None:
    table = cells(folder / "residents.csv")
    put(folder / "residents.csv", [*table[:4], table[4][:-1], *table[5:]])


def _other_encoding(folder: Path) -> None:
    text = "\n".join(",".join(row) for row in cells(folder / "residents.csv")[:4])
    (folder / "residents.csv").write_bytes(text.encode("cp932"))


def _open_quotation(folder: Path) -> None:
    with (folder / "residents.csv").open("a", encoding="utf-8") as file:
        file.write('"4500007919,\n')


def _no_blocks(folder: Path) -> None:
    (folder / "blocks.csv").unlink()


def _misnamed(folder: Path) -> None:
    (folder / "resident.csv").write_text("x\n")


def _nothing(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        path.unlink()


def _spare_picture(folder: Path) -> None:
    (folder / "imprints" / "1.png").write_bytes(b"x")


def _no_picture(folder: Path) -> None:
    next((folder / "imprints").glob("*.png")).write_bytes(b"x")


def _oblong(folder: Path) -> None:
    Image.new("1", (200, 300)).save(next((folder / "imprints").glob("*.png")))


@pytest.mark.parametrize(
    ("change", "file", "words"),
    [
        (_second_head, "residents.csv", "second 世帯主"),
        (_no_head, "households.csv", "no member who lives there is 世帯主"),
        (_in_two_households, "residents.csv", "it is that of line 2"),
        (_empty_household, "households.csv", "nobody is in this household"),
        (_same_number_twice, "residents.csv", "it is that of line 2"),
        (_in_two_families, "families.csv", "stands twice"),
        (_unknown_column, "residents.csv", "no such column as that at place 24. The columns are resident_id"),
        (_missing_column, "residents.csv", "the column is missing"),
        (_doubled_column, "residents.csv", "the column stands twice"),
        (_no_header, "residents.csv", "no such column"),
        (_short_line, "residents.csv", "it has 22 columns instead of 23"),
        (_other_encoding, "residents.csv", "not UTF-8"),
        (_open_quotation, "residents.csv", "quotation marks"),
        (_no_blocks, "blocks.csv", "the file is missing"),
        (_misnamed, "the folder", "1 of its CSV files belong to no register"),
        (_nothing, "the folder", "no file is in it"),
        (_spare_picture, "imprints/", "no line of seals.csv names 1 of its files"),
        (_no_picture, "seals.csv", "no PNG that can be read"),
        (_oblong, "seals.csv", "another size"),
    ],
)
def test_files_that_contradict_each_other_are_refused(
    folder: Path, change: Callable[[Path], None], file: str, words: str
) -> None:
    store = Store("sqlite://")
    taken(store, folder)
    before = state(store)
    change(folder)
    with pytest.raises(FilesRefused) as refused:
        taken(store, folder, may_remove=10)
    assert any(fault.file == file and words in fault.wrong for fault in refused.value.faults), refused.value.faults
    assert "秘" not in " ".join(map(str, refused.value.faults))
    assert state(store) == before


def test_a_file_that_lacks_people_removes_nobody_unless_that_number_was_said(folder: Path) -> None:
    store = Store("sqlite://")
    taken(store, folder)
    before = state(store)
    table = cells(folder / "seals.csv")
    put(folder / "seals.csv", table[:3] + table[4:])
    with pytest.raises(FilesRefused, match="faults") as refused:
        taken(store, folder)
    assert "it lacks 1 seals that the books have; say --remove 1" in str(refused.value.faults[0])
    assert state(store) == before
    assert taken(store, folder, may_remove=1).applied.removed == 1
    assert len(state(store).seals) == len(before.seals) - 1


def test_a_resident_is_not_removed_while_a_seal_is_theirs(folder: Path) -> None:
    store = Store("sqlite://")
    taken(store, folder)
    city = replace(CITY, residents={k: v for k, v in CITY.residents.items() if k != CITY.by_key("nguyen").resident_id})
    city = replace(
        city, households={k: v for k, v in CITY.households.items() if k != CITY.by_key("nguyen").household_id}
    )
    other = folder.parent / "residents"
    writing.write(city, other, only=("residents",))
    with pytest.raises(FilesRefused) as refused:
        taken(store, other, may_remove=9)
    assert {fault.wrong for fault in refused.value.faults} == {
        "a resident who is removed still stands in seals; remove that first",
        "a resident who is removed still stands in taxes; remove that first",
    }


def test_letters_that_the_font_lacks_are_kept_and_told(folder: Path) -> None:
    store = Store("sqlite://")
    spoil(folder, "residents.csv", 2, "name", "吉\U000e0101田\U00031350　\U0001b002\ue123")
    told = [str(notice) for notice in taken(store, folder).files.notices if "line 2," in str(notice)]
    letters = "U+5409 U+E0101, U+31350, U+E123"
    assert told == [f"residents.csv line 2, name: {letters} cannot be printed; the counter issues what this stands on"]
    found = state(store).residents[CITY.by_key("taro").resident_id]
    assert found.name == "吉\U000e0101田\U00031350　\U0001b002\ue123"


def test_an_imprint_that_was_scanned_is_kept_as_it_is(folder: Path) -> None:
    store = Store("sqlite://")
    told = io.BytesIO()
    Image.new("L", (600, 600), 255).save(told, "PNG")
    (folder / "imprints").mkdir(exist_ok=True)
    (folder / "imprints" / "scan-1.png").write_bytes(told.getvalue())
    spoil(folder, "seals.csv", 2, "imprint", "scan-1.png")
    taken(store, folder)
    found = state(store).seals[CITY.by_key("taro").resident_id]
    assert base64.b64decode(found.imprint_png or "") == told.getvalue()


def test_an_import_sets_the_age_of_the_registers_it_holds(folder: Path) -> None:
    store = Store("sqlite://")
    taken(store, folder)
    with store.reading() as c:
        stands = standings(c, TUESDAY + timedelta(hours=2))
    assert {name: (at.number, at.age) for name, at in stands.items()} == {
        name: (0, timedelta(hours=2)) for name in rows.REGISTERS
    }


def test_files_of_the_form_before_are_still_taken(folder: Path) -> None:
    """Columns that were added later may be missing; nothing is then recorded under them."""
    later = {"residents.csv": {"moved_from"}, "family_members.csv": {"struck_off_on", "sex", "resident_code"}}
    for file, names in later.items():
        table = cells(folder / file)
        kept = [at for at, name in enumerate(table[0]) if name not in names]
        assert len(table[0]) - len(kept) == len(names)
        put(folder / file, [[row[at] for at in kept] for row in table])
    store = Store("sqlite://")
    taken(store, folder)
    city = state(store)
    assert set(city.residents) == set(CITY.residents)
    assert {person.moved_from for person in city.residents.values()} == {None}
    assert {(m.sex, m.resident_code) for family in city.families.values() for m in family.members} == {(None, None)}


def test_the_readme_documents_every_column_as_the_files_are_read() -> None:
    text = README.read_text(encoding="utf-8")
    for kind in (*rows.FILES, rows.RemovedRow):
        for column, about in rows.columns_of(kind).items():
            form = rows.form_of(kind, column)
            assert about.examples is not None
            needed = "yes" if form.required else ""
            row = f"| `{column}` | {about.description} | {form.words} | {about.examples[0]} | {needed} |"
            assert f"\n{row}\n" in text, f"{kind.file}: {row}"
