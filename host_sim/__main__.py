"""The command line of the simulator: `python -m host_sim up`, and the other commands of host_sim/commands."""

import argparse
import importlib
import os
import signal
import sys

from host_sim.running import NotRunning

COMMANDS = ("up", "issue", "scenario", "wallet", "console", "crash", "swarm", "zoo")  # a file of host_sim/commands each
HANDS = "acts"  # the file of what somebody does in a world that is up: insert, press, coin ...


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_sim", description="The outside world of the machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    # Nothing is loaded that is not asked for: all together take seconds.
    for name in (asked,) if asked in COMMANDS else (HANDS, *COMMANDS):
        importlib.import_module(f"host_sim.commands.{name}").add_to(commands)
        if asked in commands.choices:
            break
    options = parser.parse_args()
    # SIGTERM and SIGHUP must end a world in order too: its centre, machine and pcscd are in sessions of their own, so they
    # would stay behind and keep pseudo-terminals open that the next world gets.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except NotRunning as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has enough, as `head` has; nothing more may be written there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
