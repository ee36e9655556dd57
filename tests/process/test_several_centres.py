"""Two centres before one PostgreSQL: whatever is killed and when, no promise is lost and none is doubled (incidents 3, 5)."""

import random
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from drivers.line.centre import CentreLine
from drivers.vocabulary import AdviceFate, Authenticated, CentreUnreachable, Challenge, CopyState, Reserved
from host_sim.centre.fsck import fsck
from host_sim.centre.store import Store
from host_sim.centre.tables import copies, requests
from tests.process.several_centres import Several, several_centres
from tests.unit.centre.cards import Card
from tests.unit.centre.town import Session

_T = TypeVar("_T")
KILLS = 6


@dataclass
class Calls:
    """Counts the machines' calls; `reached` waits until there were that many."""

    made: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    over: bool = False

    def one_more(self) -> None:
        with self._changed:
            self.made += 1
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self.over = True
            self._changed.notify_all()

    def reached(self, number: int) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self.over or self.made >= number)
            return not self.over


@dataclass
class Machine:
    """One machine: it repeats each call until it is answered, as the firmware does; what it does not get, it gives up."""

    name: str
    line: CentreLine
    calls: Calls
    dice: random.Random
    ends: dict[str, str] = field(default_factory=dict)  # request id -> issued, void
    numbers: list[str] = field(default_factory=list)

    def asked(self, call: Callable[[], _T | CentreUnreachable], tries: int = 1000) -> _T | CentreUnreachable:
        for _ in range(tries):
            self.calls.one_more()
            answer = call()
            if not isinstance(answer, CentreUnreachable):
                return answer
            threading.Event().wait(0.05)
        return answer

    def authenticated(self, card: Card) -> Session:
        while True:
            nonce = secrets.token_bytes(16)
            challenge = self.asked(lambda: self.line.challenge(nonce, card.read))  # noqa: B023
            assert isinstance(challenge, Challenge), challenge
            proof = card.prove(challenge, nonce, self.name)
            who = self.asked(lambda: self.line.authenticate(nonce, challenge, proof), 20)  # noqa: B023
            if isinstance(who, Authenticated):
                return Session(self.line, nonce, card, challenge, who)
            assert isinstance(who, CentreUnreachable), who

    def serve(self, card: Card) -> None:
        session, request_id = self.authenticated(card), secrets.token_hex(16)
        order = session.item("juminhyo")
        reserved = self.asked(lambda: session.reserve(order, request_id=request_id), 20)
        end = "void"
        if isinstance(reserved, Reserved):
            self.numbers += [copy.issue_number for copy in reserved.copies]
            paper = self.asked(lambda: self.line.fetch(reserved, 1), 20)
            if isinstance(paper, bytes):
                end = self.dice.choice(("issued", "issued", "void"))
        told = {"op": end, "request_id": request_id, "copy": 1, "reason": "printed"}
        fate = AdviceFate.UNHEARD
        while fate is AdviceFate.UNHEARD:  # an advice is never given up
            self.calls.one_more()
            fate = self.line.advise(told)
            threading.Event().wait(0.0 if fate is AdviceFate.ACKNOWLEDGED else 0.05)
        assert fate is AdviceFate.ACKNOWLEDGED
        self.ends[request_id] = end


def kill(several: Several, calls: Calls, dice: random.Random) -> None:
    """Kill a centre and the database in turn, each after a few more calls."""
    for number in range(KILLS):
        if not calls.reached(calls.made + dice.randrange(5, 25)):
            return
        threading.Event().wait(dice.random() / 20)  # not at a call's beginning: somewhere in it
        if number % 2:
            several.kill_database()
        else:
            several.kill_centre(dice.randrange(2))


@pytest.mark.parametrize("seed", [1])
def test_killed_at_any_time_no_promise_is_lost_and_none_is_doubled(tmp_path: Path, seed: int) -> None:
    with several_centres(tmp_path / "run") as several:
        calls, dice = Calls(), random.Random(seed)
        machines = [
            Machine(f"machine-{n:02}", several.line(f"machine-{n:02}"), calls, random.Random(seed + n))
            for n in range(4)
        ]
        holders = list(several.cards.values())

        def work(machine: Machine) -> None:
            try:
                while not calls.over:
                    machine.serve(machine.dice.choice(holders))
            finally:
                calls.end()

        with ThreadPoolExecutor(4) as pool:
            working = [pool.submit(work, machine) for machine in machines]
            kill(several, calls, dice)  # in this thread: a server ends with the thread that started it
            calls.end()
            for served in working:
                served.result()
        store = Store(several.url)
        assert fsck(store) == []
        with store.reading() as c:
            dead = set(c.scalars(sa.select(requests.c.request_id).where(requests.c.state != "made")))
            ended = {row.request_id: row.state for row in c.execute(sa.select(copies))}
        store.close()
    told = {rid: end for machine in machines for rid, end in machine.ends.items()}
    assert sum(len(machine.ends) for machine in machines) == len(told) >= 4
    assert {rid: ended.get(rid, "void" if rid in dead else "?") for rid in told} == told
    assert set(ended) <= set(told)
    numbers = [number for machine in machines for number in machine.numbers]
    assert max(Counter(numbers).values()) == 1
    assert CopyState.ISSUED in set(told.values())
