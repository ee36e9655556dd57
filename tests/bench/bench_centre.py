"""The centre as processes: full issues over mTLS, kinds mixed, for each second of the centre's processor time.

A full issue is: challenge, authenticate, order, typeset, check, sign, fetch, report. The processor time is that of the
centre's own processes; PostgreSQL and the machines, which run beside them, are not counted.
"""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from drivers.line.centre import CentreLine
from drivers.vocabulary import AdviceFate, Authenticated, Challenge
from host_sim.centre.operating.lanes import CONNECTIONS
from tests.process.running_centre import Running, lines, running_centre
from tests.process.several_centres import several_centres
from tests.process.tls_servers import DEADLINE_S
from tests.unit.centre.cards import Card
from tests.unit.centre.town import Session

MACHINES = 4
ISSUES = 20  # of each machine
FLOOD = (34, 34, 33, 33, 33, 33)  # orders of one machine on each of its connections: 200


def session(line: CentreLine, machine: str, card: Card) -> Session:
    nonce = os.urandom(16)
    challenge = line.challenge(nonce, card.read)
    assert isinstance(challenge, Challenge), challenge
    who = line.authenticate(nonce, challenge, card.prove(challenge, nonce, machine))
    assert isinstance(who, Authenticated), who
    return Session(line, nonce, card, challenge, who)


def issue(line: CentreLine, machine: str, card: Card, number: int) -> None:
    here = session(line, machine, card)
    kinds = [offer.kind for offer in here.who.offers if offer.refusal is None]
    reserved = here.reserved(here.item(kinds[number % len(kinds)]))
    assert isinstance(line.fetch(reserved, 1), bytes)
    told = {"op": "issued", "request_id": reserved.request_id, "copy": 1, "reason": "printed"}
    assert line.advise(told) is AdviceFate.ACKNOWLEDGED


def used_s(pids: Sequence[int]) -> float:
    """Processor time of these processes so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


def resident_mib(pids: Sequence[int]) -> float:
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(run: Path, ports: Sequence[int], pids: Sequence[int], cards: Sequence[Card]) -> tuple[float, float, float]:
    """Issues for each processor second, issues a second by the clock, and MiB by which the centre grew."""
    names = [f"machine-{n:02}" for n in range(MACHINES)]
    with ThreadPoolExecutor(MACHINES) as pool:

        def work(name: str, port: int, card: Card, count: int) -> None:
            line, transport = lines(run, port, name, DEADLINE_S)
            for number in range(count):
                issue(line, name, card, number)
            transport.close()

        def all_at_once(count: int) -> None:
            list(pool.map(work, names, cycle(ports), islice(cycle(cards), MACHINES), [count] * MACHINES))

        all_at_once(4)
        used, clock, size = used_s(pids), time.monotonic(), resident_mib(pids)
        all_at_once(ISSUES)
        used, clock = used_s(pids) - used, time.monotonic() - clock
    total = MACHINES * ISSUES
    return total / used, total / clock, resident_mib(pids) - size


def slowest_beat_s(running: Running) -> tuple[float, float]:
    """The slowest heartbeat of a machine, alone and while another one sends 200 orders over all its connections."""
    card, name = next(iter(running.cards.values())), "machine-00"
    here = session(lines(running.run, running.cable.port, name, DEADLINE_S)[0], name, card)
    item = here.item(next(offer.kind for offer in here.who.offers if offer.refusal is None))
    beats, transport = lines(running.run, running.cable.port, "machine-01", DEADLINE_S)
    beat = {"journal_seq": 1, "journal_head": "", "state": "IN_SERVICE", "reasons": [], "events": []}

    def beaten_s() -> float:
        began = time.monotonic()
        assert beats.heartbeat(beat) is not None
        return time.monotonic() - began

    def flood(count: int) -> None:
        line, flooding = lines(running.run, running.cable.port, name, DEADLINE_S)
        for _ in range(count):
            line.reserve(os.urandom(16).hex(), here.nonce, here.who.authentication_id, [item], card.read)
        flooding.close()

    alone = max(beaten_s() for _ in range(20))
    with ThreadPoolExecutor(CONNECTIONS - 2) as pool:
        floods = [pool.submit(flood, count) for count in FLOOD]
        busy = [beaten_s()]
        while not all(one.done() for one in floods):
            busy.append(beaten_s())
    transport.close()
    return alone, max(busy)


def rows() -> list[tuple[str, str, str]]:
    with TemporaryDirectory() as directory:
        with running_centre(Path(directory) / "one") as one:
            sqlite = measure(one.run, [one.cable.port], [one.process.pid], list(one.cards.values()))
            alone_s, flooded_s = slowest_beat_s(one)
        with several_centres(Path(directory) / "two") as two:
            pids, cards = [process.pid for process in two.centres[:2]], list(two.cards.values())
            alone = measure(two.run, two.ports[:1], pids[:1], cards)
            both = measure(two.run, two.ports, pids, cards)
    named = (("SQLite", sqlite), ("PostgreSQL", alone), ("PostgreSQL, two processes", both))
    table = [(f"centre, full issue over mTLS, {name}", f"{m[0]:.1f} /cpu s", ">= 40") for name, m in named]
    table.append(("centre, two processes to one, by the clock", f"{both[1] / alone[1]:.2f}", ">= 1.6"))
    table += [(f"centre, growth in {MACHINES * ISSUES} issues, {name}", f"{m[2]:.1f} MiB", "0") for name, m in named]
    table.append(("centre, slowest heartbeat, alone", f"{alone_s:.3f} s", ""))
    table.append(("centre, slowest heartbeat during another machine's 200 orders", f"{flooded_s:.3f} s", "<= 0.5 s"))
    return table
