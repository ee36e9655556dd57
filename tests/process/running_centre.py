"""The real centre as a process of its own, over TLS, behind a cable that can fail."""

import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.vocabulary import AuthenticationMethod, CardKind, CardRead
from host_sim.adapters.line import FaultyLine
from tests.process.tls_servers import DEADLINE_S, MACHINE, RealClock, free_port
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
    process: "subprocess.Popen[bytes]"

    def line(self, machine: str = MACHINE, deadline_s: float = DEADLINE_S) -> CentreLine:
        return self.lines(machine, deadline_s)[0]

    def lines(self, machine: str = MACHINE, deadline_s: float = DEADLINE_S) -> tuple[CentreLine, TlsTransport]:
        tls = self.run / "centre" / "tls"
        transport = TlsTransport(
            host="127.0.0.1",
            port=self.cable.port,
            ca_file=tls / "ca.pem",
            server_spki_sha256=(tls / "server-spki.hex").read_text(),
            client_certificate=tls / f"{machine}.pem",
            client_key=tls / f"{machine}.key",
            clock=RealClock(),
        )
        key = bytes.fromhex((tls / "manifest-key.hex").read_text())
        return CentreLine(transport, key, machine, deadline_s), transport

    def later(self, by: timedelta) -> None:
        """Move the centre's clock on."""
        offset, fresh = self.run / "clock-offset", self.run / "clock-offset.new"
        fresh.write_text(str(float(offset.read_text()) + by.total_seconds()))
        fresh.replace(offset)


def read_of(der: bytes) -> CardRead:
    return CardRead(
        kind=CardKind.INDIVIDUAL_NUMBER,
        method=AuthenticationMethod.JPKI,
        credential=der,
        pin_tries_left=3,
        valid_until=None,
    )


def start(run: Path, port: int) -> "subprocess.Popen[bytes]":
    """A centre process of this run directory, which may hold a city's file."""
    command = [sys.executable, "-m", "host_sim.centre", "serve", "--run", str(run), "--port", str(port)]
    if (run / "city.toml").exists():
        command += ["--city", str(run / "city.toml")]
    process = subprocess.Popen(command, cwd=ROOT)
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


@contextmanager
def running_centre(run: Path) -> Iterator[Running]:
    """A new centre in the new directory `run`; its clock says Tuesday, 10:00 in Japan."""
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
    port = free_port()
    (run / "city.toml").write_text(sample_text(), encoding="utf-8")
    process = start(run, port)
    try:
        with FaultyLine(port) as cable:
            hands = {holder: Card(read_of(der), rsa_key("holder")) for holder, der in cards.items()}
            yield Running(run, cable, hands, process)
    finally:
        process.terminate()
        process.wait(300)
