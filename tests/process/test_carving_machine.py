"""A served resident leaves nothing in the machine: a real session, then its files are searched (fault L1)."""

import os
import sqlite3
from pathlib import Path

import pytest

from host_sim.centre import sample
from host_sim.resident import Errand, Resident
from host_sim.world import World
from tests.card_keys import with_keys
from tests.process.carving import files, found, memory, modes, pieces, some, spelt
from tests.process.test_pin_memory import PIN, set_pin

pytestmark = [
    pytest.mark.pcsc,
    pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root may look into the machine's processes"),
]


def words_of(holder: str) -> list[bytes]:
    """What the register knows of a resident, as it may stand somewhere."""
    register = sample.residents()
    resident = register.residents[register.cast[holder]]
    address = register.households[resident.household_id].address
    told = (resident.name, resident.kana, address, resident.my_number, resident.resident_code)
    return [form for words in told for form in spelt(words)]


def kept_papers(run: Path) -> list[bytes]:
    """The documents that the centre keeps now."""
    with sqlite3.connect(f"file:{run / 'centre' / 'centre.db'}?mode=ro", uri=True) as c:
        rows = c.execute("SELECT document FROM copies WHERE document IS NOT NULL").fetchall()
    return [bytes(row[0]) for row in rows]


def test_no_file_of_the_machine_holds_a_byte_of_a_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    world = World(with_keys(tmp_path / "run"), patience_s=900.0)
    world.clock.set("2026-11-24T10:00")
    wanted: list[bytes] = []
    at_work: list[int] = []
    with world:
        world.wait_for_service()
        set_pin(world.wallet.cards["hanako"].chip)
        machine = world.firmware.pid
        assert machine is not None

        def watch(state: str) -> None:
            if state == "paying":
                wanted[:] = [piece for paper in kept_papers(world.run) for piece in pieces(paper)]
                at_work.append(found(memory(machine), some(wanted, 5)))  # the machine does not wait long for money

        errand = Errand(card="hanako", pin=PIN.decode(), certificate="juminhyo", copies=2, purse=(500, 100))
        bag = Resident(world, errand, watch).run(900.0)
        assert (bag.trouble, bag.reason, len(bag.papers)) == (None, None, 2)
        world.wait_for_service()
        assert at_work == [5], "the search must find the papers while they are there"
        printed = pieces(bytes(world.taps["printer"].recording or b""))
        run = world.run
        own = [run / "journal", run / "runtime", run / "releases", tmp_path / "tmp"]
        there = [data for _, data in files(*own)] + [path.read_bytes() for path in run.glob("*") if path.is_file()]
        everything = [*wanted, *printed, *words_of("hanako")]
        assert found(there, everything) == 0
        assert found([data for _, data in files(run / "centre")], [*wanted, *printed]) == 0
        assert modes(run / "journal", run / "centre", run / "runtime") == {}
