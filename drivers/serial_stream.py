"""A serial port or a USB printer's node as a `ByteStream`, for coins, printers and the maintenance console.

pyserial opens and configures the port; the bytes go through `poll`, `read` and `write` directly. After a time-out
pyserial's own write does not say how many bytes were taken, and a printer driver must know that
to the byte. No modem line controls the flow: pseudo-terminals and many USB adapters have none. The port is opened
exclusively (`exclusive`), so that a technician's terminal cannot read the replies.

The first call opens the port, and so does the first call after `LineLost`: when the device is plugged in again,
the same driver object works on.
"""

import errno
import fcntl
import os
import select
import sys
import termios
from pathlib import Path
from typing import Any, Protocol

from serial.serialposix import Serial

from drivers.errors import LineLost
from drivers.ports import Clock
from drivers.wire import Parity, Wire

USB_MAJOR = 180  # Linux: character devices of USB, printers among them
_EMPTY_S = 0.02
_ADVICE = {
    errno.ENOENT: "check its cable and the port's name in the unit file.",
    errno.EACCES: "add this user to the group of the port, dialout or lp (hardware/install.sh does).",
    errno.EAGAIN: "another program has it open; end that one.",
    errno.EBUSY: "another program has it open; end that one.",
    errno.ENOTTY: "it is no serial port; correct the port's name in the unit file.",
}
_ELSE = "check that it is a serial port, its cable, and the port's name in the unit file."
_BROKEN = select.POLLERR | select.POLLHUP | select.POLLNVAL


class _Port(Protocol):
    """The methods used of an open port."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class _UsbPrinter:
    """/dev/usb/lp0: the kernel's node for a USB printer. It is no terminal, so pyserial refuses it."""

    def __init__(self, path: str) -> None:
        self._open_fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(self._open_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        return self._open_fd

    def close(self) -> None:
        os.close(self._open_fd)


_PARITY = {Parity.NONE: "N", Parity.EVEN: "E", Parity.ODD: "O"}  # in words of pyserial


class SerialStream:
    """Raw bytes of eight bits, no flow control by wire. A byte whose parity is wrong is read as it came: what it says is wrong
    is found by the device's own checksum or by the answer that it is not."""

    def __init__(self, port: str, wire: Wire | int, clock: Clock, *, device: str) -> None:
        """`port` is a path; `wire`: a number is the baud of an ordinary line; `device` is the name in errors. Opens nothing
        yet."""
        self._port = port
        self._wire = Wire(wire) if isinstance(wire, int) else wire
        self._clock = clock
        self._device = device
        self._serial: _Port | None = None
        self._poll: select.poll | None = None
        self._closed = False

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """As `ByteStream.read`. Raises `LineLost` when the port is gone or was closed."""
        if not self._ready(select.POLLIN, timeout_s):
            return b""
        try:
            data = os.read(self._fd(), max_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error) from None
        if not data and isinstance(self._serial, _UsbPrinter):
            self._rest(min(timeout_s, _EMPTY_S))  # an empty USB packet; an unplugged printer would raise
        elif not data:  # readable, but nothing to read: hung up
            raise self._gone(OSError(errno.EIO, "hung up"))
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        """As `ByteStream.write`: how many bytes the port took, also when the time ran out. Raises `LineLost`."""
        deadline_s = self._clock.monotonic() + timeout_s
        view = memoryview(data)
        taken = 0
        while taken < len(data):
            left_s = deadline_s - self._clock.monotonic()
            if not self._ready(select.POLLOUT, max(0.0, left_s)):
                return taken
            try:
                taken += os.write(self._fd(), view[taken:])
            except BlockingIOError:
                if left_s <= 0:
                    return taken
            except OSError as error:
                raise self._gone(error) from None
        return taken

    def carrier(self) -> bool | None:
        """Whether the other side holds DCD or DSR; None where the port has no modem lines, as a pseudo-terminal."""
        if self._serial is None:
            return None
        lines = bytearray(4)
        try:
            fcntl.ioctl(self._serial.fileno(), termios.TIOCMGET, lines)
        except OSError:
            return None
        return bool(int.from_bytes(lines, sys.byteorder) & (termios.TIOCM_CAR | termios.TIOCM_DSR))

    def close(self) -> None:
        """Give the port back for good. Calling it twice is harmless."""
        self._closed = True
        self._shut()

    def _ready(self, want: int, timeout_s: float) -> bool:
        """Wait for the port; bytes that arrived before a hang-up can still be read."""
        fd = self._fd()
        assert self._poll is not None
        self._poll.modify(fd, want)
        events = self._poll.poll(max(0.0, timeout_s) * 1000)
        flags = events[0][1] if events else 0
        if flags & want:
            return True
        if flags & _BROKEN:
            raise self._gone(OSError(errno.EIO, "hung up"))
        return False

    def _rest(self, timeout_s: float) -> None:
        assert self._poll is not None
        self._poll.modify(self._fd(), 0)
        self._poll.poll(timeout_s * 1000)

    def _fd(self) -> int:
        if self._closed:
            raise LineLost(self._device, f"{self._port} was closed by this program.")
        if self._serial is None:
            self._serial = self._opened()
            self._poll = select.poll()
            self._poll.register(self._serial.fileno(), 0)
        return int(self._serial.fileno())

    def _opened(self) -> _Port:
        serial: Any = None
        try:
            if os.major(Path(self._port).stat().st_rdev) == USB_MAJOR:
                return _UsbPrinter(self._port)
            serial = Serial(
                self._port,
                self._wire.baud,
                parity=_PARITY[self._wire.parity],
                stopbits=self._wire.stop_bits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
            _break_is_zero(serial.fileno())
            serial.reset_input_buffer()  # bytes from before the opening answer none of our questions
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError
            if serial is not None:
                serial.close()
            advice = _ADVICE.get(_number(error), _ELSE)
            raise LineLost(self._device, f"{self._port} cannot be opened ({_why(error)}): {advice}") from None
        port: _Port = serial
        return port

    def _gone(self, error: OSError) -> LineLost:
        self._shut()
        return LineLost(self._device, f"{self._port} is gone ({_why(error)}): check its cable and power.")

    def _shut(self) -> None:
        port, self._serial, self._poll = self._serial, None, None
        if port is not None:
            try:
                port.close()
            except OSError:  # the port is gone already
                return


def _break_is_zero(file: int) -> None:
    """A BREAK, as a cable makes when it is pulled, is read as a zero byte and discards nothing (termios(3): BRKINT)."""
    settings = termios.tcgetattr(file)
    settings[0] &= ~(termios.BRKINT | termios.IGNBRK | termios.PARMRK)
    termios.tcsetattr(file, termios.TCSANOW, settings)


def _number(error: Exception) -> int:
    """The system's number of an error; 0 without one. pyserial hides that of a termios error inside its own."""
    inner = error if isinstance(error, termios.error) else error.__context__
    found = inner.args[0] if isinstance(inner, termios.error) else getattr(error, "errno", None)
    return found if isinstance(found, int) else 0


def _why(error: Exception) -> str:
    number = _number(error)
    return os.strerror(number) if number else str(error)
