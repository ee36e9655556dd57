"""Whatever is edited on the medium, the machine proves its journal or does not go on (invariant I14, faults J1, J3)."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.book import records as r
from firmware.book.schema import encode, schema
from firmware.journal import frames
from firmware.journal.disk import FileDisk
from firmware.journal.journal import JournalForged, JournalTrouble, segment_name
from firmware.journal.memory import Memory
from firmware.journal.seal import KeySeal
from firmware.service.witness import Witness
from host_sim.adapters.disk import MemoryDisk
from tests.unit.journal.history import open_journal, session

SEGMENT_BYTES = 16 * 1024
SEAL = KeySeal(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = KeySeal(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
CHECKPOINT = schema().by_type[r.Checkpoint].number


@dataclass(frozen=True)
class Told:
    """A journal as it was when the centre was told its head, and what it said then."""

    disk: MemoryDisk
    head: tuple[int, str]
    book: object


@cache
def told() -> Told:
    disk = MemoryDisk()
    memory = Memory(open_journal(disk, SEGMENT_BYTES), SEAL)
    for which in range(1, 25):
        for record in session(which):
            memory.note(record)
        memory.rest(checkpoint_every=100)
    return Told(disk, memory.journal.head(), memory.book.snapshot())


def goes_on(disk: MemoryDisk) -> Memory | None:
    """The memory of a start that would serve: its seal is right, and it has what the centre was told. Else None."""
    try:
        memory = Memory(open_journal(disk, SEGMENT_BYTES), SEAL)
        return memory if Witness(memory).hear(told().head) else None
    except JournalTrouble:
        return None


def at_the_head(memory: Memory) -> object:
    """The book at the record that the centre witnessed."""
    history = (stored.record for stored in memory.journal.records() if stored.seq <= told().head[0])
    return type(memory.book).replay(history).snapshot()


def rewritten(disk: MemoryDisk, edit: Callable[[list[frames.Entry]], list[tuple[int, bytes]]]) -> MemoryDisk:
    """The journal written anew by somebody who knows the format: `edit` gives the number and payload of each record."""
    entries = [entry for name in disk.names() for entry in frames.scan(disk.read(name)).entries]
    made, head, position, index = MemoryDisk(), frames.GENESIS_HEAD, SEGMENT_BYTES, -1
    for number, payload in edit(entries):
        if position + frames.OVERHEAD + len(payload) > SEGMENT_BYTES:
            index += 1
            header = frames.SegmentHeader(index, SEGMENT_BYTES, head[0] + 1, head[1])
            made.create(segment_name(index), frames.pack_segment(header), SEGMENT_BYTES)
            position = frames.SECTOR
        packed, digest = frames.pack_record(
            number=number,
            flags=frames.FIRST,
            clock=2,
            seq=head[0] + 1,
            boot=1,
            mono_ms=0,
            wall_ms=0,
            payload=payload,
            before=head[1],
        )
        made.write_at(segment_name(index), position, packed)
        head, position = (head[0] + 1, digest), frames.align(position + len(packed))
    return made


def plain(entries: list[frames.Entry]) -> list[tuple[int, bytes]]:
    return [(entry.number, entry.payload) for entry in entries]


def test_the_journal_as_it_was_is_proved() -> None:
    memory = goes_on(told().disk.copy())
    assert memory is not None
    assert memory.book.snapshot() == told().book


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_bytes_changed_at_any_place(data: st.DataObject) -> None:
    """It goes on only with every record that the centre was told of, unchanged."""
    disk = told().disk.copy()
    name = data.draw(st.sampled_from(sorted(disk.names())))
    size = frames.used_bytes(disk.read(name))
    at = data.draw(st.integers(0, size - 1))
    disk.damage(name, at, data.draw(st.binary(min_size=1, max_size=min(600, SEGMENT_BYTES - at))))
    memory = goes_on(disk)
    if memory is not None:  # the damage lies before what a start reads; reading the whole chain finds it
        try:
            assert at_the_head(memory) == told().book
        except JournalTrouble:
            assert name != max(disk.names())


@given(cut=st.integers(1, 300), grown=st.integers(0, 400), data=st.data())
@settings(max_examples=100, deadline=None)
def test_cut_anywhere_edited_and_grown_to_any_length(cut: int, grown: int, data: st.DataObject) -> None:
    """The forger knows the format, keeps it a chain, leaves checkpoints out, and has no seal (fault J1)."""
    boot = encode(r.Boot(reason="start", version="0"))
    drop = data.draw(st.booleans())

    def edit(entries: list[frames.Entry]) -> list[tuple[int, bytes]]:
        kept = [entry for entry in entries[:-cut] if not (drop and entry.number == CHECKPOINT)]
        return plain(kept) + [(boot[0].number, boot[1])] * grown

    made = rewritten(told().disk, edit)
    if made.names():
        assert goes_on(made) is None


@pytest.mark.parametrize("signer", ["none", "another key", "junk", "other totals"])
def test_a_start_from_a_checkpoint_that_this_seal_did_not_sign_is_refused(signer: str) -> None:
    """Fault J3; the message says which one."""
    disk = told().disk.copy()
    memory = Memory(open_journal(disk, SEGMENT_BYTES), SEAL)
    totals = dict(memory.book.snapshot())
    memory.seal = {"none": None, "another key": OTHER}.get(signer, SEAL)
    if signer == "junk":
        memory.note(r.Checkpoint(totals, SEAL.key_id, "ab" * 64), durable=True)
    elif signer == "other totals":
        memory.note(r.Checkpoint(totals, SEAL.key_id, SEAL.sign(b"")), durable=True)
    else:
        memory.checkpoint()
    memory.journal.sync()
    with pytest.raises(JournalForged, match=f"checkpoint {memory.journal.head()[0]} is not signed"):
        Memory(open_journal(disk, SEGMENT_BYTES), SEAL)


def test_the_reader_on_a_laptop_names_what_is_not_signed(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path / "journal")
    memory = Memory(open_journal(disk, SEGMENT_BYTES), SEAL)  # type: ignore[arg-type]
    memory.checkpoint()
    memory.seal = OTHER
    memory.checkpoint()
    disk.close()

    def verify(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "firmware.journal", "verify", str(tmp_path / "journal"), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    unsigned = verify()
    assert (unsigned.returncode, "not checked" in unsigned.stderr) == (0, True)
    assert verify("--key", "xyz").returncode == 2
    checked = verify("--key", SEAL.public.hex())
    assert (checked.returncode, checked.stderr) == (1, "checkpoint 2 is not signed by this key\n")
    assert "2 records" in checked.stdout
