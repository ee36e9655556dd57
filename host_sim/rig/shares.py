"""One piece of work on every core: each share runs in its own process, and tells what it has found whenever it likes."""

import os
import signal
import traceback
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection, Pipe, wait
from typing import TypeVar

Found = TypeVar("Found")
Tell = Callable[[Found], None]


def in_shares(work: Callable[[int, int, Tell[Found]], None], shares: int) -> Generator[Found, None, None]:
    """Run `work(which, of_how_many, tell)` for all shares at once; yields what they tell, as it comes.

    Raises RuntimeError when a share ends in any other way than by returning. When the caller stops early (Ctrl-C), the
    shares and all processes that they have forked are ended.
    """
    running = dict(_begin(work, which, shares) for which in range(shares))
    try:
        while running:
            for hearing in wait(list(running)):
                assert isinstance(hearing, Connection)
                try:
                    found: Found = hearing.recv()
                except EOFError:
                    _, status = os.waitpid(running.pop(hearing), 0)
                    if status:
                        raise RuntimeError(f"a share of the work ended with status {status}") from None
                    continue
                yield found
    finally:
        for child in running.values():
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _begin(work: Callable[[int, int, Tell[Found]], None], which: int, shares: int) -> tuple[Connection, int]:
    hearing, telling = Pipe(duplex=False)
    child = os.fork()
    if child:
        telling.close()
        _in_its_own_group(child)
        return hearing, child
    status = 1
    try:
        _in_its_own_group(0)
        hearing.close()
        work(which, shares, telling.send)
        telling.close()
        status = 0
    except BaseException:  # noqa: BLE001  the process ends here; who started it says that it failed
        traceback.print_exc()
    finally:
        os._exit(status)


def _in_its_own_group(process: int) -> None:
    """Ctrl-C reaches who started the shares, and that process ends them with what they forked. Both sides do it: one is first."""
    if os.getpgid(process) != (process or os.getpid()):
        os.setpgid(process, process)
