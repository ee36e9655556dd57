"""The city's file as it is written, for one day: sections, keys and the values that they take.

These models know one entry at a time; what must agree between entries is checked in `agree.py`. Unknown keys are
refused, and no value is taken for another type. The annotated sample is in host_sim/centre/README.md, "The city's file".
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from host_sim.centre.city.hours import DAYS, JST, Window, read_closed_day, read_line

CHANNELS = ("store", "office", "counter")
ROLES = ("clerk", "card_desk", "supervisor", "technician", "auditor")
SEAL_LETTERS_MAX = 12
NOTICES_MAX = 40
LETTERS_MAX = 12  # of the municipality's name in an issue number (drivers/line/README.md)


def _check_digit(code: str) -> str:
    """全国地方公共団体コード: weights 6 to 2, and 11 less the rest of the division by 11 (city rule 12)."""
    weighted = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2), strict=False))
    right = str((11 - weighted % 11) % 10)
    if code[5] != right:
        raise ValueError(f'is "{code}", whose check digit is wrong; it would be {right}')
    return code


def _texts(words: dict[str, str]) -> dict[str, str]:
    if "ja" not in words:
        raise ValueError("has no Japanese words; write ja = ...")
    if any(not text.strip() for text in words.values()):
        raise ValueError("is empty in one language; leave the language out instead")
    return words


def _minute(value: Any) -> Any:
    """A time in Japan to the minute, as text or as TOML's own."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(instant, datetime) and instant.tzinfo is not None:
            instant = instant.astimezone(JST)
    except (ValueError, OverflowError):  # the second: it is in no year from 1 to 9999
        instant = None
    if not isinstance(instant, datetime) or instant.second or instant.microsecond:
        raise ValueError(f'is {value!r}; write a time to the minute, "2026-12-05T22:00"')
    return instant.replace(tzinfo=JST) if instant.tzinfo is None else instant


def _page(text: str) -> str:
    where = urlsplit(text)
    if (
        where.scheme != "https"
        or not where.hostname
        or where.query
        or "#" in text
        or not where.path.endswith("/verify")
    ):
        raise ValueError(f'is "{text}"; write https://HOST/verify')
    return text


Language = Annotated[str, Field(pattern="^[a-z]{2}(-[A-Za-z]{2,8})?$")]
Picture = Annotated[str, StringConstraints(pattern="^(card|calendar|/.{1,300})$")]
Text = Annotated[dict[Language, Annotated[str, Field(max_length=200)]], AfterValidator(_texts)]
Word = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]
Telephone = Annotated[str, StringConstraints(pattern=r"^0\d{1,4}-\d{1,4}-\d{3,4}$")]
Code = Annotated[str, StringConstraints(pattern=r"^\d{6}$"), AfterValidator(_check_digit)]
ClosedDay = Annotated[str, AfterValidator(read_closed_day)]
Line = Annotated[str, AfterValidator(lambda text: (read_line(text), text)[1])]
Hours = dict[Word, dict[Literal[DAYS], Line]]  # type: ignore[valid-type]
Minute = Annotated[datetime, BeforeValidator(_minute)]
Card = Literal[
    "individual_number", "resident_register", "citizen"
]  # a telephone's certificate is read by no machine here
Channel = Literal["store", "office", "counter"]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
LAST_DAY = date(2999, 12, 31)  # so that the day after a change is a day, too
Yen = Annotated[int, Field(ge=0, le=100_000)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MunicipalityPart(Part):
    """`sample`: an invented city. All that it prints says 見本, and no real card is taken (form rule 12).

    `check_page`: where anybody checks a paper; its codes begin with this address, so it stays as long as the papers.
    """

    code: Code
    prefecture: Annotated[str, Field(min_length=3, max_length=4)]
    name: Text
    telephone: Telephone
    sample: bool = False
    check_page: Annotated[str, Field(max_length=60), AfterValidator(_page)] | None = None


class CertifierPart(Part):
    """Who certifies (city rule 12). `acting`: a deputy (職務代理者), with `name` the deputy's own.

    The electronic seal is drawn from the letters in `seal`, or is the picture at the absolute path `seal_picture`.
    """

    name: Annotated[str, Field(min_length=2, max_length=20)]
    acting: bool = False
    seal: Annotated[str, Field(min_length=1, max_length=SEAL_LETTERS_MAX)] | None = None
    seal_picture: Annotated[str, StringConstraints(pattern="^/", max_length=300)] | None = None


class LettersPart(Part):
    """Additional letters, MJ+: absolute paths of a font and a table; what is done with a letter that neither has."""

    font: Annotated[str, StringConstraints(pattern="^/", max_length=300)]
    table: Annotated[str, StringConstraints(pattern="^/", max_length=300)]
    fallback: Literal["refused", "said"] = "refused"


def _url(text: str) -> str:
    where = urlsplit(text)
    near = where.hostname in {"localhost", "127.0.0.1", "::1"}
    if where.scheme not in ({"https", "http"} if near else {"https"}) or not where.hostname or where.username:
        raise ValueError(f'is "{text}"; write https://HOST/PATH, without a password')
    return text


class SignaturePart(Part):
    """What signs each PDF (forms/city_key.py): absolute paths of a key and its certificates; `time_stamps`: an address (RFC 3161)."""

    key: Annotated[str, StringConstraints(pattern="^/", max_length=300)]
    chain: Annotated[str, StringConstraints(pattern="^/", max_length=300)]
    time_stamps: Annotated[str, Field(max_length=300), AfterValidator(_url)] | None = None


class KindPart(Part):
    """`items`: what may be asked for besides what always stands there (city/items.py); left out: the usual ones.

    `youngest_years`: who is younger goes to a counter for this kind; the channel's limit holds for all kinds.
    """

    title: Text
    copies_max: Annotated[int, Field(ge=1, le=9)]
    youngest_years: Annotated[int, Field(ge=0, le=99)] = 0
    items: list[Word] | None = None


class PurposePaper(Part):
    """One kind for a purpose. `items`: what stands on it; every other item of the kind is left off. `scope` None: it is asked."""

    items: list[Word]
    scope: Literal["self", "all"] | None = None


class PurposePart(Part):
    """What a paper is for. `number_law`: by which law whoever asks for it may have the 個人番号; None: by none."""

    title: Text
    number_law: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    kinds: dict[Word, PurposePaper]


class ChannelPart(Part):
    """What holds wherever this channel is. A kind is issued through it when it has a fee."""

    cards: Annotated[list[Card], Field(min_length=1)]
    expired_cards: bool
    p384_cards: bool = False  # the next 個人番号カード, whose key is on P-384 (card source 12)
    youngest_years: Annotated[int, Field(ge=0, le=99)]
    closed_days: list[ClosedDay]
    hours: Hours
    fees: dict[Word, Yen]
    attended: list[Word] = []  # kinds for a resident without a PIN for whom two clerks vouch; counter only


class SitePart(Part):
    """One place. `hours` stand in place of the channel's, kind by kind; `closed_days` are added to the channel's."""

    name: Text
    way: Text
    telephone: Telephone
    channel: Channel
    staffed: bool
    location: Annotated[list[Degrees], Field(min_length=2, max_length=2)]  # degrees north and east
    machines: list[Annotated[str, StringConstraints(pattern="^[A-Za-z0-9._-]{1,64}$")]] = []
    kinds: list[Word] | None = None
    closed_days: list[ClosedDay] = []
    hours: Hours = {}


class Aimed(Part):
    """An entry for some places. Neither channels nor sites: for all."""

    channels: list[Channel] = []
    sites: list[Word] = []

    def concerns(self, site: str, channel: str) -> bool:
        return site in self.sites or channel in self.channels or not (self.sites or self.channels)


class MaintenancePart(Aimed):
    from_: Annotated[Minute, Field(alias="from")]
    until: Minute
    kinds: list[Word] = []

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.until <= self.from_:
            raise ValueError("ends before it has begun")
        return self

    def window(self) -> Window:
        return Window(self.from_, self.until, frozenset(self.kinds))


class NoticePart(Aimed):
    """`picture`: a word of notices/drawings.py, or the path of a PNG or JPEG. `each_day`: a plug-in tells text and picture."""

    from_: Annotated[date, Field(alias="from")]
    until: Annotated[date, Field(le=LAST_DAY)]
    text: Text | None = None
    picture: Picture | None = None
    each_day: Literal["birth_flower"] | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.until < self.from_:
            raise ValueError("ends before it has begun")
        return self

    @model_validator(mode="after")
    def _tells_one_thing(self) -> Self:
        if self.each_day is None and self.text is None:
            raise ValueError("has no text; write text = { ja = ... }")
        if self.each_day is not None and (self.text is not None or self.picture is not None):
            raise ValueError("has each_day, which tells text and picture itself; leave text and picture out")
        return self


class ExemptionPart(Aimed):
    """Who pays less, and where. A desk sees the proof and prints a code; it is taken at these places, or at all."""

    reason: Text
    fee_yen: Yen
    kinds: list[Word] = []


class PersonPart(Part):
    name: Annotated[str, Field(min_length=2, max_length=40)]
    roles: Annotated[list[Literal[ROLES]], Field(min_length=1)]  # type: ignore[valid-type]


Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$")]


class MailPart(Part):
    """`user`: the mail server wants a password, which is in the file `mail-password` beside the centre's keys."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,190}$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: Address
    to: Annotated[list[Address], Field(min_length=1, max_length=20)]
    user: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class AlarmsPart(Part):
    """Where flags are pushed. Neither: nowhere, and they wait in `flags list`."""

    webhook: Annotated[str, Field(max_length=500), AfterValidator(_url)] | None = None
    mail: MailPart | None = None


class SwitchPart(Part):
    """Until when a plastic 印鑑登録証 is changed for a card without a fee. `until` counts; years are what was announced."""

    from_: Annotated[date, Field(alias="from")]
    years: Annotated[int, Field(ge=1, le=20)]
    extended_years: Annotated[int, Field(ge=0, le=20)] = 0
    until: Annotated[date, Field(le=LAST_DAY)]

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.until < self.from_:
            raise ValueError("ends before it has begun")
        return self


class CardDeskPart(Part):
    """What the city decides about its own cards (city rules 5, 6, 11)."""

    resident_register_until: date  # the last day on which a 住基カード is issued
    years: Annotated[int, Field(ge=1, le=20)] = 10
    renewal_days: Annotated[int, Field(ge=1, le=400)] = 90  # before its last day, a card may be renewed
    enquiry_days: Annotated[int, Field(ge=2, le=90)] = 28  # a reply counts so long after its letter
    switch: SwitchPart | None = None


class Rules(Part):
    """Everything that the file says of one day."""

    municipality: MunicipalityPart
    certifier: CertifierPart
    letters: LettersPart | None = None
    signature: SignaturePart | None = None
    kinds: dict[Word, KindPart]
    channels: dict[Channel, ChannelPart]
    sites: dict[Word, SitePart]
    maintenance: Annotated[list[MaintenancePart], Field(max_length=100)] = []
    notices: Annotated[list[NoticePart], Field(max_length=NOTICES_MAX)] = []
    exemptions: dict[Word, ExemptionPart] = {}
    purposes: Annotated[dict[Word, PurposePart], Field(max_length=40)] = {}
    card_desk: CardDeskPart = CardDeskPart(resident_register_until=date(2015, 12, 28))
    staff: dict[Word, PersonPart] = {}
    alarms: AlarmsPart = AlarmsPart()


class ChangeHead(Part):
    """`from` and `until`: first and last day; without `until` for good. `remove`: keys that end, "sites.sadowara"."""

    from_: Annotated[date, Field(alias="from")]
    until: Annotated[date, Field(le=LAST_DAY)] | None = None
    why: Annotated[str, Field(min_length=1, max_length=200)]
    remove: list[str] = []
