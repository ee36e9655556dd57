"""The board desk: the I/O board's own troubles, its lamp at the paper and its buzzer, and a new program for it.

Keys, door and coin wires on the board are the other desks'. The buzzer sounds for `BEEP_S` in every `EVERY_S`, so that a
person hears what is said beside it.
"""

from collections.abc import Sequence

from drivers.io_board.image import Unfit
from drivers.ports import Clock
from firmware.desks import (
    BOARD,
    Answer,
    AskBoard,
    Blink,
    BoardCommand,
    BoardNoticed,
    BoardTold,
    CheckImage,
    CopyImage,
    Desk,
    EnterLoader,
    Health,
    ImageTold,
    SetSignals,
)
from firmware.ports import BoardImage, IoBoard

LOOK_S = 1.0
BEEP_S = 0.5
EVERY_S = 3.0


class BoardDesk(Desk[BoardCommand]):
    name = BOARD
    reason_when_down = "io_board"

    def __init__(self, board: IoBoard, clock: Clock, image: BoardImage) -> None:
        self._board = board
        self._image = image
        self._meant = False  # staff has sent the board into its loader, so that it is away is no trouble
        self._clock = clock
        self._wanted = SetSignals()
        self._since_s = 0.0  # since when the alarm sounds
        self._looks_at_s = 0.0

    def start(self) -> Sequence[Answer]:
        self._board.start()
        if self._meant:
            self._board.forgive()
            self._meant = False
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
                return [self._told()]
            case Blink(output=output, times=times):
                self._board.blink(output, times)
                self._put_on()
                return [self._told()]
            case CheckImage() | EnterLoader() | CopyImage():
                return [self._loaded(command)]

    def _told(self) -> BoardTold:
        return BoardTold(self._board.facts(), self._image.program.hex())

    def _loaded(self, command: CheckImage | EnterLoader | CopyImage) -> ImageTold:
        try:
            sha256 = self._image.check()
            if isinstance(command, EnterLoader) and not self._image.drive_is_there():
                self._board.enter_loader()
                self._meant = True
            there = self._image.drive_is_there()
            if copies := there and isinstance(command, CopyImage):
                self._image.copy()
        except Unfit as unfit:
            return ImageTold(problem=str(unfit))
        return ImageTold(sha256=sha256, drive=there, copied=copies)

    def works_down(self, command: BoardCommand) -> bool:
        """A board in its loader is down. What the lamps shall be is remembered; `start` puts them on."""
        if isinstance(command, SetSignals):
            self._wanted = command
        return isinstance(command, AskBoard | CheckImage | EnterLoader | CopyImage)

    def poll(self) -> Sequence[Answer]:
        self._put_on()
        if self._clock.monotonic() < self._looks_at_s:
            return []
        self._looks_at_s = self._clock.monotonic() + LOOK_S
        troubles = tuple(self._board.troubles())
        if self._meant and troubles:
            self._meant, troubles = False, ()
        return [BoardNoticed(troubles)] if troubles else []

    def poll_every_s(self) -> float:
        return BEEP_S if self._wanted.alarm else LOOK_S

    def _put_on(self) -> None:
        sounds = self._wanted.alarm and (self._clock.monotonic() - self._since_s) % EVERY_S < BEEP_S
        self._board.signal(paper_lamp=self._wanted.paper_lamp, buzzer=sounds)

    def stop(self) -> None:
        self._board.signal(paper_lamp=False, buzzer=False)
