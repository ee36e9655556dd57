"""What the machine knows about one resident and the journal does not: names, offers, documents, the screen.

One object, made when the machine becomes idle and dropped whole; nothing is ever cleared field by field. Coins, papers
and debts are not counted here: the book's open session counts them, and the session reads it (`known.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drivers.vocabulary import (
    Authenticated,
    CardKind,
    CardProof,
    CardRead,
    Challenge,
    HopperState,
    Offer,
    OptionGroup,
    OrderItem,
    PaperExit,
    Reserved,
    claim_code,
)
from firmware.book.reasons import SessionReason
from firmware.session.scenes import Scene


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
    session_id: str  # 32 hex digits; the book knows it from `SessionOpened` on
    session_nonce: bytes = field(repr=False)  # 16 bytes; binds card, machine and session
    request_ids: Iterator[str]  # fresh 32 hex digits each; never a time, never a counter
    language: str = "ja"
    front: Scene | None = None  # what an idle screen shows; service decides, not the session
    countdown_s: int | None = None

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

    # the documents
    reserved: Reserved | None = None
    raster_sha256s: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    # what the devices said, and what is asked of them
    hopper_states: dict[int, HopperState] = field(default_factory=dict)  # without those that failed since
    next_payout: tuple[int, int] | None = None  # yen, coins: until its intent is written
    accepting_yen: frozenset[int] = frozenset()  # what the slot was told to take
    exact_money_only: bool = False
    coin_rejected: bool = False
    paper_exit: PaperExit = PaperExit.UNKNOWN
    claim_slip_failed: bool = False

    # how it ends
    reason: SessionReason | None = None  # None: all went well

    @property
    def item_of_copy(self) -> dict[int, Offer]:
        """The offer that each copy was chosen from, numbered from 1 over the basket."""
        copies = (offer for offer, item in self.basket for _ in range(item.copies))
        return dict(enumerate(copies, start=1))

    @property
    def fee_yen(self) -> int:
        """The whole basket, or what the centre reserved once it did."""
        if self.reserved is not None:
            return self.reserved.fee_yen
        return sum(offer.fee_yen * item.copies for offer, item in self.basket)

    @property
    def claim_code(self) -> str:
        """Eight letters of the session id: the resident's proof of a debt, known to machine and centre alike."""
        return claim_code(self.session_id)

    def bound(self) -> bytes:
        """What the card signs (drivers/line/README.md)."""
        assert self.challenge is not None
        return b"kofuki-auth-1" + self.challenge.challenge + self.session_nonce + self.house.machine.encode()
