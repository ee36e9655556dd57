"""pcscd with its virtual reader: the computer's own service, started if it does not run, or a private one.

A computer has one pcscd on the usual socket and one virtual reader on the usual port: one world at a time has them, so
that other programs (`python -m drivers.card`, OpenSC) find its card. A second world, and most tests, take `private_pcscd`: a
service in a mount namespace, with its own socket folder and port. Its clients find it by an environment variable that
libpcsclite reads.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from host_sim.adapters.vpcd import PORT
from host_sim.running import HANG_S, NotRunning, free_port, only_one

LOCK = Path(tempfile.gettempdir()) / "kofuki-virtual-reader.lock"
SOCKET = Path("/run/pcscd/pcscd.comm")
READER = "Virtual PCD 00 00"
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")


class NoReader(RuntimeError):
    """There is no virtual reader and none could be started; the message says what to do."""


class PcscdHandle:
    """A service with a virtual reader. `stop` ends the service only if it was started here.

    `port`: where its slot listens. `environment`: what its clients (the machine, OpenSC) need to find it.
    """

    def __init__(
        self, process: "subprocess.Popen[bytes] | None", port: int = PORT, environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = process
        self.port = port
        self.reader = READER
        self.environment = dict(environment or {})

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:  # it waits for a card that does not answer
                process.kill()
                process.wait()

    def kill(self) -> None:
        """End the service with SIGKILL, to test what the machine does after a crash of pcscd."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def ensure_pcscd(timeout_s: float = HANG_S) -> PcscdHandle:
    """Make sure that the computer's pcscd serves the virtual reader. Raises `NoReader` with one sentence."""
    if _listens(PORT):
        return PcscdHandle(None)
    if os.geteuid() != 0:
        _wake()  # a connection makes systemd start pcscd
        if _wait_for(lambda: _listens(PORT), 10.0):
            return PcscdHandle(None)
        raise NoReader("pcscd is not running with vpcd; run: sudo systemctl start pcscd (or sudo pcscd)")
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    return _start(["pcscd", "-f"], SOCKET, PORT, {}, timeout_s)


def private_pcscd(directory: Path, timeout_s: float = HANG_S) -> PcscdHandle:
    """A private service in `directory`. Raises `NoReader` where that is not possible.

    It needs root or unprivileged user namespaces. `directory` must be short: a socket's path has at most 107 bytes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port(together=2)  # vpcd has two slots
    configuration = directory / "reader.conf"
    configuration.write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{port:04X}\nLIBPATH {_DRIVER}\nCHANNELID 0x{port:04X}\n'
    )
    folder = directory.resolve()
    # An empty /run hides the computer's own service from this one.
    script = (
        'mount --bind "$1" /mnt && mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind /mnt /run/pcscd'
        ' && exec pcscd -f -c "$2"'
    )
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    command = [*unshare, "sh", "-c", script, "sh", str(folder), str(folder / configuration.name)]
    comm = folder / "pcscd.comm"
    return _start(command, comm, port, {"PCSCLITE_CSOCK_NAME": str(comm)}, timeout_s)


@contextlib.contextmanager
def for_a_world(patience_s: float) -> Iterator[PcscdHandle]:
    """The computer's own service if no other world has it, else a private one; where that is not possible, waits for the own.

    Raises `NoReader`, or `NotRunning` when another world has the only reader for `patience_s`.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_the_computers())
        except NotRunning:
            try:
                handle = held.enter_context(_in_a_folder())
            except NoReader:
                held.enter_context(_the_computers(patience_s))
            else:
                yield handle
                return
        yield held.enter_context(ensure_pcscd())


@contextlib.contextmanager
def any_pcscd(patience_s: float) -> Iterator[PcscdHandle]:
    """A private service where that is possible, else the computer's own when no world has it. Raises as `for_a_world`."""
    with contextlib.ExitStack() as held:
        try:
            handle = held.enter_context(_in_a_folder())
        except NoReader:
            held.enter_context(_the_computers(patience_s))
            handle = held.enter_context(ensure_pcscd())
        yield handle


def _the_computers(patience_s: float = 0.0) -> contextlib.AbstractContextManager[None]:
    return only_one(LOCK, "The virtual card reader of this computer", patience_s)


@contextlib.contextmanager
def _in_a_folder() -> Iterator[PcscdHandle]:
    """A private service in a folder that is deleted afterwards."""
    made = tempfile.TemporaryDirectory(prefix="kofuki-pcscd-", ignore_cleanup_errors=True)
    with made as folder, private_pcscd(Path(folder)) as handle:
        yield handle


def _start(command: list[str], comm: Path, port: int, environment: dict[str, str], timeout_s: float) -> PcscdHandle:
    if shutil.which("pcscd") is None or not _DRIVER.exists():
        raise NoReader("pcscd or its virtual reader (vsmartcard-vpcd) is not installed; install them with: make setup")
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    handle = PcscdHandle(process, port, environment)
    if not _wait_for(lambda: process.poll() is not None or (_listens(port) and comm.exists()), timeout_s):
        handle.stop()
        raise NoReader("pcscd did not start its virtual reader in time")
    if process.poll() is not None:
        raise NoReader("pcscd ended at once; is another one running, or are namespaces not allowed here?")
    return handle


def _wait_for(reached: Callable[[], bool], timeout_s: float) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not reached():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


def _wake() -> None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
        knock.connect(str(SOCKET))


def _listens(port: int) -> bool:
    """Whether the port is taken, from the kernel's table: a connection would insert a card."""
    wanted = f":{port:04X}"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.exists():
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False
