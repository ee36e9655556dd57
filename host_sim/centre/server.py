"""The centre as a process: its parts put together, and served."""

from pathlib import Path

from host_sim.centre import schema
from host_sim.centre.alarms.sending import Sender
from host_sim.centre.api import Centre, make_app
from host_sim.centre.authentication import Doorkeeper
from host_sim.centre.card_desk.writing import CardWriting
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.file import CityError, unusable_keys
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.database import Database
from host_sim.centre.generator import Generator, signing
from host_sim.centre.identity import Identity, ensure_identity
from host_sim.centre.issuing import Issuer
from host_sim.centre.jpki.trust import TrustPlaces
from host_sim.centre.machines import registry
from host_sim.centre.opening import database_url, keys_of, machines_of, open_books, open_city, open_store, simulated_now
from host_sim.centre.operating import startup
from host_sim.centre.paper_keys import PaperKeys
from host_sim.centre.serving import Place, Server
from host_sim.centre.settling import Settler
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.staff.vouching import Vouching
from host_sim.centre.store import Store
from host_sim.centre.wallet_cards import load_cards

SIMULATED = TrustPlaces()


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


def make_server(
    run: Path, place: Place, database: str | None, city_file: Path | None, trust: TrustPlaces = SIMULATED
) -> Server:
    """A server ready to run; port 0 takes a free one. Raises `CityError` or `TrustError` for files that cannot be used."""
    url, now = database_url(run, database), simulated_now(run / "clock-offset")
    store = open_books(run, database, make=True)
    book = open_city(store, city_file, now)
    with store.reading() as c:
        city = book.city(c, now)
    if problems := unusable_keys(
        city, now, ahead=False
    ):  # no unsigned paper, and not only the first resident hears of it
        raise CityError(problems)
    identity = keys_of(run, city, place.names)
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
