"""A technician at the serial port of a whole machine: real pseudo-terminals, pyserial at the person's end."""

from collections.abc import Iterator

import pytest
from serial import Serial

from host_sim.serial_cable import PASSWORD, TERMINAL
from host_sim.world import World

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), patience_s=120.0)
    made.clock.set("2026-11-24T10:00")
    with made:
        made.wait_for_service()
        yield made


class Terminal:
    def __init__(self, world: World) -> None:
        self._port = Serial(str(world.run / TERMINAL), 115200, timeout=30)

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
    printed = terminal.say("test printer")
    assert printed.count("PASS") == 2, printed
    assert len(world.take_paper()) >= 1
    planned = terminal.say("hopper pay 2x100")
    code = planned.rsplit("confirm ", 1)[1][:4]
    terminal.say(f"confirm {code}", b"): ")
    terminal.say("kato", b"word: ")
    assert "200 yen came out." in terminal.say(PASSWORD)
    assert sum(world.take_change()) == 200
    assert "again" in terminal.say("exit")
    world.wait_for_service()


def test_an_opened_case_stays_known_through_a_restart_until_security_has_seen_it(world: World) -> None:
    closed = ("SUSPENDED", ["door"])
    world.switch("door_open")
    world.wait_for(lambda told: (told["availability"], told["reasons"]) == closed)
    world.restart()
    world.wait_for(lambda told: (told.get("availability"), told.get("reasons")) == closed, 60.0)
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    assert "The door is open. Shut it first." in resolved(terminal)
    world.switch("door_open", on=False)
    while "Closed." not in (said := resolved(terminal)):
        assert "The door is open." in said, said  # it believes a shut door after half a second
    world.wait_for_service()


def resolved(terminal: Terminal) -> str:
    planned = terminal.say("resolve 1 seen paper-loaded")
    terminal.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}", b"): ")
    terminal.say("goto", b"word: ")
    return terminal.say(PASSWORD)
