"""A technician at the serial port of a whole machine: real pseudo-terminals, pyserial at the person's end."""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.serial_cable import PASSWORD, USERS
from host_sim.technician import opened
from host_sim.world import World
from tests.card_keys import with_keys
from tests.process.terminal import Terminal, confirmed, replayed

pytestmark = pytest.mark.pcsc


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(with_keys(tmp_path_factory.mktemp("world")), patience_s=900.0)
    made.clock.set("2026-11-24T10:00")
    with made:
        made.wait_for_service()
        yield made


def test_from_login_to_service_again(world: World) -> None:
    """Also that money goes out by two people, after a dry run whose code a wrong one drops (fault K4)."""
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
    assert tested.count("PASS") == 9
    printed = terminal.say("test printer") + terminal.say("test receipt")
    assert printed.count("PASS") == 2, printed
    assert len(world.take_paper()) >= 1
    assert "confirm " in terminal.say("hopper pay 2x100")
    assert "ERR confirm" in terminal.say("confirm 0000")
    assert sum(world.take_change()) == 0
    assert "200 yen came out." in confirmed(terminal, terminal.say("hopper pay 2x100"), second="kato")
    assert sum(world.take_change()) == 200
    assert "again" in terminal.say("exit")
    world.wait_for_service()


def test_noise_and_an_endless_line_are_refused_whole(world: World) -> None:
    """Fault K1: counted, not echoed, and the line is as good as before."""
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    before = noise(terminal)
    assert "ERR long" in terminal.say("x" * 500)
    assert "ERR noise" in terminal.say("log\x07in \x1b[31mtanaka")
    assert noise(terminal) == before + 2
    terminal.write(random.Random(3).randbytes(20_000).translate(None, b"\0\r\n\x03") + b"\r")
    terminal.heard(b"ERR ")  # a Ctrl-U in the noise shows a prompt too
    terminal.heard()
    assert noise(terminal) > before + 2
    assert "Good bye." in terminal.say("logout")
    world.wait_for_service()


def test_a_technician_waits_for_a_resident_and_a_pulled_cable_gives_the_machine_back(world: World) -> None:
    """Fault K3."""
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    world.insert_card("hanako")
    world.wait_for(lambda told: told.get("state") == "ENTERING_PIN")
    assert "Maintenance begins when they have gone." in terminal.say("request maint")
    assert "ERR mode" in terminal.say("test hopper")
    world.press("cancel")  # a card that is simply pulled keeps its picture for half a minute
    world.wait_for(lambda told: told.get("state") != "ENTERING_PIN")
    world.remove_card()
    assert "The machine is in maintenance now" in terminal.heard(b"now; you may use the devices.")
    world.wait_for(lambda told: told.get("scene") == "Maintenance")
    terminal.write(b"\0")  # how a BREAK arrives, which a pulled cable makes
    terminal.heard(b"in_service again.")
    terminal.heard()
    assert "ERR login" in terminal.say("status")


def test_whoever_guesses_waits_and_root_lets_them_in_again(world: World) -> None:
    """Fault K2, here also with the real scrypt, the real file of accounts and the command that unlocks."""
    terminal = Terminal(world)
    for _ in range(5):
        terminal.say("login kato", b"word: ")
        assert "ERR password" in terminal.say("wrong-horse")
    assert "ERR wait" in terminal.say("login kato")
    world.restart()
    assert "ERR wait" in terminal.say("login kato")  # a restart forgives nothing
    unlock = [sys.executable, "-m", "firmware.console", "--users", str(world.run / USERS), "unlock"]
    subprocess.run(unlock, check=True, capture_output=True, timeout=900)
    assert "kato, cash." in terminal.log_in("kato")
    terminal.say("logout")
    world.wait_for_service()


def test_a_script_is_typed_up_to_the_first_refusal(world: World, tmp_path: Path) -> None:
    script = tmp_path / "coins.txt"
    lines = (
        "# test coins",
        "login tanaka",
        "request maint",
        "hopper pay 1x100",
        "confirm",
        "kato",
        "exit",
        "hopper pay 1x100",
        "status",
    )
    script.write_text("\n".join(lines))
    words = [sys.executable, "-m", "host_sim", "console", "--directory", str(world.run), "--script", str(script)]
    typed = subprocess.run(words, check=False, capture_output=True, text=True, timeout=900)
    assert typed.returncode == 1
    assert f"{script}, line 8: hopper pay 1x100\nERR mode " in typed.stderr
    assert "100 yen came out." in typed.stdout
    assert "in service, session" not in typed.stdout
    assert PASSWORD not in typed.stdout
    assert sum(world.take_change()) == 100
    script.write_text("logout\nconfirm\n")
    with opened(world.run):
        busy = subprocess.run(words, check=False, capture_output=True, text=True, timeout=900)
    assert "Another terminal is open at the line." in busy.stderr
    typed = subprocess.run(words, check=False, capture_output=True, text=True, timeout=900)
    assert "line 2: confirm\nThe line before showed no code" in typed.stderr
    for language, unknown in (("ja", "という"), ("romaji", "to iu")):
        script.write_text(f"language {language}\nlogin tanaka\nsing\n")
        typed = subprocess.run(words, check=False, capture_output=True, text=True, timeout=900)
        assert "tanaka, technician." in typed.stdout, "the question for the password is known in each language"
        assert f"line 3: sing\nERR unknown `sing` {unknown}" in typed.stderr
        Terminal(world).say("logout")
    world.wait_for_service()


def noise(terminal: "Terminal") -> int:
    return int(terminal.say("who").split("so far: ")[1].split(" ")[0])


def test_the_page_of_a_stuck_coin_holds_at_the_real_line(world: World) -> None:
    """Page 6 of the handbook; the others are typed in `test_handbook_pty.py`."""
    terminal = Terminal(world)

    def happens(deed: str) -> None:
        stuck = deed == "a coin is stuck in the acceptor"
        world.switch("coin_jam", on=stuck)
        if stuck:
            world.wait_for(lambda told: told.get("availability") == "SUSPENDED")
            return
        while "PASS acceptor" not in terminal.say("test acceptor"):
            pass  # a device is looked at again after a moment

    replayed(terminal, "6-coin-stuck", happens, lambda line, _: line)
    world.wait_for_service()


@pytest.mark.parametrize("question", ["hopper pay", "test screen"])
def test_whoever_pulls_the_cable_at_a_question_and_comes_back_at_once_is_let_in(world: World, question: str) -> None:
    """Fault K3: the question ends, the machine's own `exit` runs, and the line typed meanwhile is read behind it."""
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    terminal.say("request maint")
    world.wait_for(lambda told: told.get("scene") == "Maintenance")
    assert terminal.say(question, b"): ").endswith(": ")
    terminal.write(b"\0")
    terminal.heard(b"-- Logged out: lost.")
    shown = terminal.say("login tanaka", b"word: ") + terminal.say(PASSWORD)
    assert "tanaka, technician." in shown
    assert "ERR" not in shown
    terminal.say("logout")
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


def test_a_setting_that_cuts_the_machine_off_is_undone_though_nobody_can_type(world: World) -> None:
    """Fault K5: on a wrong port the centre is lost, the console's cable is pulled too, and the next start undoes it."""
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    terminal.say("request maint")
    port = setting(terminal, "centre.port")
    assert "OK" in terminal.say("config set centre.port 9")
    confirmed(terminal, terminal.say("config commit"), second="goto")
    terminal.heard(b"has started.")  # what is typed before is lost: the program empties the line as it opens it
    terminal.heard()
    terminal.log_in("tanaka")
    assert setting(terminal, "centre.port") == "9"
    assert "On trial: back to the settings before in" in terminal.say("config show")
    terminal.write(b"\0")  # the cable is pulled: nobody can type `config keep`
    terminal.heard(b"-- Logged out: lost.")
    world.restart()
    world.wait_for_service()
    terminal = Terminal(world)
    terminal.log_in("tanaka")
    assert setting(terminal, "centre.port") == port
    assert "The last trial was given up: the machine restarted before" in " ".join(terminal.say("config show").split())
    assert "centre answers" in in_maintenance(terminal, "test line")


def setting(terminal: Terminal, key: str) -> str:
    found = re.search(rf"^{re.escape(key)} = (\S+)\r$", terminal.say("config show"), re.MULTILINE)
    assert found is not None
    return found[1]


def in_maintenance(terminal: Terminal, line: str) -> str:
    terminal.say("request maint")
    said = terminal.say(line)
    terminal.say("exit")
    terminal.say("logout")
    return said


def started(world: World) -> int | None:
    return world.firmware.pid


def wait_for_another_start(world: World, before: int | None) -> None:
    world.wait_for(lambda told: bool(told) and world.firmware.pid not in {None, before})
    world.wait_for_service()


def resolved(terminal: Terminal) -> str:
    return confirmed(terminal, terminal.say("resolve 1 seen paper-loaded"), second="goto")
