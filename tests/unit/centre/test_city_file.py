"""A city's file: every mistake is a sentence, what is in force on a day, and what the commands print."""

import re
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.vocabulary import AdviceFate, CentreRefusal, CentreRefused
from host_sim.centre import sample
from host_sim.centre.__main__ import main
from host_sim.centre.city import languages, table
from host_sim.centre.city.book import CityBook, NoCity
from host_sim.centre.city.city import BEGINNING, City
from host_sim.centre.city.file import CityError, read
from host_sim.centre.forms import KINDS
from host_sim.centre.generator import Press
from host_sim.centre.notices import pictures
from host_sim.centre.opening import open_city
from host_sim.centre.store import Store
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.town import JST, TUESDAY, Town, page_count

TEXT = sample.CITY_FILE.read_text(encoding="utf-8")
Say = Callable[..., tuple[int, str]]


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(CityError) as caught:
        read(text)
    return caught.value.problems


def with_change(text: str, since: str = "2027-06-01") -> str:
    return f'{TEXT}\n[[change]]\nfrom = {since}\nwhy = "so"\n{text}\n'


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    def told(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", *map(str, words)])
        code = main()
        said = capsys.readouterr()
        return code, said.out + said.err

    return told


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'code = "452017"',
            'code = "452018"',
            'municipality.code is "452018", whose check digit is wrong; it would be 7.',
        ),
        ('prefecture = "宮崎県"\n', "", "municipality.prefecture is missing."),
        ('telephone = "0985-25-2111"', "telephone = 985", "municipality.telephone must be text in quotation marks."),
        ("[certifier]", "[certifier]\ntitle = 1", "certifier.title is no key of this file."),
        ('"06:30-23:00"', '"23:00-06:30"', "channels.store.hours.default.everyday is"),
        ("default = { everyday", "default = { everyday_ = 1, everyday", "channels.store.hours.default.everyday_"),
        ('default = { everyday = "06:30-23:00" }', "", "channels.store.hours.default is missing"),
        ('"12-29"', '"12-32"', 'channels.store.closed_days.1 is "12-32"; write "12-29"'),
        ("fuhyo = 300", "fuhyou = 300", "channels.store.fees.fuhyou: there is no [kinds.fuhyou]."),
        ("juminhyo = 300", "juminhyo = -1", "channels.store.fees.juminhyo is -1; the least is 0."),
        ("[kinds.fuhyo]", "[kinds.jukyo]", "kinds.jukyo: the centre has no form for it; it has juminhyo,"),
        ("copies_max = 5", "copies_max = 10", "kinds.juminhyo.copies_max is 10; the most is 9."),
        (
            'number_law = "番号法16条"',
            "",
            "purposes.tax.kinds.juminhyo.items names my_number; write in purposes.tax.number",
        ),
        (
            'items = ["my_number"] }',
            'items = ["resident_code"] }',
            "purposes.tax.kinds.juminhyo.items names resident_code",
        ),
        ("kinds.fuhyo = { scope", "kinds.moon = { scope", "purposes.land.kinds.moon: there is no [kinds.moon]."),
        ('["miyazaki-store-02"]', '["miyazaki-store-01"]', "The machine miyazaki-store-01 stands at 2 sites."),
        ('channel = "office"', 'channel = "hall"', 'sites.city-hall-machine.channel is "hall"; allowed are'),
        ("staffed = true", 'staffed = "yes"', "sites.city-hall-desk.staffed must be true or false."),
        ('roles = ["clerk"]', 'roles = ["king"]', 'staff.tanaka.roles.1 is "king"; allowed are'),
        (
            'until = "2026-12-21T09:00"',
            'until = "9999-12-31T23:59-14:00"',
            "maintenance.1.until is '9999-12-31T23:59-14:00'",
        ),
        ("location = [", "location = [inf, 1.0] # [", "sites.city-hall-desk.location.1"),
        ("location = [", "location = [1.0, nan] # [", "sites.city-hall-desk.location.2"),
        ("until = 2027-02-14", "until = 9999-12-31", "change 1: until is 9999-12-31; the most is 2999-12-31"),
        ('until = "2026-12-21T09:00"', 'until = "2026-12-18T15:00"', "maintenance.1 ends before it has begun."),
        ('from = "2026-12-18T15:00"', 'from = "2026-12-18"', None),
        (
            'from = "2026-12-18T15:00"',
            'from = "18 December"',
            "maintenance.1.from is '18 December'; write a time to the",
        ),
        ("from = 2026-12-01", 'from = "2026-12-01"', "notices.1.from must be a date without quotation marks"),
        (
            "[exemptions.pension]\n",
            '[exemptions.pension]\nsites = ["moon"]\n',
            "exemptions names the site moon; there is no [sites.moon].",
        ),
        ("from = 2027-01-25", "from = 2027-03-25", "change 1: until is before from."),
        ('why = "新しい市長の就任。"\n', "", "change 2: why is missing."),
        (
            'name = { ja = "宮崎市", en',
            'name = { en = "M", en-GB',
            "municipality.name has no Japanese words; write ja = ...",
        ),
        ('"橘　陽一郎"', '"橘　\\ue001"', "certifier.name has a letter that the font of the paper lacks (U+E001)."),
        ('ja = "宮崎市"', 'ja = "みやざきしちょうそんくみあい"', "an issue number takes at most 12 Japanese letters"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_key(old: str, new: str, sentence: str | None) -> None:
    assert old in TEXT
    if sentence is None:
        read(TEXT.replace(old, new, 1))
        return
    assert any(sentence in told for told in problems(TEXT.replace(old, new, 1)))


def test_every_mistake_is_told_once_and_all_at_once() -> None:
    wrong = TEXT.replace("juminhyo = 300", "juminhyo = -1", 1).replace("copies_max = 5", "copies_max = 10", 1)
    wrong = wrong.replace('["miyazaki-store-02"]', '["miyazaki-store-01"]')
    assert len(problems(wrong)) == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("channels.store.fees.juminhyo = -1", "From 2027-06-01: channels.store.fees.juminhyo is -1; the least is 0."),
        ('remove = ["sites.moon"]', "change 4: remove names sites.moon, which is not in the file on that day."),
        ('remove = ["kinds.fuhyo"]', "From 2027-06-01: channels.store.fees.fuhyo: there is no [kinds.fuhyo]."),
        ("", "change 4: it changes nothing."),
        ("moon = 1", "From 2027-06-01: moon is no key of this file."),
    ],
)
def test_a_mistake_in_a_change_names_its_day_or_number(change: str, sentence: str) -> None:
    assert sentence in problems(with_change(change))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (b"a = 1\nb = \n", "line 2"),
        ("name = '宮崎'".encode("shift_jis"), "is not UTF-8 text (line 1); save it as UTF-8."),
        (b"\n" + b"x" * 1_000_001, "bytes; a city's file has at most 1,000,000."),
        (None, "cannot be read: No such file or directory."),
        (b"change = 1", "change must be written as [[change]]."),
        (b"a = " + b"9" * 5000, "The file is not TOML"),
    ],
    ids=["toml", "shift_jis", "long", "missing", "change", "digits"],
)
def test_a_file_that_is_none_is_a_sentence(say: Say, tmp_path: Path, written: bytes | None, sentence: str) -> None:
    path = tmp_path / "city.toml"
    if written is not None:
        path.write_bytes(written)
    code, said = say("check", path)
    assert code == 1
    assert sentence in said
    assert "Traceback" not in said


def test_a_table_that_no_machine_would_take_is_a_mistake() -> None:
    more = "".join(f', {letter}{n} = "{"道" * 200}"' for letter in "abcdefgh" for n in "lmnop")
    long = re.sub(r"way = \{.*\}", f'way = {{ ja = "道"{more} }}', TEXT)
    assert any("would have" in told and "shorten the texts" in told for told in problems(long))


def test_pictures_are_drawn_for_a_table_only_that_might_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    winter = sample.city().on(date(2027, 2, 20))
    size = max(
        table.size_of(content.body)
        for machine in winter.machines
        for content in table.contents(City(TEXT, [], [winter]), machine, winter.since)
    )
    monkeypatch.setattr(table, "BYTES_MAX", size)
    assert table.too_large(winter) is None
    monkeypatch.setattr(table, "BYTES_MAX", size - 1)
    assert table.too_large(winter) == (size, "miyazaki-store-01")

    monkeypatch.undo()
    monkeypatch.setattr(pictures, "small", lambda source: pytest.fail(f"{source} was drawn"))
    read.__wrapped__(TEXT)


def test_what_of_the_city_s_own_lacks_a_language_is_told() -> None:
    """Machines know the usual certificates and purposes by themselves; the others, the name and the places they cannot know."""
    assert not {
        name for name in languages.missing(read(TEXT)) if name.startswith(("kinds.", "purposes.", "municipality"))
    }
    text = TEXT.replace('vi = "Thành phố Miyazaki", ', "").replace('ja = "運転免許の手続き"', 'ja = "犬の登録"')
    missing = languages.missing(read(text))
    assert missing["municipality.name"] == ("vi",)
    assert missing["purposes.licence.title"] == ("zh-Hans", "ko", "vi", "pt-BR")
    assert "kinds.juminhyo.title" not in missing
    assert any("purposes.licence.title" in told for told in languages.told(read(text)))


# --- what is in force on a day --------------------------------------------------------------------


def fee(text: str, day: date, site: str = "ekimae-store") -> int:
    return read(text).on(day).places[site].kinds["juminhyo"].fee_yen


def test_a_change_holds_from_its_first_day_to_its_last() -> None:
    text = with_change("until = 2027-06-30\nchannels.store.fees.juminhyo = 10")
    days = (
        date(2027, 3, 31),
        date(2027, 4, 1),
        date(2027, 5, 31),
        date(2027, 6, 1),
        date(2027, 6, 30),
        date(2027, 7, 1),
    )
    assert [fee(text, day) for day in days] == [300, 200, 200, 10, 10, 200]
    assert fee(text, days[3], "city-hall-machine") == 300
    assert fee(text, BEGINNING - timedelta(days=1)) == 300


def test_the_deputy_certifies_while_the_office_of_the_mayor_is_empty() -> None:
    days = (date(2027, 1, 24), date(2027, 1, 25), date(2027, 2, 14), date(2027, 2, 15))
    told = [sample.city().on(day).municipality for day in days]
    assert [m.mayor for m in told] == ["橘　陽一郎", "平和　正樹", "平和　正樹", "大淀　千秋"]
    assert [m.certifier.endswith("職務代理者") for m in told] == [False, True, True, False]


def test_the_hours_of_a_kind_are_written_anew_as_a_whole_and_the_others_stay() -> None:
    text = with_change('sites.city-hall-desk.hours.default = { weekday = "09:00-16:00" }')
    table = read(text).on(date(2027, 6, 5)).places["city-hall-desk"].timetable
    assert table.hours["default"] == {"weekday": "09:00-16:00"}, "the Saturday is gone"
    store = read(with_change('channels.store.hours.koseki = { weekday = "10:00-15:00" }')).on(date(2027, 6, 5))
    assert store.places["ekimae-store"].timetable.hours["fuhyo"] == {"weekday": "09:00-17:00"}


def test_a_place_can_be_removed_and_its_machine_is_then_nobodys() -> None:
    city = read(with_change('remove = ["sites.tachibana-store"]'))
    stands = [city.on(day).place_of("miyazaki-store-02") for day in (date(2027, 5, 31), date(2027, 6, 1))]
    assert [place is not None for place in stands] == [True, False]


def test_what_a_campaign_added_and_another_change_removed_stays_away_when_both_are_over() -> None:
    fair = TEXT[TEXT.index("[sites.tachibana-store]") : TEXT.index("[sites.minami-store]")]
    fair = fair.replace("[sites.tachibana-store]", "[change.sites.fair]").replace("miyazaki-store-02", "fair-01")
    text = (
        with_change(f"until = 2027-08-31\n{fair}")
        + '[[change]]\nfrom = 2027-07-01\nwhy = "so"\nremove = ["sites.fair"]\n'
    )
    days = (date(2027, 5, 31), date(2027, 6, 1), date(2027, 7, 1), date(2027, 9, 1))
    assert ["fair" in read(text).on(day).places for day in days] == [False, True, False, False]
    assert [period.since for period in read(text).periods][-3:] == list(days[1:])


def test_the_sample_issues_every_kind_that_there_is_a_form_for() -> None:
    assert tuple(sample.city().on(TUESDAY.date()).rules.kinds) == KINDS


# --- the commands ---------------------------------------------------------------------------------


def test_check_tells_what_the_file_holds(say: Say) -> None:
    code, said = say("check", sample.CITY_FILE)
    assert code == 0
    assert "宮崎市, 18 places, 8 machines, 3 changes." in said


def test_check_tells_what_machines_cannot_show_in_the_resident_s_language(say: Say, tmp_path: Path) -> None:
    code, said = say("check", sample.CITY_FILE)
    (told,) = said.splitlines()[1:]
    assert "zh-Hans, ko, vi, pt-BR" in told
    assert "sites.sadowara-desk.way" in told
    assert "city-hall-desk" not in told, "it has every language"
    assert "notice" not in told
    lacking = tmp_path / "lacking.toml"
    lacking.write_text(re.sub(r', ko = "12월[^"]*"', "", TEXT), encoding="utf-8")
    code, said = say("check", lacking)
    assert code == 0, "a translation is no duty"
    assert "into ko (machines show English or Japanese): the notice of 2026-12-01" in said


def test_diff_tells_what_changes_from_when_and_where(say: Say, tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text(
        TEXT.replace("from = 2027-04-01", "from = 2027-05-01").replace('"06:30-23:00"', '"07:00-22:00"'),
        encoding="utf-8",
    )
    code, said = say("diff", sample.CITY_FILE, new)
    assert code == 0
    stores = "ekimae-store, minami-store, ohtsuka-store, sadowara-store, tachibana-store"
    assert said.splitlines() == [
        f"As soon as it is applied: {stores}: hours: everyday 07:00-22:00 (was everyday 06:30-23:00).",
        f"From 2027-04-01 until 2027-04-30: {stores}, inkan: fee: 300 yen (was 200 yen).",
        f"From 2027-04-01 until 2027-04-30: {stores}, juminhyo: fee: 300 yen (was 200 yen).",
    ]
    assert say("diff", new, new) == (0, "The two files say the same of every day.\n")


def test_show_tells_what_was_or_will_be_in_force(say: Say) -> None:
    code, said = say("show", sample.CITY_FILE, "--on", "2027-04-01", "--site", "ekimae-store", "--kind", "juminhyo")
    assert code == 0
    for words in (
        "2027-04-01 (Thursday)",
        "手数料条例の改正",
        "juminhyo on this day: 06:30-23:00",
        "juminhyo fee: 200 yen",
    ):
        assert words in said
    assert "inkan" not in said
    code, said = say("show", sample.CITY_FILE, "--on", "2026-12-30", "--site", "ekimae-store")
    assert (code, "on this day: closed" in said, "juminhyo fee: 300 yen" in said) == (0, True, True)
    code, said = say("show", sample.CITY_FILE, "--on", "2026-12-30", "--site", "moon")
    assert code == 1
    assert said.startswith("There is no [sites.moon] on 2026-12-30; there are city-hall-desk,")


def test_apply_adds_a_version_and_says_who_may(say: Say, tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text(TEXT.replace('"06:30-23:00"', '"07:00-22:00"'), encoding="utf-8")
    run = ("--run", tmp_path / "sim")
    assert "Version 1 is in force from" in say("apply", sample.CITY_FILE, "--by", "tanaka", *run)[1]
    assert "Version 2 is in force from" in say("apply", new, "--by", "kuroki", *run)[1]
    assert say("apply", new, "--by", "kuroki", *run) == (0, "This file is in force already, as version 2.\n")
    code, said = say("apply", new, "--by", "nobody", *run)
    assert (code, "there is no [staff.nobody]" in said) == (1, True)


# --- which file is in force -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", AT_HAND)
def test_every_process_serves_by_the_version_that_was_applied_by_then(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url:
        one, other = Store(url, create=True), Store(url)
        book, reader = CityBook(one), CityBook(other)
        with other.reading() as c, pytest.raises(NoCity):
            reader.at(c, TUESDAY)
        later = TUESDAY + timedelta(hours=1)
        assert book.apply(read(TEXT), "tanaka", TUESDAY) == 1
        assert book.apply(read(TEXT.replace("juminhyo = 300", "juminhyo = 250", 1)), "kuroki", later) == 2

        def asked(at: datetime) -> int:
            with other.reading() as c:
                return reader.at(c, at).places["ekimae-store"].kinds["juminhyo"].fee_yen

        instants = (
            TUESDAY - timedelta(days=9),
            TUESDAY,
            later - timedelta(seconds=1),
            later,
            later + timedelta(days=9),
        )
        assert [asked(at) for at in instants] == [300, 300, 300, 250, 250]
        assert [(row.version, row.applied_by) for row in reader.applied()] == [(1, "tanaka"), (2, "kuroki")]
        one.close()
        other.close()


def test_serve_does_not_change_a_city_that_was_applied(tmp_path: Path) -> None:
    """A new database takes the file; later only `apply` changes it. The sample gives way to any city's own file."""
    mine, other = tmp_path / "mine.toml", tmp_path / "other.toml"
    for path, fee_yen in ((mine, 250), (other, 260)):
        path.write_text(TEXT.replace("juminhyo = 300", f"juminhyo = {fee_yen}", 1), encoding="utf-8")
    store = Store("sqlite://")
    for file in (None, mine, mine, None):
        open_city(store, file, TUESDAY)
    with pytest.raises(CityError, match=r"version 2, applied by serve; .*other.toml differs. Use `apply` to change it"):
        open_city(store, other, TUESDAY)
    assert [row.applied_by for row in CityBook(store).applied()] == ["sample", "serve"]


def test_a_session_pays_what_it_was_shown_though_the_fee_changes_meanwhile() -> None:
    town = Town()
    session = town.session("hanako")
    town.now += timedelta(seconds=30)
    town.city.apply(read(TEXT.replace("juminhyo = 300", "juminhyo = 250", 1)), "tanaka", town.now)
    town.now += timedelta(seconds=30)
    assert session.reserved(session.item("juminhyo")).copies[0].fee_yen == 300
    assert town.session("taro").item("juminhyo").fee_yen == 250


def test_a_paper_bears_the_name_of_who_certifies_on_its_day() -> None:
    seen = []

    def typeset(*told: Any) -> bytes:
        seen.append(told[-1].municipality.certifier)
        return b"paper"

    town = Town(press=Press(kinds=("inkan",), typeset=typeset, check=lambda *_: [], page_count=page_count))
    for day in (24, 25):
        town.now = datetime(2027, 1, day, 10, tzinfo=JST)
        session = town.session("hanako")
        session.reserved(session.item("inkan"))
    assert seen == ["宮崎県宮崎市長", "宮崎県宮崎市長職務代理者"]


def test_a_machine_that_the_city_does_not_list_serves_nobody() -> None:
    """Its certificate is not enough. What it has promised before it can still settle."""
    town = Town()
    session = town.session("hanako")
    reserved = session.reserved(session.item("juminhyo"))
    town.now += timedelta(minutes=1)
    gone = TEXT.replace('["miyazaki-store-01"]', "[]")
    assert gone != TEXT
    town.city.apply(read(gone), "tanaka", town.now)
    refused = CentreRefused(CentreRefusal.NOT_REGISTERED)
    assert session.line.challenge(bytes(16), session.card.read) == refused
    assert session.reserve(session.item("juminhyo")) == refused
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    told = {"op": "issued", "request_id": reserved.request_id, "copy": 1, "reason": "printed"}
    assert session.line.advise(told) is AdviceFate.ACKNOWLEDGED


VALUES = (
    "1",
    "-1",
    "1.5",
    "nan",
    "true",
    "[]",
    "[1]",
    '[""]',
    "{}",
    '""',
    '"x"',
    "2027-01-01",
    "2027-01-01T00:00:00Z",
    "07:00:00",
)
VALUES = (
    *VALUES,
    "{ ja = 1 }",
    '{ ja = "x", en = "" }',
    "{ default = { monday = 1 } }",
    "[{ from = 1 }]",
    '["a.b", "sites"]',
    '"\\U0001F600"',
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, TEXT.count("\n") - 1),
    st.sampled_from(("value", "drop", "twice", "table", "rename")),
    st.sampled_from(VALUES),
)
def test_whatever_stands_in_the_file_the_answer_is_sentences(number: int, how: str, value: str) -> None:
    """No mistake of a hand in one line gives anything else."""
    lines = TEXT.splitlines()
    key, equals, _ = lines[number].partition(" = ")
    match how:
        case "drop":
            lines[number] = ""
        case "twice":
            lines.insert(number, lines[number])
        case "table":
            lines[number] = lines[number].replace("[[", "[").replace("]]", "]")
        case "rename":
            lines[number] = f"x{lines[number]}"
        case _ if equals:
            lines[number] = f"{key} = {value}"
    _says_sentences("\n".join(lines))


@pytest.mark.parametrize("value", ["5", "[[1]]", "[{ from = 1 }]"])
@pytest.mark.parametrize("number", [number for number, line in enumerate(TEXT.splitlines()) if " = [" in line])
def test_whatever_stands_in_a_list_the_answer_is_sentences(number: int, value: str) -> None:
    lines = TEXT.splitlines()
    lines[number] = f"{lines[number].partition(' = ')[0]} = {value}"
    _says_sentences("\n".join(lines))


def _says_sentences(text: str) -> None:
    told: tuple[str, ...] = ()
    try:
        read(text)
    except CityError as trouble:
        told = trouble.problems
    assert all(problem.endswith(".") and "\n" not in problem for problem in told)
    assert not any("Error" in problem or "Input should" in problem for problem in told)
