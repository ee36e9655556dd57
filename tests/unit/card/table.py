"""The virtual cards, a reader in memory and our driver on it, for every card test and bench."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.card.reader import CardReaderDriver
from drivers.errors import DeviceError
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import CardKind, CardRead, Challenge
from host_sim import pki
from host_sim.adapters.card_memory import MemoryReader
from host_sim.clock import VirtualClock
from host_sim.models.card import ATRS, ChipCard, JpkiCard, Manners
from host_sim.models.municipal_card import IdentityRecord, municipal_application
from host_sim.wallet import Wallet
from tests.card_keys import KEYS

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ALL = frozenset(CardKind)
VERIFY = bytes.fromhex("00200080")
SESSION_NONCE = bytes(range(16))
PIN_KEY = (
    "3b0b7a1b0e6b7a2d9f0c4a55f2a0d3c1e5f7089a6b4c2d1e0f9a8b7c6d5e4f37"  # the centre's private key; any 32 bytes will do
)


@cache
def keys() -> pki.KeyFolder:
    return pki.KeyFolder(KEYS)


@cache
def authorities() -> tuple[pki.Authority, pki.Authority]:
    """The CA for user authentication, and the CA for digital signatures."""
    return (
        pki.authority(keys(), "auth-ca", "JPKI for user authentication", TODAY),
        pki.authority(keys(), "sign-ca", "JPKI for digital signature", TODAY),
    )


@cache
def certificate(*, ends: date = date(2029, 5, 3), curve: bool = False) -> bytes:
    public: pki.PublicKey = keys().rsa("taro").public_key()
    if curve:
        public = keys().ec("taro-ec", ec.SECP384R1()).public_key()
    return pki.authentication_certificate(
        authorities()[0],
        public,
        serial=0x0705D990,
        number="0123456789012A",
        not_before=pki.start_of(date(2024, 6, 1)),
        not_after=pki.end_of(ends),
    )


def jpki_card(
    *,
    pin: str = "2580",
    label: str = "JPKIAPICCTOKEN2",
    ends: date = date(2029, 5, 3),
    curve: bool = False,
    manners: Manners | None = None,
    without: tuple[int, ...] = (),
    replace: dict[int, bytes] | None = None,
    without_pin: bool = False,
) -> JpkiCard:
    """A 個人番号カード with the keys kept in KEYS."""
    authentication, signature = authorities()
    key = keys().rsa("taro")
    signs = {0x17: partial(pki.sign_as_card, key), 0x1A: partial(pki.sign_as_card, key)}
    if curve:
        signs[0x17] = partial(pki.sign_as_next_card, keys().ec("taro-ec", ec.SECP384R1()))
    certificates = {0x0A: certificate(ends=ends, curve=curve), 0x0B: authentication.der, 0x02: signature.der}
    certificates |= replace or {}
    card = JpkiCard(
        certificates={number: der for number, der in certificates.items() if number not in without},
        keys={number: sign for number, sign in signs.items() if number not in without},
        pin=pin,
        label=label,
        manners=manners,
    )
    if without_pin:
        card.take_pin_away()
    return card


def municipal_card(
    *,
    kind: str = "citizen",
    valid_until: str = "20301231",
    record: bytes | None = None,
    beside_jpki: bool = False,
    manners: Manners | None = None,
) -> ChipCard:
    """A 市民カード, or a 住基カード with its old JPKI application."""
    key = keys().ec("citizen-card", ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    made = IdentityRecord(user_id="000012345678", kind=kind, valid_until=valid_until, card_key=point).encoded()
    application = municipal_application(record or made, partial(pki.sign_digest, key), manners)
    if not beside_jpki:
        return ChipCard(ATRS["contact_2"], [application], manners)
    return JpkiCard(
        certificates={0x02: authorities()[1].der},
        keys={0x1A: partial(pki.sign_as_card, keys().rsa("taro"))},
        pin="",
        label="JPKIAPICCTOKEN",
        beside=[application],
        manners=manners,
    )


def wallet(directory: Path, today: date = TODAY, *, keep: bool = True) -> Wallet:
    return Wallet.open(directory, today, keys=KEYS, keep=keep)


class Table:
    """A slot, a virtual clock and the driver. `now` may be set to another wall time."""

    def __init__(self, card: ChipCard | None = None, *, total_deadline_s: float = 10.0) -> None:
        self.clock = VirtualClock()
        self.slot = MemoryReader(self.clock)
        self.now = NOON
        self.driver = CardReaderDriver(self.slot, lambda: self.now, total_deadline_s=total_deadline_s)
        if card is not None:
            self.slot.insert(card)

    @property
    def card(self) -> ChipCard:
        assert self.slot.card is not None
        return self.slot.card

    def verifies(self) -> int:
        """How many VERIFY commands, with or without data, the card has received."""
        return sum(head == VERIFY for head in self.card.log)

    def read(self) -> CardRead:
        card = self.driver.read(ALL)
        assert isinstance(card, CardRead), card
        return card


def pin_of(digits: str) -> PinBuffer:
    pin = PinBuffer()
    for digit in digits:
        pin.push(ord(digit))
    return pin


def storage_of(pin: PinBuffer) -> bytes:
    """All bytes of the buffer's memory, used or not."""
    return bytes(pin._digits)


def challenge() -> Challenge:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    public = X25519PrivateKey.from_private_bytes(bytes.fromhex(PIN_KEY)).public_key().public_bytes_raw()
    return Challenge(challenge_id="c", challenge=bytes(range(100, 132)), pin_key=public)


def bound() -> bytes:
    """The bytes that the card signs (drivers/line/README.md): tag, challenge, session nonce, machine."""
    return b"kofuki-auth-1" + challenge().challenge + SESSION_NONCE + b"miyazaki-store-01"


def serial_of(der: bytes) -> int:
    return x509.load_der_x509_certificate(der).serial_number


def outcome(table: Table, digits: str) -> object:
    """Read and prove the card, then release it; returns the result or the DeviceError."""
    try:
        card = table.driver.read(ALL)
        if not isinstance(card, CardRead):
            return card
        return table.driver.prove(pin_of(digits), card, challenge(), bound())
    except DeviceError as error:
        return error
    finally:
        table.driver.release()


def days(count: int) -> timedelta:
    return timedelta(days=count)
