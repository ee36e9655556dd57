"""`wallet`: lists the cards, their holders, PINs and numbers in the city's register, and what is wrong with each."""

import argparse

from host_sim.centre import sample
from host_sim.commands import Commands, say
from host_sim.wallet import list_lines


def add_to(commands: Commands) -> None:
    commands.add_parser(
        "wallet", help="list the cards, their PINs, who holds them and what is wrong with each"
    ).set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    for line in list_lines(sample.residents().cast):
        say(line)
    return 0
