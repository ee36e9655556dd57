"""The I/O board itself, as the machine sees it beside the wires that hang on it: troubles, lamps and buzzer, its program."""

from collections.abc import Sequence

from drivers.io_board.frames import Output
from drivers.io_board.link import BoardLink, Counts
from drivers.ports import Clock
from drivers.vocabulary import BoardFacts, BoardOutput, BoardTrouble

FRAMES_MANY = 20  # damaged within FRAMES_S; a plug that is put in damages one or two
FRAMES_S = 3600.0
_BLINK_S = 0.4  # on, and off: slow enough to be counted
_OUTPUTS = {
    BoardOutput.SLOT_LAMP: Output.SLOT_LAMP,
    BoardOutput.PAPER_LAMP: Output.PAPER_LAMP,
    BoardOutput.BUZZER: Output.BUZZER,
}


class IoBoard:
    """Satisfies `firmware.ports.IoBoard`. Every call raises what `BoardLink` raises."""

    def __init__(self, link: BoardLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._seen = link.counts
        self._hour_began_s = clock.monotonic()
        self._hour_began = 0  # damaged frames until then
        self._frames_told = False

    def start(self) -> None:
        """Raises `WrongDevice` for a program that speaks another version of the frames."""
        self._link.identity()
        self._link.report()

    def troubles(self) -> Sequence[BoardTrouble]:
        """What happened since the last call; many damaged frames are told once an hour."""
        self._link.report()  # else a board that is gone would be told as one that came back
        now, before = self._link.counts, self._seen
        self._seen = now
        anew, hung = now.restarts - before.restarts, now.by_watchdog - before.by_watchdog
        found = {
            BoardTrouble.WATCHDOG: hung > 0,
            BoardTrouble.RESTARTED: anew > hung,
            BoardTrouble.CABLE: now.lost > before.lost and not anew,
            BoardTrouble.FRAMES: self._many_damaged(now),
        }
        return [trouble for trouble, happened in found.items() if happened]

    def _many_damaged(self, now: Counts) -> bool:
        damaged, now_s = now.damaged_here + now.damaged_there, self._clock.monotonic()
        if now_s - self._hour_began_s >= FRAMES_S:
            self._hour_began_s, self._hour_began, self._frames_told = now_s, damaged, False
        tells = damaged - self._hour_began >= FRAMES_MANY and not self._frames_told
        self._frames_told = self._frames_told or tells
        return tells

    def facts(self) -> BoardFacts:
        """Asks the board which program it runs."""
        program, counts = self._link.identity().program_sha256.hex(), self._link.counts
        return BoardFacts(
            program=program,
            restarts=counts.restarts,
            by_watchdog=counts.by_watchdog,
            lost=counts.lost,
            damaged=counts.damaged_here + counts.damaged_there,
            sent_again=counts.sent_again,
        )

    def signal(self, *, paper_lamp: bool, buzzer: bool) -> None:
        """Returns when lamp and buzzer are so."""
        wanted = (Output.PAPER_LAMP if paper_lamp else Output(0)) | (Output.BUZZER if buzzer else Output(0))
        self._link.hold(wanted, of=Output.PAPER_LAMP | Output.BUZZER)

    def blink(self, output: BoardOutput, times: int) -> None:
        """Switch it on and off so many times, slowly; returns when it is off."""
        bit = _OUTPUTS[output]
        try:
            for _ in range(times):
                for held in (bit, Output(0)):
                    self._link.hold(held, of=bit)
                    self._link.wait_for(lambda _: False, _BLINK_S)
        finally:
            self._link.hold(Output(0), of=bit)

    def enter_loader(self) -> None:
        """See `BoardLink.enter_loader`. That the board is away and starts anew is then no trouble."""
        self._link.enter_loader()

    def forgive(self) -> None:
        """What happened until now was meant: `troubles` does not tell it."""
        self._seen = self._link.counts
