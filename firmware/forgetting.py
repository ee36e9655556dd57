"""Makes the C library overwrite every piece of memory that this process frees, so that nothing of a served resident stays.

Python copies words and documents more often than it tells, and so do OpenSSL and PDFium; what each of them frees would stay
until it is used again. Two settings of the environment change that for all of them (glibc manual, "Memory Allocation Tunables";
Python manual, PYTHONMALLOC), and they are read only when a process begins, so the program starts itself anew with them.
"""

import os
import sys
from collections.abc import Mapping

# `perturb` fills what is freed; pieces in a thread's cache (`tcache`) and in Python's own allocator would be left out.
_TUNABLES = "glibc.malloc.perturb=90:glibc.malloc.tcache_count=0"


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment lacks, with its values; empty where memory is overwritten already."""
    tunables = environment.get("GLIBC_TUNABLES", "")
    if environment.get("PYTHONMALLOC") == "malloc" and tunables.endswith(_TUNABLES):
        return {}
    return {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": f"{tunables}:{_TUNABLES}".lstrip(":")}


def begin_anew() -> None:
    """Start this program again, with the same arguments and number, unless the settings are there. Children have them too."""
    if lacking := settings(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **lacking})  # noqa: S606  itself
