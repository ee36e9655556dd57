"""`verify photo.jpg`: reads the signed codes on a photo, a scan or a PDF and prints its verdict. Needs no centre."""

import argparse
import sys
from pathlib import Path

from host_sim.centre import photo, verify
from host_sim.centre.commands import Commands
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
    check.set_defaults(run=lambda options: _verify(options.photo, options.key))


def _verify(file: Path, keys: list[bytes] | None) -> int:
    """Print the verdict on each code. Exit status: 0 all codes of a paper and all rightly signed, 1 not so, 2 no picture."""
    trusted = None if keys is None else {verify.key_id(key): verify.TrustedKey(key) for key in keys}
    try:
        verdicts = photo.verify_file(file.read_bytes(), trusted)
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
    return 0 if right and all(right) and not absent else 1


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
