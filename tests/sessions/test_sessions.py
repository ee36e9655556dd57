"""Whole sessions in virtual time: the real session, loop, desks, drivers and journal on models.

Each test ends with the same accounts: what is in the cash box is what was fed, what left the hoppers is what the
journal says was paid, what is printed is what was charged, and the centre holds the same of every copy.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import pytest

import host_sim.rig.centre as rig_centre
from drivers.vocabulary import Key, KeyPressed, PinBlocked
from firmware.book import records
from firmware.desks import KEYPAD, OF_MACHINE, Posted
from firmware.screens import draw
from firmware.session import scenes as show
from firmware.session.states import State
from firmware.voice.scenes import words_of
from host_sim.models.chip import ChipCard, Pin
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve, tap_at_first
from host_sim.rig.world import JST
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def closed(machine: RigMachine) -> records.SessionClosed:
    found = [record for record in machine.records(records.SessionClosed) if isinstance(record, records.SessionClosed)]
    return found[-1]


def balanced(machine: RigMachine, overpaid_yen: int = 0) -> records.SessionClosed:
    """Compare the last session's accounts with what the models saw (invariants I1 to I9); returns its SessionClosed."""
    book = closed(machine)
    assert book.inserted_yen == book.earned_yen + book.paid_out_yen + book.claimed_yen
    assert machine.coins_in_yen() == sum(r.inserted_yen for r in machine.records(records.SessionClosed))
    assert machine.coins_out_yen() == sum(r.paid_out_yen for r in machine.records(records.SessionClosed)) + overpaid_yen
    assert sum(machine.centre.claims.values()) == sum(r.claimed_yen for r in machine.records(records.SessionClosed))
    issued = {(r.rid, r.copy) for r in machine.records(records.CopyPrinted)}
    held = {(rid, n): c.state for rid, copies in machine.centre.requests.items() for n, c in copies.items()}
    assert {key for key, state in held.items() if state == "issued"} == issued
    assert all(state in {"issued", "void"} for state in held.values())
    assert machine.printer.complaints == []
    assert machine.slips.complaints == []
    assert machine.loop.book.uncertain == ()
    assert machine.pin.count == 0
    return book


def sorry(person: Person) -> show.Sorry:
    return next(scene for scene in person.seen if isinstance(scene, show.Sorry))


@pytest.mark.parametrize("kind", ["Inkan", "印鑑登録証明書", "in kan"])
def test_a_kind_that_the_journal_does_not_take_is_no_answer(
    wallet: Cards, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(rig_centre.OFFERS[1], "kind", kind)
    machine = RigMachine()
    person = Person(wallet["hanako"])
    serve(machine, person)
    assert sorry(person).reason == "bad_answer"
    assert machine.records(records.Request) == []


def test_one_certificate_with_change(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    book = balanced(machine)
    assert (book.outcome, book.earned_yen, book.paid_out_yen) == ("issued", 300, 200)
    assert len(machine.printer.delivered) == 1
    assert len(machine.slips.delivered) == 1


def test_three_copies_of_a_kind_with_options(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["taro"], coins=[500, 500], kind="1", copies=3))
    assert balanced(machine).paid_out_yen == 100
    numbers = [record.issue_number for record in machine.records(records.CopyPrinted)]
    assert len(set(numbers)) == 3


@pytest.mark.parametrize("state", [State.RESERVING, State.DRAINING_PAID, State.PRINTING])
def test_a_cancel_pressed_after_the_fee_is_met_is_ignored(wallet: Cards, state: State) -> None:
    """The keypad has its own thread: a key press can wait in the queue while an earlier coin completes the fee."""
    machine = RigMachine()
    receive, pressed = machine.crew.receive, [Posted(KEYPAD, OF_MACHINE, KeyPressed(Key.CANCEL))]

    def receiving(timeout_s: float) -> Posted | None:
        return pressed.pop() if pressed and machine.loop.state is state else receive(timeout_s)

    machine.crew.receive = receiving  # type: ignore[method-assign]
    person = serve(machine, Person(wallet["hanako"]))
    assert pressed == []
    assert (balanced(machine).outcome, balanced(machine).reason) == ("issued", "")
    assert not any(isinstance(scene, show.Sorry) for scene in person.seen)


def test_two_residents_in_a_row_get_their_own_papers(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))
    serve(machine, Person(wallet["kazuko"]))
    balanced(machine)
    fingerprints = [copy.fingerprint for copies in machine.centre.requests.values() for copy in copies.values()]
    assert len(set(fingerprints)) == 2


def test_a_wrong_pin_is_counted_and_the_right_one_still_works(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"], pin="9999")

    def correct(machine_: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.EnterPin)
        if scene.wrong:
            assert scene.tries_left == 2
            person.pin = "1234"
        if scene.count == 0 and scene.countdown_s is None:
            person.type_pin(machine_, machine_.clock.monotonic())

    person.deeds[show.EnterPin] = correct
    serve(machine, person)
    assert balanced(machine).outcome == "issued"


def test_three_wrong_pins_block_the_card_and_send_the_resident_to_the_counter(wallet: Cards) -> None:
    machine = RigMachine()
    person = serve(machine, Person(wallet["hanako"], pin="9999"))
    assert sorry(person).reason == "pin_blocked"
    assert any(isinstance(scene, show.LastTry) for scene in person.seen)
    assert balanced(machine).inserted_yen == 0


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("blocked", "pin_blocked"),
        ("expired", "out_of_date"),
        ("licence", "not_our_card"),
        ("broken", "unreadable"),
        ("ec-key", "key_not_supported"),
        ("citizen-card", "kind_not_taken"),
    ],
)
def test_a_card_that_cannot_be_used_is_refused_before_the_pin(wallet: Cards, card: str, reason: str) -> None:
    machine = RigMachine()
    person = serve(machine, Person(wallet[card]))
    assert sorry(person).reason == reason
    assert not any(isinstance(scene, show.EnterPin) for scene in person.seen)


@pytest.mark.parametrize("code", ["certificate_revoked", "moved_out", "under_age", "ask_at_counter", "outside_hours"])
def test_what_the_centre_refuses_at_once_costs_no_pin_try(wallet: Cards, code: str) -> None:
    machine = RigMachine()
    machine.centre.faults.refusals["challenges"] = code
    person = serve(machine, Person(wallet["hanako"]))
    assert sorry(person).reason == code
    assert not any(isinstance(scene, show.EnterPin) for scene in person.seen)


@pytest.mark.parametrize("years", [12, 18])
def test_who_is_too_young_is_told_the_citys_own_age_limit(wallet: Cards, years: int) -> None:
    machine = RigMachine()
    machine.centre.tables.change(youngest_years=years)
    machine.run_until(lambda: machine.loop.scene.youngest_years == years, 3600)
    machine.centre.faults.refusals["challenges"] = "under_age"
    refused = sorry(serve(machine, Person(wallet["hanako"])))
    shown = draw(refused).placed
    assert any(f"{years}歳" in note.text for note in shown)
    assert f"{years}歳" in [piece.text for sentence in words_of(refused) for piece in sentence.pieces]


def test_cancel_with_coins_in_gives_all_back(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"], coins=[100, 100])
    machine_cancel: list[bool] = []

    def cancel(machine_: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.Pay)
        now_s = machine_.clock.monotonic()
        if not machine_cancel:
            machine_cancel.append(True)
            machine_.drop(100, now_s + 1)
            machine_.drop(100, now_s + 2)
            machine_.tap("cancel", now_s + 4)

    person.deeds[show.Pay] = cancel
    serve(machine, person)
    book = balanced(machine)
    assert (book.inserted_yen, book.paid_out_yen, book.outcome) == (200, 200, "not_issued")
    assert machine.printer.delivered == []


def test_a_resident_who_walks_away_while_paying_loses_nothing(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], coins=[100]))
    book = balanced(machine)
    assert (book.inserted_yen, book.paid_out_yen, book.reason) == (100, 100, "pay_timed_out")


@pytest.mark.parametrize("scene", [show.EnterPin, show.ChooseKind, show.ChooseCopies, show.Basket])
def test_nothing_pressed_ends_the_session_with_a_visible_countdown(wallet: Cards, scene: type[show.Scene]) -> None:
    machine = RigMachine()

    def nothing(machine_: RigMachine, _: show.Scene) -> None:
        return

    person = serve(machine, Person(wallet["hanako"], deeds={scene: nothing}))
    counted = [s.countdown_s for s in person.seen if isinstance(s, scene) and s.countdown_s is not None]
    assert counted[0] == 15
    assert counted[-1] == 1
    assert machine.loop.context.who is None


@pytest.mark.parametrize("scene", [show.Working, show.EnterPin])
def test_the_card_is_pulled(wallet: Cards, scene: type[show.Scene]) -> None:
    machine = RigMachine()

    def pull(machine_: RigMachine, _: show.Scene) -> None:
        machine_.clock.at(machine_.clock.monotonic() + 0.05, machine_.reader.remove)

    person = serve(machine, Person(wallet["hanako"], deeds={scene: pull}))
    assert sorry(person).reason in {"card_removed", "unreadable", "machine"}
    assert balanced(machine).inserted_yen == 0


def test_another_persons_document_prints_nothing_asks_no_money_and_stops_the_line(wallet: Cards) -> None:
    machine = RigMachine()
    machine.centre.faults.foreign_document = True
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    person = Person(wallet["hanako"])
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_session()
    machine.settle_advices()
    assert sorry(person).reason == "binding"
    assert machine.printer.delivered == machine.printer.tray == []
    assert not any(isinstance(scene, show.Pay) for scene in person.seen)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 30)
    assert machine.loop.book.line_stopped == "document_sha256"


@pytest.mark.parametrize("call", ["challenges", "authentications", "requests", "document"])
def test_the_line_fails_before_money(wallet: Cards, call: str) -> None:
    machine = RigMachine()
    machine.centre.faults.lost_before.add(call)
    person = serve(machine, Person(wallet["hanako"]))
    assert sorry(person).reason == "unreachable"
    assert balanced(machine).inserted_yen == 0


@pytest.mark.parametrize("call", ["requests", "issued", "void"])
def test_an_answer_is_lost_after_the_centre_acted(wallet: Cards, call: str) -> None:
    machine = RigMachine()
    machine.centre.faults.lost_after.add(call)
    serve(machine, Person(wallet["hanako"]))
    balanced(machine)
    assert machine.centre.conflicts == 0


def test_paper_out_before_money(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"])

    def take_paper_away(machine_: RigMachine, _: show.Scene) -> None:
        machine_.printer.paper_out(machine_.clock.monotonic())
        machine_.tap("enter", machine_.clock.monotonic() + 1)

    person.deeds[show.Basket] = take_paper_away
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_session()
    assert sorry(person).reason == "paper_not_ready"
    assert not any(isinstance(scene, show.Pay) for scene in person.seen)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 30)


def test_an_empty_hopper_leaves_a_claim_slip(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"], coins=[500])

    def empty_the_hoppers(machine_: RigMachine, scene: show.Scene) -> None:
        for hopper in machine_.hoppers.values():
            hopper.tube = 0

    person.deeds[show.Printing] = empty_the_hoppers
    serve(machine, person)
    book = balanced(machine)
    assert (book.earned_yen, book.paid_out_yen, book.claimed_yen) == (300, 0, 200)
    assert len(machine.slips.delivered) == 2  # the claim slip and the receipt


def test_exact_money_only_when_there_is_no_change(wallet: Cards) -> None:
    """It is said before the card and at the slot; exact money is served, and a coin that needs change comes back."""
    machine = RigMachine(tubes={10: 0, 50: 0, 100: 0, 500: 0})
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    assert isinstance(machine.loop.scene, show.Idle)
    assert machine.loop.scene.exact_money_only
    person = serve(machine, Person(wallet["hanako"], coins=[500, 100, 100, 100]))
    assert all(scene.exact_money_only for scene in person.seen if isinstance(scene, show.Pay))
    book = balanced(machine)
    assert (book.inserted_yen, book.earned_yen, book.paid_out_yen, book.claimed_yen) == (300, 300, 0, 0)


@pytest.mark.parametrize(
    ("now", "reason", "opens"),
    [
        (datetime(2026, 11, 24, 23, 30, tzinfo=JST), "hours", datetime(2026, 11, 25, 6, 30, tzinfo=JST)),
        (datetime(2026, 11, 24, 22, 55, tzinfo=JST), "hours", datetime(2026, 11, 25, 6, 30, tzinfo=JST)),
        (datetime(2026, 12, 30, 10, 0, tzinfo=JST), "year_end", datetime(2027, 1, 4, 6, 30, tzinfo=JST)),
    ],
)
def test_closed(wallet: Cards, now: datetime, reason: str, opens: datetime) -> None:
    """Outside hours, too close to closing, and at the turn of the year; a card that is put in is not read."""
    machine = RigMachine(begins=now)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 30)
    scene = machine.loop.scene
    assert isinstance(scene, show.Closed)
    assert (scene.reason, scene.opens_at) == (reason, opens)
    machine.reader.insert(wallet["hanako"].chip)
    for _ in range(50):
        machine.loop.turn()
    assert machine.records(records.SessionOpened) == []


def test_the_line_is_down_and_comes_back(wallet: Cards) -> None:
    machine = RigMachine()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.centre.faults.down = True
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    machine.centre.faults.down = False
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).outcome == "issued"


def test_one_seed_gives_one_journal(wallet: Cards) -> None:
    journals = []
    for _ in range(2):
        machine = RigMachine(seed=7)
        wallet["hanako"].chip.heal()
        serve(machine, Person(wallet["hanako"], coins=[500]))
        journals.append([str(stored.record) for stored in machine.memory.journal.records()])
    assert journals[0] == journals[1]


def test_the_journal_would_be_the_same_with_another_pin(wallet: Cards) -> None:
    """So no form of the digits is in the journal. (A search for four digits would find them in hashes by chance.)"""
    kept = []
    for digits in ("1234", "9870"):
        machine = RigMachine(seed=3)
        wallet["hanako"].chip.heal()
        set_pin(wallet["hanako"].chip, digits)
        serve(machine, Person(wallet["hanako"], pin=digits))
        kept.append([stored.record for stored in machine.memory.journal.records()])
    assert any(isinstance(record, records.PinResult) for record in kept[0])
    assert kept[0] == kept[1]


def set_pin(chip: ChipCard, digits: str) -> None:
    for application in chip.applications:
        for file in application.files.values():
            if isinstance(file, Pin) and file.value == b"1234":
                file.value = digits.encode()


def test_no_name_reaches_the_journal(wallet: Cards) -> None:
    """Invariant I11, on the bytes of the medium."""
    machine = RigMachine()
    person = Person(wallet["hanako"])
    serve(machine, person)
    stored = b"".join(bytes(machine.disk.read(name)) for name in machine.disk.names())
    for secret in ("宮崎　花".encode(), "花＊".encode(), person.card.chip.atr):
        assert secret not in stored, "a secret is in the journal"


def test_the_pin_words_are_never_shown(wallet: Cards) -> None:
    machine = RigMachine()
    person = serve(machine, Person(wallet["hanako"]))
    entries = [scene for scene in person.seen if isinstance(scene, show.EnterPin)]
    assert {scene.count for scene in entries} == {0, 1, 2, 3, 4}
    assert all(not hasattr(scene, "digits") for scene in entries)
    assert PinBlocked() not in entries


def test_the_language_key_changes_every_word(wallet: Cards) -> None:
    machine = RigMachine()
    list_of_languages = tap_at_first(show.ChooseKind, "language") | tap_at_first(show.ChooseLook, "2")
    person = Person(wallet["hanako"], deeds=list_of_languages)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_session()
    assert {scene.language for scene in person.seen} >= {"ja", "en"}
    assert machine.loop.context.language == "ja"


def taps_once(
    machine: RigMachine, key: str, at: Callable[[show.Scene], bool], after_s: float
) -> Callable[[show.Scene], None]:
    """Besides what the person does: one key more, so long after the first scene of this kind."""
    done: list[bool] = []

    def look(scene: show.Scene) -> None:
        if not done and at(scene):
            done.append(True)
            machine.tap(key, machine.clock.monotonic() + after_s)

    return look


@pytest.mark.parametrize("number", ["3", "8"])
def test_what_is_chosen_by_number_at_idle_lasts_until_the_session_ends(wallet: Cards, number: str) -> None:
    machine = RigMachine()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.tap(number, machine.clock.monotonic() + 0.5)
    machine.wait(2)
    person = serve(machine, Person(wallet["hanako"]))
    looks = {(scene.language, scene.look) for scene in person.seen if not isinstance(scene, show.Idle | show.Starting)}
    assert looks == {("zh-Hans", show.Look.NORMAL) if number == "3" else ("ja", show.Look.LARGE)}
    assert any(isinstance(scene, show.Done) for scene in person.seen)
    assert (machine.loop.context.language, machine.loop.context.look) == ("ja", show.Look.NORMAL)


def test_what_is_chosen_at_idle_and_left_is_undone(wallet: Cards) -> None:
    machine = RigMachine()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    for key in ("5", "language", "9", "language"):  # the last leaves the list open
        machine.tap(key, machine.clock.monotonic() + 0.5)
        machine.wait(2)
    assert isinstance(machine.loop.scene, show.ChooseLook)
    assert (machine.loop.scene.language, machine.loop.scene.look) == ("vi", show.Look.LARGE_DARK)
    machine.wait(120)
    assert isinstance(machine.loop.scene, show.Idle)
    assert (machine.loop.scene.language, machine.loop.scene.look) == ("ja", show.Look.NORMAL)


def test_at_the_pin_the_language_key_goes_round_and_keeps_the_digits(wallet: Cards) -> None:
    """There a digit is never a key, so the list cannot be used."""
    machine = RigMachine()
    first, *others = wallet["hanako"].pin or ""
    typed: list[bool] = []

    def types(machine: RigMachine, _: show.Scene) -> None:
        if not typed:
            typed.append(True)
            for number, key in enumerate((first, "language", *others, "enter"), start=1):
                machine.tap(key, machine.clock.monotonic() + 0.6 * number)

    person = Person(wallet["hanako"], deeds={show.EnterPin: types})
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_session()
    assert {scene.look for scene in person.seen if isinstance(scene, show.EnterPin)} == set(show.Look) - {
        show.Look.LARGE_DARK
    }
    assert not any(isinstance(scene, show.ChooseLook) for scene in person.seen)
    assert any(isinstance(scene, show.Done) for scene in person.seen)


def test_a_coin_closes_the_list_of_languages(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"])
    person.on_scene = taps_once(machine, "language", lambda scene: isinstance(scene, show.Pay), 0.1)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [person]
    machine.reader.insert(person.card.chip)
    machine.run_session()
    opened = next(n for n, scene in enumerate(person.seen) if isinstance(scene, show.ChooseLook))
    following = person.seen[opened + 1]
    assert isinstance(following, show.Pay)
    assert following.inserted_yen > 0
    assert any(isinstance(scene, show.Done) for scene in person.seen)
