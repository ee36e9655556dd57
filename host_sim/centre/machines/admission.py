"""Whether a connection's certificate may speak, asked of the registry at each call; and how often a machine is refused."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from host_sim.centre.machines import registry
from host_sim.centre.store import Peer, Store

HOUR = timedelta(hours=1)
REFUSED_AN_HOUR = 30  # calls of one machine; a busy one has a few wrong PINs and cards of other cities
TELL_AGAIN = timedelta(minutes=10)  # a refused certificate that keeps calling is counted on its flag so often


@dataclass(slots=True)
class Admission:
    """Called in the endpoints' threads."""

    store: Store
    now: Callable[[], datetime]
    _told: dict[tuple[Peer, str, str], datetime] = field(default_factory=dict)
    _refused: dict[str, list[datetime]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def admits(self, peer: Peer, spki: str) -> bool:
        """Whether this key may speak for this machine, now; flags it if not."""
        with self.store.reading() as c:
            why, first_use = registry.standing(c, peer, spki)
        if first_use:
            with self.store.writing() as c:
                registry.replace_older(c, peer, spki, self.now())
        if why and self._is_news(peer, spki, why):
            with self.store.writing() as c:
                self.store.flag(c, self.now(), peer.name, why, {"site": peer.site, "spki_sha256": spki})
        return not why

    def refused(self, machine: str) -> None:
        """A call of this machine was refused; more than usual within an hour are a flag. Each process counts for itself."""
        now = self.now()
        with self._turn:
            recent = [at for at in self._refused.get(machine, ()) if now - at < HOUR]
            rising = len(recent) + 1 >= REFUSED_AN_HOUR
            self._refused[machine] = [] if rising else [*recent, now]
        if rising:
            with self.store.writing() as c:
                self.store.flag(c, now, machine, "refusals_rising", {"refused": REFUSED_AN_HOUR})

    def _is_news(self, peer: Peer, spki: str, why: str) -> bool:
        now, this = self.now(), (peer, spki, why)
        with self._turn:
            told = self._told.get(this)
            if told is not None and now - told < TELL_AGAIN:
                return False
            self._told = {one: at for one, at in self._told.items() if now - at < TELL_AGAIN} | {this: now}
            return True
