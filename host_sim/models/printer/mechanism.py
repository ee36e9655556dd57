"""The mechanism carries out commands: it sets letters in lines, burns dots, feeds, cuts and presents the paper."""

import numpy as np

from host_sim.models.printer.body import Body
from host_sim.models.printer.commands import Command
from host_sim.models.printer.letters import Dots, TextLine, glyph, letter
from host_sim.models.printer.machines import Machine


class Mechanism:
    """The settings that ESC @ brings back, the line being composed, and the motor."""

    def __init__(self, printer: Body) -> None:
        self._printer = printer
        self._row_s = 25.4 / self._machine.dpi / self._machine.speed_mm_s
        self.initialise()

    @property
    def _machine(self) -> Machine:
        return self._printer.machine

    def initialise(self) -> None:
        self._align = 0
        self._bold = False
        self._wide = self._tall = 1
        self._kanji_wide = self._kanji_tall = 1
        self._table = 0
        self._shift_jis = False
        self._kanji_mode = False
        self._lead = b""  # the first byte of a two-byte letter
        self._spacing_dots = 30.0
        self._loose_units = 0
        self._stored: Dots | None = None
        self.drop_line()

    def drop_line(self) -> None:
        self._line = TextLine(self._machine.width_dots)

    @property
    def at_line_start(self) -> bool:
        return self._line.empty

    def carry_out(self, command: Command) -> float:
        """Carry out one command; returns the seconds it takes."""
        args = command.args
        match command.name:
            case "nothing" | "underline" | "font" | "reverse":
                return 0.0
            case "letter":
                return self._letter(args)
            case "line_feed":
                return self._end_line(self._spacing_dots)
            case "feed_lines":
                return self._end_line(self._spacing_dots * args[0])
            case "feed_units":
                return self._feed_units(args[0])
            case "columns":
                return self._columns(args)
            case "graphics":
                return self._graphics(args)
            case "cut_here" | "feed_and_cut" | "retract" | "eject" | "present":
                return self._at_the_exit(command.name, args)
        if command.name.startswith("tell_") or command.name in ("process_id", "symbol_size"):
            self._printer.tell(command)
        else:
            self._set(command.name, args)
        return 0.0

    def _at_the_exit(self, name: str, args: bytes) -> float:
        """Commands of the cutter and the presenter; returns the seconds they take."""
        match name:
            case "cut_here":
                return self._printer.cut("full")
            case "feed_and_cut":
                units = args[1] / self._machine.units_per_dot
                return self._move(self._machine.head_to_cutter_dots + round(units)) + self._printer.cut(
                    "full" if args[0] == 65 else "partial"
                )
            case "retract":
                self._printer.retract()
                return 1.0
            case "eject":
                self._printer.eject()
        return 0.5

    def _set(self, name: str, args: bytes) -> None:
        """Commands that set the print position, or turn automatic status on and off."""
        match name:
            case "initialise":
                self._printer.automatic(0)
                self.initialise()
            case "automatic_status":
                self._printer.automatic(args[0])
            case "align":
                self._align = args[0] % 48
            case "position":
                self._line.move_to(int.from_bytes(args, "little"))
            case "move":
                self._line.move_by(int.from_bytes(args, "little", signed=True))
            case "tab":
                self._line.tab()
            case "line_spacing_default":
                self._spacing_dots = 30.0
            case "line_spacing":
                self._spacing_dots = args[0] / self._machine.units_per_dot
            case _:
                self._set_letters(name, args)

    def _set_letters(self, name: str, args: bytes) -> None:
        """Commands that set the look of the next letters, or their code table."""
        match name:
            case "print_mode":
                self._bold = bool(args[0] & 0x08)
                self._tall, self._wide = 1 + bool(args[0] & 0x10), 1 + bool(args[0] & 0x20)
                self._kanji_wide = self._kanji_tall = 1
            case "size":
                self._wide, self._tall = (args[0] >> 4) + 1, (args[0] & 7) + 1
                self._kanji_wide, self._kanji_tall = self._wide, self._tall
            case "bold":
                self._bold = bool(args[0] & 1)
            case "code_table":
                self._table = args[0]
            case "kanji_on" | "kanji_off":
                self._kanji_mode = name == "kanji_on"
            case "kanji_code":
                self._shift_jis = bool(args[0] & 1)
            case "kanji_mode":
                self._kanji_wide, self._kanji_tall = 1 + bool(args[0] & 4), 1 + bool(args[0] & 8)
            case "kanji_double":
                self._kanji_wide = self._kanji_tall = 1 + (args[0] & 1)
            case _:
                self._printer.complain(f"nobody carries out {name}")

    # --- letters --------------------------------------------------------------------------------

    def _letter(self, byte: bytes) -> float:
        if self._lead:
            pair, self._lead = self._lead + byte, b""
            return self._two_bytes(pair)
        lead = byte[0]
        if self._machine.kanji_rom and self._shift_jis and (0x81 <= lead <= 0x9F or 0xE0 <= lead <= 0xEF):
            self._lead = byte
            return 0.0
        if self._machine.kanji_rom and self._kanji_mode and not self._shift_jis and 0x21 <= lead <= 0x7E:
            self._lead = byte
            return 0.0
        return self._put(letter(byte, self._table), full_width=False)

    def _two_bytes(self, pair: bytes) -> float:
        code, letters = ("cp932", pair) if self._shift_jis else ("euc_jp", bytes(byte | 0x80 for byte in pair))
        text = letters.decode(code, "replace")
        if len(text) != 1 or text == "\ufffd":
            self._printer.complain(f"no letter {pair.hex(' ')}")
            text = "〓"
        return self._put(text, full_width=True)

    def _put(self, text: str, *, full_width: bool) -> float:
        wide, tall = (self._kanji_wide, self._kanji_tall) if full_width else (self._wide, self._tall)
        dots = np.kron(glyph(text, full_width, self._bold), np.ones((tall, wide), dtype=np.bool_))
        seconds = 0.0
        if not self._line.room_for(dots):
            seconds = self._end_line(self._spacing_dots)
        self._line.add(dots, text)
        return seconds

    def _end_line(self, feed_dots: float) -> float:
        if self._line.text:
            self._printer.path.write(self._line.text + "\n")
        line = self._line.take(self._align)
        if line is None:
            return self._move(round(feed_dots))
        self._printer.path.burn(line)
        return self._move(max(round(feed_dots), line.shape[0]))

    # --- dots -----------------------------------------------------------------------------------

    def feed(self, dots: int) -> float:
        """Move the paper; returns the seconds it takes."""
        return self._move(dots)

    def burn(self, dots: Dots) -> float:
        """Burn the rows of a raster image."""
        self._printer.path.burn(dots)
        return self._move(dots.shape[0])

    def _columns(self, data: bytes) -> float:
        columns = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        dots = np.unpackbits(columns, axis=1).T.astype(np.bool_)
        if not self._line.room_for(dots):
            self._printer.complain(f"{dots.shape[1]} columns do not fit the rest of the line")
        self._line.add(dots)
        return 0.0

    def _feed_units(self, units: int) -> float:
        """ESC J: print what stands in the line, then move by exactly these units."""
        if self._line.text:
            self._printer.path.write(self._line.text + "\n")
        line = self._line.take(self._align)
        if line is not None:
            self._printer.path.burn(line)
        self._loose_units += units
        dots, self._loose_units = divmod(self._loose_units, self._machine.units_per_dot)
        return self._move(dots)

    def _graphics(self, args: bytes) -> float:
        """GS ( L and GS 8 L: function 112 stores a raster, function 50 prints it."""
        if args[:2] in (b"02", b"0\x02"):
            if self._stored is None:
                self._printer.complain("GS ( L 50 with nothing stored")
                return 0.0
            stored, self._stored = self._stored, None
            return self.burn(stored)
        if args[:2] != b"0p" or args[2:6] != b"0\x01\x011":
            self._printer.complain(f"GS ( L {args[:6].hex(' ')}")
            return 0.0
        width, rows = int.from_bytes(args[6:8], "little"), int.from_bytes(args[8:10], "little")
        row_bytes = (width + 7) // 8
        if not 1 <= width <= min(self._machine.image_dots_max, self._machine.width_dots) or not 1 <= rows <= 1662:
            self._printer.complain(f"graphics of {width} x {rows} dots")
            return 0.0
        if len(args) - 10 != row_bytes * rows:
            self._printer.complain(f"graphics of {width} x {rows} dots with {len(args) - 10} bytes")
            return 0.0
        data = np.frombuffer(args[10:], dtype=np.uint8).reshape(rows, row_bytes)
        self._stored = np.unpackbits(data, axis=1)[:, :width].astype(np.bool_)
        return 0.0

    def _move(self, rows: int) -> float:
        self._printer.path.feed(rows)
        self._printer.counters.rows += rows
        return rows * self._row_s
