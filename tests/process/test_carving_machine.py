"""A served resident leaves nothing in the machine: a real session, then its files and its memory are searched (fault L1)."""

import os
import sqlite3
from pathlib import Path

import pytest

from host_sim.centre import sample
from host_sim.resident import Errand, Resident
from host_sim.world import STORE, World
from tests.card_keys import with_keys
from tests.process.carving import files, found, memory, modes, pieces, some, spelt
from tests.process.test_pin_memory import IN_THE_BUFFER, PIN, VERIFY, helper_of, set_pin

pytestmark = [
    pytest.mark.pcsc,
    pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root may look into the machine's processes"),
]


NAME = "宮崎　花子"


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


def test_neither_files_nor_memory_of_an_idle_machine_hold_a_byte_of_a_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    unit = (
        tmp_path / "patient.toml"
    )  # a computer with other work may need longer for a paper than a resident should wait
    unit.write_text(f'extends = "{STORE}"\ncentre.deadline_s = 60.0\n', encoding="utf-8")
    world = World(with_keys(tmp_path / "run"), unit, patience_s=900.0)
    world.clock.set("2026-11-24T10:00")
    wanted: list[bytes] = []
    at_work: list[int] = []
    words, name = words_of("hanako"), NAME.encode("utf-16-le")  # as a str of CPython has it
    assert name in words
    with world:
        world.wait_for_service()
        set_pin(world.wallet.cards["hanako"].chip)
        machine = world.firmware.pid
        assert machine is not None

        def watch(state: str) -> None:
            if state == "paying":
                wanted[:] = [piece for paper in kept_papers(world.run) for piece in pieces(paper)]
                at_work.append(found(memory(machine), [name]))  # one word: the machine does not wait long for money

        errand = Errand(card="hanako", pin=PIN.decode(), certificate="juminhyo", copies=2, purse=(500, 100))
        bag = Resident(world, errand, watch).run(900.0)
        assert (bag.trouble, bag.reason, len(bag.papers)) == (None, None, 2)
        world.wait_for_service()
        assert at_work == [1], "the search must find the resident's name while it is there"
        assert len(wanted) > 1000
        printed = pieces(bytes(world.taps["printer"].recording or b""))
        looked_for = [*words, *some(wanted, 10), *some(printed, 5), IN_THE_BUFFER, VERIFY]
        for process in (machine, helper_of(machine)):
            assert found(memory(process), looked_for) == 0
        run = world.run
        own = [run / "journal", run / "runtime", run / "releases", tmp_path / "tmp"]
        there = [data for _, data in files(*own)] + [path.read_bytes() for path in run.glob("*") if path.is_file()]
        everything = [*wanted, *printed, *words]
        assert found(there, everything) == 0
        assert found([data for _, data in files(run / "centre")], [*wanted, *printed]) == 0
        assert modes(run / "journal", run / "centre", run / "runtime") == {}
