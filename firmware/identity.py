"""The machine's own key and certificate request, made on the machine: `python -m firmware.identity --unit FILE`.

The key is made once, where the unit file's `[centre] client_key` says, and never leaves the machine. The request
(PKCS #10, RFC 2986) stands beside it as `.csr`; it holds nothing secret, and a halted machine prints it on the maintenance
line (`request`). The centre answers it with the machine's certificate. Root runs this before the machine starts
(hardware/image); where a key was brought from elsewhere it stays as it is.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from firmware.config.outlets import readable_outlets

OF_AN_IMAGE = "/etc/kofuki/tls/machine.key"  # as in hardware/units


class IdentityUnusable(Exception):
    """No key or request can be made; the message is a sentence for a person."""


def request_of(key: Path) -> Path:
    """Where the certificate request of this key is."""
    return key.with_suffix(".csr")


def request_words(key: Path) -> str:
    """The certificate request of this key in PEM; empty without one."""
    try:
        return request_of(key).read_text("ascii")
    except (OSError, ValueError):
        return ""


def provide(name: str, key: Path, group: str | None = None) -> Path:
    """Make the key if there is none, and the request if there is none for this key and name. Returns the request's path.

    `name`: the machine's, the request's common name. `group`: who may read both files beside root; None: nobody.
    Raises `IdentityUnusable`. A power cut leaves a whole file or none.
    """
    if not name:
        raise IdentityUnusable("the unit file names no machine: write [unit] name into it.")
    try:
        if not key.exists():
            made = generate_private_key(SECP256R1())
            _place(key, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), group)
        private = load_pem_private_key(key.read_bytes(), None)
        request = request_of(key)
        if isinstance(private, EllipticCurvePrivateKey) and not _fits(request, name, private):
            _place(request, _request(name, private), group)
    except OSError as error:
        raise IdentityUnusable(f"{error.filename or key} cannot be written or read: {error.strerror}.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise IdentityUnusable(f"{key} holds no key without a password: take it away, and a new one is made.") from None
    return request


def _request(name: str, key: EllipticCurvePrivateKey) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256()).public_bytes(Encoding.PEM)


def _fits(path: Path, name: str, key: EllipticCurvePrivateKey) -> bool:
    """Whether the request there is of this name and key."""
    try:
        found = x509.load_pem_x509_csr(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    names = [one.value for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return names == [name] and found.public_key() == key.public_key() and found.is_signature_valid


def _place(path: Path, content: bytes, group: str | None) -> None:
    """Write the file whole: on the disk under another name first, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(content)
        sink.flush()
        if group is not None:
            shutil.chown(new, group=group)
            new.chmod(0o640)
        os.fsync(sink.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.identity", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--unit", type=Path, required=True, help="the unit file")
    parser.add_argument("--run-dir", type=Path, default=Path("/var/lib/kofuki"), help="where relative paths begin")
    parser.add_argument("--group", help="who may read the files beside root")
    options = parser.parse_args()
    outlets = readable_outlets(options.unit)
    key = OF_AN_IMAGE if outlets.centre is None else outlets.centre.client_key  # a halted machine has an identity, too
    try:
        request = provide(outlets.name, options.run_dir / key, options.group)
    except IdentityUnusable as error:
        print(f"This machine has no identity: {error}", file=sys.stderr)
        return 1
    print(f"{request}: send it to the centre, which makes the certificate.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
