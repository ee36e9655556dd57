"""The USB cable as bytes, without waiting: a machine that does not read must not stop the board.

MicroPython waits up to 0.5 s where a piece finds less room than it needs, and its USB endpoint takes pieces of 64 bytes
(`mp_usbd_cdc_tx_strn`). So a piece is written only when there is room for a byte at least, and none after one that was cut short:
at most one wait each time round.
"""

import select

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_PIECE_BYTES = 64


class Cable:
    """Over MicroPython's own standard input and output, which are the USB serial line."""

    def __init__(self, stdin: "TextIO", stdout: "TextIO") -> None:
        micropython.kbd_intr(-1)  # a byte 0x03 is data here, not a wish to stop the program
        self._in, self._out = stdin.buffer, stdout.buffer
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(stdin, select.POLLIN)
        self._writable.register(stdout, select.POLLOUT)
        self._byte = bytearray(1)
        self._unsent = memoryview(b"")

    def read(self) -> int:
        """The next byte, or -1: nothing has arrived."""
        if not self._readable.poll(0):
            return -1
        self._in.readinto(self._byte)
        return self._byte[0]

    def send(self, frame: memoryview) -> None:
        """Take a frame; only when `idle`. The frame's buffer must stay as it is until then."""
        self._unsent = frame
        self.go_on()

    def go_on(self) -> None:
        """Send what there is room for of the frame that is under way. Call it each time round."""
        while self._unsent and self._writable.poll(0):
            piece = self._unsent[:_PIECE_BYTES]
            sent = self._out.write(piece) or 0
            self._unsent = self._unsent[sent:]
            if sent < len(piece):
                return

    def idle(self) -> bool:
        """Whether no frame is under way."""
        return not self._unsent
