"""The byte stream, read strictly: a known command with all of its bytes, or a complaint. Pure.

A real printer prints bytes that it does not know as text, so one lost byte fills the page with letters. This one does the
same and also writes down a complaint; a test that finds a complaint has found a mistake of the host.
"""

from dataclasses import dataclass

from host_sim.models.printer.machines import Machine


@dataclass(frozen=True, slots=True)
class Command:
    """`size` bytes of the stream; `args` are those after the opcode. For images, `args` is the header only."""

    size: int
    name: str
    args: bytes = b""


@dataclass(frozen=True, slots=True)
class Complaint:
    """The stream is wrong here; its next `size` bytes are printed as text."""

    size: int
    sentence: str


# opcode -> (argument bytes, name)
_PLAIN: dict[bytes, tuple[int, str]] = {
    b"\x00": (0, "nothing"),
    b"\x0a": (0, "line_feed"),
    b"\x0c": (0, "nothing"),
    b"\x0d": (0, "nothing"),
    b"\x18": (0, "nothing"),
    b"\x09": (0, "tab"),
    b"\x1b@": (0, "initialise"),
    b"\x1b!": (1, "print_mode"),
    b"\x1b ": (1, "nothing"),
    b"\x1b$": (2, "position"),
    b"\x1b\\": (2, "move"),
    b"\x1b-": (1, "underline"),
    b"\x1b2": (0, "line_spacing_default"),
    b"\x1b3": (1, "line_spacing"),
    b"\x1bE": (1, "bold"),
    b"\x1bG": (1, "bold"),
    b"\x1bJ": (1, "feed_units"),
    b"\x1bM": (1, "font"),
    b"\x1bR": (1, "nothing"),
    b"\x1ba": (1, "align"),
    b"\x1bd": (1, "feed_lines"),
    b"\x1bt": (1, "code_table"),
    b"\x1b{": (1, "nothing"),
    b"\x1d!": (1, "size"),
    b"\x1dB": (1, "reverse"),
    b"\x1dI": (1, "tell_identity"),
    b"\x1dL": (2, "nothing"),
    b"\x1dW": (2, "nothing"),
    b"\x1da": (1, "automatic_status"),
    b"\x1dr": (1, "tell_status"),
}
_KANJI: dict[bytes, tuple[int, str]] = {
    b"\x1c&": (0, "kanji_on"),
    b"\x1c.": (0, "kanji_off"),
    b"\x1cC": (1, "kanji_code"),
    b"\x1c!": (1, "kanji_mode"),
    b"\x1cS": (2, "nothing"),
    b"\x1cW": (1, "kanji_double"),
    b"\x1c-": (1, "nothing"),
}
_CUSTOM: dict[bytes, tuple[int, str]] = {
    b"\x1bi": (0, "cut_here"),
    b"\x1d\xe0": (1, "automatic_status"),
    b"\x1d\xe1": (0, "tell_paper_left"),
    b"\x1d\xe2": (0, "tell_cuts"),
    b"\x1d\xe3": (0, "tell_length"),
    b"\x1d\xe4": (0, "tell_retracts"),
    b"\x1d\xe5": (0, "tell_power_ups"),
}


class Grammar:
    """The commands that one machine knows."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._plain = dict(_PLAIN)
        if machine.kanji_rom:
            self._plain |= _KANJI
        if machine.dialect == "custom":
            self._plain |= _CUSTOM
            del self._plain[b"\x1da"]
        if machine.returns_feed:
            self._plain[b"\x0d"] = (0, "line_feed")

    def read(self, buffer: bytes) -> Command | Complaint | None:
        """The command at the head of the buffer; None when its end has not arrived. `buffer` is not empty."""
        first = buffer[0]
        if first == 0x10:
            return self._real_time(buffer)
        if first >= 0x20 and first != 0x7F:
            return Command(1, "letter", buffer[:1])
        for length in (1, 2):
            known = self._plain.get(buffer[:length])
            if known is not None:
                extra, name = known
                size = length + extra
                return Command(size, name, buffer[length:size]) if len(buffer) >= size else None
        if first not in (0x1B, 0x1C, 0x1D):
            return Complaint(1, f"unknown byte {first:02x}")
        return self._long(buffer) if len(buffer) >= 2 else None

    def _real_time(self, buffer: bytes) -> Command | Complaint | None:
        """Skip a real-time command: it was carried out when it arrived."""
        if len(buffer) < 2:
            return None
        size = {0x04: 3, 0x05: 3}.get(buffer[1])
        if buffer[1] == 0x14:
            size = 10
        if size is None:
            return Complaint(1, f"unknown real-time command 10 {buffer[1]:02x}")
        return Command(size, "nothing") if len(buffer) >= size else None

    def _long(self, buffer: bytes) -> Command | Complaint | None:
        match buffer[:2]:
            case b"\x1dv":
                return self._raster(buffer)
            case b"\x1b*":
                return self._columns(buffer)
            case b"\x1dV":
                return self._cut(buffer)
            case b"\x1d(" | b"\x1d8":
                return self._block(buffer)
            case b"\x1dg" if self._machine.has_counters and self._machine.dialect != "custom":
                return Command(6, "tell_counter", buffer[2:6]) if len(buffer) >= 6 else None
            case b"\x1dR" if self._machine.dialect == "citizen":
                return self._collect(buffer)
            case b"\x1de" if self._machine.dialect == "custom":
                return self._ejector(buffer)
            case _:
                return Complaint(1, f"unknown command {buffer[:2].hex(' ')}")

    def _raster(self, buffer: bytes) -> Command | Complaint | None:
        if "gs_v_0" not in self._machine.images:
            return Complaint(1, "this printer has no GS v 0")
        if len(buffer) < 8:
            return None
        if buffer[2] != 0x30 or buffer[3] not in (0, 0x30):
            return Complaint(1, f"GS v with mode {buffer[2:4].hex(' ')}")
        width, rows = int.from_bytes(buffer[4:6], "little"), int.from_bytes(buffer[6:8], "little")
        if width == 0 or not 1 <= rows <= self._machine.raster_rows_max:
            return Complaint(1, f"GS v 0 of {width} bytes x {rows} rows")
        return Command(8, "raster", buffer[4:8])

    def _columns(self, buffer: bytes) -> Command | Complaint | None:
        if "esc_star" not in self._machine.images:
            return Complaint(1, "this printer has no ESC *")
        if len(buffer) < 5:
            return None
        columns = int.from_bytes(buffer[3:5], "little")
        if buffer[2] != 33:
            return Complaint(1, f"ESC * mode {buffer[2]}")
        if not 1 <= columns <= self._machine.image_dots_max:
            return Complaint(1, f"ESC * of {columns} columns")
        size = 5 + 3 * columns
        return Command(size, "columns", buffer[5:size]) if len(buffer) >= size else None

    def _cut(self, buffer: bytes) -> Command | Complaint | None:
        if len(buffer) < 3:
            return None
        mode = buffer[2]
        if mode in (0, 1, 0x30, 0x31):
            return Command(3, "cut_here", buffer[2:3])
        if mode not in (65, 66):
            return Complaint(1, f"GS V mode {mode}")
        return Command(4, "feed_and_cut", buffer[2:4]) if len(buffer) >= 4 else None

    def _block(self, buffer: bytes) -> Command | Complaint | None:
        """GS ( x pL pH .. and GS 8 L p1 p2 p3 p4 .."""
        if len(buffer) < 3:
            return None
        head = 5 if buffer[1] == 0x28 else 7
        kind = buffer[2:3]
        if kind == b"H" and head == 5 and self._machine.has_process_id:
            name = "process_id"
        elif kind == b"L" and "gs_l" in self._machine.images:
            name = "graphics"
        elif kind == b"k" and head == 5:
            return self._symbol(buffer)
        else:
            return Complaint(1, f"unknown command {buffer[:3].hex(' ')}")
        if len(buffer) < head:
            return None
        size = head + int.from_bytes(buffer[3:head], "little")
        if size > self._machine.buffer_bytes:
            return Command(head, "excess", (size - head).to_bytes(4, "little"))
        return Command(size, name, buffer[head:size]) if len(buffer) >= size else None

    def _symbol(self, buffer: bytes) -> Command | None:
        """GS ( k: a two-dimensional code, of which only the question for its size is answered."""
        size = 5 + int.from_bytes(buffer[3:5], "little")
        if len(buffer) < max(5, size):
            return None
        return Command(size, "symbol_size" if buffer[5:7] == b"1R" else "nothing")

    def _collect(self, buffer: bytes) -> Command | Complaint | None:
        if len(buffer) < 3:
            return None
        match buffer[2]:
            case 0x30:
                return Command(3, "retract")
            case 0x31:
                return Command(4, "nothing") if len(buffer) >= 4 else None
            case _:
                return Complaint(1, f"GS R {buffer[2]:02x}")

    def _ejector(self, buffer: bytes) -> Command | Complaint | None:
        if len(buffer) < 3:
            return None
        match buffer[2]:
            case 2:
                return Command(3, "retract")
            case 3:
                return Command(4, "present", buffer[3:4]) if len(buffer) >= 4 else None
            case 5:
                return Command(3, "eject")
            case 6:
                return Command(3, "tell_ejector")
            case _:
                return Complaint(1, f"GS e {buffer[2]}")
