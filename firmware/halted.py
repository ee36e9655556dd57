"""A machine that must not run says so: on its screen, on the serial line and to the centre. Then it is tried again.

Without a journal that can be read and written nothing may be taken, printed or paid (journal rules 2 and 3, faults D2, D3).
So nothing of the resident's is opened here but the coin slot, to shut it. After `TRY_AGAIN_S` the
program ends and the service manager starts it anew: a medium that was put right needs nobody to tell the machine.
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
    """Why a start or a run came to its end."""
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
    """`serial`: the console's line, where the machine has one. `alive`: told at each look, for the watchdog."""

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
        """Until it is time to try again, or told to stop."""
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
        """A run that ended in the middle may have left it open. A silent acceptor closes by itself when nobody polls it."""
        try:
            self._shut_slot()
        except DeviceError:
            return

    def _tell_centre(self) -> None:
        if self._clock.monotonic() < self._beat_at_s:
            return
        self._beat_at_s = self._clock.monotonic() + self._heartbeat_s
        # No journal, no head: the centre goes on knowing the last one it was told (I14).
        no_head = {"journal_seq": 0, "journal_head": ""}
        self._centre.heartbeat({**no_head, "state": "halted", "reasons": [str(self._reason)], "events": []})

    # --- the serial line ------------------------------------------------------------------------

    def _listen(self) -> None:
        """Whatever is typed has one answer; there is nothing here that a person may do, so nobody logs in."""
        if self._serial is None:
            return
        try:
            typed = self._serial.read(_READ_BYTES, 0.0)
        except DeviceError:
            return  # no terminal is there
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
            "Nothing is taken, printed or paid until this is mended.",
            f"The start is tried again in {again_s} s, and then every minute.",
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
