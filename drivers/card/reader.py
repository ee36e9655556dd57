"""The card reader as the machine uses it: which card is it, can it be used, does its holder know the PIN.

`read` uses up no PIN try. It finds everything that a card tells without the PIN: not our card, a kind
this site does not take, no certificate, an unsupported key, an expired certificate, a blocked PIN. The label of the
JPKI token decides first. A 住基カード has such a token too, but no key to log in with, so its municipal application is used.

Trouble of a card is no trouble of the reader: the reader is given up when it is lost, or when `CARDS_IN_A_ROW` different cards
failed and none worked between them (`troubles.py`).

The card stays powered and exclusively ours between `read` and `release`, so that `prove` uses the card that was
read. After the card was pulled and put back, even at once, `prove` raises `CardGone`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from drivers.card.channel import SIGNING_S, CardSession, CardTrace, ReaderPort
from drivers.card.crypto import parse_certificate, seal_pin
from drivers.card.jpki import JpkiApplication
from drivers.card.municipal import MunicipalApplication, nonce_of
from drivers.card.troubles import CardsInARow
from drivers.errors import CardGone, CardTrouble, DeviceError, DeviceFault, PinGone, ReaderGone
from drivers.pin_pad.entry import PinBuffer, PinWiped
from drivers.vocabulary import (
    AuthenticationMethod,
    CardKind,
    CardNotUsable,
    CardPresence,
    CardProof,
    CardRead,
    CardRefusal,
    Challenge,
    PinBlocked,
    WrongPin,
)

TOTAL_DEADLINE_S = 10.0  # fault C5
CARDS_IN_A_ROW = 3
JAPAN = timezone(timedelta(hours=9))  # the dates on cards are days in Japan, which has no summer time


class CardReaderDriver:
    """Satisfies `firmware.ports.CardReader`. `now` returns wall time with an offset, for the dates on cards."""

    def __init__(
        self,
        port: ReaderPort,
        now: Callable[[], datetime],
        device: str = "card",
        total_deadline_s: float = TOTAL_DEADLINE_S,
        signing_s: float = SIGNING_S,
    ) -> None:
        self._port = port
        self._now = now
        self._device = device
        self._total_s = total_deadline_s
        self._signing_s = signing_s
        self._session: CardSession | None = None
        self._failed = CardsInARow()
        self.trace = CardTrace(port.clock)

    def presence(self, timeout_s: float) -> CardPresence:
        """See the port. Never raises; UNKNOWN without a reader or pcscd."""
        presence = CardPresence(self._port.presence(timeout_s))
        if presence is not CardPresence.PRESENT:
            self.release()
        return presence

    def check(self) -> None:
        """See the port. Raises `ReaderGone`, whose sentence says what is missing."""
        try:
            self._port.check()
        except OSError as error:
            raise ReaderGone(self._device, f"{error}.") from None

    def read(
        self, taken: frozenset[CardKind], *, pin_needed: bool = True, p384: bool = False
    ) -> CardRead | CardNotUsable:
        """See the port. Raises `CardGone`, `ReaderGone`, `ReaderInUse`, `DeviceFault`.

        A card that answers against its specification, or not at all, is UNREADABLE; that is no trouble of the machine.
        """
        self.release()
        try:
            session = self._session = CardSession(self._port, self._device, self.trace, self._total_s, self._signing_s)
            result = self._look(session, taken, pin_needed=pin_needed, p384=p384)
        except CardTrouble:
            result = CardNotUsable(CardRefusal.UNREADABLE)
        except DeviceError:
            self.release()
            raise
        if isinstance(result, CardNotUsable):
            atr = self._session.atr if self._session is not None else b""
            self.release()
            if result.reason is not CardRefusal.UNREADABLE:
                self._failed.forget()
            else:
                self._note_failed(atr, b"")
        return result

    def prove(
        self, pin: PinBuffer, card: CardRead, challenge: Challenge, bound: bytes
    ) -> CardProof | WrongPin | PinBlocked:
        """See the port. Raises `CardGone`, `CardTrouble`, `PinGone`, `ReaderGone`, `DeviceFault`; the buffer is zeros afterwards.

        After an error the card is released, because it is unknown whether it has verified the PIN: call `read` again.
        """
        try:
            session = self._still_held()
            if card.method is AuthenticationMethod.MUNICIPAL:
                proof: CardProof | WrongPin | PinBlocked = self._prove_municipal(session, pin, challenge, bound)
            else:
                proof = self._prove_jpki(session, card, pin, bound)
        except PinWiped:
            self.release()
            raise PinGone(
                self._device, "the PIN was wiped before it was sent to the card; no try was used up"
            ) from None
        except DeviceError as error:
            self._given_up(error, card)
            raise
        finally:
            pin.wipe()
        self._failed.forget()
        return proof

    def show(self, card: CardRead, bound: bytes) -> CardProof:
        """See the port. Raises `CardGone`, `CardTrouble`, `ReaderGone`, `DeviceFault`; the card is released after an error.

        The key of the JPKI token signs only after its PIN, so such a card proves nothing more than it showed when it was read.
        """
        try:
            session = self._still_held()
            if card.method is not AuthenticationMethod.MUNICIPAL:
                return CardProof(signature=b"")
            municipal = MunicipalApplication(session, self._device)
            if not municipal.selected():
                raise CardTrouble(self._device, "the card no longer has its municipal application")
            return CardProof(signature=municipal.sign(bound))
        except DeviceError as error:
            self._given_up(error, card)
            raise

    def release(self) -> None:
        """See the port."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    # --- inside ---------------------------------------------------------------------------------

    def _still_held(self) -> CardSession:
        """The card that was read, with a new deadline. Raises `CardGone`."""
        if self._session is None:
            raise CardGone(self._device, "the card that was read is no longer in the reader; put it in again")
        self._session.allow(self._total_s)
        return self._session

    def _given_up(self, error: DeviceError, card: CardRead) -> None:
        """After an error: let go of the card, and of the reader if other cards failed before. Raises `DeviceFault`."""
        atr = self._session.atr if self._session is not None else b""
        self.release()
        if isinstance(error, CardTrouble):
            self._note_failed(atr, card.credential)

    def _note_failed(self, atr: bytes, credential: bytes) -> None:
        if self._failed.note(atr, credential) >= CARDS_IN_A_ROW:
            raise DeviceFault(
                self._device,
                f"{CARDS_IN_A_ROW} different cards in a row could not be used: clean the reader, then exchange it",
            ) from None

    def _look(
        self, session: CardSession, taken: frozenset[CardKind], *, pin_needed: bool, p384: bool
    ) -> CardRead | CardNotUsable:
        jpki = JpkiApplication(session, self._device)
        is_jpki = jpki.selected()
        kind = jpki.kind() if is_jpki else CardKind.UNKNOWN
        if kind is CardKind.PHONE:  # it shows its certificate only after its PIN (card source 2)
            return CardNotUsable(CardRefusal.PHONE, kind)
        if kind is not CardKind.UNKNOWN and kind not in taken:
            return CardNotUsable(CardRefusal.KIND_NOT_TAKEN, kind)
        try:
            if kind is CardKind.INDIVIDUAL_NUMBER:
                return self._read_jpki(jpki, kind, pin_needed=pin_needed, p384=p384)
            found = self._read_municipal(MunicipalApplication(session, self._device), kind, taken)
        except CardTrouble:
            return CardNotUsable(CardRefusal.UNREADABLE, kind)
        if is_jpki and found == CardNotUsable(CardRefusal.NOT_OUR_CARD) and jpki.selected() and jpki.logs_in():
            return CardNotUsable(CardRefusal.UNKNOWN_LABEL)
        return found

    def _read_jpki(
        self, jpki: JpkiApplication, kind: CardKind, *, pin_needed: bool, p384: bool
    ) -> CardRead | CardNotUsable:
        certificate = jpki.certificate(p384=p384)
        if isinstance(certificate, CardRefusal):
            return CardNotUsable(certificate, kind)
        # The centre judges a certificate that is not valid yet: its clock is more reliable than ours.
        if self._now().astimezone(UTC) > certificate.not_after:
            return CardNotUsable(CardRefusal.EXPIRED, kind)
        left = jpki.tries_left()
        if pin_needed and left is CardRefusal.NO_PIN:
            return CardNotUsable(left, kind)
        if pin_needed and left == 0:
            return CardNotUsable(CardRefusal.PIN_BLOCKED, kind)
        return CardRead(
            kind=kind,
            method=AuthenticationMethod.JPKI,
            credential=certificate.der,
            pin_tries_left=None if left is CardRefusal.NO_PIN else left,
            valid_until=certificate.not_after.astimezone(JAPAN).date(),
        )

    def _read_municipal(
        self, card: MunicipalApplication, label: CardKind, taken: frozenset[CardKind]
    ) -> CardRead | CardNotUsable:
        if not card.selected():
            if label is CardKind.RESIDENT_REGISTER:
                return CardNotUsable(CardRefusal.NO_CERTIFICATE, label)  # it can sign, but not log in (card source 8)
            return CardNotUsable(CardRefusal.NOT_OUR_CARD)
        identity = card.identity()
        if identity is None:
            return CardNotUsable(CardRefusal.UNREADABLE, label)
        if identity.kind not in taken:
            return CardNotUsable(CardRefusal.KIND_NOT_TAKEN, identity.kind)
        # The centre judges an expired card: a store takes none, the city's own machines do.
        return CardRead(
            kind=identity.kind,
            method=AuthenticationMethod.MUNICIPAL,
            credential=identity.record,
            pin_tries_left=None,
            valid_until=identity.valid_until,
        )

    def _prove_jpki(
        self, session: CardSession, card: CardRead, pin: PinBuffer, bound: bytes
    ) -> CardProof | WrongPin | PinBlocked:
        certificate = parse_certificate(card.credential)
        assert certificate is not None, "the card was read by this driver"
        jpki = JpkiApplication(session, self._device)
        if not jpki.selected():
            raise CardTrouble(self._device, "the card no longer has its JPKI application")
        refused = jpki.verify(pin)
        return CardProof(signature=jpki.sign(bound, certificate.key)) if refused is None else refused

    def _prove_municipal(self, session: CardSession, pin: PinBuffer, challenge: Challenge, bound: bytes) -> CardProof:
        assert challenge.pin_key is not None, "a municipal challenge carries the centre's PIN key"
        nonce = nonce_of(bound, challenge)
        card = MunicipalApplication(session, self._device)
        if not card.selected():
            raise CardTrouble(self._device, "the card no longer has its municipal application")
        signature = card.sign(bound)
        with pin.lend() as digits:
            try:
                sealed = seal_pin(digits, pin_key=challenge.pin_key, session_nonce=nonce, challenge=challenge.challenge)
            except ValueError:
                raise CardTrouble(self._device, "the PIN key that the centre sent is no X25519 key") from None
        return CardProof(signature=signature, encrypted_pin=sealed)
