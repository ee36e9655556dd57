"""`verify photo.jpg`: reads the signed code on a photo or scan of a certificate and prints its verdict. Needs no centre."""

import argparse
import sys
from pathlib import Path

from host_sim.centre import verify
from host_sim.centre.commands import Commands
from host_sim.centre.forms.certificate import TITLES


def add(commands: Commands) -> None:
    check = commands.add_parser("verify", help="is the certificate on this photo genuine?")
    check.add_argument("photo", type=Path)
    check.add_argument(
        "--key",
        action="append",
        metavar="HEX",
        type=_public_key,
        help="a municipality's public key (default: the sample's)",
    )
    check.set_defaults(run=lambda options: _verify(options.photo, options.key))


def _verify(photo: Path, keys: list[bytes] | None) -> int:
    """Print the verdict on each code in the photo. Exit status: 0 at least one code and all genuine, 1 not so, 2 no picture."""
    trusted = None if keys is None else {verify.key_id(key): key for key in keys}
    try:
        verdicts = verify.verify_photo(photo, trusted)
    except OSError as trouble:  # PIL.UnidentifiedImageError is one, too
        print(f"{photo} cannot be read as a picture: {trouble.strerror or 'unknown format'}.", file=sys.stderr)
        return 2
    if not verdicts:
        print("No code of a certificate was found. Take it again in good light and focus, with the whole code.")
    for verdict in verdicts:
        print(_SAYS[verdict.finding])
        if verdict.claims is not None:
            print(*_claims(verdict.claims), sep="\n")
    genuine = [verdict.finding is verify.Finding.GENUINE for verdict in verdicts]
    return 0 if genuine and all(genuine) else 1


_SAYS = {
    verify.Finding.GENUINE: "GENUINE: a municipality we know has issued a certificate with these words. Compare them "
    "with the paper; no code can prove that a sheet is the original one.",
    verify.Finding.FORGED: "FORGED: the code bears a known municipality's name, but not its signature.",
    verify.Finding.UNKNOWN_ISSUER: "UNKNOWN ISSUER: the code was signed with a key that is not trusted here (--key).",
    verify.Finding.NOT_OURS: "NOT OURS: the code is not that of a certificate, or it is too damaged to read.",
}


def _claims(claims: verify.Claims) -> list[str]:
    more = claims.people_count - len(claims.people)
    people = [f"  氏名　　　{name}　{born}" for name, born in claims.people]
    return [
        f"  証明書　　{TITLES.get(claims.kind, claims.kind)}",
        f"  発行番号　{claims.issue_number}",
        f"  発行日　　{claims.issued_on.isoformat()}　団体コード {claims.municipality}",
        *people,
        *([f"  　　　　　ほか{more}人"] if more > 0 else []),
        f"  住所　　　{claims.address}",
        f"  枚数　　　{claims.pages}",
    ]


def _public_key(words: str) -> bytes:
    try:
        key = bytes.fromhex(words)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise argparse.ArgumentTypeError("an Ed25519 public key is 64 hex digits")
    return key
