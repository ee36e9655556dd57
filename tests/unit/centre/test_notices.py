"""Notices: what is told on which day, its picture on the machine, the desk and in the table; what cannot be shown is a sentence."""

import base64
import io
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image

from host_sim.centre.city import table
from host_sim.centre.city.city import City
from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.notices import birth_flowers, drawings, flowers, pictures
from tests.test_layering import ROOT
from tests.unit.centre.test_desk import Office
from tests.unit.centre.town import Town

FILE = ROOT / "host_sim" / "centre" / "sample" / "miyazaki.toml"
MONDAY = date(2026, 11, 23)


def leap_year() -> Iterator[date]:
    day = date(2028, 1, 1)
    while day.year == 2028:
        yield day
        day += timedelta(days=1)


def notices(city: City, day: date) -> list[table.Body]:
    found: list[table.Body] = table.contents(city, "miyazaki-store-01", day)[0].body["notices"]
    return found


def test_every_day_has_a_flower_that_is_drawn_small_enough_for_a_machine() -> None:
    told = {day: birth_flowers.of(day) for day in leap_year()}
    assert len(told) == 366
    for one in {one.word: one for one in told.values()}.values():
        assert one.flower.shape in flowers.SHAPES
        small = pictures.small(pictures.FLOWER + one.word)
        assert Image.open(io.BytesIO(small)).size == (pictures.MACHINE_PX,) * 2
    assert told[date(2028, 8, 29)].name["ja"] == "ヒマワリ"  # the slide of 29 August 2014


def test_two_days_in_a_row_never_have_the_same_flower() -> None:
    told = [birth_flowers.of(day).word for day in leap_year()]
    assert not [word for word, after in zip(told, [*told[1:], told[0]], strict=True) if word == after]


def test_every_drawing_has_something_on_it() -> None:
    for word in drawings.DRAWINGS:
        assert drawings.drawn(word, 80).getbbox() is not None


def test_the_table_of_a_machine_has_the_flower_of_each_day_of_a_week_and_is_the_same_all_that_week() -> None:
    city = read_file(FILE)
    for number in range(7):
        day = MONDAY + timedelta(days=number)
        told = [one for one in notices(city, day) if "誕生花" in one["text"]["ja"]]
        ahead = {(day + timedelta(days=n)).isoformat() for n in range(7)}
        assert ahead <= {one["from"] for one in told}
        assert all(base64.b64decode(one["picture"]) for one in told)
        assert notices(city, day) == notices(city, MONDAY)
    assert notices(city, MONDAY + timedelta(days=7)) != notices(city, MONDAY)


def with_notice(tmp_path: Path, lines: str) -> City:
    text = FILE.read_text(encoding="utf-8")
    entry = f"[[notices]]\nfrom = 2026-11-01\nuntil = 2026-12-31\n{lines}\n\n[exemptions.welfare]"
    (tmp_path / "city.toml").write_text(text.replace("[exemptions.welfare]", entry, 1), encoding="utf-8")
    return read_file(tmp_path / "city.toml")


def test_a_city_shows_its_own_picture_however_large_and_colourful_it_is(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (900, 600), random.Random(7).randbytes(900 * 600 * 3))
    noise.save(tmp_path / "pop.jpg")
    city = with_notice(tmp_path, f'text = {{ ja = "市の絵" }}\npicture = "{tmp_path}/pop.jpg"')
    (told,) = [one for one in notices(city, MONDAY) if one["text"]["ja"] == "市の絵"]
    png = base64.b64decode(told["picture"])
    assert len(png) <= pictures.MACHINE_BYTES_MAX
    assert max(Image.open(io.BytesIO(png)).size) <= pictures.MACHINE_PX
    (tmp_path / "pop.jpg").unlink()  # after the file was applied
    (told,) = [one for one in notices(city, MONDAY) if one["text"]["ja"] == "市の絵"]
    assert "picture" not in told


def test_what_cannot_be_shown_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("no picture")
    Image.new("L", (7000, 2)).save(tmp_path / "wide.png")
    text = 'text = { ja = "あ" }'
    for lines, sentence in (
        ("", "has no text"),
        (f'{text}\neach_day = "birth_flower"', "leave text and picture out"),
        ('each_day = "birth_flower"', "each_day more than once"),
        ('each_day = "star_sign"', "allowed are 'birth_flower'"),
        (f'{text}\npicture = "pop.png"', "picture is"),
        (f'{text}\npicture = "{tmp_path}/gone.png"', "gone.png cannot be read: No such file"),
        (f'{text}\npicture = "{tmp_path}/words.png"', "neither PNG nor JPEG"),
        (f'{text}\npicture = "{tmp_path}/wide.png"', "more than 6,000 pixels"),
    ):
        with pytest.raises(CityError, match=sentence):
            with_notice(tmp_path, lines)


def test_the_desk_shows_the_notices_of_today_with_pictures_days_and_places() -> None:
    town = Town()
    browser = Office(town).signed_in("tanaka")
    home, listed = browser.get("/").text, browser.get("/posters").text
    today = birth_flowers.text(town.now.date())["ja"]
    for page in (home, listed):
        assert today in page
        assert "事前の手続きは不要です" in page
    assert "2026-04-01 ～ 2027-03-31" in listed
    assert "店舗の機械" in listed
    assert "お休みです" in listed  # to come
    assert "お休みです" not in home
    assert browser.get("/notices/1/picture").headers["content-type"] == "image/png"
    assert [browser.get(f"/notices/{number}/picture").status for number in (-1, 99)] == [404, 404]
