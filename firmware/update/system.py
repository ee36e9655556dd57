"""What root does with systems, started by the image's units (hardware/image/files/etc/systemd/system/kofuki-system*).

python -m firmware.update.system install BUNDLE --key FILE   writes a signed system into the other slot, on trial from the next start
python -m firmware.update.system good                        the machine served well: the system that runs is kept
python -m firmware.update.system over                        the trial's time is over: the system before, and a restart of the board
python -m firmware.update.system back                        two people gave the trial up: the same, also before its first start
python -m firmware.update.system status                      what the slots hold

Each of them tells the machine what the card holds, before and after (standing.py).
"""

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from firmware.update.bundle import BundleRefused
from firmware.update.card import BlockCard, places, running_slot
from firmware.update.files import open_plain
from firmware.update.launch import read_key
from firmware.update.standing import STANDING, tell
from firmware.update.system_bundle import read_head, read_pieces
from firmware.update.systems import SLOTS, Systems

_CMDLINE = Path("/proc/cmdline")


def _install(systems: Systems, options: argparse.Namespace) -> str:
    key = read_key(options.key)
    try:
        source = open_plain(options.bundle)
    except FileNotFoundError:
        raise BundleRefused(f"None lies ready as {options.bundle}.") from None
    with source:
        release = read_head(source.read, key)
        if release.expires < datetime.now(UTC).date():
            raise BundleRefused(f"Its last day was {release.expires}. Bring a newer one.")
        systems.admit(release)
        systems.install(release, read_pieces(source.read, release))
    return f"System {release.version} is written and read back. It is tried from the next start of the board."


def _good(systems: Systems, _: argparse.Namespace) -> str:
    return "The system on trial served well and is kept." if systems.mark_good() else "No trial of this system."


def _over(systems: Systems, options: argparse.Namespace) -> str:
    if not systems.standing.on_trial:  # one that waits for its first start has had no time yet
        return "No trial of this system."
    return _back(systems, options)


def _back(systems: Systems, _: argparse.Namespace) -> str:
    runs = systems.standing.on_trial
    if not systems.give_up():
        return "No system is on trial."
    if not runs:
        return "The trial is given up before its first start."
    subprocess.run(["/usr/bin/systemctl", "reboot"], check=True)  # the machine ends its session first
    return "The trial is given up. The board starts the system before."


def _status(systems: Systems, _: argparse.Namespace) -> str:
    standing = systems.standing
    choice = standing.choice
    held = [f"slot {slot}: {_words(standing.version_in(slot))}" for slot in SLOTS]
    trial = f"slot {choice.trial} on trial, {choice.starts_left} starts left" if choice.trial else "no trial"
    return "; ".join([*held, f"good: slot {choice.active}", trial])


def _words(version: int | None) -> str:
    return "no system" if version is None else f"system {version}"


def _done(systems: Systems, options: argparse.Namespace) -> str:
    """Do it, and tell the machine before and after: writing a system takes minutes."""
    _tell(systems)
    try:
        return options.run(systems, options)  # type: ignore[no-any-return]
    finally:
        _tell(systems)


def _tell(systems: Systems) -> None:
    """In the folder that the service manager made for it; by hand there is none."""
    if folder := os.environ.get("RUNTIME_DIRECTORY"):
        try:
            tell(systems.standing, Path(folder) / STANDING.name)
        except OSError as error:
            print(f"The machine cannot be told: {error}.", file=sys.stderr)


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
        ("over", _over, "the time of the system that runs is over"),
        ("back", _back, "give a trial up"),
        ("status", _status, "what the slots hold"),
    ):
        commands.add_parser(name, help=told).set_defaults(run=run)
    options = parser.parse_args()
    try:
        with BlockCard(places()) as card:
            print(_done(Systems(card, running_slot(_CMDLINE.read_text())), options))
    except BundleRefused as refused:
        print(f"No system was installed: {refused}", file=sys.stderr)
        return 0  # the machine goes on with what it has; a unit that failed would only be a second message
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"It cannot be done: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
