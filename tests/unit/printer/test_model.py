"""The simulated printer compared with the manuals: it complains of unknown bytes and takes a real printer's time."""

import numpy as np
import pytest

from host_sim.models.printer import PrinterModel
from host_sim.models.printer.realtime import CLEAR, Scanner
from host_sim.models.printers import printer_named


def _printer(name: str = "receipt-80", **other: object) -> PrinterModel:
    return printer_named(name, **other)


def _run(printer: PrinterModel, data: bytes, now_s: float = 0.0, for_s: float = 60.0) -> bytes:
    printer.receive(data, now_s)
    return printer.transmit(now_s + for_s)


def _raster(rows: bytes, width_bytes: int) -> bytes:
    height = len(rows) // width_bytes
    return b"\x1dv0\x00" + width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little") + rows


def test_dots_lie_where_they_were_sent() -> None:
    printer = _printer()
    _run(printer, b"\x1b@" + _raster(b"\x80\x01\x00\xff", 2) + b"\x1bJ\x0a\x1dVB\x00")
    (sheet,) = printer.tray
    assert (sheet.width_dots, sheet.height_dots, sheet.cut, sheet.complete) == (576, 104 + 12, "partial", True)
    dots = np.argwhere(sheet.dots()).tolist()
    assert dots == [[104, 0], [104, 15], *([105, x] for x in range(8, 16))]
    assert sheet.image().size == (576, 116)


def test_a_cut_without_feed_leaves_the_rest_on_the_next_sheet() -> None:
    """GS V 1 cuts where the paper stands; what lies between head and cutter comes with the next sheet."""
    printer = _printer()
    _run(printer, _raster(b"\xff" * 20, 1) + b"\x1dV\x01" + b"\x1dVB\x00")
    first, second = printer.tray
    assert first.height_dots == 20
    assert first.blank
    assert not second.complete
    assert second.dots().sum() == 160


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("receipt-80", b"\x1b\x7f", "unknown command 1b 7f"),
        ("receipt-80", b"\x07", "unknown byte 07"),
        ("receipt-80", b"\x1d(H\x06\x0000abcd", "unknown command 1d 28 48"),
        ("receipt-80", b"\x1dg2\x00\xb2\x00", "unknown command 1d 67"),
        ("receipt-80", b"\x1cC\x01", "unknown command 1c 43"),
        ("receipt-80", _raster(b"\x00" * 80, 80), "640 dots on a head of 576"),
        ("receipt-80", b"A" + _raster(b"\xff", 1), "in the middle of a line"),
        ("receipt-80", _raster(b"\xff\x10\x04\xff", 1), "image data holds the real-time command 10 04"),
        ("receipt-80", _raster(b"\xff\x10\x14\xff", 2), "image data holds the real-time command 10 14"),
        ("kpm216h", _raster(b"\xff", 1), "this printer has no GS v 0"),
        ("kpm216h", b"\x1b*\x21\x00\x04" + bytes(3 * 1024), "ESC * of 1024 columns"),
        ("a4-300", _raster(b"\xff" * 400, 1), "GS v 0 of 1 bytes x 400 rows"),
        ("tm-t88", b"\x1d(L\x02\x0002", "nothing stored"),
        ("tm-t88", b"\x1d(L\x0b\x000p0\x01\x011\x08\x00\x02\x00\xff", "8 x 2 dots with 1 bytes"),
        ("tm-t88", b"\x1cC\x01\x81\xad", "no letter 81 ad"),
    ],
)
def test_what_the_manual_does_not_know_is_complained_about(name: str, data: bytes, sentence: str) -> None:
    printer = _printer(name)
    _run(printer, data + b"\n")
    assert any(sentence in complaint for complaint in printer.complaints), printer.complaints


def test_a_lost_byte_spoils_the_rest_of_a_page() -> None:
    printer = _printer()
    printer.fail("drop_byte", 9)
    rows = np.random.default_rng(1).integers(0, 256, 72 * 24, dtype=np.uint8).tobytes().replace(b"\x10", b"\x30")
    _run(printer, _raster(rows, 72) * 2 + b"\x1dVB\x00")
    assert printer.complaints


def test_too_much_for_the_buffer_is_lost() -> None:
    printer = _printer()
    assert printer.room(0.0) == 4096
    printer.receive(_raster(b"\xff" * 72 * 100, 72), 0.0)
    assert any("overran" in complaint for complaint in printer.complaints)


def test_printing_takes_the_time_of_the_mechanism() -> None:
    """150 mm/s at 8 dots a millimetre: 1200 rows a second."""
    printer = _printer("a4-203")
    printer.receive(_raster(b"\xff" * 208 * 600, 208) + b"\x1dr1", 0.0)
    assert printer.transmit(0.4) == b""
    assert printer.wake_at() is not None
    assert printer.transmit(0.51) == b"\x00"


def test_real_time_questions_are_answered_wherever_they_stand() -> None:
    """TM-T90 page 95: even inside image data, and while the printer is offline."""
    printer = _printer()
    printer.receive(b"\x1dv0\x00\x02\x00\x02\x00\xff", 0.0)
    printer.receive(b"\x10", 0.0)
    printer.receive(b"\x04\x01", 0.0)
    assert printer.transmit(0.0) == b"\x12"
    printer.open_cover()
    printer.receive(b"\x10\x04\x02", 0.0)
    assert printer.transmit(0.0) == bytes((0x12 | 0x04 | 0x40,))


@pytest.mark.parametrize("cuts", [(), (1,), (1, 2, 3), (5,), (9,)])
def test_a_real_time_command_is_found_in_any_pieces(cuts: tuple[int, ...]) -> None:
    stream = CLEAR
    scanner = Scanner()
    pieces = [stream[a:b] for a, b in zip((0, *cuts), (*cuts, len(stream)), strict=True)]
    found = [command for piece in pieces for _, command in scanner.feed(piece) if command]
    assert found == [CLEAR]


def test_the_scanner_finds_a_command_after_a_false_start() -> None:
    scanner = Scanner()
    found = [command for _, command in scanner.feed(b"\x10\x10\x04\x01\x10\x14\x08\x01\x10\x04\x02") if command]
    assert found == [b"\x10\x04\x01", b"\x10\x04\x02"]


def test_nothing_is_carried_out_while_the_cover_is_open() -> None:
    printer = _printer()
    printer.open_cover()
    assert _run(printer, b"\x1dr1") == b""
    printer.close_cover()
    assert printer.transmit(61.0) == b"\x00"


def test_wiping_the_memory_answers_and_forgets() -> None:
    """Epson dle_dc4_fn8: clear response 37 25 00; ids of cleared data are not sent."""
    printer = _printer("a4-203")
    printer.paper_out()
    printer.receive(_raster(b"\xff" * 208, 208) + b"\x1d(H\x06\x0000abcd" + CLEAR, 0.0)
    assert printer.transmit(0.0) == b"\x37\x25\x00"
    printer.load_paper()
    assert printer.transmit(60.0) == b""
    assert not printer.path.begun


def test_process_ids_come_back_when_printed() -> None:
    printer = _printer("a4-203")
    printer.receive(_raster(b"\xff" * 208 * 120, 208) + b"\x1d(H\x06\x0000abcd", 0.0)
    assert printer.transmit(0.05) == b""
    assert printer.transmit(0.2) == b"\x37\x22abcd\x00"


def test_automatic_status_comes_at_once_and_on_every_change() -> None:
    printer = _printer("tm-t88")
    assert _run(printer, b"\x1da\x0e") == bytes.fromhex("10 00 00 00")
    printer.open_cover()
    assert printer.transmit(61.0) == bytes.fromhex("38 00 00 00")
    printer.close_cover()
    assert printer.transmit(62.0) == bytes.fromhex("10 00 00 00")
    assert _run(printer, b"\x1b@", 63.0) == b""
    printer.open_cover()
    assert printer.transmit(130.0) == b""


def test_a_recoverable_error_needs_a_hand_and_a_command() -> None:
    """DLE ENQ 2 after the cutter was freed; before that it does nothing (TM-T88III page 85)."""
    printer = _printer("tm-t88")
    printer.fail("cutter")
    _run(printer, _raster(b"\xff", 1) + b"\x1dVB\x00")
    assert printer.condition.cutter_stuck
    _run(printer, b"\x10\x05\x02", 61.0)
    assert printer.condition.cutter_stuck
    printer.free()
    _run(printer, b"\x10\x05\x02\x1dVB\x00", 130.0)
    assert not printer.condition.cutter_stuck
    assert len(printer.tray) == 1


def test_the_odometers_speak_custom() -> None:
    printer = _printer("kpm216h")
    assert _run(printer, b"\x1bJ\xf0" * 14 + b"\x1bi\x1d\xe2\x1d\xe3\x1d\xe4\x1d\xe5") == b"1 cuts20cm0ret1on"
    assert _run(printer, b"\x10\x04\x14", 61.0) == bytes.fromhex("10 0f 20 00 00 00")
    assert _run(printer, b"\x1de\x02\x1d\xe4", 130.0) == b"1ret"


def test_kanji_need_a_kanji_rom() -> None:
    data = b"\x1cC\x01" + "手数料\n".encode("cp932") + b"\x1dVB\x00"
    with_rom = _printer("tm-t88")
    _run(with_rom, data)
    assert with_rom.tray[-1].text == "手数料\n"
    without = _printer("tm-t88", kanji_rom=False)
    _run(without, data)
    assert "手" not in without.tray[-1].text


def test_jis_kanji_between_fs_ampersand_and_fs_dot() -> None:
    printer = _printer("tm-t88")
    _run(printer, b"\x1c&\x3b\x54\x1c.A\n\x1dVB\x00")  # 3B54 is 市 (JIS X 0208)
    assert printer.tray[-1].text == "市A\n"


@pytest.mark.parametrize("name", ["a4-203", "kpm216h", "tm-t88"])
def test_power_takes_the_memory_and_leaves_the_counters(name: str) -> None:
    printer = _printer(name)
    cut = b"\x1bJ\xf0" + (b"\x1bi" if name == "kpm216h" else b"\x1dVB\x00")
    _run(printer, cut * 3)
    printer.receive(b"\x1bJ\xff" * 50, 70.0)
    printer.power_off()
    printer.receive(b"\x10\x04\x01", 70.0)
    assert printer.transmit(71.0) == b""
    printer.power_on(72.0)
    printer.transmit(80.0)
    assert (printer.counters.cuts, printer.counters.power_ups) == (3, 2)
