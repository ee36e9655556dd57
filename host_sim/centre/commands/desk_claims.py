"""`desk claims find|hold|let-go|pay|receipt|end-hold|list`, `desk incidents list|show|close`, and `desk residents`."""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from host_sim.centre.city.file import CityError
from host_sim.centre.claims import receipt
from host_sim.centre.claims.codes import spoken
from host_sim.centre.claims.desk import ClaimDesk, Looked, NotPaid, Receipt
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.incidents import evidence
from host_sim.centre.opening import open_city, simulated_now
from host_sim.centre.operating import flags
from host_sim.centre.operating.startup import NotStarted
from host_sim.centre.server import paper_keys
from host_sim.centre.staff.accounts import NotAllowed, Staff, need, reason_of, staff_of

Act = Callable[[ClaimDesk, Callable[[str, str], Staff], argparse.Namespace, datetime], str]


def add(desk: Commands) -> None:
    """`desk`: the acts of the command `desk`."""
    claims = desk.add_parser("claims", help="what machines owe to residents").add_subparsers(dest="do", required=True)
    for name, text, act in (
        ("find", "what became of a claim", _find),
        ("hold", "from now on only you pay it, for a quarter of an hour", _hold),
        ("let-go", "you do not pay it after all", _let_go),
        ("pay", "you have paid everything that is left", _pay),
        ("receipt", "write the receipt of a claim that a desk has paid", _receipt),
        ("end-hold", "two supervisors end the hold of a machine that is lost", _end_hold),
        ("list", "every claim that is still owed, with its code", _list),
    ):
        command = at_the_centre(claims, name, text)
        if name != "list":
            command.add_argument("code", help="as the slip prints it, or what the QR code says")
        command.add_argument("--by", required=True, metavar="WHO", help="who does this: a login of the city's file")
        if name == "pay":
            command.add_argument("--place", required=True, help="the desk: a site of the city's file")
        if name in {"pay", "receipt"}:
            command.add_argument("--receipt", type=Path, metavar="FILE", help="write the receipt there, as PDF")
        if name == "end-hold":
            command.add_argument("--second", required=True, metavar="WHO", help="the second supervisor")
            command.add_argument("--why", required=True)
        command.set_defaults(run=_doing(act))
    _incidents(desk)
    residents = at_the_centre(desk, "residents", "serve the residents' page: what became of a claim, by its code")
    residents.add_argument("--host", default="127.0.0.1")
    residents.add_argument("--port", type=int, default=9445)
    residents.set_defaults(run=_residents)


def _doing(act: Act) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        now = _now(options)
        store = open_store(options)
        city = open_city(store, None, now)

        def person(login: str, role: str) -> Staff:
            with store.reading() as c:
                staff = staff_of(c, city, login, now)
            need(staff, role)
            return staff

        try:
            print(act(ClaimDesk(store, city), person, options, now))
        except (NotPaid, NotAllowed) as refused:
            print(refused, file=sys.stderr)
            return 1
        return 0

    return run


def _find(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    return _told(desk.look_up(options.code, person(options.by, "clerk"), now))


def _hold(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    return _told(desk.hold(options.code, person(options.by, "clerk"), now))


def _let_go(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    return _told(desk.let_go(options.code, person(options.by, "clerk"), now))


def _pay(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    paid = desk.pay(options.code, person(options.by, "clerk"), options.place, now)
    return _written(paid, options.receipt, f"{paid.amount_yen} yen are paid; the claim is settled.")


def _receipt(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    paid = desk.receipt(options.code, person(options.by, "clerk"), now)
    return _written(paid, options.receipt, f"{paid.amount_yen} yen were paid on {paid.paid_at:%Y-%m-%d %H:%M}.")


def _end_hold(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    by, second = person(options.by, "supervisor"), person(options.second, "supervisor")
    if by.login == second.login:
        raise NotAllowed("same_person")
    return _told(desk.end_hold(options.code, by, second, reason_of(options.why), now))


def _list(desk: ClaimDesk, person: Callable[[str, str], Staff], options: argparse.Namespace, now: datetime) -> str:
    person(options.by, "supervisor")
    return "\n".join(_told(looked) for looked in desk.open_claims(now)) or "Nothing is owed to anybody."


def _told(looked: Looked) -> str:
    debt = looked.debt
    return (
        f"{spoken(looked.code)} {looked.state}: {debt.left_yen} of {debt.amount_yen} yen, "
        f"{debt.machine}, told {debt.told_at[:16] or 'earlier'}, {debt.reason}"
    )


def _written(paid: Receipt, file: Path | None, said: str) -> str:
    if file is None:
        return f"{said} Receipt {paid.number}."
    file.write_bytes(receipt.pdf(paid))
    return f"{said} Receipt {paid.number} is in {file}."


# --- incidents --------------------------------------------------------------------------------------


def _incidents(desk: Commands) -> None:
    acts = desk.add_parser("incidents", help="what a person must look at, with the evidence")
    incidents = acts.add_subparsers(dest="do", required=True)
    listed = at_the_centre(incidents, "list", "the open incidents, oldest first")
    listed.set_defaults(run=_queue)
    show = at_the_centre(
        incidents, "show", "one incident: the paper's whereabouts, the centre's books, the machine's words"
    )
    show.add_argument("number", type=int)
    show.set_defaults(run=_show)
    close = at_the_centre(incidents, "close", "close one; it is closed when a second person closes it, too")
    close.add_argument("number", type=int)
    close.add_argument("why")
    close.add_argument("--by", required=True, metavar="WHO", help="who does this: a login of the city's file")
    close.set_defaults(run=_close)


def _queue(options: argparse.Namespace) -> int:
    with open_store(options).reading() as c:
        rows = evidence.listed(c)
    for row, sentence in rows:
        print(f"{row.id} {row.state} {row.at[:16]} {row.machine}: {sentence} {evidence.short(row.about)}".rstrip())
    if not rows:
        print("No incident is open.")
    return 0


def _show(options: argparse.Namespace) -> int:
    try:
        with open_store(options).reading() as c:
            found = evidence.of(c, options.number)
    except flags.NotDone as trouble:
        print(trouble, file=sys.stderr)
        return 1
    print("\n".join(evidence.told(found)))
    return 0


def _close(options: argparse.Namespace) -> int:
    now, store = _now(options), open_store(options)
    city = open_city(store, None, now)
    try:
        with store.writing() as c:
            by = staff_of(c, city, options.by, now)
            need(by, *flags.MAY_CLOSE)
            closed = flags.close(c, now, options.number, by.login, options.why)
    except (flags.NotDone, NotAllowed) as refused:
        print(refused, file=sys.stderr)
        return 1
    end = "is closed" if closed else "will be closed when a second person closes it, too"
    print(f"Incident {options.number} {end}.")
    return 0


# --- the residents' page ----------------------------------------------------------------------------


def _residents(options: argparse.Namespace) -> int:
    from host_sim.centre.desk.serving import make_server  # noqa: PLC0415  takes a second to load
    from host_sim.centre.public.app import make_app  # noqa: PLC0415  takes a second to load

    try:
        keys = paper_keys(run_directory(options))
        server = make_server(run_directory(options), options.database, lambda desk: make_app(desk, keys))
        print(f"https://{options.host}:{options.port}/", flush=True)
        server.run_to_the_end(options.host, options.port)
    except (CityError, NotStarted) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _now(options: argparse.Namespace) -> datetime:
    return simulated_now(run_directory(options) / "clock-offset")
