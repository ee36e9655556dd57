"""What is missing at a start, on the real program: console and screen name it, and the machine serves once it is there.

The other causes of the table in firmware/service/README.md run in virtual time: tests/sessions/test_starts.py.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from serial import Serial

from firmware.service.availability import Reason
from host_sim.serial_cable import TERMINAL
from host_sim.world import STORE, World
from tests.card_keys import with_keys

pytestmark = pytest.mark.pcsc

MORNING = "2026-11-24T10:00"
Mend = Callable[[], None]
Cause = Callable[["Machine"], Mend]


class Machine(World):
    """A world whose machine can be started while something is missing. `base`: the unit file that its own one extends."""

    base: Path

    def _is_up(self) -> bool:
        return bool(self.machine())

    def start_without(self, act: Cause) -> Mend:
        """Switch it off, take something away, switch it on. The service manager does not start it in between."""
        with self._hand:
            self.firmware.stop()
            mend = act(self)
            self._power_on()
        return mend


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("world")
    base = folder / "base.toml"
    base.write_text(RIGHT)
    made = Machine(with_keys(folder / "run"), base, patience_s=900.0)
    made.base = base
    made.clock.set(MORNING)
    with made:
        made.wait_for_service()
        yield made


RIGHT = f'extends = "{STORE}"\n[centre]\nheartbeat_s = 1\n'


# --- what is missing --------------------------------------------------------------------------------


def unit_says(text: str) -> Cause:
    def act(world: Machine) -> Mend:
        world.base.write_text(RIGHT + text)
        return lambda: void(world.base.write_text(RIGHT))

    return act


def void(_: object) -> None:
    """So that a lambda returns nothing."""


def gone(name: str) -> Cause:
    """The file or port is not there."""

    def act(world: Machine) -> Mend:
        path, away = world.run / name, world.run / "away"
        path.rename(away)
        return lambda: void(away.rename(path))

    return act


def damaged(name: str, content: str) -> Cause:
    def act(world: Machine) -> Mend:
        path = world.run / name
        mode, right = path.stat().st_mode, path.read_bytes()
        path.chmod(0o600)
        path.write_text(content)

        def mend() -> None:
            path.write_bytes(right)
            path.chmod(mode)

        return mend

    return act


def another_key(world: Machine) -> Mend:
    """A key file in the right form that does not belong to the certificate."""
    return damaged("centre/tls/miyazaki-store-01.key", (world.run / "centre/tls/server.key").read_text())(world)


def open_seal(world: Machine) -> Mend:
    seal = world.run / "journal-seal.pem"
    seal.chmod(0o644)
    return lambda: seal.chmod(0o600)


def taken(name: str) -> Cause:
    """A folder where the file or socket should be made."""

    def act(world: Machine) -> Mend:
        path = world.run / name
        path.unlink(missing_ok=True)
        path.mkdir()
        return path.rmdir

    return act


def without_second(world: Machine) -> Mend:
    world.base.write_text(f'{RIGHT}[journal]\nsecond = "second"\n')
    return (world.run / "second").mkdir


CAUSES: Mapping[str, tuple[Reason, str, Cause]] = {
    "no second medium": (Reason.JOURNAL_COPY, "second copy", without_second),
    "a wrong value in the unit file": (Reason.UNIT, "keypad.rows", unit_says('[keypad]\nrows = "x"\n')),
    "a mistake in the unit file's syntax": (Reason.UNIT, "base.toml", unit_says("[keypad\n")),
    "an unknown printer profile": (Reason.UNIT, "profile", unit_says('[printer]\nprofile = "a4-999"\n')),
    "a seal that others can read": (Reason.JOURNAL_SEAL, "journal-seal.pem", open_seal),
    "no key of the line": (Reason.LINE_FILES, "miyazaki-store-01.key", gone("centre/tls/miyazaki-store-01.key")),
    "a key that does not belong to its certificate": (Reason.LINE_FILES, "is not the key of", another_key),
    "a CA file that holds no certificate": (Reason.LINE_FILES, "is no PEM file", damaged("centre/tls/ca.pem", "x")),
    "no pin of the centre's key": (Reason.LINE_FILES, "spki", gone("centre/tls/server-spki.hex")),
    "a damaged manifest key": (Reason.LINE_FILES, "manifest_key", damaged("centre/tls/manifest-key.hex", "ab")),
    "no release key": (Reason.UPDATES, "release-key.hex", gone("release-key.hex")),
    "no screen": (Reason.SCREEN, "screen.raw", taken("screen.raw")),
    "no GPIO": (Reason.KEYPAD, "GPIO", taken("keys.sock")),
    "no coin port": (Reason.COIN, "coin", gone("coin")),
    "no printer port": (Reason.PRINTER, "printer", gone("printer")),
}
HALTING = {Reason.UNIT, Reason.JOURNAL_SEAL, Reason.LINE_FILES, Reason.UPDATES}


# --- a person at the console ------------------------------------------------------------------------


def asked(world: Machine, line: str) -> str:
    """What the console shows up to its next prompt; again until it answers, for the program may just be starting."""
    with Serial(str(world.run / TERMINAL), 115200, timeout=1) as port:
        for _ in range(300):
            port.reset_input_buffer()
            port.write(line.encode() + b"\r")
            said: bytes = port.read_until(b"> ")
            if said.endswith(b"> "):
                return re.sub(r"\s+", " ", said.decode("ascii"))
    raise AssertionError("the console did not answer")


def asked_until(world: Machine, line: str, word: str) -> str:
    for _ in range(300):
        if word in (said := asked(world, line)):
            return said
    raise AssertionError(said)


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_missing_is_named_and_the_machine_serves_once_it_is_there(world: Machine, cause: str) -> None:
    reason, word, act = CAUSES[cause]
    mend = world.start_without(act)
    assert word in asked_until(world, "reasons", str(reason.number))
    closed = "HALTED" if reason in HALTING else "SUSPENDED"
    world.wait_for(lambda told: told.get("availability") == closed and str(reason) in told["reasons"])
    mend()
    if reason in HALTING:
        asked(world, "again")  # a minute later it would start by itself: tests/sessions/test_medium.py
    world.wait_for_service()
    assert "Traceback" not in (world.run / "firmware.log").read_text()


def test_nobody_can_log_in_without_accounts_and_the_console_says_why(world: Machine) -> None:
    mend = gone("console-users.toml")(world)
    assert "file of accounts cannot be read" in asked(world, "login tanaka")
    mend()
    assert os.access(world.run / "console-users.toml", os.R_OK)


def test_a_machine_serves_without_its_console_port_and_answers_there_once_it_is_back(world: Machine) -> None:
    mend = world.start_without(gone("console"))
    world.wait_for_service()
    mend()
    assert "kofuki" in asked(world, "version")
