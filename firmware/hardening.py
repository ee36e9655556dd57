"""Keeps the PIN inside this process's memory: no core dump, no debugger, no swap (security rule 4).

Set once at the start, and read back from the kernel while the machine runs. If `weaknesses` finds one, no card is taken.
"""

import ctypes
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


def no_core_dumps() -> None:
    """From now on neither this process nor one it starts can leave a core dump."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def no_onlookers() -> None:
    """Forbid other processes of this user to read this one's memory. Root still may."""
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


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


# --- the system around it ------------------------------------------------------------------------

_MASKED = ("getty@tty1.service", "serial-getty@ttyAMA0.service", "serial-getty@ttyS0.service", "ctrl-alt-del.target")
# Below the folder of /proc and /sys: file, whether its word is right, and what is possible while it is not.
_KERNEL: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("proc/sys/kernel/yama/ptrace_scope", lambda word: word in {"2", "3"}, "a process may read another's memory"),
    ("proc/sys/kernel/sysrq", lambda word: word == "0", "a keyboard can order the kernel about (SysRq)"),
    ("proc/sys/kernel/dmesg_restrict", lambda word: word == "1", "every process may read the kernel's messages"),
    ("proc/sys/kernel/kptr_restrict", lambda word: word in {"1", "2"}, "every process may read the kernel's addresses"),
    ("sys/module/usbcore/parameters/authorized_default", lambda word: word == "0", "any USB device is taken"),
)


def openings(root: Path = Path("/")) -> Iterator[str]:
    """Each setting of `hardware/` that this system lacks, as a sentence for the log (security rule 20).

    A file that cannot be read says nothing.
    """
    for name, right, sentence in _KERNEL:
        word = _read(root / name)
        if word is not None and not right(word.strip()):
            yield f"{sentence}: run hardware/install.sh and restart the board"
    options = _read(root / "proc/cmdline")
    if options is not None and "init_on_free=1" not in options.split():
        yield "freed memory keeps its bytes in the kernel: hardware/boot/cmdline.txt is not in force"
    if _root_is_writable(root):
        yield "the system's medium can be written: mount it read-only (hardware/README.md)"
    for unit in _MASKED:
        mask = root / "etc/systemd/system" / unit
        if mask.parent.is_dir() and not (mask.is_symlink() and mask.readlink() == Path("/dev/null")):
            yield f"{unit} is not masked: run hardware/install.sh"


def _root_is_writable(root: Path) -> bool:
    """Whether the file system itself is: systemd shows the service a read-only mount of it in any case (`ProtectSystem`)."""
    mounts = [line.split() for line in (_read(root / "proc/self/mountinfo") or "").splitlines()]
    whole = [mount[-1].split(",") for mount in mounts if mount[4] == "/"]  # the last field: the super block's options
    return bool(whole) and "ro" not in whole[-1]


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
