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
from host_sim.centre.city.city import City
from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.generator import Generator
from host_sim.centre.identity import Identity, ensure_identity
from host_sim.centre.issuing import Issuer
from host_sim.centre.settling import Settler
from host_sim.centre.store import Peer, Store
from host_sim.centre.tls import NamedClientProtocol, tls_context

JST = ZoneInfo("Asia/Tokyo")


def simulated_now(clock_offset: Path) -> datetime:
    """Wall time in Asia/Tokyo, moved by the seconds in the offset file if there is one."""
    offset_s = 0.0
    with contextlib.suppress(OSError, ValueError):
        offset_s = float(clock_offset.read_text())
    return datetime.now(JST) + timedelta(seconds=offset_s)


def make_centre(run: Path, identity: Identity, store: Store, city: CityBook) -> Centre:
    """The centre of one run directory: wallet/ and clock-offset are read below it."""
    books.load(store, sample.residents())
    doorkeeper = Doorkeeper(store, city, identity.pin_key, load_cards(store, run / "wallet"))
    issuer = Issuer(store, city, doorkeeper, Generator(identity.manifest_key), identity.manifest_key)
    tables = SiteTables(store, city, identity.manifest_key)
    return Centre(doorkeeper, issuer, Settler(store), tables, lambda: simulated_now(run / "clock-offset"))


def database_url(run: Path, database: str | None) -> str:
    return database or f"sqlite:///{run / 'centre' / 'centre.db'}"


def open_store(run: Path, database: str | None) -> Store:
    """The database of a run directory, which is made when it is not there."""
    (run / "centre").mkdir(parents=True, exist_ok=True)
    return Store(database_url(run, database))


def open_city(store: Store, city_file: Path | None, now: datetime) -> CityBook:
    """The city that this database serves by. A database without one takes `city_file`, else the sample's.

    Raises `CityError` when another file has been applied: only `apply` changes what is in force.
    """
    book = CityBook(store)
    applied = book.applied()
    city = sample.city() if city_file is None else read_file(city_file)
    if not applied or (applied[-1].applied_by == SAMPLE and applied[-1].sha256 != city.sha256):
        book.apply(city, SAMPLE if city_file is None else "serve", now)
    elif city_file is not None and applied[-1].sha256 != city.sha256:
        version, by = applied[-1].version, applied[-1].applied_by
        raise CityError(
            [
                f"The database serves by version {version}, applied by {by}; {city_file} differs. Use `apply` to change it."
            ]
        )
    return book


def machines_of(city: City) -> Sequence[Peer]:
    """Every machine that the file lists, now or on a later day."""
    listed = {name: place.channel for period in city.periods for name, place in period.machines.items()}
    return [Peer(name, channel) for name, channel in listed.items()]


def make_server(run: Path, host: str, port: int, database: str | None, city_file: Path | None) -> uvicorn.Server:
    """A server ready to run; port 0 takes a free one. Raises `CityError` for a city's file that cannot be used."""
    store, now = open_store(run, database), simulated_now(run / "clock-offset")
    book = open_city(store, city_file, now)
    with store.reading() as c:
        machines = machines_of(book.city(c, now))
    identity = ensure_identity(run / "centre", machines)
    app = make_app(make_centre(run, identity, store, book))
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
