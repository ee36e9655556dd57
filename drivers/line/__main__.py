"""The bench for the line: `python -m drivers.line --unit FILE [--run-dir DIR] ping | status REQUEST_ID`."""

import argparse
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from drivers.errors import DeviceError
from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.line.tls_files import manifest_key_of, words_of
from drivers.vocabulary import CentreUnreachable


class _Clock:
    def monotonic(self) -> float:
        return time.monotonic()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.line", description="Try the line to the centre by hand.")
    parser.add_argument("--unit", type=Path, required=True, help="the unit file; only [unit] and [centre] are read")
    parser.add_argument("--run-dir", type=Path, default=Path("/run/kofuki"), help="where relative paths begin")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("ping", help="connect and send an empty heartbeat")
    status = commands.add_parser("status", help="ask where the centre holds the copies of a request")
    status.add_argument("request_id", help="32 hex digits")
    options = parser.parse_args()
    try:
        line = _line(tomllib.loads(options.unit.read_text(encoding="utf-8")), options.run_dir)
    except DeviceError as error:
        print(f"{error} ({error.remedy})")
        return 1
    began_s = time.perf_counter()
    if options.command == "status":
        answer = line.status(options.request_id)
        print(
            answer if isinstance(answer, CentreUnreachable) else dict(answer) or "the centre does not know this request"
        )
        return int(isinstance(answer, CentreUnreachable))
    heard = line.heartbeat({"state": "bench"})
    print(
        f"{'The centre answered' if heard else 'No valid answer: check cable, [centre] table and certificates. It ended'}"
        f" after {(time.perf_counter() - began_s) * 1000:.1f} ms."
    )
    return int(not heard)


def _line(unit: dict[str, Any], run: Path) -> CentreLine:
    settings = unit["centre"]
    transport = TlsTransport(
        host=settings["host"],
        port=settings["port"],
        ca_file=run / settings["ca_file"],
        server_spki_sha256=_words(run, settings["server_spki_sha256"]),
        client_certificate=run / settings["client_certificate"],
        client_key=run / settings["client_key"],
        clock=_Clock(),
    )
    key = manifest_key_of(_words(run, settings["manifest_key"]))
    return CentreLine(transport, key, unit["unit"]["name"], settings.get("deadline_s", 8.0))


def _words(run: Path, value: str) -> str:
    return words_of(value, run / value)


if __name__ == "__main__":
    sys.exit(main())
