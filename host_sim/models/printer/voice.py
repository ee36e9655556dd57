"""The printer's answers: those given in their turn, and those given at once."""

from host_sim.models.printer import answers
from host_sim.models.printer.body import Body
from host_sim.models.printer.commands import Command


class Voice:
    """Answers that wait to be sent, automatic status, and the line faults that lose or double an answer."""

    def __init__(self, printer: Body) -> None:
        self._printer = printer
        self.waiting: list[tuple[float, bytes]] = []  # when each is due, in that order
        self.tricks: list[str] = []  # lose_reply, double_reply: each for one answer
        self.silent = False
        self._automatic = 0
        self._told = b""

    def forget(self) -> None:
        """Reset what a power cut loses."""
        self.waiting.clear()
        self.silent, self._automatic = False, 0

    @property
    def is_reliable(self) -> bool:
        """Whether every answer is sent exactly once."""
        return not self.silent and not self.tricks

    def say(self, data: bytes) -> None:
        if not data or self.silent:
            return
        trick = self.tricks.pop(0) if self.tricks else ""
        if trick:
            self._printer.on_fault(trick)
        if trick != "lose_reply":
            due_s = self._printer.now_s + self._printer.machine.answer_delay_s
            self.waiting += [(due_s, data)] * (2 if trick == "double_reply" else 1)

    def due(self, now_s: float) -> bytes:
        """The answers whose time has come; they are then gone."""
        said = b"".join(data for due_s, data in self.waiting if due_s <= now_s)
        self.waiting = [(due_s, data) for due_s, data in self.waiting if due_s > now_s]
        return said

    def automatic(self, n: int) -> None:
        """GS a: send the state now and whenever it changes."""
        self._automatic, self._told = n, b""
        self.sensed()

    def sensed(self) -> None:
        """Sensors may have changed: send automatic status if it is on."""
        if not self._automatic or not self._printer.powered:
            return
        now = answers.automatic(self._printer.machine.dialect, self._automatic, self._printer.condition)
        if now != self._told:
            self._told = now
            self.say(now)

    def tell(self, command: Command) -> None:
        """Answer a query when its turn comes in the buffer."""
        printer = self._printer
        match command.name, bytes(command.args):
            case "tell_status", b"\x01" | b"1":
                self.say(answers.paper_sensor(printer.condition))
            case "tell_status", b"\x02" | b"2":
                self.say(b"\x00")
            case "tell_identity", what:
                self._identify(what[0])
            case "symbol_size", _:
                self.say(b"\x37\x36000\x1f0\x1f1\x1f0\x00")
            case "process_id", args if args[:2] == b"00" and len(args) == 6:
                self.say(b"\x37\x22" + args[2:] + b"\x00")
            case "tell_ejector", _:
                self.say(answers.ejector(printer.condition))
            case _:
                self._count(command)

    def _identify(self, what: int) -> None:
        """GS I: 1 to 3 or their digits give one byte, letters a block."""
        machine = self._printer.machine
        if not machine.tells_identity:
            return
        match what:
            case 1 | 0x31:
                self.say(bytes((machine.model_id,)))
            case 2 | 3 | 0x32 | 0x33:
                self.say(b"\x00")
            case 66 | 67:
                name = machine.maker_name if what == 66 else machine.model_name
                self.say(b"\x5f" + name.encode("ascii") + b"\x00")
            case _:
                self._printer.complain(f"GS I {what}")

    def _count(self, command: Command) -> None:
        """Answer with one of the non-volatile counters."""
        counters, machine = self._printer.counters, self._printer.machine
        match command.name, bytes(command.args):
            case "tell_counter", b"2\x00\xb2\x00":
                self.say(b"\x5f%d\x00" % counters.cuts)
            case "tell_counter", b"2\x00\x94\x00":
                self.say(b"\x5f%d\x00" % counters.rows)
            case "tell_cuts", _:
                self.say(b"%d cuts" % counters.cuts)
            case "tell_length", _:
                self.say(b"%dcm" % int(counters.rows * 2.54 / machine.dpi))
            case "tell_retracts", _:
                self.say(b"%dret" % counters.retracts)
            case "tell_power_ups", _:
                self.say(b"%don" % counters.power_ups)
            case _:
                self._printer.complain(f"no answer to {command.name} {command.args.hex(' ')}")
