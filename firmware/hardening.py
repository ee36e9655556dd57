"""Keeps the PIN inside this process's memory: no core dump, no debugger, no swap (security rule 4).

Set once at the start, and read back from the kernel while the machine runs. If `weaknesses` finds one, no card is taken.
"""

import ctypes
import re
import resource
from collections.abc import Iterator
from pathlib import Path

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4  # linux/prctl.h
M_MMAP_THRESHOLD = -3  # malloc.h
LARGE_BYTES = 4096
_libc = ctypes.CDLL(None, use_errno=True)


def no_core_dumps() -> None:
    """From now on neither this process nor one it starts can leave a core dump."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def no_onlookers() -> None:
    """Forbid other processes of this user to read this one's memory. Root still may."""
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def give_freed_memory_back() -> None:
    """From now on a block of a page or more goes back to the kernel when it is freed, which empties it.

    Documents, pictures and what is sent to a printer are such blocks; the C library would keep them, with their bytes.
    """
    _libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def give_free_pages_back() -> None:
    """The same for every whole page among the smaller blocks that are free now."""
    _libc.malloc_trim(0)


def weaknesses(root: Path = Path("/")) -> Iterator[str]:
    """Each missing protection, as a phrase for the log. `root`: the folder of /proc and /sys."""
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        yield "core dumps are possible"
    if _libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0:
        yield "other processes can read its memory"
    if _may_be_swapped(root):
        yield "its memory may be swapped to a disk"


def _may_be_swapped(root: Path) -> bool:
    """Whether some swap reaches a disk and no cgroup limit keeps this process out of it."""
    swaps = root / "proc/swaps"  # the file is missing on a kernel without swap
    used = [line.split()[0] for line in swaps.read_text().splitlines()[1:] if line.strip()] if swaps.exists() else []
    if all(_stays_in_memory(name, root) for name in used):
        return False
    groups = (root / "proc/self/cgroup").read_text().splitlines()
    own = next((line.removeprefix("0::/") for line in groups if line.startswith("0::/")), None)
    limit = None if own is None else root / "sys/fs/cgroup" / own / "memory.swap.max"
    return limit is None or not limit.exists() or limit.read_text().strip() != "0"


def _stays_in_memory(swap: str, root: Path) -> bool:
    """Whether this swap is compressed memory only, without a disk behind it.

    A zram device may be given a disk, to which the kernel moves its pages (Linux `admin-guide/blockdev/zram.rst`,
    "writeback"); `backing_dev` names it, or says `none`. A kernel built without this has no such file.
    """
    name = swap.removeprefix("/dev/")
    if not re.fullmatch("zram[0-9]+", name):
        return False
    backing = root / "sys/block" / name / "backing_dev"
    return not backing.exists() or backing.read_text().strip() == "none"
