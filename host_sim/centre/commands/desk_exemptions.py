"""`desk exemptions grant|withdraw|list`: what a clerk does about fees that a resident need not pay."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

from host_sim.centre.city.book import CityBook
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.exemptions import slip
from host_sim.centre.exemptions.grants import ExemptionDesk, Grant, NotGranted
from host_sim.centre.opening import open_city, simulated_now
from host_sim.centre.staff.accounts import NotAllowed, Staff, need, reason_of, staff_of
from host_sim.centre.store import Store


def add(desk: Commands) -> None:
    """`desk`: the acts of the command `desk`."""
    acts = desk.add_parser("exemptions", help="what is free: codes for residents whose proof a clerk has seen")
    do = acts.add_subparsers(dest="do", required=True)
    grant = at_the_centre(do, "grant", "a new code, good for one order in a week")
    grant.add_argument("--resident", required=True, metavar="NUMBER")
    grant.add_argument("--for", dest="exemption", required=True, metavar="WORD", help="an exemption of the city's file")
    grant.add_argument("--kind", action="append", required=True, metavar="KIND", help="of certificate; once for each")
    grant.add_argument("--copies", type=int, default=1, help="of each kind")
    grant.add_argument("--slip", type=_file, metavar="FILE", help="write the resident's slip there, as PDF")
    withdraw = at_the_centre(do, "withdraw", "end one that nobody has used")
    withdraw.add_argument("number", type=int)
    for command in (grant, withdraw):
        command.add_argument("--by", required=True, metavar="WHO", help="who does this: a login of the city's file")
        command.add_argument("--why", required=True, help="which proof you saw, or why it ends")
    at_the_centre(do, "list", "what was granted in the last 31 days").set_defaults(run=_list)
    grant.set_defaults(run=_grant)
    withdraw.set_defaults(run=_withdraw)


def _opened(options: argparse.Namespace) -> tuple[Store, CityBook, datetime]:
    now, store = simulated_now(run_directory(options) / "clock-offset"), open_store(options)
    return store, open_city(store, None, now), now


def _clerk(store: Store, city: CityBook, options: argparse.Namespace, now: datetime) -> Staff:
    with store.reading() as c:
        staff = staff_of(c, city, options.by, now)
    need(staff, "clerk")
    return staff


def _grant(options: argparse.Namespace) -> int:
    store, city, now = _opened(options)
    try:
        by, why = _clerk(store, city, options, now), reason_of(options.why)
        wanted = (options.resident, options.exemption, options.kind, options.copies)
        made = ExemptionDesk(store, city).grant(*wanted, by, why, now)
    except (NotGranted, NotAllowed) as refused:
        print(refused, file=sys.stderr)
        return 1
    print(_told(made))
    if options.slip is not None:
        with store.reading() as c:
            pdf = slip.pdf(made, city.at(c, now).rules)
        try:
            options.slip.write_bytes(pdf)
        except OSError as trouble:
            told = f"its slip cannot be written to {options.slip} ({trouble.strerror})"
            print(f"The code is granted, but {told}; print the slip at the desk.", file=sys.stderr)
            return 1
    return 0


def _file(words: str) -> Path:
    """A file that can be written: looked at before anything is granted, so that no code is granted unseen."""
    path = Path(words)
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"{words} cannot be written: name a file in a folder that is there")
    return path


def _withdraw(options: argparse.Namespace) -> int:
    store, city, now = _opened(options)
    try:
        by, why = _clerk(store, city, options, now), reason_of(options.why)
        print(_told(ExemptionDesk(store, city).withdraw(options.number, by, why, now)))
    except (NotGranted, NotAllowed) as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def _list(options: argparse.Namespace) -> int:
    store, city, now = _opened(options)
    print("\n".join(map(_told, ExemptionDesk(store, city).listed(now))) or "Nothing was granted in the last 31 days.")
    return 0


def _told(grant: Grant) -> str:
    code = f" code {slip.spoken(grant.code)}," if grant.state == "open" else ""
    kinds = ", ".join(grant.kinds)
    return (
        f"{grant.number} {grant.state}:{code} {grant.exemption}, {grant.copies} of {kinds}, until {grant.valid_until}"
    )
