"""The journal: time per record, time of a start, and how many power cuts, kills and tamperings were tried."""

import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random

from firmware.book import records as r
from firmware.book.book import Book
from firmware.book.recovery import recover
from firmware.journal import frames
from firmware.journal.disk import FileDisk
from firmware.journal.frames import Ending
from firmware.journal.journal import SEGMENT_BYTES
from firmware.journal.memory import Memory
from host_sim.adapters.disk import MemoryDisk
from host_sim.rig.cards import rig_cards
from host_sim.rig.crash import Explorer, Findings, Script
from host_sim.rig.scripts import scripts
from host_sim.rig.shares import Tell, in_shares
from tests.card_keys import KEYS
from tests.process.journal_killer import Silent
from tests.unit.journal.cuts import Cuts
from tests.unit.journal.history import open_journal, session

ROOT = Path(__file__).parents[2]
Row = tuple[str, str, str]


def rows() -> list[Row]:
    return [*_starts(), *_appends(), *_tampering(), *_cuts(), *_kills()]


def _starts() -> list[Row]:
    """A start in the middle of a session, after 100,000 records."""
    disk = MemoryDisk(1 << 32)
    memory = Memory(open_journal(disk, SEGMENT_BYTES))
    which = 0
    while memory.journal.head()[0] < 100_000:
        which += 1
        for record in session(which):
            memory.note(record)
        memory.rest()
    for record in list(session(which + 1))[:8]:
        memory.note(record)
    before = time.perf_counter()
    again = Memory(open_journal(disk, SEGMENT_BYTES))
    recover(again.book, Silent(), again.note)
    started_s = time.perf_counter() - before
    before = time.perf_counter()
    Book.replay(stored.record for stored in again.journal.records())
    whole_s = time.perf_counter() - before
    return [
        ("start and recovery, 100,000 records, from the checkpoint", f"{started_s * 1000:.0f} ms", "<= 1,000 ms"),
        ("the same 100,000 records replayed from the first", f"{whole_s * 1000:.0f} ms", "for comparison"),
    ]


def _appends() -> list[Row]:
    found = []
    for name, coins in (("one coin, change", (500,)), ("three coins, exact", (100, 100, 100))):
        with tempfile.TemporaryDirectory() as folder:
            disk = FileDisk(Path(folder))
            memory = Memory(open_journal(disk, SEGMENT_BYTES))
            memory.rest()
            before, syncs = time.perf_counter(), memory.journal.syncs
            for record in session(coins=coins):
                memory.note(record)
            memory.rest()
            spent_s, syncs = time.perf_counter() - before, memory.journal.syncs - syncs
            used = frames.align(frames.scan(disk.read("00000000.journal")).end) - frames.SECTOR
            disk.close()
        measured = f"{used} B, {syncs} syncs, {spent_s * 1000:.1f} ms"
        found.append((f"journal of a session ({name})", measured, "<= 4,096 B"))
    return found


def _tampering(count: int = 100_000) -> list[Row]:
    """Modify, delete, swap, insert and truncate records at random: the scan or the head must show it each time."""
    disk = MemoryDisk()
    journal = open_journal(disk, 16_384 * 8)
    for which in range(20):
        journal.append(r.Flag("test", str(which)), durable=True)
    data = disk.read("00000000.journal")[: 16 * 1024]
    good, rng, unseen = frames.scan(data), Random(1), 0
    sectors = range(512, frames.align(good.end), 512)
    before = time.perf_counter()
    for _ in range(count):
        changed = bytearray(data)
        one, other = rng.choice(sectors), rng.choice(sectors)
        match rng.randrange(5):
            case 0:
                used = next(entry.end - entry.start for entry in good.entries if entry.start == one)
                changed[one + rng.randrange(used)] ^= rng.randrange(1, 256)
            case 1:
                changed[one:] = changed[one + 512 :] + bytes(512)
            case 2:
                changed[one : one + 512], changed[other : other + 512] = (
                    data[other : other + 512],
                    data[one : one + 512],
                )
            case 3:
                changed[one:] = data[other : other + 512] + data[one:-512]
            case _:
                changed[one:] = bytes(len(changed) - one)
        if bytes(changed) == data:
            continue
        found = frames.scan(bytes(changed))
        unseen += found.ending is not Ending.CORRUPT and found.head == good.head
    spent_s = time.perf_counter() - before
    return [("random tamperings of the chain", f"{count:,}, {unseen} unseen, {spent_s:.0f} s", "100,000, 0 unseen")]


def _cuts() -> list[Row]:
    """Power cuts explored on the medium's bytes, and by the rig on coins and paper."""
    found = []
    for depth in (1, 2, 3):
        before = time.perf_counter()
        histories = Cuts().explore(depth)
        spent_s = time.perf_counter() - before
        measured = f"{histories:,} histories, 0 red, {spent_s:.0f} s"
        found.append((f"power cuts, depth {depth}, journal + book + recovery", measured, "every one, 0 violations"))
    known = scripts(rig_cards(KEYS))
    for depth, every, names in ((1, 1, list(known)), (2, 19, ["one copy, change"])):
        before = time.perf_counter()
        total = Findings()
        for name in names:
            for share in in_shares(partial(_share, known[name], depth, every), os.cpu_count() or 1):
                total.add(share)
        spent_s = time.perf_counter() - before
        what = f"any fault, depth {depth}, whole machine, {len(names)} scripts" + (
            f", 1 of {every}" if every > 1 else ""
        )
        found.append((what, f"{total.histories:,} histories, {len(total.reds)} red, {spent_s:.0f} s", "0 violations"))
    return found


def _share(script: Script, depth: int, every: int, which: int, shares: int, tell: Tell[Findings]) -> None:
    tell(Explorer(script, depth, share=(which, shares), every=every).explore())


def _kills(count: int = 5_000) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.process.journal_killer", folder, str(count), "1"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        return [("real SIGKILLs on a real file system", ended.stderr.strip()[-60:], f"{count:,}, 0 lost")]
    told = json.loads(ended.stdout)
    measured = f"{told['kills']:,}, {told['lost']} lost, {told['seconds']:.0f} s"
    return [("real SIGKILLs on a real file system", measured, f"{count:,}, 0 lost")]
