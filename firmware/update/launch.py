"""The launcher, which the service starts: it picks and checks a release, unpacks it into memory and executes it.

    python -m firmware.update.launch --slots DIR --key FILE --runtime DIR -- --unit FILE --run-dir DIR

`--runtime` is a folder in memory (a tmpfs). The launcher checks the signature of a release at each start. It does not check
itself, the program as installed or the libraries, which belong to the read-only system. It reads no unit file, so a setting
that only a newer release knows cannot stop it. A release that was made for other libraries than this system has, or is not
newer than the system's own program, is passed over: the system may be newer than the release. If the medium fails or the
release key cannot be read, it starts the program as installed.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware.forgetting import settings
from firmware.journal.disk import FileDisk
from firmware.update.bundle import Release
from firmware.update.files import read_plain, write_new
from firmware.update.slots import Slots
from firmware.update.updates import INSTALLED, RELEASE, installed_version, lock_of

KEY_MAX = 4096  # bytes of the key's file
PROGRAM = Path(__file__).resolve().parent.parent.parent


def read_key(path: Path) -> Ed25519PublicKey:
    """The release key: 64 hex digits in a file. Raises `OSError` or `ValueError`."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(read_plain(path, KEY_MAX).decode().strip()))


def chosen(slots: Path, key: Path) -> Release | None:
    """The release to start; None: the program as installed. Counts a start of a release on trial."""
    try:
        disk = FileDisk(slots)
        try:
            return Slots(disk, read_key(key)).choose(_fits)
        finally:
            disk.close()
    except (OSError, ValueError) as error:
        print(f"No release can be read ({error}); the program as installed starts.", file=sys.stderr)
        return None


def _fits(release: Release) -> bool:
    """Whether this system has the libraries of a release, and no newer program itself."""
    return release.lock == lock_of(PROGRAM) and release.version > installed_version()


def unpacked(release: Release, runtime: Path) -> Path:
    """Write the release's files into a new folder, which nobody else could prepare, and return it. Deletes those of earlier starts."""
    runtime.mkdir(parents=True, exist_ok=True)
    folder = runtime / "release"
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)  # fails if it is there again
    for path, data in release.files.items():
        write_new(folder, path, data)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m firmware.update.launch", description="Start the machine's release."
    )
    parser.add_argument("--slots", type=Path, required=True, help="folder of the two slots")
    parser.add_argument("--key", type=Path, required=True, help="file with the public release key in hex")
    parser.add_argument("--runtime", type=Path, required=True, help="folder in memory (tmpfs)")
    parser.add_argument("machine", nargs="+", help="behind --: what the machine is started with; absolute paths")
    options = parser.parse_args()
    os.umask(0o077)
    release = chosen(options.slots, options.key)
    environment = {name: value for name, value in os.environ.items() if name != RELEASE}
    environment |= settings(environment)  # else the machine would start twice
    if release is not None:
        folder = unpacked(release, options.runtime)
        os.chdir(folder)  # `-m` looks in the working folder first
        environment |= {RELEASE: str(release.version), INSTALLED: str(PROGRAM), "PYTHONPATH": str(folder)}
    os.execve(sys.executable, [sys.executable, "-m", "firmware", *options.machine], environment)  # noqa: S606  on purpose


if __name__ == "__main__":
    main()
