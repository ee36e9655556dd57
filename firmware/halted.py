"""The halted machine: it tells screen, serial line and centre why it does not run, then ends to be started again.

Without a journal that can be read and written nothing may be taken, printed or paid (journal rules 2 and 3, faults D2, D3).
So of the resident's devices only the coin acceptor is opened, to close its slot. After `TRY_AGAIN_S` the program ends and
the service manager starts it again. So a technician who put the medium right has nothing else to do.
"""

import textwrap
from collections.abc import Callable

from drivers.errors import DeviceError
from drivers.ports import ByteStream, Clock
from firmware.console.grammar import LineReader
from firmware.journal.journal import JournalBroken, JournalFull
from firmware.journal.seal import SealUnsafe
from firmware.ports import Centre
from firmware.service.availability import Reason
from firmware.session.scenes import Closed, Scene

TRY_AGAIN_S = 60.0
LOOK_S = 0.2
_READ_BYTES = 256
_WRITE_S = 1.0
_COLUMNS = 79


def reason_of(error: Exception) -> Reason:
    """The reason that the closed screen shows for this error."""
    match error:
        case JournalFull():
            return Reason.JOURNAL_FULL
        case JournalBroken():
            return Reason.JOURNAL_BROKEN
        case SealUnsafe():
            return Reason.JOURNAL_SEAL
        case _:
            return Reason.JOURNAL_CORRUPT


class Halted:
    """`serial`: the console's line; None without one. `alive`: called every `LOOK_S`, to feed the watchdog."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        show: Callable[[Scene], None],
        shut_slot: Callable[[], None],
        serial: ByteStream | None,
        centre: Centre,
        heartbeat_s: float,
        clock: Clock,
        wait: Callable[[float], None],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._reason = reason
        self._detail = detail
        self._show = show
        self._shut_slot = shut_slot
        self._serial = serial
        self._centre = centre
        self._clock = clock
        self._wait = wait
        self._heartbeat_s = heartbeat_s
        self._alive = alive
        self._reader = LineReader()
        self._ends_s = clock.monotonic() + TRY_AGAIN_S
        self._beat_at_s = clock.monotonic()

    def run(self, stopping: Callable[[], bool]) -> None:
        """Returns after `TRY_AGAIN_S`, or earlier when `stopping()` is true."""
        number = str(self._reason.number)
        self._show(Closed(language="ja", reason="out_of_service", opens_at=None, numbers=(number,)))
        self._shut()
        self._write(self._answer())
        while self._clock.monotonic() < self._ends_s and not stopping():
            self._alive()
            self._listen()
            self._tell_centre()
            self._wait(LOOK_S)

    def _shut(self) -> None:
        """Close the slot: the last run may have left it open. An acceptor that is not polled closes by itself."""
        try:
            self._shut_slot()
        except DeviceError:
            return

    def _tell_centre(self) -> None:
        if self._clock.monotonic() < self._beat_at_s:
            return
        self._beat_at_s = self._clock.monotonic() + self._heartbeat_s
        # Without a journal there is no head to tell; the centre keeps the last one it was told (I14).
        no_head = {"journal_seq": 0, "journal_head": ""}
        self._centre.heartbeat({**no_head, "state": "halted", "reasons": [str(self._reason)], "events": []})

    # --- the serial line ------------------------------------------------------------------------

    def _listen(self) -> None:
        """Answer every line with the reason. There is no login, because no command works without a journal."""
        if self._serial is None:
            return
        try:
            typed = self._serial.read(_READ_BYTES, 0.0)
        except DeviceError:
            return  # no terminal is connected
        for byte in typed:
            echo, line = self._reader.feed(byte)
            self._write(echo.decode("ascii"))
            if line is not None:
                self._write(self._answer())

    def _answer(self) -> str:
        again_s = max(0, round(self._ends_s - self._clock.monotonic()))
        words = f"{self._reason.number} {self._reason.sentence} ({self._detail}.)"
        lines = [
            *textwrap.wrap(words, _COLUMNS),
            "The machine takes, prints and pays nothing until this is mended.",
            f"Mend it; the machine starts again by itself in {again_s} s, then every minute.",
            "ERR halted",
            "halted> ",
        ]
        return "\r\n".join(lines)

    def _write(self, text: str) -> None:
        if self._serial is None or not text:
            return
        try:
            self._serial.write(text.encode("ascii", "replace"), _WRITE_S)
        except DeviceError:
            return
