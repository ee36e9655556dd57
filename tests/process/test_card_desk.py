"""From a blank card to a paper: the desk's commands and program, pcscd, keys, TLS, and then the machine, all real processes.

The desk has a reader and a pcscd of its own, beside the one of the machine in the hall.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_sim.adapters.fingers import Fingers
from host_sim.adapters.vpcd import VpcdSlot
from host_sim.models.blank_card import BlankCard, chip_key
from host_sim.models.card import ATRS
from host_sim.resident import Errand, Resident
from host_sim.wallet import WalletCard
from host_sim.world import World
from tests.card_keys import with_keys
from tests.process.pcsc import service
from tests.unit.centre.card_desk import fingerprint

pytestmark = pytest.mark.pcsc

HOUSE = Path(__file__).resolve().parents[2]
SERIAL = bytes.fromhex("a1a2a3a4a5a6a7a8")
PATIENCE_S = 600.0
COMMANDS = 16  # of a whole writing, as in tests/unit/centre/test_card_desk.py


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(
        with_keys(tmp_path_factory.mktemp("world")), HOUSE / "hardware" / "units" / "dev-office.toml", patience_s=900.0
    )
    made.clock.set("2026-11-24T10:00")
    with made:
        yield made


@dataclass
class Terminal:
    """The program at the desk, its pad and its slot."""

    process: "subprocess.Popen[str]"
    slot: VpcdSlot
    keys: Path

    def types(self, code: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(code + "\n")
        self.process.stdin.flush()

    def until(self, words: str) -> str:
        """Read what the program shows until these words; returns all of it."""
        assert self.process.stdout is not None
        heard = ""
        while not re.search(words, heard):
            more = self.process.stdout.readline()
            assert more, heard
            heard += more
        return heard

    def taps(self, *keys: str) -> None:
        with Fingers(self.keys) as fingers:
            fingers.tap(*keys)


@contextmanager
def terminal(world: World, environment: Mapping[str, str], port: int, run: Path) -> Iterator[Terminal]:
    unit, keys = run / "desk.toml", run / "desk-keys.sock"
    tables = dict(world.unit.tables)
    lines = ['[unit]\nname = "miyazaki-counter-01"', '[card]\nreader = "Virtual PCD 00 00"']
    lines.append("[keypad]\n" + "\n".join(f"{key} = {value!r}" for key, value in tables["keypad"].items()))
    centre = tables["centre"] | {"port": world.line.port}
    centre |= {
        f"client_{part}": f"centre/tls/miyazaki-counter-01.{end}"
        for part, end in (("certificate", "pem"), ("key", "key"))
    }
    lines.append("[centre]\n" + "\n".join(f"{key} = {value!r}" for key, value in centre.items()))
    unit.write_text("\n\n".join(lines) + "\n")
    command = [sys.executable, "-m", "drivers.card_desk", "--unit", str(unit), "--run-dir", str(world.run)]
    told = dict(environment) | {"GPIOZERO_PIN_FACTORY": "kofuki_sim", "KOFUKI_SIM_KEYS": str(keys)}
    with subprocess.Popen(
        command, cwd=HOUSE, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        slot = VpcdSlot(port=port)
        late = threading.Timer(PATIENCE_S, process.kill)  # so that `until` ends, and says what it heard
        late.start()
        try:
            yield Terminal(process, slot, keys)
        finally:
            late.cancel()
            slot.remove()
            process.terminate()


def desk_cards(world: World, *words: str) -> str:
    where = ("--run", str(world.run), "--by", "hidaka", "--why", "a first card")
    command = [sys.executable, "-m", "host_sim.centre", "desk", "cards", words[0], *where, *words[1:]]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def resident_of(world: World, name: str) -> str:
    """The number of a wallet card's holder, from the card register."""
    command = [sys.executable, "-m", "host_sim.centre", "desk", "cards", "list", "--run", str(world.run)]
    listed = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=300, check=True).stdout
    registry = (world.run / "wallet" / "registry.json").read_text(encoding="utf-8")
    found = re.search(rf'"card": "{name}",.*?"credential_sha256": "(\w+)"', registry, re.DOTALL)
    assert found is not None
    row = re.search(rf"{found[1]} \w+ (\S+)", listed)
    assert row is not None
    return row[1]


def changes_the_pin(world: World, desk: Terminal, card: BlankCard) -> None:
    """From 4649 to 5870 at the resident's pad, with one slip in the old one and one in the new one."""
    code = desk_cards(world, "change", fingerprint(card)).strip().rsplit(": ", 1)[1]
    desk.slot.remove()
    desk.slot.insert(card)
    desk.types(code)
    for asked, pin in (
        ("your present PIN", "4648"),
        ("your new PIN", "5870"),
        ("once more", "5870"),
        ("Tries left: 2", ""),
        ("your present PIN", "4649"),
        ("your new PIN", "5870"),
        ("once more", "5871"),
        ("The two PINs differ", ""),
        ("your new PIN", "5870"),
        ("once more", "5870"),
    ):
        desk.until(asked)
        if pin:
            desk.taps(*pin, "enter")
    desk.until("The order is done")


def test_a_blank_card_cut_at_every_command_is_finished_and_the_machine_issues_with_it(
    world: World, tmp_path: Path
) -> None:
    said = desk_cards(world, "issue", "--resident", resident_of(world, "taro"), "--photo-id", "--seal")
    code = said.strip().rsplit(": ", 1)[1]
    master = (world.run / "centre" / "tls" / "card-master.key").read_bytes()
    card = BlankCard(ATRS["contact_2"], SERIAL, chip_key(master, SERIAL))
    with service() as handle, terminal(world, os.environ, handle.port, tmp_path) as desk:
        cuts: list[int] = []
        for at in range(1, COMMANDS - 3):  # the last four come after the PIN's key is known, and change nothing
            card.heal()
            card.fail("pulled", at=at)
            desk.slot.insert(card)
            desk.types(code)
            desk.until("the card was pulled")
            desk.slot.remove()
            cuts.append(len(card.log))
        assert cuts == sorted(set(cuts)), "the card was in the reader each time"
        card.heal()
        desk.slot.insert(card)
        desk.types(code)
        desk.until("Press the four digits")
        desk.taps("4", "6", "4", "9", "enter")
        desk.until("once more")
        desk.taps("4", "6", "4", "9", "enter")
        desk.until("The order is done")
        changes_the_pin(world, desk, card)
    world.wallet.cards = {
        **world.wallet.cards,
        "new": WalletCard("new", "citizen", "from the desk", "5870", None, card),
    }
    bag = Resident(world, Errand(card="new", pin="5870", certificate="inkan", purse=(100, 100, 100))).run(900.0)
    assert (bag.trouble, bag.reason, len(bag.papers)) == (None, None, 1)
