"""Keys, certificates and time stamps made by openssl: a second implementation of what our code reads."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from host_sim.centre.register import CitySignature
from tests.unit.centre.town import JST

NOW = datetime.now(JST) + timedelta(hours=1)  # openssl makes certificates from now on
CITY = "/C=JP/O=宮崎市/CN=宮崎市長"
_STAMPING = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/stamps.pem
signer_key = {folder}/stamps.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def certificate(
    folder: Path,
    *,
    subject: str = CITY,
    algorithm: str = "ec:P-256",
    usage: str = "digitalSignature,nonRepudiation",
    again: bool = True,
) -> CitySignature:
    """A key with its certificate, below an authority of its own. `again` false: those that are there."""
    rule = CitySignature(key=str(folder / "seal.key"), chain=str(folder / "chain.pem"))
    if again:
        folder.mkdir(exist_ok=True)
        _authority(folder)
        _below(folder, "seal", subject, algorithm, f"keyUsage=critical,{usage}")
        leaf, above = ((folder / name).read_bytes() for name in ("seal.pem", "ca.pem"))
        (folder / "chain.pem").write_bytes(leaf + above)
    return rule


def _authority(folder: Path) -> None:
    usage = ["-addext", "keyUsage=critical,keyCertSign"]
    _openssl(
        folder,
        "req",
        "-x509",
        *_key("ec:P-256"),
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/O=Test/CN=CA",
        *usage,
    )


def _below(folder: Path, name: str, subject: str, algorithm: str, usage: str) -> None:
    made = ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-utf8", "-subj", subject]
    told = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE", "-addext", usage]
    _openssl(folder, "req", "-x509", *_key(algorithm), "-days", "1000", *made, *told)
    (folder / f"{name}.key").chmod(0o600)


def _key(algorithm: str) -> list[str]:
    kind, size = algorithm.split(":")
    return ["-nodes", "-newkey", *([algorithm] if kind == "rsa" else ["ec", "-pkeyopt", f"ec_paramgen_curve:{size}"])]


@contextlib.contextmanager
def stamping(folder: Path) -> Iterator[str]:
    """A time-stamping authority (RFC 3161) on this computer, below the authority of `certificate`; gives its address."""
    _below(folder, "stamps", "/O=Test/CN=Time", "rsa:2048", "extendedKeyUsage=critical,timeStamping")
    (folder / "tsa.cnf").write_text(_STAMPING.format(folder=folder), encoding="ascii")
    (folder / "serial").write_text("01\n", encoding="ascii")

    class Stamper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["content-length"])))
            _openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Stamper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
