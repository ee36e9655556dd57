"""`machines`: which machine runs what, in which state it is, and which are silent."""

import argparse

from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.operating import fleet
from host_sim.centre.server import simulated_now


def add(commands: Commands) -> None:
    machines = at_the_centre(commands, "machines", "list the machines, their programs and states, and who is silent")
    machines.set_defaults(run=_machines)


def _machines(options: argparse.Namespace) -> int:
    """Exit status: 0, or 1 if a machine is silent."""
    with open_store(options).reading() as c:
        machines = fleet.listed(c, simulated_now(run_directory(options) / "clock-offset"))
    for machine in machines:
        print("\n".join(_lines(machine)))
    if not machines:
        print("No machine has been heard yet.")
    return 1 if any(machine.silent for machine in machines) else 0


def _lines(machine: fleet.Machine) -> list[str]:
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
