"""Make and check releases, on a developer's machine.

python -m firmware.update key release-key.pem                  a new key, and its public half beside it (.hex)
python -m firmware.update make --version 7 --expires 2027-03-31 --key release-key.pem --out release.kofuki
python -m firmware.update check release.kofuki --key release-key.hex
python -m firmware.update system build/image/root --expires 2027-03-31 --key release-key.pem --out system.kofuki   (`make image` does it)
"""

import argparse
import os
import shutil
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from firmware.update.bundle import VERSION_MAX, BundleRefused, pack, unpack
from firmware.update.launch import PROGRAM, read_key
from firmware.update.system_bundle import PIECE_MAX, RECORD_BYTES, SystemRelease, head, packed
from firmware.update.systems import version_of
from firmware.update.updates import lock_of


def program_files(program: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below drivers/ and firmware/, without __pycache__."""
    return {
        path.relative_to(program).as_posix(): path.read_bytes()
        for top in ("drivers", "firmware")
        for path in sorted((program / top).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _version(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= VERSION_MAX:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {VERSION_MAX}, not {text!r}")
    return int(text)


def _key(options: argparse.Namespace) -> str:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(pem)
    public = options.file.with_suffix(".hex")
    public.write_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex() + "\n")
    return f"{options.file} signs releases: keep it off the machines. Copy {public} onto them."


def _private(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleRefused(f"{path} holds no Ed25519 key. Make one with `key`.")
    return key


def make_system(slot: Path, out: Path, *, expires: date, key: Ed25519PrivateKey) -> SystemRelease:
    """Pack and sign a slot as it stands on a card; its version is in its record."""
    size = slot.stat().st_size - RECORD_BYTES
    with slot.open("rb") as source, tempfile.TemporaryFile(dir=out.parent) as packs:
        pieces = []
        for at in range(0, size, PIECE_MAX):
            piece, data = packed(source.read(min(PIECE_MAX, size - at)))
            packs.write(data)
            pieces.append(piece)
        record = source.read()
        version = version_of(record)
        if version is None:
            raise BundleRefused(f"{slot} is no slot: it has no record at its end.")
        release = SystemRelease(version, datetime.now(UTC).date(), expires, tuple(pieces), record)
        packs.seek(0)
        with out.open("wb") as sink:
            sink.write(head(release, key))
            shutil.copyfileobj(packs, sink)
    return release


def _system(options: argparse.Namespace) -> str:
    release = make_system(options.slot, options.out, expires=options.expires, key=_private(options.key))
    size = options.out.stat().st_size
    return f"{options.out}: system {release.version}, {size:,} bytes. Install it by {options.expires}."


def _make(options: argparse.Namespace) -> str:
    key = _private(options.key)
    today = datetime.now(UTC).date()
    bundle = pack(
        program_files(PROGRAM),
        version=options.version,
        made=today,
        expires=options.expires,
        lock=lock_of(PROGRAM),
        key=key,
    )
    options.out.write_bytes(bundle)
    return f"{options.out}: version {options.version}, {len(bundle):,} bytes. Install it by {options.expires}."


def _check(options: argparse.Namespace) -> str:
    release = unpack(options.file.read_bytes(), read_key(options.key))
    return f"Version {release.version} of {release.made}, {len(release.files)} files, until {release.expires}."


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.update", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    key = commands.add_parser("key", help="make a release key")
    key.add_argument("file", type=Path)
    key.set_defaults(run=_key)
    make = commands.add_parser("make", help="pack and sign this checkout")
    make.add_argument("--version", type=_version, required=True, help="a whole number above all earlier versions")
    make.add_argument("--expires", type=date.fromisoformat, required=True, help="last day on which it may be installed")
    make.add_argument("--key", type=Path, required=True)
    make.add_argument("--out", type=Path, required=True)
    make.set_defaults(run=_make)
    system = commands.add_parser("system", help="pack and sign a slot of an image")
    system.add_argument("slot", type=Path)
    system.add_argument(
        "--expires", type=date.fromisoformat, required=True, help="last day on which it may be installed"
    )
    system.add_argument("--key", type=Path, required=True)
    system.add_argument("--out", type=Path, required=True)
    system.set_defaults(run=_system)
    check = commands.add_parser("check", help="check that a bundle is whole and signed")
    check.add_argument("file", type=Path)
    check.add_argument("--key", type=Path, required=True, help="the public key, .hex")
    check.set_defaults(run=_check)
    options = parser.parse_args()
    try:
        print(options.run(options))
    except BundleRefused as refused:
        print(refused, file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"It cannot be done: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
