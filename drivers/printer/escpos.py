"""The commands sent to the printer, band by band. Pure.

A page becomes bands. Each band is whole commands, small enough for the printer's buffer; between two bands the
driver asks for the status. Blank rows become feeds. No band holds the bytes of a real-time command (see `raster`): `sendable`
adds a dot to such bytes before a page is hashed, and a header that would read as one (a length of 1040 bytes is
`10 04`) gets fewer rows. `bands` changes no dot, so the hash is that of the dots on the paper.

A sheet reaches from cut to cut. Where the paper is not drawn back to the head after a cut, the first rows of a sheet have already passed
the head, and blank rows at the top of a page are not fed again. Ink in those rows moves the page down; it is never dropped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from drivers.printer.profile import CounterQuery, Cut, Dialect, ImageCommand, Presenter, Profile
from drivers.printer.raster import has_real_time, row_bytes, scrub

INITIALISE = b"\x1b@"
CLEAR_BUFFERS = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 fn 8 (Epson ESC/POS reference, dle_dc4_fn8)
RECOVER_AND_CLEAR = b"\x10\x05\x02"  # DLE ENQ 2
ASK_PAPER = b"\x1dr1"  # GS r 49
ASK_MODEL = b"\x1dI1"  # GS I 49
ASK_CUTS = b"\x1dg2\x00\xb2\x00"  # GS g 2, counter 178: cuts since it was made
ASK_LINES = b"\x1dg2\x00\x94\x00"  # GS g 2, counter 148: lines fed since it was made (TM-T81 specification, page 116)
ASK_CUSTOM_CUTS = b"\x1d\xe2"
ASK_CUSTOM_LENGTH = b"\x1d\xe3"
ASK_CUSTOM_RETRACTS = b"\x1d\xe4"
ASK_EJECTOR = b"\x1de\x06"
AUTOMATIC_STATUS = b"\x1da\x0e"  # online, errors, paper; not the drawer
CUSTOM_AUTOMATIC_STATUS = b"\x1d\xe0\x03"  # GS E0: paper and user byte; with all four it would read as an answer
_BLANK_RUN = 24  # fewer blank rows than this are cheaper to print than to feed


@dataclass(frozen=True, slots=True)
class Band:
    """Whole commands, sent without a pause. `inked`: they print dots. `rows`: how many dots the paper moves."""

    data: bytes = field(repr=False)
    inked: bool
    rows: int


def ask_status(n: int) -> bytes:
    """DLE EOT n, which the printer answers at once."""
    return bytes((0x10, 0x04, n))


def process_id(digits: bytes) -> bytes:
    """GS ( H function 48: the printer returns the four characters when everything before them is printed."""
    assert len(digits) == 4, "a process id has four characters"
    assert all(0x20 <= digit <= 0x7E for digit in digits), "a process id is printable"
    return b"\x1d(H\x06\x0000" + digits


def ask_counter(profile: Profile) -> bytes:
    """The question for the non-volatile counter of cuts; empty where there is none."""
    match profile.counter:
        case CounterQuery.GS_G_2:
            return ASK_CUTS
        case CounterQuery.GS_E2:
            return ASK_CUSTOM_CUTS
        case CounterQuery.NONE:
            return b""
        case _:
            assert_never(profile.counter)


def ask_fed(profile: Profile) -> bytes:
    """The question for the non-volatile length of paper fed; empty where there is none."""
    match profile.counter:
        case CounterQuery.GS_G_2:
            return ASK_LINES
        case CounterQuery.GS_E2:
            return ASK_CUSTOM_LENGTH
        case CounterQuery.NONE:
            return b""
        case _:
            assert_never(profile.counter)


def begin(profile: Profile) -> bytes:
    """The start of a job: default settings, then the automatic status, which they switch off."""
    line_mode = b"\x1b3\x00" if profile.image is ImageCommand.ESC_STAR_24 else b""
    told = CUSTOM_AUTOMATIC_STATUS if profile.dialect is Dialect.CUSTOM else AUTOMATIC_STATUS
    return INITIALISE + line_mode + (told if profile.automatic_status else b"")


def nothing(profile: Profile) -> bytes:
    """Enough NULs to end a command that an earlier run left unfinished; empty where memory can be wiped."""
    if profile.clears_memory:
        return b""
    if profile.image is ImageCommand.ESC_STAR_24:
        return bytes(3 * profile.dots_per_command)
    return bytes(profile.row_bytes * profile.band_rows)


def before_sheet(profile: Profile) -> bytes:
    """Push out the sheet that is still shown, to make way for the next (Custom's order: clear, print, cut, show)."""
    return b"\x1de\x05" if profile.presenter is Presenter.CUSTOM else b""


def cut(profile: Profile) -> bytes:
    """Feed to the cutter, cut, and show the sheet."""
    match profile.cut:
        case Cut.GS_V_65:
            command = b"\x1dVA\x00"
        case Cut.GS_V_66:
            command = b"\x1dVB\x00"
        case Cut.ESC_I:
            command = feed(profile.head_to_cutter_dots, profile) + b"\x1bi"
        case Cut.NONE:
            command = feed(profile.head_to_cutter_dots, profile)
        case _:
            assert_never(profile.cut)
    return command + present(profile)


def present(profile: Profile) -> bytes:
    """Show the sheet to the person; empty where the presenter does so itself."""
    return b"\x1de\x03" + bytes((profile.present_steps,)) if profile.presenter is Presenter.CUSTOM else b""


def retract(profile: Profile) -> bytes:
    """Take back a sheet that nobody took; empty where the printer cannot."""
    match profile.presenter:
        case Presenter.CITIZEN:
            return b"\x1dR0"
        case Presenter.CUSTOM:
            return b"\x1de\x02"
        case Presenter.NONE:
            return b""
        case _:
            assert_never(profile.presenter)


def feed(dots: int, profile: Profile) -> bytes:
    """Move the paper on by ESC J, at most 255 units at a time."""
    units = dots * profile.feed_units_per_dot
    whole, rest = divmod(units, 240)  # 240 is a whole number of dots for every unit a printer has
    return b"\x1bJ\xf0" * whole + (b"\x1bJ" + bytes((rest,)) if rest else b"")


def bands(rows: bytes, width_dots: int, profile: Profile) -> Iterator[Band]:
    """Turn packed rows into bands. A page (`profile.page_dots`) ends with the feed to its lower edge.

    Rows narrower than the head are printed at its left edge. Wider rows, and rows that are not `sendable`, are a
    programmer's error.
    """
    assert width_dots <= profile.width_dots, f"{width_dots} dots do not fit the {profile.width_dots} of {profile.name}"
    stride = row_bytes(width_dots)
    image = np.frombuffer(rows, dtype=np.uint8).reshape(-1, stride)
    position = 0
    skipped = profile.lead_dots  # these rows of the sheet have passed the head
    for first, last in _inked_runs(image):
        gap = first - position
        behind = min(gap, skipped)
        skipped = 0  # only the rows before the first ink can be skipped
        blank_before = gap - behind
        position = first
        while position < last:
            height = min(profile.band_rows, last - position)
            command = _image(image[position : position + height], width_dots, profile)
            while not command:
                height -= 1
                command = _image(image[position : position + height], width_dots, profile)
            yield Band(feed(blank_before, profile) + command, inked=True, rows=blank_before + height)
            blank_before = 0
            position += height
    tail = image.shape[0] - position - skipped
    if tail > 0:
        yield Band(feed(tail, profile), inked=False, rows=tail)


def sendable(rows: bytes, width_dots: int, profile: Profile) -> bytes:
    """Packed rows in which nothing that `bands` sends reads as a real-time command; a dot may be added to some bytes.

    Rows that are sendable come back as they are. Hash and print what this returns.
    """
    if profile.image is not ImageCommand.ESC_STAR_24:
        return scrub(rows)
    stride = row_bytes(width_dots)
    image = np.frombuffer(rows, dtype=np.uint8).reshape(-1, stride).copy()
    for first, last in _inked_runs(image):
        for begin in range(first, last, profile.band_rows):
            for top in range(begin, min(begin + profile.band_rows, last), 24):
                lines = image[top : min(top + 24, begin + profile.band_rows, last)]
                _scrub_columns(lines, width_dots, profile)
    return image.tobytes()


def _scrub_columns(lines: NDArray[np.uint8], width_dots: int, profile: Profile) -> None:
    """Scrub up to 24 rows in place as the columns in which they are sent."""
    columns = _as_columns(lines, width_dots)
    parts = [columns[left : left + profile.dots_per_command] for left in range(0, width_dots, profile.dots_per_command)]
    if not any(has_real_time(part.tobytes()) for part in parts):
        return
    scrubbed = b"".join(scrub(part.tobytes()) for part in parts)
    dots = np.unpackbits(np.frombuffer(scrubbed, dtype=np.uint8).reshape(-1, 3).T, axis=0)
    lines |= np.packbits(dots[: lines.shape[0]], axis=1)


def _as_columns(lines: NDArray[np.uint8], width_dots: int) -> NDArray[np.uint8]:
    """Up to 24 rows as columns: one row of three bytes for each dot of the width, top bit first."""
    dots = np.zeros((24, width_dots), dtype=np.uint8)
    dots[: lines.shape[0]] = np.unpackbits(lines, axis=1)[:, :width_dots]
    return np.ascontiguousarray(np.packbits(dots, axis=0).T)


def _inked_runs(image: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """First and past-the-last rows of the stretches with ink; short blank stretches count as ink."""
    inked = np.flatnonzero(image.any(axis=1))
    if not inked.size:
        return []
    breaks = np.flatnonzero(np.diff(inked) > _BLANK_RUN)
    firsts = inked[np.concatenate(([0], breaks + 1))]
    lasts = inked[np.concatenate((breaks, [inked.size - 1]))] + 1
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _image(rows: NDArray[np.uint8], width_dots: int, profile: Profile) -> bytes:
    """The image command for some rows; empty when its header would read as a real-time command."""
    height = int(rows.shape[0])
    width_bytes = int(rows.shape[1])
    match profile.image:
        case ImageCommand.GS_V_0:
            header = b"\x1dv0\x00" + width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little")
            footer = b""
        case ImageCommand.GS_PAREN_L | ImageCommand.GS_8_L:
            shape = b"0p0\x01\x011" + width_dots.to_bytes(2, "little") + height.to_bytes(2, "little")
            size = len(shape) + height * width_bytes
            if profile.image is ImageCommand.GS_8_L:
                header = b"\x1d8L" + size.to_bytes(4, "little") + shape
            else:
                header = b"\x1d(L" + size.to_bytes(2, "little") + shape
            footer = b"\x1d(L\x02\x0002"
        case ImageCommand.ESC_STAR_24:
            return _columns(rows, width_dots, profile)
        case _:
            assert_never(profile.image)
    if has_real_time(header):
        return b""
    return header + rows.tobytes() + footer


def _columns(rows: NDArray[np.uint8], width_dots: int, profile: Profile) -> bytes:
    """Lines of 24-dot columns (ESC * 33), a wide line in parts, each line printed and fed by ESC J."""
    out: list[bytes] = []
    for top in range(0, rows.shape[0], 24):
        line = rows[top : top + 24]
        columns = _as_columns(line, width_dots)
        for left in range(0, width_dots, profile.dots_per_command):
            part = columns[left : left + profile.dots_per_command]
            header = b"\x1b*\x21" + part.shape[0].to_bytes(2, "little")
            assert not has_real_time(header), "the profile's dots_per_command reads as a real-time command"
            out.append(header + part.tobytes())
        out.append(feed(line.shape[0], profile))
    return b"".join(out)
