"""`audit head|verify`: whether the audit record is whole, and its head for a witness."""

import argparse
import sys
from pathlib import Path

from host_sim.centre.commands import Commands, at_the_centre, open_store
from host_sim.centre.operating import audit


def add(commands: Commands) -> None:
    acts = commands.add_parser("audit", help="the audit record").add_subparsers(dest="act", required=True)
    head = at_the_centre(acts, "head", "print the record's head; keep it where nobody of the centre can change it")
    head.set_defaults(run=_head)
    verify = at_the_centre(acts, "verify", "is the record whole?")
    verify.add_argument("--witness", type=Path, metavar="FILE", help="a head that was kept elsewhere")
    verify.set_defaults(run=_verify)


def _head(options: argparse.Namespace) -> int:
    with open_store(options).reading() as c:
        number, sha256 = audit.head(c)
    print(number, sha256)
    return 0


def _verify(options: argparse.Namespace) -> int:
    """Exit status: 0 the record is whole, 1 it is not, 2 the witness cannot be read."""
    try:
        witness = None if options.witness is None else audit.read_witness(options.witness.read_text())
    except (OSError, UnicodeDecodeError):
        print(f"{options.witness} cannot be read. Give the file in which a head was kept.", file=sys.stderr)
        return 2
    except audit.NoHead as trouble:
        print(trouble, file=sys.stderr)
        return 2
    with open_store(options).reading() as c:
        found = list(audit.faults(c, witness))
        number, sha256 = audit.head(c)
    print(*found or [f"The audit record is whole: {number} rows, head {sha256}."], sep="\n")
    return 1 if found else 0
