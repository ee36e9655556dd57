"""What a technician does after something was mended: the console says what the device says now, and counts what is there."""

from collections.abc import Mapping

from firmware.book import records
from firmware.session import scenes as show
from host_sim.rig.console import ConsoleRig
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import under_whom_the_hoppers_run_dry

Cards = Mapping[str, WalletCard]


def test_paper_cut_makes_a_printer_go_on_that_was_freed_and_counts_each_sheet_once(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.say_as("tanaka", "version")
    jam = {show.Printing: lambda at, _: at.printer.jam(at.clock.monotonic())}
    serve(machine, Person(wallet["hanako"], coins=[500], deeds=jam))
    machine.wait(4)
    machine.enter_maintenance()
    assert "ERR device" in machine.say("paper cut"), "paper is still in it"
    machine.printer.free(machine.clock.monotonic())
    machine.say("paper load 100")
    cuts = machine.printer.counters.cuts
    assert "The path is clear." in machine.say("paper cut")
    assert 100 - (machine.loop.book.sheets or 0) == machine.printer.counters.cuts - cuts == 1
    assert "in_service again" in machine.say("exit"), "at once, not at the printer's next look"


def test_coins_are_not_added_to_a_count_that_was_found_wrong(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve(machine, under_whom_the_hoppers_run_dry(wallet["hanako"]))
    for hopper in machine.hoppers.values():
        hopper.tube = 30
    machine.enter_maintenance()
    machine.say("test hopper")  # it has coins again, and its state says nothing any more
    assert "found empty" in machine.say("hopper load 100 30")
    assert "found empty" not in machine.say("hopper load 500 30")
    machine.loop.write(records.FloatSet(value_yen=100, coins=30))
    assert "found empty" not in machine.say("hopper load 100 30")


def test_a_slot_that_cannot_be_tested_names_the_next_test() -> None:
    machine = ConsoleRig()
    machine.acceptor.fault("jam", machine.clock.monotonic())
    machine.wait(20)
    machine.enter_maintenance()
    assert "self-check" in machine.say("test acceptor")
    assert "`test acceptor` says more." in " ".join(machine.say("test slot").split())
