"""One piece of work on every core: each share runs in its own process, and tells what it has found whenever it likes."""

import os
import signal
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe, wait
from typing import TypeVar

Found = TypeVar("Found")
Tell = Callable[[Found], None]


def in_shares(work: Callable[[int, int, Tell[Found]], None], shares: int) -> Generator[Found, None, None]:
    """Run `work(which, of_how_many, tell)` for all shares at once; yields what they tell, as it comes.

    Raises RuntimeError when a share ends in any other way than by returning, and KeyboardInterrupt at the next step after
    Ctrl-C. When the caller stops early, the shares and all processes that they have forked are ended.
    """
    running = dict[Connection, int]()
    with _ctrl_c() as asked:
        try:
            running |= dict(_begin(work, which, shares) for which in range(shares))
            yield from _heard(running, asked)
        finally:
            for child in running.values():
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _heard(running: dict[Connection, int], asked: Connection) -> Generator[Found, None, None]:
    """What the shares tell, until each has ended and is out of `running`."""
    while running:
        for hearing in wait([asked, *running]):
            assert isinstance(hearing, Connection)
            if hearing is asked:
                raise KeyboardInterrupt
            try:
                found: Found = hearing.recv()
            except EOFError:
                _, status = os.waitpid(running.pop(hearing), 0)
                if status:
                    raise RuntimeError(f"a share of the work ended with status {status}") from None
                continue
            yield found


@contextmanager
def _ctrl_c() -> Iterator[Connection]:
    """Can be read from once Ctrl-C was pressed.

    Python raises KeyboardInterrupt wherever the program is, and drops it inside a `__del__`, such as a closing pipe's.
    """
    asked, telling = Pipe(duplex=False)
    before = signal.signal(signal.SIGINT, lambda *_: telling.send_bytes(b"stop"))
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
        asked.close()
        telling.close()


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
