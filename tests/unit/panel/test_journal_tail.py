"""The panel's reader of the journal, compared with the journal that the machine writes."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from firmware.book import records
from firmware.journal.disk import FileDisk
from firmware.journal.journal import Journal
from host_sim.journal_tail import AUTHORISED, COPY_PRINTED, NAMES, SESSION_CLOSED, JournalTail

AT = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


def _journal(folder: Path, segment_bytes: int) -> Journal:
    return Journal.open(FileDisk(folder), wall=lambda: AT, mono=lambda: 1.5, segment_bytes=segment_bytes)


def test_reads_on_across_groups_segments_and_a_reader_that_looks_at_any_moment(tmp_path: Path) -> None:
    chance = Random(7)
    journal = _journal(tmp_path / "journal", 8 << 10)
    tail = JournalTail(tmp_path / "journal")
    seen: list[tuple[int, int]] = []
    for number in range(400):
        code = "x" * chance.randint(1, 40)
        journal.append(records.Flag(code=code, detail="y" * chance.randint(0, 90)), durable=chance.random() < 0.4)
        if chance.random() < 0.1:
            seen += [(line.seq, len(line.fields[0])) for line in tail.new()]
        assert number + 1 >= len(seen)
    journal.sync()
    seen += [(line.seq, len(line.fields[0])) for line in tail.new()]
    assert [seq for seq, _ in seen] == list(range(1, 401))
    assert tail.new() == []
    assert len(list((tmp_path / "journal").glob("*"))) > 3, "the test must write several segments"


def test_a_record_that_is_only_half_there_is_not_read(tmp_path: Path) -> None:
    journal = _journal(tmp_path / "journal", 64 << 10)
    journal.append(records.Flag(code="whole", detail=""), durable=True)
    journal.append(records.Flag(code="torn", detail="z" * 100), durable=True)
    journal.close()
    segment = next(path for path in (tmp_path / "journal").iterdir() if not path.name.startswith("."))
    data = bytearray(segment.read_bytes())
    data[data.rindex(b"torn") + 20] ^= 1
    segment.write_bytes(data)
    assert [line.fields[0] for line in JournalTail(tmp_path / "journal").new()] == ["whole"]


def test_numbers_and_fields_are_those_of_the_machine() -> None:
    """Record numbers are on media in the field and never change; a new kind of record needs its name here."""
    from firmware.book.schema import schema

    kinds = schema().by_number
    assert {number: kind.name for number, kind in kinds.items()} == NAMES
    assert kinds[SESSION_CLOSED].field_names[1:7] == (
        "inserted_yen",
        "earned_yen",
        "paid_out_yen",
        "claimed_yen",
        "outcome",
        "reason",
    )
    assert kinds[COPY_PRINTED].field_names[2] == "issue_number"
    assert kinds[AUTHORISED].field_names[1] == "copies"
