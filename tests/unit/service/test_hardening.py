"""The kernel's view of a protected process, and swap, which could write its memory to a disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware.hardening import weaknesses

HARDENED = """
import os, signal, sys
from firmware.hardening import no_core_dumps, no_onlookers, weaknesses
print(sorted(weaknesses()))
no_core_dumps(); no_onlookers()
print(sorted(weaknesses()), os.stat("/proc/self/mem").st_uid)
"""
SWAPS = "Filename\tType\tSize\tUsed\tPriority\n"


def test_a_process_that_protects_itself_reads_so_back() -> None:
    told = subprocess.run([sys.executable, "-c", HARDENED], capture_output=True, text=True, check=True, timeout=900)
    before, after = told.stdout.splitlines()
    assert "other processes can read its memory" in before
    swap = [w for w in weaknesses() if "swap" in w]
    assert after == f"{swap} 0", "only root may open the files that show its memory"


@pytest.mark.parametrize(
    ("swaps", "group", "limit", "weak"),
    [
        ("", "0::/a", None, False),
        ("/dev/zram0\tpartition\t1\t0\t100\n", "0::/a", "max", False),
        ("/var/swap\tfile\t1\t0\t-2\n", "0::/a", "max", True),
        ("/var/swap\tfile\t1\t0\t-2\n", "0::/a", None, True),
        ("/dev/zram0\tpartition\t1\t0\t100\n/var/swap\tfile\t1\t0\t-2\n", "0::/a", "4096", True),
        ("/var/swap\tfile\t1\t0\t-2\n", "0::/system.slice/kofuki.service", "0", False),
        ("/var/swap\tfile\t1\t0\t-2\n", "4:memory:/old", None, True),
    ],
)
def test_swap_on_a_disk_is_a_weakness_unless_this_process_is_kept_out_of_it(
    tmp_path: Path, swaps: str, group: str, limit: str | None, weak: bool
) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/swaps").write_text(SWAPS + swaps)
    (tmp_path / "proc/self/cgroup").write_text(group + "\n")
    folder = tmp_path / "sys/fs/cgroup" / group.removeprefix("0::/")
    if limit is not None:
        folder.mkdir(parents=True)
        (folder / "memory.swap.max").write_text(limit + "\n")
    assert any("swap" in word for word in weaknesses(tmp_path)) == weak


def test_a_kernel_that_cannot_swap_has_no_list_of_swaps(tmp_path: Path) -> None:
    assert not any("swap" in word for word in weaknesses(tmp_path))


@pytest.mark.parametrize(
    ("backing", "weak"), [(None, False), ("none\n", False), ("/dev/loop0\n", True), ("/var/swap\n", True)]
)
def test_compressed_memory_that_may_move_its_pages_to_a_disk_is_a_disk(
    tmp_path: Path, backing: str | None, weak: bool
) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/swaps").write_text(SWAPS + "/dev/zram0\tpartition\t1\t0\t100\n")
    (tmp_path / "proc/self/cgroup").write_text("0::/a\n")
    (tmp_path / "sys/block/zram0").mkdir(parents=True)
    if backing is not None:
        (tmp_path / "sys/block/zram0/backing_dev").write_text(backing)
    assert any("swap" in word for word in weaknesses(tmp_path)) == weak
