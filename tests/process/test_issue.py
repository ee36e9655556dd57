"""Residents through real parts: pcscd and its virtual reader, gpiozero, pseudo-terminals, TLS, two processes.

Most whole sessions run in virtual time (tests/sessions). The few here show that the machine also works with real
processes, wires and time.
"""

import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host_sim.centre.photo import verify_file
from host_sim.centre.verify import Finding
from host_sim.journal_tail import SESSION_CLOSED, JournalTail
from host_sim.resident import Errand, Resident
from host_sim.scenario import Scenario, names, play
from host_sim.world import World
from tests.card_keys import with_keys

pytestmark = pytest.mark.pcsc

HOUSE = Path(__file__).resolve().parents[2]
MORNING = "2026-11-24T10:00"  # a Tuesday
NAMES = ("宮崎", "花子", "太郎", "ミヤザキ", "hanako", "taro")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(with_keys(tmp_path_factory.mktemp("world")), patience_s=900.0)
    made.clock.set(MORNING)
    with made:
        yield made


def closed(run: Path) -> list[tuple[object, int, int, int, int, str, str]]:
    """SessionClosed records: session, inserted, earned, paid out, claimed, outcome, reason."""
    return [line.fields for line in JournalTail(run / "journal").new() if line.number == SESSION_CLOSED]  # type: ignore[misc]


def test_two_certificates_from_one_command(tmp_path: Path) -> None:
    """Of two pages each, on a printer without presenter, in whose mouth a void piece lies beside them."""
    out = tmp_path / "out"
    command = ["issue", "--card", "hanako", "--certificate", "koseki", "--copies", "2", "--pay", "0,500,500"]
    command += ["--zoo", "a4-300"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "host_sim",
            *command,
            "--directory",
            str(with_keys(tmp_path / "run")),
            "--out",
            str(out),
            "--at",
            MORNING,
            "--wait",
            "900",
            "--time-limit",
            "900",
        ],
        check=False,
        cwd=HOUSE,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    told = ("outcome", "fee_yen", "inserted_yen", "change_yen", "reason")
    assert [summary[name] for name in told] == ["issued", 900, 1000, 100, None]
    assert len(set(summary["issue_numbers"])) == 2
    assert summary["complaints"] == []
    assert (summary["copies"], summary["sheets"]) == (2, 4)
    for copy, issue_number in enumerate(summary["issue_numbers"]):
        assert Image.open(out / f"certificate-{2 * copy + 1}.png").size == (2464, 3508)
        paper = out / f"certificate-{2 * copy + 2}.png"  # the code stands on the last page
        (verdict,) = verify_file(paper.read_bytes())
        assert (verdict.finding, verdict.claims and verdict.claims.issue_number) == (Finding.SAMPLE, issue_number)
    assert Image.open(out / "receipt.png").width == 576
    spoken = (out / "speech.txt").read_text(encoding="utf-8")
    assert "暗証番号、四けた" in spoken
    assert spoken.count("[key]") > 4
    assert not any(name in spoken.replace("宮崎市", "") for name in (*NAMES, "1234"))  # a notice names the city
    with wave.open(str(out / "speech.wav")) as sounds:
        assert np.frombuffer(sounds.readframes(sounds.getnframes()), dtype="<i2").any(), "at least the tones are heard"
    assert (out / "printer.bin").stat().st_size > 100_000
    assert closed(out)[0][1:6] == (1000, 900, 100, 0, "issued")


@pytest.mark.parametrize("unit", ["dev-pulse", "dev-board"])
def test_a_resident_pays_in_pulses_on_gpiozero_pins_and_on_the_io_board(tmp_path: Path, unit: str) -> None:
    """Each coin is a train of edges on a pin or in reports; a 500-yen coin is paid and change comes out."""
    world = World(with_keys(tmp_path), HOUSE / "hardware" / "units" / f"{unit}.toml", patience_s=900.0)
    world.clock.set(MORNING)
    with world:
        errand = Errand(card="hanako", pin="1234", certificate="inkan", purse=(0, 100, 50, 500))
        bag = Resident(world, errand).run(900.0)
        assert (bag.trouble, bag.reason, sum(bag.change)) == (None, None, 350)
        assert world.coins.status()["box_yen"] == 650
        assert not world.slot_open()
    assert closed(tmp_path)[-1][1:6] == (650, 300, 350, 0, "issued")
    coins = [line for line in JournalTail(tmp_path / "journal").new() if line.name in {"Coin", "SlotClosed"}]
    assert {line.fields[-1] for line in coins} == {None}, "a pulse acceptor has no counter"


@pytest.mark.parametrize("name", names())
def test_scenario(world: World, name: str) -> None:
    """Each scenario ends as its file says, every coin is where the book has it, and no card stays in the reader."""
    played = play(world, Scenario.load(name))
    assert played.wrong == ()
    assert len(played.bag.papers) == (played.book["outcome"] == "issued")
    assert not world.slot.occupied


def test_the_year_end_is_closed_and_the_day_after_is_not(world: World) -> None:
    world.wait_for_service()
    world.set_clock("12-31")
    world.wait_for(lambda told: told["scene"] == "Closed")
    world.set_clock(MORNING)
    world.wait_for_service()


def test_a_machine_switched_off_and_on_goes_on_where_the_journal_ends(world: World) -> None:
    before = len(JournalTail(world.run / "journal").new())
    world.restart()
    world.wait_for_service()
    lines = JournalTail(world.run / "journal").new()
    assert [line.name for line in lines].count("Boot") == 2
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) > before


def test_no_file_of_the_machine_names_the_resident(world: World) -> None:
    """Invariant I11, in journal, logs and published state. The files of centre and wallet are not the machine's, so they may."""
    left = [world.run / name for name in ("state.json", "unit.toml", "firmware.log", "centre.log")]
    left += [path for path in (world.run / "journal").rglob("*") if path.is_file()]
    for path in left:
        data = path.read_bytes()
        for name in NAMES:
            allowed = (
                data.count(b"\xe5\xae\xae\xe5\xb4\x8e\xe5\xb8\x82") if name == "宮崎" else 0
            )  # every issue number begins with the city's name
            assert data.count(name.encode()) == allowed, f"{path.name} holds {name}"
    for line in JournalTail(world.run / "journal").new():
        assert not {"2580", "1234"} & {str(field) for field in line.fields}


def test_a_second_world_has_a_reader_of_its_own(world: World, tmp_path: Path) -> None:
    second = World(with_keys(tmp_path / "second"), patience_s=900.0)
    second.clock.set(MORNING)
    with second:
        world.insert_card("hanako")
        world.wait_for(lambda told: told["state"] != "IDLE")
        assert second.machine()["state"] == "IDLE", "the card is in the first machine's slot only"
        pin = second.wallet.cards["taro"].pin
        errand = Errand(card="taro", pin=pin, certificate="juminhyo", purse=(100, 100, 100))
        bag = Resident(second, errand).run(900.0)
        assert (bag.trouble, bag.reason, len(bag.papers)) == (None, None, 1)
    world.remove_card()
    world.wait_for_service()
