"""A PC/SC reader: a `ReaderPort` that works through a helper process (pcsc_helper.py, which says why).

This side starts the helper at the first question, and again whenever it has ended. It ends the helper in two cases: an
answer did not come in time, or a PIN went through the helper and the card has been released. A reader is given by the
beginning of its name, because pcscd changes the number at the end when it is plugged in again; of two readers of one make the
serial number tells which, where the reader has one: pcscd writes it in brackets into the name.
"""

import contextlib
import math
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.card.apdu import CHANGE_REFERENCE_DATA, RESET_RETRY_COUNTER, VERIFY
from drivers.ports import Clock
from drivers.vocabulary import CardPresence

_HELPER = Path(__file__).with_name("pcsc_helper.py")
# glibc overwrites what is freed: pyscard frees a copy of VERIFY, and a cached block would keep all but its first 16 bytes.
_TUNABLES = "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165"
_MARGIN_S = 2.0  # added to each wait: time to start the helper and find the reader
_RELEASE_S = 1.0
_SLICE_S = 0.25
_ANSWER_MAX = 65_600
_PRESENCES = {b"1": CardPresence.PRESENT, b"0": CardPresence.NOT_PRESENT, b"?": CardPresence.UNKNOWN}
_WORDS = {presence: word for word, presence in _PRESENCES.items()}


class PcscReader:
    """Satisfies `drivers.card.channel.ReaderPort`. `name`: the reader's PC/SC name, or its beginning; `serial`: or empty."""

    def __init__(self, name: str, clock: Clock, serial: str = "") -> None:
        self._name = name
        self._serial = serial
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._known = CardPresence.UNKNOWN

    @property
    def clock(self) -> Clock:
        return self._clock

    def presence(self, timeout_s: float) -> str:
        """See `ReaderPort`."""
        wait = _WORDS[self._known] + round(timeout_s * 1000).to_bytes(4, "big")
        try:
            word = self._ask(b"P", wait, timeout_s + _MARGIN_S)
        except OSError:
            word = b"?"
        self._known = _PRESENCES.get(word, CardPresence.UNKNOWN)
        return self._known

    def names(self) -> Sequence[str]:
        """The names of all readers, for a technician. Raises OSError when pcscd does not answer."""
        return [name for name in self._ask(b"N", b"", _MARGIN_S).decode().split("\0") if name]

    def check(self) -> None:
        """See `ReaderPort`."""
        named = [name for name in self.names() if name.startswith(self._name)]
        if not named:
            raise ConnectionAbortedError(
                f"no card reader is connected whose name begins with {self._name!r}; plug it in, or correct the unit file"
            )
        if self._serial and not any(f"({self._serial})" in name for name in named):
            raise ConnectionAbortedError(
                f"no such card reader has the serial number {self._serial!r} ({', '.join(named)}); correct the unit file"
            )

    def connect(self, timeout_s: float) -> "PcscLink":
        """See `ReaderPort`."""
        return PcscLink(self, self._ask(b"C", b"", timeout_s))

    def close(self) -> None:
        """End the helper, which lets go of the card and the reader."""
        control, self._socket = self._socket, None
        process, self._process = self._process, None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(_RELEASE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # --- inside ---------------------------------------------------------------------------------

    def _ask(self, what: bytes, data: bytes | bytearray, timeout_s: float) -> bytes:
        """Send one question to the helper; return its answer. Makes no copy of `data`, which may hold a PIN."""
        control = self._started()
        try:
            control.settimeout(timeout_s)
            control.sendmsg([what, data])
            answer = _hear(control, timeout_s)
        except TimeoutError:
            self._kill()
            raise
        except OSError:
            self._kill()
            raise ConnectionAbortedError("the card helper ended") from None
        match answer[:1]:
            case b"=":
                return answer[1:]
            case b"R":
                raise ConnectionResetError("the card was pulled")
            case b"M":
                raise ConnectionRefusedError("the card does not answer to reset")
            case b"F":
                raise InterruptedError("the exchange failed")
            case b"B":
                raise BlockingIOError("another program holds the card")
            case b"G":
                raise ConnectionAbortedError(answer[1:].decode())
            case _:
                self._kill()
                raise ConnectionAbortedError("the card helper ended")

    def _started(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(_HELPER), self._name, self._serial],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env={**os.environ, "GLIBC_TUNABLES": _TUNABLES},
                )
            self._socket = ours
        return self._socket

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self.close()


def _hear(control: socket.socket, timeout_s: float) -> bytes:
    """Wait in slices: when the computer stood still, only the slice it stood in is lost, not the whole wait."""
    slices = max(1, math.ceil(timeout_s / _SLICE_S))
    control.settimeout(timeout_s / slices)
    for _ in range(slices - 1):
        with contextlib.suppress(TimeoutError):
            return control.recv(_ANSWER_MAX)
    return control.recv(_ANSWER_MAX)


class PcscLink:
    """Satisfies `drivers.card.channel.CardLink`."""

    def __init__(self, reader: PcscReader, atr: bytes) -> None:
        self.atr = atr
        self._reader = reader
        self._pin_passed = False

    def transmit(self, command: bytes | bytearray, timeout_s: float) -> bytes:
        """See `CardLink`."""
        if command[1] in {VERIFY, CHANGE_REFERENCE_DATA, RESET_RETRY_COUNTER} and len(command) > 5:
            self._pin_passed = True
        return self._reader._ask(b"T", command, timeout_s)  # noqa: SLF001  the two are one

    def close(self) -> None:
        """See `CardLink`. Ends the helper if a PIN went through it."""
        if self._pin_passed:
            self._reader.close()
            return
        with contextlib.suppress(OSError):
            self._reader._ask(b"D", b"", _RELEASE_S)  # noqa: SLF001
