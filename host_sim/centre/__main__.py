"""`python -m host_sim.centre COMMAND`: run and operate the issuing centre. Each module of `commands/` adds its own."""

import argparse
import os
import sys

from host_sim.centre.commands import (
    audit,
    city,
    database,
    desk,
    flags,
    line,
    machines,
    openapi,
    paper,
    paper_keys,
    registers,
    report,
    serve,
    specimens,
    startup,
)
from host_sim.centre.database import Busy, DatabaseTrouble


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_sim.centre", description="The reference issuing centre.")
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (
        serve,
        startup,
        city,
        database,
        registers,
        line,
        flags,
        machines,
        audit,
        report,
        paper,
        paper_keys,
        specimens,
        desk,
        openapi,
    ):
        module.add(commands)
    options = parser.parse_args()
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except (DatabaseTrouble, Busy) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has enough, as `head` has; nothing more may be written there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    os.umask(0o077)  # every file that the centre makes is its owner's alone
    sys.exit(main())
