"""The card reader as the machine uses it: what card is it, can it be used, does its holder know the PIN.

`read` costs no PIN try, and everything that a card can tell before the PIN is known by it: a stranger's card, a kind
this site does not take, no certificate, a foreign key, an expired certificate, blocked. The label of the JPKI token decides first;
a 住基カード has such a token too, but no key to log in with, so it is used by its municipal application.

The card stays powered and ours between `read` and `release`, because what was read and what is proved must be the
same card: pulled and put back, even at once, it is another card and `prove` says CardGone.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from drivers.card.channel import CardSession, CardTrace, MuteCard, ReaderPort
from drivers.card.crypto import seal_pin
from drivers.card.jpki import JpkiApplication
from drivers.card.municipal import MunicipalApplication, nonce_of
from drivers.errors import BadReply, CardGone, DeviceError, PinGone
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
JAPAN = timezone(timedelta(hours=9))  # the dates on cards are days in Japan, which has no summer time


class CardReaderDriver:
    """Satisfies `firmware.ports.CardReader`. `now` is wall time with an offset, for the dates on cards."""

    def __init__(
        self,
        port: ReaderPort,
        now: Callable[[], datetime],
        device: str = "card",
        total_deadline_s: float = TOTAL_DEADLINE_S,
    ) -> None:
        self._port = port
        self._now = now
        self._device = device
        self._total_s = total_deadline_s
        self._session: CardSession | None = None
        self.trace = CardTrace(port.clock)

    def presence(self, timeout_s: float) -> CardPresence:
        """See the port. Never raises; a reader that is gone is UNKNOWN."""
        presence = CardPresence(self._port.presence(timeout_s))
        if presence is not CardPresence.PRESENT:
            self.release()
        return presence

    def read(self, taken: frozenset[CardKind]) -> CardRead | CardNotUsable:
        """See the port. Raises `CardGone`, `ReaderGone`, `NoReply`.

        What a card answers against its specification is the card's trouble, not the machine's: UNREADABLE.
        """
        self.release()
        kind = CardKind.UNKNOWN
        try:
            session = self._session = CardSession(self._port, self._device, self.trace, self._total_s)
            jpki = JpkiApplication(session, self._device)
            if jpki.selected():
                kind = jpki.kind()
            if kind is not CardKind.UNKNOWN and kind not in taken:
                result: CardRead | CardNotUsable = CardNotUsable(CardRefusal.KIND_NOT_TAKEN, kind)
            elif kind in {CardKind.INDIVIDUAL_NUMBER, CardKind.PHONE}:
                result = self._read_jpki(jpki, kind)
            else:
                result = self._read_municipal(MunicipalApplication(session, self._device), kind, taken)
        except MuteCard:
            result = CardNotUsable(CardRefusal.UNREADABLE)
        except BadReply:
            result = CardNotUsable(CardRefusal.UNREADABLE, kind)
        except DeviceError:
            self.release()
            raise
        if isinstance(result, CardNotUsable):
            self.release()
        return result

    def prove(
        self, pin: PinBuffer, card: CardRead, challenge: Challenge, bound: bytes
    ) -> CardProof | WrongPin | PinBlocked:
        """See the port. Raises `CardGone`, `PinGone`, `ReaderGone`, `NoReply`, `BadReply`; the buffer is zeros afterwards.

        After an error the card is let go: what it holds to be verified is unknown, and `read` must come first.
        """
        try:
            if self._session is None:
                raise CardGone(self._device, "the card that was read is no longer in the reader")
            self._session.allow(self._total_s)
            if card.method is AuthenticationMethod.MUNICIPAL:
                return self._prove_municipal(self._session, pin, challenge, bound)
            return self._prove_jpki(self._session, pin, bound)
        except PinWiped:
            self.release()
            raise PinGone(self._device, "the PIN was wiped before the card was asked") from None
        except DeviceError:
            self.release()
            raise
        finally:
            pin.wipe()

    def release(self) -> None:
        """See the port."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    # --- inside ---------------------------------------------------------------------------------

    def _read_jpki(self, jpki: JpkiApplication, kind: CardKind) -> CardRead | CardNotUsable:
        certificate = jpki.certificate()
        if isinstance(certificate, CardRefusal):
            return CardNotUsable(certificate, kind)
        # A certificate that is not valid yet is left to the centre, whose clock can be trusted more than ours.
        if self._now().astimezone(UTC) > certificate.not_after:
            return CardNotUsable(CardRefusal.EXPIRED, kind)
        left = jpki.tries_left()
        if left == 0:
            return CardNotUsable(CardRefusal.PIN_BLOCKED, kind)
        return CardRead(
            kind=kind,
            method=AuthenticationMethod.JPKI,
            credential=certificate.der,
            pin_tries_left=left,
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
        # A card past its day is the site's affair (a store takes none, the city's own machines do): the centre's rule.
        return CardRead(
            kind=identity.kind,
            method=AuthenticationMethod.MUNICIPAL,
            credential=identity.record,
            pin_tries_left=None,
            valid_until=identity.valid_until,
        )

    def _prove_jpki(self, session: CardSession, pin: PinBuffer, bound: bytes) -> CardProof | WrongPin | PinBlocked:
        jpki = JpkiApplication(session, self._device)
        if not jpki.selected():
            raise BadReply(self._device, "the card no longer has its application")
        refused = jpki.verify(pin)
        return CardProof(signature=jpki.sign(bound)) if refused is None else refused

    def _prove_municipal(self, session: CardSession, pin: PinBuffer, challenge: Challenge, bound: bytes) -> CardProof:
        assert challenge.pin_key is not None, "a municipal challenge carries the centre's PIN key"
        nonce = nonce_of(bound, challenge)
        card = MunicipalApplication(session, self._device)
        if not card.selected():
            raise BadReply(self._device, "the card no longer has its application")
        signature = card.sign(bound)
        with pin.lend() as digits:
            try:
                sealed = seal_pin(digits, pin_key=challenge.pin_key, session_nonce=nonce, challenge=challenge.challenge)
            except ValueError:
                raise BadReply(self._device, "the centre's PIN key is no key") from None
        return CardProof(signature=signature, encrypted_pin=sealed)
