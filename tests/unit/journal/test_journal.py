"""The journal on a medium with power cuts, failing calls, no room and damaged bytes."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.book import records as r
from firmware.book.book import Book
from firmware.book.open_session import ProtocolBroken
from firmware.book.schema import RecordInvalid
from firmware.journal import frames
from firmware.journal.disk import Disk, FileDisk
from firmware.journal.journal import (
    SEGMENT_BYTES,
    SESSION_BYTES,
    Journal,
    JournalBroken,
    JournalCorrupt,
    JournalFull,
    segment_name,
)
from firmware.journal.memory import Memory, is_forged
from firmware.journal.seal import KeySeal, is_good
from host_sim.adapters.disk import MemoryDisk, PowerLost, Tail
from tests.unit.journal.history import NOON, SMALL, open_journal, session

FLAG = r.Flag("test", "")


def flags(journal: Journal) -> list[str]:
    return [stored.record.detail for stored in journal.records() if isinstance(stored.record, r.Flag)]


# --- both media keep the same promises --------------------------------------------------------------


@pytest.fixture(params=["memory", "files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    made: Disk = MemoryDisk() if request.param == "memory" else FileDisk(tmp_path / "journal")
    yield made
    made.close()


def test_a_whole_session_comes_back_in_order(disk: Disk) -> None:
    journal = open_journal(disk)
    written = [*session(1), *session(2, coins=(100, 100, 100))]
    for seq, record in enumerate(written, 1):
        assert journal.append(record) == seq
    again = [stored.record for stored in journal.records()]
    assert again == [self_read(record) for record in written]
    assert journal.verify() == len(written)
    assert [stored.seq for stored in journal.records(since_seq=len(written) - 2)] == [len(written) - 1, len(written)]


def self_read(record: r.Record) -> r.Record:
    """The record as the journal returns it: lists come back as tuples."""
    from firmware.book.schema import decode, encode

    kind, payload = encode(record)
    return decode(kind.number, payload)


def test_reopening_goes_on_where_it_ended(disk: Disk, tmp_path: Path) -> None:
    journal = open_journal(disk)
    assert journal.opening.is_new
    assert journal.boot_id == 1
    journal.append(r.Flag("test", "one"), durable=True)
    if isinstance(disk, FileDisk):
        journal.close()
        disk = FileDisk(tmp_path / "journal")
    journal = open_journal(disk)
    assert (journal.boot_id, journal.opening.is_new, journal.opening.cut_off_bytes) == (2, False, 0)
    assert journal.append(r.Flag("test", "two"), durable=True) == 2
    stored = list(journal.records())
    assert [(entry.seq, entry.boot_id) for entry in stored] == [(1, 1), (2, 2)]
    assert journal.confirms(1, stored[0].hash)
    disk.close()


def test_a_folder_belongs_to_one_process_and_half_made_segments_vanish(tmp_path: Path) -> None:
    first = FileDisk(tmp_path)
    (tmp_path / "00000009.journal.new").write_bytes(b"half")
    with pytest.raises(BlockingIOError):
        FileDisk(tmp_path)
    first.close()
    first.close()
    second = FileDisk(tmp_path)
    assert list(second.names()) == []
    assert not list(tmp_path.glob("*.new"))
    second.close()


def test_a_segment_file_is_whole_before_its_first_record(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    open_journal(disk).append(FLAG, durable=True)
    made = tmp_path / segment_name(0)
    assert made.stat().st_size == SMALL
    assert made.stat().st_blocks * 512 >= SMALL, "no holes: a sync must not need the file system's own journal"
    assert made.stat().st_mode & 0o077 == 0
    disk.close()


# --- power cuts -------------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 150), st.booleans()), min_size=1, max_size=25),
    st.sampled_from(Tail),
    st.integers(0, 2**16),
    st.sampled_from(Tail),
)
def test_after_any_cut_a_prefix_is_left_that_holds_everything_acknowledged(
    appends: list[tuple[int, bool]], tail: Tail, seed: int, second_tail: Tail
) -> None:
    disk = MemoryDisk()
    journal = open_journal(disk)
    acknowledged = written = 0
    for size, durable in appends:
        written = journal.append(r.Flag("test", f"{written + 1}".ljust(size, "x")), durable=durable)
        acknowledged = written if durable else acknowledged
    assert journal.head()[0] == acknowledged
    head = journal.head()[1]
    disk.cut(tail, seed)
    with pytest.raises(PowerLost):
        journal.append(FLAG)
    disk.power_on()
    journal = open_journal(disk)
    left = [int(detail.rstrip("x")) for detail in flags(journal)]
    assert left == list(range(1, len(left) + 1))
    assert acknowledged <= len(left) <= written
    assert journal.confirms(acknowledged, head), "a head that the centre was told stays in the journal"
    # The start syncs the records it found before anybody uses them, and the journal goes on.
    disk.cut(second_tail, seed)
    disk.power_on()
    journal = open_journal(disk)
    assert len(flags(journal)) == len(left)
    assert journal.append(r.Flag("test", "after"), durable=True) == len(left) + 1
    assert open_journal(disk).verify() == len(left) + 1


def test_a_killed_process_leaves_what_it_wrote_and_the_next_one_makes_it_durable() -> None:
    disk = MemoryDisk()
    open_journal(disk).append(FLAG, durable=False)
    journal = open_journal(disk)
    assert len(flags(journal)) == 1
    disk.cut(Tail.DROPPED)
    disk.power_on()
    assert len(flags(open_journal(disk))) == 1


def left_by(disk: MemoryDisk, seed: int) -> int:
    """The offset of the last byte after a torn cut."""
    disk.cut(Tail.TORN, seed)
    disk.power_on()
    return len(disk.read(segment_name(0)).rstrip(b"\0")) - 512


def test_a_torn_tail_is_cut_off_once() -> None:
    disk = MemoryDisk()
    journal = open_journal(disk)
    journal.append(FLAG, durable=True)
    journal.append(r.Flag("test", "x" * 150), durable=False)
    size = frames.OVERHEAD + len('["test",""]') + 150
    torn = next(seed for seed in range(99) if 50 < left_by(disk.copy(), seed) - 512 < size)
    disk.cut(Tail.TORN, torn)
    disk.power_on()
    journal = open_journal(disk)
    assert journal.opening.cut_off_bytes > 0
    assert open_journal(disk).opening.cut_off_bytes == 0


# --- a medium that fails ----------------------------------------------------------------------------


def refuses_everything(journal: Journal) -> None:
    for attempt in (lambda: journal.append(FLAG), journal.sync, journal.reserve, lambda: list(journal.records())):
        with pytest.raises(JournalBroken, match="medium failed to"):
            attempt()


@pytest.mark.parametrize("operation", ["write", "sync"])
@pytest.mark.parametrize("forever", [False, True])
@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.ENOSPC])
def test_the_first_error_is_the_last_thing_the_journal_does(operation: str, forever: bool, code: int) -> None:
    """fsyncgate: a second sync would report success wrongly. The n-th call fails, for each n until the session has none."""
    records = list(session())
    for at in range(1, 60):
        disk = MemoryDisk()
        journal = open_journal(disk)
        disk.fail(operation, at=at, code=code, forever=forever)
        acknowledged = 0
        try:
            for record in records:
                journal.append(record)
                acknowledged = journal.head()[0]
            break
        except JournalBroken:
            disk.heal()
        refuses_everything(journal)
        again = open_journal(disk)
        assert acknowledged <= len(list(again.records())) <= acknowledged + len(records)
        assert [s.record for s in again.records()][:acknowledged] == list(map(self_read, records))[:acknowledged]
    assert at > 7, "the session needs more than seven calls, and each must have failed once"


def test_a_machine_that_had_a_journal_does_not_begin_another() -> None:
    """Fault D3: with an empty medium it would have lost its debts and its devices' last counters."""
    disk = MemoryDisk()
    with pytest.raises(JournalCorrupt, match="is not there"):
        Journal.open(disk, wall=lambda: NOON, mono=lambda: 0.0, may_begin=False)
    assert disk.names() == []


@pytest.mark.parametrize("operation", ["names", "read", "sync"])
def test_a_medium_that_cannot_be_read_at_a_start_is_broken_not_new(operation: str) -> None:
    disk = MemoryDisk()
    open_journal(disk).append(FLAG, durable=True)
    disk.fail(operation)
    with pytest.raises(JournalBroken):
        open_journal(disk)
    assert len(flags(open_journal(disk))) == 1


def test_a_full_medium_refuses_the_session_and_never_the_record() -> None:
    """Fault D1: once `reserve` has admitted a session, even the longest one finds room."""
    disk = MemoryDisk()
    journal = open_journal(disk)
    disk.fill()
    for _ in range(2):  # half of a small segment is reserved
        journal.reserve()
        for copy in range(120):
            journal.append(r.Flag("test", f"{copy}".ljust(160)), durable=True)
    with pytest.raises(JournalFull):
        journal.reserve()
    assert journal.append(FLAG) > 0, "a refused reserve must not break the journal"
    with pytest.raises(JournalFull):
        open_journal(MemoryDisk(capacity_bytes=1000))


@pytest.mark.parametrize("more", [1, 2 * SMALL // frames.SECTOR])
def test_records_may_be_appended_while_others_are_read(more: int) -> None:
    """Appended in the same segment, and past its end."""
    journal = open_journal(MemoryDisk())
    journal.append(FLAG, durable=True)
    reading = journal.records()
    assert next(reading).record == FLAG
    for _ in range(more):
        journal.append(FLAG, durable=True)
    assert all(stored.record == FLAG for stored in reading)


def test_the_longest_session_fits_into_its_room() -> None:
    disk = MemoryDisk()
    journal = open_journal(disk, SEGMENT_BYTES)
    for record in session(1, coins=(10,) * 405, copies=9, fee_yen=450):
        journal.append(record)
    failures = 4 * 1024  # each hopper once: intent and end
    assert frames.used_bytes(disk.read(segment_name(0))) + failures < SESSION_BYTES


def test_a_value_that_does_not_fit_leaves_no_trace() -> None:
    disk = MemoryDisk()
    journal = open_journal(disk)
    with pytest.raises(RecordInvalid):
        journal.append(r.Flag("test", "宮崎花子"))
    with pytest.raises(RecordInvalid, match="fits no segment"):
        journal.append(r.Checkpoint({"x": "x" * SMALL}, "", ""))
    assert journal.append(FLAG) == 1
    assert "宮崎".encode() not in disk.read(segment_name(0))


# --- segments ---------------------------------------------------------------------------------------


def filled(disk: MemoryDisk, segments: int = 3) -> Journal:
    journal = open_journal(disk, 8192)
    while len(disk.names()) < segments:
        journal.append(r.Flag("test", "x" * 100), durable=True)
    journal.append(FLAG, durable=True)
    return journal


def test_the_chain_goes_on_from_segment_to_segment() -> None:
    disk = MemoryDisk()
    journal = filled(disk)
    count = journal.verify()
    assert count > 30
    again = open_journal(disk, 8192)
    assert again.verify() == count
    assert [stored.seq for stored in again.records(3)] == list(range(4, count + 1))
    assert again.append(FLAG) == count + 1


def damage_first(disk: MemoryDisk) -> None:
    disk.damage(segment_name(0), 700, b"\xff")


def damage_last(disk: MemoryDisk) -> None:
    """In the current segment, with acknowledged records after it, so this is no torn tail."""
    disk.damage(segment_name(2), 512 + 40, b"\xff")


def damage_header(disk: MemoryDisk) -> None:
    disk.damage(segment_name(1), 20, b"\xff")


def lose_middle(disk: MemoryDisk) -> None:
    disk.lose(segment_name(1))


def lose_first(disk: MemoryDisk) -> None:
    disk.lose(segment_name(0))


def another_machines(disk: MemoryDisk) -> None:
    """The last segment is replaced by a valid one from another machine's journal."""
    other = MemoryDisk()
    open_journal(other, 8192).append(r.Flag("test", "other"), durable=True)
    filled(other)
    disk.damage(segment_name(2), 0, other.read(segment_name(2)))


def cut_in_the_middle(disk: MemoryDisk) -> None:
    """The second segment loses its last group; no record follows in this file, but another segment does."""
    data = disk.read(segment_name(1))
    last = frames.scan(data).entries[-1]
    disk.damage(segment_name(1), last.start, bytes(last.end - last.start))


@pytest.mark.parametrize(
    "harm", [damage_first, damage_last, damage_header, lose_middle, lose_first, another_machines, cut_in_the_middle]
)
def test_what_was_acknowledged_and_is_gone_keeps_the_machine_out_of_service(harm: Callable[[MemoryDisk], None]) -> None:
    disk = MemoryDisk()
    filled(disk)
    harm(disk)
    before = {name: disk.read(name) for name in disk.names()}
    with pytest.raises(JournalCorrupt):
        open_journal(disk, 8192).verify()
    assert {name: disk.read(name) for name in disk.names()} == before, "nothing is cut off from a broken medium"


def test_a_journal_set_back_to_an_old_image_is_found_by_its_witness() -> None:
    """I14: the medium alone does not show it; the head that the centre remembers does."""
    disk = MemoryDisk()
    journal = open_journal(disk)
    journal.append(r.Flag("test", "one"), durable=True)
    image = disk.copy()
    journal.append(r.Flag("test", "two"), durable=True)
    seq, head = journal.head()
    old = open_journal(image)
    assert not old.confirms(seq, head)
    old.append(r.Flag("test", "another two"), durable=True)
    assert not old.confirms(seq, head)
    assert journal.confirms(seq, head)
    assert journal.confirms(0, bytes(32).hex())


def test_damage_under_a_running_machine_is_found_when_it_reads() -> None:
    disk = MemoryDisk()
    journal = open_journal(disk)
    for _ in range(3):
        journal.append(FLAG, durable=True)
    disk.damage(segment_name(0), 530, b"\xff")
    with pytest.raises(JournalCorrupt):
        list(journal.records())


# --- checkpoints ------------------------------------------------------------------------------------


def test_a_start_from_the_last_checkpoint_gives_the_same_book(tmp_path: Path) -> None:
    disk = MemoryDisk()
    seal = KeySeal.load_or_make(tmp_path / "seal.pem")
    memory = Memory(open_journal(disk, SMALL), seal)
    for which in range(1, 60):
        for record in session(which):
            memory.note(record)
        memory.rest(checkpoint_every=200)
    again = Memory(open_journal(disk))
    assert again.book.snapshot() == memory.book.snapshot()
    assert Book.replay(stored.record for stored in again.journal.records()).snapshot() == memory.book.snapshot()
    assert sum(1 for _ in again.journal.recent()) <= 200 + 2 * 15
    assert not [stored.seq for stored in again.journal.records() if is_forged(stored, seal.public)]


def test_a_checkpoint_without_a_valid_signature_is_named(tmp_path: Path) -> None:
    seal, other = KeySeal.load_or_make(tmp_path / "a.pem"), KeySeal.load_or_make(tmp_path / "b.pem")
    disk = MemoryDisk()
    memory = Memory(open_journal(disk), seal)
    memory.checkpoint()
    memory.seal = other
    memory.checkpoint()
    memory.seal = None
    memory.checkpoint()
    memory.note(r.Checkpoint(memory.book.snapshot(), seal.key_id, seal.sign(b"something else")))
    assert [stored.seq for stored in memory.journal.records() if is_forged(stored, seal.public)] == [2, 3, 4]
    assert not is_good(seal.public, b"x", "not hex")


def test_the_same_history_makes_the_same_bytes() -> None:
    """Determinism: nothing but the records, the clocks and the boot number decides a byte."""
    images = []
    for _ in range(2):
        disk = MemoryDisk()
        journal = open_journal(disk)
        for record in session(Random(5).randrange(100)):
            journal.append(record)
        images.append(disk.read(segment_name(0)))
    assert images[0] == images[1]


def test_a_normal_session_fits_four_kilobytes() -> None:
    """One certificate: one 500-yen coin and change, or three coins and none."""
    for coins in [(500,), (100, 100, 100)]:
        disk = MemoryDisk()
        memory = Memory(open_journal(disk))
        memory.rest()
        for record in session(coins=coins):
            memory.note(record)
        memory.rest()
        used = frames.align(frames.scan(disk.read(segment_name(0))).end) - frames.SECTOR
        assert used <= 4096


def test_a_record_that_does_not_follow_is_refused_before_a_byte_is_written() -> None:
    """If it were written first, it would stop every later start."""
    disk = MemoryDisk()
    memory = Memory(open_journal(disk))
    before = disk.read(segment_name(0))
    with pytest.raises(ProtocolBroken):
        memory.note(r.SessionClosed("0" * 32, 0, 0, 0, 0, "issued", ""))
    assert disk.read(segment_name(0)) == before


def test_records_that_do_not_follow_from_each_other_close_the_machine() -> None:
    """Written by another release or by hand: the machine halts with 101 instead of failing at each start."""
    disk = MemoryDisk()
    journal = open_journal(disk)
    journal.append(r.PaperTaken("0" * 32))
    journal.append(r.SessionClosed("0" * 32, 0, 0, 0, 0, "issued", ""))
    with pytest.raises(JournalCorrupt, match="do not follow"):
        Memory(open_journal(disk))
