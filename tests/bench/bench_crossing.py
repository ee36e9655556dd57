"""Never the wrong person: sixteen machines, kinds mixed, while clerks change the very households whose papers are made.

Each paper's text is extracted and compared with whoever asked for it. `python -m tests.bench.bench_crossing ROUNDS` runs longer.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pypdfium2

from drivers.vocabulary import AdviceFate, CentreRefused, Reserved
from host_sim.centre import rules
from host_sim.centre.fsck import fsck
from host_sim.centre.generator import Press
from host_sim.centre.register import Resident
from host_sim.centre.store import Peer
from tests.unit.centre.cards import Card
from tests.unit.centre.databases import AT_HAND, database
from tests.unit.centre.town import TUESDAY, Town

MACHINES = 16
ROUNDS = 4


def text_of(document: bytes) -> str:
    """The letters of all pages, without spaces."""
    pages = pypdfium2.PdfDocument(document)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)


def written(name: str) -> str:
    return "".join(name.split())


def requesters(town: Town) -> list[Resident]:
    """Residents of different households with different names, whom a machine serves."""
    found: dict[str, Resident] = {}
    names: set[str] = set()
    for person in town.register.residents.values():
        served = rules.refusal_of(person, town.register, TUESDAY.date()) is None
        if served and person.name not in names and not _has_variant(person.name):
            names.add(person.name)
            found.setdefault(person.household_id, person)
    return list(found.values())[:MACHINES]


def _has_variant(name: str) -> bool:
    return any(ord(letter) > 0xFFFF for letter in name)


class Crossing:
    """The run on one database, and the issue number of each paper that is somebody else's."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.people = requesters(town)
        self.hands = [town.card(person.resident_id) for person in self.people]
        self.wrong: list[str] = []

    def serve(self, number: int, rounds: int) -> list[str]:
        """What became of each order of one machine."""
        person, peer = self.people[number], Peer(f"machine-{number:02}", "store")
        return [self._one(person, self.hands[number], peer, turn) for turn in range(rounds)]

    def _one(self, person: Resident, card: Card, peer: Peer, turn: int) -> str:
        session = self.town.session(card, peer)
        kinds = [offer.kind for offer in session.who.offers if offer.refusal is None]
        if not kinds:
            return "offered nothing"
        reserved = session.reserve(session.item(kinds[turn % len(kinds)]))
        if isinstance(reserved, CentreRefused):
            return f"refused: {reserved.code}"
        assert isinstance(reserved, Reserved), reserved
        paper = session.line.fetch(reserved, 1)
        told = {"request_id": reserved.request_id, "copy": 1, "reason": "printed"}
        end = "issued" if isinstance(paper, bytes) else "void"
        assert session.line.advise({"op": end, **told}) is AdviceFate.ACKNOWLEDGED
        if not isinstance(paper, bytes):
            return "void: changed before it was fetched"
        text = text_of(paper)
        others = [p for p in self.people if p is not person and written(p.name) in text]
        if written(person.name) not in text or others:
            self.wrong.append(reserved.copies[0].issue_number)
        return "issued"

    def clerk(self, over: Event) -> None:
        """Write each requester's household again and again; every second time, nothing differs."""
        turn = 0
        while not over.wait(0.02):
            person = self.people[turn // 2 % len(self.people)]
            home = self.town.register.household_of(person)
            address = home.address + "　仮" * (turn % 2)
            self.town.change(replace(home, address=address) if turn % 4 < 2 else home)
            turn += 1


def run(url: str, rounds: int) -> tuple[Counter[str], Sequence[str], list[str]]:
    town = Town(url, Press())
    crossing, over = Crossing(town), Event()
    with ThreadPoolExecutor(MACHINES + 1) as pool:
        clerk = pool.submit(crossing.clerk, over)
        try:
            became = list(pool.map(crossing.serve, range(len(crossing.people)), [rounds] * MACHINES))
        finally:
            over.set()
        clerk.result()
    faults = fsck(town.store)
    town.store.close()
    return Counter(word for words in became for word in words), crossing.wrong, faults


def rows(rounds: int = ROUNDS) -> list[tuple[str, str, str]]:
    table = []
    for kind in AT_HAND:
        with TemporaryDirectory() as directory, database(kind, Path(directory)) as url:
            counted, wrong, faults = run(url, rounds)
        table.append((f"crossing, {kind}: papers of somebody else", f"{len(wrong)} of {counted['issued']}", "0"))
        table.append((f"crossing, {kind}: contradictions that fsck finds", str(len(faults)), "0"))
        table += [(f"crossing, {kind}: {what}", str(number), "-") for what, number in sorted(counted.items())]
    return table


if __name__ == "__main__":
    for row in rows(int(sys.argv[1])):
        print(f"{row[0]:60} {row[1]:>24}  {row[2]}")
