"""Exchanges with one card: one deadline for all of them, our own errors, and whole replies.

A `CardSession` uses a `ReaderPort`: PC/SC (pcsc.py), or memory and virtual time. A port reports trouble
with Python's own exceptions, as a socket does:

    ConnectionResetError    the card was pulled
    ConnectionRefusedError  there is a card, and it does not answer to reset
    TimeoutError            no answer within the time allowed
    any other OSError       the reader, or the service behind it, is gone

The card applications use it as a `CardChannel`. The deadline covers a whole question, not each
command, because a card may ask for more time for ever (fault C5).
"""

import contextlib
from collections import deque
from typing import NoReturn, Protocol

from drivers.card import apdu
from drivers.card.apdu import Reply, StatusWord
from drivers.errors import BadReply, CardGone, NoReply, ReaderGone
from drivers.ports import CardChannel, Clock
from drivers.trace import Direction, Passage

_ROUNDS = 64  # of GET RESPONSE and corrected lengths for one command: 64 x 256 bytes is more than any file here


class CardLink(Protocol):
    """One powered card, exclusively ours until `close`."""

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


class MuteCard(NoReply):
    """There is a card, but it does not answer to reset."""


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

    def __init__(self, port: ReaderPort, device: str, trace: CardTrace, total_s: float) -> None:
        """Power the card. Raises `MuteCard`, `CardGone`, `ReaderGone`, `NoReply`."""
        self._clock = port.clock
        self._device = device
        self._trace = trace
        self._deadline_s = 0.0
        self.allow(total_s)
        try:
            self._link = port.connect(total_s)
        except OSError as error:
            self._tell(error)

    def allow(self, total_s: float) -> None:
        """All that follows must end within `total_s` from now."""
        self._deadline_s = self._clock.monotonic() + total_s

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """See `CardChannel`. Also raises `BadReply` for an answer without a status word."""
        left_s = self._deadline_s - self._clock.monotonic()
        if left_s <= 0:
            raise NoReply(self._device, "the card took too long; try again")
        self._trace.sent(apdu)
        try:
            reply = self._link.transmit(apdu, left_s)
        except OSError as error:
            self._tell(error)
        self._trace.heard(reply)
        if len(reply) < 2:
            raise BadReply(self._device, f"the card answered {len(reply)} bytes, without a status word")
        return reply[:-2], reply[-2] << 8 | reply[-1]

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
            case TimeoutError():
                raise NoReply(self._device, "the card or its reader did not answer; put the card in again") from None
            case _:
                raise ReaderGone(self._device, f"the card reader cannot be used ({error}); plug it in again") from None


def exchange(channel: CardChannel, command: bytes | bytearray, device: str) -> Reply:
    """Send one command and return the whole reply: after 61xx GET RESPONSE, after 6Cxx the command with the right length.

    A command without Le, such as VERIFY, is sent exactly once. Raises `BadReply` when the
    card answers more bytes than were asked, or goes on for more than `_ROUNDS` rounds.
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
            raise BadReply(device, f"the card answered {len(data)} bytes where {length or 256} were asked")
        answer += data
        if value >> 8 != 0x61:
            return Reply(bytes(answer), StatusWord(value))
        command = apdu.get_response(value & 0xFF)
        corrected = False
    raise BadReply(device, "the card's reply does not end; try another card")
