"""Pages seen before they are paid for, in whole sessions: they are what is printed, nobody has paid, and nothing of them is kept."""

from collections.abc import Mapping

from drivers.printer.raster import raster_sha256
from firmware.book import records
from firmware.config.unit import Timeouts
from firmware.service.timer import PRINT_MARGIN_S, StateTimer
from firmware.session import scenes as show
from firmware.session.states import Wait
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve, tap_at_first
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def previews(person: Person) -> list[show.Preview]:
    return [scene for scene in person.seen if isinstance(scene, show.Preview)]


def test_what_is_seen_is_what_is_printed_and_nothing_is_taken_before(wallet: Cards) -> None:
    machine = RigMachine()
    coins: list[int] = []

    def look(scene: show.Scene) -> None:
        if isinstance(scene, show.Preview):
            coins.append(machine.coins_in_yen())
            assert not machine.loop.context.accepting_yen, "the slot is shut"

    person = Person(wallet["hanako"], kind="1", copies=2, then="2", coins=(500, 500, 500), looks="58", on_scene=look)
    serve(machine, person)
    seen = [raster_sha256(scene.width_dots, scene.height_dots, scene.dots) for scene in previews(person)]
    printed = [intent.raster_sha256 for intent in machine.records(records.PrintIntent)]  # type: ignore[union-attr]
    assert len(printed) == 4
    assert set(seen) == {printed[0]}
    assert coins
    assert set(coins) == {0}
    assert machine.loop.context.viewing is None


def test_each_kind_of_the_basket_is_a_page_and_the_copies_of_one_are_not(wallet: Cards) -> None:
    machine = RigMachine()
    turned: list[str] = []

    def turn(machine: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.Preview)
        turned.append(scene.line.title["ja"])
        machine.tap("next" if len(turned) < 3 else "enter", machine.clock.monotonic() + 1.0)

    wanted = {"kind": "1", "copies": 2, "then": "2", "coins": (500, 500, 500), "looks": "x"}
    person = serve(machine, Person(wallet["hanako"], deeds={show.Preview: turn}, **wanted))  # type: ignore[arg-type]
    assert [scene.pages for scene in previews(person)] == [2, 2, 2]
    assert turned[0] == turned[2] != turned[1]


def test_who_stops_at_the_page_pays_nothing_and_every_copy_is_void(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"], looks="5", deeds=dict(tap_at_first(show.Preview, "cancel")))
    serve(machine, person)
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["not_issued"]  # type: ignore[union-attr]
    assert not machine.records(records.PrintIntent)
    assert not any(isinstance(scene, show.Pay) for scene in person.seen)
    assert any(isinstance(scene, show.Sorry) and scene.reason == "cancelled" for scene in person.seen)


def test_pages_are_shown_to_nobody_who_did_not_ask(wallet: Cards) -> None:
    machine = RigMachine()
    person = serve(machine, Person(wallet["hanako"]))
    assert not previews(person)


def test_whoever_looks_to_the_end_still_has_the_whole_time_to_pay() -> None:
    class Clock:
        now_s = 0.0

        def monotonic(self) -> float:
            return self.now_s

        def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    times, clock = Timeouts(), Clock()
    timer = StateTimer(times, clock)
    promise_ends_s = PRINT_MARGIN_S + times.pay_s + 7.0
    timer.set(Wait.PREVIEW, changed=False, has_claim=False, promise_ends_s=promise_ends_s)
    clock.now_s = 7.0
    assert timer.passed() is not None, "each key begins the wait anew, but the promise does not"
    timer.set(Wait.PREVIEW, changed=False, has_claim=False, promise_ends_s=promise_ends_s + 3600)
    clock.now_s = 7.0 + times.menu_s - times.countdown_s - 1
    assert timer.passed() is None
