"""The program is told to end in the middle of a session (fault E1): nothing is lost, nothing new begins, no words stay (fault E2)."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from firmware.config.unit import AlreadyRunning, load_unit
from firmware.parts import MonotonicClock, RealParts
from firmware.run import WIND_DOWN_S, wind_down
from firmware.session import scenes as show
from firmware.sides import Panel
from host_sim.rig.machine import RigMachine
from host_sim.rig.parts import UNITS
from host_sim.rig.people import Person
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard

UNIT_FILE = UNITS / "dev-store.toml"
Cards = Mapping[str, WalletCard]


def wind_down_at(machine: RigMachine, person: Person, there: Callable[[], bool]) -> float:
    """Serve until `there()`, then tell the program to end; the seconds until it is at rest."""
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)
    machine.attended = True
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_until(there)
    began_s = machine.clock.monotonic()
    machine.loop.wind_down()
    machine.run_until(lambda: machine.loop.at_rest)
    return machine.clock.monotonic() - began_s


@pytest.mark.parametrize(
    "scene",
    [show.EnterPin, show.TakeCard, show.ChooseKind, show.Basket, show.Pay, show.Printing, show.TakePaper, show.Done],
)
def test_whoever_is_served_gets_card_and_money_or_the_paper(scene: type[show.Scene], wallet: Cards) -> None:
    machine = RigMachine()
    checker = Checker(machine)
    machine.at_point = checker.effect
    person = Person(wallet["hanako"], coins=[500], apart_s=2.0)
    assert wind_down_at(machine, person, lambda: isinstance(machine.loop.scene, scene)) < WIND_DOWN_S
    closed = machine.memory.last_closed
    assert closed is not None
    finished = scene in {show.Printing, show.TakePaper, show.Done}
    assert closed.earned_yen == (300 if finished else 0)
    assert closed.inserted_yen == closed.earned_yen + closed.paid_out_yen
    sessions = machine.loop.book.totals["sessions"]
    machine.reader.remove()
    machine.reader.insert(wallet["taro"].chip)
    machine.wait(20)
    assert machine.loop.book.totals["sessions"] == sessions
    assert machine.loop.at_rest, "a machine that ends begins no session"
    machine.settle_advices()
    checker.check()


def test_a_computer_that_stands_still_while_the_program_ends_has_not_used_up_the_time(wallet: Cards) -> None:
    """Red with one moment at which all must be over: the session stayed open, and its page in the printer."""
    machine = RigMachine()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)
    person = Person(wallet["hanako"], coins=[500])
    machine.attended = True
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Printing))

    class Jumping:
        """The machine's clock, which goes on by 100 s between the first two looks."""

        looks = 0

        def monotonic(self) -> float:
            self.looks += 1
            return machine.clock.monotonic() + (100.0 if self.looks > 1 else 0.0)

    wind_down(machine, Jumping())  # type: ignore[arg-type]  # it uses the loop and the crew, which a rig's machine has
    closed = machine.memory.last_closed
    assert closed is not None
    assert (closed.inserted_yen, closed.earned_yen, closed.paid_out_yen) == (500, 300, 200)


@pytest.mark.parametrize("slip", [True, False], ids=["with a slip", "the slip printer is out"])
def test_what_no_hopper_can_pay_is_a_claim_that_the_resident_can_read(slip: bool, wallet: Cards) -> None:
    machine = RigMachine()
    checker = Checker(machine)
    machine.at_point = checker.effect
    person = Person(wallet["hanako"], coins=[100, 100], apart_s=1.0)

    def trouble(shown: show.Scene) -> None:
        if isinstance(shown, show.Pay) and shown.inserted_yen == 100:
            for hopper in machine.hoppers.values():
                hopper.tube = 0
            if not slip:
                machine.slips.paper_out()

    person.on_scene = trouble
    lasted_s = wind_down_at(
        machine, person, lambda: isinstance(machine.loop.scene, show.Pay) and machine.loop.scene.inserted_yen >= 100
    )
    machine.settle_advices()
    assert sum(machine.centre.claims.values()) >= 100
    codes = [scene for scene in person.seen if isinstance(scene, show.Sorry) and scene.claim_code]
    read_s = machine.loop._timer._timeouts.sorry_s
    assert (lasted_s >= read_s) == (not slip), "without the slip the code stays on the screen as long as ever"
    assert lasted_s < WIND_DOWN_S
    assert codes or slip
    checker.check()


def test_a_cleared_screen_has_no_pixel_of_the_run_before(tmp_path: Path) -> None:
    """Whatever was there, also what this object never drew."""
    table = load_unit(UNIT_FILE).screen
    (tmp_path / table.path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / table.path).write_bytes(b"\x41" * (800 * 480 * 4))
    Panel(table, tmp_path).blank()
    assert not (tmp_path / table.path).read_bytes().strip(b"\0")


def test_a_start_clears_the_screen_as_soon_as_it_knows_that_no_other_machine_runs(tmp_path: Path) -> None:
    """Before journal, letters, devices and centre are asked: each may take long."""
    unit = load_unit(UNIT_FILE)
    screen = tmp_path / unit.screen.path
    screen.parent.mkdir(parents=True, exist_ok=True)
    words = b"\x41" * (800 * 480 * 4)
    screen.write_bytes(words)
    clock = MonotonicClock()
    disk = RealParts(unit, UNIT_FILE, tmp_path, clock).disk()
    assert not screen.read_bytes().strip(b"\0")
    screen.write_bytes(words)
    with pytest.raises(AlreadyRunning):
        RealParts(unit, UNIT_FILE, tmp_path, clock).disk()
    assert screen.read_bytes() == words, "it is another machine's screen"
    disk.close()
