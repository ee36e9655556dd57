"""Systems on the console (fault U1): what it says of a trial, and how two people end one. Root's units act on a card in memory."""

from pathlib import Path

import pytest

from firmware.console.system import ANSWERS_S
from firmware.update.slots import TRIAL_RUNS_S
from firmware.update.standing import BACK, KEEP, CardSystems, tell
from firmware.update.systems import STARTS, Slot, Systems
from host_sim.rig.console import ConsoleRig
from tests.unit.update.test_systems import MemoryCard, install, start


class SlottedRig(ConsoleRig):
    """A machine on a card with system 1. `works`: whether the units can write the card."""

    def __init__(self, folder: Path) -> None:
        self.card = MemoryCard()
        self.slot: Slot = "a"
        self.folder = folder
        self.works = True
        self.systems = CardSystems(folder / "standing.json", folder)
        super().__init__()
        self.units()

    def units(self) -> None:
        """What root's units do, once a second."""
        systems = Systems(self.card, self.slot)
        if self.works and (self.folder / KEEP).exists():
            systems.mark_good()
        if self.works and (self.folder / BACK).exists():
            systems.give_up()
        tell(systems.standing, self.folder / "standing.json")
        self.clock.at(self.clock.monotonic() + 1, self.units)

    def plug_in(self) -> None:
        """The board is switched on."""
        for name in (KEEP, BACK):  # memory is empty then
            (self.folder / name).unlink(missing_ok=True)
        self.slot, _ = start(self.card)
        self.restart()
        self.wait(2)

    def asked(self, words: str) -> str:
        """What the machine says to it, and does by two people if it asks for them; without the ends of rows."""
        said = self.say(words)
        return " ".join((said + self.confirm(said, "goto") if "confirm" in said else said).split())

    def told(self) -> str:
        return " ".join(self.say("system status").split())


@pytest.fixture
def machine(tmp_path: Path) -> SlottedRig:
    return SlottedRig(tmp_path)


def test_a_machine_without_slots_says_so() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    for words in ("system status", "system keep", "system rollback"):
        assert "ERR system Nothing is known of slots" in machine.say(words)


def test_a_trial_is_kept_by_two_people(machine: SlottedRig) -> None:
    machine.enter_maintenance()
    assert "running system 1 in slot a beside it no system in slot b OK" in machine.told()
    for words in ("system keep", "system rollback"):
        assert "ERR system No system is on trial." in machine.asked(words)
    install(machine.card, "a", 2)
    machine.wait(2)
    assert "beside it system 2 in slot b Slot b is tried from the next start" in machine.told()
    assert "ERR system Slot b was not started yet" in machine.asked("system keep")
    machine.plug_in()
    machine.enter_maintenance()
    assert f"tried until 2026-11-25 10:00:00 JST at the latest, starts left {STARTS - 1}" in machine.told()
    assert "system 2 on trial" in machine.say("status")
    assert "system 2 in slot b on trial, then kept" in (said := machine.asked("system keep"))
    assert "The system is kept. OK" in said
    assert "running system 2 in slot b beside it system 1 in slot a OK" in machine.told()
    assert start(machine.card) == ("b", 2)


def test_a_trial_is_given_up_by_two_people(machine: SlottedRig) -> None:
    install(machine.card, "a", 2)
    machine.plug_in()
    machine.enter_maintenance()
    assert "system 2 in slot b on trial, then system 1 in slot a The board restarts." in (
        said := machine.asked("system rollback")
    )
    assert "The trial is given up. The board restarts: wait for its prompt. OK" in said
    machine.plug_in()
    machine.enter_maintenance()
    assert (
        "running system 1 in slot a beside it system 2 in slot b Slot b was tried and did not serve." in machine.told()
    )


def test_a_system_that_waits_for_its_first_start_is_never_tried(machine: SlottedRig) -> None:
    install(machine.card, "a", 2)
    machine.wait(2)
    machine.enter_maintenance()
    assert "The trial is given up. The system that runs goes on. OK" in machine.asked("system rollback")
    assert start(machine.card) == ("a", 1)


def test_a_card_that_cannot_be_written_is_told_after_a_while(machine: SlottedRig) -> None:
    install(machine.card, "a", 2)
    machine.plug_in()
    machine.works = False
    machine.enter_maintenance()
    began_s = machine.clock.monotonic()
    assert "ERR system It was asked for, but the card has not changed." in machine.asked("system keep")
    assert machine.clock.monotonic() - began_s >= ANSWERS_S
    assert Systems(machine.card, "b").standing.on_trial


def test_a_trial_has_as_long_as_the_timer_of_the_image() -> None:
    timer = Path(__file__).parents[2] / "hardware/image/files/etc/systemd/system/kofuki-system-over.timer"
    assert f"OnBootSec={TRIAL_RUNS_S // 86400}d" in timer.read_text().splitlines()
