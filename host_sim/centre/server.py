"""The centre as a process: its parts put together, and served."""

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from host_sim.centre import books, sample, schema
from host_sim.centre.alarms.sending import Sender
from host_sim.centre.api import Centre, make_app
from host_sim.centre.authentication import Doorkeeper
from host_sim.centre.card_desk.writing import CardWriting
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.city.city import City
from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.database import Database, DatabaseTrouble
from host_sim.centre.generator import Generator, signing
from host_sim.centre.identity import Identity, ensure_identity
from host_sim.centre.issuing import Issuer
from host_sim.centre.jpki.trust import TrustPlaces
from host_sim.centre.machines import registry
from host_sim.centre.operating import startup
from host_sim.centre.paper_keys import PaperKeys
from host_sim.centre.schema import COMMAND
from host_sim.centre.serving import Place, Server
from host_sim.centre.settling import Settler
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.staff.vouching import Vouching
from host_sim.centre.store import Peer, Store
from host_sim.centre.wallet_cards import load_cards

JST = ZoneInfo("Asia/Tokyo")
SIMULATED = TrustPlaces()


def simulated_now(clock_offset: Path) -> datetime:
    """Wall time in Asia/Tokyo, moved by the seconds in the offset file if there is one."""
    offset_s = 0.0
    with contextlib.suppress(OSError, ValueError):
        offset_s = float(clock_offset.read_text())
    return datetime.now(JST) + timedelta(seconds=offset_s)


def make_centre(run: Path, identity: Identity, store: Store, city: CityBook, trust: TrustPlaces = SIMULATED) -> Centre:
    """The centre of one run directory: wallet/ and clock-offset are read below it. Raises `TrustError`."""
    identity.pin_hash_key.take_over(store)
    load_cards(store, run / "wallet", identity.pin_hash_key, simulated_now(run / "clock-offset"))
    vouching = Vouching(store, Accounts(store, city, identity.staff_key))
    believed = trust.read(run / "wallet" / "ca")
    with store.reading() as c:
        believed.refuse_sample(city.city(c, simulated_now(run / "clock-offset")))
    doorkeeper = Doorkeeper(
        store,
        city,
        identity.pin_key,
        believed.authorities,
        pin_hash_key=identity.pin_hash_key,
        revocation=believed.revocation,
        vouching=vouching,
    )
    keys, now = paper_keys(run), simulated_now(run / "clock-offset")
    keys.ensure(now.date())
    issuer = Issuer(store, city, doorkeeper, Generator(identity.manifest_key, signing(keys)), identity.manifest_key)
    tables = SiteTables(store, city, identity.manifest_key)
    writing = CardWriting(store, city, identity.pin_key, identity.pin_hash_key, identity.card_master)
    return Centre(doorkeeper, issuer, Settler(store), tables, writing, lambda: simulated_now(run / "clock-offset"))


def paper_keys(run: Path) -> PaperKeys:
    return PaperKeys(run / "centre" / "paper-keys")


def database_url(run: Path, database: str | None) -> str:
    return database or f"sqlite:///{run / 'centre' / 'centre.db'}"


def open_store(run: Path, database: str | None) -> Store:
    """The database; the run directory's own file is made when it is not there."""
    (run / "centre").mkdir(parents=True, exist_ok=True)
    return Store(database_url(run, database), create=database is None)


def open_books(run: Path, database: str | None) -> Store:
    """The database with its books. The simulator's own file is filled with the sample if it is empty."""
    store = open_store(run, database)
    if database is None:
        books.load(store, sample.residents())
    with store.reading() as c:
        if store.fact(c, "version") is None:
            raise DatabaseTrouble(f"The database has no books; enter the sample's with: {COMMAND} seed")
    return store


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


def make_server(
    run: Path, place: Place, database: str | None, city_file: Path | None, trust: TrustPlaces = SIMULATED
) -> Server:
    """A server ready to run; port 0 takes a free one. Raises `CityError` or `TrustError` for files that cannot be used."""
    url, now = database_url(run, database), simulated_now(run / "clock-offset")
    store = open_books(run, database)
    book = open_city(store, city_file, now)
    with store.reading() as c:
        city = book.city(c, now)
    identity = ensure_identity(run / "centre", machines_of(city))
    registry.enter_first(store, run / "centre" / "tls", machines_of(city), now)
    centre = make_centre(run, identity, store, book, trust)
    manifest = startup.manifest_of(identity, city.at(now).municipality.code)
    tls = run / "centre" / "tls"
    sender = Sender(store, book, tls, centre.now)
    return Server(make_app(centre), place, store, manifest, tls, url, centre.now, sender)


def replace_manifest(run: Path, database: str | None) -> startup.Manifest:
    """Let only processes start that are like this one; returns what that is."""
    store, now = open_store(run, database), simulated_now(run / "clock-offset")
    book = open_city(store, None, now)
    with store.reading() as c:
        code = book.at(c, now).municipality.code
    manifest = startup.manifest_of(ensure_identity(run / "centre", ()), code)
    startup.replace(store, manifest, now)
    store.close()
    return manifest


def take_over(run: Path) -> None:
    """Serve a run directory that another checkout has left: its own database gets our tables, and our program may start.

    For the simulator, whose people are invented: there is no backup. Raises `CityError` or `DatabaseTrouble`.
    """
    database = Database(database_url(run, None))
    with database.writing() as c:
        if schema.revision(c) is not None:
            schema.upgrade(c)
    database.close()
    replace_manifest(run, None)
