"""Acts of the desk, cuts and PINs in any order: what must hold after each of them, whatever came before."""

import contextlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drivers.card_desk.terminal import DeskStopped
from drivers.errors import CardGone
from host_sim.centre import cards as register
from host_sim.centre.card_desk import figures, orders, reports
from host_sim.centre.card_desk.enquiries import Proof
from host_sim.centre.cards import ActRefused
from host_sim.centre.tables import card_order_acts, card_orders, cards
from host_sim.models.blank_card import BlankCard
from tests.unit.centre import databases
from tests.unit.centre.card_desk import COLLEAGUE, PHOTO, Desk, blank, fingerprint, is_in, outcome
from tests.unit.centre.town import Town as _Town

PEOPLE = ("hanako", "kazuko", "taro")
PERSONALISED = 0x05


class Counter(RuleBasedStateMachine):
    """A clerk, three residents, a box of blank cards, and a reader whose power may go."""

    kind = "sqlite"
    changed = 0  # PINs that were changed with the old one, in all examples

    @initialize(cut=st.integers(0, 18), acts=st.booleans())
    def opens(self, cut: int, acts: bool) -> None:
        """Each day begins with a card whose holder changes the PIN, with a cut or without: by chance it is hardly reached."""
        databases.FRESH.kind = self.kind
        databases.FRESH.again()
        self.desk = Desk(_Town())
        self.codes: dict[str, str] = {}  # order -> its code
        self.in_hand: dict[str, BlankCard] = {}  # order -> the card that was put in for it
        self.changes: set[str] = set()  # orders that ask for the old PIN
        self.written: list[BlankCard] = []
        self.pins: dict[str, str] = {}  # fingerprint -> the PIN its holder has
        first = self.desk.order("issue", PEOPLE[0], PHOTO)
        self.codes[first.order_id] = first.code
        self._put_in(first.order_id, "2580")
        self._order_for(self.written[0], "change")
        self._put_in(next(iter(self.changes)), "4649", cut, acts=acts)

    def teardown(self) -> None:
        databases.FRESH.end()

    @rule(who=st.sampled_from(PEOPLE), act=st.sampled_from(["issue", "switch"]), letter=st.booleans())
    def orders_a_first_card(self, who: str, act: str, letter: bool) -> None:
        proof = Proof(self.desk.answered(who), COLLEAGUE) if letter else PHOTO
        try:
            made = self.desk.order(act, who, proof)
        except ActRefused:
            return
        self.codes[made.order_id] = made.code

    @precondition(lambda self: self.written)
    @rule(data=st.data(), act=st.sampled_from(["renew", "replace", "pin", "change"]))
    def orders_for_a_card(self, data: st.DataObject, act: str) -> None:
        self._order_for(data.draw(st.sampled_from(self.written)), act)

    def _order_for(self, card: BlankCard, act: str) -> None:
        try:
            made = self.desk.order(act, proof=None if act == "change" else PHOTO, card=fingerprint(card))
        except ActRefused:
            return
        self.codes[made.order_id] = made.code
        if act == "change":
            self.changes.add(made.order_id)
        if act in orders.SET_A_PIN:
            self.in_hand[made.order_id] = card

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), cut=st.integers(0, 18), acts=st.booleans(), pin=st.sampled_from(["4649", "8052", "1234"]))
    def puts_a_card_in(self, data: st.DataObject, cut: int, acts: bool, pin: str) -> None:
        self._put_in(data.draw(st.sampled_from(list(self.codes))), pin, cut, acts=acts)

    def _put_in(self, order: str, pin: str, cut: int = 0, *, acts: bool = False) -> None:
        """`cut`: the command at which the card is pulled out; 0: it stays."""
        card = self.in_hand.setdefault(order, blank())
        card.heal()
        if cut:
            card.fail("pulled", at=cut, acts=acts)
        old = [self.pins[fingerprint(card)]] if order in self.changes else []
        try:
            self.desk.put_in(card, self.codes[order], *old, pin, pin)
        except (CardGone, DeskStopped):
            return
        finally:
            card.heal()
        del self.codes[order]
        type(self).changed += order in self.changes
        self.pins[fingerprint(card)] = pin
        if card not in self.written:
            self.written.append(card)

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), discards=st.booleans())
    def gives_up_or_asks_for_a_code(self, data: st.DataObject, discards: bool) -> None:
        order = data.draw(st.sampled_from(list(self.codes)))
        try:
            with self.desk.town.store.writing() as c:
                if discards:
                    orders.discard(c, order, self.desk.told())
                else:
                    self.codes[order] = orders.fresh_code(c, order, self.desk.told())
        except ActRefused:
            return
        if discards:
            del self.codes[order]

    @precondition(lambda self: self.written)
    @rule(data=st.data(), act=st.sampled_from(reports.REPORTS))
    def reports_a_card(self, data: st.DataObject, act: str) -> None:
        card = data.draw(st.sampled_from(self.written))
        with contextlib.suppress(ActRefused), self.desk.town.store.writing() as c:
            reports.report(c, fingerprint(card), act, self.desk.told())

    @rule(days=st.integers(1, 200))
    def time_passes(self, days: int) -> None:
        self.desk.town.now += timedelta(days=days)

    @invariant()
    def the_register_says_what_its_acts_made(self) -> None:
        with self.desk.town.store.reading() as c:
            assert register.disagreements(c) == []
            figures.figures(c, self.desk.town.now.date())

    @invariant()
    def no_card_is_in_the_register_that_is_not_written_by_an_order_that_is_done(self) -> None:
        with self.desk.town.store.reading() as c:
            entered = set(c.scalars(sa.select(cards.c.credential_sha256).where(cards.c.method == "municipal")))
            states = {row.order_id: row.state for row in c.execute(sa.select(card_orders))}
            last = {
                row.order_id: row.became for row in c.execute(sa.select(card_order_acts).order_by(card_order_acts.c.id))
            }
        assert entered == {fingerprint(card) for card in self.written}
        assert states == last
        assert all(card.memory.life_cycle == PERSONALISED for card in self.written)

    @invariant()
    def a_resident_has_at_most_one_card_in_use_and_one_open_order(self) -> None:
        with self.desk.town.store.reading() as c:
            holders = [
                card.resident_id
                for card in c.execute(sa.select(cards).where(cards.c.method == "municipal"))
                if register.state_of(card) is register.CardState.IN_USE
            ]
            waiting = [row.resident_id for row in orders.rows(c, *orders.OPEN)]
        assert len(set(holders)) == len(holders)
        assert len(set(waiting)) == len(waiting)

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def a_card_in_use_is_taken_at_the_hall_with_its_pin(self, data: st.DataObject) -> None:
        card = data.draw(st.sampled_from(self.written))
        with self.desk.town.store.reading() as c:
            state = register.state_of(register.known(c, fingerprint(card)))
        answer = outcome(self.desk.town, card, self.pins[fingerprint(card)])
        assert is_in(answer) or state is not register.CardState.IN_USE or "outside_hours" in str(answer).lower()


@pytest.mark.parametrize("kind", databases.AT_HAND)
def test_whatever_is_done_at_the_desk(kind: str) -> None:
    Counter.kind, Counter.changed = kind, 0
    examples = 16 if kind == "sqlite" else 8
    Counter.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    Counter.TestCase().runTest()
    assert Counter.changed > 0
