"""The centres a machine's line can lead to: the real one called in memory, the real one over TLS, and the rig's."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from drivers.line.centre import CentreLine, Transport
from drivers.vocabulary import Authenticated, Challenge, OrderItem
from host_sim.centre.city.book import CityBook
from host_sim.centre.opening import open_store, simulated_now
from host_sim.clock import VirtualClock
from host_sim.rig.centre import MemoryCentre
from tests.process.running_centre import Running, read_of, running_centre
from tests.process.tls_servers import MACHINE
from tests.unit.centre.cards import Card, certificate, rsa_key
from tests.unit.centre.claims import paid_at_desk
from tests.unit.centre.town import SHOP, TUESDAY, Session, Town

CENTRES = ("rig", "memory", "tls")


@dataclass
class Place:
    """One machine's line to a centre, with the calls that the tests make."""

    line: CentreLine
    transport: Transport
    machine: str
    card: Card
    pay_at_desk: Callable[[str], None]  # the city's desk pays what is left of the claim with this key
    later: Callable[[timedelta], None]  # moves the centre's clock on by so many seconds
    silent: Callable[[], AbstractContextManager[None]] | None = (
        None  # while heartbeats stay unanswered, where that can be
    )

    def session(self) -> Session:
        nonce = secrets.token_bytes(16)
        challenge = self.line.challenge(nonce, self.card.read)
        assert isinstance(challenge, Challenge), challenge
        who = self.line.authenticate(nonce, challenge, self.card.prove(challenge, nonce, self.machine))
        assert isinstance(who, Authenticated), who
        return Session(self.line, nonce, self.card, challenge, who)


@contextmanager
def centre(kind: str, run: Path) -> Iterator[Place]:
    if kind == "rig":
        yield _rig()
    elif kind == "memory":
        town = Town()

        def later(by: timedelta) -> None:
            town.now += by

        def pay_at_desk(key: str) -> None:
            paid_at_desk(town.store, town.city, key, town.now)

        yield Place(town.line(), town.transport(), SHOP.name, town.card("hanako"), pay_at_desk, later)
    else:
        with running_centre(run) as running:
            line, transport = running.lines()
            store = open_store(running.run, None)

            def pays(key: str) -> None:
                paid_at_desk(store, CityBook(store), key, simulated_now(running.run / "clock-offset"))

            yield Place(line, transport, MACHINE, running.cards["hanako"], pays, running.later, partial(_held, running))


@contextmanager
def _held(running: Running) -> Iterator[None]:
    running.cable.hold()
    yield
    running.cable.mend()


def _rig() -> Place:
    clock = VirtualClock()
    made = MemoryCentre(clock, lambda: TUESDAY + timedelta(seconds=clock.monotonic()), "rig-01")
    line = CentreLine(made, made.key.public_key().public_bytes_raw(), "rig-01", 8.0)

    @contextmanager
    def silent() -> Iterator[None]:
        made.faults.slow.add("heartbeats")
        yield

    card = Card(read_of(certificate()), rsa_key("holder"))

    def pay_at_desk(key: str) -> None:
        assert made.pay_at_desk(key)

    return Place(line, made, "rig-01", card, pay_at_desk, lambda by: clock.advance(by.total_seconds()), silent)


def inkan(session: Session, copies: int = 1) -> OrderItem:
    return session.item("inkan", copies)
