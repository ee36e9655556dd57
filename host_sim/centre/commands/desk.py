"""`desk serve`, `desk cards`, and `desk staff list|add|unlock|sample`: the web pages for the city's staff, and their accounts."""

import argparse
import secrets
import sys
from datetime import datetime
from pathlib import Path

from host_sim.centre.city.file import CityError
from host_sim.centre.commands import (
    Commands,
    at_the_centre,
    desk_cards,
    desk_claims,
    desk_exemptions,
    open_store,
    run_directory,
)
from host_sim.centre.identity import ensure_identity
from host_sim.centre.opening import open_city, simulated_now
from host_sim.centre.operating.startup import NotStarted
from host_sim.centre.staff import codes
from host_sim.centre.staff.accounts import START_HOURS, Accounts, NotAllowed, need, staff_of
from host_sim.centre.store import Store

AT_THE_CENTRE = "centre"  # who has the centre's computer gives supervisors their accounts, and is none of them


def add(commands: Commands) -> None:
    desk = commands.add_parser("desk", help="the web pages for the city's staff, and their accounts")
    acts = desk.add_subparsers(dest="act", required=True)
    desk_cards.add(acts)
    serve = at_the_centre(acts, "serve", "serve the desk's pages over TLS 1.3")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=9444)
    serve.set_defaults(run=_serve)
    staff = acts.add_parser("staff", help="the accounts of the staff").add_subparsers(dest="staff_act", required=True)
    listed = at_the_centre(staff, "list", "who is staff, and who has an account")
    listed.set_defaults(run=_list)
    for name, text in (
        ("add", "give somebody of the city's file a start code for their first sign-in"),
        ("reset", "the same again: the password and second factor they had end at once"),
        ("unlock", "end a lock, also the one after wrong tries"),
    ):
        command = at_the_centre(staff, name, text)
        command.add_argument("login", help="the word of their section in the city's file")
        command.add_argument("--by", required=True, metavar="WHO", help="the supervisor who does this")
        command.set_defaults(run=_act)
    desk_claims.add(acts)
    desk_exemptions.add(acts)
    sample = at_the_centre(staff, "sample", "simulator only: a whole account with an invented password")
    sample.add_argument("login")
    sample.set_defaults(run=_sample)


def _serve(options: argparse.Namespace) -> int:
    from host_sim.centre.desk.serving import make_server  # noqa: PLC0415  takes a second to load

    try:
        server = make_server(run_directory(options), options.database)
        print(f"https://{options.host}:{options.port}/", flush=True)
        server.run_to_the_end(options.host, options.port)
    except (CityError, NotStarted) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _list(options: argparse.Namespace) -> int:
    store, accounts = _open(options)
    with store.reading() as c:
        for one in accounts.listed(c, _now(options)):
            wait = f", locked for {one.locked_minutes} minutes" if one.locked_minutes else ""
            roles = " ".join(sorted(one.roles)) or "not in the city's file"
            print(f"{one.login} {one.name or '-'} [{roles}] account: {one.state}{wait}")
    return 0


def _act(options: argparse.Namespace) -> int:
    store, accounts = _open(options)
    now = _now(options)
    try:
        with store.writing() as c:
            need(staff_of(c, accounts.city, options.by, now), "supervisor")
            if options.staff_act == "unlock":
                accounts.unlock(c, options.login, options.by, now)
                print(f"{options.login} can sign in again.")
            else:
                start = accounts.invite(c, options.login, options.by, now, made_by=AT_THE_CENTRE)
                print(f"Start code of {options.login}, good for {START_HOURS} hours, for `First sign-in`: {start}")
    except NotAllowed as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def _sample(options: argparse.Namespace) -> int:
    """For a developer: password and second factor on the terminal. Only beside the simulator's invented cards."""
    run, now = run_directory(options), _now(options)
    if not _is_simulated(run) or options.database is not None:
        print(
            f"{run} was not made by the simulator: run `make sim` first; in a city, `desk staff add`.", file=sys.stderr
        )
        return 1
    _, accounts = _open(options)
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    try:
        uri = accounts.enrol(options.login, bytearray(password.encode()), "sample", now)
    except NotAllowed as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"login     {options.login}\npassword  {password}\n{uri}\ncode now  {codes.code_of(uri, now)}")
    return 0


def _is_simulated(run: Path) -> bool:
    return (run / "wallet" / "registry.json").exists()


def _now(options: argparse.Namespace) -> datetime:
    return simulated_now(run_directory(options) / "clock-offset")


def _open(options: argparse.Namespace) -> tuple[Store, Accounts]:
    store = open_store(options)
    city = open_city(store, None, _now(options))
    return store, Accounts(store, city, ensure_identity(run_directory(options) / "centre", ()).staff_key)
