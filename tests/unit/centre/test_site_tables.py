"""`GET /v1/site-tables` and the heartbeat's `site_table`: who gets which tables, and when new ones are made."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.city.file import read
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.operating import flags
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import site_tables
from tests.unit.centre.cities import sample_text
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.town import JST, MANIFEST_KEY, SHOP, Town

BEAT = {"journal_seq": 1, "journal_head": "", "state": "in_service", "reasons": [], "events": []}
BEAT |= {"program": "", "site_table": 0, "devices": {}}

TWO_WEEKS_OF_1_APRIL = [*(f"03-{day}" for day in (29, 30, 31)), *(f"04-{day:02}" for day in range(1, 12))]


def tables(town: Town, peer: Peer = SHOP) -> list[dict[str, Any]]:
    """The machine's tables, each with a right signature."""
    status, _, body = town.transport(peer).exchange("GET", "/v1/site-tables", None, 8.0)
    assert status == 200, body
    told = []
    for entry in json.loads(body)["tables"]:
        signed = b"kofuki-site-table-1" + entry["table"].encode()
        MANIFEST_KEY.public_key().verify(base64.b64decode(entry["signature"]), signed)
        table = json.loads(entry["table"])
        assert entry["table"] == json.dumps(table, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        told.append(table)
    return told


def highest(town: Town, peer: Peer = SHOP, held: int = 0) -> int:
    beat = json.dumps(BEAT | {"site_table": held}).encode()
    _, _, body = town.transport(peer).exchange("POST", "/v1/heartbeats", beat, 8.0)
    return int(json.loads(body)["site_table"])


def span(table: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(table["valid_from"]), datetime.fromisoformat(table["valid_until"])


def test_each_machine_gets_its_own_table() -> None:
    town = Town()
    for peer, profile in ((SHOP, "store"), (Peer("miyazaki-office-01", "office"), "office")):
        (table,) = tables(town, peer)
        assert (table["machine"], table["profile"]) == (peer.name, profile)
        assert highest(town, peer) == table["version"]
        begins, ends = span(table)
        assert begins <= town.now < ends <= town.now + timedelta(days=60)


def test_a_machine_that_the_city_does_not_list_is_refused() -> None:
    town, stranger = Town(), Peer("stranger-01", "store")
    status, _, body = town.transport(stranger).exchange("GET", "/v1/site-tables", None, 8.0)
    assert (status, json.loads(body)["code"]) == (403, "not_registered")
    assert highest(town, stranger) == 0


def test_the_version_stays_until_the_table_changes_or_its_limit_comes_near() -> None:
    town = Town()
    first = highest(town)
    town.now += timedelta(hours=5)
    assert highest(town) == first
    town.now += timedelta(days=30)
    (renewed,) = tables(town)
    assert renewed["version"] > first
    assert span(renewed)[1] > town.now + timedelta(days=55)
    town.now -= timedelta(days=20)  # a clock that was set back
    assert highest(town) > renewed["version"]


def test_an_announced_change_is_a_second_table_that_begins_where_the_first_ends() -> None:
    town = Town()
    town.now = datetime(2027, 3, 20, 12, tzinfo=JST)
    now, then = tables(town)
    assert span(now)[1] == span(then)[0] == datetime(2027, 4, 1, tzinfo=JST)
    assert now["version"] < then["version"] == highest(town)
    fees = [{entry["kind"]: entry["fee_yen"] for entry in table["kinds"]}["juminhyo"] for table in (now, then)]
    assert fees == [300, 200]
    town.now = datetime(2027, 4, 1, tzinfo=JST)
    (after,) = tables(town)
    made_anew = {"version", "valid_until", "notices"}
    assert {key: after[key] for key in after if key not in made_anew} == {
        key: then[key] for key in then if key not in made_anew
    }
    # A plug-in's notices are told for two weeks from the day on which a table is asked for; all others were announced.
    daily = [[one for one in table["notices"] if one["from"] == one["until"]] for table in (then, after)]
    assert [one["from"] for one in daily[1]] == [f"2027-{day}" for day in TWO_WEEKS_OF_1_APRIL]
    others = [[one for one in table["notices"] if one["until"] >= "2027-04-01"] for table in (then, after)]
    assert [one for one in others[0] if one not in daily[0]] == [one for one in others[1] if one not in daily[1]]


def test_a_file_that_is_applied_is_told_with_the_next_heartbeat_and_only_to_whom_it_concerns() -> None:
    town, hall = Town(), Peer("miyazaki-office-01", "office")
    shop, office = highest(town), highest(town, hall)
    text = sample_text()
    town.now += timedelta(minutes=1)
    assert town.city.apply(read(text.replace("juminhyo = 300", "juminhyo = 250", 1)), "tanaka", town.now) == 2
    (table,) = tables(town)
    assert table["kinds"][0]["fee_yen"] == 250
    assert (highest(town) > shop, highest(town, hall)) == (True, office)


@pytest.mark.parametrize("kind", AT_HAND)
def test_two_centre_processes_tell_a_machine_the_same(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url:
        town, other = Town(url), Store(url)
        second = SiteTables(other, CityBook(other), MANIFEST_KEY)
        together = Barrier(8)

        def ask(number: int) -> list[dict[str, str]]:
            together.wait()
            asked = second if number % 2 else SiteTables(town.store, town.city, MANIFEST_KEY)
            return asked.tables(SHOP.name, town.now)

        with ThreadPoolExecutor(8) as pool:
            first, *rest = pool.map(ask, range(8))
        assert all(told == first for told in rest)
        assert second.highest(SHOP.name, town.now, 0) == highest(town)
        with other.reading() as c:
            assert c.scalar(sa.select(sa.func.count()).select_from(site_tables)) == 1
        town.store.close()
        other.close()


def test_a_machine_that_holds_more_than_the_centre_has_gets_newer_tables() -> None:
    """A centre restored from an old backup has lost the versions since; the machine refuses whatever is not higher."""
    town = Town()
    old = highest(town)
    for held in (old + 1, old + 10**9):  # made after the backup; made while the centre's clock was years ahead
        told = highest(town, held=held)
        assert told > held
        assert max(table["version"] for table in tables(town)) == told
        assert highest(town, held=told) == told, "the machine has it: nothing is made again"
    with town.store.reading() as c:
        assert [row.what for row in flags.listed(c)] == ["tables_behind"]
    assert highest(town, held=2**53 - 1) == told, "no clock makes such a version, and none would be left after it"
