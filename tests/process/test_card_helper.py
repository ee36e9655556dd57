"""The card helper, through which PINs pass, is closed to every other process of its own user.

Real processes of a user that is not root: the helper as the driver starts it, and an onlooker that tries to read its memory.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.card import pcsc_helper
from host_sim.running import HANG_S

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of another user")

# A user who owns nothing else. The one capability lets it reach this interpreter, wherever that is installed; it gives
# access to no other process (capabilities(7)).
AS_USER = (
    *("setpriv", "--reuid=65333", "--regid=65333", "--clear-groups"),
    *(
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
        "--bounding-set=-all,+dac_read_search",
    ),
)
PYTHON = (*AS_USER, sys.executable, "-I")
ONLOOKER = """
import ctypes, os, sys
pid = int(sys.argv[1])
for path in ("mem", "maps", "environ"):
    try:
        os.close(os.open(f"/proc/{pid}/{path}", os.O_RDONLY))
        print("opened", path)
    except PermissionError:
        pass
if ctypes.CDLL(None).ptrace(0x4206, pid, 0, 0) == 0:  # PTRACE_SEIZE, linux/ptrace.h
    print("traced")
"""


@contextmanager
def of_the_user(*command: str) -> Iterator[tuple[int, socket.socket]]:
    """The pid of a Python process of the user, and the socket to its standard input. Closing the socket ends the process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = subprocess.Popen([*PYTHON, *command], stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        try:
            yield process.pid, ours
        finally:
            ours.close()
            process.wait(HANG_S)


def seen_by_the_same_user(pid: int) -> list[str]:
    done = subprocess.run([*PYTHON, "-c", ONLOOKER, str(pid)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_onlooker_sees_an_ordinary_process() -> None:
    """The control: the same onlooker does get into a process that has no protection."""
    with of_the_user("-c", "import os; os.write(0, b'up'); os.read(0, 1)") as (pid, end):
        assert end.recv(2) == b"up"
        assert seen_by_the_same_user(pid) == ["opened mem", "opened maps", "opened environ", "traced"]


def test_the_card_helper_is_closed_before_it_reads_anything() -> None:
    with of_the_user(str(Path(pcsc_helper.__file__)), "no such reader", "") as (pid, end):
        end.send(b"D")  # a release with no card connected: the helper answers as soon as it reads
        assert end.recv(10) == b"="
        assert seen_by_the_same_user(pid) == []
        assert "Max core file size        0                    0 " in Path(f"/proc/{pid}/limits").read_text()
