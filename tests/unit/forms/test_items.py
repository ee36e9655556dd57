"""What stands on each paper and what does not: the tables of host_sim/centre/forms/README.md, and each option alone."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from host_sim.centre import forms
from host_sim.centre.city.file import CityError, read
from host_sim.centre.city.items import ITEMS
from host_sim.centre.forms import expect, ivs, offers, reading
from host_sim.centre.forms.due import Fixed, Flowing, OneOf, Words
from host_sim.centre.register import Register, Resident
from tests.unit.centre.cities import place_of, sample_text

README = Path(offers.__file__).parent / "README.md"
EACH = {"an income": "each 所得", "a deduction": "each 控除", "the dependants": "each 扶養"}
MARKS = ("省略", "空欄")


def table(kind: str, foreign: bool) -> list[str]:
    """The items that the README lists for a kind, of a Japanese or of a foreign resident."""
    section = re.search(
        rf"\n### (?:\w+, )?{kind}(?:, \w+)?\n(.*?)(?=\n### |\Z)", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert section is not None
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", section[1], re.MULTILINE)[1:]
    other = "Japanese" if foreign else "foreign residents"
    return [item for item, when in rows if not when.startswith((f"{other},", f"{other};")) and when != other]


def labels(due: Any) -> Iterator[str]:
    """Every label that the check expects, in its order: of the first person only."""
    parts: Sequence[Any] = due.pages[0] if isinstance(due, Fixed) else (*due.head, *due.body)
    for part in parts:
        match part:
            case OneOf(_, people):
                yield from people[0].words[::2]
                return
            case Words(what, text, label):
                if what.startswith("an entry of "):
                    yield what.removeprefix("an entry of ")
                else:
                    yield EACH.get(what) or label or (text if what == "the label of the imprint" else "")
                    yield from (mark for mark in re.findall("【(.+?)】", text) if mark not in MARKS)
    assert isinstance(due, (Fixed, Flowing))


@pytest.mark.parametrize("kind", forms.KINDS)
@pytest.mark.parametrize("key", ["taro", "nguyen"])
def test_the_table_of_a_kind_is_its_page(town: Any, kind: str, key: str) -> None:
    """With all that can be asked for. `check` finds the page as expected; so the table, too, is the page."""
    who = town.register.by_key(key)
    if town.offer(kind, who)["refusal"] is not None:
        assert key == "nguyen"
        return
    options = town.answers(kind, who, everything=True) | {item: ["print"] for item in ITEMS.get(kind, {})}
    if kind == "fuhyo":
        options["domicile"] = ["omit"]  # else the name is under 名
    assert town.check(town.typeset(kind, who, options), kind, who, options) == []
    stand = list(
        dict.fromkeys(label for label in labels(expect.due(kind, who, [who], options, town.register)) if label)
    )
    due = [item for item in table(kind, foreign=key == "nguyen") if item in stand or not item.startswith("each ")]
    assert [label for label in stand if label != "＊＊＊"] == due


# --- each option alone --------------------------------------------------------------------------------


def words_of(
    town: Any, kind: str, who: Resident, options: dict[str, list[str]], register: Register | None = None
) -> str:
    told = (kind, who, [who], options, town.issue(), register or town.register)
    pdf = forms.typeset(*told)
    assert forms.check(pdf, *told) == []
    return "".join(reading.read(pdf).pages)


def of_the_item(item: str, who: Resident, register: Register) -> list[str]:
    """What an item puts on paper; none of it can come from anything else there."""
    family = register.family_of(who)
    match item:
        case "relation":
            return [who.relation]
        case "domicile":
            return [family.domicile] if family else [str(who.domicile)]
        case "foreign":
            assert who.foreign is not None
            return [who.foreign.nationality, who.foreign.card_number, who.foreign.category, str(who.foreign.status)]
        case "foreign_kana":
            assert who.foreign is not None
            return [who.kana, str(who.foreign.alias_kana)]
        case "moved_from":
            return [str(who.moved_from), "異動前住所"]
        case "my_number":
            return [who.my_number]
        case _:
            return [who.resident_code]


ALONE = [
    (kind, item, "nguyen" if item.startswith("foreign") else "taro" if kind == "fuhyo" else "aya")
    for kind, items in ITEMS.items()
    for item in items
]


@pytest.mark.parametrize(("kind", "item", "key"), ALONE)
def test_a_word_that_is_not_asked_for_never_appears(town: Any, kind: str, item: str, key: str) -> None:
    """An order without the option, one that says omit, and one that asks for everything else print none of it."""
    who = dataclasses.replace(town.register.by_key(key), relation="縁故者", domicile="宮崎県宮崎市本籍町一番地")
    register = dataclasses.replace(town.register, residents={**town.register.residents, who.resident_id: who})
    words = of_the_item(item, who, register)
    others = {other: ["print"] for other in ITEMS[kind] if other != item}
    for options in ({}, {item: ["omit"]}, others):
        page = words_of(town, kind, who, {"scope": ["self"], **options}, register)
        assert not [word for word in words if word in page]
    page = words_of(town, kind, who, {"scope": ["self"], item: ["print"]}, register)
    assert all(word in page for word in words)


def test_the_move_of_a_foreign_resident_stands_beside_the_alias(town: Any) -> None:
    who = dataclasses.replace(town.register.by_key("nguyen"), moved_from="宮崎県宮崎市祇園八丁目1番地")
    asked = {"scope": ["self"], "moved_from": ["print"], "foreign": ["print"]}
    assert "通称の記載　令和3年4月1日　宮崎県宮崎市　異動前住所　宮崎県宮崎市祇園八丁目1番地" in words_of(
        town, "juminhyo", who, asked
    )


def test_of_who_never_moved_inside_the_city_no_day_is_told(town: Any) -> None:
    """住所を定めた年月日 is blank and 届出日 is that of becoming a resident; of who moved, both are their own days."""
    page = words_of(town, "juminhyo", town.register.by_key("kazuko"), {"scope": ["self"]})
    assert "住所を定めた年月日【空欄】届出日昭和43年10月14日" in page
    page = words_of(town, "juminhyo", town.register.by_key("aya"), {"scope": ["self"]})
    assert "住所を定めた年月日令和8年3月14日届出日平成5年6月9日" in page


def test_a_seal_certificate_bears_no_reading_and_no_day_of_registration(town: Any) -> None:
    for key, other in (
        ("taro", "旧氏【空欄】"),
        ("aya", "旧氏" + ivs.told("葛\U000e0103原")),
        ("nguyen", "通称宮本　安"),
    ):
        who = town.register.by_key(key)
        page = words_of(town, "inkan", who, {})
        assert other in page
        kana = (who.kana, who.former_surname_kana or "-", (who.foreign and who.foreign.alias_kana) or "-")
        assert not [word for word in (*kana, "登録年月日", "性別", "続柄") if word in page]


# --- 附票 and 戸籍 --------------------------------------------------------------------------------------

STRUCK_OFF = [  # when; whether birth and sex stand, whether the code does
    (None, False, False),
    (date(2022, 1, 10), False, False),
    (date(2022, 1, 11), True, False),
    (date(2024, 5, 26), True, False),
    (date(2024, 5, 27), True, True),
]


@pytest.mark.parametrize(("day", "born", "coded"), STRUCK_OFF)
def test_who_was_struck_off_before_the_law_has_none_of_its_items(
    town: Any, day: date | None, born: bool, coded: bool
) -> None:
    taro = town.register.by_key("taro")
    family = town.register.family_of(taro)
    gone = dataclasses.replace(family.members[1], resident_id=None, struck_off=True, struck_off_on=day)
    changed = dataclasses.replace(family, members=(family.members[0], gone))
    register = dataclasses.replace(town.register, families={**town.register.families, family.register_id: changed})
    page = words_of(town, "fuhyo", taro, {"scope": ["all"], "resident_code": ["print"]}, register)
    assert ("昭和59年2月29日" in page, re.search("【男女の別】\u3000*女", page) is not None) == (born, born)
    assert (str(gone.resident_code) in page) == coded


def test_an_address_history_without_a_sex_is_left_to_a_clerk(town: Any) -> None:
    taro = town.register.by_key("taro")
    family = town.register.family_of(taro)
    bare = dataclasses.replace(family, members=tuple(dataclasses.replace(m, sex=None) for m in family.members))
    register = dataclasses.replace(town.register, families={**town.register.families, family.register_id: bare})
    told = (taro, town.household(taro), register, date(2026, 11, 24), place_of("store"))
    assert forms.offer("fuhyo", *told)["refusal"] == "ask_at_counter"
    assert forms.offer("koseki", *told)["refusal"] is None


def test_a_reading_that_is_not_recorded_has_no_line_in_the_family_register(town: Any) -> None:
    taro = town.register.by_key("taro")
    family = town.register.family_of(taro)
    assert "氏の振り仮名ミヤザキ" in words_of(town, "koseki", taro, {})
    assert "【名の振り仮名】" in words_of(town, "koseki", taro, {})
    members = tuple(dataclasses.replace(m, kana="") for m in family.members)
    bare = dataclasses.replace(family, surname_kana="", members=members)
    register = dataclasses.replace(town.register, families={**town.register.families, family.register_id: bare})
    assert "振り仮名" not in words_of(town, "koseki", taro, {}, register)


# --- the city's file ----------------------------------------------------------------------------------


def keys(kind: str, who: Resident, town: Any, text: str) -> list[str]:
    place = read(text).on(date(2026, 11, 24)).place_of("miyazaki-store-01")
    assert place is not None
    offer = forms.offer(kind, who, [who], town.register, date(2026, 11, 24), place)
    return [group["key"] for group in offer["groups"]]


def test_the_citys_file_says_what_may_be_asked_for(town: Any) -> None:
    """A file from before the line offers what it always did; a word that no form has is refused."""
    text = sample_text()
    text = re.sub(r"(?ms)^\[purposes[.].*?(?=^# ---)", "", text)  # they name what can be asked for
    before = re.sub(r"(?m)^items = .*\n", "", text)
    aya, nguyen, taro = (town.register.by_key(key) for key in ("aya", "nguyen", "taro"))
    assert keys("juminhyo", aya, town, text) == ["relation", "domicile", "moved_from", "my_number"]
    assert keys("juminhyo", aya, town, before) == ["relation", "domicile", "my_number"]
    assert keys("juminhyo", nguyen, town, text) == ["relation", "foreign", "foreign_kana", "my_number"]
    assert keys("juminhyo", nguyen, town, before) == ["relation", "foreign", "my_number"]
    assert keys("fuhyo", taro, town, text) == ["scope", "domicile", "resident_code"]
    assert keys("fuhyo", taro, town, before) == ["scope", "domicile"]
    assert keys("juminhyo", aya, town, re.sub(r"(?m)^items = .*$", "items = []", text)) == []
    with pytest.raises(CityError, match="what can be asked for is domicile, resident_code"):
        read(text.replace('["domicile", "resident_code"]', '["my_number"]'))


def test_the_deputy_certifies_on_the_days_of_the_citys_file(town: Any) -> None:
    """職務代理者 by date: the day before, the first, the last, the day after."""
    city, taro = read(sample_text()), town.register.by_key("taro")
    days = {
        date(2027, 1, 24): "宮崎県宮崎市長橘　陽一郎",
        date(2027, 1, 25): "宮崎県宮崎市長職務代理者平和　正樹",
        date(2027, 2, 14): "宮崎県宮崎市長職務代理者平和　正樹",
        date(2027, 2, 15): "宮崎県宮崎市長大淀　千秋",
    }
    for day, certified in days.items():
        register = dataclasses.replace(town.register, municipality=city.on(day).municipality)
        assert certified in words_of(town, "inkan", taro, {}, register)
