"""The frames of the I/O board's driver, against the bytes of tests/golden/io_board/frames.toml, which its code did not make."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.io_board import frames
from drivers.io_board.frames import Damaged, Identity, Input, Output, Report, ReportedEdge, Splitter

GOLDEN = tomllib.loads((Path(__file__).parents[2] / "golden" / "io_board" / "frames.toml").read_text(encoding="utf-8"))


def named(kind: str) -> list:
    return [pytest.param(entry, id=entry["name"]) for entry in GOLDEN[kind]]


def coded(entry: dict) -> bytearray:
    return bytearray.fromhex(entry["wire"])[:-1]


@pytest.mark.parametrize("entry", named("set"))
def test_set(entry):
    made = frames.set_frame(entry["sequence"], entry["boot"], entry["acknowledged"], Output(entry["outputs"]))
    assert made.hex() == entry["wire"]


@pytest.mark.parametrize("entry", named("ask"))
def test_ask(entry):
    assert frames.ask_frame(entry["sequence"]).hex() == entry["wire"]


@pytest.mark.parametrize("entry", named("loader"))
def test_loader(entry):
    assert frames.loader_frame(entry["sequence"], entry["boot"]).hex() == entry["wire"]


@pytest.mark.parametrize("entry", named("report"))
def test_report(entry):
    wanted = Report(
        sequence=entry["sequence"],
        boot=entry["boot"],
        at_us=entry["at_us"],
        outputs=Output(entry["outputs"]),
        why=entry["why"],
        inputs=Input(entry["inputs"]),
        contacts=entry["contacts"],
        damaged=entry["damaged"],
        first=entry["first"],
        edges=tuple(ReportedEdge(edge["active"], edge["at_us"]) for edge in entry["edges"]),
    )
    wire = coded(entry)
    assert frames.read(wire) == wanted
    assert not any(wire), "the contacts are overwritten"
    assert "contacts" not in repr(wanted)


@pytest.mark.parametrize("entry", named("identity"))
def test_identity(entry):
    wanted = Identity(
        version=1, sequence=entry["sequence"], boot=entry["boot"], program_sha256=bytes.fromhex(entry["program"])
    )
    assert frames.read(coded(entry)) == wanted


@pytest.mark.parametrize("entry", [*named("damaged"), *named("other_version"), *named("set")])
def test_what_no_board_says_is_damaged(entry):
    """Also our own frames, as a loop-back plug would send them."""
    wire = coded(entry)
    with pytest.raises(Damaged):
        frames.read(wire)
    assert not any(wire)


@pytest.mark.parametrize("entry", GOLDEN["report"][:4])
def test_no_single_wrong_bit_is_taken_for_a_report(entry):
    """A CRC-32 finds every error of one bit; a bit that makes a zero ends the frame, and its parts are no frames either."""
    for bit in range(8 * len(coded(entry))):
        wire = coded(entry)
        wire[bit // 8] ^= 1 << bit % 8
        for part in Splitter().feed(bytes(wire) + b"\0"):
            with pytest.raises(Damaged):
                frames.read(part)


@given(
    st.lists(st.sampled_from([entry["wire"] for kind in ("report", "identity") for entry in GOLDEN[kind]])), st.data()
)
def test_frames_come_out_of_any_pieces(wires, data):
    stream = bytes.fromhex("".join(wires))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    splitter, found = Splitter(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += [bytes(frame).hex() + "00" for frame in splitter.feed(stream[begin:end])]
    assert found == wires


def test_what_never_ends_is_dropped_and_the_next_frame_is_heard():
    splitter = Splitter()
    assert list(splitter.feed(b"\x01" * 10_000)) == []
    assert list(splitter.feed(b"\0\0\x02\x03\0")) == [bytearray(b"\x02\x03")]
    assert splitter.damaged == 1


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data):
    for frame in Splitter().feed(data + b"\0"):
        try:
            frames.read(frame)
        except Damaged:
            continue
