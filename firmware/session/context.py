"""Everything the machine knows about one resident, in one object: made when the machine becomes idle, dropped whole.

Nothing here is ever cleared field by field. What must outlive the session is in the journal, which holds
nothing personal.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drivers.vocabulary import (
    Authenticated,
    CardKind,
    CardProof,
    CardRead,
    Challenge,
    HopperCounters,
    HopperState,
    Offer,
    OptionGroup,
    OrderItem,
    PaperExit,
    PaperSupply,
    Reserved,
)
from firmware.book.ledger import Ledger
from firmware.money.change import COMMAND_MAX, acceptable_values, plan_change, returnable, usable
from firmware.session.scenes import Scene

CLAIM_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: it is read aloud at a counter


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What holds for every session at this machine; read from the unit file."""

    machine: str
    profile: str
    kinds_taken: frozenset[CardKind]
    accepts_yen: frozenset[int]
    languages: tuple[str, ...]
    sheets_at_near_end: int = 0  # surely left when the certificate printer begins to tell LOW; 0: nobody has measured


@dataclass(slots=True)
class Draft:
    """One certificate being chosen."""

    offer: Offer
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    marked: tuple[str, ...] = field(default=(), repr=False)  # the answer in the making, for `several`
    copies: int = 1
    page: int = 1

    def groups(self) -> tuple[OptionGroup, ...]:
        """The questions that arise from the answers so far."""
        return tuple(
            group
            for group in self.offer.groups
            if group.only_if is None or group.only_if[1] in self.answers.get(group.only_if[0], ())
        )

    def open_group(self) -> OptionGroup | None:
        """The question to ask now, or None when all are answered."""
        return next((group for group in self.groups() if group.key not in self.answers), None)


@dataclass(slots=True)
class Context:
    house: House
    session_id: str  # 32 hex digits
    session_nonce: bytes = field(repr=False)  # 16 bytes; binds card, machine and session
    request_ids: Iterator[str]  # fresh 32 hex digits each; never a time, never a counter
    tubes: dict[int, int]  # yen -> coins the hoppers should hold
    counted_sheets: int | None = None  # certificate paper, where a person ever counted it
    language: str = "ja"
    front: Scene | None = None  # what an idle screen shows; service decides, not the session
    countdown_s: int | None = None
    opened: bool = False

    # the card
    card: CardRead | None = field(default=None, repr=False)
    challenge: Challenge | None = field(default=None, repr=False)
    proof: CardProof | None = field(default=None, repr=False)
    pin_count: int = 0
    pin_wrong: bool = False
    tries_left: int | None = None

    # what the resident wants
    who: Authenticated | None = field(default=None, repr=False)
    page: int = 1
    refused_line: int | None = None
    draft: Draft | None = field(default=None, repr=False)
    basket: list[tuple[Offer, OrderItem]] = field(default_factory=list, repr=False)
    item_of_copy: dict[int, Offer] = field(default_factory=dict, repr=False)

    # what the centre committed to
    request_id: str | None = None
    reserved: Reserved | None = None
    raster_sha256s: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    voided: bool = False

    # money and paper
    ledger: Ledger = field(default_factory=Ledger)
    accepting_yen: frozenset[int] = frozenset()
    slot_open_for_yen: frozenset[int] = frozenset()
    exact_money_only: bool = False
    coin_rejected: bool = False
    hopper_states: dict[int, HopperState] = field(default_factory=dict)
    dead_hoppers: set[int] = field(default_factory=set)
    doubtful_yen: int = 0  # may have been paid, nobody can say: a claim, and no other hopper's business
    hopper_step: tuple[int, int] | None = None  # yen, coins
    hopper_before: HopperCounters | None = None
    copy: int = 0  # the copy in hand; 1.. over the basket
    printed: list[int] = field(default_factory=list)
    paper_exit: PaperExit = PaperExit.UNKNOWN
    paper_stuck: bool = False  # a complete page hangs in the printer, not cut
    void_paper: bool = False  # of a copy that was begun and not finished, there may be paper
    claim_yen: int = 0
    claim_slip_failed: bool = False

    # how it ends
    reason: str | None = None  # None: all went well
    line_stop: str | None = None

    @property
    def fee_yen(self) -> int:
        """The whole basket, or what the centre reserved once it did."""
        if self.reserved is not None:
            return self.reserved.fee_yen
        return sum(offer.fee_yen * item.copies for offer, item in self.basket)

    @property
    def copies_out(self) -> int:
        """How many printed copies the resident can take: a stuck one is the last of them."""
        return len(self.printed) - self.paper_stuck

    @property
    def claim_code(self) -> str:
        """Eight letters of the session id: the resident's proof of a debt, known to machine and centre alike."""
        return claim_code(self.session_id)

    @property
    def outcome(self) -> str:
        """`issued`: every copy; `partly_issued`; `not_issued`."""
        wanted = len(self.reserved.copies) if self.reserved else 0
        if self.printed and len(self.printed) == wanted:
            return "issued"
        return "partly_issued" if self.printed else "not_issued"

    def bound(self) -> bytes:
        """What the card signs (drivers/line/README.md)."""
        assert self.challenge is not None
        return b"kofuki-auth-1" + self.challenge.challenge + self.session_nonce + self.house.machine.encode()

    def usable_tubes(self) -> dict[int, int]:
        """The coins that can be paid out now: no hopper that is empty, faulty, silent, or failed in this session."""
        tubes = usable(self.tubes, self.hopper_states)
        return {value: coins for value, coins in tubes.items() if value not in self.dead_hoppers}

    def next_payout(self) -> tuple[int, int] | None:
        """The next hopper command (yen, coins) towards what is owed: all of it if it can be, else as much as can."""
        tubes = self.usable_tubes()
        due_yen = max(0, self.ledger.owed_yen - self.doubtful_yen)
        plan = plan_change(returnable(due_yen, tubes), tubes)
        if not plan:
            return None
        value = max(plan)
        return value, min(plan[value], COMMAND_MAX)

    def paper_lasts(self, supply: PaperSupply) -> bool:
        """Whether paper for every reserved page, and one sheet more, is surely there (book rule 5).

        A person's count can only make it less, and says nothing when it is used up while the printer sees paper:
        somebody loaded and did not tell. A single page is tried whatever the count and LOW say.
        """
        assert self.reserved is not None
        pages = sum(copy.pages for copy in self.reserved.copies)
        sure = [self.house.sheets_at_near_end] if supply is PaperSupply.LOW else []
        if self.counted_sheets:
            sure.append(self.counted_sheets)
        return pages == 1 or all(pages + 1 <= sheets for sheets in sure)

    def acceptable(self) -> tuple[frozenset[int], bool]:
        """Which coins may be taken next, and whether only the exact fee can be."""
        assert self.reserved is not None
        return acceptable_values(
            self.fee_yen,
            self.usable_tubes(),
            self.house.accepts_yen,
            copy_fees_yen=[copy.fee_yen for copy in self.reserved.copies],
            inserted_yen=self.ledger.inserted_yen,
        )


def claim_code(session_id: str) -> str:
    """The claim code of a session: its id's first 40 bits in a 32-letter alphabet."""
    bits = int(hashlib.sha256(bytes.fromhex(session_id)).hexdigest()[:10], 16)
    return "".join(CLAIM_ALPHABET[(bits >> shift) & 31] for shift in range(35, -1, -5))
