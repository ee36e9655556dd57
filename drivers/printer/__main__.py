"""The bench for a printer: `python -m drivers.printer --port /dev/usb/lp0 status | test-page | print FILE.pdf`.

`dump FILE.bin --png OUT` needs no printer: it draws what a captured stream would print. Pages are printed with
ticket, hash and proof, as certificates are.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from drivers.errors import DeviceError
from drivers.printer.escpos import sendable
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import Profile, load_profile, profile_names
from drivers.printer.raster import TEXT_LEVEL, PrintTicket, RasterPage, pack, raster_sha256
from drivers.printer.reader import UnreadableStream, read_sheets
from drivers.serial_stream import SerialStream
from drivers.trace import TracedStream, keep_all
from drivers.vocabulary import Printed

_LARGEST_POINTS = 1200  # A3 is 1191 long


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        profile = load_profile(options.profile)
        if options.command == "dump":
            return _dump(options.file, options.png, profile)
        if options.port is None:
            print("This command needs --port, such as --port /dev/usb/lp0.", file=sys.stderr)
            return 2
        return _with_printer(options, profile)
    except OSError as error:
        print(f"{error.filename} cannot be read or written ({error.strerror}).", file=sys.stderr)
    except (DeviceError, UnreadableStream, UnprintablePdf) as error:
        print(error, file=sys.stderr)
    return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drivers.printer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port")
    parser.add_argument("--baud", type=int, default=115200)
    parser.add_argument("--profile", default="a4-203", help=", ".join(profile_names()))
    parser.add_argument("--trace", type=int, default=0, metavar="FRAMES", help="print the last frames at the end")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="print the printer's state and its counter of cuts")
    commands.add_parser("test-page", help="edges, rulers, tints and hairlines at the full printable width")
    commands.add_parser("discard", help="wipe the printer's memory, cut off and take back the paper in its path")
    commands.add_parser("print", help="print a PDF, with proof").add_argument("file", type=Path)
    dump = commands.add_parser("dump", help="draw a captured stream")
    dump.add_argument("file", type=Path)
    dump.add_argument("--png", type=Path, required=True)
    return parser.parse_args(arguments)


def _with_printer(options: argparse.Namespace, profile: Profile) -> int:
    stream = TracedStream(
        SerialStream(options.port, options.baud, time, device="printer"),
        time,
        redact=keep_all,
        entries=options.trace or 1,
    )
    driver = PrinterDriver(stream, time, profile, "printer")
    try:
        driver.start()
        match options.command:
            case "status":
                return _status(driver)
            case "discard":
                driver.discard()
                return _status(driver)
            case "print":
                return _print(driver, profile, _draw_pdf(options.file, profile))
            case _:
                lead_mm = profile.head_to_cutter_mm - profile.draws_back_mm
                print(
                    f"Measure from the sheet's upper edge to its first line: {lead_mm:.1f} mm by the profile. "
                    "If it is more, lower draws_back_mm by the difference."
                )
                return _print(driver, profile, [_packed(_test_page(profile), profile)])
    finally:
        if options.trace:
            print(*stream.dump(), sep="\n")
        stream.close()


def _status(driver: PrinterDriver) -> int:
    found = driver.status()
    print(f"device {found.device}  paper {found.supply}  exit {found.exit}  trouble {found.trouble or 'none'}")
    counter = driver.counter() if found.ready else None
    print(f"cuts {'not told' if counter is None else counter}")
    return 0 if found.ready else 1


Drawn = tuple[bytes, int, int]  # packed rows, width and height in dots


def _print(driver: PrinterDriver, profile: Profile, packed: list[Drawn]) -> int:
    pages = [
        RasterPage(
            request_id="bench",
            copy=1,
            page=number,
            pages=len(packed),
            document_sha256=hashlib.sha256(b"bench").hexdigest(),
            raster_sha256=raster_sha256(width, height, rows),
            width_dots=width,
            height_dots=height,
            rows=rows,
        )
        for number, (rows, width, height) in enumerate(packed, 1)
    ]
    ticket = PrintTicket("bench", 1, tuple(page.raster_sha256 for page in pages))
    driver.prepare()
    began = time.monotonic()
    outcome = driver.print_pages(pages, ticket, int(time.time()))
    print(f"{outcome} after {time.monotonic() - began:.2f} s on {profile.title}")
    return 0 if isinstance(outcome, Printed) else 1


class UnprintablePdf(Exception):
    """The bench cannot print this file; the message is a sentence."""


def _draw_pdf(file: Path, profile: Profile) -> list[Drawn]:
    try:
        pdf = pypdfium2.PdfDocument(file.read_bytes())
    except pypdfium2.PdfiumError as error:
        raise UnprintablePdf(f"{file} is not a PDF that can be read without a password ({error}).") from None
    sheets = []
    for page in pdf:
        width_points, height_points = page.get_size()
        if max(width_points, height_points) > _LARGEST_POINTS:  # it would need too much memory
            raise UnprintablePdf(
                f"{file} has a page of {width_points:.0f} x {height_points:.0f} points: larger than A3."
            )
        bitmap = page.render(scale=profile.dpi / 72, grayscale=True)
        grey = bitmap.to_numpy().reshape(bitmap.height, bitmap.width)
        sheet = np.full((profile.page_dots or grey.shape[0], profile.width_dots), 255, np.uint8)
        left = max(0, (grey.shape[1] - profile.width_dots) // 2)
        edges = (grey[:, :left], grey[:, left + profile.width_dots :], grey[sheet.shape[0] :])
        if any(bool((edge < TEXT_LEVEL).any()) for edge in edges):
            raise UnprintablePdf(
                f"{file} has ink beyond the {profile.width_dots} dots of {profile.title}: print it on a wider printer."
            )
        part = grey[: sheet.shape[0], left : left + profile.width_dots]
        sheet[: part.shape[0], : part.shape[1]] = part
        sheets.append(_packed(sheet, profile))
    return sheets


def _packed(grey: NDArray[np.uint8], profile: Profile) -> Drawn:
    return sendable(pack(grey), grey.shape[1], profile), grey.shape[1], grey.shape[0]


def _test_page(profile: Profile) -> NDArray[np.uint8]:
    """A frame on the outermost dots, a centimetre ruler, hairlines, tints, and the profile's name."""
    width, height = profile.width_dots, profile.page_dots or 900
    millimetre = profile.dpi / 25.4
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width - 1, height - 1), outline=0)
    for step in range(int(width / millimetre)):
        x = round(step * millimetre)
        draw.line((x, 0, x, round((5 if step % 10 == 0 else 2) * millimetre)), fill=0)
    font = ImageFont.load_default(round(5 * millimetre))
    draw.text(
        (round(5 * millimetre), round(10 * millimetre)), f"{profile.name}: {width} dots, {profile.dpi} dpi", 0, font
    )
    left, top, side = round(5 * millimetre), round(22 * millimetre), round(14 * millimetre)
    for number, grey in enumerate((240, 225, 210, 190, 170, 150, 0)):
        box_left = left + number % 4 * (side + left // 2)
        box_top = top + number // 4 * (side + left // 2)
        draw.rectangle((box_left, box_top, box_left + side, box_top + side), fill=grey)
    for number in range(6):
        y = round((60 + 3 * number) * millimetre)
        draw.line((left, y, width - left, y), fill=0, width=number + 1)
    draw.line((left, round(80 * millimetre), width - left, round(100 * millimetre)), fill=0)
    return np.asarray(image)


def _dump(file: Path, png: Path, profile: Profile) -> int:
    sheets = read_sheets(file.read_bytes(), profile)
    for number, sheet in enumerate(sheets, 1):
        path = png if len(sheets) == 1 else png.with_stem(f"{png.stem}-{number}")
        Image.fromarray(~sheet.dots).save(path)
        print(f"{path}: {sheet.dots.shape[1]} x {sheet.dots.shape[0]} dots")
    if not sheets:
        print("There is no sheet in this stream: capture it while the printer prints.", file=sys.stderr)
    return 0 if sheets else 1


if __name__ == "__main__":
    sys.exit(main())
