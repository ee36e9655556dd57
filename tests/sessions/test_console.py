"""The maintenance console in whole sessions: who may log in, one owner of the devices, and what is shown."""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from firmware.book import records
from firmware.book.cases import Case
from firmware.console.access import HARD_LOCK
from firmware.console.language import Language
from firmware.console.line import Line
from firmware.console.messages import ConsoleLost, Typed
from firmware.console.rows import columns
from firmware.journal import carried
from firmware.journal.journal import stored
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.session.states import State
from host_sim.adapters.disk import Tail
from host_sim.models.key_matrix import LAYOUT
from host_sim.rig.console import PASSWORD, ConsoleRig
from host_sim.rig.machine import COUNTER
from host_sim.rig.people import Person, serve
from host_sim.rig.world import USB
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import accounts_hold, acts, claim_of_200
from tests.unit.console.test_grammar import rubbish

Cards = Mapping[str, WalletCard]


# --- who may log in (fault K2, security rules 11, 13) -----------------------------------------------------------------


def test_a_wrong_password_is_counted_before_it_is_checked_and_a_right_one_sets_the_count_back() -> None:
    machine = ConsoleRig()
    assert "ERR password" in machine.log_in("tanaka", "wrong-horse")
    assert "ERR password" in machine.log_in("nobody", "wrong-horse")
    machine.say("\x07\x01")
    assert "Wrong passwords before this one: 2." in machine.log_in("kato")
    assert "noise on the line so far: 2 bytes" in machine.say("who")
    assert acts(machine) == [
        ("tanaka", "none", "login", "tried"),
        ("unknown", "none", "login", "tried"),
        ("kato", "none", "login", "tried"),
        ("kato", "cash", "login", "ok"),
    ]
    assert b"wrong-horse" not in machine.terminal.shown
    assert PASSWORD.encode() not in machine.terminal.shown


def test_guessing_ends_whenever_the_power_is_cut() -> None:
    """Fault K2: the console checks at most fifteen passwords, however often the machine is restarted."""
    machine = ConsoleRig()
    looked_at = 0
    for guess in range(60):
        said = machine.say("login tanaka")
        if said.endswith("word: "):
            looked_at += 1
            machine.type("guess-number-" + str(guess))
            before = machine.loop.book.console.tries
            machine.run_until(lambda before=before: machine.loop.book.console.tries > before, 10)
            if guess % 3 == 0:  # cuts the power while the password is being checked
                machine.disk.cut(Tail.DROPPED)
                machine.restart()
            else:
                machine.run_until(lambda: machine.terminal.shown.endswith(b"> "), 10)
        elif "ERR wait" in said:
            machine.clock.advance(float(re.findall(r"(\d+) s\.", said)[-1]))
        else:
            assert "ERR locked" in said
    assert looked_at == HARD_LOCK
    assert "ERR locked" in machine.say("login tanaka")
    assert ("console_locked", f"after {HARD_LOCK} wrong passwords") in machine.loop.book.queue
    machine.store_accounts(unlock="0123456789abcdef")  # `python -m firmware.console unlock`
    assert "technician" in machine.log_in("tanaka")
    machine.restart()
    assert machine.loop.book.console.tries == 0


def test_an_idle_console_logs_out_and_gives_the_machine_back() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    assert isinstance(machine.loop.scene, show.Maintenance)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 400)
    assert machine.console.person is None
    assert ("tanaka", "technician", "logout", "idle") in acts(machine)
    assert ("nobody", "none", "exit", "ok") in acts(machine)


def test_a_person_is_warned_a_minute_before_the_idle_logout_and_a_key_keeps_the_login() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    for _ in range(2):
        before = machine.shown_since(0).count("press Enter to stay")
        machine.run_until(lambda before=before: machine.shown_since(0).count("press Enter to stay") > before, 400)
        machine.say("")
    assert machine.console.person is not None
    machine.run_until(lambda: machine.console.person is None, 400)
    assert machine.shown_since(0).count("press Enter to stay") == 3


def test_a_person_who_was_asked_something_is_warned_too_and_asked_again() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    asked = machine.say("hopper load 100").rsplit("\n", 1)[1]
    machine.run_until(lambda: machine.shown_since(0).count("press Enter to stay") == 1, 400)
    machine.wait(1)
    assert machine.shown_since(0).endswith(f"press Enter to stay.\n{asked}")
    assert "confirm A001" in machine.say("5")
    assert machine.console.person is not None


def test_maintenance_that_is_wanted_during_the_start_begins_after_it() -> None:
    machine = ConsoleRig()
    machine.log_in("tanaka")
    reception = machine.loop.reception
    reception.state = replace(reception.state, started=False)
    reception._waiting_for.add("paper")  # it has not said yet how its printers are
    assert "The machine is starting. Maintenance begins when it has started." in machine.say("request maint")
    assert "wait; maintenance begins when the machine has started" in said_whole(machine)
    reception.note("paper", frozenset({Reason.PRINTER}))
    assert reception.state.in_maintenance
    machine.run_until(lambda: "-- The machine is in maintenance now" in machine.shown_since(0), 30)


def test_status_fits_one_screen_and_says_the_next_step_whatever_is_wrong() -> None:
    machine = ConsoleRig()
    machine.log_in("tanaka")
    assert "Next: 1 `request maint`; 2 count the sheets and type `paper load N`; 3 `exit`." in said_whole(machine)
    machine.say("request maint")
    assert "Next: 1 count the sheets and type `paper load N`; 2 `exit`." in said_whole(machine)
    machine.move_door(opened=True)
    machine.wait(2)
    assert "Next: 1 count the sheets and type `paper load N`; 2 shut the door; 3 `exit`." in said_whole(machine)
    machine.move_door(opened=False)
    machine.wait(2)
    machine.say("paper load 300")
    assert "Next: `exit` tests the devices" in machine.say("status")
    for number, desk in enumerate(("coin", "paper", "card", "line", "keypad")):
        machine.loop.reception.note(desk, frozenset(list(Reason)[5 * number : 5 * number + 5]))
        machine.loop.troubles[desk] = f"The {desk} does not answer. " * 4
    machine.loop.book.hoppers_out.update({10: "empty", 50: "jammed"})
    shown = machine.say("status")
    assert len(shown.splitlines()) - 1 <= 24, shown  # the first line is the command
    assert "more; `reasons` shows all" in shown
    assert re.search(r"^coin( [1-9][0-9]{2}){5} since ", shown, re.MULTILINE), "by the numbers that stand above"
    assert not re.search(r"since \S+ \S+ \S", shown), "two devices stand apart, or each has its own row"
    assert re.search(r"^Next: 1 put right what (\d+, )+\d+ say above; 2 `reconcile`; 3 `exit`\.$", said_whole(machine))


def said_whole(machine: ConsoleRig) -> str:
    """What `status` says last, its rows joined."""
    said = machine.say("status").rsplit("OK\n", 1)[0]
    return " ".join(said[said.rindex("Next: ") :].split())


STEPS = (  # what waits, as the machine knows it; what is typed or looked at for it
    ("`request maint`", lambda machine: None),
    ("401", lambda machine: machine.loop.reception.note("paper", frozenset({Reason.PRINTER}))),
    ("501", lambda machine: machine.loop.reception.note("line", frozenset({Reason.LINE}))),
    ("150", lambda machine: machine.loop.reception.note("keypad", frozenset({Reason.SITE_TABLE}))),
    ("`paper load N`", lambda machine: None),  # nobody has counted the sheets of this machine
    ("`uncertain`", lambda machine: machine.loop.write(records.Flag(code=Case.SLIP, detail="silent"))),
    ("`line clear`", lambda machine: machine.loop.write(records.LineStopped(field="copies"))),
    ("`exit`", lambda machine: None),
)


@pytest.mark.parametrize("without", ["401", "150", "`uncertain`", "`line clear`"])
def test_next_names_everything_that_waits_in_the_order_in_which_one_does_it(without: str) -> None:
    """And a cause before what comes of it: the line (501) before the city's table (150)."""
    machine = ConsoleRig()
    machine.log_in("tanaka")
    for name, happens in STEPS:
        if name != without:
            happens(machine)
    machine.loop.look_anew()
    told = said_whole(machine)
    places = [(name, told.find(name)) for name, _ in STEPS if name != without]
    assert all(place > 0 for _, place in places), told
    assert [place for _, place in places] == sorted(place for _, place in places), told
    assert without not in told
    for language in ("ja", "romaji"):
        machine.say(f"language {language}")
        there = " ".join(machine.say("status").split())
        assert [name for name, _ in places if name not in there] == []
        assert "put right" not in there
        assert "count the sheets" not in there


@pytest.mark.parametrize("language", Language)
def test_counters_fit_one_screen_whatever_was_counted(language: Language) -> None:
    machine = ConsoleRig()
    machine.say(f"language {language}")
    machine.log_in("tanaka")
    book = machine.loop.book
    book.totals.update(dict.fromkeys(book.totals, 99_999_999))
    book.cash_box.update(dict.fromkeys((1, 5, 10, 50, 100, 500), 99_999))
    shown = machine.say("counters")
    assert len(shown.splitlines()) - 1 <= 24, shown  # the first line is the command
    assert max(map(columns, shown.splitlines())) <= 79
    assert shown.count("99999999") == len(book.totals)
    assert len(re.findall(r"\b99999\b", shown)) == 6


@pytest.mark.parametrize("ahead_s", [-0.04, -0.0, 0.0, 0.04])
def test_a_clock_that_is_right_is_not_shown_as_behind(ahead_s: float) -> None:
    machine = ConsoleRig()
    machine.log_in("tanaka")
    machine.loop.reception.compared = datetime.now(UTC), ahead_s
    assert "clock is +0.0 s from" in machine.say("clock show")
    assert '"centre_ahead_s":0.0,' in machine.say("clock show --json")


def test_exit_says_what_keeps_the_machine_shut_and_what_opens_it() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.loop.reception.note("machine", frozenset({Reason.DOOR}))
    shown = machine.say("exit")
    assert "but nobody is served: the machine is suspended. What opens it:" in " ".join(shown.split())
    assert "601 " in shown


def test_numbers_and_questions_lead_to_a_command_whose_name_nobody_knows() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()

    def number(shown: str, word: str) -> str:
        return next(row.split()[0] for row in shown.splitlines() if word in row and row.split()[0].isdigit())

    coins = machine.say(number(machine.say("help"), "money "))
    asked = machine.say(number(coins, "hopper load"))
    assert asked.endswith("YEN (as 100): ")
    assert machine.say("100").endswith("N (as 50): ")
    planned = machine.say("5")
    assert "Nothing was done yet." in planned
    assert "OK" in machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
    assert "hopper.load/100/5" in {verb for *_, verb, _ in acts(machine)}
    machine.say("hopper load 100")
    assert "ERR arguments N is how many coins" in machine.say("many")
    machine.say("hopper load")
    assert "ERR cancelled" in machine.say("")
    assert "ERR arguments Type: config set KEY VALUE" in machine.say("config set --json")


def test_a_console_that_is_unplugged_gives_the_machine_back() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.serial.hang_up()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.serial.plug_in()
    back_s = machine.clock.monotonic() + 5
    machine.run_until(lambda: machine.clock.monotonic() > back_s)
    machine.say("")
    assert "ERR login" in machine.say("status")


def test_a_plug_pulled_while_a_hopper_pays_leaves_nobody_logged_in_and_nothing_open() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    planned = machine.say("hopper pay 3x100")
    machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
    machine.say("kato")
    machine.type(PASSWORD)
    machine.run_until(lambda: machine.loop.book.staff_paying is not None, 30)
    machine.console.hear(ConsoleLost())
    machine.console.hear(Typed(Line("hopper pay 1x500"), 0))
    assert machine.console.person is None
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 400)
    assert b"Wait: `hopper pay` still runs." in machine.terminal.shown
    assert b"> hopper pay 1x500\r\nERR login" in machine.terminal.shown, "read behind it, as a line of nobody"
    (done,) = machine.records(records.StaffPayDone)
    assert done.paid == 3
    accounts_hold(machine)


QUESTIONS = (  # lines up to a question, in maintenance
    ("hopper pay",),
    ("test screen",),
    ("hopper pay 1x100", "confirm A001"),
    ("hopper pay 1x100", "confirm A001", "kato"),
    ("login kato",),
)


@pytest.mark.parametrize("lines", QUESTIONS, ids=" ".join)
def test_a_plug_pulled_at_a_question_ends_it_and_whoever_comes_back_at_once_is_let_in(lines: tuple[str, ...]) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    for line in lines:
        said = machine.say(line)
    assert said.endswith(": "), said
    before = len(machine.terminal.shown)
    machine.terminal.type(b"\0")
    machine.run_until(lambda: b"-- Logged out: lost." in machine.terminal.shown[before:], 5)
    machine.terminal.type(f"login tanaka\r{PASSWORD}\rversion\r".encode())
    machine.run_until(lambda: b"journal head" in machine.terminal.shown[before:], 60)
    shown = machine.shown_since(before)
    assert "tanaka, technician." in shown
    assert "ERR" not in shown
    assert PASSWORD not in shown
    assert machine.coins_out_yen() == 0


# --- one owner of the devices (fault K3) ------------------------------------------------------------------


def test_a_technician_comes_while_a_resident_pays(wallet: Cards) -> None:
    machine = ConsoleRig()
    person = Person(wallet["hanako"], coins=[500])
    told: list[str] = []

    def technician(rig: ConsoleRig, _: show.Scene) -> None:
        if not told:
            told.append("here")
            now_s = rig.clock.monotonic()
            for number, line in enumerate(
                ["login tanaka", PASSWORD, "test hopper", "request maint", "hopper pay 1x100"]
            ):
                rig.clock.at(now_s + 0.5 + number, lambda line=line: rig.type(line))
            for number in range(3):
                rig.drop(100, now_s + 7 + number)

    person.deeds[show.Pay] = technician
    serve(machine, person)
    machine.run_until(lambda: b"in maintenance now" in machine.terminal.shown, 5)
    shown = machine.shown_since(0)
    assert shown.count("ERR mode") == 2
    assert "Somebody is being served." in shown
    assert "The machine is in maintenance now" in shown
    assert isinstance(machine.loop.scene, show.Maintenance)
    (end,) = machine.records(records.SessionClosed)
    assert (end.outcome, end.earned_yen) == ("issued", 300)
    accounts_hold(machine)


def test_a_resident_comes_during_maintenance_and_is_served_afterwards(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    person = Person(wallet["hanako"])
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.say("test all")
    assert machine.loop.state is State.IDLE
    assert machine.records(records.SessionOpened) == []
    machine.say("exit")
    machine.run_until(lambda: bool(machine.records(records.SessionClosed)), 300)
    assert machine.records(records.SessionClosed)[0].outcome == "issued"


def test_the_machine_is_not_given_back_unless_it_is_well() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.printer.open_cover(machine.clock.monotonic())
    assert "ERR test Not well: printer." in machine.say("exit")
    assert machine.loop.reception.state.in_maintenance
    machine.printer.close_cover(machine.clock.monotonic())
    machine.clock.advance(5)
    assert "in_service again" in machine.say("exit")


def test_card_and_keys_are_tested_by_hand(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    assert "PASS card reader: it answers; no card is in it" in machine.say("test card")
    machine.reader.insert(wallet["hanako"].chip)
    said = machine.say("test card")
    assert "PASS card: individual_number" in said
    machine.reader.remove()
    assert "ERR test No key came." in machine.say("test keypad")
    for number, key in enumerate(name for row in LAYOUT for name in row):
        machine.tap(key, machine.clock.monotonic() + 2 + number * 0.5)
    assert "PASS keypad" in machine.say("test keypad")
    assert "sheets are in the printer" in machine.say("paper load 400")
    assert "The path is clear." in machine.say("paper cut")


def test_frames_have_names_and_nothing_of_a_resident(wallet: Cards) -> None:
    machine = ConsoleRig()
    card = wallet["hanako"]
    serve(machine, Person(card, coins=[500]))
    machine.log_in("tanaka")
    shown = {device: machine.say(f"frames {device} 200") for device in ("coin", "printer", "receipt", "card", "line")}
    assert "read events to 2" in shown["coin"]
    assert " picture: " in shown["printer"].replace(" feed, picture: ", " picture: ")
    assert "cut" in shown["receipt"]
    assert "VERIFY (its PIN is not kept): 00200080" in shown["card"]
    assert "-> " in shown["line"]
    assert "POST /v1/requests\n" in shown["line"]
    assert re.search(r"/document\n.* <- +\d+ status 200\n", shown["line"])
    kept = machine.parts.taps["card"].trace.passages() + machine.parts.taps["printer"].trace.passages()
    dumped = b"|".join(passage.data for passage in kept)
    assert card.pin.encode() not in dumped
    assert all(len(passage.data) <= 2 for passage in kept if passage.direction == "heard" and passage.size > 64)
    assert b"\x30\x82" not in dumped  # the beginning of a certificate
    assert "ERR device" in ConsoleRig(site=COUNTER).say_as("tanaka", "frames coin")
    assert "ASK: " in ConsoleRig(board=USB, pulse=True).say_as("tanaka", "frames board 200")


@pytest.mark.parametrize(("how", "device"), [({}, "coin"), ({"board": USB, "pulse": True}, "board")])
def test_frames_reach_back_to_before_a_fault_of_minutes_ago(how: dict[str, Any], device: str) -> None:
    """Idle polls are counted; if each were kept, the last nine seconds were all that a technician could see."""
    machine = ConsoleRig(**how)
    machine.run_until(lambda: machine.clock.monotonic() > 180)
    machine.log_in("tanaka")
    oldest, *_ = machine.say(f"frames {device} 200").split("\n")[1:]
    assert float(oldest.split()[0]) < -170
    assert re.search(r" x\d{2,} to -\d\.\d", machine.say(f"frames {device}"))


def test_out_of_service_lasts_over_a_restart() -> None:
    machine = ConsoleRig()
    machine.log_in("tanaka")
    machine.say("oos on broken-glass")
    machine.run_until(lambda: Reason.OPERATOR in machine.loop.reception.state.reasons, 5)
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 30)
    machine.log_in("tanaka")
    machine.say("oos off")
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 30)


# --- what is shown (console rules 1, 2, fault K1) ---------------------------------------------------------------


def test_every_command_answers_in_79_columns_with_its_end_and_without_a_secret(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    machine.log_in("goto")
    for line in [
        "help",
        "version",
        "who",
        "status",
        "devices",
        "counters",
        "uncertain",
        "journal tail 50",
        "clock show",
    ]:
        for form in (line, f"{line} --json"):
            machine.say(form)
    told = machine.say("counters --json").split("\n")
    assert json.loads("".join(told[1 : told.index("OK")]))["totals"]["claimed_yen"] == 200
    for line in ["journal verify", "journal export 1", f"claim {code}", "config show", "config check", "nonsense"]:
        machine.say(line)
        machine.say(f"{line} --json")
    shown = machine.shown_since(0)
    assert all(len(row) <= 79 for row in shown.split("\n") if "> " not in row)
    assert set(machine.terminal.shown) <= {*range(32, 127), 13, 10, 8}
    answers = re.split(r"rig-01 \w+ [\w-]+ \d+> ", shown)
    ends = [answer.rstrip("\n").split("\n")[-1] for answer in answers[1:-1]]
    assert all(end == "OK" or end.startswith(("ERR ", "Password")) for end in ends), ends
    held = [copy for copies in machine.centre.requests.values() for copy in copies.values()]
    assert held
    assert not any(copy.fingerprint in shown for copy in held)
    assert code not in shown.replace(f"claim {code}", "")  # anyone who reads a code can fetch the money


def test_a_viewer_never_reads_a_claims_key_and_security_exports_it(wallet: Cards) -> None:
    """Console rule 2: the key makes the code, whichever record it stands in."""
    machine, _ = claim_of_200(wallet)
    (key,) = machine.centre.claims
    assert any(queued.advice.told().get("key") == key for queued in machine.records(records.AdviceQueued))
    machine.log_in("ueda")
    for line in ("journal tail 50", "journal tail 50 --json"):
        seen = machine.say(line)
        assert "AdviceQueued" in seen
        assert key not in unwrapped(seen)
        assert "<" not in unwrapped(seen).split("> ", 1)[-1].rsplit("OK", 1)[0]  # no value as Python writes it
    machine.say("logout")
    machine.log_in("goto")
    read = [stored(entry).record for entry in carried.read({"log": machine.say("journal export 1")}).entries]
    advices = [record.advice.told() for record in read if isinstance(record, records.AdviceQueued)]
    assert [advice["key"] for advice in advices if "key" in advice] == [key]


def unwrapped(seen: str) -> str:
    return seen.replace("\n", "").replace(" ", "")


def test_a_flood_delays_no_resident(wallet: Cards) -> None:
    """Console rule 4: noise and lines arrive without end while a resident is served, and the session is unchanged."""
    chance = random.Random(3)
    machine = ConsoleRig()
    machine.terminal.type(
        bytes(chance.choices(range(256), k=200_000)) + b"\r".join(line.encode() for line in lines(4000))
    )
    person = serve(machine, Person(wallet["hanako"], coins=[500]))
    quiet = ConsoleRig()
    undisturbed = serve(quiet, Person(wallet["hanako"], coins=[500]))
    assert [type(scene) for scene in person.seen] == [type(scene) for scene in undisturbed.seen]
    assert machine.records(records.SessionClosed)[0].outcome == "issued"
    assert acts(machine) == []
    accounts_hold(machine)
    assert machine.console._noise > 1000  # `who` shows this count


def lines(count: int) -> list[str]:
    source = rubbish(random.Random(5))
    return [line for line, _ in zip(source, range(count), strict=False)]


def test_rubbish_to_a_logged_in_console_in_maintenance_moves_nothing() -> None:
    """Fuzz with every role logged in: no coin moves without a confirmation code and a second person."""
    machine = ConsoleRig()
    source, understood = rubbish(random.Random(11)), 0
    for name in ("ueda", "tanaka", "kato", "goto"):
        if name == "ueda":  # a viewer cannot ask for maintenance
            machine.log_in(name)
        else:
            machine.enter_maintenance(name)
        for line, _ in zip(source, range(150), strict=False):
            if line.split() and line.split()[0] not in {"login", "logout", "test", "acceptor", "exit"}:
                understood += "ERR" not in machine.say(line)
                if machine.console.person is None:
                    machine.log_in(name)
    assert machine.coins_out_yen() == 0
    assert machine.printer.complaints == []
    assert understood > 20, "rubbish that is never a command tests only the grammar"
