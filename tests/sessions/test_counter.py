"""A counter terminal in whole sessions: who sees what, who may press what, the till, and a resident without a PIN."""

from collections.abc import Mapping
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa

from firmware.book import records
from firmware.book.cases import Case
from firmware.session import scenes as show
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.centre.tables import requests
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import COUNTER, RigMachine
from host_sim.rig.people import Clerk, Person
from host_sim.wallet import WalletCard
from tests.digits import stands_in
from tests.sessions.city import City, CityMachine

Cards = Mapping[str, WalletCard]
PASSWORD = b"kaki no tane 2014"
OF_ALL = ["cancel", "clear", "enter", "previous", "next", *"0123456789"]


@pytest.fixture
def city(wallet: Cards, wallet_folder: Path) -> City:
    assert wallet
    return City(wallet_folder)


@pytest.fixture
def machine(city: City) -> CityMachine:
    return CityMachine(city, COUNTER)


def serve(machine: CityMachine, person: Person, clerk: Clerk | None = None) -> Clerk:
    machine.clerk = clerk or Clerk(person)
    machine.serve(person, person.card.chip)
    machine.settle_advices()
    return machine.clerk  # type: ignore[return-value]


def closed(machine: CityMachine) -> records.SessionClosed:
    (end,) = machine.records(records.SessionClosed)
    assert isinstance(end, records.SessionClosed)
    return end


def words(seen: list[show.Scene]) -> list[str]:
    return [scene.what for scene in seen if isinstance(scene, show.AtCounter)]


def cases(machine: CityMachine) -> list[str]:
    return [code for code, _ in machine.memory.book.queue]


# --- with a PIN -------------------------------------------------------------------------------------


def test_the_clerk_chooses_and_the_resident_agrees(machine: CityMachine, wallet: Cards) -> None:
    person = Person(wallet["hanako"], copies=2)
    clerk = serve(machine, person)
    assert closed(machine).outcome == "issued"
    assert [type(scene) for scene in person.seen if isinstance(scene, show.Consent)] == [show.Consent]
    consent = next(scene for scene in person.seen if isinstance(scene, show.Consent))
    assert (consent.lines[0].copies, consent.fee_yen) == (2, 600)
    assert words(clerk.seen)[:1] == ["resident_types_pin"]
    assert "take_fee" in words(clerk.seen)
    totals = machine.memory.book.totals
    assert (totals["till_taken_yen"], totals["inserted_yen"], totals["earned_yen"]) == (600, 0, 600)
    assert machine.memory.book.cash_box == {}


def test_the_idle_screen_asks_nobody_for_exact_money_where_a_clerk_gives_change(machine: CityMachine) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle))
    assert isinstance(machine.loop.scene, show.Idle)
    assert not machine.loop.scene.exact_money_only


def test_the_clerks_glass_names_nobody_and_shows_no_pin(machine: CityMachine, wallet: Cards) -> None:
    person = Person(wallet["hanako"])
    clerk = serve(machine, person)
    named = [scene for scene in person.seen if getattr(scene, "masked_name", "")]
    assert named
    assert not [scene for scene in clerk.seen if getattr(scene, "masked_name", "")]
    assert not [scene for scene in clerk.seen if isinstance(scene, show.EnterPin | show.LastTry | show.TakeCard)]
    assert all(scene.clerk for scene in clerk.seen)


def test_the_residents_language_stays_on_the_residents_glass(machine: CityMachine, wallet: Cards) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle))
    machine.tap("2", machine.clock.monotonic() + 0.5)
    machine.wait(2)
    clerk = serve(machine, Person(wallet["hanako"]))
    assert machine.scenes[-3].language == "en" or any(scene.language == "en" for scene in machine.scenes)
    assert {scene.language for scene in clerk.seen} == {"ja"}


@pytest.mark.parametrize("key", [None, "cancel"])
def test_without_the_residents_consent_nothing_is_made(machine: CityMachine, wallet: Cards, key: str | None) -> None:
    def answer(machine: object, _: show.Scene) -> None:
        assert isinstance(machine, CityMachine)
        if key is not None:
            machine.tap(key, machine.clock.monotonic() + 1)

    serve(machine, Person(wallet["hanako"], deeds={show.Consent: answer}))
    assert closed(machine).reason == ("timed_out" if key is None else "cancelled")
    assert not machine.records(records.Request)
    assert not machine.records(records.FeeTaken)


def test_a_resident_who_says_no_sends_the_order_back(machine: CityMachine, wallet: Cards) -> None:
    said: list[str] = []

    def first_no(machine: object, scene: show.Scene) -> None:
        assert isinstance(machine, CityMachine)
        if scene.countdown_s is None:
            said.append("clear" if not said else "enter")
            machine.tap(said[-1], machine.clock.monotonic() + 1)

    serve(machine, Person(wallet["hanako"], deeds={show.Consent: first_no}))
    assert said == ["clear", "enter"]
    assert closed(machine).outcome == "issued"


def test_a_resident_agrees_only_after_each_paper_was_shown(machine: CityMachine, wallet: Cards) -> None:
    """Red when the resident's glass began where the clerk's was, at the last paper: one ENTER agreed to two unseen ones."""
    person = Person(wallet["hanako"], kind="1", then="2")
    serve(machine, person)
    asked = [scene for scene in person.seen if isinstance(scene, show.Consent) and scene.countdown_s is None]
    assert [(scene.page, scene.more) for scene in asked] == [(1, True), (2, False)]
    assert closed(machine).outcome == "issued"


# --- keys of the wrong side -------------------------------------------------------------------------

CLERKS = {
    State.CHOOSING_KIND: show.ChooseKind,
    State.CHOOSING_PURPOSE: show.ChoosePurpose,
    State.CHOOSING_OPTIONS: show.ChooseOption,
    State.CHOOSING_COPIES: show.ChooseCopies,
    State.CONFIRMING: show.Basket,
}


@pytest.mark.parametrize("scene", [*CLERKS.values(), "take_fee", "hand_over_seen"], ids=str)
def test_the_residents_keys_do_nothing_where_the_clerk_is_asked(
    machine: CityMachine, wallet: Cards, scene: type[show.Scene] | str
) -> None:
    person = Person(wallet["hanako"], kind="1")
    stays = Clerk(person, deeds={scene: None})
    machine.clerk = stays
    machine.watchers[:] = [person]
    machine.attended = True
    machine.reader.insert(person.card.chip)
    shown = lambda: (what if isinstance(what := stays.seen[-1], type) else getattr(what, "what", type(what))) == scene  # noqa: E731
    machine.run_until(lambda: bool(stays.seen) and shown())
    state, drawn = machine.loop.state, stays.seen[-1]
    for number, key in enumerate(key for key in OF_ALL if key != "cancel"):
        machine.tap(key, machine.clock.monotonic() + 0.4 * (number + 1))
    machine.wait(8)
    assert (machine.loop.state, machine.clerk_scenes[-1]) == (state, drawn)


@pytest.mark.parametrize("scene", [show.EnterPin, show.Consent], ids=lambda scene: scene.__name__)
def test_the_clerks_keys_do_nothing_where_the_resident_is_asked(
    machine: CityMachine, wallet: Cards, scene: type[show.Scene]
) -> None:
    person = Person(wallet["hanako"], deeds={scene: lambda *_: None})
    machine.clerk = Clerk(person)
    machine.watchers[:] = [person]
    machine.attended = True
    machine.reader.insert(person.card.chip)
    machine.run_until(lambda: isinstance(machine.loop.scene, scene))
    state, drawn = machine.loop.state, machine.scenes[-1]
    for number, key in enumerate(key for key in OF_ALL if key != "cancel"):
        machine.tap_clerk(key, machine.clock.monotonic() + 0.4 * (number + 1))
    machine.wait(8)
    assert (machine.loop.state, machine.scenes[-1]) == (state, drawn)
    machine.tap_clerk("cancel", machine.clock.monotonic() + 0.5)
    machine.run_until(lambda: machine.loop.state is not state, 5)


# --- the till ---------------------------------------------------------------------------------------


def jammed(machine: RigMachine, _: show.Scene) -> None:
    machine.printer.jam(machine.clock.monotonic())


def test_what_a_jam_spoils_the_till_gives_back(machine: CityMachine, wallet: Cards) -> None:
    clerk = serve(machine, Person(wallet["hanako"], deeds={show.Printing: jammed}))
    assert [word for word in words(clerk.seen) if word in {"take_fee", "return_fee"}] == ["take_fee", "return_fee"]
    end = closed(machine)
    assert (end.inserted_yen, end.paid_out_yen, end.claimed_yen, end.outcome) == (300, 300, 0, "not_issued")
    totals = machine.memory.book.totals
    assert (totals["till_taken_yen"], totals["till_returned_yen"], totals["paid_out_yen"]) == (300, 300, 0)


def test_a_refund_that_the_clerk_does_not_confirm_becomes_a_claim_and_a_case(
    machine: CityMachine, wallet: Cards
) -> None:
    person = Person(wallet["hanako"], deeds={show.Printing: jammed})
    serve(machine, person, Clerk(person, deeds={"return_fee": None}))
    assert (closed(machine).paid_out_yen, closed(machine).claimed_yen) == (0, 300)
    assert Case.TILL_UNCONFIRMED in cases(machine)


def test_a_clerk_who_leaves_before_the_fee_is_taken_ends_it_without_a_debt(machine: CityMachine, wallet: Cards) -> None:
    person = Person(wallet["hanako"])
    serve(machine, person, Clerk(person, deeds={"take_fee": None}))
    assert (closed(machine).reason, closed(machine).claimed_yen) == ("timed_out", 0)
    assert not machine.records(records.FeeTaken)


def test_a_clerk_who_leaves_the_paper_is_told_of_by_a_case(machine: CityMachine, wallet: Cards) -> None:
    person = Person(wallet["hanako"])
    serve(machine, person, Clerk(person, deeds={"hand_over_seen": None}))
    assert closed(machine).outcome == "issued"
    assert Case.PAPER_LEFT in cases(machine)


def test_a_resident_who_walks_away_with_the_card_ends_it(machine: CityMachine, wallet: Cards) -> None:
    serve(machine, Person(wallet["hanako"], quits_at=show.EnterPin))
    assert closed(machine).reason == "card_removed"


@pytest.mark.parametrize("point", ["disk sync after", "dots", "cut"])
def test_a_power_cut_after_the_fee_owes_it_and_asks_a_person(machine: CityMachine, wallet: Cards, point: str) -> None:
    person = Person(wallet["hanako"])
    machine.clerk = Clerk(person)

    def cut(name: str) -> None:
        taken = machine.memory.book.totals["till_taken_yen"]
        if taken and name == point:
            machine.at_point = lambda _: None
            machine.die(Tail.DROPPED)

    machine.at_point = cut
    with pytest.raises(PowerLost):
        machine.serve(person, person.card.chip)
    machine.clerk = None
    machine.restart()
    end = closed(machine)
    assert end.inserted_yen == 300
    assert end.earned_yen + end.claimed_yen == 300
    assert (Case.TILL_UNCONFIRMED in cases(machine)) is (end.claimed_yen > 0)


# --- without a PIN ----------------------------------------------------------------------------------


def phones(city: City, machine: CityMachine) -> list[str]:
    """What each clerk types on the clerk's keys: the number beside the name, and the code of now."""
    typed = []
    for number, login in enumerate(("tanaka", "hidaka"), start=1):
        totp = pyotp.parse_uri(city.accounts.enrol(login, bytearray(PASSWORD), "kuroki", machine.now()))
        assert isinstance(totp, pyotp.TOTP)
        typed.append(f"{number}{totp.at(machine.now())}")
    return typed


def attend(machine: CityMachine, person: Person, codes: list[str]) -> Clerk:
    machine.waive_pin()
    return serve(machine, person, Clerk(person, codes=codes))


@pytest.mark.parametrize("card", ["hanako", "citizen-card", "blocked"])
def test_two_clerks_stand_in_for_the_pin(city: City, machine: CityMachine, wallet: Cards, card: str) -> None:
    person, codes = Person(wallet[card]), phones(city, machine)
    clerk = attend(machine, person, codes)
    assert closed(machine).outcome == "issued"
    assert not [scene for scene in person.seen if isinstance(scene, show.EnterPin)]
    assert "clerks_vouch" in words(person.seen)
    assert [scene.second for scene in clerk.seen if isinstance(scene, show.ClerkCode) and scene.digits == 6] == [
        False,
        True,
    ]
    with city.store.reading() as c:
        assert c.execute(sa.select(requests.c.method, requests.c.channel)).all() == [("attended", "counter")]
    assert not machine.records(records.PinResult)
    medium = b"".join(machine.disk.read(name) for name in machine.disk.names())
    assert medium
    assert [secret for secret in ("tanaka", "hidaka", "田中", "日高") if secret.encode() in medium] == []
    assert not any(stands_in(code[1:], medium) for code in codes)


def test_the_first_clerk_is_not_offered_as_the_second(city: City, machine: CityMachine, wallet: Cards) -> None:
    """Red when the second list was the first one: one clerk typed two codes, and both glasses told of it afterwards."""
    first, _ = phones(city, machine)
    person = Person(wallet["hanako"])
    clerk = attend(machine, person, [first, first[:1]])
    lists = [scene for scene in clerk.seen if isinstance(scene, show.ClerkCode) and scene.digits == 0]
    assert [(scene.second, scene.chosen, scene.vouched) for scene in lists if scene.countdown_s is None] == [
        (False, None, None),
        (False, 0, None),
        (True, None, 0),
    ]
    assert closed(machine).reason == "timed_out"
    assert not machine.records(records.Request)


def test_the_clerks_glass_says_that_the_pin_was_wrong(machine: CityMachine, wallet: Cards) -> None:
    """And not how many tries are left: that is on the resident's glass."""
    clerk = serve(machine, Person(wallet["hanako"], pin="0000", second_pin="1234"))
    assert words(clerk.seen)[:2] == ["resident_types_pin", "pin_was_wrong"]
    assert closed(machine).outcome == "issued"


def test_a_guessed_code_is_refused(city: City, machine: CityMachine, wallet: Cards) -> None:
    first, _ = phones(city, machine)
    person = Person(wallet["hanako"])
    attend(machine, person, [first, "2000000"])
    assert closed(machine).reason == "clerk_refused"


def test_what_a_clerk_began_and_left_does_not_wait_for_the_next_resident(machine: CityMachine) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle))
    machine.tap_clerk("1", machine.clock.monotonic() + 0.2)
    machine.wait(1)
    assert machine.loop.context.pin_waived
    machine.wait(70)
    assert not machine.loop.context.pin_waived
    assert words(machine.clerk_scenes)[-1] == "idle"


# --- the console ------------------------------------------------------------------------------------

OF_COINS = {
    "tanaka": ["test acceptor", "test hopper", "hopper load 100 5", "hopper pay 1x100", "acceptor coins"],
    "kato": ["hopper float 100 5", "cashbox emptied 0", "acceptor pair 106035", "collect ABCDEFGHJ"],
}


@pytest.mark.parametrize("who", OF_COINS)
def test_every_command_about_coins_says_that_there_are_none(who: str) -> None:
    machine = ConsoleRig(site=COUNTER)
    machine.enter_maintenance(who)
    for line in OF_COINS[who]:
        said = " ".join(machine.say(line).split())
        assert "ERR coins This machine has no coin devices: the clerk takes the fee at the till." in said, said
    if who == "tanaka":
        assert "hopper" not in machine.say("test all")
        assert "service" in machine.say("exit")
