"""Dots: ink stays whole, tint keeps its share of dots, no row reads as a real-time command, and the hash."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.raster import (
    PrintTicket,
    TicketSpent,
    has_real_time,
    pack,
    raster_sha256,
    row_bytes,
    scrub,
)


def _bits(packed: bytes, width: int) -> np.ndarray:
    return np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, row_bytes(width)), axis=1)[:, :width]


def test_most_significant_bit_is_the_left_dot() -> None:
    grey = np.full((2, 11), 255, np.uint8)
    grey[0, 0] = grey[1, 10] = 0
    assert pack(grey) == bytes.fromhex("80 00 00 20")


@pytest.mark.parametrize("level", [0, 60, 159])
def test_everything_dark_is_ink(level: int) -> None:
    grey = np.full((16, 24), level, np.uint8)
    assert pack(grey) == b"\xff" * 48


@pytest.mark.parametrize("level", [176, 200, 215, 230, 245])
def test_tint_keeps_its_share_of_dots(level: int) -> None:
    grey = np.full((256, 256), level, np.uint8)
    share = float(_bits(pack(grey), 256).mean())
    assert abs(share - (255 - level) / 255) < 1 / 64


def test_white_stays_white() -> None:
    assert not any(pack(np.full((64, 64), 255, np.uint8)))


def test_smoothed_edges_leave_no_dots_beside_letters() -> None:
    """The smoothed edge of a stroke is lighter than ink; no dot of tint may cling to it."""
    grey = np.full((64, 64), 255, np.uint8)
    grey[:, 30:33] = 0
    grey[:, 29] = grey[:, 33] = 190  # the smoothed edge that a renderer draws
    dots = _bits(pack(grey), 64)
    assert dots[:, 30:33].all()
    assert dots.sum() == 3 * 64


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("wide_dots", [0.4, 0.6, 1.0])
@pytest.mark.parametrize("place", [n / 8 for n in range(8)])
def test_a_stroke_thinner_than_a_dot_is_whole_wherever_it_stands(upright: bool, wide_dots: float, place: float) -> None:
    """As a renderer draws it: each row of dots as dark as the part of it that the stroke covers."""
    covered = [max(0.0, min(row + 1, 9 + place + wide_dots) - max(row, 9 + place)) for row in range(20)]
    grey = np.repeat((255 - 255 * np.array(covered)).astype(np.uint8)[:, None], 24, axis=1)
    grey[:, :2] = grey[:, 22:] = 255
    if upright:
        grey = np.ascontiguousarray(grey.T)
    dots = _bits(pack(grey), grey.shape[1])
    dots = dots.T if upright else dots
    inked = np.flatnonzero(dots.any(axis=1))
    assert 1 <= len(inked) <= 2
    assert dots[inked, 2:22].all(), "no gap in it"
    assert dots.sum() == 20 * len(inked)


@given(st.binary(max_size=300), st.sampled_from([b"\x10\x04", b"\x10\x05", b"\x10\x14", b"\x10\x10\x04"]), st.binary())
def test_scrubbing_only_adds_dots_and_only_where_it_must(left: bytes, bad: bytes, right: bytes) -> None:
    data = left + bad + right
    clean = scrub(data)
    assert not has_real_time(clean)
    assert len(clean) == len(data)
    changed = [(old, new) for old, new in zip(data, clean, strict=True) if old != new]
    assert all(old == 0x10 and new == 0x30 for old, new in changed)
    assert len(changed) == sum(data.count(bytes((0x10, second))) for second in (0x04, 0x05, 0x14))
    assert scrub(clean) is clean


def test_a_page_of_noise_is_packed_clean_and_always_alike() -> None:
    grey = np.random.default_rng(5).integers(0, 256, (400, 1664), dtype=np.uint8)
    packed = pack(grey)
    assert not has_real_time(packed)
    assert pack(grey.copy()) == packed


def test_how_a_dot_is_printed_depends_only_on_the_dots_around_it() -> None:
    """Not on where a band begins, and not on whether the band has ink anywhere else."""
    greys = np.array([0, 159, 160, 211, 212, 239, 240, 255], np.uint8)
    page = np.random.default_rng(11).choice(greys, (480, 136), p=[0.02, 0.02, 0.1, 0.1, 0.15, 0.15, 0.2, 0.26])
    page[200:330, :] = 219  # nothing but tint
    whole = np.frombuffer(pack(page), np.uint8).reshape(480, -1)
    for first in range(8, 472, 8):  # whole patterns of tint
        rest = np.frombuffer(pack(page[first:]), np.uint8).reshape(480 - first, -1)
        assert np.array_equal(rest[3:], whole[first + 3 :]), first


def test_the_hash_names_shape_and_dots() -> None:
    # sha256 of "kofuki-raster-1" NUL, 00000010, 00000001, ff00, by coreutils sha256sum
    assert raster_sha256(16, 1, b"\xff\x00") == "7d2eac6c6826f5c8e31dcf3f872f3705297999c3da131c63ddf27d3c3d89cc2e"
    assert raster_sha256(16, 1, b"\xff\x00") != raster_sha256(8, 2, b"\xff\x00")


def test_a_ticket_is_good_once() -> None:
    ticket = PrintTicket("r", 1, ("a",))
    ticket.use()
    with pytest.raises(TicketSpent):
        ticket.use()
    assert not ticket.revoke()


def test_a_revoked_ticket_is_good_for_nothing() -> None:
    ticket = PrintTicket("r", 1, ("a",))
    assert ticket.revoke()
    with pytest.raises(TicketSpent):
        ticket.use()
