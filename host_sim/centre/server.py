"""The centre as a process: its parts put together, and served."""

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn

from host_sim.centre import books, sample
from host_sim.centre.api import Centre, make_app
from host_sim.centre.authentication import Doorkeeper
from host_sim.centre.cards import load_cards
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.generator import Generator
from host_sim.centre.identity import Identity, ensure_identity
from host_sim.centre.issuing import Issuer
from host_sim.centre.settling import Settler
from host_sim.centre.store import Peer, Store
from host_sim.centre.tls import NamedClientProtocol, tls_context

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
    books.load(store, sample.residents())
    city = CityBook(store, identity.manifest_key)
    city.apply(sample.city(), SAMPLE, simulated_now(run / "clock-offset"))
    doorkeeper = Doorkeeper(store, identity.pin_key, load_cards(store, run / "wallet"))
    issuer = Issuer(store, doorkeeper, Generator(identity.manifest_key), identity.manifest_key)
    return Centre(doorkeeper, issuer, Settler(store), city, lambda: simulated_now(run / "clock-offset"))


def database_url(run: Path, database: str | None) -> str:
    return database or f"sqlite:///{run / 'centre' / 'centre.db'}"


def make_server(run: Path, host: str, port: int, database: str | None, machines: Sequence[Peer]) -> uvicorn.Server:
    """A server ready to run; port 0 takes a free one."""
    identity = ensure_identity(run / "centre", machines)
    app = make_app(make_centre(run, identity, Store(database_url(run, database))))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=NamedClientProtocol,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    config.load()
    config.ssl = tls_context(run / "centre" / "tls")
    return uvicorn.Server(config)
