"""A machine connected to the real centre (its endpoints, rules, registers and PIN counts) without a wire.

`MemoryCentre` (host_sim/rig) serves every card. Here the real centre's code decides what a store and an office may do
with a card.
"""

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from host_sim.centre import sample
from host_sim.centre.api import Centre
from host_sim.centre.authentication import Doorkeeper
from host_sim.centre.calls import Answered
from host_sim.centre.card_desk.writing import CardWriting
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.generator import Generator
from host_sim.centre.issuing import Issuer
from host_sim.centre.jpki.trust import TrustPlaces
from host_sim.centre.memory import MemoryLine
from host_sim.centre.register import Register
from host_sim.centre.settling import Settler
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.staff.vouching import Vouching
from host_sim.centre.store import Peer
from host_sim.centre.tables import cards, flags
from host_sim.centre.wallet_cards import load_cards
from host_sim.rig.centre import MemoryCentre
from host_sim.rig.machine import STORE, RigMachine, Site
from host_sim.rig.world import MACHINE
from tests.unit.centre.cities import p384_city, sample_city
from tests.unit.centre.databases import FRESH, Copied, sample_bytes
from tests.unit.centre.town import CARD_MASTER, MANIFEST_KEY, PIN_KEY, STAFF_KEY, TUESDAY, plain


@cache
def residents() -> Register:
    return sample.residents()


@cache
def _books_with_cards(wallet: Path) -> bytes:
    """The sample's books and the cards of a wallet, which stays as it is."""
    store = Copied(sample_bytes())
    load_cards(store, wallet, PIN_KEY, TUESDAY)
    return store.content()


class City:
    """A centre that knows the cards of one wallet; several machines may use it."""

    def __init__(self, wallet: Path, *, p384: bool = False) -> None:
        """`p384`: the city's file takes cards with a key on P-384."""
        self.file = p384_city if p384 else sample_city
        self.store = FRESH.copied(_books_with_cards(wallet))
        authorities = TrustPlaces().read(wallet / "ca").authorities
        self.book = CityBook(self.store)
        pin_key = X25519PrivateKey.generate()
        self.accounts = Accounts(self.store, self.book, STAFF_KEY)
        vouching = Vouching(self.store, self.accounts)
        self.doorkeeper = Doorkeeper(
            self.store, self.book, pin_key, authorities, pin_hash_key=PIN_KEY, vouching=vouching
        )
        self.card_writing = CardWriting(self.store, self.book, pin_key, PIN_KEY, CARD_MASTER)
        self.issuer = Issuer(
            self.store, self.book, self.doorkeeper, Generator(MANIFEST_KEY, plain()), MANIFEST_KEY, plain()
        )

    def reported(self) -> list[tuple[str, str]]:
        """(machine, word) of each flag at the centre."""
        with self.store.reading() as c:
            rows = c.execute(sa.select(flags).where(flags.c.what == "reported").order_by(flags.c.id)).all()
        return [(row.machine, row.detail["event"]) for row in rows]

    def pin_failures(self, kind: str) -> int:
        """The wrong PIN tries of all municipal cards of a kind together."""
        with self.store.reading() as c:
            return sum(c.scalars(sa.select(cards.c.pin_failures).where(cards.c.kind == kind)))


NAMES = (MACHINE, "rig-02")


class CityMachine(RigMachine):
    """A rig's machine at `site`, connected to the city under its own name, one of `NAMES`."""

    def __init__(self, city: City, site: Site = STORE, *, name: str = MACHINE, **how: Any) -> None:
        self.city, self.name = city, name
        self.city.book.apply(self.city.file(site.profile, *NAMES), SAMPLE, TUESDAY)
        super().__init__(site=site, **how)

    def _make_centre(self) -> MemoryCentre:
        return _CityLine(self)


class _CityLine(MemoryCentre):
    """The delays and faults of the line in memory; the answers are the city's."""

    def __init__(self, machine: CityMachine) -> None:
        super().__init__(machine.clock, machine.now, machine.name)
        self.key = MANIFEST_KEY
        city = machine.city
        tables = SiteTables(city.store, city.book, MANIFEST_KEY)
        centre = Centre(city.doorkeeper, city.issuer, Settler(city.store), tables, city.card_writing, machine.now)
        self._line = MemoryLine(FRESH.lines.of(centre), Peer(machine.name, machine.site.profile))

    def _answer(self, method: str, path: str, body: bytes | None) -> Answered:
        return self._line.exchange(method, path, body, 8.0)
