"""The files and words of the unit file that the line needs: certificates, keys and pins. Each is checked when it is read.

All of them raise `WrongDevice` with one sentence that names the file. Nothing is kept after an error, so they may be called again.
"""

import errno
import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from drivers.errors import WrongDevice

_DEVICE = "line"
_ADVICE = {
    errno.ENOENT: "put it there, or correct its name in the unit file.",
    errno.EACCES: "run hardware/install.sh again, which lets the service read it.",
}
_T = TypeVar("_T")


def client_context(ca_file: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3 with this CA alone and the machine's own certificate and key (PEM, the key without a password)."""
    authorities, own, secret = _read(ca_file), _read(certificate), _read(key)
    _parsed(lambda: x509.load_pem_x509_certificates(authorities), ca_file, "the certificate of the centre's CA")
    leaf = _parsed(lambda: x509.load_pem_x509_certificate(own), certificate, "this machine's certificate")
    private = _parsed(lambda: load_pem_private_key(secret, None), key, "this machine's key, without a password")
    halves = [
        half.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for half in (leaf.public_key(), private.public_key())
    ]
    if halves[0] != halves[1]:
        raise WrongDevice(_DEVICE, f"{key} is not the key of {certificate}: put the two that were made together there.")
    ends = leaf.not_valid_after_utc
    if ends.timestamp() < time.time():  # the system's time, as OpenSSL takes it; not a simulated unit's
        raise WrongDevice(_DEVICE, f"{certificate} ended on {ends:%Y-%m-%d}: have the centre issue a new one.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cadata=authorities.decode("ascii", "replace"))
        context.load_cert_chain(certificate, key)
    except OSError as error:  # also ssl.SSLError: a kind of key or signature that OpenSSL does not take
        why = f"{certificate}, {key} or {ca_file} cannot be used ({error.strerror}): have the centre issue new ones."
        raise WrongDevice(_DEVICE, why) from None
    return context


def pins_of(words: str) -> frozenset[str]:
    """The SHA-256 of the server's SubjectPublicKeyInfo in hex, or several, separated by spaces or lines."""
    pins = frozenset(words.lower().split())
    for pin in pins or {words}:
        if not re.fullmatch("[0-9a-f]{64}", pin):
            raise WrongDevice(_DEVICE, f"server_spki_sha256 is {_short(pin)}: {_HEX}")
    return pins


def manifest_key_of(words: str) -> bytes:
    """The centre's Ed25519 public key, raw, from its 64 hex digits."""
    if not re.fullmatch("[0-9A-Fa-f]{64}", words):
        raise WrongDevice(_DEVICE, f"manifest_key is {_short(words)}: {_HEX}")
    return bytes.fromhex(words)


def words_of(value: str, file: Path) -> str:
    """`value` itself, or what `file`, which it names, holds."""
    return _read(file).decode("ascii", "replace").strip() if file.exists() else value


_HEX = "write its 64 hex digits, or a file that holds them, into the unit file."


def _short(words: str) -> str:
    return repr(words if len(words) <= 70 else f"{words[:70]}...")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "correct its name in the unit file.")
        raise WrongDevice(_DEVICE, f"{path} cannot be read ({error.strerror}): {advice}") from None


def _parsed(read: Callable[[], _T], path: Path, what: str) -> _T:
    try:
        return read()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongDevice(_DEVICE, f"{path} is no PEM file: put {what} there.") from None
