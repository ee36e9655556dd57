"""`check`, `diff`, `show` and `apply`: a city's file before and after it takes effect."""

import argparse
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from host_sim.centre.city import languages, words
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.city import City, InForce
from host_sim.centre.city.file import CityError, read_file, unusable_keys
from host_sim.centre.city.hours import DEFAULT, JST
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.forms import city_key
from host_sim.centre.machines import registry
from host_sim.centre.opening import keys_of, machines_of, simulated_now
from host_sim.centre.store import HERE


def add(commands: Commands) -> None:
    check = commands.add_parser("check", help="is this city's file right? Tells every mistake")
    check.add_argument("file", type=Path)
    check.set_defaults(run=_telling(_check))
    diff = commands.add_parser("diff", help="what changes from one city's file to another, from when and where")
    diff.add_argument("old", type=Path)
    diff.add_argument("new", type=Path)
    diff.set_defaults(run=_telling(_diff))
    show = commands.add_parser("show", help="what a city's file says of a day")
    show.add_argument("file", type=Path)
    show.add_argument("--on", type=day_of, required=True, metavar="DAY", help="2027-04-01")
    show.add_argument("--site", help="only this place, by the word of its section")
    show.add_argument("--kind", help="only this kind of certificate")
    show.set_defaults(run=_telling(_show))
    apply = at_the_centre(commands, "apply", "serve by this city's file from now on")
    apply.add_argument("file", type=Path)
    apply.add_argument("--by", required=True, metavar="WHO", help="the word of a member of staff in the file")
    apply.set_defaults(run=_telling(_apply))


def _telling(run: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], int]:
    """Exit status 0, or 1 with one sentence a line for each mistake."""

    def told(options: argparse.Namespace) -> int:
        try:
            run(options)
        except CityError as trouble:
            print(*trouble.problems, sep="\n", file=sys.stderr)
            return 1
        return 0

    return told


def day_of(text: str) -> date:
    """A day as it is typed in a command; argparse tells what is wrong."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is no day; write 2027-04-01') from None


def _check(options: argparse.Namespace) -> None:
    city, now = read_file(options.file), datetime.now(JST)
    _can_sign(city, now)
    listed = {machine for period in city.periods for machine in period.machines}
    print(
        f"{options.file} is right: {city.periods[0].municipality.city}, {len(city.periods[0].places)} places, "
        f"{len(listed)} machines, {len(city.changes)} changes."
    )
    key = city_key.usable(city.at(now).municipality, now)
    if key is not None:
        print(f"Its papers are signed; a certificate above its key ends at {key.ends_at:%Y-%m-%d %H:%M}.")
    for sentence in languages.told(city):
        print(sentence)


def _can_sign(city: City, now: datetime) -> None:
    if problems := unusable_keys(city, now, ahead=True):
        raise CityError(problems)


def _diff(options: argparse.Namespace) -> None:
    lines = list(words.told(words.differences(read_file(options.old), read_file(options.new))))
    print(*lines or ["The two files say the same of every day."], sep="\n")


def _show(options: argparse.Namespace) -> None:
    city = read_file(options.file)
    now = city.on(options.on)
    for given, known, section in ((options.site, now.places, "sites"), (options.kind, now.rules.kinds, "kinds")):
        if given is not None and given not in known:
            raise CityError([f"There is no [{section}.{given}] on {options.on}; there are {', '.join(known)}."])
    print(f"{options.on} ({options.on:%A})", *_changes(city, options.on), sep="\n")
    said = words.facts(now)
    shown = [about for about in said if _wanted(about, options)]
    for site in dict.fromkeys(about.site for about in shown):
        print(f"\n{site or 'The city'}", *(_today(now, site, options) if site else ()), sep="\n")
        for about in (about for about in shown if about.site == site):
            print(f"  {' '.join(part for part in (about.kind, about.what) if part)}: {said[about]}")


def _wanted(about: words.About, options: argparse.Namespace) -> bool:
    return options.site in (None, about.site) and (options.kind in (None, about.kind) or not about.kind)


def _changes(city: City, day: date) -> list[str]:
    return [
        f"In force since {change.head.from_}{f' until {change.head.until}' if change.head.until else ''}: {change.head.why}"
        for change in city.changes
        if change.holds_on(day)
    ]


def _today(now: InForce, site: str, options: argparse.Namespace) -> list[str]:
    """When the place, or the kind that was asked for, is open on that day."""
    kind = options.kind or DEFAULT
    spans = now.places[site].timetable.spans(options.on, kind)
    if options.kind and options.kind not in now.places[site].kinds:
        return [f"  {options.kind}: not issued here"]
    opens = ", ".join(f"{start:%H:%M}-{'24:00' if end.date() > options.on else f'{end:%H:%M}'}" for start, end in spans)
    return [f"  {'' if kind == DEFAULT else kind + ' '}on this day: {opens or 'closed'}"]


def _apply(options: argparse.Namespace) -> None:
    city, now = read_file(options.file), simulated_now(run_directory(options) / "clock-offset")
    if options.by not in city.at(now).rules.staff:
        raise CityError([f"--by {options.by}: there is no [staff.{options.by}] in {options.file} today."])
    _can_sign(city, now)
    store = open_store(options, make=True)
    book = CityBook(store)
    before = book.applied()
    keys_of(run_directory(options), city)  # first: a version in force has its keys
    asked = registry.ask_for_new(store, run_directory(options) / "centre" / "tls", machines_of(city), options.by, now)
    for name in asked:
        print(f"{name} is new: a second person types `machines register NAME.pem`, before it may speak.")
    version = book.apply(city, options.by, now)
    if version in {row.version for row in before}:
        print(f"This file is in force already, as version {version}.")
        return
    with store.writing() as c:
        store.note(c, now, HERE, "city_applied", {"version": version, "by": options.by, "sha256": city.sha256})
    if before:
        print(f"It takes the place of version {before[-1].version}, applied by {before[-1].applied_by}.")
    print(f"Version {version} is in force from {now:%Y-%m-%d %H:%M:%S}; machines hear of it with their next heartbeat.")
