"""`issue`: serve one resident in a real world, without the front panel; papers, journal and summary go to a directory.

Exit status 0 only when every copy was issued, the machine's journal says so, and the resident has the papers.
"""

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from host_sim.centre.forms import KINDS
from host_sim.clerks import Clerks
from host_sim.commands import Commands, devices, say, wait_option, zoo_option
from host_sim.commands.up import set_clock
from host_sim.journal_tail import AUTHORISED, COPY_PRINTED, PRINT_INTENT, SESSION_CLOSED, JournalTail, Line
from host_sim.resident import Bag, Errand, Resident
from host_sim.running import NotRunning
from host_sim.world import STORE, World

CODE_DIGITS = 8  # of an exemption
_LOOK_S, _QUIET_LOOKS = 0.05, 6


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("issue", help="serve one resident from card to certificate, without the front panel")
    parser.add_argument("--card", required=True, help="its name in the wallet")
    parser.add_argument("--certificate", default="juminhyo", choices=KINDS, help="its kind (default juminhyo)")
    parser.add_argument("--copies", type=int, default=1, choices=range(1, 6), metavar="1-5")
    parser.add_argument("--pay", type=coins, default=(), metavar="500,100", help="the coins in the purse, in order")
    parser.add_argument("--pin", help="another PIN than the card's own")
    parser.add_argument(
        "--code",
        type=code,
        metavar="DIGITS",
        help="an exemption code (host_sim/centre/exemptions/README.md)",
    )
    parser.add_argument(
        "--without-pin", action="store_true", help="at a counter terminal: two sample clerks vouch instead of the PIN"
    )
    parser.add_argument(
        "--listen",
        action="store_true",
        help="the resident hears the words of each screen to their end before they act (takes some minutes)",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for papers, journal, speech and summary.json")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="a fault that is on from the start; may be repeated",
    )
    parser.add_argument(
        "--at", metavar="TIME", help="the machine's clock: now, 22:55, 12-31, sunday or a date and time"
    )
    parser.add_argument("--unit", type=Path, default=STORE, help="the unit file (default: the store machine)")
    zoo_option(parser)
    parser.add_argument("--directory", type=Path, help="the run directory (default: a new one, removed afterwards)")
    parser.add_argument("--time-limit", type=float, default=150.0, metavar="SECONDS", help="limit for the whole errand")
    wait_option(parser)
    parser.set_defaults(run=run)


def coins(words: str) -> tuple[int, ...]:
    """`500,100` as the coins of a purse; 0 is a foreign coin."""
    try:
        purse = tuple(int(word) for word in words.split(",") if word.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{words!r} is no list of coins; write it like 500,100") from None
    if not set(purse) <= {0, 10, 50, 100, 500}:
        raise argparse.ArgumentTypeError("coins are 10, 50, 100 and 500 yen (0 is a foreign coin)")
    return purse


def code(words: str) -> str:
    """An exemption code as its slip shows it, `4018 3928`: its digits."""
    digits = words.replace(" ", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) == CODE_DIGITS):
        raise argparse.ArgumentTypeError(f"{words!r} is no exemption code; it has {CODE_DIGITS} digits, like 4018 3928")
    return digits


@dataclass(frozen=True, slots=True)
class Books:
    """What the machine's journal says about the session."""

    closed: Line | None
    authorised: int
    issue_numbers: tuple[str, ...]  # of the copies printed
    sheets: int  # that these copies have: a copy has one or more


def run(options: argparse.Namespace) -> int:
    out: Path = options.out
    with tempfile.TemporaryDirectory(prefix="kofuki-") as new:
        run_directory = options.directory or Path(new)
        world = World(run_directory, options.unit, patience_s=options.wait, zoo=devices(options.zoo))
        set_clock(world, options.at)
        out.mkdir(parents=True, exist_ok=True)
        bag = _errand(world, options)
        summary = _summary(bag, _books(world.run), options) | {"complaints": world.papers.complaints()}
        _leave(world, bag, summary, out)
    _report(summary, out)
    return 0 if summary["outcome"] == "issued" else 1


def _errand(world: World, options: argparse.Namespace) -> Bag:
    """Start everything, send the resident, stop everything."""
    before = JournalTail(world.run / "journal")
    before.new()
    with world:
        card = world.wallet.cards.get(options.card)
        if card is None:
            raise NotRunning(f"There is no card {options.card}. Use one of: {', '.join(world.wallet.cards)}.")
        for name in options.fault:
            try:
                world.switch(name)
            except LookupError as trouble:
                raise NotRunning(str(trouble.args[0])) from None
        if options.without_pin and not world.has_clerk:
            raise NotRunning("Only a counter terminal has clerks; add --unit hardware/units/dev-counter.toml.")
        errand = Errand(
            card=options.card,
            pin=options.pin or card.pin,
            certificate=options.certificate,
            copies=options.copies,
            code=options.code or "",
            purse=options.pay,
            vouch=Clerks(world.run, world.clock.now).keys if options.without_pin else None,
        )
        glasses = _Glasses(world, options.out)
        world.plug_earphone(on=world.unit.has("speaker"))  # before the card, so that speech is on from the first screen

        def watch(state: str) -> None:
            if options.listen:
                _listen(world)
            glasses.keep(state)

        told = lambda state: say(f"  {state}", to_error=True)  # noqa: E731
        bag = Resident(world, errand, say=told, watch=watch).run(options.time_limit)
        bag.timings_ms["start"] = world.start_ms
        recording = world.taps["printer"].recording
        (options.out / "printer.bin").write_bytes(bytes(recording or b""))
        if world.unit.has("speaker"):
            world.sounds.leave(options.out)
        screen = world.screen()
        if screen is not None:
            screen.save(options.out / "screen.png")
        return bag


def _listen(world: World) -> None:
    """Until nothing has been said for a moment: the words of a screen begin a little after its picture."""
    quiet = 0
    while quiet < _QUIET_LOOKS:
        quiet = 0 if world.sounds.still_s() > 0 else quiet + 1
        time.sleep(_LOOK_S)


@dataclass(slots=True)
class _Glasses:
    """Both glasses of a counter terminal as pictures, each time that somebody acts: `glass-03-consenting-clerk.png`."""

    world: World
    out: Path
    kept: int = 0

    def keep(self, state: str) -> None:
        if not self.world.has_clerk:
            return
        self.kept += 1
        for side, picture in (("resident", self.world.screen()), ("clerk", self.world.clerk_screen())):
            if picture is not None:
                picture.save(self.out / f"glass-{self.kept:02}-{state}-{side}.png")


def _books(run: Path) -> Books:
    """The last session of the journal."""
    lines = JournalTail(run / "journal").new()
    opened = max((index for index, line in enumerate(lines) if line.name == "SessionOpened"), default=len(lines))
    session = lines[opened:]
    closed = next((line for line in session if line.number == SESSION_CLOSED), None)
    authorised = sum(len(line.fields[1]) for line in session if line.number == AUTHORISED)
    pages = {line.fields[:2]: line.fields[5] for line in session if line.number == PRINT_INTENT}
    printed = [line for line in session if line.number == COPY_PRINTED]
    sheets = sum(pages[line.fields[:2]] for line in printed)
    return Books(closed, authorised, tuple(str(line.fields[2]) for line in printed), sheets)


def _summary(bag: Bag, books: Books, options: argparse.Namespace) -> dict[str, Any]:
    if books.closed is None:
        outcome, reason = "not_begun" if books.authorised == 0 else "not_settled", bag.reason
        inserted_yen = fee_yen = paid_out_yen = claimed_yen = 0
    else:
        _, inserted_yen, fee_yen, paid_out_yen, claimed_yen, outcome, reason = books.closed.fields
    sheets = sum(not _is_void(paper) for paper in bag.papers)
    if outcome == "issued" and sheets != books.sheets:
        outcome, reason = "papers_differ", f"{books.sheets} sheets printed, {sheets} in the bag"
    return {
        "outcome": outcome,
        "reason": reason or bag.reason,
        "trouble": bag.trouble,
        "card": options.card,
        "certificate": options.certificate,
        "copies": len(books.issue_numbers),
        "sheets": sheets,
        "issue_numbers": list(books.issue_numbers),
        "fee_yen": fee_yen,
        "inserted_yen": inserted_yen,
        "change_yen": sum(bag.change),
        "paid_out_yen": paid_out_yen,
        "claimed_yen": claimed_yen,
        "timings_ms": bag.timings_ms,
    }


def _is_void(paper: Image.Image) -> bool:
    """Whether it bears the void bar, whose edges are black across the paper: a piece that the printer cut off before a page."""
    return bool((~np.asarray(paper.convert("1"))).all(axis=1).any())


def _leave(world: World, bag: Bag, summary: dict[str, Any], out: Path) -> None:
    """Write papers, journal and summary. The summary comes last: a folder with a summary has everything."""
    pages, void = ([paper for paper in bag.papers if _is_void(paper) is told] for told in (False, True))
    for name, papers in (("certificate", pages), ("void", void), ("claim", bag.receipts[1:])):
        for number, paper in enumerate(papers, start=1):
            paper.save(out / f"{name}-{number}.png")
    if bag.receipts:
        bag.receipts[0].save(out / "receipt.png")
    shutil.rmtree(out / "journal", ignore_errors=True)
    if (world.run / "journal").is_dir():
        shutil.copytree(world.run / "journal", out / "journal", ignore=shutil.ignore_patterns(".lock"))
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _report(summary: dict[str, Any], out: Path) -> None:
    told = summary["trouble"] or summary["reason"]
    say(f"{summary['outcome']}" + (f": {told}" if told else ""))
    say(
        f"{summary['copies']} copies on {summary['sheets']} sheets, fee {summary['fee_yen']} yen, inserted {summary['inserted_yen']} yen, "
        f"change {summary['change_yen']} yen, {summary['timings_ms'].get('total', 0) / 1000:.1f} s; the papers are in {out}"
    )
