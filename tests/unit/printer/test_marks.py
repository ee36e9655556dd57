"""Marks in the stream of bytes: which answers prove which mark."""

from drivers.printer.marks import Marks
from drivers.printer.profile import Proof
from drivers.printer.replies import Counter, ProcessId, QueuedByte


def _ids(marks: Marks, number: int) -> list[bytes]:
    return [marks.next()[-4:] for _ in range(number)]


def test_ids_rise_and_carry_the_job() -> None:
    marks = Marks(Proof.PROCESS_ID, 7)
    ids = _ids(marks, 200)
    assert ids == sorted(ids)
    assert len(set(ids)) == 200
    assert all(0x20 <= byte <= 0x7E for digits in ids for byte in digits)
    assert {digits[:2] for digits in ids}.isdisjoint({digits[:2] for digits in _ids(Marks(Proof.PROCESS_ID, 8), 1)})


def test_a_later_id_stands_for_those_before_it() -> None:
    marks = Marks(Proof.PROCESS_ID, 7)
    ids = _ids(marks, 5)
    marks.take(ProcessId(ids[3]))
    assert marks.done == 4
    assert not marks.each_answered(1, 4)
    marks.take(ProcessId(ids[1]))
    assert marks.done == 4
    for digits in ids[:3]:
        marks.take(ProcessId(digits))
    assert marks.each_answered(1, 4)


def test_ids_of_other_jobs_and_of_the_future_count_for_nothing() -> None:
    marks = Marks(Proof.PROCESS_ID, 7)
    future = _ids(Marks(Proof.PROCESS_ID, 7), 5)
    _ids(marks, 2)
    for digits in [*_ids(Marks(Proof.PROCESS_ID, 6), 2), future[4]]:
        marks.take(ProcessId(digits))
    marks.take(Counter(5, ""))
    assert marks.done == 0


def test_fences_take_turns() -> None:
    """The marks are GS I and GS r in turn, so a doubled answer is of the wrong kind for the next mark."""
    marks = Marks(Proof.FENCE, 1)
    assert [marks.next(), marks.next(), marks.next()] == [b"\x1dI1", b"\x1dr1", b"\x1dI1"]
    marks.take(QueuedByte(0x20))
    marks.take(QueuedByte(0x20))
    assert marks.done == 1
    marks.take(QueuedByte(0x00))
    marks.take(QueuedByte(0x0F))
    assert marks.done == 2
    marks.take(QueuedByte(0x20))
    marks.take(QueuedByte(0x00))
    assert marks.done == 3  # no further mark was sent


def test_the_odometer_reads_the_length_every_other_time() -> None:
    marks = Marks(Proof.ODOMETER, 1)
    assert [marks.next(), marks.next()] == [b"\x1d\xe3", b"\x1d\xe2"]
    marks.take(Counter(100, "cm"))
    marks.take(Counter(101, "cm"))
    marks.take(Counter(4, "cuts"))
    assert (marks.done, marks.lengths_cm) == (2, [100])
