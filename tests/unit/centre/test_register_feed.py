"""Deliveries: numbered without a gap, whole or not at all, and too old a register stops what is made from it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.vocabulary import CentreRefusal, CentreRefused
from host_sim.centre import books, sample
from host_sim.centre.__main__ import main
from host_sim.centre.books import Key, Record
from host_sim.centre.register import Register, SealState
from host_sim.centre.registers import feed, freshness, writing
from host_sim.centre.registers.reading import FilesRefused
from host_sim.centre.registers.rows import REGISTERS, RegisterName
from host_sim.centre.store import Store
from host_sim.centre.tables import audit
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.town import TUESDAY, Town, plain

CITY = sample.residents()
ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The sample's books, as they were before any delivery."""
    there = Store(url, create=True)
    books.load(there, CITY)
    yield there
    there.close()


def delivery(
    folder: Path,
    register: RegisterName,
    number: int,
    *records: Record,
    removed: Sequence[Key] = (),
    made_at: datetime = TUESDAY,
) -> Path:
    """A delivery of these records in a folder of its own."""
    here = folder / f"{register}-{number}-{made_at:%d%H%M}-{len(records)}"
    here.mkdir(parents=True)
    if records or removed:
        writing.write_records(list(records), here, (register,))
    if removed:
        writing.write_removed(list(removed), here)
    writing.write_manifest(here, register, number, made_at)
    return here


def everything(store: Store) -> tuple[Register, list[sa.Row[tuple[str, int, str]]]]:
    with store.reading() as c:
        feeds = c.execute(sa.text("select register, number, made_at from feeds order by register")).all()
        return books.everything(c, CITY.municipality), list(feeds)


def refused(store: Store, folder: Path, now: datetime = TUESDAY) -> str:
    """The sentences of a delivery that is refused and changes nothing."""
    before = everything(store)
    with pytest.raises(FilesRefused) as why:
        feed.deliver(store, folder, now)
    assert everything(store) == before
    return " ".join(map(str, why.value.faults))


TARO, KAZUKO, NGUYEN = (CITY.by_key(key) for key in ("taro", "kazuko", "nguyen"))
SEAL = CITY.seals[TARO.resident_id]


def test_deliveries_change_add_and_remove_records(store: Store, tmp_path: Path) -> None:
    moved = replace(KAZUKO, household_id=TARO.household_id, relation="同居人")
    old_home = ("households", KAZUKO.household_id)
    told = feed.deliver(store, delivery(tmp_path, "residents", 1, moved, removed=[old_home]), TUESDAY)
    assert str(told) == "0 added, 2 changed, 1 removed"
    feed.deliver(store, delivery(tmp_path, "seals", 1, replace(SEAL, state=SealState.LOST)), TUESDAY)
    gone: Key = ("seals", NGUYEN.resident_id)
    told = feed.deliver(store, delivery(tmp_path, "seals", 2, replace(SEAL, letters="宮"), removed=[gone]), TUESDAY)
    assert str(told) == "0 added, 1 changed, 1 removed"
    city, feeds = everything(store)
    assert [tuple(row)[:2] for row in feeds] == [("residents", 1), ("seals", 2)]
    assert city.residents[KAZUKO.resident_id] == moved
    assert KAZUKO.household_id not in city.households
    assert city.households[TARO.household_id].member_ids == tuple(
        sorted([*CITY.households[TARO.household_id].member_ids, KAZUKO.resident_id])
    )
    assert city.seals[TARO.resident_id] == replace(SEAL, letters="宮")
    assert NGUYEN.resident_id not in city.seals
    with store.reading() as c:
        noted = c.execute(sa.select(audit.c.act, audit.c.detail).order_by(audit.c.id)).all()
    assert [row.detail["number"] for row in noted] == [1, 1, 2]


def test_the_same_delivery_again_changes_nothing_even_later(store: Store, tmp_path: Path) -> None:
    first = delivery(tmp_path, "seals", 1, replace(SEAL, state=SealState.LOST))
    assert feed.deliver(store, first, TUESDAY) is not None
    assert feed.deliver(store, delivery(tmp_path, "seals", 2, SEAL), TUESDAY) is not None
    before = everything(store)
    assert feed.deliver(store, first, TUESDAY + timedelta(days=1)) is None
    assert everything(store) == before


def test_a_missing_a_late_and_a_changed_delivery_are_refused(store: Store, tmp_path: Path) -> None:
    lost = replace(SEAL, state=SealState.LOST)
    assert "delivery 1 of seals is missing" in refused(store, delivery(tmp_path, "seals", 2, lost))
    feed.deliver(store, delivery(tmp_path, "seals", 1, SEAL), TUESDAY)
    assert "delivery 2 to 3 of seals is missing" in refused(store, delivery(tmp_path, "seals", 4, lost))
    assert "was applied with other content" in refused(
        store, delivery(tmp_path, "seals", 1, lost, made_at=TUESDAY - timedelta(hours=1))
    )
    complete = _complete(tmp_path, 7, TUESDAY)
    assert feed.deliver(store, complete, TUESDAY) is not None
    assert "delivery 5 of seals comes too late; the last one applied is 7" in refused(
        store, delivery(tmp_path, "seals", 5, lost)
    )
    assert "before that of the last delivery" in refused(
        store, delivery(tmp_path, "seals", 8, lost, made_at=TUESDAY - timedelta(hours=2))
    )
    later = delivery(tmp_path, "seals", 8, lost, made_at=TUESDAY + timedelta(minutes=6))
    assert "in the future" in refused(store, later)
    assert feed.deliver(store, later, TUESDAY + timedelta(minutes=1)) is not None


def _complete(folder: Path, number: int, made_at: datetime) -> Path:
    here = folder / f"complete-{number}"
    writing.write(CITY, here, only=("seals",))
    writing.write_manifest(here, "seals", number, made_at, complete=True)
    return here


def test_a_complete_delivery_mends_a_gap_and_removes_what_it_lacks(store: Store, tmp_path: Path) -> None:
    extra = replace(SEAL, resident_id=KAZUKO.resident_id)
    feed.deliver(store, delivery(tmp_path, "seals", 1, extra), TUESDAY)
    assert str(feed.deliver(store, _complete(tmp_path, 9, TUESDAY), TUESDAY)) == "0 added, 0 changed, 1 removed"
    city, _ = everything(store)
    assert city.seals == CITY.seals


def _other_bytes(here: Path) -> None:
    with (here / "seals.csv").open("a") as file:
        file.write("\n")


def _fewer_rows(here: Path) -> None:
    manifest = json.loads((here / feed.MANIFEST).read_text())
    manifest["files"][-1]["rows"] += 1
    (here / feed.MANIFEST).write_text(json.dumps(manifest))


def _lost_file(here: Path) -> None:
    (here / "seals.csv").unlink()


def _unlisted_file(here: Path) -> None:
    (here / "more.csv").write_text("x")


def _cut_manifest(here: Path) -> None:
    text = (here / feed.MANIFEST).read_text()
    (here / feed.MANIFEST).write_text(text[:40])


def _strange_field(here: Path) -> None:
    manifest = json.loads((here / feed.MANIFEST).read_text())
    (here / feed.MANIFEST).write_text(json.dumps(manifest | {"comment": "x"}))


def _no_zone(here: Path) -> None:
    manifest = json.loads((here / feed.MANIFEST).read_text())
    (here / feed.MANIFEST).write_text(json.dumps(manifest | {"made_at": "2026-11-24T10:00:00"}))


def _other_register(here: Path) -> None:
    manifest = json.loads((here / feed.MANIFEST).read_text())
    (here / feed.MANIFEST).write_text(json.dumps(manifest | {"register": "taxes"}))


def _no_manifest(here: Path) -> None:
    (here / feed.MANIFEST).unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_other_bytes, "seals.csv: its SHA-256 is not that of the manifest"),
        (_fewer_rows, "another number of rows"),
        (_lost_file, "seals.csv: manifest.json names it and it is not there"),
        (_unlisted_file, "each file of the delivery must stand in it once"),
        (_cut_manifest, "manifest.json, its JSON: it has another form"),
        (_strange_field, "manifest.json, comment: it has another form"),
        (_no_zone, "manifest.json, made_at: it has another form"),
        (_other_register, "manifest.json, register: the files are of seals"),
        (_no_manifest, "manifest.json: the delivery has none"),
    ],
)
def test_a_delivery_that_was_damaged_is_refused(spoil: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    store = Store("sqlite://")
    books.load(store, CITY)
    here = delivery(tmp_path, "seals", 1, replace(SEAL, state=SealState.LOST))
    spoil(here)
    assert words in refused(store, here)


def test_a_delivery_is_judged_with_what_it_does_not_repeat(store: Store, tmp_path: Path) -> None:
    leaves = replace(TARO, household_id=KAZUKO.household_id, relation="同居人")
    told = refused(store, delivery(tmp_path, "residents", 1, leaves))
    assert told == "residents.csv line 2, head_id: the head is not a member of the household"
    second = replace(TARO, household_id=KAZUKO.household_id)
    assert "second 世帯主" in refused(store, delivery(tmp_path / "b", "residents", 1, second))
    absent: Key = ("seals", KAZUKO.resident_id)
    told = refused(store, delivery(tmp_path, "seals", 1, SEAL, removed=[absent]))
    assert told == "removed.csv line 2, number: the books have no such record"
    (family,) = (f for f in CITY.families.values() if any(m.resident_id == KAZUKO.resident_id for m in f.members))
    again = replace(family, register_id="4599999")
    assert "stands twice" in refused(store, delivery(tmp_path, "families", 1, again))


def test_a_delivery_removes_only_from_its_own_register(store: Store, tmp_path: Path) -> None:
    key: Key = ("residents", KAZUKO.resident_id)
    told = refused(store, delivery(tmp_path, "seals", 1, removed=[key]))
    assert told == "removed.csv line 2, table: it belongs to another register than seals"


def test_an_import_after_deliveries_keeps_their_number_and_the_next_one_follows(store: Store, tmp_path: Path) -> None:
    feed.deliver(store, delivery(tmp_path, "seals", 1, made_at=TUESDAY), TUESDAY)
    writing.write(CITY, tmp_path / "city")
    feed.import_files(store, tmp_path / "city", TUESDAY + timedelta(hours=9), 0)
    second = delivery(tmp_path, "seals", 2, made_at=TUESDAY + timedelta(hours=1))
    assert feed.deliver(store, second, TUESDAY + timedelta(hours=10)) is not None


def test_a_delivery_without_books_is_refused(tmp_path: Path) -> None:
    empty = Store("sqlite://")
    with pytest.raises(FilesRefused, match="faults") as why:
        feed.deliver(empty, delivery(tmp_path, "seals", 1), TUESDAY)
    assert "import the registers first" in str(why.value.faults[0])


KILLED = """
import sys
from pathlib import Path
import sqlalchemy as sa
from host_sim.centre.registers import feed
from host_sim.centre.store import Store
from tests.unit.centre.town import TUESDAY

def hold(connection):
    if connection.get_execution_options().get("writes"):
        print("written", flush=True)
        sys.stdin.read()

store = Store(sys.argv[1])
sa.event.listen(sa.Engine, "commit", hold)
feed.deliver(store, Path(sys.argv[2]), TUESDAY)
"""


@pytest.mark.parametrize("kind", AT_HAND)
def test_a_process_killed_before_the_end_of_a_delivery_leaves_the_state_before(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url:
        store = Store(url, create=True)
        books.load(store, CITY)
        here = delivery(tmp_path, "seals", 1, replace(SEAL, state=SealState.LOST))
        before = everything(store)
        command = [sys.executable, "-c", KILLED, url, str(here)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"  # everything is written, nothing is committed
            process.kill()
        assert everything(store) == before
        assert str(feed.deliver(store, here, TUESDAY)) == "0 added, 1 changed, 0 removed"
        store.close()


# --- how old a register may be --------------------------------------------------------------------


def test_a_stale_register_stops_the_kinds_made_from_it_and_the_next_delivery_ends_that(tmp_path: Path) -> None:
    town = Town(press=replace(plain(), kinds=(*freshness.NEEDS, "juminhyo")))
    for name in REGISTERS:
        feed.deliver(town.store, delivery(tmp_path, name, 1, made_at=town.now), town.now)
    made_at = town.now
    due = {
        "residents": set(freshness.NEEDS) | {"juminhyo"},
        "seals": {"inkan"},
        "taxes": {"kazei"},
        "families": {"koseki", "koseki_kojin", "fuhyo"},
    }
    for number, name in enumerate(REGISTERS, start=2):
        for other in REGISTERS:  # all but one are delivered at the last minute
            town.now = made_at + freshness.LIMITS[name] + timedelta(minutes=1)
            if other != name:
                feed.deliver(town.store, delivery(tmp_path, other, number, made_at=town.now), town.now)
        session = town.session("taro")
        stale = {offer.kind for offer in session.who.offers if offer.refusal is CentreRefusal.BOOKS_STALE}
        assert stale == due[name]
        feed.deliver(town.store, delivery(tmp_path, name, number, made_at=town.now), town.now)
        assert not [o for o in town.session("taro").who.offers if o.refusal is CentreRefusal.BOOKS_STALE]
        made_at = town.now


def test_a_register_that_becomes_stale_after_the_menu_gives_no_paper(tmp_path: Path) -> None:
    town = Town()
    limit = freshness.LIMITS["residents"]
    feed.deliver(town.store, delivery(tmp_path, "residents", 1, made_at=town.now), town.now)
    town.now += limit
    session = town.session("taro")
    item = session.item("juminhyo")
    town.now += timedelta(seconds=1)
    answer = session.reserve(item)
    assert isinstance(answer, CentreRefused)
    assert answer.code is CentreRefusal.BOOKS_STALE


def test_the_sample_has_no_age() -> None:
    town = Town()
    with town.store.reading() as c:
        assert freshness.standings(c, town.now) == {}
        assert freshness.stale_kinds(c, freshness.NEEDS, town.now + timedelta(days=999)) == frozenset()


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def at_the_centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    (tmp_path / "run" / "centre").mkdir(parents=True)

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["centre", *words])
        return main()

    return run


def test_the_commands_from_the_example_to_a_stale_register(
    at_the_centre: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city, run = str(tmp_path / "city"), ["--run", str(tmp_path / "run")]
    assert at_the_centre("sample", city) == 0
    assert at_the_centre("import", city, *run) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1].endswith("added, 0 changed, 0 removed.")
    assert at_the_centre("import", city, *run) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(": 0 added, 0 changed, 0 removed.")
    now = datetime.now(TUESDAY.tzinfo)
    inbox = tmp_path / "inbox"
    for number in (10, 9, 2, 1):
        delivery(inbox, "seals", number, made_at=now - timedelta(minutes=11 - number))
    assert at_the_centre("feed", "apply", str(inbox), *run) == 1
    out, err = capsys.readouterr()
    assert [line.split(":")[0].split("-")[1] for line in out.splitlines()] == ["1", "2"]
    assert err == (
        "manifest.json, number: delivery 3 to 8 of seals is missing; apply it first, or a complete delivery\n"
        "Nothing of these files was taken.\n"
    )
    assert at_the_centre("feed", "status", *run) == 0
    assert "seals delivery 2 made " in capsys.readouterr().out
    (tmp_path / "run" / "clock-offset").write_text(str(40 * 3600))
    assert at_the_centre("feed", "status", *run) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told if line.endswith("STALE")] == ["residents", "seals"]
    shutil.rmtree(inbox)
    assert at_the_centre("feed", "apply", str(inbox), *run) == 1
    assert "there is no manifest.json in it" in capsys.readouterr().err
