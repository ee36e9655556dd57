"""The real centre as a process of its own, over TLS, behind a cable that can fail."""

import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import requests
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.vocabulary import AuthenticationMethod, CardKind, CardRead
from host_sim.adapters.line import FaultyLine
from host_sim.running import free_port
from tests.process.tls_servers import DEADLINE_S, MACHINE, RealClock
from tests.unit.centre.cards import Card, authority, certificate, rsa_key
from tests.unit.centre.cities import sample_text
from tests.unit.centre.town import TUESDAY

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Running:
    """The centre of one run directory, behind a cable."""

    run: Path
    cable: FaultyLine
    cards: dict[str, Card]
    health: str  # URL of the listener for health and metrics
    process: "subprocess.Popen[bytes]"

    def line(self, machine: str = MACHINE, deadline_s: float = DEADLINE_S) -> CentreLine:
        return self.lines(machine, deadline_s)[0]

    def lines(self, machine: str = MACHINE, deadline_s: float = DEADLINE_S) -> tuple[CentreLine, TlsTransport]:
        return lines(self.run, self.cable.port, machine, deadline_s)

    def sessions(self) -> dict[str, requests.Session]:
        """For calls that no machine would make: one of each machine of the city, because the centre lets no single one call so often
        (operating/lanes.py)."""
        tls = self.run / "centre" / "tls"
        made = {}
        for key in sorted(tls.glob("miyazaki-*.key")):
            session = made[key.stem] = requests.Session()
            session.trust_env = False
            session.verify = str(tls / "ca.pem")
            session.cert = (str(key.with_suffix(".pem")), str(key))
        assert len(made) > 3
        return made

    def later(self, by: timedelta) -> None:
        """Move the centre's clock on."""
        offset, fresh = self.run / "clock-offset", self.run / "clock-offset.new"
        fresh.write_text(str(float(offset.read_text()) + by.total_seconds()))
        fresh.replace(offset)


def lines(run: Path, port: int, machine: str, deadline_s: float) -> tuple[CentreLine, TlsTransport]:
    """A machine's line to a port of the loopback, with the keys of the centre in `run`."""
    tls = run / "centre" / "tls"
    transport = TlsTransport(
        host="127.0.0.1",
        port=port,
        ca_file=tls / "ca.pem",
        server_spki_sha256=(tls / "server-spki.hex").read_text(),
        client_certificate=tls / f"{machine}.pem",
        client_key=tls / f"{machine}.key",
        clock=RealClock(),
    )
    key = bytes.fromhex((tls / "manifest-key.hex").read_text())
    return CentreLine(transport, key, machine, deadline_s), transport


def read_of(der: bytes) -> CardRead:
    return CardRead(
        kind=CardKind.INDIVIDUAL_NUMBER,
        method=AuthenticationMethod.JPKI,
        credential=der,
        pin_tries_left=3,
        valid_until=None,
    )


def start(run: Path, port: int, *, database: str | None = None, more: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
    """Start a centre process of this run directory, which may hold a city's file, and wait until it is there.

    What it prints is added to `run`/printed.
    """
    command = [sys.executable, "-m", "host_sim.centre", "serve", "--run", str(run), "--port", str(port), *more]
    command += ["--city", str(run / "city.toml")] if (run / "city.toml").exists() else []
    command += [] if database is None else ["--database", database]
    with (run / "printed").open("ab") as printed:
        process = subprocess.Popen(command, cwd=ROOT, stdout=printed, stderr=subprocess.STDOUT)
    for _ in range(3000):
        assert process.poll() is None, "the centre's process has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return process
    process.kill()
    raise AssertionError("the centre did not come up")


def prepare(run: Path) -> dict[str, Card]:
    """A new run directory with a wallet, and its cards; the centre's clock will say Tuesday, 10:00 in Japan."""
    (run / "wallet" / "ca").mkdir(parents=True)
    (run / "wallet" / "ca" / "auth.pem").write_bytes(authority().public_bytes(Encoding.PEM))
    cards = {holder: certificate() for holder in ("hanako", "taro", "kazuko", "nguyen")}
    entries = [
        {
            "card": holder,
            "kind": "individual_number",
            "holder": holder,
            "method": "jpki",
            "credential_sha256": hashlib.sha256(der).hexdigest(),
            "certificate_serial": 1,
            "user_id": None,
            "pin": None,
            "card_public_key": None,
            "valid_until": None,
            "trouble": None,
        }
        for holder, der in cards.items()
    ]
    (run / "wallet" / "registry.json").write_text(json.dumps(entries))
    # Tuesday, 10:00 in Japan, whatever the hour is here: the simulator sets a clock by an offset.
    offset_s = TUESDAY.timestamp() - time.time()
    (run / "clock-offset").write_text(str(offset_s))
    (run / "city.toml").write_text(sample_text(), encoding="utf-8")
    return {holder: Card(read_of(der), rsa_key("holder")) for holder, der in cards.items()}


@contextmanager
def running_centre(run: Path) -> Iterator[Running]:
    """A new centre in the new directory `run`."""
    hands, port = prepare(run), free_port()
    health = f"127.0.0.1:{free_port()}"
    process = start(run, port, more=("--health", health))
    try:
        with FaultyLine(port) as cable:
            yield Running(run, cable, hands, f"http://{health}", process)
    finally:
        process.terminate()
        process.wait(300)
