"""Exchanges with one card: one deadline for all of them, our own errors, and whole replies.

A `CardSession` uses a `ReaderPort`: PC/SC (pcsc.py), or memory and virtual time. A port reports trouble
with Python's own exceptions, as a socket does:

    ConnectionResetError    the card was pulled
    ConnectionRefusedError  there is a card, and it does not answer to reset
    InterruptedError        the exchange failed, and the card is still there
    TimeoutError            no answer within the time allowed
    BlockingIOError         another program holds the card
    any other OSError       the reader, or the service behind it, is gone

The card applications use it as a `CardChannel`. The deadline covers a whole question, not each
command, because a card may ask for more time for ever (fault C5). A signature has a shorter one of its own (README.md, "Relays").

Readers lose single exchanges, and some fail the first time they power a card (fault C8). So powering is tried twice, and so is a command
that changes nothing on the card. VERIFY with a PIN is sent once, whatever becomes of it.
"""

import contextlib
from collections import deque
from typing import NoReturn, Protocol

from drivers.card import apdu
from drivers.card.apdu import Reply, StatusWord
from drivers.errors import CardGone, CardTrouble, ReaderGone, ReaderInUse
from drivers.ports import CardChannel, Clock
from drivers.trace import Direction, Passage

HELD_S, HELD_LOOK_S = 2.0, 0.25  # desktops look at each card that is put in (fault C6)
SIGNING_S = 3.0  # the slowest card seen signs in about a second
_ROUNDS = 64  # of GET RESPONSE and corrected lengths for one command: 64 x 256 bytes is more than any file here


class CardLink(Protocol):
    """One powered card, exclusively ours until `close`."""

    @property
    def atr(self) -> bytes:
        """Its answer to reset."""
        ...

    def transmit(self, command: bytes | bytearray, timeout_s: float) -> bytes:
        """Send one command; return the answer, status word last. Raises the exceptions listed above."""
        ...

    def close(self) -> None:
        """Reset the card, which logs it out, and let go of it. Never raises."""
        ...


class ReaderPort(Protocol):
    """One card reader."""

    @property
    def clock(self) -> Clock:
        """The clock of its timeouts."""
        ...

    def presence(self, timeout_s: float) -> str:
        """Wait up to `timeout_s` for a change since the last call; return a word of `CardPresence`.

        Never raises: without a reader or pcscd the word is "unknown".
        """
        ...

    def check(self) -> None:
        """Raises `OSError` with a sentence when the reader, or the service behind it, is not there."""
        ...

    def connect(self, timeout_s: float) -> CardLink:
        """Power the card and take it exclusively. Raises the exceptions listed above."""
        ...

    def close(self) -> None:
        """Give the reader back. Calling it twice is harmless."""
        ...


class MuteCard(CardTrouble):
    """There is a card, but it does not answer to reset."""


class ExchangeFailed(CardTrouble):
    """The reader could not carry this command or its answer, twice where it may be sent twice."""


class CardTrace:
    """The last commands and replies, without secrets and without personal data (`drivers.trace` for the form)."""

    def __init__(self, clock: Clock, entries: int = 256) -> None:
        self._clock = clock
        self._ring: deque[Passage] = deque(maxlen=entries)

    def sent(self, command: bytes | bytearray) -> None:
        self._note(Direction.SENT, apdu.redacted_command(command), len(command))

    def heard(self, reply: bytes) -> None:
        self._note(Direction.HEARD, apdu.redacted_reply(reply), len(reply))

    def passages(self) -> tuple[Passage, ...]:
        """Oldest first."""
        return tuple(self._ring)

    def dump(self) -> list[str]:
        """The passages as lines of text, times counted back from now."""
        now_s = self._clock.monotonic()
        return [passage.line(now_s) for passage in self._ring]

    def _note(self, direction: Direction, data: bytes, size: int) -> None:
        self._ring.append(Passage(at_s=self._clock.monotonic(), direction=direction, data=data, size=size))


class CardSession:
    """A `CardChannel` over a port's link. `allow` sets a new deadline for each question."""

    def __init__(
        self, port: ReaderPort, device: str, trace: CardTrace, total_s: float, signing_s: float = SIGNING_S
    ) -> None:
        """Power the card. Raises `CardTrouble` (`MuteCard` if it stays mute), `CardGone`, `ReaderGone`, `ReaderInUse`."""
        self._clock = port.clock
        self._device = device
        self._trace = trace
        self._signing_s = signing_s
        self._deadline_s = 0.0
        self.allow(total_s)
        try:
            self._link = _powered(port, total_s)
        except OSError as error:
            self._tell(error)

    @property
    def atr(self) -> bytes:
        return self._link.atr

    def allow(self, total_s: float) -> None:
        """All that follows must end within `total_s` from now."""
        self._deadline_s = self._clock.monotonic() + total_s

    def transmit(self, command: bytes | bytearray) -> tuple[bytes, int]:
        """See `CardChannel`."""
        try:
            reply = self._exchanged(command)
        except InterruptedError as error:
            if not apdu.repeatable(command):
                self._tell(error)
            reply = self._once_more(command)
        return reply[:-2], reply[-2] << 8 | reply[-1]

    def _once_more(self, command: bytes | bytearray) -> bytes:
        try:
            return self._exchanged(command)
        except InterruptedError as error:
            self._tell(error)

    def _exchanged(self, command: bytes | bytearray) -> bytes:
        """One exchange. Raises `InterruptedError` when it failed or has no status word, and our own errors otherwise."""
        left_s = self._deadline_s - self._clock.monotonic()
        if left_s <= 0:
            raise CardTrouble(self._device, "the card took too long; try again")
        self._trace.sent(command)
        try:
            reply = self._link.transmit(command, min(left_s, self._signing_s) if apdu.signs(command) else left_s)
        except InterruptedError:
            raise
        except OSError as error:
            self._tell(error)
        self._trace.heard(reply)
        if len(reply) < 2:
            raise InterruptedError("an answer without a status word")
        return reply

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._link.close()

    def _tell(self, error: OSError) -> NoReturn:
        match error:
            case ConnectionResetError():
                raise CardGone(self._device, "the card was pulled; put it in again") from None
            case ConnectionRefusedError():
                raise MuteCard(
                    self._device, "the card does not answer to reset; turn it over, or try another"
                ) from None
            case InterruptedError():
                raise ExchangeFailed(
                    self._device, "an exchange with the card failed; put the card in again, and keep it still"
                ) from None
            case TimeoutError():
                raise CardTrouble(self._device, "the card did not answer in time; put the card in again") from None
            case BlockingIOError():
                raise ReaderInUse(
                    self._device,
                    "the card reader is in use by another program; end that program"
                    " (`sudo grep -l libpcsclite /proc/[0-9]*/maps` finds it)",
                ) from None
            case _:
                raise ReaderGone(self._device, f"the card reader cannot be used ({error}); plug it in again") from None


def _powered(port: ReaderPort, timeout_s: float) -> CardLink:
    """Power the card; once more if it was mute. A card that another program looks at for a moment is waited for."""
    until_s = port.clock.monotonic() + timeout_s
    held_until_s = port.clock.monotonic() + min(HELD_S, timeout_s)
    mute_before = False
    while True:
        try:
            return port.connect(max(0.0, until_s - port.clock.monotonic()))
        except ConnectionRefusedError:
            if mute_before:
                raise
            mute_before = True
        except BlockingIOError:
            if port.clock.monotonic() >= held_until_s:
                raise
            port.presence(HELD_LOOK_S)  # waits, and ends at once when the card is pulled


def exchange(channel: CardChannel, command: bytes | bytearray, device: str) -> Reply:
    """Send one command and return the whole reply: after 61xx GET RESPONSE, after 6Cxx the command with the right length.

    A command without Le is never sent again because of its answer. Raises `CardTrouble` when the card answers
    more bytes than were asked, or goes on for more than `_ROUNDS` rounds.
    """
    answer = bytearray()
    corrected = False
    for _ in range(_ROUNDS):
        data, value = channel.transmit(command)
        length = apdu.expected_length(command)
        if value >> 8 == 0x6C and length is not None and not corrected:
            command = apdu.with_expected_length(command, value & 0xFF)
            corrected = True
            continue
        if len(data) > (length or 256):
            raise CardTrouble(device, f"the card answered {len(data)} bytes where {length or 256} were asked")
        answer += data
        if value >> 8 != 0x61:
            return Reply(bytes(answer), StatusWord(value))
        command = apdu.get_response(value & 0xFF)
        corrected = False
    raise CardTrouble(device, "the card's reply does not end; try another card")
