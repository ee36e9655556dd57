"""What the session reads of the book, and what it works out from that and from what the devices last said.

The book changes by records only, so nothing here changes it, and all of it is right as soon as the record is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from drivers.vocabulary import COMMAND_MAX, PaperSupply
from firmware.book.open_session import OpenSession
from firmware.book.records import Record
from firmware.money.change import acceptable_values, plan_change, returnable, usable
from firmware.session.context import Context
from firmware.session.effects import Effect
from firmware.session.events import Event
from firmware.session.states import State


class Known(Protocol):
    """The part of `firmware.book.book.Book` that a session decides on."""

    @property
    def session(self) -> OpenSession | None: ...

    @property
    def tubes(self) -> Mapping[int, int]:
        """Yen -> coins the hoppers should hold."""
        ...

    @property
    def sheets(self) -> int | None:
        """Certificate paper left, where a person ever counted it."""
        ...


@dataclass(frozen=True, slots=True)
class Now:
    """What a report meets. `write` returns when book and journal have the record, so what is read after it is true."""

    state: State
    context: Context
    book: Known
    write: Callable[[Record], None]
    effects: list[Effect] = field(default_factory=list)  # asked for by the report itself; done before the row's own

    @property
    def session(self) -> OpenSession:
        return opened(self.book)


def opened(book: Known) -> OpenSession:
    """The session under way; there is one in every state but `idle` and `closing`."""
    assert book.session is not None
    return book.session


def settle_event(now: Now) -> Event:
    """What is left to do with the money: asked after the last copy, a failed one, and every payout."""
    session = now.session
    if session.ledger.owed_yen > 0:
        now.context.next_payout = next_payout(now.context, now.book)
        return Event.PAYOUT_DUE if now.context.next_payout else Event.CLAIM_DUE
    return Event.SETTLED_WITH_PAPER if session.printed else Event.SETTLED_WITHOUT_PAPER


def usable_tubes(context: Context, book: Known) -> dict[int, int]:
    """The coins that can be paid out now: no hopper that is empty, faulty, silent, or failed in this session."""
    return usable(book.tubes, context.hopper_states)


def next_payout(context: Context, book: Known) -> tuple[int, int] | None:
    """The next hopper command (yen, coins) towards what is owed: all of it if it can be, else as much as can."""
    session, tubes = opened(book), usable_tubes(context, book)
    due_yen = max(0, session.ledger.owed_yen - session.doubtful_yen)
    plan = plan_change(returnable(due_yen, tubes), tubes)
    if not plan:
        return None
    value = max(plan)
    return value, min(plan[value], COMMAND_MAX)


def acceptable(context: Context, book: Known) -> tuple[frozenset[int], bool]:
    """Which coins may be taken next, and whether only the exact fee can be."""
    assert context.reserved is not None
    return acceptable_values(
        context.fee_yen,
        usable_tubes(context, book),
        context.house.accepts_yen,
        copy_fees_yen=[copy.fee_yen for copy in context.reserved.copies],
        inserted_yen=opened(book).ledger.inserted_yen,
    )


def paper_lasts(context: Context, book: Known, supply: PaperSupply) -> bool:
    """Whether paper for every reserved page, and one sheet more, is surely there (book rule 5).

    A person's count can only make it less, and says nothing when it is used up while the printer sees paper:
    somebody loaded and did not tell. A single page is tried whatever the count and LOW say.
    """
    assert context.reserved is not None
    pages = sum(copy.pages for copy in context.reserved.copies)
    sure = [context.house.sheets_at_near_end] if supply is PaperSupply.LOW else []
    if book.sheets:
        sure.append(book.sheets)
    return pages == 1 or all(pages + 1 <= sheets for sheets in sure)
