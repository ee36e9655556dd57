"""ccTalk frames: golden bytes, noise at every position, and which errors a checksum detects."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.coin.cctalk import MAX_FRAME, Checksum, Frame, Parser, coin_value, crc_ccitt, encode
from tests.bench.bench_coin import fuzz_parser

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "frames").glob("cctalk_*.hex"))
BOTH = pytest.mark.parametrize("checksum", list(Checksum))

byte = st.integers(0, 255)
frames = st.builds(Frame, byte, byte, byte, st.binary(max_size=255))


def as_heard(frame: Frame, checksum: Checksum) -> Frame:
    """The frame as it is decoded: with CRC the wire does not carry the source address."""
    return Frame(frame.destination, None if checksum is Checksum.CRC else frame.source, frame.header, frame.data)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_frames_of_the_specification_both_ways(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = dict(re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE))
    assert head["document"]
    assert head["place"]
    wire = bytes.fromhex(" ".join(line for line in text.splitlines() if not line.startswith("#")))
    found = re.fullmatch(r"destination (\d+), source (\d+|-), header (\d+), data ?([0-9A-F ]*)", head["frame"])
    assert found
    source = None if found[2] == "-" else int(found[2])
    frame = Frame(int(found[1]), source, int(found[3]), bytes.fromhex(found[4]))
    checksum = Checksum(head["checksum"])
    assert encode(frame, checksum) == wire
    assert Parser(checksum).feed(wire, 0.0) == [frame]


def test_crc_of_the_specification() -> None:
    # Part 3, appendix 9.
    assert crc_ccitt(bytes((40, 0, 1))) == 0x3F46
    assert crc_ccitt(bytes((1, 0, 0))) == 0x3730


def test_a_sum_that_is_zero_already_has_the_check_byte_0() -> None:
    # Part 1, 7.10: not 256. Address 13 with header 242 is such a frame.
    assert encode(Frame(13, 1, 242), Checksum.SIMPLE) == bytes((13, 0, 1, 242, 0))


@BOTH
@given(frame=frames)
def test_what_was_encoded_is_heard(checksum: Checksum, frame: Frame) -> None:
    assert Parser(checksum).feed(encode(frame, checksum), 0.0) == [as_heard(frame, checksum)]


@BOTH
@given(sent=st.lists(frames, max_size=4), cuts=st.lists(st.integers(0, 600), max_size=12))
def test_frames_are_found_in_pieces_of_any_size(checksum: Checksum, sent: list[Frame], cuts: list[int]) -> None:
    wire = b"".join(encode(frame, checksum) for frame in sent)
    parser, heard, begin = Parser(checksum), [], 0
    for end in [*sorted(cuts), len(wire)]:
        heard += parser.feed(wire[begin:end], 0.0)
        begin = max(begin, end)
    assert heard == [as_heard(frame, checksum) for frame in sent]


@given(frame=frames, place=st.integers(0, MAX_FRAME * 8 - 1))
@BOTH
def test_no_single_flipped_bit_passes(checksum: Checksum, frame: Frame, place: int) -> None:
    wire = bytearray(encode(frame, checksum))
    at, bit = (place // 8) % len(wire), place % 8
    wire[at] ^= 1 << bit
    parser = Parser(checksum)
    heard = parser.feed(bytes(wire), 0.0) + parser.give_up()
    assert as_heard(frame, checksum) not in heard
    # A frame found inside by chance must be in the bytes, whole and with a good sum.
    for inner in heard:
        again = encode(Frame(inner.destination, inner.source, inner.header, inner.data), checksum)
        assert again in bytes(wire)


@BOTH
@pytest.mark.parametrize("noise", [b"\x01", b"\x01\xff", b"\x00", b"\xff" * 7, b"\x01\x0b\x02\x00\x05"])
def test_noise_in_front_of_a_reply_costs_the_gap_but_not_the_reply(checksum: Checksum, noise: bytes) -> None:
    reply = Frame(1, 2, 0, bytes(11))
    parser = Parser(checksum)
    heard = parser.feed(noise + encode(reply, checksum), 0.0)
    heard += parser.feed(b"", 0.051)
    heard += parser.give_up()
    assert heard == [as_heard(reply, checksum)]
    assert parser.dropped == len(noise)


def test_a_pause_inside_a_frame_ends_it() -> None:
    # Part 1, section 11: more than 50 ms between two bytes, and the receiver starts afresh.
    wire = encode(Frame(1, 2, 0, b"abcdef"), Checksum.SIMPLE)
    parser = Parser(Checksum.SIMPLE)
    assert parser.feed(wire[:6], 0.0) == []
    assert parser.feed(wire[6:], 0.060) == []
    assert parser.feed(encode(Frame(1, 2, 0), Checksum.SIMPLE), 0.200)[-1:] == [Frame(1, 2, 0)]


def test_the_parser_survives_anything_and_loses_no_good_frame() -> None:
    result = fuzz_parser(50_000, seed=random.Random(4).randrange(1 << 30))
    assert result.lost == 0
    assert result.invented == 0


@pytest.mark.parametrize(
    ("coin", "yen"),
    [  # part 3, appendix 3
        ("JP010A", 10),
        ("JP050A", 50),
        ("JP100A", 100),
        ("JP500A", 500),
        ("JP500B", 500),
        ("JP1K0A", 1000),
        ("JP2K5A", 2500),
        ("JP10KA", 10_000),
        ("JPM10A", 100_000),
        ("......", None),
        ("------", None),
        ("TK001A", None),
        ("EU.10A", None),
        ("EU2.5A", None),
        ("XX5m0A", None),
        ("JP000A", None),
        ("", None),
        ("JP१००A", None),
    ],
)
def test_the_value_of_a_coin_identification(coin: str, yen: int | None) -> None:
    assert coin_value(coin) == yen
