"""The bench for a card reader: `python -m drivers.card [--reader NAME] status | watch | certificate | authenticate`.

For a technician. It shows what the machine reads from the card, but nothing about the holder: no name, no number,
no fingerprint. It reads the PIN without echo, digit by digit, into the buffer that the machine uses.
Exit status: 0 fine, 1 the card cannot be used or the PIN was wrong, 2 the reader or pcscd is in trouble.
"""

import argparse
import contextlib
import os
import secrets
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from drivers.card.channel import CardSession, CardTrace
from drivers.card.crypto import holder_signed, p256_signed, parse_certificate
from drivers.card.municipal import MunicipalApplication, parse_identity
from drivers.card.pcsc import PcscReader
from drivers.card.reader import JAPAN, TOTAL_DEADLINE_S, CardReaderDriver
from drivers.errors import DeviceError
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import (
    AuthenticationMethod,
    CardKind,
    CardNotUsable,
    CardPresence,
    CardRead,
    CardRefusal,
    Challenge,
    PinBlocked,
    WrongPin,
)

_ALL = frozenset(CardKind)
_PIN_DIGITS = 4
_WHY = {
    CardRefusal.NOT_OUR_CARD: "the card has neither the JPKI nor the municipal application; try another card",
    CardRefusal.UNREADABLE: "the card is upside down or broken, or its answers are wrong; turn it over, or try another",
    CardRefusal.KIND_NOT_TAKEN: "this kind of card is not taken here; try another card",
    CardRefusal.NO_CERTIFICATE: "the card has no user-authentication certificate; the municipal office issues one",
    CardRefusal.KEY_NOT_SUPPORTED: "the card's key is neither RSA-2048 nor on P-384; try another card",
    CardRefusal.NO_PIN: "the card has no PIN (顔認証マイナンバーカード); it can only be used at a counter",
    CardRefusal.UNKNOWN_LABEL: "the card answers as JPKI under an unknown name; report its label to the makers of this program",
    CardRefusal.PHONE: "a telephone shows its certificate only after its PIN; use the card",
    CardRefusal.EXPIRED: "the certificate has expired; the municipal office renews it",
    CardRefusal.PIN_BLOCKED: "the PIN is blocked; the municipal office can set a new one",
}
_ENTER, _ERASE, _STOP = (0x0A, 0x0D), (0x08, 0x7F), (0x03, 0x04)


class SystemClock:
    """Monotonic time of this computer."""

    def monotonic(self) -> float:
        return time.monotonic()


class Bench:
    """The four commands over one reader."""

    def __init__(self, reader: str) -> None:
        self._name = reader
        self._port = PcscReader(reader, SystemClock())
        self._driver = CardReaderDriver(self._port, lambda: datetime.now(UTC))

    def close(self) -> None:
        self._driver.release()
        self._port.close()

    def status(self) -> int:
        """Reader, ATR, kind, tries left, dates."""
        with contextlib.suppress(OSError):
            print("readers:      " + (", ".join(self._port.names()) or "none"))
        if trouble := self._no_card():
            return trouble
        print("card:         present")
        return self._show()

    def watch(self, seconds: float) -> int:
        """Print each change at the reader until `seconds` are over or Ctrl-C."""
        until_s = time.monotonic() + seconds
        before: CardPresence | None = None
        while (left_s := until_s - time.monotonic()) > 0:
            presence = self._driver.presence(min(left_s, 1.0))
            if presence is not before:
                print(f"{datetime.now(JAPAN):%H:%M:%S}  {presence}", flush=True)
                if presence is CardPresence.PRESENT:
                    self._show()
                elif presence is CardPresence.UNKNOWN:
                    self._no_card()
                before = presence
        return 2 if before is CardPresence.UNKNOWN else 0

    def certificate(self) -> int:
        """Print what the machine uses of the certificate, or of the identity record."""
        if trouble := self._no_card():
            return trouble
        card = self._driver.read(_ALL, p384=True)
        if isinstance(card, CardNotUsable):
            return _cannot(card)
        certificate = parse_certificate(card.credential)
        print(f"method:       {card.method}")
        print(f"size:         {len(card.credential)} bytes")
        if certificate is not None:
            print(f"valid from:   {certificate.not_before.astimezone(JAPAN):%Y-%m-%d %H:%M} JST")
            print(f"valid until:  {certificate.not_after.astimezone(JAPAN):%Y-%m-%d %H:%M} JST")
            print(f"key:          {certificate.key}")
        else:
            print(f"valid until:  {card.valid_until}")
            print("key:          P-256, the card's own")
        return 0

    def authenticate(self) -> int:
        """Ask the PIN, have the card sign a random challenge, and check the signature."""
        if trouble := self._no_card():
            return trouble
        card = self._driver.read(_ALL, p384=True)
        if isinstance(card, CardNotUsable):
            return _cannot(card)
        if card.method is AuthenticationMethod.MUNICIPAL:
            return self._authenticate_municipal(card)
        if card.pin_tries_left == 1 and not _insists():
            print("no PIN was sent to the card")
            return 1
        pin = PinBuffer()
        if not _ask_pin(pin):
            pin.wipe()
            print("no PIN was sent to the card")
            return 1
        challenge = Challenge(challenge_id="bench", challenge=secrets.token_bytes(32))
        bound = b"kofuki-auth-1" + challenge.challenge + secrets.token_bytes(16) + b"bench"
        started_s = time.monotonic()
        proof = self._driver.prove(pin, card, challenge, bound)
        taken_ms = (time.monotonic() - started_s) * 1000
        match proof:
            case WrongPin(left=left):
                print(f"the PIN is wrong; tries left: {'unknown' if left is None else left}")
                return 1
            case PinBlocked():
                print("the PIN is blocked; the municipal office can set a new one")
                return 1
            case _:
                right = holder_signed(card.credential, proof.signature, bound)
                print(
                    f"the PIN is right; the signature {'verifies' if right else 'DOES NOT VERIFY'} ({taken_ms:.0f} ms)"
                )
                return 0 if right else 1

    def _authenticate_municipal(self, card: CardRead) -> int:
        """Check the card's own key only: the PIN of a municipal card is checked by the centre."""
        identity = parse_identity(card.credential)
        assert identity is not None
        self._driver.release()
        session = CardSession(self._port, "card", CardTrace(self._port.clock), TOTAL_DEADLINE_S)
        try:
            application = MunicipalApplication(session, "card")
            message = secrets.token_bytes(32)
            right = application.selected() and p256_signed(identity.card_key, application.sign(message), message)
        finally:
            session.close()
        print(f"the signature of the card's own key {_verdict(right)}; only the centre can check the PIN")
        return 0 if right else 1

    def _no_card(self) -> int:
        """0 when there is a card; else print why there is none and return the exit status."""
        try:
            names = ", ".join(self._port.names())
        except OSError as error:
            print(f"{error}; look at `systemctl status pcscd`", flush=True)
            return 2
        match self._driver.presence(0.0):
            case CardPresence.PRESENT:
                return 0
            case CardPresence.NOT_PRESENT:
                print("there is no card in the reader; put one in", flush=True)
                return 1
            case CardPresence.UNKNOWN:
                known = f"no reader's name begins with {self._name!r}; give --reader one of: {names}"
                print(known if names else "no card reader is plugged in; plug it in, or try another cable", flush=True)
                return 2

    def _show(self) -> int:
        try:
            link = self._port.connect(TOTAL_DEADLINE_S)
            print(f"ATR:          {link.atr.hex(' ').upper()}")
            link.close()
        except OSError as error:
            print(f"ATR:          {error}")
        card = self._driver.read(_ALL, p384=True)
        self._driver.release()
        if isinstance(card, CardNotUsable):
            return _cannot(card)
        left = "counted by the centre" if card.method is AuthenticationMethod.MUNICIPAL else card.pin_tries_left
        print(f"kind:         {card.kind}")
        print(f"tries left:   {'unknown' if left is None else left}")
        print(f"valid until:  {card.valid_until}", flush=True)
        return 0


def _cannot(card: CardNotUsable) -> int:
    print(f"kind:         {card.kind}")
    print(f"not usable:   {_WHY[card.reason]}", flush=True)
    return 1


def _verdict(right: bool) -> str:
    return "verifies" if right else "DOES NOT VERIFY"


def _insists() -> bool:
    """Ask for YES. Reads byte by byte: buffered reading would take the PIN that follows too."""
    print("ONE TRY LEFT: a wrong PIN blocks this card. Type YES to go on: ", end="", flush=True)
    typed = bytearray()
    while (key := os.read(sys.stdin.fileno(), 1)) and key[0] not in _ENTER:
        typed += key
    return typed == b"YES"


def _ask_pin(pin: PinBuffer) -> bool:
    """Read digits into the buffer until ENTER, one byte at a time. False for Ctrl-C, Ctrl-D or too few digits."""
    print("PIN: ", end="", flush=True)
    with _without_echo(sys.stdin.fileno()) as source:
        while True:
            key = os.read(source, 1)
            if not key or key[0] in _STOP:
                print()
                return False
            if key[0] in _ENTER:
                print()
                if 0 < pin.count != _PIN_DIGITS:
                    print(f"a PIN has {_PIN_DIGITS} digits; begin again")  # a mistyped PIN would use up a try
                return pin.count == _PIN_DIGITS
            if key[0] in _ERASE:
                pin.backspace()
            elif 0x30 <= key[0] <= 0x39:
                pin.push(key[0])


@contextlib.contextmanager
def _without_echo(source: int) -> Iterator[int]:
    if not os.isatty(source):
        yield source
        return
    before = termios.tcgetattr(source)
    quiet = termios.tcgetattr(source)
    quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(source, termios.TCSAFLUSH, quiet)
    try:
        yield source
    finally:
        termios.tcsetattr(source, termios.TCSAFLUSH, before)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.card", description="The bench for a card reader.")
    parser.add_argument("--reader", default="", help="PC/SC name of the reader, or its beginning; else the first one")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="reader, ATR, kind, tries left, dates")
    watching = commands.add_parser("watch", help="print each card put in or pulled")
    watching.add_argument("--seconds", type=float, default=float("inf"))
    commands.add_parser("certificate", help="print what the machine uses of the certificate")
    commands.add_parser("authenticate", help="ask the PIN and have the card sign")
    options = parser.parse_args(arguments)
    bench = Bench(options.reader)
    try:
        match options.command:
            case "status":
                return bench.status()
            case "watch":
                return bench.watch(options.seconds)
            case "certificate":
                return bench.certificate()
            case _:
                return bench.authenticate()
    except DeviceError as error:
        print(error.sentence)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        bench.close()


if __name__ == "__main__":
    sys.exit(main())
