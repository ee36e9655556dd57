"""What root does with systems, started by the image's units (hardware/image/files/etc/systemd/system/kofuki-system*).

python -m firmware.update.system install BUNDLE --key FILE   writes a signed system into the other slot, on trial from the next start
python -m firmware.update.system good                        the machine served well: the system that runs is kept
python -m firmware.update.system over                        the trial's time is over: the system before, and a restart of the board
python -m firmware.update.system status                      what the slots hold
"""

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from firmware.update.bundle import BundleRefused
from firmware.update.card import BlockCard, places, running_slot
from firmware.update.files import open_plain
from firmware.update.launch import read_key
from firmware.update.system_bundle import read_head, read_pieces
from firmware.update.systems import SLOTS, Systems

_CMDLINE = Path("/proc/cmdline")


def _install(systems: Systems, options: argparse.Namespace) -> str:
    key = read_key(options.key)
    with open_plain(options.bundle) as source:
        release = read_head(source.read, key)
        if release.expires < datetime.now(UTC).date():
            raise BundleRefused(f"Its last day was {release.expires}. Bring a newer one.")
        systems.admit(release)
        systems.install(release, read_pieces(source.read, release))
    return f"System {release.version} is written and read back. It is tried from the next start of the board."


def _good(systems: Systems, _: argparse.Namespace) -> str:
    return "The system on trial served well and is kept." if systems.mark_good() else "No trial of this system."


def _over(systems: Systems, _: argparse.Namespace) -> str:
    if not systems.give_up():
        return "No system is on trial."
    subprocess.run(["/usr/bin/systemctl", "reboot"], check=True)  # the machine ends its session first
    return "The system on trial did not serve well in its time. The board starts the system before."


def _status(systems: Systems, _: argparse.Namespace) -> str:
    choice = systems.choice
    held = [f"slot {slot}: {version_words(systems.version_in(slot))}" for slot in SLOTS]
    trial = f"slot {choice.trial} on trial, {choice.starts_left} starts left" if choice.trial else "no trial"
    return "; ".join([*held, f"good: slot {choice.active}", trial])


def version_words(version: int | None) -> str:
    return "no system" if version is None else f"system {version}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m firmware.update.system", description=(__doc__ or "").splitlines()[0]
    )
    commands = parser.add_subparsers(required=True)
    install = commands.add_parser("install", help="write a system into the other slot")
    install.add_argument("bundle", type=Path)
    install.add_argument("--key", type=Path, required=True, help="the public release key, .hex")
    install.set_defaults(run=_install)
    for name, run, told in (
        ("good", _good, "keep the system that runs"),
        ("over", _over, "end a trial and restart the board"),
        ("status", _status, "what the slots hold"),
    ):
        commands.add_parser(name, help=told).set_defaults(run=run)
    options = parser.parse_args()
    try:
        with BlockCard(places()) as card:
            print(options.run(Systems(card, running_slot(_CMDLINE.read_text())), options))
    except BundleRefused as refused:
        print(f"No system was installed: {refused}", file=sys.stderr)
        return 0  # the machine goes on with what it has; a unit that failed would only be a second message
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"It cannot be done: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
