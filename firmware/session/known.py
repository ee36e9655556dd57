"""What the session reads of the book, and what it works out from that and from what the devices last reported.

Only records change the book, and nothing here writes one. A record counts in every answer as soon as it is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from drivers.vocabulary import COMMAND_MAX, PaperSupply
from firmware.book.open_session import OpenSession
from firmware.book.records import Record
from firmware.money.change import Taking, acceptable_values, plan_change, returnable, usable
from firmware.money.limits import UNBORNE_SESSION_YEN
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
    def hoppers_out(self) -> Mapping[int, str]:
        """Yen -> why that hopper pays nothing now; it is left out where none is wrong."""
        ...

    @property
    def sheets(self) -> int | None:
        """Sheets of certificate paper left; None until a person has counted them."""
        ...


@dataclass(frozen=True, slots=True)
class Now:
    """What `absorb` works on. `write` returns when book and journal have the record, so a later read includes it."""

    state: State
    context: Context
    book: Known
    write: Callable[[Record], None]
    effects: list[Effect] = field(default_factory=list)  # those of `absorb`; carried out before the row's

    @property
    def session(self) -> OpenSession:
        return opened(self.book)


def opened(book: Known) -> OpenSession:
    """The session under way; there is one in every state but `idle` and `closing`."""
    assert book.session is not None
    return book.session


def settle_event(now: Now) -> Event:
    """What is left to do with the money. Sets `next_payout` where a hopper can pay some of what is owed."""
    session = now.session
    if session.ledger.owed_yen > 0 and now.context.house.has_till:
        return Event.CLAIM_DUE if now.state is State.RETURNING_FEE else Event.RETURN_DUE
    if session.ledger.owed_yen > 0:
        now.context.next_payout = next_payout(now.context, now.book)
        return Event.PAYOUT_DUE if now.context.next_payout else Event.CLAIM_DUE
    return Event.SETTLED_WITH_PAPER if session.printed else Event.SETTLED_WITHOUT_PAPER


def usable_tubes(context: Context, book: Known) -> dict[int, int]:
    """The coins that can be paid out now; a hopper that is empty, faulty, silent or failed in this session has none."""
    out = book.hoppers_out
    return usable({value: coins for value, coins in book.tubes.items() if value not in out}, context.hopper_states)


def next_payout(context: Context, book: Known) -> tuple[int, int] | None:
    """The next hopper command (yen, coins) towards what is owed; None when no hopper can pay any of it."""
    session, tubes = opened(book), usable_tubes(context, book)
    due_yen = min(max(0, session.ledger.owed_yen - session.doubtful_yen), _payable_yen(context, session))
    plan = plan_change(returnable(due_yen, tubes), tubes)
    if not plan:
        return None
    value = max(plan)
    return value, min(plan[value], COMMAND_MAX)


def _payable_yen(context: Context, session: OpenSession) -> int:
    """The most that hoppers may pay this session (faults M1 to M3); what is owed beyond that becomes a claim."""
    if session.without_coins or (context.takes_back and not context.house.refunds_by_hopper):
        return 0
    if context.credits_borne:
        return session.ledger.owed_yen
    return max(0, UNBORNE_SESSION_YEN - session.ledger.paid_out_yen)


def acceptable(context: Context, book: Known) -> Taking:
    """Which coins may be taken next, and whether the resident must pay the exact fee."""
    assert context.reserved is not None
    return acceptable_values(
        context.fee_yen,
        usable_tubes(context, book),
        context.house.accepts_yen,
        copy_fees_yen=[copy.fee_yen for copy in context.reserved.copies],
        inserted_yen=opened(book).ledger.inserted_yen,
    )


def paper_lasts(context: Context, book: Known, supply: PaperSupply) -> bool:
    """Whether there is certainly paper for every reserved page and one sheet more (book rule 5).

    Two numbers limit it: the sheets left at LOW, and a person's count. A count of 0 is ignored, because the printer
    reports paper: somebody loaded a roll and did not enter it. A single page is always tried.
    """
    assert context.reserved is not None
    pages = sum(copy.pages for copy in context.reserved.copies)
    sure = [context.house.sheets_at_near_end] if supply is PaperSupply.LOW else []
    if book.sheets:
        sure.append(book.sheets)
    return pages == 1 or all(pages + 1 <= sheets for sheets in sure)
