"""The board's codec under MicroPython: the golden frames both ways, and whatever bytes a wire may bring."""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.io_board.process import Process
from tests.unit.io_board.board_page import ask_body, body_of, frame, loader_body, set_body

GOLDEN = tomllib.loads((Path(__file__).parents[2] / "golden" / "io_board" / "frames.toml").read_text())
TOWARDS_THE_BOARD = [golden for kind in ("set", "ask", "loader", "other_version") for golden in GOLDEN[kind]]
Codec = Callable[..., Any]


@pytest.fixture(scope="module")
def codec() -> Iterator[Codec]:
    process = Process(seed=0, chip=Path(__file__).parent / "bare")
    yield lambda do, **fields: process.ask({"do": do, **fields})["done"]  # type: ignore[typeddict-item]
    process.close()


def name(golden: dict[str, Any]) -> str:
    return str(golden["name"])


@pytest.mark.parametrize("golden", GOLDEN["report"], ids=name)
def test_reports(codec: Codec, golden: dict[str, Any]) -> None:
    fields = {key: value for key, value in golden.items() if key not in {"name", "wire"}}
    fields["edges"] = [2 * edge["at_us"] + edge["active"] for edge in golden["edges"]]
    assert codec("report", **fields) == golden["wire"]


@pytest.mark.parametrize("golden", GOLDEN["identity"], ids=name)
def test_identities(codec: Codec, golden: dict[str, Any]) -> None:
    fields = {key: value for key, value in golden.items() if key not in {"name", "wire"}}
    assert codec("identity", **fields) == golden["wire"]


@pytest.mark.parametrize("golden", TOWARDS_THE_BOARD, ids=name)
def test_whole_frames_of_the_machine(codec: Codec, golden: dict[str, Any]) -> None:
    assert codec("receive", wire=golden["wire"]) == [body_of(bytes.fromhex(golden["wire"])[:-1]).hex()]


def test_the_second_reading_of_the_page_makes_the_same_bytes() -> None:
    for golden in GOLDEN["set"]:
        body = set_body(golden["sequence"], golden["boot"], golden["acknowledged"], golden["outputs"])
        assert frame(body).hex() == golden["wire"]
    for golden in GOLDEN["ask"]:
        assert frame(ask_body(golden["sequence"])).hex() == golden["wire"]
    for golden in GOLDEN["loader"]:
        assert frame(loader_body(golden["sequence"], golden["boot"])).hex() == golden["wire"]


@given(bodies=st.lists(st.binary(min_size=3, max_size=32), max_size=4), idle=st.integers(0, 3))
def test_any_body_comes_through_and_empty_frames_are_none(codec: Codec, bodies: list[bytes], idle: int) -> None:
    wire = b"".join(b"\0" * idle + frame(body) for body in bodies)
    assert codec("receive", wire=wire.hex()) == [body.hex() for body in bodies]


@given(noise=st.binary(max_size=120), body=st.binary(min_size=3, max_size=32))
def test_after_any_bytes_the_next_frame_is_heard(codec: Codec, noise: bytes, body: bytes) -> None:
    """And whatever is taken for a frame is one: a right CRC, 3 to 32 bytes."""
    *others, last = codec("receive", wire=(noise + b"\0" + frame(body)).hex())
    assert last == body.hex()
    assert len(others) == len([coded for coded in noise.split(b"\0") if coded])
    for coded, other in zip([coded for coded in noise.split(b"\0") if coded], others, strict=True):
        assert other == _body_or_nothing(coded)


@given(
    body=st.binary(min_size=3, max_size=32), cut=st.integers(1, 40), bit=st.integers(0, 8 * 40 - 1), turn=st.booleans()
)
def test_one_wrong_bit_or_a_missing_end_is_noticed(codec: Codec, body: bytes, cut: int, bit: int, turn: bool) -> None:
    wire = bytearray(frame(body))
    if turn:
        wire[bit // 8 % (len(wire) - 1)] ^= 1 << bit % 8
    else:
        del wire[-2 - cut % (len(wire) - 1) : -1]
    assert body.hex() not in codec("receive", wire=(bytes(wire) + b"\0").hex())


def _body_or_nothing(coded: bytes) -> str:
    try:
        body = body_of(coded)
    except (ValueError, IndexError):
        return ""
    return body.hex() if 3 <= len(body) <= 32 and len(coded) <= 37 else ""
