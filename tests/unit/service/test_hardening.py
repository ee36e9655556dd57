"""The kernel's view of a protected process, and swap, which could write its memory to a disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware.hardening import openings, weaknesses

HARDENED = """
import os, signal, sys
from firmware.hardening import no_core_dumps, no_onlookers, weaknesses
print(sorted(weaknesses()))
no_core_dumps(); no_onlookers()
print(sorted(weaknesses()), os.stat("/proc/self/mem").st_uid)
"""
HARDWARE = Path(__file__).parents[3] / "hardware"
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


RIGHT = {
    "proc/sys/kernel/yama/ptrace_scope": "2\n",
    "proc/sys/kernel/sysrq": "0\n",
    "proc/sys/kernel/dmesg_restrict": "1\n",
    "proc/sys/kernel/kptr_restrict": "2\n",
    "sys/module/usbcore/parameters/authorized_default": "0\n",
    "proc/self/mountinfo": "22 1 179:2 / / ro,relatime shared:1 - ext4 /dev/root ro,errors=remount-ro\n",
    "proc/cmdline": f"root=/dev/mmcblk0p2 rootwait {(HARDWARE / 'boot/cmdline.txt').read_text()}",
}
OPEN = dict.fromkeys(RIGHT, "1\n") | {
    "proc/sys/kernel/dmesg_restrict": "0\n",
    "proc/sys/kernel/kptr_restrict": "0\n",
    "proc/self/mountinfo": "22 1 179:2 / / ro,relatime shared:1 - ext4 /dev/root rw\n",
    "proc/cmdline": "root=/dev/mmcblk0p2 rw\n",
}


def system(root: Path, words: dict[str, str]) -> Path:
    for name, word in words.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(word)
    units = root / "etc/systemd/system"
    units.mkdir(parents=True)
    for unit in ("getty@tty1.service", "serial-getty@ttyAMA0.service", "serial-getty@ttyS0.service"):
        (units / unit).symlink_to("/dev/null")
    (units / "ctrl-alt-del.target").symlink_to("/dev/null")
    return root


def test_a_system_with_all_files_of_hardware_has_no_opening(tmp_path: Path) -> None:
    assert list(openings(system(tmp_path, RIGHT))) == []


@pytest.mark.parametrize("name", RIGHT)
def test_each_setting_that_is_missing_has_a_sentence(tmp_path: Path, name: str) -> None:
    told = list(openings(system(tmp_path, RIGHT | {name: OPEN[name]})))
    assert len(told) == 1
    assert ": " in told[0]


def test_a_login_that_is_not_masked_is_told(tmp_path: Path) -> None:
    root = system(tmp_path, RIGHT)
    (root / "etc/systemd/system/getty@tty1.service").unlink()
    assert list(openings(root)) == ["getty@tty1.service is not masked: run hardware/install.sh"]


def test_what_cannot_be_read_is_not_judged(tmp_path: Path) -> None:
    assert list(openings(tmp_path)) == []


def test_the_files_of_hardware_set_what_is_checked() -> None:
    """The kernel's settings are in sysctl.d and cmdline.txt, the masks in install.sh."""
    told = (HARDWARE / "sysctl.d/50-kofuki.conf").read_text()
    for name in ("yama.ptrace_scope = 2", "sysrq = 0", "dmesg_restrict = 1", "kptr_restrict = 2"):
        assert f"kernel.{name}" in told
    assert "usbcore.authorized_default=0" in (HARDWARE / "boot/cmdline.txt").read_text().split()
    assert "ctrl-alt-del.target" in (HARDWARE / "install.sh").read_text()
