"""Lays a program release ready on a machine on whose system nobody can: started by root's unit kofuki-release.service of the image.

    python -m firmware.update.lay BUNDLE FILE --key FILE

BUNDLE lies on the card's boot partition, which any computer can write. It is read once, and checked as the console checks it before
it installs it: signature and every file. Only what was checked is written, by one rename, to FILE, in a folder that the machine can
read and not write. Whether this machine may try it (version, last day, libraries), the console says (`update status`, `update apply`).
"""

import argparse
import contextlib
import sys
from pathlib import Path

from firmware.update.bundle import BUNDLE_MAX, BundleRefused, unpack
from firmware.update.files import put_in_place, read_plain
from firmware.update.launch import read_key


def lay(bundle: Path, file: Path, key: Path) -> str:
    """Returns what was done. Raises `BundleRefused`, `OSError`, and `ValueError` for a key that is none."""
    data = read_plain(bundle, BUNDLE_MAX + 1)
    release = unpack(data, read_key(key))
    with contextlib.suppress(OSError):
        if read_plain(file, BUNDLE_MAX + 1) == data:
            return f"Version {release.version} lies ready already."
    put_in_place(file, data, 0o640)
    return f"Version {release.version} lies ready. `update apply` on the console tries it."


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.update.lay", description="Lay a release ready.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="the public release key, .hex")
    options = parser.parse_args()
    try:
        print(lay(options.bundle, options.file, options.key))
    except BundleRefused as refused:
        print(f"{options.bundle} was not taken: {refused}", file=sys.stderr)
        return 0  # the machine goes on with what it has
    except (OSError, ValueError) as error:
        print(f"{options.bundle} was not taken: {error}. Is the data partition full or missing?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
