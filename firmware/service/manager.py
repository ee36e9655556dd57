"""What the program tells the service manager (systemd), and what a run tells the next one."""

import contextlib
import os
import socket
from pathlib import Path

from firmware.journal.journal import JournalBroken

START_AGAIN = 75  # exit status (sysexits.h, EX_TEMPFAIL): the journal failed; the service manager starts us anew


def notify(message: str) -> None:
    """Send `message` to systemd (sd_notify), if it listens. Called from the loop, never by a timer: a hung loop is found."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.sendto(message.encode(), address.replace("@", "\0", 1))


def service_folder() -> Path | None:
    """The folder in memory that the service manager made for this service (systemd.exec(5)); None: it made none."""
    told = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(told) if told else None


def _medium_failed() -> Path | None:
    """The file that tells the next run of it; in a folder in memory, because the journal's medium failed."""
    folder = service_folder()
    return None if folder is None else folder / "medium-failed"


def remember(error: Exception) -> None:
    """Leave the mark for the next start if `error` says that the journal's medium failed."""
    mark = _medium_failed()
    if mark is not None and isinstance(error, JournalBroken):
        with contextlib.suppress(OSError):
            mark.touch()


def why_started() -> str:
    """The reason for `Boot`: `medium` when the last run left the mark, else `start`. Deletes the mark."""
    mark = _medium_failed()
    if mark is None or not mark.exists():
        return "start"
    with contextlib.suppress(OSError):
        mark.unlink()
    return "medium"
