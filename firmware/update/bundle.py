"""A release as one signed file, the bundle: its format, and what a machine checks before it uses it. Pure.

    "KOFUKI-RELEASE-1\n"   17 bytes
    length of the manifest  4 bytes, big-endian
    manifest                canonical JSON, ASCII: expires, files, lock, made, product, version
    signature               64 bytes, Ed25519 over everything before it
    files                   their bytes, in the order of the manifest

`unpack` checks the signature before it reads the manifest. `files` is a list of [path, bytes, sha256]. `lock` is the sha256
of the requirements-machine.lock that the release was tested with. A release brings no libraries, so it fits only a machine whose
libraries come from the same lock. See fault U1 and security rule 15 (RAUC, TUF: rollback, freeze, mix-and-match).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAGIC = b"KOFUKI-RELEASE-1\n"
PRODUCT = "kofuki"
BUNDLE_MAX = 8 << 20  # bytes; the program has about 1.5 million
VERSION_MAX = 2**31 - 1
_MANIFEST_MAX = 1 << 20
_FILES_MAX = 4096
_SIGNATURE_BYTES = 64
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PATH = re.compile(rf"(drivers|firmware)(/{_NAME})+", re.ASCII)
_FIELDS = {"expires": str, "files": list, "lock": str, "made": str, "product": str, "version": int}


class BundleRefused(Exception):
    """The bundle cannot be installed; the message is a sentence for a technician."""


@dataclass(frozen=True, slots=True)
class Release:
    """A bundle whose signature and files were checked. `files`: path below the program's folder -> bytes."""

    version: int
    made: date
    expires: date
    lock: str
    files: Mapping[str, bytes]


def pack(
    files: Mapping[str, bytes], *, version: int, made: date, expires: date, lock: str, key: Ed25519PrivateKey
) -> bytes:
    """The bundle of these files. Raises `BundleRefused` for what `unpack` would refuse."""
    rows = [[path, len(data), sha256(data).hexdigest()] for path, data in sorted(files.items())]
    told = {
        "expires": expires.isoformat(),
        "files": rows,
        "lock": lock,
        "made": made.isoformat(),
        "product": PRODUCT,
        "version": version,
    }
    manifest = json.dumps(told, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
    signed = MAGIC + len(manifest).to_bytes(4, "big") + manifest
    bundle = signed + key.sign(signed) + b"".join(data for _, data in sorted(files.items()))
    unpack(bundle, key.public_key())
    return bundle


def unpack(bundle: bytes, key: Ed25519PublicKey) -> Release:
    """The release in these bytes. Raises `BundleRefused`, and nothing else, for any other bytes."""
    head = len(MAGIC) + 4
    if len(bundle) > BUNDLE_MAX:
        raise BundleRefused(f"It has more than {BUNDLE_MAX >> 20} MiB; no release is so large.")
    if bundle[: len(MAGIC)] != MAGIC:
        raise BundleRefused("This is no release of this program.")
    length = int.from_bytes(bundle[len(MAGIC) : head], "big")
    end = head + length
    if length > _MANIFEST_MAX or len(bundle) < end + _SIGNATURE_BYTES:
        raise BundleRefused("It is cut short.")
    try:
        key.verify(bundle[end : end + _SIGNATURE_BYTES], bundle[:end])
    except InvalidSignature:
        raise BundleRefused("Its signature is not that of this machine's release key.") from None
    told = _manifest(bundle[head:end])
    return Release(
        version=told["version"],
        made=_day(told["made"]),
        expires=_day(told["expires"]),
        lock=told["lock"],
        files=_files(told["files"], bundle[end + _SIGNATURE_BYTES :]),
    )


def _manifest(data: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError):
        raise BundleRefused("Its manifest cannot be read.") from None
    if not isinstance(told, dict) or told.keys() != _FIELDS.keys():
        raise BundleRefused("Its manifest is not that of a release.")
    if any(type(told[name]) is not kind for name, kind in _FIELDS.items()) or not 0 < told["version"] <= VERSION_MAX:
        raise BundleRefused("Its manifest is not that of a release.")
    if told["product"] != PRODUCT:
        raise BundleRefused(f"It is a release of another product: {told['product'][:20]!a}.")
    return told


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BundleRefused("Its manifest has a date that does not exist.") from None


def _files(rows: Sequence[object], data: bytes) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    at = 0
    if len(rows) > _FILES_MAX:
        raise BundleRefused("It has too many files.")
    for row in rows:
        match row:
            case [str(path), int(size), str(digest)] if size >= 0 and type(size) is int:
                pass
            case _:
                raise BundleRefused("Its manifest is not that of a release.")
        if not _PATH.fullmatch(path) or path in files:
            raise BundleRefused("It names a file that does not belong to the program.")
        piece = data[at : at + size]
        if len(piece) != size:
            raise BundleRefused("It is cut short.")
        if sha256(piece).hexdigest() != digest:
            raise BundleRefused(f"{path} is damaged.")
        files[path] = piece
        at += size
    if at != len(data):
        raise BundleRefused("There are bytes after its end. Copy it again.")
    if any(parent in files for path in files for parent in _parents(path)):
        raise BundleRefused("It names a file that does not belong to the program.")
    return files


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def admit(release: Release, *, floor: int, lock: str, today: date) -> None:
    """Raises `BundleRefused` if this machine may not try it. `floor`: the newest version that was good here."""
    if release.version <= floor:
        raise BundleRefused(f"It is version {release.version}; this machine has had {floor}. Bring a newer one.")
    if release.expires < today:
        raise BundleRefused(f"Its last day was {release.expires}. Bring a newer one.")
    if release.lock != lock:
        raise BundleRefused("It needs other libraries than this machine has. Install the whole system anew instead.")
