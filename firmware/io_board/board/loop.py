"""The board's program, one time round: hear, look, switch, answer."""

import struct

import frames
import orders
from cable import Cable
from clock import Clock
from digest import PROGRAM
from edges import Edges
from pins import CoinWire, Pins, service_asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_SCAN_US = 1_000  # on the computer's own pins an edge tells of a key at once
_MOST_BYTES = 64  # read in one round, so that a machine that never stops talking does not stop the scan


def start(stdin: "TextIO", stdout: "TextIO") -> "Program | None":
    """The program, or None while a technician asks for MicroPython's prompt."""
    return None if service_asked() else Program(Pins(), CoinWire(), Cable(stdin, stdout))


class Program:
    """All that the board remembers. Sequence, edges and outputs begin anew with each start."""

    def __init__(self, pins: Pins, coin: CoinWire, cable: Cable) -> None:
        self._pins, self._coin, self._cable = pins, coin, cable
        self._clock = Clock()
        self._boot = pins.boot_number()
        self._receiver, self._sender = frames.Receiver(), frames.Sender()
        self._edges, self._orders = Edges(), orders.Orders(pins.by_watchdog)
        self._sequence = self._damaged = 0
        self._scanned_us = -_SCAN_US
        self._contacts = self._inputs = 0
        self._told: tuple[int, ...] = ()  # what the last report said of wires and outputs
        self._report_owed = False
        self._identity_owed = -1  # the sequence to answer with

    def round(self) -> None:
        """Once round. Whatever goes wrong in it, the outputs go off and the program starts anew."""
        try:
            self._round()
        except Exception:  # noqa: BLE001  a fault of the program, which may leave no output on
            self._pins.let_go()
            self._pins.restart()

    def _round(self) -> None:
        now_us = self._clock.now_us()
        self._hear(now_us)
        self._orders.look(now_us)
        self._switch()
        if now_us - self._scanned_us >= _SCAN_US:
            self._scanned_us = now_us
            self._contacts = self._pins.contacts()
        now_us = max(self._clock.now_us(), self._coin.take(self._clock, self._edges))
        wires = self._pins
        self._inputs = (
            wires.door_shut() | self._coin.low() << 1 | wires.inhibit_low() << 2 | wires.supply_disturbed() << 3
        )
        self._answer(now_us)
        self._pins.feed()

    def _hear(self, now_us: int) -> None:
        for _ in range(_MOST_BYTES):
            byte = self._cable.read()
            if byte < 0:
                return
            body = self._receiver.put(byte)
            if body is not None:
                self._take(body, now_us)

    def _take(self, body: bytes, now_us: int) -> None:
        if body and body[0] != frames.VERSION:
            self._identity_owed = body[2]
        elif not body or frames.LENGTH_OF.get(body[1]) != len(body):
            self._damaged = (self._damaged + 1) & 0xFFFF
        else:
            self._sequence = body[2]
            self._obey(body, now_us)

    def _obey(self, body: bytes, now_us: int) -> None:
        kind = body[1]
        if kind == frames.ASK:
            self._identity_owed = self._sequence
            return
        self._report_owed = True
        (boot,) = struct.unpack_from("<I", body, 3)
        if boot != self._boot:
            return
        if kind == frames.SET:
            acknowledged, outputs = struct.unpack_from("<IB", body, 7)
            self._edges.acknowledge(acknowledged)
            self._orders.tell(outputs, now_us)
        elif not self._orders.outputs & orders.COINS:
            self._pins.let_go()
            self._pins.enter_loader()

    def _switch(self) -> None:
        bits = self._orders.outputs
        self._pins.drive(
            self._orders.inhibit_low(),
            bits & orders.SUPPLY,
            bits & orders.SLOT_LAMP,
            bits & orders.PAPER_LAMP,
            bits & orders.BUZZER,
        )

    def _answer(self, now_us: int) -> None:
        """Send what is owed, one frame at a time; a report also when something changed and the machine is there to hear."""
        cable = self._cable
        cable.go_on()
        if self._identity_owed >= 0 and cable.idle():
            cable.send(self._sender.identity(self._identity_owed, self._boot, PROGRAM))
            self._identity_owed = -1
        if not cable.idle():
            return
        news = (self._contacts, self._inputs, self._orders.outputs, self._orders.why, self._edges.next)
        if self._report_owed or (news != self._told and self._orders.heard(now_us)):
            self._report_owed, self._told = False, news
            cable.send(self._report(now_us))

    def _report(self, now_us: int) -> memoryview:
        return self._sender.report(
            self._sequence,
            self._boot,
            now_us,
            self._orders.outputs,
            self._orders.why,
            self._inputs,
            self._contacts,
            self._damaged,
            self._edges.first,
            self._edges.kept(),
        )
