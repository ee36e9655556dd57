"""`desk cards`: the card desk's acts as commands, one each, and what the register holds."""

import argparse
import hashlib
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography import x509

from host_sim.centre import cards as register
from host_sim.centre.card_desk import enquiries, figures, finding, letter, orders, reports, rules
from host_sim.centre.card_desk.enquiries import Proof
from host_sim.centre.card_desk.orders import Wanted
from host_sim.centre.cards import ActRefused, NewCard, Told
from host_sim.centre.city.model import CardDeskPart
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory, staff_needed
from host_sim.centre.identity import ensure_identity
from host_sim.centre.jpki import chain
from host_sim.centre.opening import open_city, simulated_now
from host_sim.centre.staff.accounts import Accounts, NotAllowed, reason_of
from host_sim.centre.store import Store
from host_sim.centre.tables import cards

ROLE = "card_desk"
_SHORTEST_PREFIX = 8
_REPORTS = {
    "lost": "the holder reports the card lost: it counts at once",
    "found": "a card that was reported lost is back in its holder's hands",
    "revoke": "end a card for good",
}


@dataclass(frozen=True)
class _Desk:
    """What a command works on, in one writing transaction."""

    options: argparse.Namespace
    store: Store
    accounts: Accounts
    rules: CardDeskPart
    told: Told

    def proof(self, c: sa.Connection) -> Proof:
        """How the person was recognised; the second person's code is read from standard input."""
        if self.options.photo_id:
            return Proof()
        second = self.options.second or ""
        if second == self.told.who:
            raise NotAllowed("same_person")
        code = sys.stdin.readline().strip()
        return Proof(self.options.enquiry, self.accounts.confirm(c, second, code, ROLE, self.told.now).login)


def add(desk_acts: Commands) -> None:
    """Add `cards` to the commands of `desk`."""
    acts = desk_acts.add_parser("cards", help="the card desk").add_subparsers(dest="cards_act", required=True)
    for act, text in _REPORTS.items():
        _of_a_card(_act(acts, act, text, _report))
    _proved(_of_a_card(_act(acts, "unlock", "forget the wrong PINs; the PIN stays", _unlock)))
    _act(acts, "find", "who has the name, day of birth or number that is read from standard input", _find)
    _orders(acts)
    _enquiries(acts)
    entered = _act(acts, "enter", "enter an individual number card by its certificate", _enter)
    entered.add_argument("--certificate", required=True, type=Path, metavar="FILE", help="as read from the card, DER")
    entered.add_argument("--resident", metavar="NUMBER", help="of a first certificate")
    entered.add_argument("--instead-of", metavar="CARD", help="of a renewed one: the certificate that it follows")
    _lists(acts)


def _orders(acts: Commands) -> None:
    for act, text in (
        ("issue", "order a first card for a resident"),
        ("switch", "order a card for a plastic one, free while the city's file says so"),
        ("renew", "order a card for one that ends soon"),
        ("replace", "order a card for a worn, changed or lost one"),
        ("pin", "order that a new PIN be set at the resident's pad"),
        ("change", "order that the resident change the PIN at their pad, with the old one as the proof"),
    ):
        command = _act(acts, act, text, _order)
        if act != "change":
            _proved(command)
        command.set_defaults(refuses=False, seal=False, card=None, resident=None)
        if act in {"issue", "switch"}:
            command.add_argument("--resident", required=True, metavar="NUMBER")
        else:
            _of_a_card(command)
        if act not in orders.SET_A_PIN:
            command.add_argument("--refuses", action="store_true", help="the resident wants no 住基カード")
        if act == "issue":
            command.add_argument("--seal", action="store_true", help="their seal registration is to hang on it")
    for act, text, run in (
        ("code", "another code for an order that is not ended", _code),
        ("discard", "give an order up; a card that was begun for it is to be destroyed", _discard),
    ):
        _act(acts, act, text, run).add_argument("order", help="its number")


def _enquiries(acts: Commands) -> None:
    sent = _act(acts, "enquire", "write the letter to a resident who has no photo ID", _enquire)
    sent.add_argument("--resident", required=True, metavar="NUMBER")
    sent.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="where the letter goes, a PDF")
    answered = _act(acts, "answer", "the reply was brought; its code is read from standard input", _answer)
    answered.add_argument("enquiry", help="its number")


def _lists(acts: Commands) -> None:
    listed = at_the_centre(acts, "list", "cards and their acts, oldest first")
    listed.add_argument("--resident", metavar="NUMBER")
    ending = at_the_centre(acts, "ending", "cards that end soon, by month")
    ending.add_argument("--days", default="90")
    listed.set_defaults(run=_list)
    ending.set_defaults(run=_ending)
    for act, text, run in (
        ("open", "orders and enquiries that are not ended, and what to do", _open),
        ("counts", "cards of each kind and state, and the rate against the population", _counts),
        ("check", "does the register say what its acts have made of each card?", _check),
    ):
        at_the_centre(acts, act, text).set_defaults(run=run)


def _act(
    acts: Commands, name: str, text: str, do: Callable[[sa.Connection, _Desk], Callable[[], None] | None]
) -> argparse.ArgumentParser:
    command = at_the_centre(acts, name, text)
    command.add_argument("--by", required=True, metavar="WHO", help="the member of staff who does it")
    command.add_argument("--why", required=True, help="why, in a few words; no name of a resident")
    command.set_defaults(run=_run, do=do)
    return command


def _of_a_card(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("card", help=f"the card's fingerprint, or its first {_SHORTEST_PREFIX} digits or more")
    return command


def _proved(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    how = command.add_mutually_exclusive_group(required=True)
    how.add_argument("--photo-id", action="store_true", help="a document with a photo was seen")
    how.add_argument("--enquiry", metavar="NUMBER", help="the answered enquiry, with --second")
    command.add_argument("--second", metavar="WHO", help="who agrees, too; their code is read from standard input")
    return command


# --- the acts -------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    run, now = run_directory(options), simulated_now(run_directory(options) / "clock-offset")
    with closing(open_store(options)) as store:
        city = open_city(store, None, now)
        accounts = Accounts(store, city, ensure_identity(run / "centre", ()).staff_key)
        try:
            with store.writing() as c:
                staff_needed(store, c, now, options.by, ROLE)
                told = Told(options.by, reason_of(options.why), now)
                after = options.do(c, _Desk(options, store, accounts, city.at(c, now).rules.card_desk, told))
            if after is not None:
                after()  # slow work, when what was done is committed
        except (ActRefused, NotAllowed) as refused:
            print(refused, file=sys.stderr)
            return 1
    return 0


def _report(c: sa.Connection, desk: _Desk) -> None:
    reports.report(c, fingerprint(c, desk.options.card), desk.options.cards_act, desk.told)
    print("Done.")


def _unlock(c: sa.Connection, desk: _Desk) -> None:
    reports.unlock(c, fingerprint(c, desk.options.card), desk.proof(c), desk.told)
    print("Done.")


def _order(c: sa.Connection, desk: _Desk) -> None:
    asked = desk.options
    wanted = Wanted(
        act=asked.cards_act,
        resident_id=asked.resident,
        card=None if asked.card is None else fingerprint(c, asked.card),
        refuses_resident_register=asked.refuses,
        carries_seal=asked.seal,
    )
    proof = None if wanted.act == "change" else desk.proof(c)
    made = orders.order(c, desk.rules, wanted, proof, desk.told)
    print(f"Order {made.order_id}, {made.kind}. Type this code at the desk's reader within an hour: {made.code}")


def _code(c: sa.Connection, desk: _Desk) -> None:
    print(f"The order's new code, good for an hour: {orders.fresh_code(c, desk.options.order, desk.told)}")


def _discard(c: sa.Connection, desk: _Desk) -> None:
    orders.discard(c, desk.options.order, desk.told)
    print(orders.SENTENCES["discarded"])


def _enquire(c: sa.Connection, desk: _Desk) -> Callable[[], None]:
    sent = enquiries.send(c, desk.rules, desk.options.resident, desk.told)
    addressed = letter.addressed(c, desk.accounts.city, sent, desk.told.now)

    def write() -> None:
        path = Path(desk.options.out) / letter.file_name(sent)
        try:
            path.write_bytes(letter.letter(addressed))
        except OSError:
            raise ActRefused("The letter cannot be written there: name another folder, and send it anew.") from None
        print(f"Enquiry {sent.enquiry_id}, to be answered by {sent.reply_until}. Post {path}, and delete the file.")

    return write


def _answer(c: sa.Connection, desk: _Desk) -> Callable[[], None]:
    refusal = enquiries.answer(c, desk.options.enquiry, sys.stdin.readline().strip(), desk.told)

    def tell() -> None:
        """A wrong code has been counted by now."""
        if refusal is not None:
            raise ActRefused(refusal)
        print("The reply counts, for one act, with a second member of staff.")

    return tell


def _find(c: sa.Connection, desk: _Desk) -> Callable[[], None]:
    """A name is not an argument: others of the computer would see it."""
    del c

    def search() -> None:
        found = finding.find(desk.store, sys.stdin.readline(), desk.told)
        for one in found.people:
            print(one.resident_id, one.name, one.kana, one.born.on or "-", one.state)
        if found.more:
            print("Others match, too: give more of the name.")
        if not found.people:
            raise ActRefused("Nobody in the register matches.")

    return search


def _enter(c: sa.Connection, desk: _Desk) -> None:
    try:
        credential = Path(desk.options.certificate).read_bytes()
        until = x509.load_der_x509_certificate(
            credential
        ).not_valid_after_utc.date()  # 14:59 UTC: the same day in Japan
    except OSError:
        raise ActRefused(f"The file {desk.options.certificate} cannot be read.") from None
    except chain.UNREADABLE:
        raise ActRefused("The file is not a certificate (DER).") from None
    old = None if desk.options.instead_of is None else fingerprint(c, desk.options.instead_of)
    resident = desk.options.resident if old is None else register.known(c, old).resident_id
    new = NewCard(
        credential_sha256=hashlib.sha256(credential).hexdigest(),
        kind="individual_number",
        resident_id=resident or "",
        valid_until=until,
    )
    if old is None:
        register.issue(c, new, {}, desk.told)
    else:
        register.renew(c, old, new, desk.told)
    print("Done.")


def fingerprint(c: sa.Connection, named: str) -> str:
    """The whole fingerprint of a card named by its beginning. Raises `ActRefused`."""
    if len(named) < _SHORTEST_PREFIX or not set(named) <= set("0123456789abcdef"):
        raise ActRefused(f"A fingerprint is {_SHORTEST_PREFIX} to 64 digits and letters a to f.")
    found = c.scalars(sa.select(cards.c.credential_sha256).where(cards.c.credential_sha256.startswith(named))).all()
    if len(found) != 1:
        raise ActRefused("There is no such card." if not found else "Several cards begin so: give more of it.")
    return str(found[0])


# --- what there is --------------------------------------------------------------------------------


def _now(options: argparse.Namespace) -> datetime:
    return simulated_now(run_directory(options) / "clock-offset")


def _list(options: argparse.Namespace) -> int:
    with closing(open_store(options)) as store, store.reading() as c:
        query = sa.select(cards).order_by(cards.c.resident_id, cards.c.credential_sha256)
        if options.resident is not None:
            query = query.where(cards.c.resident_id == options.resident)
        found = c.execute(query).all()
        if not found:
            print("No such card is in the register." if options.resident else "No card is in the register yet.")
        for card in found:
            state, seal = figures.standing(card, _now(options).date()), "seal" if card.seal_number is not None else "-"
            print(card.credential_sha256, card.kind, card.resident_id, state, card.valid_until or "-", seal)
            for act in figures.acts_of(c, card.credential_sha256):
                print("   ", act.at, act.act, act.who, act.why, act.detail)
    return 0


def _open(options: argparse.Namespace) -> int:
    with closing(open_store(options)) as store, store.reading() as c:
        waiting = orders.rows(c, *orders.OPEN)
        for order in waiting:
            print(order.made_at[:16], order.order_id, order.act, order.kind, order.resident_id, order.state)
            print("   ", orders.SENTENCES[order.state])
        letters = enquiries.rows(c, "sent", "answered")
        for sent in letters:
            print(sent.sent_on, "enquiry", sent.enquiry_id, sent.resident_id, sent.state, f"until {sent.reply_until}")
        if not waiting and not letters:
            print("No order and no enquiry is open.")
    return 0


def _ending(options: argparse.Namespace) -> int:
    today: date = _now(options).date()
    try:
        days = figures.days_of(options.days)
    except ActRefused as refused:
        print(refused, file=sys.stderr)
        return 1
    with closing(open_store(options)) as store, store.reading() as c:
        months = figures.ending(c, today, days)
    for month, found in months.items():
        print(f"{month}  {len(found)}")
        for card in found:
            seal = "seal" if card.carries_seal else "-"
            print("   ", card.valid_until, card.kind, card.fingerprint[:12], card.resident_id, seal)
    if not months:
        print(f"No card of the city ends within {days} days.")
    return 0


def _counts(options: argparse.Namespace) -> int:
    store: Store
    with closing(open_store(options)) as store:
        city = open_city(store, None, _now(options))
        with store.reading() as c:
            found = figures.figures(c, _now(options).date())
            switch = city.at(c, _now(options)).rules.card_desk.switch
    print(f"{'':18}" + "".join(f"{state:>10}" for state in figures.STATES))
    for kind, states in found.counts.items():
        print(f"{kind:18}" + "".join(f"{states[state]:>10}" for state in figures.STATES))
    print(f"{'plastic':18}{found.plastic:>10}")
    rate = f"{found.rate_percent:.2f} %"
    print(f"Valid cards of the city: {found.valid_of_the_city} of {found.population} residents, {rate}.")
    print(rules.switch_sentence(switch))
    return 0


def _check(options: argparse.Namespace) -> int:
    with closing(open_store(options)) as store, store.reading() as c:
        found: list[Any] = list(register.disagreements(c))
    print(*(found or ["Every card is what its acts have made of it."]), sep="\n")
    return 1 if found else 0
