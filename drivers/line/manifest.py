"""Checks the centre's signed manifest, and the stamp of a document, against what was asked. Pure.

`verified` and `wrong_document` are all that protects the resident from another person's paper. Each names
the first field that is wrong, and `centre.py` turns the name into `BindingFailed`. See binding rules 1 to 9.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.decode import between, listed, to_dataclass
from drivers.line.fields import Line, Message, Nonce, RequestId, Time, b64, base64_of, hex_of, instant, line, read
from drivers.line.messages import MAX_DOCUMENT_BYTES, Yen
from drivers.vocabulary import OrderItem, Reserved, ReservedCopy

JAPAN = timezone(timedelta(hours=9))
LONGEST_RESERVATION = timedelta(hours=1)
Sha256 = Annotated[str, hex_of(64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the machine asked, from its own memory, never from an answer."""

    request_id: str
    machine: str
    session_nonce: bytes
    card_fingerprint: str
    items: Sequence[OrderItem]


class ManifestCopy(Message, frozen=True, kw_only=True):
    """One copy as the centre committed to it."""

    copy: Annotated[int, between(1, 99)]
    kind: Annotated[str, line(32)]
    options: Mapping[str, tuple[str, ...]]
    issue_number: Annotated[str, line(100)]
    document_sha256: Sha256
    pages: Annotated[int, between(1, 99)]
    size_bytes: Annotated[int, between(1, MAX_DOCUMENT_BYTES)]
    fee_yen: Yen


class Manifest(Message, frozen=True, kw_only=True):
    request_id: RequestId
    machine: Line
    session_nonce: Nonce
    card_fingerprint: Sha256
    reserved_at: Time
    expires_at: Time
    copies: Annotated[tuple[ManifestCopy, ...], listed(0, 99)]

    def __post_init__(self) -> None:
        instant(self.reserved_at)
        instant(self.expires_at)

    @property
    def lasts(self) -> timedelta:
        return instant(self.expires_at) - instant(self.reserved_at)


class _Promise(Message, frozen=True, kw_only=True):
    manifest: str
    signature: Annotated[str, base64_of(64)]


def fingerprint(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()


def verified(body: bytes, key: Ed25519PublicKey, asked: Asked) -> Reserved | str:
    """The reservation in a signed manifest, or the name of the wrong field. Raises `BadMessage` when it is no manifest."""
    promise = read(_Promise, body, "reservation")
    try:
        key.verify(base64.b64decode(promise.signature), promise.manifest.encode("utf-8"))
    except InvalidSignature:
        return "signature"
    manifest = read(Manifest, promise.manifest.encode("utf-8"), "manifest")
    wrong = wrong_field(manifest, asked)
    if wrong is not None:
        return wrong
    return Reserved(
        request_id=manifest.request_id,
        card_fingerprint=manifest.card_fingerprint,
        copies=tuple(to_dataclass(ReservedCopy, copy) for copy in manifest.copies),
        expires_at=instant(manifest.expires_at),
        lasts_s=manifest.lasts.total_seconds(),
    )


def wrong_field(manifest: Manifest, asked: Asked) -> str | None:
    """The first field of the manifest that does not match what was asked; None when all match."""
    wanted = [item for item in asked.items for _ in range(item.copies)]
    got = manifest.copies
    checks = (
        ("request_id", manifest.request_id == asked.request_id),
        ("machine", manifest.machine == asked.machine),
        ("session_nonce", manifest.session_nonce == b64(asked.session_nonce)),
        ("card_fingerprint", manifest.card_fingerprint == asked.card_fingerprint),
        ("expires_at", timedelta(0) < manifest.lasts <= LONGEST_RESERVATION),
        ("copies", [copy.copy for copy in got] == list(range(1, len(wanted) + 1))),
        ("kind", [copy.kind for copy in got] == [item.kind for item in wanted]),
        ("options", [copy.options for copy in got] == [dict(item.options) for item in wanted]),
        ("fee_yen", [copy.fee_yen for copy in got] == [item.fee_yen for item in wanted]),
        ("issue_number", _own_numbers(manifest, asked.machine)),
        # Each document shows its own issue number, so no two can have the same bytes.
        ("document_sha256", len({copy.document_sha256 for copy in got}) == len(got)),
    )
    return next((name for name, holds in checks if not holds), None)


def _own_numbers(manifest: Manifest, machine: str) -> bool:
    """Whether every issue number has the day of `reserved_at`, this machine's terminal and the journal's form, and stands once."""
    day = instant(manifest.reserved_at).astimezone(JAPAN).strftime("%Y%m%d")
    numbers = [copy.issue_number for copy in manifest.copies]
    form = re.compile(rf"{day} [\u3005-\u9fff]{{1,12}} {terminal_of(machine)} [0-9]{{4,8}}")
    return len(set(numbers)) == len(numbers) and all(form.fullmatch(number) for number in numbers)


def terminal_of(machine: str) -> str:
    """The terminal in an issue number. Only who knows the machine's name can tell which machine it is (README.md)."""
    return "T" + base64.b32encode(hashlib.sha256(machine.encode()).digest()).decode()[:5]


def wrong_document(
    document: bytes, stamp: str, key: Ed25519PublicKey, reserved: Reserved, promised: ReservedCopy
) -> str | None:
    """The first of stamp, size and hash that is not the promised document's; None when all match.

    The stamp says whom the issuing side looked up; the manifest says whom the transport side answered.
    """
    parts = stamp.split(".")
    if len(parts) != 5 or not _signed(".".join(parts[:4]), parts[4], key):
        return "stamp"
    ours = [reserved.request_id, str(promised.copy), reserved.card_fingerprint, promised.document_sha256]
    if parts[:4] != ours:
        return "stamp"
    if len(document) != promised.size_bytes:
        return "size_bytes"
    return None if hashlib.sha256(document).hexdigest() == promised.document_sha256 else "document_sha256"


def _signed(text: str, signature: str, key: Ed25519PublicKey) -> bool:
    try:
        raw = base64.b64decode(signature + "=" * (-len(signature) % 4), altchars=b"-_", validate=True)
        key.verify(raw, text.encode("utf-8"))
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return base64.urlsafe_b64encode(raw).decode().rstrip("=") == signature  # refuses other spellings of the same bytes
