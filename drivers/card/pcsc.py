"""A PC/SC reader: a `ReaderPort` whose other half (pcsc_helper.py, which says why) is a process of its own.

The helper is started at the first question and again whenever it is gone. It is ended by us in two cases: an answer
did not come in time, or a PIN went through it and the card has been released. PC/SC readers are named by the
beginning of their name, because pcscd numbers them anew when they are plugged in again.
"""

import contextlib
import math
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.card.apdu import CHANGE_REFERENCE_DATA, RESET_RETRY_COUNTER, VERIFY
from drivers.ports import Clock
from drivers.vocabulary import CardPresence

_HELPER = Path(__file__).with_name("pcsc_helper.py")
_MARGIN_S = 2.0  # beyond a wait of its own: starting, finding the reader
_RELEASE_S = 1.0
_SLICE_S = 0.25
_ANSWER_MAX = 65_600
_PRESENCES = {b"1": CardPresence.PRESENT, b"0": CardPresence.NOT_PRESENT, b"?": CardPresence.UNKNOWN}
_WORDS = {presence: word for word, presence in _PRESENCES.items()}


class PcscReader:
    """Satisfies `drivers.card.channel.ReaderPort`. `name`: the reader's PC/SC name, or its beginning."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
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
        """All readers there are now, for a technician. Raises OSError when there is no service."""
        return [name for name in self._ask(b"N", b"", _MARGIN_S).decode().split("\0") if name]

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
        """One question to the helper. `data` is handed to the kernel as it stands: it may hold a PIN."""
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
            case b"S":
                raise TimeoutError("the card stayed silent")
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
                    [sys.executable, "-I", str(_HELPER), self._name], stdin=theirs.fileno(), stdout=subprocess.DEVNULL
                )
            self._socket = ours
        return self._socket

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self.close()


def _hear(control: socket.socket, timeout_s: float) -> bytes:
    """Wait in slices: a computer that stood still meanwhile lets one of them pass unused, not the whole wait."""
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
        """See `CardLink`. The helper that saw a PIN ends with it."""
        if self._pin_passed:
            self._reader.close()
            return
        with contextlib.suppress(OSError):
            self._reader._ask(b"D", b"", _RELEASE_S)  # noqa: SLF001
