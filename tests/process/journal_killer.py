"""`python -m tests.process.journal_killer FOLDER KILLS SEED`: SIGKILL a process that keeps a journal, again and again.

Each child opens the real journal on the real file system, recovers from the previous kill, and serves sessions
as fast as it can; after each durable record it writes the record's sequence number to a pipe. The parent kills
the child at a random instant, opens the journal, and checks that no acknowledged record is lost, that the book
balances, and that a machine is back in service or says why not. It prints one line of JSON at the end.
"""

import json
import os
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from drivers.vocabulary import AcceptorCounters, Dispensed, HopperCounters
from firmware.book import records as r
from firmware.book.recovery import recover
from firmware.journal.disk import FileDisk
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory
from tests.unit.journal.history import NOON, SMALL, session

ACK = struct.Struct(">Q")


class Silent:
    """Witnesses of which no device answers: the start makes everything open uncertain, void or a claim."""

    def status(self, rid: str) -> None: ...

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None: ...

    def printer_counter(self) -> int | None: ...

    def late_coins(self) -> tuple[()]:
        return ()

    def acceptor_counters(self) -> AcceptorCounters | None: ...


def open_memory(folder: Path) -> Memory:
    journal = Journal.open(FileDisk(folder), wall=lambda: NOON, mono=time.monotonic, segment_bytes=SMALL)
    return Memory(journal)


def child(folder: Path, pipe: int, which: int) -> None:
    """Serve until killed."""
    memory = open_memory(folder)

    def note(record: r.Record) -> None:
        memory.note(record)
        os.write(pipe, ACK.pack(memory.journal.head()[0]))

    note(r.Boot("kill", "test"))
    recover(memory.book, Silent(), note)
    for advice_id, _ in memory.book.pending_advices():
        note(r.AdviceDone(advice_id))
    for item in list(memory.book.queue):
        note(r.Resolved(*item, "looked at"))
    while True:
        for record in session(which, coins=(500, 100), copies=2, fee_yen=200):
            note(record)
        memory.rest(checkpoint_every=150)
        which += 1


def kill_one(folder: Path, rng: Random, which: int) -> tuple[int, str]:
    """The last sequence number the child acknowledged, and where it was killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            child(folder, writer, which)
        except BaseException:  # noqa: BLE001  whatever it is, it is the finding
            traceback.print_exc()
        finally:
            os._exit(1)  # the child ended before it was killed: it has failed
    os.close(writer)
    # Before its first answer a child opens the journal; some are killed before that is done.
    acks, deadline = rng.randrange(0, 60), time.monotonic() + 300
    told = b""
    while len(told) < acks * ACK.size and time.monotonic() < deadline:
        part = os.read(reader, 4096)
        if not part:
            break
        told += part
    end = time.perf_counter() + rng.random() * 0.002
    while time.perf_counter() < end:
        pass
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"the child ended by itself with {status}")
    while part := os.read(reader, 65536):
        told += part
    os.close(reader)
    whole = len(told) // ACK.size * ACK.size
    return (ACK.unpack(told[whole - ACK.size : whole])[0] if whole else 0), ("opening" if not whole else "serving")


def check(folder: Path, acknowledged: int) -> tuple[str, int]:
    """The book's stage and the last sequence number; ends the program when something is wrong."""
    memory = open_memory(folder)
    book, seq = memory.book, memory.journal.head()[0]
    if seq < acknowledged:
        raise SystemExit(f"record {acknowledged} was acknowledged, the journal ends at {seq}")
    owed = book.session.ledger.owed_yen if book.session else 0
    total = book.totals
    if total["inserted_yen"] != total["earned_yen"] + total["paid_out_yen"] + total["claimed_yen"] + owed:
        raise SystemExit(f"the book does not balance after record {seq}")
    stage = "idle" if book.session is None else "in a session"
    if book.session and book.session.paying:
        stage = "paying"
    if book.session and book.session.printing:
        stage = "printing"
    memory.journal.close()
    return stage, seq


def main(folder: Path, kills: int, seed: int) -> dict[str, object]:
    rng = Random(seed)
    began = time.monotonic()
    places: Counter[str] = Counter()
    acknowledged = 0
    for which in range(kills):
        told, phase = kill_one(folder, rng, 1 + which * 100)
        acknowledged = max(acknowledged, told)
        stage, seq = check(folder, acknowledged)
        places[f"{phase}, {stage}"] += 1
        acknowledged = max(acknowledged, seq)
    memory = open_memory(folder)
    recover(memory.book, Silent(), memory.note)
    records = memory.journal.verify()
    memory.journal.close()
    seconds = time.monotonic() - began
    return {"kills": kills, "records": records, "lost": 0, "seconds": round(seconds, 2), "places": dict(places)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
