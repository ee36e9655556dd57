"""`card`: the acts on the card register, one command each, and what the register holds."""

import argparse
import getpass
import hashlib
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography import x509

from host_sim.centre import cards as register
from host_sim.centre import municipal
from host_sim.centre.cards import ActRefused, CardRegister, NewCard, Told
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.identity import ensure_identity
from host_sim.centre.jpki import chain
from host_sim.centre.opening import simulated_now
from host_sim.centre.pins import OtherPinKey
from host_sim.centre.store import Store
from host_sim.centre.tables import card_acts, cards

_SHORTEST_PREFIX = 8
_ACTS = {
    "issue": "enter a new card",
    "lost": "the holder reports the card lost: it counts at once",
    "found": "a card that was reported lost is back in its holder's hands",
    "revoke": "end a card for good",
    "renew": "the same card with a new certificate or record",
    "unlock": "set the count of wrong PINs to zero",
    "replace": "another card in the place of this one; the seal registration moves to it",
}


def add(commands: Commands) -> None:
    card = commands.add_parser("card", help="the card register: its acts, and what it holds")
    acts = card.add_subparsers(dest="act", required=True)
    for act, text in _ACTS.items():
        command = at_the_centre(acts, act, text)
        command.add_argument("--who", required=True, help="the member of staff who does it")
        command.add_argument("--why", required=True, help="why, in a few words; no name of a resident")
        if act != "issue":
            command.add_argument("card", help=f"the card's fingerprint, or its first {_SHORTEST_PREFIX} digits or more")
        if act in {"issue", "renew", "replace"}:
            _describes_a_card(command)
        if act == "issue":
            command.add_argument("--resident", required=True, metavar="NUMBER")
        if act == "unlock":
            command.add_argument("--new-pin", action="store_true", help="and set a new PIN, read from the terminal")
        command.set_defaults(run=_act)
    listed = at_the_centre(acts, "list", "cards and their acts, oldest first")
    listed.add_argument("--resident", metavar="NUMBER")
    listed.set_defaults(run=_list)
    check = at_the_centre(acts, "check", "does the register say what its acts have made of each card?")
    check.set_defaults(run=_check)


def _describes_a_card(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", required=True, choices=[k for k, how in register.KINDS.items() if how != "none"])
    command.add_argument("--credential", required=True, type=Path, metavar="FILE", help="what was read from the card")
    command.add_argument("--seal", action="store_true", help="the holder's seal registration is to hang on it")


def _act(options: argparse.Namespace) -> int:
    run = run_directory(options)
    store = open_store(options)
    try:
        pin_key = ensure_identity(run / "centre", []).pin_hash_key
        pin_key.take_over(store)
        keeper = CardRegister(store, pin_key)
        told = Told(options.who, options.why, simulated_now(run / "clock-offset"))
        which = () if options.act == "issue" else (_fingerprint(store, options.card),)
        act: Callable[..., None] = getattr(keeper, options.act)
        done = _arguments(options, store, which, told)
        act(*which, *done)
    except (ActRefused, OtherPinKey) as refused:
        print(refused, file=sys.stderr)
        return 1
    finally:
        store.close()
    print("Done.")
    return 0


def _arguments(options: argparse.Namespace, store: Store, which: tuple[str, ...], told: Told) -> tuple[Any, ...]:
    """What the act takes after the card."""
    if options.act == "unlock":
        return (told, _typed_pin() if options.new_pin else None)
    if options.act not in {"issue", "renew", "replace"}:
        return (told,)
    if which:
        with store.reading() as c:
            resident: str = register.find(c, which[0]).resident_id
    else:
        resident = options.resident
    return (_new_card(options, resident), told)


def _new_card(options: argparse.Namespace, resident_id: str) -> NewCard:
    try:
        credential = options.credential.read_bytes()
    except OSError:
        raise ActRefused(f"The file {options.credential} cannot be read.") from None
    is_municipal = register.KINDS[options.kind] == "municipal"
    until, public_key = _record(credential, options.kind) if is_municipal else (_last_day(credential), None)
    return NewCard(
        credential_sha256=hashlib.sha256(credential).hexdigest(),
        kind=options.kind,
        resident_id=resident_id,
        valid_until=until,
        public_key=public_key,
        pin=_typed_pin() if is_municipal and options.act != "renew" else None,
        carries_seal=options.seal,
    )


def _record(credential: bytes, kind: str) -> tuple[date, str]:
    try:
        record = municipal.read_record(credential)
    except ValueError:
        raise ActRefused("The file is not the record of a municipal card.") from None
    if record.kind != kind:
        raise ActRefused(f"The record is that of another kind of card: {record.kind}.")
    return record.valid_until, record.public_key


def _last_day(credential: bytes) -> date:
    try:
        return x509.load_der_x509_certificate(credential).not_valid_after_utc.date()  # 14:59 UTC: the same day in Japan
    except chain.UNREADABLE:
        raise ActRefused("The file is not a certificate (DER).") from None


def _typed_pin() -> bytearray:
    """From the terminal without an echo; from standard input when there is no terminal. Never from the command line."""
    typed = getpass.getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    return bytearray(typed.encode())


def _fingerprint(store: Store, named: str) -> str:
    if len(named) < _SHORTEST_PREFIX or not set(named) <= set("0123456789abcdef"):
        raise ActRefused(f"A fingerprint is {_SHORTEST_PREFIX} to 64 digits and letters a to f.")
    with store.reading() as c:
        found = c.scalars(sa.select(cards.c.credential_sha256).where(cards.c.credential_sha256.startswith(named))).all()
    if len(found) != 1:
        raise ActRefused("There is no such card." if not found else "Several cards begin so: give more of it.")
    return str(found[0])


def _list(options: argparse.Namespace) -> int:
    store = open_store(options)
    query = sa.select(cards).order_by(cards.c.resident_id, cards.c.credential_sha256)
    if options.resident is not None:
        query = query.where(cards.c.resident_id == options.resident)
    with store.reading() as c:
        found = c.execute(query).all()
        if not found:
            print("No such card is in the register." if options.resident else "No card is in the register yet.")
        for card in found:
            state, seal = register.state_of(card), "seal" if card.seal_number is not None else "-"
            print(card.credential_sha256, card.kind, card.resident_id, state, card.valid_until or "-", seal)
            mine = card_acts.c.credential_sha256 == card.credential_sha256
            for act in c.execute(sa.select(card_acts).where(mine).order_by(card_acts.c.id)):
                print("   ", act.at, act.act, act.who, act.why, act.detail)
    store.close()
    return 0


def _check(options: argparse.Namespace) -> int:
    store = open_store(options)
    with store.reading() as c:
        found = register.disagreements(c)
    store.close()
    print(*(found or ["Every card is what its acts have made of it."]), sep="\n")
    return 1 if found else 0
