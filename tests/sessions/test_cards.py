"""Cards and their rules: whole sessions in virtual time with the real centre.

Which kinds a site takes, what is known before the PIN, the last try, a card pulled at every step, and somebody who tries
PINs with many found cards.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers.vocabulary import CardKind
from firmware.book import records
from firmware.screens import render
from firmware.screens.words import words
from firmware.session import scenes as show
from firmware.session.events import CardRemoved
from firmware.session.machine import step as session_step
from firmware.session.states import State
from host_sim.centre.tables import cards
from host_sim.models.card_reader import CardReaderModel
from host_sim.rig.machine import OFFICE, STORE, RigMachine, Site
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.attackers import attack
from tests.sessions.city import City, CityMachine

Cards = Mapping[str, WalletCard]


@pytest.fixture
def city(wallet: Cards, wallet_folder: Path) -> City:
    """The real centre with the wallet's registry."""
    assert wallet
    return City(wallet_folder)


def closed(machine: RigMachine) -> records.SessionClosed:
    found = [record for record in machine.records(records.SessionClosed) if isinstance(record, records.SessionClosed)]
    return found[-1]


def sorry(person: Person) -> show.Sorry:
    return next(scene for scene in person.seen if isinstance(scene, show.Sorry))


def saw(person: Person, kind: type[show.Scene]) -> bool:
    return any(isinstance(scene, kind) for scene in person.seen)


# --- rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        # read from the card
        ("licence", "not_our_card"),
        ("broken", "unreadable"),
        ("ec-key", "key_not_supported"),
        ("expired", "out_of_date"),
        ("blocked", "pin_blocked"),
        ("citizen-card", "kind_not_taken"),
        ("face-card", "no_pin"),
        ("next-label", "unknown_label"),
        ("phone", "phone"),
        # judged by the centre, from what whoever holds the card can read
        ("foreign-ca", "certificate_foreign"),
        ("resident-card-expired", "card_expired"),
    ],
)
def test_what_is_known_before_the_pin_costs_no_try(city: City, wallet: Cards, card: str, reason: str) -> None:
    machine = CityMachine(city)
    before = dict(wallet[card].chip.state)
    person = serve(machine, Person(wallet[card]))
    assert sorry(person).reason == reason
    assert sorry(person).card_in
    assert not saw(person, show.EnterPin)
    assert wallet[card].chip.state == before
    assert (closed(machine).outcome, closed(machine).reason) == ("not_issued", reason)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("moved-out", "moved_out"),
        ("protected", "ask_at_counter"),
        ("child", "under_age"),
        ("revoked", "certificate_revoked"),
        ("lost-my-number", "card_reported_lost"),
    ],
)
def test_what_only_the_holder_may_know_is_told_after_the_right_pin(
    city: City, wallet: Cards, card: str, reason: str
) -> None:
    """Whoever found or copied the card must not learn it (security rule 17); a right PIN spends no try."""
    machine = CityMachine(city)
    before = dict(wallet[card].chip.state)
    person = serve(machine, Person(wallet[card]))
    assert sorry(person).reason == reason
    assert saw(person, show.EnterPin)
    assert wallet[card].chip.state == before


def test_the_next_card_is_served_where_the_city_has_switched_it_on(wallet: Cards, wallet_folder: Path) -> None:
    """Card source 12: read, proved with its PIN and believed by the centre, with P-384 from the card to its CA."""
    machine = CityMachine(City(wallet_folder, p384=True))
    serve(machine, Person(wallet["ec-key"]))
    assert (closed(machine).outcome, closed(machine).earned_yen) == ("issued", 300)


@pytest.mark.parametrize("site", [STORE, OFFICE])
def test_a_citizen_card_is_refused_at_a_store_and_served_at_an_office(city: City, wallet: Cards, site: Site) -> None:
    machine = CityMachine(city, site)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    front = machine.loop.scene
    assert isinstance(front, show.Idle)
    assert (CardKind.CITIZEN in front.cards) is (site is OFFICE)
    person = serve(machine, Person(wallet["citizen-card"], kind="1"))
    if site is STORE:
        assert sorry(person).reason == "kind_not_taken"
        assert not saw(person, show.EnterPin)
    else:
        assert (closed(machine).outcome, closed(machine).earned_yen) == ("issued", 300)
        entered = [scene for scene in person.seen if isinstance(scene, show.EnterPin)]
        assert entered[0].tries_left == 3, "the centre has counted"
        assert city.pin_failures("citizen") == 0


@pytest.mark.parametrize(("site", "reason"), [(STORE, "card_expired"), (OFFICE, "")])
def test_a_municipal_card_past_its_day(city: City, wallet: Cards, site: Site, reason: str) -> None:
    machine = CityMachine(city, site)
    serve(machine, Person(wallet["resident-card-expired"], kind="1"))
    assert closed(machine).reason == reason


def test_a_lost_municipal_card_is_refused_at_the_office_after_the_right_pin_only(city: City, wallet: Cards) -> None:
    person = serve(CityMachine(city, OFFICE), Person(wallet["lost"], pin="0000", second_pin="4649"))
    assert any(scene.wrong for scene in person.seen if isinstance(scene, show.EnterPin))
    assert sorry(person).reason == "card_reported_lost"
    assert city.pin_failures("citizen") == 0, "a right PIN forgets the wrong ones, whatever else is refused"


def test_what_another_program_holds_is_told_to_both(city: City, wallet: Cards) -> None:
    """Fault C6: one sentence to the resident, what to do to the technician, and the reader serves again without the card."""
    machine = CityMachine(city)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.reader.trouble(CardReaderModel(held_power_ups=1000))
    person = Person(wallet["hanako"])
    troubles: list[str] = []
    person.on_scene = lambda scene: troubles.append(machine.loop.reception.devices()["card"])
    serve(machine, person)
    assert sorry(person).reason == "reader_in_use"
    assert not saw(person, show.EnterPin)
    assert "card_reader" in troubles
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    serve(machine, Person(wallet["hanako"]))
    assert closed(machine).outcome == "issued"


@pytest.mark.parametrize("fault", ["status", "empty", "garbage", "cut"])
def test_trouble_of_a_card_leaves_the_reader_in_service(city: City, wallet: Cards, fault: str) -> None:
    """The card fails when it shall sign; no reason closes the machine, not for a moment."""
    machine = CityMachine(city)
    chip = wallet["hanako"].chip
    noted: list[frozenset[str]] = []
    note = machine.loop.reception.note
    machine.loop.reception.note = lambda source, words: (noted.append(words), note(source, words))[1]  # type: ignore[method-assign]
    person = Person(wallet["hanako"])
    broken = False

    def break_it(scene: show.Scene) -> None:
        nonlocal broken
        if isinstance(scene, show.EnterPin) and not broken:
            broken = True
            chip.fail(fault, at=chip.commands + 6, until=10**9)  # SELECT, SELECT, question, VERIFY, SELECT, signature

    person.on_scene = break_it
    serve(machine, person)
    chip.heal()
    assert sorry(person).reason == "unreadable"
    assert all("card_reader" not in words for words in noted)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_rule_says_what_happened_and_where_to_go(language: str) -> None:
    rules = ("kind_not_taken", "out_of_date", "card_expired", "card_reported_lost", "certificate_revoked", "moved_out")
    rules += ("under_age", "pin_blocked", "no_pin", "unknown_label", "phone", "key_not_supported", "reader_in_use")
    rules += ("card_removed",)
    told = [words(language).reason(rule, 15) for rule in rules]
    assert len({what for what, _ in told}) == len(rules)
    pictures = {render(show.Sorry(language=language, reason=rule)).tobytes() for rule in rules}
    assert len(pictures) == len(rules)
    where = ("窓口", "counter")
    assert all(any(word in then for word in where) for _, then in told[:-1])


# --- tries --------------------------------------------------------------------------------------


def test_the_centre_counts_the_tries_of_a_municipal_card_over_two_machines(city: City, wallet: Cards) -> None:
    """After two wrong PINs at one machine the other warns before the third, which locks the card everywhere."""
    first, second = CityMachine(city, OFFICE), CityMachine(city, OFFICE, name="rig-02", seed=1)
    person = serve(first, Person(wallet["citizen-card"], pin="0000", deeds={show.LastTry: _cancel}))
    assert next(s.tries_left for s in person.seen if isinstance(s, show.EnterPin) and s.wrong) == 2
    assert (closed(first).reason, city.pin_failures("citizen")) == ("cancelled", 2)
    judged = [record.ok for record in first.records(records.PinResult) if isinstance(record, records.PinResult)]
    assert judged == [False, False], "only the centre can say that this PIN is right"
    person = serve(second, Person(wallet["citizen-card"], pin="0000"))
    assert saw(person, show.LastTry)
    assert sorry(person).reason == "pin_blocked"
    person = serve(first, Person(wallet["citizen-card"]))
    assert sorry(person).reason == "pin_blocked"
    assert not saw(person, show.EnterPin)
    assert [machine.loop.book.failed_sessions for machine in (first, second)] == [1, 1]


def test_a_right_municipal_pin_gives_all_tries_back(city: City, wallet: Cards) -> None:
    machine = CityMachine(city, OFFICE)
    serve(machine, Person(wallet["citizen-card"], pin="0000", second_pin="8888", kind="1"))
    assert (closed(machine).outcome, city.pin_failures("citizen")) == ("issued", 0)
    assert machine.loop.book.failed_sessions == 0


def test_a_resident_may_stop_before_the_last_try(city: City, wallet: Cards) -> None:
    machine = CityMachine(city)
    person = serve(machine, Person(wallet["last-try"], deeds={show.LastTry: _cancel}))
    assert saw(person, show.LastTry)
    assert not saw(person, show.EnterPin)
    assert wallet["last-try"].chip.state["jpki/0018"] == 1
    assert closed(machine).reason == "cancelled"


def _cancel(machine: RigMachine, _: show.Scene) -> None:
    machine.tap("cancel", machine.clock.monotonic() + 1)


# --- a card that is pulled -------------------------------------------------------------------------------------


def _pull_in(state: str, machine: RigMachine, person: Person) -> None:
    """Insert the card, pull it when the session reaches this state, and run the session to its end."""
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_until(lambda: machine.loop.state == state, 60)
    machine.reader.remove()
    machine.run_until(lambda: machine.loop.state is State.IDLE, 120)


@pytest.mark.parametrize("state", ["reading_card", "calling_centre", "last_try", "entering_pin", "checking_pin"])
@pytest.mark.parametrize("card", ["last-try", "citizen-card"])
def test_a_card_pulled_at_any_step_says_so_and_nothing_else(city: City, wallet: Cards, state: str, card: str) -> None:
    machine = CityMachine(city, OFFICE)
    person = Person(wallet[card])
    if state == "last_try":
        with city.store.writing() as c:
            c.execute(cards.update().where(cards.c.kind == "citizen").values(pin_failures=2))
    _pull_in(state, machine, person)
    assert closed(machine).reason == "card_removed"
    last = [scene for scene in person.seen if isinstance(scene, show.Sorry)][-1]
    assert (last.reason, last.card_in) == ("card_removed", False)
    assert not saw(person, show.TakeCard), "there is no card to take"
    assert machine.pin.count == 0


@pytest.mark.parametrize("step", ["authenticating", "taking_card"])
def test_a_card_pulled_after_it_has_signed_does_not_end_the_session(city: City, wallet: Cards, step: str) -> None:
    """The session goes on if the centre has answered before the card is pulled; the next test pulls it earlier."""
    machine = CityMachine(city)
    _pull_in(step, machine, Person(wallet["hanako"], kind="1"))
    assert (closed(machine).outcome, closed(machine).reason) == ("issued", "")


def test_a_card_gone_before_the_centre_has_answered_ends_the_session(city: City) -> None:
    loop = CityMachine(city).loop
    taken = session_step(State.AUTHENTICATING, loop.context, loop.book, CardRemoved(), loop.write)
    assert (taken.state, loop.context.reason) == (State.SORRY, "card_removed")


@pytest.mark.parametrize("at", range(1, 22))
def test_a_card_pulled_at_any_command(city: City, wallet: Cards, at: int) -> None:
    """Pulled in the middle of the `at`-th command since power-on. Only a VERIFY that arrived spends a try."""
    machine = CityMachine(city)
    chip = wallet["hanako"].chip
    chip.fail("pulled", at=at)
    person = serve(machine, Person(wallet["hanako"]))
    if not chip_was_pulled(machine):
        assert closed(machine).outcome == "issued"
        return
    assert (sorry(person).reason, closed(machine).reason) == ("card_removed", "card_removed")
    assert chip.state["jpki/0018"] == 3
    assert machine.loop.book.failed_sessions == 0


def chip_was_pulled(machine: RigMachine) -> bool:
    return closed(machine).outcome != "issued"


@pytest.mark.parametrize("state", ["calling_centre", "entering_pin"])
def test_the_reader_is_unplugged_in_the_middle_and_comes_back(city: City, wallet: Cards, state: str) -> None:
    """The screen must not say that the card was pulled; the machine closes with the reader's number until it is back."""
    machine = CityMachine(city)
    person = Person(wallet["hanako"], deeds={show.EnterPin: lambda _m, _s: None})
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_until(lambda: machine.loop.state == state, 60)
    machine.reader.unplug()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 120)
    assert (sorry(person).reason, closed(machine).reason) == ("machine", "machine")
    assert machine.loop.reception.state.numbers == ("201",)
    machine.reader.remove()
    machine.reader.plug_in()
    serve(machine, Person(wallet["hanako"], kind="1"))
    assert closed(machine).outcome == "issued"


def test_a_card_taken_late_changes_nothing(city: City, wallet: Cards) -> None:
    """The resident takes the card after 25 s: the machine reminds them, and the session goes on and ends well."""
    machine = CityMachine(city)

    def slowly(machine_: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.TakeCard)
        if not scene.alarm and scene.countdown_s is None:
            machine_.clock.at(machine_.clock.monotonic() + 25, machine_.reader.remove)

    person = serve(machine, Person(wallet["hanako"], kind="1", deeds={show.TakeCard: slowly}))
    assert any(isinstance(scene, show.TakeCard) and scene.alarm for scene in person.seen)
    assert (closed(machine).outcome, closed(machine).reason) == ("issued", "")
    assert saw(person, show.Done)


# --- PIN guessing with many cards -----------------------------------------------------------------


def _locked(machine: RigMachine) -> show.Closed:
    """The screen once the machine takes no card any more."""
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 5)
    scene = machine.loop.scene
    assert isinstance(scene, show.Closed)
    return scene


def test_wrong_pins_with_different_cards_suspend_the_machine_for_a_while(city: City, wallet: Cards) -> None:
    machine = CityMachine(city)
    attack(machine, wallet, 3)
    since_s = machine.clock.monotonic()
    scene = _locked(machine)
    assert (scene.reason, scene.numbers) == ("lockout", ("202",))
    assert scene.opens_at is not None
    assert 30 <= (scene.opens_at - machine.now()).total_seconds() <= 90
    assert city.reported() == [], "three cards with wrong PINs do not suspend the machine"
    machine.reader.insert(wallet["hanako"].chip)
    opened = len(machine.records(records.SessionOpened))
    machine.run_until(lambda: machine.clock.monotonic() > since_s + 28, 60)
    assert len(machine.records(records.SessionOpened)) == opened, "a card that is put in is not read"
    machine.reader.remove()
    serve(machine, Person(wallet["hanako"], kind="1"))
    assert closed(machine).outcome == "issued"
    assert machine.loop.book.failed_sessions == 0, "one right PIN sets the count back"


def test_from_the_fifth_card_on_the_centre_is_told_once_and_without_a_name(city: City, wallet: Cards) -> None:
    machine = CityMachine(city)
    attack(machine, wallet, 5)
    _locked(machine)
    machine.run_until(lambda: city.reported() != [], 30)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 600)
    assert city.reported() == [("rig-01", "pin_attack")]
    flags = [record for record in machine.records(records.Flag) if isinstance(record, records.Flag)]
    assert [flag for flag in flags if flag.code == "pin_attack"] == [records.Flag("pin_attack", "5")]


def test_the_lockout_survives_a_power_cut_and_so_does_the_report(city: City, wallet: Cards) -> None:
    machine = CityMachine(city)
    attack(machine, wallet, 5)
    _locked(machine)
    machine.centre.faults.down = True  # before the next heartbeat
    machine.run_until(lambda: State.IDLE is machine.loop.state and "line" in machine.loop.reception.state.reasons, 60)
    stopped_s = machine.clock.monotonic()
    machine.restart(away_s=0.0)
    machine.centre.faults.down = False
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 900)
    assert machine.clock.monotonic() - stopped_s >= 300, "switching off and on does not shorten it"
    assert city.reported() == [("rig-01", "pin_attack")]


def test_the_next_card_does_not_slip_in_before_the_lockout(city: City, wallet: Cards) -> None:
    """A card put in while the last session still shows its end is read when the machine is idle, not earlier."""
    machine = CityMachine(city)
    attack(machine, wallet, 2)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [Person(wallet["kazuko"], pin="0000")]
    machine.reader.insert(wallet["kazuko"].chip)
    machine.run_until(lambda: machine.loop.state is State.ENTERING_PIN and machine.loop.context.pin_wrong, 60)
    machine.watchers.clear()
    machine.reader.remove()
    machine.run_until(lambda: machine.loop.state is State.SORRY, 60)
    opened = len(machine.records(records.SessionOpened))
    machine.reader.insert(wallet["nguyen"].chip)
    machine.tap("enter", machine.clock.monotonic() + 1)
    machine.run_until(lambda: machine.loop.state is State.IDLE, 60)
    _locked(machine)
    assert len(machine.records(records.SessionOpened)) == opened
    machine.watchers[:] = [Person(wallet["nguyen"])]
    machine.run_until(lambda: machine.loop.state is not State.IDLE, 120)
    assert len(machine.records(records.SessionOpened)) == opened + 1, "then the card that waits is served"
