"""The printer as a device: a buffer, a mechanism that takes its time, sensors, counters that survive a power cut.

Real-time commands are carried out the moment they arrive, also inside image data (image data that contains one is a
complaint). All other bytes wait in the buffer until the mechanism gets to them. Images are printed row by row as they
come, so a cover opened during a page leaves exactly the rows that had passed the head.

`tray`, `delivered`, `retracted` and `scraps` are paper; `counters` is what the printer remembers; `complaints` is what the
host did wrong. `fail(name, at_byte)` arms a fault; it is counted in bytes from that call: line faults in bytes received,
mechanical faults in bytes carried out.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from host_sim.models.printer import answers
from host_sim.models.printer.answers import Condition, Counters
from host_sim.models.printer.commands import Command, Complaint, Grammar
from host_sim.models.printer.faults import LINE_FAULTS, Faults
from host_sim.models.printer.imaging import LookAlikes, RasterRun
from host_sim.models.printer.machines import Machine
from host_sim.models.printer.mechanism import Mechanism
from host_sim.models.printer.paper import PaperPath, Sheet
from host_sim.models.printer.realtime import CLEAR, Scanner
from host_sim.models.printer.voice import Voice

_BOOT_S = 1.5
_WELL = Condition()
_IMAGE_OPCODES = (b"\x1dv0", b"\x1b*", b"\x1d(L", b"\x1d8L")


class PrinterModel:
    """A `LineModel`. The keywords beyond its own are those of `Machine`; `host_sim.models.printers` has makes by name."""

    def __init__(self, *, seed: int = 0, hot_s: float = 30.0, **machine: Any) -> None:
        self.machine = Machine(**machine)
        self.seed = seed
        self.counters = Counters()
        self.condition = Condition()
        self.tray: list[Sheet] = []  # in the mouth
        self.delivered: list[Sheet] = []  # in somebody's hand
        self.retracted: list[Sheet] = []
        self.complaints: list[str] = []
        self.path = PaperPath(self.machine.width_dots, self.machine.head_to_cutter_dots, self.machine.lead_dots)
        self.on_effect: Callable[[str], None] = lambda _: None  # called with "dots" and "cut" when these happen
        self.on_fault: Callable[[str], None] = lambda _: (
            None
        )  # called with the name of a fault of `fail` when it happens
        self.powered = True
        self.received = 0  # bytes that arrived
        self.carried_out = 0  # bytes the mechanism is done with
        self._hot_s = hot_s
        self._grammar = Grammar(self.machine)
        self._mechanism = Mechanism(self)
        self._voice = Voice(self)
        self._faults = Faults()
        self._now_s = 0.0
        self._ready_s = 0.0  # when the mechanism is free
        self._up_s = 0.0  # when the printer has booted
        self._cool_s: float | None = None
        self._freed = False
        self._running = False
        self._forget()

    def _forget(self) -> None:
        """Reset what a power cut loses."""
        self._buffer = bytearray()
        self._scanner = Scanner()
        self._image: RasterRun | None = None
        self._half = b""  # what stood in the buffer when no whole command did
        self._excess = 0  # bytes of a command too large for the memory, still to be dropped
        self._look_alikes = LookAlikes()
        self._voice.forget()
        self._mechanism.initialise()

    # --- the line -------------------------------------------------------------------------------

    def room(self, now_s: float) -> int:
        """Free bytes in the receive buffer; more bytes wait in the host (USB)."""
        self._run(now_s)
        return max(0, self.machine.buffer_bytes - len(self._buffer)) if self.powered else 1 << 20

    def receive(self, data: bytes, now_s: float) -> None:
        self._run(now_s)
        data = self._with_line_faults(data)
        if not self.powered or now_s < self._up_s:
            return
        self._ready_s = max(self._ready_s, now_s)
        for piece, command in self._scanner.feed(data):
            self._buffer += piece
            if command:
                if self._buffer == command and self._image is None:
                    self._buffer.clear()  # nothing stands before it: it does not wait in the buffer
                    self.carried_out += len(command)
                self._act_now(command)
        if len(self._buffer) > self.machine.buffer_bytes:
            self.complain(f"the receive buffer of {self.machine.buffer_bytes} bytes overran")
            del self._buffer[self.machine.buffer_bytes :]
        self._run(now_s)

    def transmit(self, now_s: float) -> bytes:
        self._run(now_s)
        return self._voice.due(self._now_s)

    def wake_at(self) -> float | None:
        if not self.powered:
            return None
        if self._voice.waiting:
            return max(self._now_s, self._voice.waiting[0][0])
        if self.condition.head_hot and self._cool_s is not None:
            return self._cool_s
        # What is in the buffer and could be carried out by now has been: `_run` ends every change. The rest waits for bytes.
        return self._ready_s if self._ready_s > self._now_s else None

    def is_well(self, now_s: float) -> bool:
        """Whether it is ready, idle, has an empty mouth, no armed fault, and would report all that."""
        self._run(now_s)
        idle = self.powered and now_s >= self._up_s and not self._buffer and not self.tray
        return idle and self._seen() == _WELL and self._voice.is_reliable and self._faults.is_empty

    # --- hands ----------------------------------------------------------------------------------

    def take_paper(self, now_s: float | None = None) -> list[Sheet]:
        """A person takes the sheets in the mouth."""
        self._run(now_s)
        taken, self.tray = self.tray, []
        self.delivered += taken
        self._sense()
        return taken

    def paper_out(self, now_s: float | None = None) -> None:
        """The roll ends here."""
        self._run(now_s)
        self.condition.paper_out = True
        self.path.mishap("paper out", loss=False)
        self._sense()

    def paper_low(self, now_s: float | None = None) -> None:
        self._run(now_s)
        self.condition.paper_low = True
        self._sense()

    def load_paper(self, now_s: float | None = None) -> None:
        self._run(now_s)
        self.condition.paper_out = self.condition.paper_low = False
        self._resume()

    def open_cover(self, now_s: float | None = None) -> None:
        self._run(now_s)
        self.condition.cover_opened_while_printing = self.path.begun or bool(self._buffer)
        self.condition.cover_open = True
        self.path.mishap("cover opened", loss=False)
        self._sense()

    def close_cover(self, now_s: float | None = None) -> None:
        self._run(now_s)
        opened = self.condition.cover_open
        self.condition.cover_open = self.condition.cover_opened_while_printing = False
        if opened and self.machine.cuts_at_cover_close:
            self._cut_by_itself()
        self._resume()

    def jam(self, now_s: float | None = None) -> None:
        """Paper jams, until `free` and then a recovery by the host (DLE ENQ) or a power cycle."""
        self._run(now_s)
        self.condition.jammed = True
        self.path.mishap("jam", loss=False)
        self._sense()

    def overheat(self, now_s: float | None = None) -> None:
        """The head is too hot: printing pauses until it has cooled."""
        self._run(now_s)
        self.condition.head_hot = True
        self._cool_s = self._now_s + self._hot_s
        self._sense()

    def free(self, now_s: float | None = None) -> None:
        """A technician clears jam and cutter; the host must then recover the printer (DLE ENQ)."""
        self._run(now_s)
        self._freed = True

    def power_off(self, now_s: float | None = None) -> None:
        self._run(now_s)
        self.path.mishap("power cut", loss=self._image_pending())
        self.powered = False
        self._cool_s = None
        self._forget()

    def power_on(self, now_s: float | None = None) -> None:
        self._run(now_s)
        if self.powered:
            return
        self.powered = True
        self.counters.power_ups += 1
        self.condition = Condition(
            cover_open=self.condition.cover_open,
            paper_out=self.condition.paper_out,
            paper_low=self.condition.paper_low,
            jammed=self.condition.jammed and not self._freed,
            broken=self.condition.broken,
            sheet_in_mouth=bool(self.tray) and self.machine.has_presenter,
        )
        self._up_s = self._ready_s = self._now_s + _BOOT_S
        if self.machine.cuts_at_power_on:
            self._cut_by_itself()

    def _cut_by_itself(self) -> None:
        """Feed to the cutter and cut, which no host has asked for."""
        if self.powered and not self.condition.stopped:
            self._mechanism.feed(self.machine.head_to_cutter_dots)
            self.cut("full")

    def behave(self, **settings: Any) -> None:
        """From now on it has these settings of `Machine`, as after a change of its switches; not those of head and commands."""
        self.machine = replace(self.machine, **settings)
        self.path.place_cutter(self.machine.head_to_cutter_dots, self.machine.lead_dots)

    def fail(self, name: str, at_byte: int = 0) -> None:
        """Arm a fault by name, that many bytes from now."""
        start = self.received if name in LINE_FAULTS else self.carried_out
        self._faults.lay(name, start + at_byte)

    def no_more_faults(self) -> None:
        """Disarm the faults that have not happened."""
        self._faults = Faults()
        self._voice.tricks.clear()
        self._voice.silent = False

    # --- line faults and real-time commands -----------------------------------------------------

    def _with_line_faults(self, data: bytes) -> bytes:
        start = self.received
        self.received += len(data)
        for at, name in reversed(self._faults.line(before=self.received)):
            match name:
                case "drop_byte":
                    data = data[: at - start] + data[at - start + 1 :]
                case "power_cut":
                    self.power_off()
                case "silence":
                    self._voice.silent = True
                case _:
                    self._voice.tricks.append(name)
                    continue
            self.on_fault(name)
        return data

    def _act_now(self, command: bytes) -> None:
        if command[1] == 0x04:
            self._voice.say(answers.real_time(self.machine.dialect, command[2], self._seen()))
        elif command == CLEAR and self.machine.has_clear:
            self._wipe()
            self._voice.say(b"\x37\x25\x00")
        elif command[1] == 0x05 and command[2] in (1, 2) and self.machine.dialect != "custom":
            self._recover(wipe=command[2] == 2)

    def _recover(self, *, wipe: bool) -> None:
        """DLE ENQ: ends a recoverable error, but only after `free`."""
        if not (self.condition.jammed or self.condition.cutter_stuck) or not self._freed:
            return
        self.condition.jammed = self.condition.cutter_stuck = self._freed = False
        if wipe:
            self._wipe()
        self._resume()

    def _wipe(self) -> None:
        if self._image_pending():
            self.path.mishap("memory wiped", loss=True)
        self._buffer.clear()
        self._image = None
        self._excess = 0
        self._mechanism.drop_line()
        self._ready_s = min(self._ready_s, self._now_s + 0.01)

    def _image_pending(self) -> bool:
        return self._image is not None or any(opcode in self._buffer for opcode in _IMAGE_OPCODES)

    # --- the mechanism's time -------------------------------------------------------------------

    def _run(self, now_s: float | None) -> None:
        """Carry out commands until `now_s`."""
        if now_s is not None:
            self._now_s = max(self._now_s, now_s)
        if not self.powered or self._now_s < self._up_s:
            return
        if self._cool_s is not None and self._cool_s <= self._now_s:
            self.condition.head_hot = False
            self._ready_s = max(self._ready_s, self._cool_s)
            self._cool_s = None
            self._sense()
        if self._running:
            return  # a fault happens here: nothing more is printed before it
        if self._buffer:
            self._running = True
            try:
                self._carry_on()
            finally:
                self._running = False
        self.condition.printing = self._ready_s > self._now_s

    def _carry_on(self) -> None:
        while self._buffer and not self.condition.stopped and self._ready_s <= self._now_s:
            before, burns, cuts = self.carried_out, self.path.burns, self.counters.cuts
            self._ready_s += self._step()
            if self.carried_out == before:
                break
            if self.counters.cuts > cuts:
                self.on_effect("cut")
            elif self.path.burns > burns:
                self.on_effect("dots")

    def _resume(self) -> None:
        self._ready_s = max(self._ready_s, self._now_s)
        self._sense()
        self._run(None)

    def _step(self) -> float:
        """Carry out one command or some rows of an image; returns the seconds. Consumes nothing if bytes are missing."""
        if self._excess:
            return self._drop_excess()
        if self._image is not None:
            return self._print_rows(self._image)
        if self._buffer[0] == 0:
            return self._pass_over_zeros()
        if self._buffer == self._half:
            return 0.0
        head = bytes(self._buffer[:16])
        command = self._grammar.read(head)
        if command is None and len(self._buffer) > len(head):
            command = self._grammar.read(bytes(self._buffer))
        if command is None:
            self._half = bytes(self._buffer)
            return 0.0
        if self._fault_within(command.size):
            return 0.0
        del self._buffer[: command.size]
        self.carried_out += command.size
        return self._carry_out(command)

    def _carry_out(self, command: Command | Complaint) -> float:
        """Carry out what the grammar has read; returns the seconds."""
        if isinstance(command, Complaint):
            self.complain(command.sentence)
            return 0.0
        match command.name:
            case "excess":
                self.complain("an image larger than the memory: its data is dropped")
                self._excess = int.from_bytes(command.args, "little")
                return 0.0
            case "raster":
                self._begin_raster(command.args)
                return 0.0
            case "columns" | "graphics":
                self._look_alikes.begin()
                self._look_for_real_time(command.args)
        return self._mechanism.carry_out(command)

    def _begin_raster(self, shape: bytes) -> None:
        width, rows = int.from_bytes(shape[:2], "little"), int.from_bytes(shape[2:], "little")
        if not self._mechanism.at_line_start:
            self.complain("GS v 0 in the middle of a line")
        if width * 8 >= self.machine.width_dots + 8:
            self.complain(f"GS v 0 of {width * 8} dots on a head of {self.machine.width_dots}: the rest is dropped")
        self._image = RasterRun(width, rows)
        self._look_alikes.begin()

    def _drop_excess(self) -> float:
        size = min(self._excess, len(self._buffer))
        del self._buffer[:size]
        self._excess -= size
        self.carried_out += size
        return 0.0

    def _pass_over_zeros(self) -> float:
        """Skip NUL bytes between commands."""
        size = len(self._buffer) - len(self._buffer.lstrip(b"\0"))
        fault = self._next_mechanical()
        if fault is not None and fault < self.carried_out + size:
            size = max(0, fault - self.carried_out)
            if size == 0:
                self._strike()
                return 0.0
        del self._buffer[:size]
        self.carried_out += size
        return 0.0

    def _print_rows(self, image: RasterRun) -> float:
        fault = self._next_mechanical()
        to_fault = None if fault is None else fault - self.carried_out
        if to_fault is not None and to_fault < image.row_bytes <= len(self._buffer):
            self._strike()
            return 0.0
        size = image.rows_now(len(self._buffer), to_fault) * image.row_bytes
        if size == 0:
            return 0.0
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self.carried_out += size
        image.rows_left -= size // image.row_bytes
        if image.rows_left == 0:
            self._image = None
        self._look_for_real_time(data)
        return self._mechanism.burn(image.dots(data, self.machine.width_dots))

    def _look_for_real_time(self, data: bytes) -> None:
        for command in self._look_alikes.found(data):
            self.complain(f"image data holds the real-time command {command}")

    def _next_mechanical(self) -> int | None:
        fault = self._faults.next_mechanical()
        return None if fault is None else fault[0]

    def _fault_within(self, size: int) -> bool:
        """Whether a fault is due before the end of this command; if so, make it happen."""
        fault = self._next_mechanical()
        if fault is None or fault >= self.carried_out + size:
            return False
        self._strike()
        return True

    def _strike(self) -> None:
        fault = self._faults.next_mechanical()
        assert fault is not None
        actions: dict[str, Callable[[], None]] = {
            "paper_out": self.paper_out,
            "cover_open": self.open_cover,
            "jam": self.jam,
            "head_hot": self.overheat,
            "broken": self._break,
        }
        name = self._faults.take(fault)
        actions[name]()
        self.on_fault(name)

    def _break(self) -> None:
        self.condition.broken = True
        self.path.mishap("broken", loss=False)
        self._sense()

    # --- what the mechanism asks for ------------------------------------------------------------

    def cut(self, kind: str) -> float:
        """Cut; returns the seconds it takes. If a cutter fault is due, the cutter sticks instead."""
        if not self.machine.has_cutter:
            return 0.0
        if self._faults.cutter(self.carried_out):
            self.condition.cutter_stuck = True
            self._sense()
            self.on_fault("cutter")
            return 0.0
        if self.machine.shortest_cut_mm and self.path.beyond_the_cutter < self.machine.dots(
            self.machine.shortest_cut_mm
        ):
            return 0.0
        self.counters.cuts += 1
        sheet = self.path.cut(kind)
        if sheet is not None:
            self.tray.append(sheet)
            self._sense()
        return 0.3

    def retract(self) -> None:
        if self.tray:
            self.counters.retracts += 1
        self.retracted += self.tray
        self.tray = []
        self._sense()

    def eject(self) -> None:
        self.delivered += self.tray
        self.tray = []
        self._sense()

    @property
    def now_s(self) -> float:
        return self._now_s

    def automatic(self, n: int) -> None:
        self._voice.automatic(n)

    def tell(self, command: Command) -> None:
        self._seen()
        self._voice.tell(command)

    def complain(self, sentence: str) -> None:
        """Write down what the host did wrong, and where."""
        self.complaints.append(f"byte {self.carried_out}: {sentence}")

    def _seen(self) -> Condition:
        self.condition.buffer_in_use = bool(self._buffer)
        return self.condition

    def _sense(self) -> None:
        """Sensors may have changed: send automatic status if the host turned it on."""
        self.condition.sheet_in_mouth = bool(self.tray) and self.machine.has_presenter
        self._seen()
        self._voice.sensed()
