"""Settings made on the console (fault K5): a wrong one is refused or reverts by itself, whenever the power fails."""

from collections.abc import Callable, Mapping

import pytest

from firmware.book import records
from firmware.config.settings import TRIAL_S, in_force
from firmware.session import scenes as show
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.rig.console import ConsoleRig
from host_sim.rig.people import Person
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]
EVENING = "12:00-22:00"
KEY = "hours.default.everyday"


def admits_until(machine: ConsoleRig) -> str:
    """Today's last admission on the idle screen, or the name of the scene shown instead."""
    machine.run_until(lambda: machine.front_is_settled, 60)
    front = machine.loop.scene
    return f"{front.until:%H:%M}" if isinstance(front, show.Idle) else type(front).__name__


def used(machine: ConsoleRig) -> Mapping[str, str]:
    return in_force(machine.loop.book.settings)


def commit(machine: ConsoleRig, *pairs: tuple[str, str]) -> str:
    """Log in, set the pairs and commit them; the program has then been asked to end."""
    machine.enter_maintenance()
    for key, value in pairs:
        assert machine.say(f"config set {key} {value}").endswith("OK\n" + prompt(machine))
    said = machine.confirm(machine.say("config commit"), "goto")
    assert machine.loop.exit_asked, said
    return said


def prompt(machine: ConsoleRig) -> str:
    return machine.shown_since(0).rsplit("\n", 1)[1]


def trial(*pairs: tuple[str, str]) -> ConsoleRig:
    machine = ConsoleRig()
    commit(machine, *(pairs or ((KEY, "07:00-21:00"),)))
    machine.restart()
    return machine


def pass_time(machine: ConsoleRig, seconds: float) -> None:
    until_s = machine.clock.monotonic() + seconds
    machine.run_until(lambda: machine.clock.monotonic() >= until_s, seconds + 60)


def move_door(machine: ConsoleRig, *, opened: bool) -> None:
    machine.move_door(opened=opened)
    machine.run_until(lambda: machine.loop.reception.door_open is opened, 10)


# --- editing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fees.inkan 100", "fees.inkan cannot be set on the console."),
        ("coin.port /dev/null", "coin.port cannot be set on the console."),
        ("unit.name other-01", "unit.name cannot be set on the console."),
        ("centre.ca_file /tmp/ca.pem", "centre.ca_file cannot be set on the console."),
        ("hours.default.everyday 23:00-06:30", "allowed is"),
        ("hours.default.evryday 06:30-23:00", "does not take the key"),
        ("hours.closed_days 12-32", "is no day of the year"),
        ("hours.maintenance 2026-12-05T22:00", "hours.maintenance must be written as"),
        ("hours.maintenance 2026-12-06T09:30/2026-12-05T22:00", "must end after it begins"),
        ("timeouts.pay_s 9999", "allowed is 5 to 600"),
        ("timeouts.pay_s nan", "timeouts.pay_s must be written in seconds"),
        ("timeouts.paying_s 60", "does not take the key"),
        ("centre.port 99999", "allowed is 1 to 65535"),
        ("centre.host Centre/..", "centre.host must be written as"),
        ("unit.telephone call-us", "unit.telephone must be written in digits"),
    ],
)
def test_a_wrong_setting_is_refused_and_the_candidate_stays(words: str, told: str) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.say(f"config set {KEY} {EVENING}")
    said = machine.say(f"config set {words}")
    assert "ERR config" in said
    assert told in " ".join(said.split())
    assert f"{KEY}: 06:30-23:00 (the city's), then {EVENING}" in machine.say("config diff")


@pytest.mark.parametrize("name", ["closed_days", "maintenance"])
def test_a_list_of_the_hours_has_no_days_below_it(name: str) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.say(f"config set hours.{name} none")
    said = machine.say(f"config set hours.{name}.monday closed")
    assert f"hours.{name}.monday cannot be set on the console." in " ".join(said.split())


def test_editing_changes_nothing_and_ends_with_the_login() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.say(f"config set {KEY} {EVENING}")
    machine.say("config set unit.telephone 0985-00-0000")
    assert "can be used" in machine.say("config check")
    assert "is not set here" in machine.say("config unset timeouts.pay_s")
    assert f"{KEY}:" not in machine.say(f"config unset {KEY}")
    machine.say("logout")
    machine.log_in("goto")
    assert "The candidate is what is in force." in machine.say("config diff")
    assert machine.records(records.SettingsOnTrial) == []
    assert "telephone = 0985-25-2111" in machine.say("config show")


def test_one_section_of_the_settings_is_shown_alone() -> None:
    machine = ConsoleRig()
    machine.log_in("tanaka")
    told = machine.say("config show timeouts")
    shown = [line.strip() for line in told.splitlines() if " = " in line]
    assert {line.partition(".")[0] for line in shown} == {"timeouts"}
    assert shown == [line.strip() for line in machine.say("config show").splitlines() if line.startswith("timeouts.")]
    assert f"{KEY} = 06:30-23:00 (the city's)" in machine.say("config show hours")
    assert "fees.inkan = 300 yen (the city's)" in machine.say("config show fees")
    refused = " ".join(machine.say("config show timeout").split())
    assert "There is no section timeout. Type one of these: " in refused
    assert "timeouts" in refused


def test_one_person_alone_or_without_security_commits_nothing() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.say(f"config set {KEY} {EVENING}")
    assert "ERR second" in machine.confirm(machine.say("config commit"), "kato")
    machine.say("logout")
    machine.log_in("ueda")
    assert "ERR role" in machine.say("config check")
    machine.log_in("kato")
    assert "ERR role" in machine.say(f"config set {KEY} {EVENING}")
    assert machine.records(records.SettingsOnTrial) == []


def test_coins_may_be_left_out_and_not_added() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    refused = " ".join(machine.say("config set coin.accepts_yen 100,500,5").split())
    assert "can only leave out coins; the unit file takes 10, 50, 100, 500, not 5." in refused
    assert "ERR config" in machine.say("config set coin.accepts_yen none")
    machine.say("logout")
    commit(machine, ("coin.accepts_yen", "50,100"), ("unit.telephone", "0985-00-0000"))
    machine.restart()
    machine.log_in("tanaka")
    planned = machine.say("config keep")
    assert "coin.accepts_yen: 10,50,100,500 (unit file), then 50,100" in planned
    assert "unit.telephone: 0985-25-2111 (unit file), then 0985-00-0000" in planned
    assert machine.loop._house_now().accepts_yen == {50, 100}


# --- a trial ----------------------------------------------------------------------------------------


def test_kept_settings_are_this_machine_s_from_then_on() -> None:
    machine = trial((KEY, "07:00-21:00"), ("timeouts.pay_s", "120"), ("hours.closed_days", "12-31,01-01"))
    assert admits_until(machine) == "20:50"
    assert machine.loop._timer._timeouts.pay_s == 120
    machine.log_in("tanaka")
    planned = machine.say("config keep")
    assert f"{KEY}: 06:30-23:00 (the city's), then 07:00-21:00" in planned
    assert "the site's settings now" in machine.confirm(planned)
    pass_time(machine, 2 * TRIAL_S)
    assert not machine.loop.exit_asked
    machine.memory.checkpoint()
    for _ in range(2):
        machine.restart()
        assert admits_until(machine) == "20:50"
    assert "set here: timeouts.pay_s = 120" in machine.say_as("tanaka", "config show")


def test_what_nobody_keeps_goes_back_by_itself() -> None:
    machine = trial()
    assert "On trial: back to the settings before in" in machine.say_as("tanaka", "config show")
    machine.run_until(lambda: machine.loop.exit_asked, TRIAL_S + 10)
    machine.restart()
    assert admits_until(machine) == "22:50"
    assert "nobody typed `config keep` in time" in machine.say_as("tanaka", "config show")
    assert "No settings are on trial" in machine.say_as("tanaka", "config keep")


def test_whoever_is_there_is_told_a_minute_before_a_trial_ends() -> None:
    machine = trial()
    pass_time(machine, TRIAL_S - 120)
    machine.log_in("tanaka")
    machine.run_until(lambda: "The settings on trial go back in 60 s." in machine.shown_since(0), 200)
    assert "the site's settings now" in machine.confirm(machine.say("config keep"))
    pass_time(machine, TRIAL_S)
    assert machine.shown_since(0).count("go back in 60 s") == 1
    assert not machine.loop.exit_asked


def test_the_end_of_a_trial_waits_for_the_resident_who_is_served(wallet: Cards) -> None:
    machine = trial()
    began_s = machine.clock.monotonic()
    machine.run_until(lambda: machine.loop.trial_left_s < 20, TRIAL_S)
    machine.watchers[:] = [Person(wallet["hanako"], coins=[100, 100, 100], think_s=6.0)]
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_session()
    machine.run_until(lambda: machine.loop.exit_asked, 10)
    assert machine.loop.state is State.IDLE
    served = machine.clock.monotonic() - began_s
    assert served > TRIAL_S + 5, "the session must last longer than the trial"
    kinds = [type(stored.record) for stored in machine.memory.journal.records()]
    assert kinds.index(records.SessionClosed) < kinds.index(records.SettingsDropped)
    assert machine.memory.last_closed.outcome == "issued"


@pytest.mark.parametrize("tail", [None, Tail.DROPPED, Tail.KEPT])
def test_a_machine_that_ends_on_trial_goes_back(tail: Tail | None) -> None:
    """After a watchdog, a crash loop or a power cut: the new settings may be the cause."""
    machine = trial()
    with pytest.raises(PowerLost):
        machine.die(tail)
    machine.restart()
    assert admits_until(machine) == "22:50"
    assert "the machine restarted before" in machine.say_as("tanaka", "config show")


def test_a_trial_is_given_up_by_hand_and_the_settings_before_are_tried_again() -> None:
    machine = trial()
    machine.enter_maintenance()
    assert "ERR config Settings are on trial" in machine.say("config commit")
    machine.confirm(machine.say("config rollback"), "goto")
    machine.restart()
    assert admits_until(machine) == "22:50"
    machine.enter_maintenance()
    assert "No settings were ever kept here" in machine.say("config rollback")
    machine.say("logout")
    commit(machine, (KEY, "07:00-21:00"))
    machine.restart()
    machine.log_in("tanaka")
    machine.confirm(machine.say("config keep"))
    machine.say("request maint")
    planned = machine.say("config rollback")
    assert f"{KEY}: 07:00-21:00, then 06:30-23:00 (the city's)" in planned
    machine.confirm(planned, "goto")
    machine.restart()
    assert admits_until(machine) == "22:50"


def test_with_the_door_open_nothing_is_started_again() -> None:
    """A start that finds the door open records a break-in (fault S1)."""
    machine = ConsoleRig()
    machine.enter_maintenance()
    move_door(machine, opened=True)
    machine.say(f"config set {KEY} {EVENING}")
    assert "ERR door" in machine.say("config commit")
    assert "ERR door" in machine.say("reboot")
    move_door(machine, opened=False)
    planned = machine.say("config commit")
    move_door(machine, opened=True)
    assert "ERR door" in machine.confirm(planned, "goto")
    assert not machine.loop.exit_asked


# --- settings that this program cannot use ----------------------------------------------------------

OF_ANOTHER_PROGRAM = [records.Setting("timeouts.old_s", "5")]


def test_kept_settings_that_do_not_fit_are_not_used_and_close_the_machine() -> None:
    machine = ConsoleRig()
    for record in (records.SettingsOnTrial(OF_ANOTHER_PROGRAM), records.SettingsStarted(), records.SettingsKept()):
        machine.memory.note(record)
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    assert machine.loop.scene.numbers == ("140",)
    machine.enter_maintenance()
    said = " ".join(machine.say("config check").split())
    assert "ERR config unit.toml: timeouts: this table does not take the key 'old_s'" in said
    machine.say("config unset timeouts.old_s")
    machine.confirm(machine.say("config commit"), "goto")
    machine.restart()
    assert admits_until(machine) == "22:50"
    machine.log_in("tanaka")
    machine.confirm(machine.say("config keep"))
    machine.restart()
    assert admits_until(machine) == "22:50"


def test_a_trial_that_does_not_fit_is_not_begun() -> None:
    machine = ConsoleRig()
    machine.memory.note(records.SettingsOnTrial(OF_ANOTHER_PROGRAM))
    machine.restart()
    assert admits_until(machine) == "22:50"
    assert "The last trial was given up: the settings do not fit" in machine.say_as("tanaka", "config show")
    assert machine.records(records.SettingsStarted) == []


# --- the power --------------------------------------------------------------------------------------


def _commit_and_keep(machine: ConsoleRig) -> None:
    commit(machine, (KEY, "07:00-21:00"))
    machine.restart()
    machine.log_in("tanaka")
    machine.confirm(machine.say("config keep"))
    pass_time(machine, 5)


def _steps() -> list[str]:
    names: list[str] = []
    machine = ConsoleRig()
    machine.at_point = names.append
    _commit_and_keep(machine)
    return [name for name in names if name.startswith("disk")]


def _cut_at(number: int, tail: Tail) -> Callable[[ConsoleRig], None]:
    def arm(machine: ConsoleRig) -> None:
        left = number

        def point(name: str) -> None:
            nonlocal left
            left -= name.startswith("disk")
            if left < 0:
                machine.at_point = lambda _: None
                machine.die(tail, seed=number)

        machine.at_point = point

    return arm


@pytest.mark.parametrize("tail", list(Tail))
def test_a_power_cut_leaves_either_the_old_or_the_new_settings(tail: Tail) -> None:
    """Cuts at every third write or sync between typing and keeping. Kept settings stay, others are gone after a second start."""
    seen = set()
    for number in range(0, len(_steps()), 3):
        machine = ConsoleRig()
        _cut_at(number, tail)(machine)
        with pytest.raises(PowerLost):
            _commit_and_keep(machine)
        machine.restart()
        told_kept = bool(machine.records(records.SettingsKept))
        first = dict(used(machine))
        assert first in ({}, {KEY: "07:00-21:00"})
        assert admits_until(machine) == ("20:50" if first else "22:50")
        machine.restart()
        assert dict(used(machine)) == ({KEY: "07:00-21:00"} if told_kept else {})
        seen.add((bool(first), told_kept))
    assert seen == {(False, False), (True, False), (True, True)}


def test_nothing_is_said_to_be_kept_before_it_is_on_the_medium() -> None:
    machine = trial()
    machine.log_in("tanaka")
    machine.confirm(machine.say("config keep"))
    with pytest.raises(PowerLost):
        machine.die(Tail.DROPPED)
    machine.restart()
    assert admits_until(machine) == "20:50"
