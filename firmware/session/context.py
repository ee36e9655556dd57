"""What the machine keeps about one resident in memory only: names, offers, documents, the screen.

A `Context` is made when the machine becomes idle, and the whole object is dropped after the session; no field is cleared
alone. Coins, papers and debts are not counted here: the book's open session counts them (`known.py` reads it).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from drivers.vocabulary import (
    Attendance,
    Authenticated,
    CardKind,
    CardProof,
    CardRead,
    CentreRefusal,
    Challenge,
    HopperState,
    Offer,
    OptionGroup,
    OrderItem,
    PaperExit,
    Reserved,
    Text,
    claim_code,
    slip_code,
)
from firmware.book.reasons import TAKEN_BACK, SessionReason
from firmware.session.preview import Viewing
from firmware.session.scenes import Elsewhere, Look, Scene

COUNTER, ANYTHING = "counter", "anything"  # words of `Served.elsewhere` besides the kinds


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a paper is for, and what it answers of a certificate's questions; for `Served`, kind by kind."""

    title: Text
    answers: Mapping[str, tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the site table in force at its beginning lets a session issue, and where else to go meanwhile."""

    kinds: Mapping[str, tuple[int, int]]  # kind -> fee in yen, most copies; open now
    shut: frozenset[str] = frozenset()  # issued here, but not at this hour
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)  # kind, COUNTER or ANYTHING -> the place
    purposes: Mapping[str, tuple[Purpose, ...]] = field(default_factory=dict)  # kind -> what its paper may be for

    def narrowed(self, offer: Offer) -> Offer:
        """The centre's offer as the site table allows it: never for more than the fee that this machine announces."""
        if offer.refusal is not None:
            return offer
        if offer.kind in self.shut:
            return replace(offer, refusal=CentreRefusal.OUTSIDE_HOURS)
        fee_yen, copies_max = self.kinds.get(offer.kind, (-1, 0))
        if offer.fee_yen > fee_yen:
            return replace(offer, refusal=CentreRefusal.NOT_OFFERED)
        return replace(offer, copies_max=min(offer.copies_max, copies_max))

    def purposes_of(self, offer: Offer) -> tuple[Purpose, ...]:
        """The purposes that answer a question of this offer, each with the answers that the offer has."""
        found = []
        for purpose in self.purposes.get(offer.kind, ()):
            answers = {
                group.key: purpose.answers[group.key]
                for group in offer.groups
                if set(purpose.answers.get(group.key, ("",))) <= {choice.value for choice in group.choices}
            }
            if answers:
                found.append(Purpose(purpose.title, answers))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What holds for a session at this machine, from its beginning to its end: of the unit file and the site table."""

    machine: str
    profile: str
    kinds_taken: frozenset[CardKind]
    p384: bool = False  # whether JPKI cards with a key on P-384 are taken
    place: Text  # on receipts
    telephone: str
    city: Text | None = None  # the municipality; None: there is no site table
    city_code: str = ""  # its six digits
    youngest_years: int = 0  # who is younger is refused
    sample: bool = False  # a sample city: every slip says so
    served: Served | None = None  # None: there is no site table, and no session begins
    accepts_yen: frozenset[int]
    languages: tuple[str, ...]
    refunds_by_hopper: bool = True  # False: coins were put in and taken back too often (service/refunds.py)
    has_till: bool = False  # a clerk takes the fee, chooses, and has keys and a glass of their own
    sheets_at_near_end: int = 0  # certainly left when the certificate printer first reports LOW; 0: not measured


@dataclass(slots=True)
class Draft:
    """The certificate that the resident is choosing now."""

    offer: Offer
    purposes: tuple[Purpose, ...] = ()
    purpose: Purpose | None = None  # what the paper is for; None: every question is asked
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  # by the resident
    marked: tuple[str, ...] = field(default=(), repr=False)  # lines switched on so far, if several may be
    copies: int = 1
    page: int = 1

    def groups(self) -> tuple[OptionGroup, ...]:
        """The questions that arise from the answers so far."""
        known = self._known()
        return tuple(
            group
            for group in self.offer.groups
            if group.only_if is None or group.only_if[1] in known.get(group.only_if[0], ())
        )

    def asked(self) -> tuple[OptionGroup, ...]:
        """Those of them that the purpose does not answer."""
        return tuple(g for g in self.groups() if self.purpose is None or g.key not in self.purpose.answers)

    def open_group(self) -> OptionGroup | None:
        """The question to ask now, or None when all are answered."""
        return next((group for group in self.asked() if group.key not in self.answers), None)

    def options(self) -> dict[str, tuple[str, ...]]:
        """The answer to every question that arises, whoever gave it."""
        known = self._known()
        return {group.key: known[group.key] for group in self.groups()}

    def _known(self) -> Mapping[str, tuple[str, ...]]:
        return self.answers if self.purpose is None else {**self.purpose.answers, **self.answers}


@dataclass(slots=True)
class Context:
    house: House
    session_id: str  # 32 hex digits; the book knows it from `SessionOpened` on
    session_nonce: bytes = field(repr=False)  # 16 bytes; binds card, machine and session
    request_ids: Iterator[str]  # each 32 random hex digits; made from no clock and no counter
    language: str = "ja"
    look: Look = Look.NORMAL
    choosing_look: bool = False  # the list of languages and letters is shown in the place of the state's screen
    listens: bool = False  # an earphone is in
    dark: bool = False  # the resident listens and wants no picture, so that nobody reads along
    front: Scene | None = None  # what the idle screen shows; the reception decides it
    countdown_s: int | None = None
    slow: bool = False  # a key has answered a warning: every wait after it is longer

    # the card
    card: CardRead | None = field(default=None, repr=False)
    challenge: Challenge | None = field(default=None, repr=False)
    proof: CardProof | None = field(default=None, repr=False)
    pin_count: int = 0
    pin_wrong: bool = False
    tries_left: int | None = None

    # without a PIN, at a counter terminal
    pin_waived: bool = False
    clerk: int | None = None  # the clerk of `challenge.clerks` who is typing a code
    attended: list[Attendance] = field(default_factory=list, repr=False)

    code: str = field(default="", repr=False)  # digits typed so far: a clerk's second factor, or an exemption code
    code_wrong: bool = False

    # what the resident wants
    who: Authenticated | None = field(default=None, repr=False)
    page: int = 1
    refused_line: int | None = None
    draft: Draft | None = field(default=None, repr=False)
    basket: list[tuple[Offer, OrderItem]] = field(default_factory=list, repr=False)
    basket_page: int = 1  # of `basket.turns`
    unshown: frozenset[int] = frozenset()  # pages that a resident who is to agree has not seen
    end_page: int = 1  # of an ending that has two (`keys.end_pages`)

    # the documents
    reserved: Reserved | None = None
    raster_sha256s: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    preview_wanted: bool = False
    viewing: Viewing | None = field(default=None, repr=False)

    # what the devices reported, and what they are asked to do
    hopper_states: dict[int, HopperState] = field(default_factory=dict)  # a hopper that fails is taken out
    next_payout: tuple[int, int] | None = None  # yen, coins; None once its intent is written
    accepting_yen: frozenset[int] = frozenset()  # coin values that the slot was last told to take
    exact_money_only: bool = False
    coins_come_back: bool = True  # False: no hopper can pay back what is put in
    coin_rejected: bool = False
    credits_borne: bool = True  # False: no count of the acceptor bears the credits of this session
    paper_exit: PaperExit = PaperExit.UNKNOWN
    paper_unseen: bool = True  # the printer has no sensor at its mouth: a key must say that the paper is taken
    claim_slip_failed: bool = False

    # how it ends
    reason: SessionReason | None = None  # None: all went well

    @property
    def item_of_copy(self) -> dict[int, Offer]:
        """The offer that each copy was chosen from, numbered from 1 over the basket."""
        copies = (offer for offer, item in self.basket for _ in range(item.copies))
        return dict(enumerate(copies, start=1))

    @property
    def first_copies(self) -> frozenset[int]:
        """The first copy of each line of the basket: the others differ from it by their number only."""
        counts = [item.copies for _, item in self.basket]
        return frozenset(1 + sum(counts[:line]) for line in range(len(counts)))

    @property
    def fee_yen(self) -> int:
        """The fee of the basket; after the reservation, the fee that the centre reserved."""
        if self.reserved is not None:
            return self.reserved.fee_yen
        return sum(offer.fee_yen * item.copies for offer, item in self.basket)

    @property
    def takes_back(self) -> bool:
        """Whether the resident chose to end the session, so that all coins come back."""
        return self.reason in TAKEN_BACK

    @property
    def claim_code(self) -> str:
        """What proves a claim, on its slip; machine and centre both compute it from the session id."""
        return slip_code(claim_code(self.session_id), self.house.city_code)

    def bound(self) -> bytes:
        """The bytes that the card signs (drivers/line/README.md)."""
        assert self.challenge is not None
        return b"kofuki-auth-1" + self.challenge.challenge + self.session_nonce + self.house.machine.encode()
