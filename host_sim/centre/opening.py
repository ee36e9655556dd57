"""What every command opens: the simulated clock, the database, its books, and the city that it serves by."""

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from host_sim.centre import books, sample
from host_sim.centre.city.book import SAMPLE, CityBook
from host_sim.centre.city.city import City
from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.database import DatabaseTrouble
from host_sim.centre.identity import Identity, ensure_identity, is_simulators
from host_sim.centre.schema import COMMAND
from host_sim.centre.store import Peer, Store

JST = ZoneInfo("Asia/Tokyo")


def simulated_now(clock_offset: Path) -> datetime:
    """Wall time in Asia/Tokyo, moved by the seconds in the offset file if there is one."""
    offset_s = 0.0
    with contextlib.suppress(OSError, ValueError):
        offset_s = float(clock_offset.read_text())
    return datetime.now(JST) + timedelta(seconds=offset_s)


def database_url(run: Path, database: str | None) -> str:
    return database or f"sqlite:///{run / 'centre' / 'centre.db'}"


def open_store(run: Path, database: str | None, *, make: bool = False) -> Store:
    """The database. `make`: the run directory's own file is made if it is not there; else `DatabaseTrouble` says so.

    Only what begins a centre makes it: a mistyped `--run` of any other command must not look like an empty city.
    """
    if make and database is None:
        (run / "centre").mkdir(parents=True, exist_ok=True)
    return Store(database_url(run, database), create=make and database is None)


def open_books(run: Path, database: str | None, *, make: bool = False) -> Store:
    """The database with its books; `make` as for `open_store`. The run directory's own is filled with the sample if it is empty."""
    store = open_store(run, database, make=make)
    with store.reading() as c:
        begun = store.fact(c, "version") is not None
    if not begun and database is not None:
        raise DatabaseTrouble(f"The database has no books; enter the sample's with: {COMMAND} seed")
    if not begun:
        books.load(store, sample.residents())
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


def keys_of(run: Path, city: City, names: Sequence[str] = ()) -> Identity:
    """The keys of this city's centre, with those of every machine that it lists; `names` as for `ensure_identity`.

    Raises `CityError` for a city that is no sample and has a simulator's authority: simulated machines believe it.
    """
    sample = any(period.municipality.sample for period in city.periods)
    identity = ensure_identity(run / "centre", machines_of(city), names, sample=sample)
    if not sample and is_simulators(run / "centre"):
        file = run / "centre" / "tls" / "ca.pem"
        told = (
            f"{file} was made for a sample city, and simulated machines believe it; this city's file says no `sample`."
        )
        raise CityError([f"{told} Give the city a new directory (--run)."])
    return identity
