"""`serve`: the centre as a process, for machines over TLS 1.3."""

import argparse
import sys
from pathlib import Path

from host_sim.centre.city.file import CityError
from host_sim.centre.commands import Commands, at_the_centre, run_directory
from host_sim.centre.jpki.trust import TrustError, TrustPlaces
from host_sim.centre.operating.startup import NotStarted
from host_sim.centre.pins import OtherPinKey
from host_sim.centre.server import make_server
from host_sim.centre.serving import Place


def add(commands: Commands) -> None:
    serve = at_the_centre(commands, "serve", "serve machines over TLS 1.3")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8443)
    serve.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="host or address by which machines call it, for the certificate that the first start makes; may be repeated",
    )
    serve.add_argument(
        "--city", type=Path, metavar="FILE", help="the city's file of a new database (default: the sample's)"
    )
    serve.add_argument(
        "--health", metavar="HOST:PORT", type=_address, help="serve /health and /metrics there, unencrypted"
    )
    serve.add_argument(
        "--authorities", type=Path, metavar="DIR", help="certificates (*.pem) of the authorities whose cards are taken"
    )
    revoked = serve.add_mutually_exclusive_group()
    revoked.add_argument("--crl", type=Path, metavar="DIR", help="the authorities' revocation lists (*.crl) are there")
    revoked.add_argument("--ocsp", metavar="URL", help="ask this responder whether a certificate is revoked")
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    place = Place(options.host, options.port, options.health, names=tuple(options.name))
    trust = TrustPlaces(options.authorities, options.crl, options.ocsp)
    try:
        make_server(run_directory(options), place, options.database, options.city, trust).run_to_the_end()
    except (CityError, NotStarted, OtherPinKey, TrustError) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _address(words: str) -> tuple[str, int]:
    host, _, port = words.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError("an address is HOST:PORT, for example 127.0.0.1:9443")
    return host, int(port)
