"""The pages of the handbook typed at the real line of one machine, with real pseudo-terminals, coins, paper and a release.

Page 6 is typed in `test_console_pty.py`, at an acceptor on the coin line: this machine has its acceptor on the I/O board.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic

import pytest

from drivers.vocabulary import claim_code
from firmware.book import records
from firmware.journal.__main__ import scans
from firmware.journal.journal import stored
from host_sim.coins import CoinSide
from host_sim.resident import Errand, Resident
from host_sim.service import RELEASE_KEY
from host_sim.world import World
from tests.card_keys import with_keys
from tests.handbook import PAGES
from tests.process.terminal import Terminal, replayed

pytestmark = pytest.mark.pcsc
BOARD = Path(__file__).parents[2] / "hardware" / "units" / "dev-board.toml"
VALUES = (10, 50, 100, 500)
# In this order: what the jam and the empty hoppers leave is the claim of page 8 and the day's work of page 2.
ORDER = (
    "1-first-start",
    "9-door-opened",
    "5-paper-jam",
    "7-hopper-empty",
    "8-claim",
    "2-daily-close",
    "4-coins",
    "3-paper",
    "10-update",
)
ELSEWHERE = {"README", "6-coin-stuck"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(with_keys(tmp_path_factory.mktemp("world")), BOARD, patience_s=900.0)
    made.clock.set("2026-11-24T10:00")
    with made:
        made.wait_for_service()
        yield made


def test_no_page_is_left_out() -> None:
    assert {path.stem for path in PAGES} == {*ORDER, *ELSEWHERE}


@pytest.mark.parametrize("name", ORDER)
def test_a_page_of_the_handbook_holds_at_the_real_line(world: World, name: str) -> None:
    hand = Hand(world)
    replayed(hand.terminal, name, hand.does, hand.meant)
    world.take_paper()  # the test page; the machine waits for that
    world.take_receipt()
    world.take_change()
    world.wait_for_service()


class Hand:
    """What somebody does at the machine of a page, and what they type that differs from machine to machine."""

    def __init__(self, world: World) -> None:
        self.terminal = Terminal(world)
        self._world = world
        self._blinked = 0

    def does(self, deed: str) -> None:
        DEEDS[deed](self)

    def meant(self, line: str, shown: str) -> str:
        """The code of this machine's claim, the number of its door's item, and how often a lamp lit up here."""
        words = line.split()
        if words and words[0] in {"claim", "collect"}:
            return f"{words[0]} {self._claim()}"
        if words and words[0] == "resolve":
            return " ".join([words[0], self._of_the_door(), *words[2:]])
        if "How often did it" not in shown.splitlines()[-1]:
            return line
        before, self._blinked = self._blinked, self._lit()
        return str(self._blinked - before)

    # --- deeds ----------------------------------------------------------------------------------

    def nothing(self) -> None:
        """The machine is so already."""

    def fill(self) -> None:
        self._coins().pour(dict.fromkeys(VALUES, 50))

    def fill_one(self) -> None:
        """500 yen: fewer than the book has."""
        tubes = self._coins().status()["tubes"]
        self._coins().pour({100: tubes[100] + 30, 500: 10})

    def jam_while_it_prints(self) -> None:
        self._serve("PRINTING", lambda: self._world.papers.certificate.jam(monotonic()))
        self._world.wait_for(lambda told: told.get("availability") == "SUSPENDED")

    def free_the_paper(self) -> None:
        with self._world.papers.lines["printer"].lock:
            self._world.papers.certificate.free(monotonic())

    def empty_while_it_prints(self) -> None:
        self._serve("PRINTING", lambda: self._coins().pour(dict.fromkeys(VALUES, 0)))
        self._world.wait_for(lambda told: told.get("state") == "IDLE")

    def switch(self, name: str, *, on: bool) -> None:
        self._world.switch(name, on=on)
        if on:
            self._world.wait_for(lambda told: told.get("availability") == "SUSPENDED")
        elif name == "door_open":
            while "door shut" not in self.terminal.say("status"):
                pass  # the machine takes the door for shut after half a second

    def lay_another_program_on_the_board(self) -> None:
        assert self._world.board is not None
        with self._world.board.line.lock:
            self._world.board.model.program = bytes(range(32))
        self._blinked = self._lit()

    def lay_a_release_ready(self) -> None:
        run = self._world.run
        words = ("--version", "7", "--expires", "2099-12-31", "--key", str(run / RELEASE_KEY))
        making = [sys.executable, "-m", "firmware.update", "make", *words, "--out", str(run / "release.kofuki")]
        subprocess.run(making, check=True, capture_output=True, timeout=900)
        self._pid = self._world.firmware.pid

    def start_again(self) -> None:
        """On the release, which the launcher unpacked (fault U1)."""
        self._world.wait_for(lambda told: bool(told) and self._world.firmware.pid not in {None, self._pid})
        self._world.wait_for_service()
        assert "+release.7" in self.terminal.say("version")
        assert Path(f"/proc/{self._world.firmware.pid}/cwd").resolve() == self._world.run / "runtime" / "release"

    def serve_well_for_a_minute(self) -> None:
        assert "on trial version 7, starts left 2" in self.terminal.say("update status")
        self._world.wait_for(lambda _: self._was_good())
        assert "newest that was good here version 7" in self.terminal.say("update status")

    # --- inside ---------------------------------------------------------------------------------

    def _serve(self, state: str, deed: Callable[[], None]) -> None:
        """A resident pays 500 yen for 300; when the machine is in this state, something happens."""
        pin = self._world.wallet.cards["hanako"].pin
        errand = Errand(card="hanako", pin=pin, certificate="inkan", purse=(500,))
        Resident(self._world, errand, say=lambda now: deed() if now.upper() == state else None).run(900.0)

    def _coins(self) -> CoinSide:
        assert isinstance(self._world.coins, CoinSide)
        return self._world.coins

    def _claim(self) -> str:
        entries = (stored(entry) for scan in scans(self._world.run / "journal") for entry in scan.entries)
        *_, key = [entry.record.key for entry in entries if isinstance(entry.record, records.ClaimIntent)]
        return claim_code(key)

    def _of_the_door(self) -> str:
        """The I/O board has an item too, and the lower number, when it was silent on a computer that stood still."""
        told = self.terminal.asked("uncertain")
        item = re.search(r"^ *(\d+) door_opened ", told, re.MULTILINE)
        assert item is not None, told
        return item[1]

    def _lit(self) -> int:
        assert self._world.board is not None
        return sum(self._world.board.model.lightings.values())

    def _was_good(self) -> bool:
        """Whether the release is the newest that was good here, as the slots' state has it."""
        return any(b'"floor":7' in path.read_bytes() for path in (self._world.run / "releases").glob("state-*"))


DEEDS: Mapping[str, Callable[[Hand], None]] = {
    "it is new": Hand.nothing,
    "a day's work is done": Hand.nothing,
    "it owes a resident 200 yen": Hand.nothing,
    "fifty coins into each hopper": Hand.fill,
    "thirty coins of 100 yen are poured in": Hand.fill_one,
    "the paper jammed while a page was printed": Hand.jam_while_it_prints,
    "the jam is cleared": Hand.free_the_paper,
    "its hoppers ran empty while it owed change": Hand.empty_while_it_prints,
    "the paper runs out": lambda hand: hand.switch("paper_out", on=True),
    "a new pile of paper": lambda hand: hand.switch("paper_out", on=False),
    "its door was opened in the night": lambda hand: hand.switch("door_open", on=True),
    "the door is shut": lambda hand: hand.switch("door_open", on=False),
    "its I/O board has the program of an older release": Hand.lay_another_program_on_the_board,
    "a release lies ready": Hand.lay_a_release_ready,
    "the machine starts again": Hand.start_again,
    "a minute of service": Hand.serve_well_for_a_minute,
}
