"""Bytes to the printer, compared with the manuals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drivers.printer import escpos
from drivers.printer.profile import Profile, load_profile, profile_names
from drivers.printer.raster import has_real_time
from tests.unit.printer.rig import make_rows, small


def _one(profile: Profile, rows: bytes, width: int) -> bytes:
    (band,) = escpos.bands(rows, width, profile)
    return band.data


def test_gs_v_0() -> None:
    """Epson TM-T88III programming guide, GS v 0: 1D 76 30 m xL xH yL yH d1...dk, x in bytes, y in rows."""
    profile = replace(load_profile("receipt-80"), head_to_cutter_mm=0)
    assert _one(profile, b"\xff\x81\xff\x81", 16) == bytes.fromhex("1d 76 30 00 02 00 02 00 ff 81 ff 81")


def test_gs_8_l() -> None:
    """Citizen CT-E351 page 176, GS 8 L function 112: 30 70 30 bx by c xL xH yL yH, x in dots; then GS ( L 50."""
    profile = replace(load_profile("tm-t88"), head_to_cutter_mm=0)
    expected = "1d 38 4c 0e 00 00 00 30 70 30 01 01 31 10 00 02 00 ff 81 ff 81 1d 28 4c 02 00 30 32"
    assert _one(profile, b"\xff\x81\xff\x81", 16) == bytes.fromhex(expected)


def test_gs_paren_l() -> None:
    """HPRT TP809 page 14: the same with a length of two bytes."""
    profile = replace(load_profile("tm-t88"), head_to_cutter_mm=0, image=escpos.ImageCommand.GS_PAREN_L)
    expected = "1d 28 4c 0e 00 30 70 30 01 01 31 10 00 02 00 ff 81 ff 81 1d 28 4c 02 00 30 32"
    assert _one(profile, b"\xff\x81\xff\x81", 16) == bytes.fromhex(expected)


def test_esc_star_24() -> None:
    """ESC * 33: columns of three bytes, top bit first (TM-T88III guide page 94); ESC J 48 is 24 rows of half steps."""
    profile = replace(load_profile("kpm216h"), dots_per_command=24)
    rows = np.zeros((24, 4), np.uint8)
    rows[0, 0] = 0x80  # top left dot
    rows[23, 0] = 0x40  # bottom of the second column
    rows[8, 3] = 0x01  # the last column, second byte
    first = "1b 2a 21 18 00 80 00 00 00 00 01" + " 00 00 00" * 22
    second = "1b 2a 21 08 00" + " 00 00 00" * 7 + " 00 80 00"
    assert _one(profile, rows.tobytes(), 32) == bytes.fromhex(first + second + "1b 4a 30")


def test_process_id() -> None:
    """Epson ESC/POS reference, gs_lparen_ch_fn48: 1D 28 48 06 00 30 30 d1 d2 d3 d4."""
    assert escpos.process_id(b"0042") == bytes.fromhex("1d 28 48 06 00 30 30 30 30 34 32")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a4-203", "1d 56 41 00"),  # GS V 65 0
        ("tm-t88", "1d 56 42 00"),  # GS V 66 0
        ("kpm216h", "1b 4a f0 1b 4a 92 1b 69 1d 65 03 0c"),  # 24 mm in half dots, ESC i, GS e 3 12
    ],
)
def test_cut_and_present(name: str, expected: str) -> None:
    assert escpos.cut(load_profile(name)) == bytes.fromhex(expected)


def test_blank_rows_become_feeds() -> None:
    profile = replace(load_profile("receipt-80"), head_to_cutter_mm=0)
    rows = bytes(2 * 300) + b"\xff\xff" + bytes(2 * 100)
    first, last = escpos.bands(rows, 16, profile)
    assert first.data == bytes.fromhex("1b 4a f0 1b 4a 3c 1d 76 30 00 02 00 01 00 ff ff")
    assert (last.data, last.inked) == (bytes.fromhex("1b 4a 64"), False)


def test_rows_that_have_passed_the_head_are_not_fed_again() -> None:
    """The top of a sheet lies between cutter and head; a page with ink up there is moved down, not cropped."""
    profile = replace(load_profile("receipt-80"), head_to_cutter_mm=5)
    low = list(escpos.bands(bytes(2 * 100) + b"\xff\xff" + bytes(2 * 30), 16, profile))
    assert sum(band.rows for band in low) == 100 - 40 + 1 + 30
    high = list(escpos.bands(bytes(2 * 10) + b"\xff\xff" + bytes(2 * 30), 16, profile))
    assert sum(band.rows for band in high) == 1 + 30
    blank = list(escpos.bands(bytes(2 * 100), 16, profile))
    assert sum(band.rows for band in blank) == 60


def test_a_header_that_reads_as_a_real_time_command_is_avoided() -> None:
    """A GS 8 L of 1040 bytes has the length 10 04 00 00: DLE EOT 0."""
    profile = replace(load_profile("tm-t88"), head_to_cutter_mm=0, band_rows=103, window_bytes=8000, buffer_bytes=8192)
    rows = b"\xaa" * (10 * 103)  # 10 + 1030 = 1040
    data = b"".join(band.data for band in escpos.bands(rows, 80, profile))
    assert not has_real_time(data)
    assert data.startswith(bytes.fromhex("1d 38 4c 06 04 00 00"))  # one row fewer


@pytest.mark.parametrize("name", profile_names())
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), height=st.integers(1, 200))
def test_no_band_reads_as_a_real_time_command_or_outgrows_the_window(name: str, seed: int, height: int) -> None:
    profile, _ = small(name)
    random = np.random.default_rng(seed)
    # bytes that make look-alikes likely
    rows = random.choice(np.array([0x10, 0x04, 0x05, 0x14, 0x00], np.uint8), (height, profile.row_bytes)).tobytes()
    sent = escpos.sendable(rows, profile.width_dots, profile)
    assert escpos.sendable(sent, profile.width_dots, profile) == sent, "what is hashed is not what is sent"
    assert all(ours | theirs == ours for ours, theirs in zip(sent, rows, strict=True)), "a dot is missing"
    for band in escpos.bands(sent, profile.width_dots, profile):
        assert not has_real_time(band.data)
        assert len(band.data) <= profile.window_bytes


@pytest.mark.parametrize("name", profile_names())
def test_equal_pages_give_equal_bytes(name: str) -> None:
    profile = load_profile(name)
    rows = make_rows(profile.width_dots, 400)
    assert list(escpos.bands(rows, profile.width_dots, profile)) == list(
        escpos.bands(bytes(bytearray(rows)), profile.width_dots, profile)
    )
