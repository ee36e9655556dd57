"""One ccTalk master on one wire: ask, wait, retry, and know when an answer is not one.

**Whose answer.** On the single wire the host hears itself, on some adapters it does not. So nothing is
counted off: every frame is parsed, and one is the answer when it is addressed to the host, comes from the
device that was asked, and has a length that the question allows. Echo and late answers to older questions
fail that and are passed over.

**Silence** means wrong address, unknown command, corruption or a dead device, and one try cannot tell them
apart (part 1, sections 12 and 13). A question is therefore repeated up to three times, with more patience
each time. After an error the line is left alone until it has been silent for longer than the 50 ms that make
every receiver start afresh; it also keeps a stray zero from turning the next frame into a broadcast reset
(part 4, section 5.1).

**Late answers.** They cannot overtake each other on a wire, so a late one is an older truth about the same
device. That is harmless to the event poll, whose answer carries its own counter, and to nothing else: the
identification of coin 3 must not be taken for that of coin 4, nor counters from before a payout for those
after it. While answers may be under way (`owing`), a question that asks for `fresh` waits until the line
has been silent for longer than any device may take.

**Two flips.** The 8-bit sum passes two opposite flips of the same bit. On a line that errs that often,
single flips are seen all the time, so a reading that matters is believed when two in a row agree, unless
the line has been flawless for `TRUSTED_RUN` exchanges.
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
_PATIENCE_POLL_S = (0.08, 0.08, 0.2, 0.4, 0.8)  # while coins fall, a lost answer must not cost much
_READ_BYTES = 512
_AGREE_TRIES = 10


@dataclass(slots=True)
class LineQuality:
    """Counts since the start, for the console and the journal."""

    exchanges: int = 0  # questions put on the wire, tries included
    answered: int = 0
    silent: int = 0  # tries without any answer
    dropped_bytes: int = 0  # bytes of no good frame
    strays: int = 0  # things heard that answered no question of the moment
    echo: bool | None = None  # whether the line echoes; None until something was heard

    @property
    def trouble(self) -> int:
        """Grows with everything that goes wrong: unchanged over some exchanges, all of them were flawless."""
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
        self._suspect = True  # something may be on the line that is not for us: look before speaking
        self.owing = False  # a question went unanswered, or an answer came to none
        self._clean_run = 0
        self._lossy = False

    @property
    def trusted(self) -> bool:
        """Whether the line has been flawless for long enough to believe a single reading."""
        return self._clean_run >= TRUSTED_RUN

    def ask(
        self, address: int, header: Header, data: bytes = b"", *, lengths: Collection[int], fresh: bool = True
    ) -> bytes:
        """Ask something that may be asked again, and return the answer's data.

        `lengths` are the data lengths that the specification allows; `fresh` is explained in the module, and
        a question without it is the event poll, repeated more quickly.
        Raises `NoReply` after all tries, `BadReply` when the device refuses (NAK), `LineLost`.
        """
        tries = 1 + self._retries if fresh else len(_PATIENCE_POLL_S)
        reply = self._tries(address, header, data, lengths, tries, fresh=fresh)
        if reply.header == Header.NAK:
            raise BadReply(self._device, f"address {address} refused header {header:d}.")
        return reply.data

    def ask_optional(
        self, address: int, header: Header, data: bytes = b"", *, lengths: Collection[int]
    ) -> bytes | None:
        """Ask what a device need not support: None when it stays silent or refuses.

        On a line that is known to lose answers, silence means less and is asked about for longer.
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
        """Ask until two readings agree that surely belong to this question, and not to one like it before.

        A simple poll stands behind each: were the answer an older one, the right one would now come as an
        answer to the poll, be noticed, and the next reading would wait for a silent line.
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
        """Send a command exactly once. None: no answer, so whether it was carried out is unknown."""
        return self._exchange(address, header, data, lengths, timeout_s)

    def hush(self) -> None:
        """Be sure that no answer to an earlier question is still on its way; costs time only after an error."""
        if self.owing:
            self._listen_until_silent(_HUSH_S)
            self.owing = False

    def pause(self, seconds: float) -> None:
        """Let time pass; whatever is heard meanwhile answers nothing."""
        deadline_s = self.clock.monotonic() + seconds
        while (left_s := deadline_s - self.clock.monotonic()) > 0:
            if self._stream.read(_READ_BYTES, left_s):
                self._stray()

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
        echo = " The line did not even echo: look at its wiring and power." if self.quality.echo is False else ""
        raise NoReply(self._device, f"address {address} did not answer header {header:d} in {tries} tries.{echo}")

    def _exchange(
        self, address: int, header: Header, data: bytes, lengths: Collection[int], timeout_s: float
    ) -> Frame | None:
        """One question, and its answer if it came in time and whole."""
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
                    reply = frame  # of two that came together the later one is the younger
            if reply is not None:
                self.quality.echo = echoed
                return reply
        if self.quality.echo and not echoed:
            self.quality.echo = False
        return None

    def _judge(self, parser: Parser, reply: Frame | None) -> None:
        """Keep the books on the line, and remember whether something may still be under way."""
        self.quality.dropped_bytes += parser.dropped
        if reply is None or parser.unfinished:
            self._suspect = self.owing = True
        if reply is None:
            self.quality.silent += 1
        else:
            self.quality.answered += 1
        self._clean_run = 0 if reply is None or parser.dropped else self._clean_run + 1

    def _listen_until_silent(self, silence_s: float) -> None:
        """Drain the line until nothing came for `silence_s`; a line that babbles is given up after 3 s."""
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
