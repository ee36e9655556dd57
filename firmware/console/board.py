"""Commands for the I/O board: what only a person can see and hear of it, and a new program for it."""

from collections.abc import Generator
from typing import Any

from drivers.vocabulary import BoardOutput
from firmware.config.unit import Via
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Ask, Do, Hands, Job, Listen, Plan, Planning, Show, Step, done
from firmware.console.wires import lamp_wire
from firmware.desks import BOARD, AskBoard, Blink, BoardTold, CheckImage, CopyImage, EnterLoader, ImageTold

_LOOK: dict[BoardOutput, tuple[str, str]] = {  # what to attend to, and the question
    BoardOutput.SLOT_LAMP: ("Look at the lamp at the slot.", "How often did it light up? (a number, or `bad`): "),
    BoardOutput.PAPER_LAMP: ("Look at the lamp at the paper.", "How often did it light up? (a number, or `bad`): "),
    BoardOutput.BUZZER: ("Listen to the buzzer.", "How often did it sound? (a number, or `bad`): "),
}
_SHOWN = 8  # hex digits of a program's number or a hash
_DRIVE_S = 20.0  # until the loader shows its drive
_BACK_S = 60.0  # to write the flash and start
_EACH_S = 0.5


def must_have_board(hands: Hands) -> None:
    """Raises `Refused` where the unit file names no board."""
    if hands.unit.io_board is None:
        raise Refused(
            "board",
            "This machine has no I/O board: its unit file has no [io_board]. `readiness` lists the tests that it has.",
        )


def test_board(hands: Hands) -> Job:
    """Ask the board for its program and its counts, then the person for what lamps and buzzer did."""
    must_have_board(hands)
    told: BoardTold = yield from done(BOARD, AskBoard())
    yield Show(_facts(told))
    if told.facts.program != told.program:
        raise Refused("test", "FAIL board: it runs another program than this release has. Type `update board`.")
    lamps = "both lamps" if _has_slot_lamp(hands) else "the lamp at the paper"
    for output in _LOOK:
        if output is not BoardOutput.SLOT_LAMP or _has_slot_lamp(hands):
            yield from _seen(hands, output)
    return Answer((f"1 PASS board: its program, {lamps}, the buzzer",))


def _has_slot_lamp(hands: Hands) -> bool:
    """It is lit with the board's own slot, so that a machine without a pulse acceptor there has none."""
    coin = hands.unit.coin
    return coin is not None and coin.pulse is not None and coin.pulse.via is Via.IO_BOARD


def _facts(told: BoardTold) -> tuple[str, ...]:
    facts = told.facts
    return (
        f"program {_short(facts.program)}, this release has {_short(told.program)}",
        f"new starts {facts.restarts} (by its watchdog {facts.by_watchdog}), times out of reach {facts.lost}",
        f"frames damaged {facts.damaged}, sent again {facts.sent_again}",
    )


def _short(number: str) -> str:
    return number[:_SHOWN] if number.strip("0") else "unknown"


def _seen(hands: Hands, output: BoardOutput) -> Generator[Step, Any, None]:
    """It blinks two to five times, which nobody can foresee."""
    times = 2 + int(hands.fresh_number()) % 4
    look, question = _LOOK[output]
    yield Show((look,))
    yield from done(BOARD, Blink(output, times))
    if (yield Ask(question)).strip() != str(times):
        raise Refused("test", f"FAIL board: it was told {times} times. Look at {lamp_wire(output)}; then test again.")


# --- a new program ----------------------------------------------------------------------------------


def update_board(hands: Hands) -> Planning:
    """Check the image, then say what would happen. It goes on also with a board that an update left in its loader."""
    must_have_board(hands)
    image = yield from _image(CheckImage())
    told = yield Do(BOARD, AskBoard())
    if not isinstance(told, BoardTold) and not image.drive:
        raise Refused(
            "board", "The I/O board does not answer. Hold its BOOTSEL key while you plug it in; then type this again."
        )
    if isinstance(told, BoardTold) and told.facts.program == told.program:
        return Answer(
            (f"The board runs program {_short(told.program)}, which is this release's. Nothing is to be done.",)
        )
    runs = _short(told.facts.program) if isinstance(told, BoardTold) else "unknown"
    lines = (
        f"the board runs program {runs}; then it runs this release's",
        f"image sha256 {image.sha256[:16]}, whole, for this chip, of this release",
        "Keys, door and coin slot are dead meanwhile, for about a minute.",
    )
    return Plan(lines, lambda _: _update(hands))


def _image(command: CheckImage | EnterLoader | CopyImage) -> Generator[Step, Any, ImageTold]:
    told: ImageTold = yield from done(BOARD, command)
    if told.problem:
        raise Refused("image", told.problem)
    return told


def _update(hands: Hands) -> Job:
    yield from _image(EnterLoader())
    yield Show(("The board is in its loader.",))
    until_s = hands.monotonic() + _DRIVE_S
    while not (yield from _image(CopyImage())).copied:
        if hands.monotonic() >= until_s:
            raise Refused(
                "board",
                "The loader's drive does not come. Look at the USB cable and at the mount; then type this again.",
            )
        yield Listen(hands.monotonic() + _EACH_S)
    yield Show(("The image is copied.",))
    until_s = hands.monotonic() + _BACK_S
    while not isinstance(told := (yield Do(BOARD, AskBoard())), BoardTold):
        if hands.monotonic() >= until_s:
            raise Refused("board", "The board does not come back. Pull its USB plug, put it in, and type this again.")
        yield Listen(hands.monotonic() + _EACH_S)
    if told.facts.program != told.program:
        raise Refused(
            "board", f"The board runs program {_short(told.facts.program)}, not this release's. Type this again."
        )
    return Answer((f"The board runs program {_short(told.program)}. Now type `test board`.",))
