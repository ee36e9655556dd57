"""Releases built by hand from the format's description (`firmware/update/bundle.py`), without our packer."""

import json
from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
LOCK = sha256(b"numpy==2.3\n").hexdigest()
FILES = {"drivers/a.py": b"A = 1\n", "firmware/__main__.py": b"print('release')\n" * 30, "firmware/empty.py": b""}


def rows(files: Mapping[str, bytes]) -> list[list[object]]:
    return [[path, len(data), sha256(data).hexdigest()] for path, data in files.items()]


def manifest(version: int = 7, **changes: object) -> dict[str, object]:
    told: dict[str, object] = {
        "product": "kofuki",
        "version": version,
        "made": "2026-11-20",
        "expires": "2027-03-31",
        "lock": LOCK,
        "files": rows(FILES),
    }
    return told | changes


def bundle(told: object, body: bytes = b"".join(FILES.values()), key: Ed25519PrivateKey = KEY) -> bytes:
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    signed = b"KOFUKI-RELEASE-1\n" + len(text).to_bytes(4, "big") + text
    return signed + key.sign(signed) + body


def release(version: int = 7) -> bytes:
    return bundle(manifest(version))
