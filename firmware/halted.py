"""The halted machine: it says on every side that works why it does not run, then ends to be started again.

It halts for what no machine can run without: unit file, journal, key files, letters, releases. Nothing may be taken, printed
or paid then (journal rules 2 and 3, faults D2, D3), so of the resident's devices only the coin acceptor is opened, to close its
slot. After `TRY_AGAIN_S`, or when `again` is typed, the program ends and the service manager starts it again. So whoever
put the cause right has nothing else to do. A device that is missing does not halt the machine: its desk tries it again.
"""

import contextlib
from collections.abc import Callable

from drivers.errors import DeviceError
from drivers.ports import ByteStream, Clock
from firmware.config.unit import LineFilesUnusable, UnitError, UpdatesUnusable
from firmware.console.language import Language, texts
from firmware.console.line import LineReader
from firmware.console.rows import fitted
from firmware.desks import LINE, OF_MACHINE, Beat, Health
from firmware.journal.journal import JournalBroken, JournalForged, JournalFull, JournalTrouble
from firmware.journal.seal import SealUnsafe
from firmware.screens.fonts import LettersMissing
from firmware.service.availability import Reason
from firmware.session.scenes import Closed, Scene
from firmware.workers import Crew

CAUSES = (JournalTrouble, SealUnsafe, UnitError)
TRY_AGAIN_S = 60.0
LOOK_S = 0.2
_READ_BYTES = 256
_WRITE_S = 1.0
_ASK_REQUEST = "Type `request` for its certificate request, which the centre answers."


def reason_of(error: Exception) -> Reason:
    """The reason that the closed screen shows for one of `CAUSES`."""
    match error:
        case JournalFull():
            return Reason.JOURNAL_FULL
        case JournalForged():
            return Reason.JOURNAL_FORGED
        case JournalBroken():
            return Reason.JOURNAL_BROKEN
        case SealUnsafe():
            return Reason.JOURNAL_SEAL
        case LettersMissing():
            return Reason.LETTERS
        case LineFilesUnusable():
            return Reason.LINE_FILES
        case UpdatesUnusable():
            return Reason.UPDATES
        case UnitError():
            return Reason.UNIT
        case _:
            return Reason.JOURNAL_CORRUPT


class Halted:
    """`serial`: the console's line; None without one. `crew`: has the line desk where the centre can be told.

    `alive`: called every `LOOK_S`, to feed the watchdog. A call to the centre may take long, so its desk makes it.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        show: Callable[[Scene], None],
        shut_slot: Callable[[], None],
        serial: ByteStream | None,
        crew: Crew,
        heartbeat_s: float | None,
        clock: Clock,
        request: str = "",
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`heartbeat_s`: seconds from one heartbeat to the next; None: the centre cannot be told.

        `request`: the machine's certificate request in PEM, which whoever stands at the serial line may read; empty without one.
        """
        self._reason = reason
        self._detail = detail.rstrip(".")
        self._show = show
        self._shut_slot = shut_slot
        self._serial = serial
        self._crew = crew
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._request = request
        self._alive = alive
        self._reader = LineReader()
        self._language = Language.EN
        self._ends_s = clock.monotonic() + TRY_AGAIN_S
        self._beat_at_s: float | None = None if heartbeat_s is None else clock.monotonic()

    def run(self, stopping: Callable[[], bool]) -> None:
        """Returns after `TRY_AGAIN_S`, or earlier when `stopping()` is true or `again` was typed."""
        self._crew.start()
        self._write(self._answer())
        self._alive()
        self._quietly(self._show_closed)
        self._alive()
        # The last run may have left the slot open. An acceptor that is not polled closes by itself.
        self._quietly(self._shut_slot)
        while self._clock.monotonic() < self._ends_s and not stopping():
            self._alive()
            self._listen()
            self._tell_centre()
            self._hear(LOOK_S)

    def _show_closed(self) -> None:
        number = str(self._reason.number)
        request = self._request if self._reason is Reason.LINE_FILES else ""
        told = Closed(
            language="ja", reason="out_of_service", opens_at=None, numbers=(number,), halted=True, request=request
        )
        self._show(told)

    def _quietly(self, act: Callable[[], None]) -> None:
        """Do it on a device that may be missing too, or be named wrongly in the unit file."""
        try:
            act()
        except (DeviceError, UnitError):
            return

    # --- the centre -----------------------------------------------------------------------------

    def _tell_centre(self) -> None:
        if self._beat_at_s is None or self._clock.monotonic() < self._beat_at_s:
            return
        self._beat_at_s = None  # until it is answered
        # Without a journal there is no head to tell; the centre keeps the last one it was told (I14).
        facts = {"state": "halted", "reasons": [str(self._reason)]}
        self._crew.send(LINE, Beat(facts, ()), OF_MACHINE)

    def _hear(self, timeout_s: float) -> None:
        posted = self._crew.receive(timeout_s)
        if posted is not None and isinstance(posted.answer, Health) and self._heartbeat_s is not None:
            self._beat_at_s = self._clock.monotonic() + self._heartbeat_s

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
                self._answer_to(line.text)

    def _answer_to(self, typed: str) -> None:
        first, _, rest = typed.strip().partition(" ")
        if first == "language" and rest in set(Language):
            self._language = Language(rest)
        if typed.strip() == "again":
            self._ends_s = self._clock.monotonic()
        if typed.strip() == "request" and self._request:
            self._write("\r\n".join(self._request.splitlines()) + "\r\n")
        self._write(self._answer())

    def _answer(self) -> str:
        again_s = max(0, round(self._ends_s - self._clock.monotonic()))
        lines = [
            f"{self._reason.number} {self._told(self._reason.sentence)} ({self._told(f'{self._detail}.')})",
            self._told("The machine takes, prints and pays nothing until this is mended."),
            self._told(f"Mend it; the machine starts again by itself in {again_s} s, then every minute."),
            self._told("Type `again` to start it now."),
            *([self._told(_ASK_REQUEST)] if self._request else []),
            "`language ja`, `language romaji`, `language en`",
        ]
        return "\r\n".join([*(row for line in lines for row in fitted(line)), "ERR halted", "halted> "])

    def _told(self, line: str) -> str:
        """The line in the language asked for; English where its texts cannot be read, because this line must always speak."""
        with contextlib.suppress(OSError, ValueError):
            line = line if self._language is Language.EN else texts(self._language).told(line)
        return line.encode(self._letters, "backslashreplace").decode(self._letters)

    @property
    def _letters(self) -> str:
        return "utf-8" if self._language is Language.JA else "ascii"

    def _write(self, text: str) -> None:
        if self._serial is None or not text:
            return
        try:
            self._serial.write(text.encode(self._letters), _WRITE_S)
        except DeviceError:
            return
