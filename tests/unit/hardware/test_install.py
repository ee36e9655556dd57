"""`hardware/install.sh --root TREE`: the files it writes and who may read them. No program in the tree is run."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from firmware.config.unit import load_unit

ROOT = Path(__file__).parents[3]
HARDWARE = ROOT / "hardware"
SERVICE = HARDWARE / "systemd" / "kofuki.service"
FRIENDS = "root:x:0:\ntty:x:5:\ndialout:x:20:\nvideo:x:44:\n"
CONFIG = "# For more options see the documentation\ndtparam=audio=on\n\n[cm5]\ndtoverlay=dwc2\n"
CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=0a-02 rootfstype=ext4 quiet rootwait\n"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set owners")


def lines(unit: Path) -> dict[str, list[str]]:
    """A unit file's keys, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        key, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def install(tree: Path) -> str:
    done = subprocess.run(
        ["sh", str(HARDWARE / "install.sh"), "--root", str(tree)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def facts(tree: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Path -> mode, owner, group and content of everything below a folder."""
    found = {}
    for path in sorted(tree.rglob("*")):
        told = path.lstat()
        inside = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(tree))] = (told.st_mode, told.st_uid, told.st_gid, inside)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the files of Debian and of the Pi's boot partition that the script reads or changes."""
    for folder in ("etc", "boot/firmware", "usr/lib/systemd/system"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/group").write_text(FRIENDS)
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (tmp_path / "boot/firmware/config.txt").write_text(CONFIG)
    (tmp_path / "boot/firmware/cmdline.txt").write_text(CMDLINE)
    for name in ("pcscd.socket", "systemd-timesyncd.service"):
        (tmp_path / "usr/lib/systemd/system" / name).write_text("[Install]\nWantedBy=sockets.target\n")
    return tmp_path


@needs_root
def test_only_root_and_the_service_may_read_the_machines_secrets(tree: Path) -> None:
    install(tree)
    key, accounts = tree / "etc/kofuki/tls/machine.key", tree / "etc/kofuki/console-users.toml"
    for secret in (key, accounts):
        secret.write_text("x")
        secret.chmod(0o600)
    install(tree)
    (group,) = (
        int(number) for number in re.findall("^kofuki:x:([0-9]+):", (tree / "etc/group").read_text(), re.MULTILINE)
    )
    assert group != 0
    for path, mode in ((key, 0o640), (accounts, 0o640), (key.parent, 0o750), (accounts.parent, 0o750)):
        told = path.stat()
        assert (told.st_uid, told.st_gid, stat.S_IMODE(told.st_mode)) == (0, group, mode)


@needs_root
def test_a_second_run_changes_nothing(tree: Path) -> None:
    install(tree)
    before = facts(tree)
    install(tree)
    assert facts(tree) == before


@needs_root
def test_the_program_goes_without_tests_and_simulator(tree: Path) -> None:
    install(tree)
    there = {path.name for path in (tree / "opt/kofuki").iterdir()}
    assert {"drivers", "firmware", "requirements-machine.lock"} <= there
    assert there.isdisjoint({"tests", "host_sim", ".git", ".venv"})
    assert not list((tree / "opt/kofuki").rglob("__pycache__"))


@needs_root
def test_the_unit_file_it_begins_with_can_be_used(tree: Path) -> None:
    install(tree)
    text = (tree / "etc/kofuki/unit.toml").read_text()
    there = tree / "unit.toml"
    there.write_text(text.replace('"/opt', f'"{tree}/opt'))
    unit = load_unit(there)
    assert unit.console is not None
    assert unit.console.users == "/etc/kofuki/console-users.toml"
    edited = tree / "etc/kofuki/unit.toml"
    edited.write_text(text + '[unit]\nname = "other"\n')
    install(tree)
    assert "other" in edited.read_text(), "a second run keeps an edited unit file"


@needs_root
def test_the_boot_files_keep_their_lines_and_get_ours(tree: Path) -> None:
    install(tree)
    boot = tree / "boot/firmware"
    assert (boot / "config.txt").read_text() == CONFIG + "\n[all]\ninclude kofuki.txt\n"
    words = (boot / "cmdline.txt").read_text()
    assert words.count("\n") == 1
    assert words.startswith("root=PARTUUID=0a-02 rootfstype=ext4 rootwait console=tty3 quiet ")
    assert "vt.global_cursor_default=0" in words.split()


@needs_root
def test_nobody_logs_in_at_the_panel_or_on_the_consoles_line(tree: Path) -> None:
    install(tree)
    for name in ("getty@tty1.service", "serial-getty@ttyAMA0.service", "serial-getty@ttyS0.service"):
        assert (tree / "etc/systemd/system" / name).readlink() == Path("/dev/null")


def test_lgpio_has_a_folder_that_the_service_may_write() -> None:
    """lgpio makes a FIFO when it is imported: in LG_WD, or without it in the working directory."""
    unit = lines(SERVICE)
    assert "LG_WD=%t/kofuki" in unit["Environment"]
    assert unit["RuntimeDirectory"] == ["kofuki"]


def test_the_service_does_not_wait_for_a_cable() -> None:
    unit = lines(SERVICE)
    assert not any("network" in value for key in ("After", "Wants", "Requires") for value in unit.get(key, []))


def test_the_service_has_what_it_needs_and_little_else() -> None:
    """systemd's own check gives 1.7 of 10 (10 is the least protected); it needs no running systemd."""
    analyze = shutil.which("systemd-analyze")
    assert analyze is not None
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=17", "--no-pager", str(SERVICE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-200:]


def test_the_service_may_use_the_kinds_of_device_that_a_unit_file_names_and_no_other() -> None:
    allowed = {value.split()[0] for value in lines(SERVICE)["DeviceAllow"]}
    assert allowed == {"char-alsa", "char-fb", "char-gpiochip", "char-ttyACM", "char-ttyAMA", "char-ttyUSB", "char-usb"}
    assert lines(SERVICE)["DevicePolicy"] == ["closed"]


@needs_root
def test_an_installation_that_fails_leaves_the_program_as_it_was(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The machine runs meanwhile, and starts again after a power cut, with the whole old program."""
    install(tree)
    program = tree / "opt/kofuki"
    (program / "firmware/of_the_release_before.py").write_text("")
    before = facts(program)
    shims = tmp_path_factory.mktemp("shims")
    (shims / "cp").write_text('#!/bin/sh\n/bin/cp "$@"\nexit 1\n')  # the medium is full at the last byte
    (shims / "cp").chmod(0o755)
    command = ["sh", str(HARDWARE / "install.sh"), "--root", str(tree)]
    environment = {**os.environ, "PATH": f"{shims}:{os.environ['PATH']}"}
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode != 0
    assert {path: fact for path, fact in facts(program).items() if not path.startswith((".new", ".old"))} == before
    install(tree)
    assert not (program / "firmware/of_the_release_before.py").exists()
    assert not [path for path in facts(program) if path.startswith((".new", ".old"))]
