"""Two centre processes before one PostgreSQL, behind HAProxy, which passes TLS through; any of them can be killed."""

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.line.centre import CentreLine
from host_sim.running import HANG_S, free_port
from tests.process.running_centre import ROOT, lines, prepare, start
from tests.process.tls_servers import DEADLINE_S
from tests.unit.centre.cards import Card
from tests.unit.centre.databases import Server

# A machine's connection leads to one centre as long as it lasts. A centre that is down is left out within a second.
HAPROXY = """
defaults
    mode tcp
    timeout connect 2s
    timeout client 120s
    timeout server 120s
    retries 3
    option redispatch
listen centres
    bind 127.0.0.1:{port}
    balance roundrobin
    default-server check inter 500ms fall 1 rise 1 on-marked-down shutdown-sessions
    server a 127.0.0.1:{a}
    server b 127.0.0.1:{b}
"""


@dataclass
class Several:
    run: Path
    database: Server
    url: str
    port: int  # of HAProxy
    ports: tuple[int, int]
    cards: dict[str, Card]
    centres: "list[subprocess.Popen[bytes]]"

    def line(self, machine: str) -> CentreLine:
        return lines(self.run, self.port, machine, DEADLINE_S)[0]

    def kill_centre(self, number: int) -> None:
        """Kill one centre at once, and start it again."""
        self.centres[number].kill()
        self.centres[number].wait(HANG_S)
        self.centres[number] = start(self.run, self.ports[number], database=self.url)

    def kill_database(self) -> None:
        self.database.kill()
        self.database.start()


@contextmanager
def several_centres(run: Path) -> Iterator[Several]:
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    assert haproxy, "HAProxy is missing: install Debian's package haproxy (make setup does)."
    database, cards = Server(), prepare(run)
    port, a, b = free_port(), free_port(), free_port()
    running: list[subprocess.Popen[bytes]] = []
    try:
        url = database.create("centre")
        for act in ("init", "seed"):
            command = [sys.executable, "-m", "host_sim.centre", "db", act, "--run", str(run), "--database", url]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        running += [start(run, a, database=url)]  # it makes the keys that both use
        running += [start(run, b, database=url)]
        several = Several(run, database, url, port, (a, b), cards, running)
        (run / "haproxy.cfg").write_text(HAPROXY.format(port=port, a=a, b=b))
        proxy = subprocess.Popen([haproxy, "-db", "-f", str(run / "haproxy.cfg")])
        running.append(proxy)
        while not _listens(port):
            assert proxy.poll() is None, "HAProxy has ended"
            threading.Event().wait(0.02)
        yield several
    finally:
        for process in running:
            process.kill()
            process.wait(HANG_S)
        database.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
