"""`machines list|sign|register|renew|revoke`: which machine runs what, which are silent, and whose key may speak."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.identity import RequestRefused, answer, read_request
from host_sim.centre.machines import registry
from host_sim.centre.opening import simulated_now
from host_sim.centre.operating import fleet
from host_sim.centre.operating.flags import NotDone

Act = Callable[[sa.Connection, datetime, argparse.Namespace], str]


def add(commands: Commands) -> None:
    acts = commands.add_parser("machines", help="the machines and their keys").add_subparsers(dest="act", required=True)
    listed = at_the_centre(acts, "list", "list the machines, their programs and states, who is silent, and their keys")
    listed.set_defaults(run=_list)
    sign = at_the_centre(acts, "sign", "answer a machine's certificate request; its key is registered afterwards")
    sign.add_argument("request", type=Path, help="what the machine shows or prints (PEM)")
    sign.add_argument("--out", type=Path, required=True, help="folder for the files of its card's kofuki/tls")
    sign.set_defaults(run=_sign)
    for name, text, act in (
        ("register", "let the machine of this certificate speak, when a second person says the same", _register),
        ("renew", "the same for a machine's new key; the old one ends when the machine uses the new one", _register),
        ("revoke", "stop a machine at once, and for good when a second person says the same", _revoke),
    ):
        command = at_the_centre(acts, name, text)
        if name == "revoke":
            command.add_argument("machine")
        else:
            command.add_argument("certificate", type=Path, help="the machine's certificate (PEM)")
        command.add_argument("why")
        command.add_argument("--by", required=True, metavar="WHO", help="who does this")
        command.set_defaults(run=_doing(act))


def _doing(act: Act) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        now = simulated_now(run_directory(options) / "clock-offset")
        try:
            with open_store(options).writing() as c:
                print(act(c, now, options))
        except NotDone as trouble:
            print(trouble, file=sys.stderr)
            return 1
        return 0

    return run


def _sign(options: argparse.Namespace) -> int:
    now = simulated_now(run_directory(options) / "clock-offset")
    try:
        asked = read_request(options.request.read_bytes())
        store = open_store(options)
        with store.reading() as c:
            site = registry.site_of(CityBook(store).at(c, now), asked.name)
        answer(run_directory(options) / "centre", asked, site, options.out)
    except OSError as trouble:
        print(f"{trouble.filename} cannot be read or written: {trouble.strerror}.", file=sys.stderr)
        return 1
    except (RequestRefused, NotDone) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    print(f"{options.out} has the files for kofuki/tls on the card of {asked.name}. Two people let its key speak:")
    print(f"    python -m host_sim.centre machines register {options.out / 'machine.pem'} WHY --by WHO")
    return 0


def _register(c: sa.Connection, now: datetime, options: argparse.Namespace) -> str:
    peer, spki = registry.read_certificate(options.certificate)
    if registry.register(c, now, peer, spki, options.by, options.why):
        return f"{peer.name} may speak with the key {spki}."
    return f"{peer.name} may speak with the key {spki} when a second person says the same."


def _revoke(c: sa.Connection, now: datetime, options: argparse.Namespace) -> str:
    if registry.revoke(c, now, options.machine, options.by, options.why):
        return f"{options.machine} is revoked for good."
    return f"{options.machine} is refused from now on; a second person makes it final."


def _list(options: argparse.Namespace) -> int:
    """Exit status: 0, or 1 if a machine is silent."""
    with open_store(options).reading() as c:
        machines = {
            machine.name: machine for machine in fleet.listed(c, simulated_now(run_directory(options) / "clock-offset"))
        }
        keys = registry.listed(c)
    for name in sorted({*machines, *(key.name for key in keys)}):
        print("\n".join([*_lines(name, machines.get(name)), *_keys([key for key in keys if key.name == name])]))
    if not machines:
        print("No machine has been heard yet.")
    return 1 if any(machine.silent for machine in machines.values()) else 0


def _keys(keys: Sequence[Any]) -> list[str]:
    return [f"  key {key.version}, {key.site}: {key.state}, {key.spki_sha256}" for key in keys] or ["  no key"]


def _lines(name: str, machine: fleet.Machine | None) -> list[str]:
    if machine is None:
        return [f"{name}: never heard"]
    heard = f"{machine.heard_at:%Y-%m-%d %H:%M:%S}"
    state = f"SILENT since {heard}, then {machine.state}" if machine.silent else f"{machine.state}, heard {heard}"
    table = f"site table {machine.site_table}" if machine.site_table else "no site table"
    return [
        f"{machine.name}: {state}",
        f"  {machine.state} since {machine.state_since}",
        f"  program {machine.program} since {machine.program_since}; {table}",
        *(f"  because {reason}" for reason in machine.reasons),
        *(f"  {device}: {words}" for device, words in sorted(machine.devices.items())),
    ]
