"""The printer's answers, compared with the manuals; and random bytes in random pieces."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.profile import Dialect
from drivers.printer.replies import (
    AutomaticStatus,
    Cleared,
    Counter,
    EjectorStatus,
    FullStatus,
    Noise,
    ProcessId,
    QueuedByte,
    RealTimeStatus,
    ReplyParser,
)

_GOLDEN = [
    (Dialect.EPSON, "12", RealTimeStatus(0x12)),  # TM-T88III page 84: fixed bits 0xx1xx10
    (Dialect.EPSON, "16", RealTimeStatus(0x16)),
    (Dialect.EPSON, "7e", RealTimeStatus(0x7E)),
    (Dialect.EPSON, "3c 00 0f 00", AutomaticStatus(bytes.fromhex("3c 00 0f 00"))),  # Citizen CT-S2000 page 62
    (Dialect.EPSON, "0f", QueuedByte(0x0F)),  # GS r 1: near end and end
    (Dialect.EPSON, "20", QueuedByte(0x20)),  # GS I 1 of a TM-T88III
    (Dialect.EPSON, "37 22 30 30 34 32 00", ProcessId(b"0042")),  # Epson gs_lparen_ch_fn48
    (Dialect.EPSON, "37 25 00", Cleared()),  # Epson dle_dc4_fn8
    (Dialect.EPSON, "5f 31 32 30 00", Counter(120, "")),  # TM-T88III page 476: counter value 120
    (Dialect.EPSON, "5f 31 13 32 11 30 00", Counter(120, "")),  # XOFF and XON fall into the block
    (Dialect.CUSTOM, "10 0f 21 08 00 00", FullStatus(bytes.fromhex("21 08 00 00"))),  # KPM210/216 page 36
    (Dialect.CUSTOM, b"2376 cuts".hex(), Counter(2376, "cuts")),  # KPM216H page 71
    (Dialect.CUSTOM, b"251550cm".hex(), Counter(251550, "cm")),
    (Dialect.CUSTOM, b"512ret".hex(), Counter(512, "ret")),
    (Dialect.CUSTOM, b"512on".hex(), Counter(512, "on")),  # KPM216H page 72
]


@pytest.mark.parametrize(("dialect", "raw", "reply"), _GOLDEN)
def test_golden_answers_in_one_piece_and_byte_by_byte(dialect: Dialect, raw: str, reply: object) -> None:
    data = bytes.fromhex(raw)
    assert ReplyParser(dialect).feed(data) == [reply]
    parser = ReplyParser(dialect)
    assert [found for byte in data for found in parser.feed(bytes((byte,)))] == [reply]


@given(
    st.lists(st.sampled_from([raw for dialect, raw, _ in _GOLDEN if dialect is Dialect.EPSON]), max_size=12), st.data()
)
def test_a_stream_reads_alike_however_it_is_cut(answers: list[str], data: st.DataObject) -> None:
    stream = b"".join(bytes.fromhex(raw) for raw in answers)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    parser = ReplyParser(Dialect.EPSON)
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = {raw: reply for dialect, raw, reply in _GOLDEN if dialect is Dialect.EPSON}
    assert [reply for piece in pieces for reply in parser.feed(piece)] == [expected[raw] for raw in answers]


def test_flow_control_bytes_are_no_answers() -> None:
    assert ReplyParser(Dialect.EPSON).feed(b"\x13\x12\x11") == [RealTimeStatus(0x12)]


def test_the_ejector_is_heard_only_when_asked() -> None:
    parser = ReplyParser(Dialect.CUSTOM)
    assert parser.feed(b"\x88") == [Noise(b"\x88")]
    parser.ejector_asked = True
    assert parser.feed(b"\x88") == [EjectorStatus(0x88)]
    parser.ejector_asked = True
    assert parser.feed(b"\x10") == [EjectorStatus(0x10)]  # its motor bit, not the head of a full status


@pytest.mark.parametrize("dialect", list(Dialect))
def test_no_bytes_make_it_raise_or_swallow_for_ever(dialect: Dialect) -> None:
    source = random.Random(f"replies {dialect}")
    parser = ReplyParser(dialect)
    for _ in range(4000):
        parser.ejector_asked = source.random() < 0.1
        parser.feed(source.randbytes(source.randrange(1, 12)))
        assert len(parser._held) <= 128
    parser.reset()
    good = b"\x10\x0f\x00\x00\x00\x00" if dialect is Dialect.CUSTOM else b"\x12"
    assert len(parser.feed(good)) == 1
