"""Child processes of a simulated world, and locks on what only one may have."""

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

HANG_S = 300.0  # ends a hang and nothing else: long enough for a slow computer, or one that stood still
_PORTS = range(20_000, 32_768)  # Linux gives programs that name no port one from 32768 up (ip(7))
_lent: list[socket.socket] = []


class NotRunning(RuntimeError):
    """Part of the world is missing or did not start; the message is a sentence: which part, and what to do."""


class Child:
    """One `python -m ...` process, its output in a file."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._arguments = [sys.executable, "-m", *arguments]
        self._log = log
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ended(self) -> bool:
        """Whether it ended by itself with status 0 or EX_TEMPFAIL: it asks to be started again."""
        return self._process is not None and self._process.poll() in {0, os.EX_TEMPFAIL}

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self.alive else None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches the world only, which stops its children in order
            )

    def stop(self, patience_s: float = 120.0) -> None:
        """Send SIGTERM, wait, then SIGKILL. Does nothing when it is not running."""
        if self._process is None:
            return
        if self.alive:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        if self.alive:
            self._process.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = HANG_S) -> None:
        """Wait until `ready()`. Raises `NotRunning` with the last line the child wrote."""
        deadline_s = time.monotonic() + timeout_s
        while not ready():
            if not self.alive:
                raise NotRunning(f"The {self.name} stopped while starting: {self.last_words()} (read {self._log})")
            if time.monotonic() > deadline_s:
                raise NotRunning(f"The {self.name} was not ready after {timeout_s:.0f} s; read {self._log}")
            time.sleep(0.02)

    def last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return lines[-1] if lines else "it said nothing"


def free_port(together: int = 1) -> int:
    """A TCP port that is free, and that nobody else gets here until this process ends; the first of `together` in a row.

    The kernel itself gives nobody a port of this range. A name in the list of Unix sockets, which ends with its process,
    keeps one for whoever asked first.
    """
    while True:
        first = random.choice(_PORTS[:-together])
        names: list[socket.socket] = []
        with contextlib.suppress(OSError), contextlib.ExitStack() as tried:
            for port in range(first, first + together):
                names.append(socket.socket(socket.AF_UNIX))
                names[-1].bind(f"\0kofuki-port-{port}")
                probe = tried.enter_context(socket.socket())
                probe.bind(("0.0.0.0", port))  # noqa: S104  some programs bind every address
            _lent.extend(names)
            return first
        for name in names:
            name.close()


def listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return True
    return False


@contextlib.contextmanager
def only_one(lock: Path, what: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a lock file while the block runs. Raises `NotRunning` if another process holds it for `patience_s`."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    deadline_s = time.monotonic() + patience_s
    with lock.open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline_s:
                    file.seek(0)
                    holder = file.read().strip() or "another process"
                    raise NotRunning(f"{what} is in use by {holder}; stop that one first.") from None
                time.sleep(0.1)
        file.truncate(0)
        file.write(f"process {os.getpid()} ({' '.join(sys.argv[:2])})")
        file.flush()
        yield
