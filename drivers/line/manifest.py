"""The centre's signed promise, the stamp on a document, and what of them must agree with what was asked. Pure.

`verified` and `wrong_document` are the whole of the machine's guard against another person's paper: each returns the
name of the first field that is not ours, and the caller turns that into `BindingFailed`. See binding rules 1 to 9.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.line.fields import BadMessage, Fields, decode
from drivers.line.messages import MAX_DOCUMENT_BYTES
from drivers.vocabulary import OrderItem, Reserved, ReservedCopy

JAPAN = timezone(timedelta(hours=9))
LONGEST_RESERVATION = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the machine asked, from its own memory: never from an answer."""

    request_id: str
    machine: str
    session_nonce: bytes
    card_fingerprint: str
    items: Sequence[OrderItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestCopy:
    """One copy as the centre committed to it."""

    reserved: ReservedCopy
    options: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    request_id: str
    machine: str
    session_nonce: bytes
    card_fingerprint: str
    reserved_at: datetime
    expires_at: datetime
    copies: tuple[ManifestCopy, ...]


def fingerprint(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()


def verified(body: bytes, key: Ed25519PublicKey, asked: Asked) -> Reserved | str:
    """The reservation of a signed manifest, or the field that is wrong. Raises `BadMessage` for what is no manifest."""
    fields = Fields(decode(body), "reservation")
    text, signature = fields.take("manifest", str), fields.bytes("signature", 64)
    fields.done()
    try:
        key.verify(signature, text.encode("utf-8"))
    except InvalidSignature:
        return "signature"
    manifest = read_manifest(text)
    wrong = wrong_field(manifest, asked)
    if wrong is not None:
        return wrong
    return Reserved(
        request_id=manifest.request_id,
        card_fingerprint=manifest.card_fingerprint,
        copies=tuple(copy.reserved for copy in manifest.copies),
        expires_at=manifest.expires_at,
        lasts_s=(manifest.expires_at - manifest.reserved_at).total_seconds(),
    )


def read_manifest(text: str) -> Manifest:
    fields = Fields(decode(text.encode("utf-8")), "manifest")
    manifest = Manifest(
        request_id=fields.hex("request_id", 32),
        machine=fields.text("machine"),
        session_nonce=fields.bytes("session_nonce", 16),
        card_fingerprint=fields.hex("card_fingerprint", 64),
        reserved_at=fields.time("reserved_at"),
        expires_at=fields.time("expires_at"),
        copies=fields.list("copies", _copy, most=99),
    )
    fields.done()
    return manifest


def _copy(value: object, where: str) -> ManifestCopy:
    fields = Fields(value, where)
    options = fields.take("options", dict)
    if not all(type(v) is list and all(type(item) is str for item in v) for v in options.values()):
        raise BadMessage(f"{where}.options is not lists of words")
    copy = ManifestCopy(
        reserved=ReservedCopy(
            copy=fields.count("copy", 1, 99),
            kind=fields.text("kind", 32),
            issue_number=fields.text("issue_number", 100),
            document_sha256=fields.hex("document_sha256", 64),
            pages=fields.count("pages", 1, 99),
            size_bytes=fields.count("size_bytes", 1, MAX_DOCUMENT_BYTES),
            fee_yen=fields.count("fee_yen", 0, 100_000),
        ),
        options={key: tuple(values) for key, values in options.items()},
    )
    fields.done()
    return copy


def wrong_field(manifest: Manifest, asked: Asked) -> str | None:
    """The first field in which a manifest is not the answer to what was asked; None if it is."""
    wanted = [item for item in asked.items for _ in range(item.copies)]
    got = [copy.reserved for copy in manifest.copies]
    lasts = manifest.expires_at - manifest.reserved_at
    checks = (
        ("request_id", manifest.request_id == asked.request_id),
        ("machine", manifest.machine == asked.machine),
        ("session_nonce", manifest.session_nonce == asked.session_nonce),
        ("card_fingerprint", manifest.card_fingerprint == asked.card_fingerprint),
        ("expires_at", timedelta(0) < lasts <= LONGEST_RESERVATION),
        ("copies", [copy.copy for copy in got] == list(range(1, len(wanted) + 1))),
        ("kind", [copy.kind for copy in got] == [item.kind for item in wanted]),
        ("options", [dict(copy.options) for copy in manifest.copies] == [dict(item.options) for item in wanted]),
        ("fee_yen", [copy.fee_yen for copy in got] == [item.fee_yen for item in wanted]),
        ("issue_number", _own_numbers(manifest, asked.machine)),
        # Each copy carries its own issue number, so no two documents can be the same bytes.
        ("document_sha256", len({copy.document_sha256 for copy in got}) == len(got)),
    )
    return next((name for name, holds in checks if not holds), None)


def _own_numbers(manifest: Manifest, machine: str) -> bool:
    """Whether every issue number is of today and of this machine, stands once, and is one that the journal takes."""
    day = manifest.reserved_at.astimezone(JAPAN).strftime("%Y%m%d")
    numbers = [copy.reserved.issue_number for copy in manifest.copies]
    form = re.compile(rf"{day} [\u3005-\u9fff]{{1,12}} {terminal_of(machine)} [0-9]{{4,8}}")
    return len(set(numbers)) == len(numbers) and all(form.fullmatch(number) for number in numbers)


def terminal_of(machine: str) -> str:
    """What an issue number says of a machine: which one, for who knows its name, but not where (README.md)."""
    return "T" + base64.b32encode(hashlib.sha256(machine.encode()).digest()).decode()[:5]


def wrong_document(
    document: bytes, stamp: str, key: Ed25519PublicKey, reserved: Reserved, promised: ReservedCopy
) -> str | None:
    """The first thing by which a document is not the promised one; None if it is.

    The stamp is the issuing side's own account of whom it looked up, against the transport side's in the manifest.
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
    return base64.urlsafe_b64encode(raw).decode().rstrip("=") == signature  # one way to write it, and no other
