"""The centre as a process: its parts put together, and served."""

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from host_sim.centre import books, sample
from host_sim.centre.api import Centre, make_app
from host_sim.centre.authentication import Doorkeeper
from host_sim.centre.database import DatabaseTrouble
from host_sim.centre.generator import Generator
from host_sim.centre.identity import Identity, ensure_identity
from host_sim.centre.issuing import Issuer
from host_sim.centre.operating import startup
from host_sim.centre.schema import COMMAND
from host_sim.centre.serving import Place, Server
from host_sim.centre.settling import Settler
from host_sim.centre.store import Peer, Store
from host_sim.centre.wallet_cards import load_cards

JST = ZoneInfo("Asia/Tokyo")
MACHINES = (Peer("miyazaki-store-01", "store"), Peer("miyazaki-office-01", "office"))


def simulated_now(clock_offset: Path) -> datetime:
    """Wall time in Asia/Tokyo, moved by the seconds in the offset file if there is one."""
    offset_s = 0.0
    with contextlib.suppress(OSError, ValueError):
        offset_s = float(clock_offset.read_text())
    return datetime.now(JST) + timedelta(seconds=offset_s)


def make_centre(run: Path, identity: Identity, store: Store) -> Centre:
    """The centre of one run directory: wallet/ and clock-offset are read below it."""
    identity.pin_hash_key.take_over(store)
    authorities = load_cards(store, run / "wallet", identity.pin_hash_key, simulated_now(run / "clock-offset"))
    doorkeeper = Doorkeeper(store, identity.pin_key, authorities, pin_hash_key=identity.pin_hash_key)
    issuer = Issuer(store, doorkeeper, Generator(identity.manifest_key), identity.manifest_key)
    return Centre(doorkeeper, issuer, Settler(store), lambda: simulated_now(run / "clock-offset"))


def database_url(run: Path, database: str | None) -> str:
    return database or f"sqlite:///{run / 'centre' / 'centre.db'}"


def open_books(run: Path, database: str | None) -> Store:
    """The database with its books. The simulator's own file is made and filled with the sample if it is not there."""
    store = Store(database_url(run, database), create=database is None)
    if database is None:
        books.load(store, sample.residents())
    with store.reading() as c:
        if store.fact(c, "version") is None:
            raise DatabaseTrouble(f"The database has no books; enter the sample's with: {COMMAND} seed")
    return store


def make_server(run: Path, place: Place, database: str | None, machines: Sequence[Peer]) -> Server:
    """A server ready to run; port 0 takes a free one."""
    url = database_url(run, database)
    identity, store = ensure_identity(run / "centre", machines), open_books(run, database)
    centre = make_centre(run, identity, store)
    return Server(make_app(centre), place, store, manifest_here(identity), run / "centre" / "tls", url, centre.now)


def manifest_here(identity: Identity) -> startup.Manifest:
    """What a process with this identity runs, and for whom."""
    return startup.manifest_of(identity, sample.residents().municipality.code)


def replace_manifest(run: Path, database: str | None) -> startup.Manifest:
    """Let only processes start that are like this one; returns what that is."""
    manifest = manifest_here(ensure_identity(run / "centre", ()))
    store = Store(database_url(run, database))
    startup.replace(store, manifest, simulated_now(run / "clock-offset"))
    store.close()
    return manifest
