"""`python -m host_sim.centre`: serve the issuing centre, list its flags, stop or resume the municipality's line.

`verify photo.jpg` needs no centre: it reads the signed code on a photo or scan of a certificate and prints its verdict.
"""

import argparse
import sys
from pathlib import Path

import sqlalchemy as sa

from host_sim.centre import verify
from host_sim.centre.forms.certificate import TITLES
from host_sim.centre.server import MACHINES, database_url, make_server, simulated_now
from host_sim.centre.settling import Settler
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import flags


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_sim.centre", description="The reference issuing centre.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = _command(commands, "serve", "serve machines over TLS 1.3")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8443)
    serve.add_argument("--machine", action="append", metavar="NAME:SITE", help="a machine to make a certificate for")
    _command(commands, "flags", "list what a person must look at, oldest first")
    stop = _command(commands, "stop", "stop the municipality's line")
    stop.add_argument("why")
    resume = _command(commands, "resume", "let a stopped line go on; two different people must agree")
    resume.add_argument("--by", nargs=2, required=True, metavar="WHO")
    check = commands.add_parser("verify", help="is the certificate on this photo genuine?")
    check.add_argument("photo", type=Path)
    check.add_argument(
        "--key",
        action="append",
        metavar="HEX",
        type=_public_key,
        help="a municipality's public key (default: the sample's)",
    )
    options = parser.parse_args()
    if options.command == "verify":
        return _verify(options.photo, options.key)
    run: Path = options.directory.parent if options.directory else options.run
    if options.command == "serve":
        make_server(run, options.host, options.port, options.database, _machines(options.machine)).run()
        return 0
    store, now = Store(database_url(run, options.database)), simulated_now(run / "clock-offset")
    match options.command:
        case "flags":
            with store.reading() as c:
                for row in c.execute(sa.select(flags).order_by(flags.c.id)):
                    print(row.at, row.machine, row.what, row.detail)
        case "stop":
            Settler(store).stop(options.why, now)
        case "resume":
            Settler(store).resume((options.by[0], options.by[1]), now)
    return 0


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


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text)
    where = command.add_mutually_exclusive_group()
    where.add_argument("--run", type=Path, default=Path(".sim"), help="the simulator's run directory")
    where.add_argument("--directory", type=Path, help="the centre's own directory below the run directory")
    command.add_argument("--database", help="a database URL; a SQLite file in the centre's directory if left out")
    return command


def _machines(named: list[str] | None) -> tuple[Peer, ...]:
    if not named:
        return MACHINES
    pairs = (entry.partition(":") for entry in named)
    return tuple(Peer(name, site or "store") for name, _, site in pairs)


if __name__ == "__main__":
    sys.exit(main())
