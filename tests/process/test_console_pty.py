"""A technician at the serial port of a whole machine: real pseudo-terminals, pyserial at the person's end."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial import Serial

from host_sim.serial_cable import PASSWORD, TERMINAL
from host_sim.service import RELEASE_KEY
from host_sim.world import World

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), patience_s=900.0)
    made.clock.set("2026-11-24T10:00")
    with made:
        made.wait_for_service()
        yield made


class Terminal:
    def __init__(self, world: World) -> None:
        self._port = Serial(str(world.run / TERMINAL), 115200, timeout=900)

    def say(self, line: str, until: bytes = b"> ") -> str:
        self._port.reset_input_buffer()
        self._port.write(line.encode() + b"\r")
        return self._port.read_until(until).decode("ascii")

    def log_in(self, name: str) -> str:
        self.say(f"login {name}", b"word: ")
        return self.say(PASSWORD)


def test_from_login_to_service_again(world: World) -> None:
    terminal = Terminal(world)
    assert "kofuki" in terminal.say("version")
    assert "ERR login" in terminal.say("status")
    said = terminal.log_in("tanaka")
    assert PASSWORD not in said
    assert "technician" in said
    assert "Maintenance." in terminal.say("request maint")
    world.wait_for(lambda told: told.get("scene") == "Maintenance")
    tested = terminal.say("test all")
    assert "FAIL" not in tested
    assert tested.count("PASS") == 8
    printed = terminal.say("test printer") + terminal.say("test receipt")
    assert printed.count("PASS") == 2, printed
    assert len(world.take_paper()) >= 1
    assert "200 yen came out." in confirmed(terminal, terminal.say("hopper pay 2x100"), second="kato")
    assert sum(world.take_change()) == 200
    assert "again" in terminal.say("exit")
    world.wait_for_service()


def test_an_opened_case_stays_known_through_a_restart_until_security_has_seen_it(world: World) -> None:
    closed = ("SUSPENDED", ["door"])
    world.switch("door_open")
    world.wait_for(lambda told: (told["availability"], told["reasons"]) == closed)
    world.restart()
    world.wait_for(lambda told: (told.get("availability"), told.get("reasons")) == closed)
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    assert "The door is open. Shut it first." in resolved(terminal)
    world.switch("door_open", on=False)
    while "Closed." not in (said := resolved(terminal)):
        assert "The door is open." in said, said  # the machine takes the door for shut after half a second
    world.wait_for_service()


def test_a_damaged_journal_closes_the_machine_and_every_output_says_why(world: World) -> None:
    """Fault D3: no start with an empty journal and no dark screen; once the medium is mended the machine starts by itself."""
    segment = world.run / "journal" / "00000000.journal"

    def flip() -> None:
        with segment.open("r+b") as file:
            file.seek(700)  # in the journal's second record, so not in a torn tail
            byte = file.read(1)[0]
            file.seek(700)
            file.write(bytes((byte ^ 1,)))

    open_screen = world.screen()
    flip()
    world.restart()
    told = world.wait_for(lambda told: told.get("availability") == "HALTED")
    assert told["reasons"] == ["journal_corrupt"]
    assert world.screen() != open_screen
    assert not world.slot_open()
    assert "101 The journal is damaged before its end" in Terminal(world).say("status", b"halted> ")
    flip()
    world.restart()
    world.wait_for_service()


def test_settings_are_tried_by_a_new_start_and_kept(world: World) -> None:
    """A real program ends, is started again, and runs on the new settings (fault K5)."""
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    terminal.say("request maint")
    assert "OK" in terminal.say("config set hours.default.everyday 08:00-20:00")
    before = started(world)
    confirmed(terminal, terminal.say("config commit"), second="goto")
    wait_for_another_start(world, before)
    terminal.log_in("tanaka")
    assert "everyday = 08:00-20:00" in terminal.say("config show")
    assert "the site's settings now" in confirmed(terminal, terminal.say("config keep"))


def test_this_checkout_becomes_a_release_and_runs_as_one(world: World) -> None:
    """The tool makes it, the console installs it, the launcher unpacks and starts it (fault U1)."""
    words = ("--version", "3", "--expires", "2099-12-31", "--key", str(world.run / RELEASE_KEY))
    making = [sys.executable, "-m", "firmware.update", "make", *words, "--out", str(world.run / "release.kofuki")]
    subprocess.run(making, check=True, capture_output=True, timeout=900)
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    terminal.say("request maint")
    assert "Version 3 is on trial." in confirmed(terminal, terminal.say("update apply"), second="goto")
    before = started(world)
    confirmed(terminal, terminal.say("reboot"))
    wait_for_another_start(world, before)
    assert "+release.3" in terminal.say("version")
    assert Path(f"/proc/{world.firmware.pid}/cwd").resolve() == world.run / "runtime" / "release"
    terminal.log_in("tanaka")
    assert "on trial version 3, starts left 2" in terminal.say("update status")
    world.wait_for_service()


def started(world: World) -> int | None:
    return world.firmware.pid


def wait_for_another_start(world: World, before: int | None) -> None:
    world.wait_for(lambda told: bool(told) and world.firmware.pid not in {None, before})
    world.wait_for_service()


def confirmed(terminal: Terminal, planned: str, second: str = "") -> str:
    word = f"confirm {planned.rsplit('confirm ', 1)[1][:4]}"
    if not second:
        return terminal.say(word)
    terminal.say(word, b"): ")
    terminal.say(second, b"word: ")
    return terminal.say(PASSWORD)


def resolved(terminal: Terminal) -> str:
    return confirmed(terminal, terminal.say("resolve 1 seen paper-loaded"), second="goto")
