"""The launcher on real files (fault U1): it runs the signed release, unpacked at each start, or the fall-back."""

import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from firmware.journal.disk import FileDisk
from firmware.update.bundle import pack
from firmware.update.slots import Slots
from firmware.update.updates import lock_of

HOUSE = Path(__file__).parent.parent.parent
MAIN = b"""import os, sys
print("release", os.environ["KOFUKI_RELEASE"], __file__, *sys.argv[1:])
"""


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=900, check=False)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Ed25519PrivateKey, Path]:
    """The private key, and the file with the public key, as the tool makes them."""
    made = run("firmware.update", "key", tmp_path / "release-key.pem")
    assert made.returncode == 0, made.stderr
    key = load_pem_private_key((tmp_path / "release-key.pem").read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    assert (tmp_path / "release-key.pem").stat().st_mode & 0o077 == 0
    return key, tmp_path / "release-key.hex"


def test_this_checkout_becomes_a_release_that_can_be_checked(
    keys: tuple[Ed25519PrivateKey, Path], tmp_path: Path
) -> None:
    out = tmp_path / "release.kofuki"
    words = ("--version", "7", "--expires", "2099-12-31", "--key", tmp_path / "release-key.pem", "--out", out)
    assert "version 7" in run("firmware.update", "make", *words).stdout
    assert "Version 7 of" in run("firmware.update", "check", out, "--key", keys[1]).stdout
    assert "from 1 to" in run("firmware.update", "make", "--version", "0", *words[2:]).stderr
    out.write_bytes(out.read_bytes()[:-1])
    refused = run("firmware.update", "check", out, "--key", keys[1])
    assert (refused.returncode, refused.stderr) == (1, "It is cut short.\n")


def test_the_release_runs_and_a_damaged_one_does_not(keys: tuple[Ed25519PrivateKey, Path], tmp_path: Path) -> None:
    key, public = keys
    folder, runtime = tmp_path / "releases", tmp_path / "runtime"

    where = ("firmware.update.launch", "--slots", folder, "--key", public, "--runtime", runtime)
    words = (*where, "--", "--unit", "/nowhere/unit.toml", "--run-dir", "/nowhere")

    def launch() -> subprocess.CompletedProcess[str]:
        return run(*words)

    def the_installed_program_runs() -> str:
        """It misses its unit file, says so, and waits for it until it is told to end; what stood before that sentence."""
        told = ""
        command = [sys.executable, "-m", *map(str, words)]
        with subprocess.Popen(command, cwd=HOUSE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            while "there is no unit file /nowhere/unit.toml" not in told:
                line = process.stderr.readline()
                assert line, told
                told += line
            process.terminate()
        return told

    the_installed_program_runs()  # no release is installed
    disk = FileDisk(folder)
    files = {"firmware/__init__.py": b"", "firmware/__main__.py": MAIN}
    day = date(2026, 11, 26)
    bundle = pack(files, version=7, made=day, expires=day, lock=lock_of(HOUSE), key=key)
    Slots(disk, key.public_key()).install(bundle, datetime.now(UTC))
    disk.close()
    told = launch()
    main = runtime / "release" / "firmware" / "__main__.py"
    assert told.stdout.split() == ["release", "7", str(main), "--unit", "/nowhere/unit.toml", "--run-dir", "/nowhere"]
    main.write_bytes(b"raise SystemExit('what lies there from before is never run')")
    assert launch().stdout == told.stdout
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "firmware").mkdir(parents=True)
    shutil.rmtree(runtime / "release")
    (runtime / "release").symlink_to(elsewhere)  # fault U3
    assert launch().stdout == told.stdout
    assert list((elsewhere / "firmware").iterdir()) == []
    slot = folder / "slot-a"
    data = bytearray(slot.read_bytes())
    data[data.index(b"import os")] ^= 1
    slot.write_bytes(data)
    the_installed_program_runs()
    public.write_text("no key")
    assert "the program as installed starts" in the_installed_program_runs()
