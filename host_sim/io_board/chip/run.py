"""Lets the board's time pass: what happens to it, and its program's loop in between. One line of JSON in, one out."""

import gc
import json
import os
import random
import sys
from binascii import hexlify, unhexlify

import machine
from machine import world

_ROUND_US = 5000
_USB_BYTES = 64
_OURS = ("machine", "time", "os", "select", "random", "json", "binascii", "gc", "sys", "run")


class Line:
    """The serial line: standard input and output of the program. `room`: for so many bytes, if the machine does not read."""

    def __init__(self):
        self.buffer = self
        self.arrived = bytearray()
        self.said = bytearray()
        self.room = None

    def ready(self, flags):
        return bool(self.arrived) if flags == 1 else self.room != 0

    def readinto(self, buffer):
        assert self.arrived, "a read that waits"
        assert len(buffer) == 1, "a read that may wait"
        buffer[0] = self.arrived[0]
        self.arrived = self.arrived[1:]

    def write(self, data):
        assert len(data) <= _USB_BYTES, "more than one piece: each may wait 0.5 s"
        size = len(data)
        if self.room is not None:
            size = min(size, self.room)
            self.room -= size
        self.said.extend(data[:size])
        return size


class Board:
    """The chip with its program. It starts at once."""

    def __init__(self):
        self.line = Line()
        self.starts = 0
        self.in_loader = self.hangs = False
        self.program = None
        self._next_us = 0
        self.start(machine.PWRON_RESET)

    def start(self, cause):
        """Reset: the program's modules are loaded anew, and nothing is left of what they knew."""
        for name in list(sys.modules):
            if name not in _OURS:
                del sys.modules[name]
        world.start(cause)
        self.line.arrived, self.in_loader, self.hangs = bytearray(), False, False
        self.starts += 1
        self._next_us = world.now_us
        self.program = __import__("loop").start(self.line, self.line)

    def round(self):
        self._next_us = world.now_us + _ROUND_US
        if self.hangs or self.in_loader or self.program is None:
            return
        try:
            self.program.round()
        except machine.Restart:
            self.start(machine.WDT_RESET)  # on this chip a reset by the program is one by the watchdog
        except machine.Loader:
            world.start(machine.PWRON_RESET)
            self.in_loader = True

    def pass_time(self, to_us):
        """Go round every 5 ms up to `to_us`, that instant included."""
        while True:
            bites_us = world.bites()
            due_us = self._next_us if bites_us is None else min(self._next_us, bites_us)
            if due_us > to_us:
                world.now_us = max(world.now_us, to_us)
                return
            world.now_us = max(world.now_us, due_us)
            if due_us == bites_us and due_us < self._next_us:
                self.start(machine.WDT_RESET)
            else:
                self.round()

    def act(self, name, *args):
        getattr(self, "_" + name)(*args)

    def _contact(self, row, column, closed):
        world.contact(row, column, closed)

    def _coin(self, low):
        world.pull(10, low)

    def _door(self, shut):
        world.pull(13, shut)

    def _service(self, held):
        world.pull(22, held)

    def _inhibit(self, held):
        world.pull(11, held)

    def _supply(self, held):
        world.pull(12, held)

    def _room(self, size):
        self.line.room = None if size < 0 else size

    def _edge_at_start(self):
        world.edge_at_start = True

    def _reset(self):
        self.start(machine.PWRON_RESET)

    def _hang(self):
        self.hangs = True

    def _bytes(self, data):
        if self.in_loader:
            return
        self.line.arrived.extend(unhexlify(data))
        self.round()

    def advance(self, line):
        """Do a request of process.py."""
        request = json.loads(line)
        for at_us, name, *args in request["acts"]:
            self.pass_time(at_us)
            self.act(name, *args)
        self.pass_time(request["to_us"])
        said, self.line.said = self.line.said, bytearray()
        gc.collect()
        return json.dumps(
            {
                "said": hexlify(said).decode(),
                "wires": world.wires(),
                "starts": self.starts,
                "in_loader": self.in_loader,
                "heap_bytes": gc.mem_alloc(),
            }
        )


def begin(seed, *boots):
    """Switch a board on; all are numbers in letters. `boots`: its first boot numbers, before those that come from the seed."""
    random.seed(int(seed))
    world.phase = random.getrandbits(30)
    os.told.extend(int(boot).to_bytes(4, "little") for boot in boots)
    return Board()
