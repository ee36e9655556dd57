"""One ccTalk master on one wire: asks, waits, retries, and matches each answer to its question.

**Matching.** On the single wire the host receives its own bytes; with some adapters it does not. So the bus
parses every frame. A frame is the answer when it is addressed to the host, comes from the
device that was asked, and has a length that the question allows. Echoes and most late answers to older questions
fail this and are dropped.

**Silence** means wrong address, unknown command, corruption or a dead device, and one try cannot tell them
apart (part 1, sections 12 and 13). So the bus repeats a question up to three times and waits longer
each time. After an error it first waits until the line has been silent for more than 50 ms. Then every
receiver starts anew, and a stray zero cannot turn the next frame into a broadcast reset
(part 4, section 5.1).

**Late answers.** A late answer may pass for the answer to the next question to the same device. That is harmless
to the event poll, whose answer carries its own counter. It is wrong everywhere else: the
identification of coin 3 is not that of coin 4, and counters from before a payout are not those
after it. While a late answer may come (`owing`), a question with `fresh` first waits until the line
has been silent for longer than any device may take to answer.

**Two flips.** The 8-bit sum misses two opposite flips of the same bit. A line with that many errors
also shows single flips all the time. So a reading that matters is taken only when two in a row agree, unless
the line has had no error for `TRUSTED_RUN` exchanges.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from drivers.coin.cctalk import BROADCAST, GAP_S, HOST, Checksum, Frame, Header, Parser, encode
from drivers.errors import BadReply, NoReply
from drivers.ports import ByteStream, Clock

TRUSTED_RUN = 1000
_QUIET_S = GAP_S + 0.010
_HUSH_S = 1.0  # longer than any device may take to answer (part 4, 1.1.22)
_PATIENCE_S = (0.2, 0.2, 0.5, 1.0)
_PATIENCE_POLL_S = (0.08, 0.08, 0.2, 0.4, 0.8)  # short: coins may fall while a lost answer is waited for
_READ_BYTES = 512
_AGREE_TRIES = 10


@dataclass(slots=True)
class LineQuality:
    """Counts since the start, for the console and the journal."""

    exchanges: int = 0  # questions put on the wire, tries included
    answered: int = 0
    silent: int = 0  # tries without any answer
    dropped_bytes: int = 0  # bytes that belong to no good frame
    strays: int = 0  # frames and noise that were not the answer to the present question
    echo: bool | None = None  # whether the line echoes; None until something was heard

    @property
    def trouble(self) -> int:
        """The number of errors so far: exchanges between two equal readings of it had none."""
        return self.silent + self.dropped_bytes + self.strays


class CcTalkBus:
    """The only master of its stream. `checksums` holds the addresses that differ from `checksum`."""

    def __init__(
        self,
        stream: ByteStream,
        clock: Clock,
        *,
        checksum: Checksum = Checksum.SIMPLE,
        checksums: Mapping[int, Checksum] | None = None,
        retries: int = 3,
        device: str = "coin bus",
    ) -> None:
        self.clock = clock
        self.quality = LineQuality()
        self._stream = stream
        self._checksum = checksum
        self._checksums = dict(checksums or {})
        self._retries = retries
        self._device = device
        self._suspect = True  # bytes may still be arriving: wait for a silent line before the next question
        self.owing = False  # an answer to an earlier question may still come
        self._clean_run = 0
        self._lossy = False

    @property
    def trusted(self) -> bool:
        """Whether the line has had no error for `TRUSTED_RUN` exchanges, so that one reading is enough."""
        return self._clean_run >= TRUSTED_RUN

    def ask(
        self, address: int, header: Header, data: bytes = b"", *, lengths: Collection[int], fresh: bool = True
    ) -> bytes:
        """Ask a question that may be repeated, and return the answer's data.

        `lengths` are the data lengths that the specification allows. `fresh`: see "Late answers" above; only
        the event poll sets it to False, and is repeated more quickly.
        Raises `NoReply` after all tries, `BadReply` when the device refuses (NAK), `LineLost`.
        """
        tries = 1 + self._retries if fresh else len(_PATIENCE_POLL_S)
        reply = self._tries(address, header, data, lengths, tries, fresh=fresh)
        if reply.header == Header.NAK:
            raise BadReply(self._device, f"address {address} refused header {header:d} (NAK).")
        return reply.data

    def ask_optional(
        self, address: int, header: Header, data: bytes = b"", *, lengths: Collection[int]
    ) -> bytes | None:
        """Ask a question that a device need not support: None when it does not answer or refuses.

        On a line that has lost answers before, the question is repeated twice as often.
        """
        tries = (1 + self._retries) * (2 if self._lossy else 1)
        try:
            reply = self._tries(address, header, data, lengths, tries, fresh=True)
        except NoReply:
            return None
        return None if reply.header == Header.NAK else reply.data

    def ask_steady(
        self,
        address: int,
        header: Header,
        data: bytes = b"",
        *,
        lengths: Collection[int],
        first: bytes | None = None,
        fresh: bool = True,
    ) -> bytes:
        """Ask until two readings in a row agree (`first` counts as one). Raises `BadReply` when they never do."""
        before = first
        for _ in range(_AGREE_TRIES):
            reading = self.ask(address, header, data, lengths=lengths, fresh=fresh)
            if reading == before:
                return reading
            self.owing = self.owing or (fresh and before is not None)  # one of the two may be an older answer
            before = reading
        raise BadReply(self._device, f"address {address} gave no two equal answers to header {header:d}.")

    def ask_proven(self, address: int, header: Header, data: bytes = b"", *, lengths: Collection[int]) -> bytes:
        """Ask until two readings agree, each of which certainly answers this question. Raises `BadReply` when they never do.

        A simple poll follows each reading. If the reading was a late answer, the right one comes during the poll
        and counts as a stray, and the next reading waits for a silent line.
        """
        before = None
        for _ in range(_AGREE_TRIES):
            reading = self.ask(address, header, data, lengths=lengths)
            self.ask(address, Header.SIMPLE_POLL, lengths=(0,))
            if reading == before:
                return reading
            before = reading
        raise BadReply(self._device, f"address {address} gave no two equal answers to header {header:d}.")

    def tell_once(
        self, address: int, header: Header, data: bytes = b"", *, lengths: Collection[int], timeout_s: float = 1.0
    ) -> Frame | None:
        """Send a command exactly once. None: no answer came; the device may or may not have carried it out."""
        return self._exchange(address, header, data, lengths, timeout_s)

    def hush(self) -> None:
        """Wait until no answer to an earlier question can still come. Returns at once unless there was an error."""
        if self.owing:
            self._listen_until_silent(_HUSH_S)
            self.owing = False

    def pause(self, seconds: float) -> None:
        """Wait for `seconds`; everything that arrives counts as a stray."""
        deadline_s = self.clock.monotonic() + seconds
        while (left_s := deadline_s - self.clock.monotonic()) > 0:
            if self._stream.read(_READ_BYTES, left_s):
                self._stray()

    def with_checksum(self, checksum: Checksum) -> "CcTalkBus":
        """Another master of the same line, for devices that use this checksum. Ask by one of the two at a time."""
        return CcTalkBus(self._stream, self.clock, checksum=checksum, retries=self._retries, device=self._device)

    def checksum_of(self, address: int) -> Checksum:
        return self._checksums.get(address, self._checksum)

    def _tries(
        self, address: int, header: Header, data: bytes, lengths: Collection[int], tries: int, *, fresh: bool
    ) -> Frame:
        patience_s = _PATIENCE_S if fresh else _PATIENCE_POLL_S
        for attempt in range(tries):
            if fresh:
                self.hush()
            reply = self._exchange(address, header, data, lengths, patience_s[min(attempt, len(patience_s) - 1)])
            if reply is not None:
                self._lossy = self._lossy or attempt > 0
                return reply
        echo = " The line did not even echo: check its wiring and power." if self.quality.echo is False else ""
        raise NoReply(self._device, f"address {address} did not answer header {header:d} in {tries} tries.{echo}")

    def _exchange(
        self, address: int, header: Header, data: bytes, lengths: Collection[int], timeout_s: float
    ) -> Frame | None:
        """Send one question; return its answer, or None when none came in time and whole."""
        assert address not in {BROADCAST, HOST}
        if self._stream.read(_READ_BYTES, 0):  # an answer too late for its question, or noise
            self._stray()
        if self._suspect:
            self._listen_until_silent(_QUIET_S)
        checksum = self.checksum_of(address)
        question = encode(Frame(address, HOST, header, data), checksum)
        self.quality.exchanges += 1
        deadline_s = self.clock.monotonic() + timeout_s
        parser = Parser(checksum)
        reply = None
        if self._stream.write(question, timeout_s) == len(question):
            reply = self._await(parser, address, header, lengths, deadline_s)
        self._judge(parser, reply)
        return reply

    def _await(
        self, parser: Parser, address: int, header: Header, lengths: Collection[int], deadline_s: float
    ) -> Frame | None:
        echoed = False
        reply: Frame | None = None
        while (left_s := deadline_s - self.clock.monotonic()) > 0:
            heard = self._stream.read(_READ_BYTES, min(left_s, GAP_S) if parser.unfinished else left_s)
            if heard:
                frames = parser.feed(heard, self.clock.monotonic())
            elif parser.unfinished:
                frames = parser.give_up()
            else:
                break
            for frame in frames:
                if frame.destination == address and frame.header == header:
                    echoed = True
                    continue
                answers = _answers(frame, address, lengths)
                if reply is not None or not answers:
                    self._stray()
                if answers:
                    reply = frame  # of two answers the first was late
            if reply is not None:
                self.quality.echo = echoed
                return reply
        if echoed or self.quality.echo:  # something is there, though no device answers
            self.quality.echo = echoed
        return None

    def _judge(self, parser: Parser, reply: Frame | None) -> None:
        """Count this exchange in `quality`, and note whether an answer may still come."""
        self.quality.dropped_bytes += parser.dropped
        if reply is None or parser.unfinished:
            self._suspect = self.owing = True
        if reply is None:
            self.quality.silent += 1
        else:
            self.quality.answered += 1
        self._clean_run = 0 if reply is None or parser.dropped else self._clean_run + 1

    def _listen_until_silent(self, silence_s: float) -> None:
        """Read until nothing came for `silence_s`, or for 3 s on a line that does not fall silent."""
        deadline_s = self.clock.monotonic() + 3.0
        while self._stream.read(_READ_BYTES, silence_s) and self.clock.monotonic() < deadline_s:
            self._stray()
        self._suspect = False

    def _stray(self) -> None:
        self.quality.strays += 1
        self._suspect = self.owing = True


def _answers(frame: Frame, address: int, lengths: Collection[int]) -> bool:
    if frame.destination != HOST or frame.source not in (None, address):
        return False
    if frame.header == Header.NAK:
        return not frame.data
    return frame.header == Header.REPLY and len(frame.data) in lengths
