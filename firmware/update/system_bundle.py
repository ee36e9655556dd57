"""A release of the whole system as one signed file: its format, and what is checked before a piece of it is used. Pure.

    "KOFUKI-SYSTEM-1\\n"    16 bytes
    length of the manifest  4 bytes, big-endian
    manifest                canonical JSON, ASCII: expires, made, pieces, product, record, version
    signature               64 bytes, Ed25519 over everything before it
    pieces                  their packed bytes (zlib), in the order of the manifest

A system has more than a gigabyte, so it is read piece by piece, once, from the beginning to the end: nothing is unpacked before
its hash was compared with the signed manifest. `pieces` is a list of [packed bytes, their sha256, bytes, their sha256]: one after
the other they are the slot from its beginning to its record (hardware/image/layout.py). `record` is the record in hex.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from firmware.update.bundle import VERSION_MAX, BundleRefused

MAGIC = b"KOFUKI-SYSTEM-1\n"
PRODUCT = "kofuki-system"
RECORD_BYTES = 4096
PIECE_MAX = 4 << 20  # bytes
_MANIFEST_MAX = 1 << 20
_PIECES_MAX = 4096
_SIGNATURE_BYTES = 64
_FIELDS = {"expires": str, "made": str, "pieces": list, "product": str, "record": str, "version": int}
Read = Callable[[int], bytes]  # the next so many bytes, fewer only at the end


@dataclass(frozen=True, slots=True)
class Piece:
    packed_bytes: int
    packed_sha256: bytes
    size: int  # bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class SystemRelease:
    """What a signed manifest says. `record`: the last block of the slot."""

    version: int
    made: date
    expires: date
    pieces: tuple[Piece, ...]
    record: bytes

    @property
    def size(self) -> int:
        """Bytes of the slot before its record."""
        return sum(piece.size for piece in self.pieces)


def packed(piece: bytes) -> tuple[Piece, bytes]:
    """A piece of a slot as a release carries it."""
    data = zlib.compress(piece, 6)
    return Piece(len(data), sha256(data).digest(), len(piece), sha256(piece).digest()), data


def head(release: SystemRelease, key: Ed25519PrivateKey) -> bytes:
    """Everything before the pieces."""
    told = {
        "expires": release.expires.isoformat(),
        "made": release.made.isoformat(),
        "pieces": [
            [piece.packed_bytes, piece.packed_sha256.hex(), piece.size, piece.sha256.hex()] for piece in release.pieces
        ],
        "product": PRODUCT,
        "record": release.record.hex(),
        "version": release.version,
    }
    manifest = json.dumps(told, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
    signed = MAGIC + len(manifest).to_bytes(4, "big") + manifest
    return signed + key.sign(signed)


def read_head(read: Read, key: Ed25519PublicKey) -> SystemRelease:
    """Read everything before the pieces. Raises `BundleRefused`, and nothing else of its own, for any other bytes."""
    start = read(len(MAGIC) + 4)
    if start[: len(MAGIC)] != MAGIC:
        raise BundleRefused("This is no release of a system.")
    length = int.from_bytes(start[len(MAGIC) :], "big")
    if length > _MANIFEST_MAX:
        raise BundleRefused("Its manifest is too long.")
    manifest, signature = read(length), read(_SIGNATURE_BYTES)
    if len(manifest) != length or len(signature) != _SIGNATURE_BYTES:
        raise BundleRefused("It is cut short.")
    try:
        key.verify(signature, start + manifest)
    except InvalidSignature:
        raise BundleRefused("Its signature is not that of this machine's release key.") from None
    try:
        return _release(json.loads(manifest.decode("ascii")))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BundleRefused("Its manifest is not that of a system.") from None


def _release(told: Any) -> SystemRelease:
    """Raises `ValueError`, `TypeError` or `KeyError` for what is not such a manifest."""
    if told.keys() != _FIELDS.keys() or any(type(told[name]) is not kind for name, kind in _FIELDS.items()):
        raise ValueError
    record, pieces = bytes.fromhex(told["record"]), tuple(_piece(row) for row in told["pieces"])
    if told["product"] != PRODUCT or not 0 < told["version"] <= VERSION_MAX:
        raise ValueError
    if len(record) != RECORD_BYTES or len(pieces) > _PIECES_MAX:
        raise ValueError
    return SystemRelease(
        told["version"], date.fromisoformat(told["made"]), date.fromisoformat(told["expires"]), pieces, record
    )


def _piece(row: Sequence[Any]) -> Piece:
    packed_bytes, packed_sha256, size, digest = row
    if type(packed_bytes) is not int or type(size) is not int:
        raise TypeError
    if not 0 < packed_bytes <= 2 * PIECE_MAX or not 0 < size <= PIECE_MAX:
        raise ValueError
    return Piece(packed_bytes, bytes.fromhex(packed_sha256), size, bytes.fromhex(digest))


def read_pieces(read: Read, release: SystemRelease) -> Iterator[bytes]:
    """The pieces that follow the head, checked and unpacked. Raises `BundleRefused` at a wrong one and for what follows the last."""
    for told in release.pieces:
        data = read(told.packed_bytes)
        if len(data) != told.packed_bytes:
            raise BundleRefused("It is cut short.")
        if sha256(data).digest() != told.packed_sha256:
            raise BundleRefused("It is damaged. Copy it again.")
        try:
            piece = zlib.decompressobj().decompress(data, told.size)
        except zlib.error:
            raise BundleRefused("It was packed wrongly. Make it again.") from None
        if sha256(piece).digest() != told.sha256:
            raise BundleRefused("It was packed wrongly. Make it again.")
        yield piece
    if read(1):
        raise BundleRefused("There are bytes after its end. Copy it again.")
