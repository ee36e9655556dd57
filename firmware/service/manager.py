"""What passes between the program and the service manager (systemd): that it lives, and why its last run ended."""

import contextlib
import os
import socket
from pathlib import Path

from firmware.journal.journal import JournalBroken

START_AGAIN = 75  # exit status (sysexits.h, EX_TEMPFAIL): the journal failed; the service manager starts us anew


def notify(message: str) -> None:
    """Tell systemd, if it listens (sd_notify). Fed by progress of the loop, never by a timer."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.sendto(message.encode(), address.replace("@", "\0", 1))


def _medium_failed() -> Path | None:
    """A mark that one run leaves the next: in a folder in memory, for the journal's medium is what failed."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folder) / "medium-failed" if folder else None


def remember(error: Exception) -> None:
    """That the journal's medium failed, for the next start to write down."""
    mark = _medium_failed()
    if mark is not None and isinstance(error, JournalBroken):
        with contextlib.suppress(OSError):
            mark.touch()


def why_started() -> str:
    """The reason of `Boot`: `medium` when the journal's medium failed before, else `start`; forgotten once it is asked."""
    mark = _medium_failed()
    if mark is None or not mark.exists():
        return "start"
    with contextlib.suppress(OSError):
        mark.unlink()
    return "medium"
