"""Pixels in the layout of the kernel's framebuffer; only changed rows are written."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from drivers.errors import LineLost, WrongDevice
from drivers.screen import framebuffer
from drivers.screen.framebuffer import FileSink, FramebufferScreen, encode
from host_sim.models.screen_glass import ScreenGlass

# One pixel each. 32 bits: include/uapi/linux/fb.h with red.offset 16, green 8, blue 0, little-endian memory.
# 16 bits: red.offset 11 length 5, green 5/6, blue 0/5 (as in `fbset -rgba 5/11,6/5,5/0`).
GOLDEN = {
    (255, 0, 0): ("0000ff00", "00f8"),
    (0, 255, 0): ("00ff0000", "e007"),
    (0, 0, 255): ("ff000000", "1f00"),
    (255, 255, 255): ("ffffff00", "ffff"),
    (0x12, 0x34, 0x56): ("56341200", "aa11"),  # 00010 001101 01010
}


@pytest.mark.parametrize("colour", GOLDEN)
def test_pixels_are_the_kernels(colour):
    image = Image.new("RGB", (1, 1), colour)
    bgrx, rgb565 = encode(image, "bgrx"), encode(image, "rgb565")
    assert bgrx[:3].hex() == GOLDEN[colour][0][:6], "the fourth byte is nobody's"
    assert len(bgrx) == 4
    assert rgb565.hex() == GOLDEN[colour][1]


class Recorder:
    def __init__(self, glass):
        self.glass, self.rows = glass, set()

    def write_rows(self, top, rows):
        self.rows |= set(range(top, top + len(rows) // (self.glass.width * 4)))
        self.glass.write_rows(top, rows)


boxes = st.tuples(st.integers(0, 39), st.integers(0, 29), st.integers(0, 39), st.integers(0, 29), st.integers(0, 3))


@given(st.lists(st.lists(boxes, max_size=3), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_what_is_shown_is_on_the_glass_and_only_changed_rows_were_written(pictures):
    recorder = Recorder(ScreenGlass(40, 30))
    screen = FramebufferScreen(recorder, (40, 30))
    image = Image.new("RGB", (40, 30))
    screen.show(image)
    for picture in pictures:
        before = image
        image = image.copy()
        for x0, y0, x1, y1, colour in picture:
            box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            ImageDraw.Draw(image).rectangle(box, fill=["#000", "#123", "#fff", "#f80"][colour])
        recorder.rows.clear()
        screen.show(image)
        assert recorder.glass.image() == image
        row = [(0, y, 40, y + 1) for y in range(30)]
        assert recorder.rows == {y for y in range(30) if before.crop(row[y]).tobytes() != image.crop(row[y]).tobytes()}


def test_sixteen_bits_keep_what_sixteen_bits_can():
    glass = ScreenGlass(8, 2, "rgb565")
    screen = FramebufferScreen(glass, (8, 2), "rgb565")
    image = Image.new("RGB", (8, 2), (0x12, 0x9A, 0xF0))
    screen.show(image)
    assert all(abs(a - b) < 8 for a, b in zip(glass.image().getpixel((3, 1)), (0x12, 0x9A, 0xF0), strict=True))


class Broken:
    def __init__(self, sink):
        self.sink, self.broken = sink, False

    def write_rows(self, top, rows):
        if self.broken and top > 0:
            raise LineLost("screen", "gone.")
        self.sink.write_rows(top, rows)


def test_after_a_lost_write_the_next_picture_is_whole():
    glass = ScreenGlass(8, 8)
    sink = Broken(glass)
    screen = FramebufferScreen(sink, (8, 8))
    red, spots = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "red")
    spots.putpixel((0, 0), (0, 0, 0))
    spots.putpixel((0, 5), (0, 0, 0))
    screen.show(red)
    sink.broken = True
    with pytest.raises(LineLost):
        screen.show(spots)
    sink.broken = False
    glass.write_rows(3, bytes(32))  # as if the panel had lost a row
    screen.show(red)
    assert glass.image() == red


def test_a_file_holds_what_dev_fb0_would(tmp_path):
    path = tmp_path / "screen.raw"
    sink = FileSink(path, (4, 3))
    assert not path.exists(), "nothing is opened before the first picture"
    image = Image.new("RGB", (4, 3), "white")
    image.putpixel((1, 2), (255, 0, 0))
    FramebufferScreen(sink, (4, 3)).show(image)
    assert path.stat().st_size == 4 * 3 * 4
    assert path.stat().st_mode & 0o077 == 0, "a screen may show a name, so only the owner may read the file"
    sink.close()
    sink.close()
    glass = ScreenGlass(4, 3)
    assert glass.load(path) is True
    assert glass.load(path) is False
    assert glass.image() == image


def test_a_panel_that_is_not_the_unit_files_refuses(tmp_path):
    for name, text in {"virtual_size": "800,480", "bits_per_pixel": "16", "stride": "1664"}.items():
        (tmp_path / name).write_text(text + "\n")
    assert framebuffer._stride_of(tmp_path, Path("/dev/fb0"), (800, 480), 2) == 1664
    with pytest.raises(WrongDevice, match="16 bits"):
        framebuffer._stride_of(tmp_path, Path("/dev/fb0"), (800, 480), 4)
    with pytest.raises(WrongDevice, match="800x480"):
        framebuffer._stride_of(tmp_path, Path("/dev/fb0"), (1024, 600), 2)


def test_a_padded_row_is_written_at_its_stride(tmp_path):
    path = tmp_path / "fb"
    sink = FileSink(path, (2, 2))
    sink._stride = 12
    FramebufferScreen(sink, (2, 2)).show(Image.new("RGB", (2, 2), "white"))
    sink.close()
    white = b"\xff\xff\xff"
    data = path.read_bytes()
    assert [data[at : at + 3] for at in (0, 4, 12, 16)] == [white] * 4
    assert data[8:12] == bytes(4)


def test_the_glass_refuses_rows_that_do_not_fit():
    glass = ScreenGlass(4, 2)
    with pytest.raises(ValueError, match="do not fit"):
        glass.write_rows(1, bytes(4 * 4 * 2))
    with pytest.raises(ValueError, match="do not fit"):
        glass.write_rows(0, bytes(5))
