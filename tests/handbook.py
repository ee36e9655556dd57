"""Draws the transcripts of the console's pages: `python -m tests.handbook` types at a machine in virtual time what they type.

In a page

    <!-- machine: a day's work is done -->       a new machine, of SCENES
    <!-- do: the paper runs out -->              something happens at the machine, of DEEDS
    ```console                                   what a terminal shows; everything behind a prompt is typed

All transcripts up to the next `machine` are one conversation. A password is typed though it is not shown; behind `confirm` the
code that was shown last is typed, behind `collect` and `claim` the code of the machine's claim. What differs from run to run
(CHANCE) does not make a page stale.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

from drivers.vocabulary import claim_code
from firmware import console
from firmware.session import scenes as show
from firmware.update.updates import WELL_S
from host_sim.io_board.loader import write_image
from host_sim.rig.console import PASSWORD, ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.world import USB
from host_sim.wallet import Wallet, WalletCard
from tests.card_keys import KEYS
from tests.sessions.console_rooms import owing_200, under_whom_the_hoppers_run_dry
from tests.sessions.test_updates import UpdatingRig
from tests.unit.update.releases import release

FOLDER = Path(console.__file__).parent
PAGES = (FOLDER / "README.md", *sorted((FOLDER / "handbook").glob("*.md")))
Cards = Mapping[str, WalletCard]

# Record numbers, codes, keys, clock times and the program's version.
CHANCE = re.compile(
    r"\d+(?=> )|\b[A-HJ-NP-Z2-9]{8}\b|\b[0-9a-f]{32,}\b|\b[0-9a-f]{8}(?=~)|(?<=confirm )[0-9A-F]{4}"
    r"|\d\d:\d\d(:\d\d)?"
    r"|(?<=program )(?:[0-9a-f]{8}|[0-9.]+)|(?<=release has )[0-9a-f]{8}|(?<=sha256 )[0-9a-f]{16}|^\d+(?= records, one chain)",
    re.MULTILINE,
)
_MARK = re.compile(r"<!-- (machine|do): (.*?) -->|(?<=```console\n)(.*?)(?=```)", re.DOTALL)
_TYPED = re.compile(
    r"^(?:[\w-]+ \w+ [\w-]+ \d+> |Second person.*?: |[A-Z]+ \(as .*?\): |.*\(y or n\): |.*\(a number, or `bad`\): )(.*)$|^(Password: )$",
    re.MULTILINE,
)


def _new(_: Cards) -> ConsoleRig:
    """As it comes: nothing in the hoppers, nothing counted."""
    return ConsoleRig(tubes=dict.fromkeys((10, 50, 100, 500), 0))


def _worked(cards: Cards) -> ConsoleRig:
    machine = ConsoleRig()
    machine.say_as("tanaka", "version")
    for name in ("hanako", "taro"):
        serve(machine, Person(cards[name], coins=[500]))
    machine.wait(5)
    return machine


def _jammed(cards: Cards) -> ConsoleRig:
    machine = ConsoleRig()
    serve(machine, Person(cards["hanako"], coins=[500], deeds={show.Printing: lambda at, _: at.printer.jam(_now(at))}))
    machine.wait(10)
    return machine


def _coin_stuck(_: Cards) -> ConsoleRig:
    machine = ConsoleRig()
    machine.acceptor.fault("jam", _now(machine))
    machine.wait(20)
    return machine


def _out_of_change(cards: Cards) -> ConsoleRig:
    machine = ConsoleRig()
    serve(machine, under_whom_the_hoppers_run_dry(cards["hanako"]))
    machine.wait(10)
    return machine


def _opened(_: Cards) -> ConsoleRig:
    machine = ConsoleRig()
    machine.move_door(opened=True)
    machine.wait(3)
    return machine


def _old_board(_: Cards) -> ConsoleRig:
    machine = ConsoleRig(pulse=True, board=USB)
    assert machine.board is not None
    assert machine.board_folder is not None
    write_image(machine.board_folder / "io-board.uf2", machine.board.program)
    machine.board.program = bytes(range(32))
    machine.wait(5)
    return machine


def _updating(_: Cards) -> ConsoleRig:
    machine = UpdatingRig(Path(tempfile.mkdtemp()))
    machine.ready.write_bytes(release(7))
    return machine


SCENES: Mapping[str, Callable[[Cards], ConsoleRig]] = {
    "it owes a resident 200 yen": owing_200,
    "it is new": _new,
    "a day's work is done": _worked,
    "the paper jammed while a page was printed": _jammed,
    "a coin is stuck in the acceptor": _coin_stuck,
    "its hoppers ran empty while it owed change": _out_of_change,
    "its door was opened in the night": _opened,
    "a release lies ready": _updating,
    "its I/O board has the program of an older release": _old_board,
}


def _now(machine: RigMachine) -> float:
    return machine.clock.monotonic()


def _fill_hoppers(machine: ConsoleRig) -> None:
    for hopper in machine.hoppers.values():
        hopper.tube = 50


def _fill_one(machine: ConsoleRig) -> None:
    machine.hoppers[100].fill(30, _now(machine))
    machine.hoppers[500].tube = 10  # fewer than the book has


def _paper_ends(machine: ConsoleRig) -> None:
    machine.printer.paper_out(_now(machine))
    machine.wait(10)


def _paper_loaded(machine: ConsoleRig) -> None:
    machine.printer.load_paper(_now(machine))
    machine.wait(2)


def _jam_cleared(machine: ConsoleRig) -> None:
    machine.printer.free(_now(machine))
    machine.wait(2)


def _coin_out(machine: ConsoleRig) -> None:
    machine.acceptor.clear("jam", _now(machine))
    machine.wait(5)


def _door_shut(machine: ConsoleRig) -> None:
    machine.move_door(opened=False)
    machine.wait(3)


DEEDS: Mapping[str, Callable[[ConsoleRig], None]] = {
    "fifty coins into each hopper": _fill_hoppers,
    "thirty coins of 100 yen are poured in": _fill_one,
    "the paper runs out": _paper_ends,
    "a new pile of paper": _paper_loaded,
    "the jam is cleared": _jam_cleared,
    "the coin is taken out": _coin_out,
    "the door is shut": _door_shut,
    "the machine starts again": lambda machine: machine.restart(),
    "a minute of service": lambda machine: machine.wait(WELL_S + 5),
}


class _Conversation:
    def __init__(self, machine: ConsoleRig) -> None:
        self._machine = machine
        machine.say("")
        self._from = machine.terminal.shown.rindex(b"\n") + 1

    def do(self, deed: str) -> None:
        DEEDS[deed](self._machine)
        before, rows, _ = self._machine.shown_since(self._from).partition("\n")
        if rows:  # what the machine said by itself stands below the prompt that was shown last
            self._from += len(before) + len("\r\n")

    def again(self, transcript: str) -> str:
        """What the machine shows when the lines of this transcript are typed."""
        for line in typed_in(transcript):
            self._machine.say(PASSWORD if line is None else self._meant(line))
        shown = self._machine.shown_since(self._from)
        end = shown.rindex("\n") + 1
        self._from += len(shown[:end].replace("\n", "\r\n"))
        return shown[:end]

    def _meant(self, line: str) -> str:
        claims = self._machine.centre.claims
        if claims:
            line = re.sub(r"(?<=claim |llect )[A-Z2-9]{8}", claim_code(next(iter(claims))), line)
        return re.sub(r"(?<=^confirm )\w{4}", f"{0xA000 + self._machine.codes:04X}", line)


def redrawn(page: str, cards: Cards) -> str:
    """The page with its transcripts as the machine speaks now."""
    talk: _Conversation | None = None
    parts, at = [], 0
    for mark in _MARK.finditer(page):
        kind, name, transcript = mark.groups()
        if kind == "machine":
            talk = _Conversation(SCENES[name](cards))
            continue
        assert talk is not None, "a transcript or a deed stands before the first machine"
        if kind == "do":
            talk.do(name)
        else:
            parts += [page[at : mark.start()], talk.again(transcript)]
            at = mark.end()
    return "".join([*parts, page[at:]])


def outcomes(transcript: str) -> list[tuple[str, str]]:
    """What is typed at each prompt, and how the answer begins that ends it: `OK`, or `ERR` with its code."""
    ends = re.findall(r"^(OK|ERR \w+)|^[\w-]+ \w+ [\w-]+ \d+> (.*)$", transcript, re.MULTILINE)
    told: list[tuple[str, str]] = []
    for end, typed in ends:
        told = (
            [*told[:-1], (told[-1][0], end)]
            if end
            else [*told, (re.sub(r"^(confirm|claim|collect) \w+", r"\1", typed), "")]
        )
    return told


def acts_of(page: str) -> Iterator[tuple[str, str]]:
    """The marks of a page in order: kind (`machine`, `do` or ``), and its name or its transcript."""
    for mark in _MARK.finditer(page):
        kind, name, transcript = mark.groups()
        yield kind or "", name or transcript


def typed_in(transcript: str) -> list[str | None]:
    """The lines typed in a transcript; None: the password."""
    return [None if secret else line for line, secret in _TYPED.findall(transcript)]


def same(one: str, other: str) -> bool:
    """Whether two pages differ at most in what is another one at each run."""
    return CHANCE.sub("*", one) == CHANCE.sub("*", other)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for path in PAGES:
            wallet = dict(Wallet.open(Path(folder), date(2026, 11, 24), keys=KEYS, keep=False).cards)
            page = path.read_text(encoding="utf-8")
            if not same(fresh := redrawn(page, wallet), page):
                path.write_text(fresh, encoding="utf-8")
