"""`python -m host_sim.centre COMMAND`: run and operate the issuing centre. Each module of `commands/` adds its own."""

import argparse
import importlib
import os
import sys

from host_sim.centre.database import Busy, DatabaseTrouble

# Command -> its module. Only the module of the command that is asked for is loaded: all together take seconds on a Pi.
MODULE_OF = {
    "serve": "serve",
    "startup": "startup",
    "check": "city",
    "diff": "city",
    "show": "city",
    "apply": "city",
    "db": "database",
    "import": "registers",
    "feed": "registers",
    "sample": "registers",
    "stop": "line",
    "resume": "line",
    "flags": "flags",
    "machines": "machines",
    "audit": "audit",
    "report": "report",
    "verify": "paper",
    "paper-keys": "paper_keys",
    "specimens": "specimens",
    "poster": "poster",
    "desk": "desk",
    "openapi": "openapi",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_sim.centre", description="The reference issuing centre.")
    commands = parser.add_subparsers(dest="command", required=True)
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    wanted = [MODULE_OF[asked]] if asked in MODULE_OF else dict.fromkeys(MODULE_OF.values())
    for module in wanted:
        importlib.import_module(f"host_sim.centre.commands.{module}").add(commands)
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
