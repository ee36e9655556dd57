"""A scenario: one resident's errand, acts done to the machine during it, and the SessionClosed record that must follow.

A file of scenarios/ has `card`, `certificate`, `copies`, `pin`, `pay`; any number of `[[when]]`, each an act of
host_sim/acts.py that is done when the machine reaches a state; and `[expect]`, fields of the SessionClosed record.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_sim.acts import perform
from host_sim.journal_tail import SESSION_CLOSED, JournalTail
from host_sim.resident import Bag, Errand, Resident
from host_sim.world import World

FOLDER = Path(__file__).with_name("scenarios")
BOOK = ("session", "inserted_yen", "earned_yen", "paid_out_yen", "claimed_yen", "outcome", "reason")
_KNOWN = {"about", "card", "certificate", "copies", "pin", "pay", "when", "expect"}


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    about: str
    errand: Mapping[str, Any]
    when: tuple[tuple[str, Mapping[str, Any]], ...]  # state, act
    expect: Mapping[str, Any]

    @classmethod
    def load(cls, name: str) -> "Scenario":
        """The scenario of this name. Raises LookupError (no such file) or ValueError (unknown key), with a sentence."""
        path = FOLDER / f"{name}.toml"
        if path.parent != FOLDER or not path.exists():
            raise LookupError(f"There is no scenario {name}. Use one of: {', '.join(names())}.")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        unread = table.keys() - _KNOWN | table["expect"].keys() - set(BOOK)
        if unread:
            raise ValueError(f"{path.name}: unknown keys {', '.join(sorted(unread))}; remove or correct them.")
        when = [dict(entry) for entry in table.get("when", ())]
        return cls(name, table["about"], table, tuple((entry.pop("state"), entry) for entry in when), table["expect"])


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@dataclass(frozen=True, slots=True)
class Played:
    """The result. `wrong`: sentences; empty when the session closed as expected and every yen is accounted for."""

    bag: Bag
    book: Mapping[str, Any]
    wrong: tuple[str, ...]


def play(
    world: World, scenario: Scenario, say: Callable[[str], None] = lambda _: None, *, limit_s: float = 900.0
) -> Played:
    """Send the resident to a running world; compare the SessionClosed record with `expect`."""
    told = JournalTail(world.run / "journal")
    told.new()
    world.wait_for_service()

    def reached(state: str) -> None:
        say(state)
        for wanted, act in scenario.when:
            if wanted == state:
                perform(world, act)

    bag = Resident(world, _errand(world, scenario), say=reached).run(limit_s)
    closed = [line.fields for line in told.new() if line.number == SESSION_CLOSED]
    book = dict(zip(BOOK, closed[-1], strict=True)) if closed else {}
    return Played(bag, book, tuple(_wrong(scenario, bag, book)))


def _errand(world: World, scenario: Scenario) -> Errand:
    wanted = scenario.errand
    card = world.wallet.cards[wanted["card"]]
    return Errand(
        card=wanted["card"],
        pin=wanted.get("pin", card.pin),
        certificate=wanted["certificate"],
        copies=wanted.get("copies", 1),
        purse=tuple(wanted.get("pay", ())),
    )


def _wrong(scenario: Scenario, bag: Bag, book: Mapping[str, Any]) -> list[str]:
    if not book:
        return [bag.trouble or "The session was never closed."]
    found = [
        f"{word} is {book[word]!r}, expected {value!r}."
        for word, value in scenario.expect.items()
        if book[word] != value
    ]
    if book["inserted_yen"] != book["earned_yen"] + book["paid_out_yen"] + book["claimed_yen"]:
        found.append("The session does not add up: inserted is not earned + paid out + claimed.")
    if sum(bag.change) != book["paid_out_yen"]:
        found.append(f"{book['paid_out_yen']} yen are recorded as paid out, but {sum(bag.change)} lay in the cup.")
    return found + ([bag.trouble] if bag.trouble else [])
