"""The board desk: the I/O board's own troubles, its lamp at the paper and its buzzer, and a new program for it.

Keys, door and coin wires on the board are the other desks'. The buzzer sounds for `BEEP_S` in every `EVERY_S`, so that a
person hears what is said beside it.
"""

from collections.abc import Sequence

from drivers.ports import Clock
from firmware.desks import (
    BOARD,
    Answer,
    AskBoard,
    Blink,
    BoardCommand,
    BoardNoticed,
    BoardTold,
    Desk,
    Health,
    SetSignals,
)
from firmware.ports import IoBoard

LOOK_S = 1.0
BEEP_S = 0.5
EVERY_S = 3.0


class BoardDesk(Desk[BoardCommand]):
    name = BOARD
    reason_when_down = "io_board"

    def __init__(self, board: IoBoard, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._wanted = SetSignals()
        self._since_s = 0.0  # since when the alarm sounds
        self._looks_at_s = 0.0

    def start(self) -> Sequence[Answer]:
        self._board.start()
        self._put_on()
        return [Health(self.name, frozenset())]

    def handle(self, command: BoardCommand) -> Sequence[Answer]:
        match command:
            case SetSignals():
                if command.alarm and not self._wanted.alarm:
                    self._since_s = self._clock.monotonic()
                self._wanted = command
                self._put_on()
                return []
            case AskBoard():
                return [BoardTold(self._board.facts())]
            case Blink(output=output, times=times):
                self._board.blink(output, times)
                self._put_on()
                return [BoardTold(self._board.facts())]

    def works_down(self, command: BoardCommand) -> bool:
        """Remember what the lamps shall be; `start` puts them on."""
        if isinstance(command, SetSignals):
            self._wanted = command
        return False

    def poll(self) -> Sequence[Answer]:
        self._put_on()
        if self._clock.monotonic() < self._looks_at_s:
            return []
        self._looks_at_s = self._clock.monotonic() + LOOK_S
        troubles = tuple(self._board.troubles())
        return [BoardNoticed(troubles)] if troubles else []

    def poll_every_s(self) -> float:
        return BEEP_S if self._wanted.alarm else LOOK_S

    def _put_on(self) -> None:
        sounds = self._wanted.alarm and (self._clock.monotonic() - self._since_s) % EVERY_S < BEEP_S
        self._board.signal(paper_lamp=self._wanted.paper_lamp, buzzer=sounds)

    def stop(self) -> None:
        self._board.signal(paper_lamp=False, buzzer=False)
