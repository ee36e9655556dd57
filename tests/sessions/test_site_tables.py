"""The city's site table in whole sessions (faults N10 to N12): kept, verified, in force between sessions, also without the line."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.book import records
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.session.context import Served
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.rig.centre import MemoryCentre
from host_sim.rig.city import NEW_YEAR, Tables
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.world import JST
from host_sim.wallet import WalletCard
from tests.sessions.test_heartbeat import beats_of

Cards = Mapping[str, WalletCard]
BEAT_S = 25.0  # longer than from one heartbeat to the next
OTHER = {"ja": "別の場所", "en": "Another place"}


class Unlisted(RigMachine):
    """A machine that the city's file does not name yet."""

    def _make_centre(self) -> MemoryCentre:
        centre = super()._make_centre()
        centre.tables.listed = False
        return centre


def front(machine: RigMachine) -> show.Scene | None:
    machine.run_until(lambda: machine.front_is_settled, 60)
    return machine.loop.scene


def closed(machine: RigMachine) -> show.Closed:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    assert isinstance(machine.loop.scene, show.Closed)
    return machine.loop.scene


def idle(machine: RigMachine) -> show.Idle:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    assert isinstance(machine.loop.scene, show.Idle)
    return machine.loop.scene


def held(machine: RigMachine) -> int:
    return machine.memory.book.site_version


# --- no table ---------------------------------------------------------------------------------------


def test_a_machine_without_a_table_does_not_open_until_it_gets_one() -> None:
    machine = Unlisted()
    scene = closed(machine)
    assert (scene.reason, scene.numbers) == ("site_table", ("150",))
    machine.wait(BEAT_S)
    assert machine.loop.reception.state.reasons == {Reason.SITE_TABLE}
    machine.centre.tables.listed = True
    machine.wait(BEAT_S)
    assert idle(machine).kinds


def test_a_machine_that_the_city_lists_no_longer_serves_until_its_table_ends() -> None:
    machine = RigMachine()
    idle(machine)
    machine.centre.tables.listed = False
    machine.wait(BEAT_S)
    idle(machine)
    machine.set_wall(machine.true_time() + timedelta(days=40))
    machine.wait(BEAT_S)
    assert closed(machine).numbers == ("150",)


def test_tables_that_have_ended_close_it_and_new_ones_open_it() -> None:
    machine = RigMachine()
    machine.centre.tables.renews = False
    machine.set_wall(machine.true_time() + timedelta(days=31))
    machine.wait(BEAT_S)
    assert closed(machine).numbers == ("150",)
    machine.centre.tables.renews = True
    machine.wait(BEAT_S)
    idle(machine)
    machine.restart()
    idle(machine)


# --- a change ---------------------------------------------------------------------------------------


def test_a_session_keeps_the_table_that_it_began_with(wallet: Cards) -> None:
    machine = RigMachine()
    tables, person, seen = machine.centre.tables, Person(wallet["hanako"]), []

    def look(scene: show.Scene) -> None:
        if isinstance(scene, show.Pay):
            if tables.version == 1:
                tables.change(place=OTHER)
                machine.loop.heartbeat.hurry(0.0)
            seen.append((held(machine), machine.loop.context.house.place["ja"]))

    person.on_scene = look
    serve(machine, person)
    machine.wait(BEAT_S)
    assert set(seen) == {(1, "宮崎駅前店")}
    assert held(machine) == 2
    machine.watchers.clear()
    machine.reader.insert(wallet["taro"].chip)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.EnterPin), 60)
    assert machine.loop.context.house.place == OTHER


def test_tables_fetched_for_a_machine_that_is_serving_wait_for_the_end(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    machine.centre.tables.change(place=OTHER)
    machine.loop.heartbeat.hurry(0.0)
    machine.serve(Person(wallet["hanako"]), wallet["hanako"].chip)
    history = [stored.record for stored in machine.memory.journal.records()]
    inside = history[
        next(n for n, one in enumerate(history) if isinstance(one, records.SessionOpened)) : next(
            n for n, one in enumerate(history) if isinstance(one, records.SessionClosed)
        )
    ]
    assert not any(isinstance(one, records.SiteTablesKept) for one in inside)
    machine.wait(BEAT_S)
    assert held(machine) == 2


def test_an_announced_table_is_in_force_from_its_instant_on_also_without_the_line() -> None:
    machine = RigMachine(begins=datetime(2026, 11, 24, 11, 40, tzinfo=JST))
    machine.centre.tables.announce(
        machine.true_time() + timedelta(minutes=5), hours={"default": {"everyday": "09:00-12:00"}}
    )
    machine.wait(BEAT_S)
    before = idle(machine).until
    assert before is not None
    assert before.hour == 22
    machine.centre.faults.down = True
    machine.wait(300)
    machine.centre.faults.down = False
    machine.wait(BEAT_S)
    after = idle(machine).until
    assert after is not None
    assert f"{after:%H:%M}" == "11:50"
    machine.centre.faults.down = True
    machine.wait(300)
    scene = closed(machine)
    assert (scene.reason, scene.numbers) == ("hours", ("501",))
    assert scene.opens_at is not None
    assert scene.opens_at.hour == 9


# --- what is refused --------------------------------------------------------------------------------


def _another_key(tables: Tables) -> None:
    tables._key = Ed25519PrivateKey.generate()


BAD: dict[str, Callable[[Tables], object]] = {
    "damaged": lambda tables: setattr(tables, "damaged", True),
    "of another key": _another_key,
    "another machine's": lambda tables: tables.change(machine="rig-02"),
    "for another profile": lambda tables: tables.change(profile="office"),
    "with hours that cannot be": lambda tables: tables.change(hours={"default": {"everyday": "23:00-06:30"}}),
    "with a field too many": lambda tables: tables.change(mayor="a name"),
    "without its hours": lambda tables: tables.change(hours={}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_table_that_is_refused_leaves_the_one_held_and_is_told_once(name: str) -> None:
    machine = RigMachine()
    idle(machine)
    sent = beats_of(machine)
    machine.centre.tables.change()
    BAD[name](machine.centre.tables)
    machine.wait(4 * BEAT_S)
    idle(machine)
    assert held(machine) == 1
    assert [event for beat in sent for event in beat["events"]] == ["site_table_refused"]  # type: ignore[attr-defined]
    machine.restart()
    idle(machine)


@pytest.mark.parametrize("told", [True, False], ids=["already in the heartbeat", "only in the tables"])
def test_an_older_table_never_takes_the_place_of_a_newer_one(told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = RigMachine()
    machine.centre.tables.change()
    machine.wait(BEAT_S)
    assert held(machine) == 2
    sent = beats_of(machine)
    machine.centre.tables.older = 1
    if not told:
        monkeypatch.setattr(Tables, "newest", property(lambda _: 9))
    machine.wait(4 * BEAT_S)
    machine.restart()
    idle(machine)
    assert held(machine) == 2
    assert "site_table_older" in [event for beat in sent for event in beat["events"]]  # type: ignore[attr-defined]


# --- the power ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", list(Tail))
@pytest.mark.parametrize("point", ["disk write before", "disk write after", "disk sync before", "disk sync after"])
def test_a_power_cut_leaves_the_old_set_or_the_new_one(point: str, tail: Tail) -> None:
    machine = RigMachine()
    idle(machine)
    machine.centre.tables.change(place=OTHER)
    armed: list[str] = []

    def at_point(name: str) -> None:
        if name == "line site-tables acted" or (armed and name == "disk write after"):
            armed.append(name)
        if name == point and len(armed) >= (2 if "sync" in point or "after" in point else 1):
            machine.die(tail, seed=3)  # a sync without a write before it only makes room

    machine.at_point = at_point
    with pytest.raises(PowerLost):
        machine.wait(2 * BEAT_S)
    machine.at_point = lambda _: None
    machine.centre.faults.down = True
    machine.restart()
    assert held(machine) in {1, 2}
    site = machine.loop.reception.site
    assert site is not None, "the kept table is verified and in force without the line"
    assert site.table.place["ja"] == (OTHER["ja"] if held(machine) == 2 else "宮崎駅前店")
    if point == "disk sync after":
        assert held(machine) == 2


# --- what the screens tell ---------------------------------------------------------------------------


def test_at_new_year_nobody_is_sent_to_a_shut_door() -> None:
    machine = RigMachine(begins=datetime(2026, 12, 28, 20, 0, tzinfo=JST))
    machine.set_wall(datetime(2026, 12, 31, 12, 0, tzinfo=JST))
    machine.wait(BEAT_S)
    scene = closed(machine)
    assert scene.reason == "year_end"
    assert scene.opens_at == datetime(2027, 1, 4, 6, 30, tzinfo=JST)
    assert scene.elsewhere == (), "no place opens before this machine does"
    tables = machine.centre.tables
    tables.change(closed_days=[*tables.table["closed_days"], "01-04", "01-05"])
    machine.wait(BEAT_S)
    scene = closed(machine)
    assert scene.opens_at == datetime(2027, 1, 6, 6, 30, tzinfo=JST)
    assert scene.elsewhere
    for place in scene.elsewhere:
        assert not place.open_now
        assert place.opens_at is not None
        assert (place.opens_at.month, place.opens_at.day) == (1, 4)


def test_out_of_service_names_the_place_that_is_open_at_this_hour() -> None:
    machine = RigMachine(begins=datetime(2026, 11, 24, 19, 0, tzinfo=JST))
    machine.centre.faults.down = True
    machine.wait(2 * BEAT_S)
    first, second = closed(machine).elsewhere
    assert (first.name["ja"], first.open_now) == ("橘通店", True), "the counter shut at 17:15"
    assert (second.name["ja"], second.opens_at) == ("市民課の窓口", datetime(2026, 11, 25, 8, 30, tzinfo=JST))


def test_a_closed_screen_names_a_second_place_where_the_table_knows_one() -> None:
    machine = RigMachine(begins=datetime(2026, 11, 24, 12, 0, tzinfo=JST))
    tables = machine.centre.tables
    places = tables.table["places"]
    named = {place["name"]["ja"] for place in places}
    machine.centre.faults.down = True
    machine.wait(2 * BEAT_S)
    told = [place.name["ja"] for place in closed(machine).elsewhere]
    assert (len(told), len(set(told)), set(told) <= named) == (2, 2, True)
    machine.centre.faults.down = False
    tables.change(places=places[:1])
    machine.wait(2 * BEAT_S)
    machine.centre.faults.down = True
    machine.wait(2 * BEAT_S)
    assert [place.name["ja"] for place in closed(machine).elsewhere] == [places[0]["name"]["ja"]]


def test_a_refused_kind_is_told_where_it_is_issued_now(wallet: Cards) -> None:
    machine = RigMachine(begins=datetime(2026, 11, 24, 12, 0, tzinfo=JST))
    tables = machine.centre.tables
    weeks = {"default": {"everyday": "06:30-23:00"}, "juminhyo": {"everyday": "09:00-11:00"}}
    tables.change(hours=weeks)
    machine.wait(BEAT_S)
    assert [kind.title["en"] for kind in idle(machine).kinds] == ["Seal registration certificate"]
    person = Person(wallet["hanako"], kind="1")
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_until(lambda: getattr(machine.loop.scene, "refused", None) is not None, 120)
    scene = machine.loop.scene
    assert isinstance(scene, show.ChooseKind)
    assert scene.lines[0].refusal == "outside_hours"
    assert scene.elsewhere is not None
    assert (scene.elsewhere.open_now, scene.elsewhere.name["ja"]) == (True, "市民課の窓口")


# --- narrowing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "refusals"),
    [
        ({"juminhyo": (300, 5), "inkan": (300, 2)}, [None, None]),
        ({"juminhyo": (300, 5)}, [None, "not_offered"]),
        ({"juminhyo": (200, 5), "inkan": (400, 2)}, ["not_offered", None]),
    ],
)
def test_the_centre_s_offers_are_narrowed_by_the_table(
    wallet: Cards, kinds: dict[str, tuple[int, int]], refusals: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = RigMachine()
    idle(machine)
    monkeypatch.setattr(machine.loop.reception, "served", lambda: Served(kinds=kinds))
    offers: list[Any] = []
    person = Person(wallet["hanako"], quits_at=show.ChooseKind)
    person.on_scene = lambda _: offers.append(machine.loop.context.who)
    machine.serve(person, person.card.chip)
    who = next(one for one in offers if one is not None)
    assert [offer.refusal for offer in who.offers] == refusals
    assert who.offers[1].copies_max == (2 if "inkan" in kinds else 5)


def test_staff_can_only_narrow_and_is_told_what_has_no_effect() -> None:
    machine = ConsoleRig()
    idle(machine)
    machine.enter_maintenance()
    machine.say("config set hours.default.everyday 05:00-21:00")
    said = machine.say("config check")
    assert "hours.default.everyday would open outside the city's hours" in " ".join(said.split())
    machine.confirm(machine.say("config commit"), "goto")
    machine.restart()
    until = idle(machine).until
    assert until is not None
    assert f"{until:%H:%M}" == "20:50"
    machine.set_wall(machine.true_time().replace(hour=5, minute=30) + timedelta(days=1))
    assert closed(machine).reason == "hours"


def test_closed_days_of_staff_come_on_top_of_the_city_s() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.say("config set hours.closed_days 2026-11-25")
    machine.confirm(machine.say("config commit"), "goto")
    machine.restart()
    idle(machine)
    machine.set_wall(datetime(2026, 11, 25, 12, tzinfo=JST))
    assert closed(machine).reason == "closed_day"
    assert machine.centre.tables.table["closed_days"] == NEW_YEAR
