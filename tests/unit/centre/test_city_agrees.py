"""Table and centre agree: what a machine reads from its table is what the centre decides, whatever the city writes.

The table is read here a third time, by comparing its texts letter by letter, and with holidays written out by hand.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.vocabulary import Authenticated, CentreRefused, Challenge
from host_sim.centre import sample
from host_sim.centre.city import table
from host_sim.centre.city.city import City
from host_sim.centre.city.file import read
from tests.unit.centre.databases import FRESH
from tests.unit.centre.test_site_tables import tables
from tests.unit.centre.town import JST, SHOP, Town

MACHINE = "machine-a"
KINDS = ("juminhyo", "inkan", "koseki")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST, LAST = date(2026, 12, 24), date(2027, 1, 20)
# 内閣府 「国民の祝日」, for these days
HOLIDAYS = {
    "2026-11-03",
    "2026-11-23",
    "2027-01-01",
    "2027-01-11",
    "2027-02-11",
    "2027-02-23",
    "2027-03-21",
    "2027-03-22",
}


# --- the table as a machine could read it -----------------------------------------------------------


def opens(told: dict[str, Any], now: datetime, kind: str | None) -> bool:
    stamp = now.strftime("%Y-%m-%dT%H:%M")
    day, minute = stamp[:10], stamp[11:]
    if day in told["closed_days"] or day[5:] in told["closed_days"]:
        return False
    for window in told["maintenance"]:
        if window["from"] <= stamp < window["until"] and (not window["kinds"] or kind in window["kinds"]):
            return False
    weeks = [told["hours"]["default"], *([told["hours"][kind]] if kind in told["hours"] else [])]
    return all(within(line(week, now), minute) for week in weeks)


def line(week: dict[str, str], now: datetime) -> str:
    if now.strftime("%Y-%m-%d") in HOLIDAYS:
        return week.get("holiday", week.get("everyday", "closed"))
    working = week.get("weekday", week.get("everyday", "closed"))
    return week.get(WEEKDAYS[now.weekday()], working if now.weekday() < 5 else week.get("everyday", "closed"))


def within(spans: str, minute: str) -> bool:
    return spans != "closed" and any(a <= minute < b for a, _, b in (span.partition("-") for span in spans.split(",")))


def in_force(told: list[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    for entry in told:
        if datetime.fromisoformat(entry["valid_from"]) <= now < datetime.fromisoformat(entry["valid_until"]):
            return entry
    return None


# --- cities ---------------------------------------------------------------------------------------

days = st.dates(FIRST, LAST)
instants = st.builds(
    lambda day, minute, second: datetime(day.year, day.month, day.day, minute // 60, minute % 60, second, tzinfo=JST),
    days,
    st.one_of(st.integers(0, 1439), st.sampled_from((0, 389, 390, 540, 719, 720, 780, 1019, 1020, 1379, 1380, 1439))),
    st.sampled_from((0, 59)),
)
lines = st.sampled_from(
    ("closed", "06:30-23:00", "09:00-17:00", "08:30-12:00,13:00-17:15", "00:00-24:00", "12:00-24:00")
)
weeks = st.dictionaries(st.sampled_from((*WEEKDAYS, "everyday", "weekday", "holiday")), lines, min_size=1, max_size=4)
closed = st.lists(st.one_of(days.map(str), days.map(lambda day: f"{day:%m-%d}")), max_size=4)
fees = st.dictionaries(st.sampled_from(KINDS), st.integers(0, 900), min_size=1)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(entry)}" for key, entry in value.items()) + " }"
    return str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


@st.composite
def cities(draw: st.DrawFn) -> str:
    """The text of a city's file with one machine, and changes of everything that a change may touch."""
    issued = draw(fees)
    channel = {
        "cards": ["individual_number"],
        "expired_cards": False,
        "youngest_years": draw(st.integers(0, 20)),
        "closed_days": draw(closed),
        "hours": {"default": draw(weeks), **draw(st.dictionaries(st.sampled_from(KINDS), weeks, max_size=2))},
        "fees": issued,
    }
    site = {
        "name": {"ja": "店"},
        "way": {"ja": "角"},
        "telephone": "0985-09-0000",
        "channel": "store",
        "staffed": False,
    }
    site |= {"location": [31.9, 131.4], "machines": [MACHINE], "closed_days": draw(closed)}
    site |= {"hours": draw(st.dictionaries(st.sampled_from(("default", *KINDS)), weeks, max_size=1))}
    text = 'municipality = { code = "452017", prefecture = "宮崎県", name = { ja = "宮崎市" }, telephone = "0985-25-2111" }\n'
    text += 'certifier = { name = "橘　陽一郎" }\n'
    text += "".join(f'kinds.{kind} = {{ title = {{ ja = "{kind}" }}, copies_max = 5 }}\n' for kind in KINDS)
    text += f"channels.store = {toml(channel)}\nsites.shop = {toml(site)}\n"
    for start, minutes, kinds in draw(
        st.lists(st.tuples(instants, st.integers(1, 4000), st.lists(st.sampled_from(KINDS), unique=True)), max_size=3)
    ):
        until = start.replace(second=0) + timedelta(minutes=minutes)
        text += f'[[maintenance]]\nfrom = "{start:%Y-%m-%dT%H:%M}"\nuntil = "{until:%Y-%m-%dT%H:%M}"\nkinds = {toml(kinds)}\n'
    for since, lasts, section in draw(st.lists(st.tuples(days, st.integers(0, 40), changes(issued)), max_size=4)):
        until_line = f"until = {since + timedelta(days=lasts)}\n" if lasts else ""
        text += f'[[change]]\nfrom = {since}\n{until_line}why = "so"\n{section}'
    return text


def changes(issued: dict[str, int]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.integers(0, 900).map(lambda yen: f"channels.store.fees.{next(iter(issued))} = {yen}\n"),
        st.integers(0, 20).map(lambda years: f"channels.store.youngest_years = {years}\n"),
        weeks.map(lambda week: f"channels.store.hours.default = {toml(week)}\n"),
        weeks.map(lambda week: f"sites.shop.hours.inkan = {toml(week)}\n"),
        closed.map(lambda named: f"sites.shop.closed_days = {toml(named)}\n"),
        st.just("sites.shop.machines = []\n"),
    )


def made(city: City, at: datetime) -> list[dict[str, Any]]:
    found = table.contents(city, MACHINE, at.date())
    return [json.loads(body) for _, body in table.made(found, 0, at)]


@settings(max_examples=200, deadline=None)
@given(
    cities(),
    instants,
    st.one_of(st.timedeltas(timedelta(0), timedelta(days=2)), st.timedeltas(timedelta(0), timedelta(days=70))),
)
def test_the_table_says_what_the_centre_does(text: str, fetched: datetime, later: timedelta) -> None:
    city, now = read(text), fetched + later
    place = city.at(now).place_of(MACHINE)
    told = in_force(made(city, fetched), now)
    if told is None:
        gone = any(city.on(fetched.date() + timedelta(n)).place_of(MACHINE) is None for n in range(later.days + 2))
        assert gone or later >= timedelta(days=table.ANNOUNCED_DAYS) - timedelta(days=1), (
            "a table for every day till then"
        )
        return
    assert place is not None, "a machine that is taken away has no table"
    assert {entry["kind"]: entry["fee_yen"] for entry in told["kinds"]} == {
        kind: terms.fee_yen for kind, terms in place.kinds.items()
    }
    assert told["youngest_years"] == place.youngest_years
    assert set(told["cards"]) == place.cards
    assert opens(told, now, None) == place.timetable.open_at(now)
    for kind in place.kinds:
        assert opens(told, now, kind) == place.timetable.open_at(now, kind), kind


@settings(max_examples=25, deadline=None)
@given(cities(), instants)
def test_the_centre_answers_as_its_own_table_says(text: str, now: datetime) -> None:
    """The calls themselves: whether a challenge is given, what is offered and for how much."""
    FRESH.again()
    town = Town(city=read(text.replace(MACHINE, SHOP.name)))
    town.now = now
    try:
        (told, *_) = tables(town)
    except AssertionError:
        assert read(text).at(now).place_of(MACHINE) is None
        return
    card, line_, nonce = town.card("hanako"), town.line(), bytes(16)
    given_ = line_.challenge(nonce, card.read)
    assert isinstance(given_, Challenge) is opens(told, now, None)
    if not isinstance(given_, Challenge):
        assert given_ == CentreRefused("outside_hours")  # type: ignore[arg-type]
        return
    who = line_.authenticate(nonce, given_, card.prove(given_, nonce, SHOP.name))
    assert isinstance(who, Authenticated)
    printed = [entry for entry in told["kinds"] if entry["kind"] in {"juminhyo", "inkan"}]
    assert [(o.kind, o.fee_yen, o.copies_max) for o in who.offers] == [
        (entry["kind"], entry["fee_yen"], entry["copies_max"]) for entry in printed
    ]
    for offer in who.offers:
        assert (offer.refusal is None) == (
            opens(told, now, offer.kind) or opens(told, now - timedelta(minutes=15), offer.kind)
        )


@settings(max_examples=100, deadline=None)
@given(instants, st.sampled_from(("miyazaki-store-01", "miyazaki-office-03", "miyazaki-counter-01")))
def test_where_the_table_sends_a_resident_is_open_when_the_centre_says_so(now: datetime, machine: str) -> None:
    """The sample's places. Of every kind, the nearest two of each channel are named."""
    city = sample.city().at(now)
    found = table.contents(sample.city(), machine, now.date())
    told = json.loads(table.made(found, 0, now)[0][1])["places"]
    by_name = {place.name["ja"]: place for place in city.places.values()}
    assert [entry["name"]["ja"] for entry in told] == list(dict.fromkeys(entry["name"]["ja"] for entry in told))
    for entry in told:
        place = by_name[entry["name"]["ja"]]
        assert entry["kinds"] == list(place.kinds)
        for kind in place.kinds:
            assert opens(entry, now, kind) == place.timetable.open_at(now, kind)
    here = city.place_of(machine)
    for channel in ("store", "office", "counter"):
        others = [place for place in city.places.values() if place.channel == channel and place is not here]
        nearest = sorted(others, key=lambda place: (here.distance_km(place), place.site))[:2]  # type: ignore[union-attr]
        assert {place.name["ja"] for place in nearest} <= {entry["name"]["ja"] for entry in told}
