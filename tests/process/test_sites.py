"""Machines of other sites through real parts: the office that takes a 市民カード, and a centre that is not ours."""

import sqlite3
from pathlib import Path

import pytest
from PIL import ImageChops

from firmware.screens import render
from firmware.session import scenes as show
from host_sim.resident import Errand, Resident
from host_sim.world import STORE, World
from tests.card_keys import with_keys

pytestmark = pytest.mark.pcsc

MORNING = "2026-11-24T10:00"  # a Tuesday
OFFICE = STORE.with_name("dev-office.toml")


def acts(world: World) -> set[str]:
    """The acts in the centre's audit record."""
    with sqlite3.connect(world.run / "centre" / "centre.db") as books:
        return {act for (act,) in books.execute("SELECT act FROM audit")}


def rows(world: World, table: str) -> int:
    """How many rows of this kind the centre's books have."""
    with sqlite3.connect(world.run / "centre" / "centre.db") as books:
        count: int = books.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    return count


def test_an_office_serves_a_citizen_card_whose_pin_the_centre_checks(tmp_path: Path) -> None:
    world = World(with_keys(tmp_path), OFFICE, patience_s=900.0)
    world.clock.set(MORNING)
    with world:
        errand = Errand(card="citizen-card", pin="8888", certificate="juminhyo", purse=(100, 100, 100))
        bag = Resident(world, errand).run(900.0)
    assert (len(bag.papers), bag.reason, bag.trouble) == (1, None, None)


def test_a_centre_with_another_key_than_the_pinned_one_is_told_nothing(tmp_path: Path) -> None:
    """The right CA signed that key's certificate (security rule 8): the machine stays closed and says so.

    The clock is not trusted either, because only our centre can confirm it.
    """
    unit = tmp_path / "unit.toml"
    unit.write_text(f'extends = "{STORE}"\n[centre]\nserver_spki_sha256 = "{"ab" * 32}"\nheartbeat_s = 1\n')
    world = World(with_keys(tmp_path / "run"), unit, patience_s=900.0)
    world.clock.set(MORNING)
    with world:
        told = world.wait_for(lambda told: told["scene"] == "Closed")
        assert (told["availability"], told["reasons"]) == ("SUSPENDED", ["clock", "line", "site_table"])
        screen = world.screen()
        closed = show.Closed(language="ja", reason="out_of_service", opens_at=None, numbers=("110", "150", "501"))
        assert screen is not None
        assert ImageChops.difference(screen.convert("RGB"), render(closed)).getbbox() is None
        world.insert_card("hanako")
        before = world.machine()["updated_monotonic"]
        world.wait_for(lambda told: told["updated_monotonic"] > before + 3)
        assert (world.machine()["state"], world.machine()["availability"]) == ("IDLE", "SUSPENDED")
        assert [rows(world, table) for table in ("machines", "challenges")] == [0, 0]
        assert acts(world) == {"startup_first", "machine_entered"}, "the centre's own start"
        assert world.wallet.cards["hanako"].chip.commands == 0, "no command was sent to the card"
