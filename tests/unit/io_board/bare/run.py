"""In the place of the simulated chip: the program's codec alone, under MicroPython. One line of JSON in, one out."""

import json
from binascii import hexlify, unhexlify

import frames


class Codec:
    """`request["do"]` is a frame to make, with its fields, or `receive`, with bytes from the machine."""

    def __init__(self):
        self._sender, self._receiver = frames.Sender(), frames.Receiver()

    def advance(self, line):
        request = json.loads(line)
        return json.dumps({"done": getattr(self, request.pop("do"))(**request)})

    def report(self, **fields):
        return hexlify(self._sender.report(**fields)).decode()

    def identity(self, sequence, boot, program):
        return hexlify(self._sender.identity(sequence, boot, unhexlify(program))).decode()

    def receive(self, wire):
        """The bodies, each in hex; "" for a damaged frame."""
        bodies = [self._receiver.put(byte) for byte in unhexlify(wire)]
        return [hexlify(body).decode() for body in bodies if body is not None]


def begin(_):
    return Codec()
