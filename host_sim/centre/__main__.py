"""`python -m host_sim.centre COMMAND`: run and operate the issuing centre. Each module of `commands/` adds its own."""

import argparse
import sys

from host_sim.centre.commands import city, line, paper, serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_sim.centre", description="The reference issuing centre.")
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (serve, city, line, paper):
        module.add(commands)
    options = parser.parse_args()
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
