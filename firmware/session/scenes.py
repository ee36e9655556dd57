"""What the resident sees, and at a counter terminal the clerk, as data. The session makes a scene; `firmware.screens` draws it.

A scene holds everything its picture needs and nothing else, so that the same scene always gives the
same picture. Words come from `firmware/screens/texts/`; a scene carries codes, never sentences.
Scenes may hold names (masked or chosen by the resident): they live in RAM and go to the screen only.
"""

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from drivers.vocabulary import Text
from firmware.session.events import PageItem


class Look(StrEnum):
    """The letters of a screen."""

    NORMAL = "normal"
    LARGE = "large"  # three choices a page
    LARGE_DARK = "large_dark"  # light on black


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Common to all: the words' language, the seconds left while a warning shows (else None), and whose machine it is.

    `follows`: what happens when they have passed (`Follows` in warning.py); None without a warning.

    `city`, `telephone`, `youngest_years`: as the site table says it; before the first one None, and nobody is too young.
    `clerk`: for the clerk's glass, which names nobody and whose keys have no language key. `dark`: who listens wants no picture.
    """

    language: str = "ja"
    look: Look = Look.NORMAL
    countdown_s: int | None = None
    follows: str | None = None
    city: Text | None = None
    telephone: str | None = None
    youngest_years: int = 0
    clerk: bool = False
    dark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting(Scene):
    """Please wait: the machine starts, and checks its records and devices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPicture(Scene):
    """For staff, in maintenance. `picture`: colours, edges, letters, black or white. `number`: four digits to read from it."""

    picture: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A place that issues what this machine does not issue now."""

    name: Text
    way: Text  # how to get there
    telephone: str
    open_now: bool
    until: time | None  # while it is open: until then; None: past midnight
    opens_at: datetime | None  # while it is shut
    kinds: tuple[Text, ...] = ()  # titles; empty: all that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class KindNow:
    """A kind of certificate that is issued here now. `until`: the last admission; None: past midnight."""

    title: Text
    fee_yen: int
    until: time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Scene):
    """Outside hours, or out of service.

    `reason`: hours, year_end, closed_day, maintenance, out_of_service, site_table, clock, lockout.
    """

    reason: str
    opens_at: datetime | None
    numbers: tuple[str, ...] = ()  # reason numbers a technician can look up
    elsewhere: tuple[Elsewhere, ...] = ()
    halted: bool = False  # the program stopped before its keypad began: no key is read
    request: str = ""  # the machine's certificate request (PEM), shown as a QR code to whoever sets it up


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle(Scene):
    """Insert your card. `kinds`: what a session that begins now may issue; `until`: the last admission."""

    until: time | None
    kinds: tuple[KindNow, ...] = ()
    notice: Text | None = None  # of the city, for today
    notice_picture: str = ""  # beside it: a small PNG in base64; empty: none
    exact_money_only: bool = False
    at_till: bool = False  # a clerk takes the fee; elsewhere it is paid in coins
    cards: tuple[str, ...] = ("individual_number",)  # CardKind words taken here


@dataclass(frozen=True, slots=True, kw_only=True)
class Working(Scene):
    """Please wait. `what`: reading_card, calling_centre, checking_pin, authenticating, preparing, opening_slot,
    counting, settling."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterPin(Scene):
    """`count` dots of four. `wrong`: the entry before was wrong. `tries_left=None`: unknown."""

    count: int
    tries_left: int | None
    wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTry(Scene):
    """One try left: go on (ENTER), or stop and keep the card usable (CANCEL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCard(Scene):
    """The card goes back now. `alarm`: it has been left too long. `last`: the session is over, so nothing can be stopped."""

    alarm: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    title: Text
    fee_yen: int
    refusal: str | None  # a CentreRefusal word or `no_more`; the line is then grey and says why


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseKind(Scene):
    """Numbered 1 to 6 on each page. `masked_name` shows the resident that the machine has the right person."""

    masked_name: str = field(repr=False)
    lines: tuple[KindLine, ...]
    page: int = 1
    pages: int = 1
    may_go_back: bool = False  # something is in the basket already
    takes_code: bool = False  # 0 leads to `TypeCode`
    refused: int | None = None  # the grey line just pressed, whose reason is now shown large
    elsewhere: Elsewhere | None = None  # where the refused kind is issued


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePurpose(Scene):
    """What the paper is for, numbered 1 to 6 on each page; 0 asks item by item instead."""

    kind_title: Text
    purposes: tuple[Text, ...]
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCode(Scene):
    """The exemption code from the desk's slip, as typed so far. It is no secret, but good for one resident only."""

    code: str = field(repr=False)
    digits: int
    wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLine:
    label: Text = field(repr=False)
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseOption(Scene):
    """One question of the certificate. `several`: numbers switch lines on and off, ENTER ends."""

    kind_title: Text
    title: Text
    lines: tuple[ChoiceLine, ...]
    several: bool
    step: int
    steps: int
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseCopies(Scene):
    kind_title: Text
    fee_yen: int
    copies: int
    copies_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    title: Text
    details: tuple[Text, ...] = field(repr=False)  # the chosen labels: whose, of which year
    shown: tuple[Text, ...] = ()  # items that were asked for
    left_off: tuple[Text, ...] = ()  # items that could be
    copies: int
    fee_yen: int  # of all copies of this line


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket(Scene):
    """Check everything, one paper a page: ENTER pays, 1 adds another certificate, CLEAR takes this one out.

    `page`: the number of the paper. `part`: in large letters, which page of its items (`basket.item_pages`); 0: the paper itself.
    `may_add` is False when the basket is full: the screen then says how many papers one order has.
    """

    masked_name: str = field(repr=False)
    lines: tuple[BasketLine, ...]
    fee_yen: int
    may_add: bool
    may_preview: bool = False  # 2 shows the pages before anything is paid
    page: int = 1
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Scene):
    """The resident's glass at a counter: this is issued in your name. CLEAR says that it is wrong.

    ENTER agrees; while there is `more`, a page that was not shown yet, it shows that one.
    """

    masked_name: str = field(repr=False)
    lines: tuple[BasketLine, ...]
    fee_yen: int
    page: int = 1
    part: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(Scene):
    """A page before it is paid for: whole, or one part enlarged. `part`: left, top, width, height in shares of the page.

    `dots`: packed rows, 1 is black. `moves`: the number keys that lead to another part. `pages`: to turn; 1 while enlarged.
    `reads`: 1 says what is written there, for who listens; `items`: of the whole page; `said`: which part
    of `sayings` to say, 0: none.
    """

    line: BasketLine
    dots: bytes = field(repr=False)
    width_dots: int
    height_dots: int
    part: tuple[float, float, float, float] | None = None
    moves: tuple[str, ...] = ()
    page: int = 1
    pages: int = 1
    fee_yen: int
    reads: bool = False
    items: tuple[PageItem, ...] = field(default=(), repr=False)
    said: int = 0
    sayings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCounter(Scene):
    """One thing at a counter terminal, on one of its glasses. `what`: a word of [counter] in texts/."""

    what: str
    masked_name: str = field(default="", repr=False)
    amount_yen: int | None = None
    copies: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClerkCode(Scene):
    """The clerk's glass: which clerk vouches, and their code. `second`: the colleague. `digits`: how many were typed.

    `vouched`: the line of the first clerk, who cannot be the second one too.
    """

    names: tuple[str, ...]
    chosen: int | None
    digits: int
    second: bool
    vouched: int | None = None
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay(Scene):
    """Insert coins. `rejected`: the last coin was returned. `coins_come_back`: a cancel gives coins, not a slip."""

    fee_yen: int
    inserted_yen: int
    accepts_yen: tuple[int, ...]
    exact_money_only: bool = False
    coins_come_back: bool = True
    rejected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing(Scene):
    kind_title: Text
    copy: int
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePaper(Scene):
    """Certificate and receipt wait in the tray. `alarm`: left too long. `unseen`: only a key can say that they are taken.

    `claim_yen`: what could not be given back; its slip lies beside the papers, unless `claim_slip` is False.
    `elsewhere`: the desk that pays a claim, and that is asked for papers which were left.
    """

    copies: int
    change_yen: int
    claim_yen: int = 0
    claim_slip: bool = True
    alarm: bool = False
    unseen: bool = False
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBack(Scene):
    """Coins are coming out: change after a purchase, or all of it after a refusal.

    `coming`: value and number of the coins that one hopper pays now. `paid_yen`: what came before them.
    """

    amount_yen: int
    is_change: bool
    paid_yen: int = 0
    coming: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorry(Scene):
    """It did not work: what happened, what to do, where the money is.

    `reason` is a word of `SessionReason` (firmware/book/reasons.py).
    """

    reason: str
    returned_yen: int = 0
    claim_yen: int = 0
    claim_code: str | None = None
    claim_slip: bool = True  # False: the slip was not printed; the resident has only the code on the screen
    issued_copies: int = 0  # copies that the resident could take before it went wrong
    void_paper: bool = False  # pages of a copy that was not finished may be in the resident's hand
    card_in: bool = False  # the screen also says to take the card
    numbers: tuple[str, ...] = ()
    elsewhere: Elsewhere | None = None  # where this can be done, and where money and papers are that are still owed
    page: int = 1  # in large letters the desk that pays a claim has a page of its own
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Scene):
    """Thank you; anything still owed is on the claim slip."""

    copies: int
    fee_yen: int
    change_yen: int
    claim_yen: int = 0
    claim_code: str | None = None
    claim_slip: bool = True  # see `Sorry`
    elsewhere: Elsewhere | None = None  # the desk that pays the claim
    page: int = 1  # see `Sorry`
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseLook(Scene):
    """What the language key opens: 1 and so on for a language, 8, 9 and 0 for the letters; 取消 closes it.

    `picture`: what 確認 does with the picture for who listens, `hide` or `unhide`; None: nobody listens. The list itself is seen.
    """

    languages: tuple[str, ...]
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Scene):
    """A technician is working on the machine."""
