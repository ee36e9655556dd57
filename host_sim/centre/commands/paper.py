"""`verify photo.jpg`: reads the signed codes on a photo, a scan or a PDF and prints its verdict. Needs no centre."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from host_sim.centre import photo, verify
from host_sim.centre.commands import Commands
from host_sim.centre.forms import check_signature
from host_sim.centre.forms.certificate import TITLES


def add(commands: Commands) -> None:
    check = commands.add_parser("verify", help="is the certificate on this photo, scan or PDF genuine?")
    check.add_argument("photo", type=Path, metavar="IMAGE|PDF")
    check.add_argument(
        "--key",
        action="append",
        metavar="HEX",
        type=_public_key,
        help="a municipality's public key, as `paper-keys list` prints it (default: the sample's)",
    )
    check.add_argument(
        "--chain", type=Path, metavar="FILE", help="certificates (PEM) below which a city's signature on a PDF is taken"
    )
    check.set_defaults(run=lambda options: _verify(options.photo, options.key, options.chain))


def _verify(file: Path, keys: list[bytes] | None, chain: Path | None) -> int:
    """Print the verdict on each code, and on a PDF's signature. Exit status: 0 all codes of a paper and all rightly
    signed, 1 not so, 2 no picture, or a `chain` that holds no certificates."""
    trusted = None if keys is None else {verify.key_id(key): verify.TrustedKey(key) for key in keys}
    try:
        above = None if chain is None else x509.load_pem_x509_certificates(chain.read_bytes())
    except (OSError, ValueError):
        print(f"{chain} holds no certificates in PEM, or cannot be read.", file=sys.stderr)
        return 2
    try:
        data = file.read_bytes()
        verdicts = photo.verify_file(data, trusted)
    except OSError as trouble:
        print(f"{file} cannot be opened: {trouble.strerror}.", file=sys.stderr)
        return 2
    except photo.NotAPicture as trouble:
        print(f"{file} {trouble}.", file=sys.stderr)
        return 2
    if not verdicts:
        print("No code of a certificate was found. Take it again in good light and focus, with the whole code.")
    for verdict in verdicts:
        print(_SAYS[verdict.finding])
        if verdict.claims is not None:
            print(*_claims(verdict.claims), sep="\n")
    absent = photo.missing(verdicts)
    if absent:
        print(f"Not seen here: code {', '.join(map(str, absent))}. Take a picture of every page that has a code.")
    right = [verdict.claims is not None for verdict in verdicts]
    signed = _signature(data, above) if data.lstrip()[:5] == b"%PDF-" else True
    return 0 if right and all(right) and not absent and signed else 1


def _signature(pdf: bytes, above: Sequence[x509.Certificate] | None) -> bool:
    """Print what a PDF's signature is; whether nothing speaks against it. A paper without one may be right: it depends on the city."""
    try:
        found = check_signature.read(pdf)
    except check_signature.NotWhole as trouble:
        print(f"PDF CHANGED: the signature {trouble}. Do not take the file.")
        return False
    if found is None:
        print("PDF NOT SIGNED: the file bears no electronic signature of a city; judge it by its codes.")
        return True
    if above is not None and not found.is_below(above):
        print(f"PDF OF A STRANGER: signed by {found.name}, whose certificate is not below those of --chain.")
        return False
    stamped = ", and the time is stamped" if found.time_stamped else ""
    print(f"PDF SIGNED by {found.name}{stamped}; nothing was changed since.")
    if above is None:
        print("Whose certificate that is was not judged: give --chain, the certificates of the city's authority.")
    return True


_SAYS = {
    verify.Finding.GENUINE: "GENUINE: a municipality we know has issued a certificate with these words. Compare them "
    "with the paper; no code can prove that a sheet is the original one.",
    verify.Finding.SAMPLE: "SAMPLE (見本): signed with the sample city's key, which everybody knows; it certifies nothing.",
    verify.Finding.FORGED: "FORGED: the code names a known municipality's key, but that key did not sign it, or not then.",
    verify.Finding.UNKNOWN_ISSUER: "UNKNOWN ISSUER: the code was signed with a key that is not trusted here (--key).",
    verify.Finding.NOT_OURS: "NOT OURS: the code is not that of a certificate, or it is too damaged to read.",
}


def _claims(claims: verify.Claims) -> list[str]:
    people = [f"  氏名　　　{name}　{born}" for name, born in claims.people]
    more = claims.people_count - len(people)
    return [
        *([f"  コード　　{claims.code}/{claims.codes}"] if claims.codes > 1 else []),
        f"  証明書　　{TITLES.get(claims.kind, claims.kind)}",
        f"  発行番号　{claims.issue_number}",
        f"  発行日　　{claims.issued_on.isoformat()}　団体コード {claims.municipality}",
        *people,
        *([f"  　　　　　（全{claims.people_count}人。ほかはほかのコードに）"] if more > 0 else []),
        *([f"  住所　　　{claims.address}"] if claims.address else []),
        f"  枚数　　　{claims.pages}",
    ]


def _public_key(words: str) -> bytes:
    try:
        return verify.public_key(bytes.fromhex(words))
    except ValueError:
        raise argparse.ArgumentTypeError("a public key is the 130 hex digits of a point on P-256") from None
