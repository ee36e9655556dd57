"""The log: one JSON object a line, with the fields of `Log.write` and no other.

No text of a caller, no message of an exception and no value of a variable reaches it: each field takes one of a closed
list of words, a number, or a text whose letters are checked. What does not fit is written as `?`. Whatever other
libraries would print goes the same way: only who printed it, and where in the program.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import IO, Any

_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"[a-z_]{1,32}")
_NAME = re.compile(r"[A-Za-z_][\w.]{0,99}(:\d{1,6})?", re.ASCII)


class Event(StrEnum):
    STARTED = "started"
    ENDED = "ended"
    CALL = "call"  # a call was answered
    CLOSED = "closed"  # a connection was closed before its call was heard; `code` says why
    TROUBLE = "trouble"  # the program failed; `exception` and `where` say in which way and where


class Log:
    """`endpoints`: the calls that may be named; see `Gate.endpoints`."""

    def __init__(self, stream: IO[str], endpoints: Iterable[str] = ()) -> None:
        self._stream = stream
        self.endpoints = frozenset(endpoints)
        self._turn = threading.Lock()

    def write(
        self,
        event: Event,
        *,
        endpoint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        machine: str | None = None,
        request_id: str | None = None,
        duration_ms: int | None = None,
        exception: str | None = None,
        where: str | None = None,
    ) -> None:
        fields: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": Event(event).value,
            "endpoint": endpoint if endpoint is None or endpoint in self.endpoints else "?",
            "status": None if status is None else int(status),
            "code": _fitting(code, _CODE),
            "machine": _fitting(machine, _MACHINE),
            "request_id": _fitting(request_id, _ID),
            "duration_ms": None if duration_ms is None else int(duration_ms),
            "exception": _fitting(exception, _NAME),
            "where": _fitting(where, _NAME),
        }
        line = json.dumps({name: value for name, value in fields.items() if value is not None})
        with self._turn:
            self._stream.write(line + "\n")
            self._stream.flush()

    def trouble(self, trouble: BaseException, **about: Any) -> None:
        """An unexpected exception: its class, and the line of this program where it came from. Never its words."""
        self.write(Event.TROUBLE, exception=type(trouble).__name__, where=_origin(trouble.__traceback__), **about)

    def take_over(self) -> None:
        """From now on, whatever this process would print about trouble goes through this log."""
        root = logging.getLogger()
        root.handlers[:] = [_Handler(self)]
        root.setLevel(logging.WARNING)
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True
        logging.getLogger("uvicorn.error").setLevel(
            logging.ERROR
        )  # its warnings are about clients; `closed` tells them
        sys.excepthook = lambda _, trouble, __: self.trouble(trouble)
        threading.excepthook = lambda told: self.trouble(told.exc_value or RuntimeError())
        sys.unraisablehook = lambda told: self.trouble(told.exc_value or RuntimeError())


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        trouble = record.exc_info[1] if record.exc_info else None
        if trouble is not None:
            self._log.trouble(trouble)
        else:
            self._log.write(Event.TROUBLE, where=f"{record.module}:{record.lineno}")


def _fitting(text: str | None, pattern: re.Pattern[str]) -> str | None:
    return text if text is None or pattern.fullmatch(text) else "?"


def _origin(traceback: TracebackType | None) -> str | None:
    """Module and line of the innermost frame of the centre, or of the innermost frame of all."""
    origin, own = None, False
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", "?"))
        is_own = module.startswith("host_sim")
        if is_own or not own:
            origin, own = f"{module}:{traceback.tb_lineno}", is_own
        traceback = traceback.tb_next
    return origin
