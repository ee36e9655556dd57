"""What a kept frame is, in words: the header of a ccTalk frame, the command of an APDU, the commands to a printer.

Nothing here reads what a frame carries: only headers, instructions, status words and the first bytes of a command.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby

from drivers.card import apdu
from drivers.coin.cctalk import Header
from drivers.io_board import frames
from drivers.printer import escpos
from drivers.trace import Direction, Passage

_APDUS: Mapping[int, str] = {
    apdu.SELECT: "SELECT",
    apdu.READ_BINARY: "READ BINARY",
    apdu.UPDATE_BINARY: "UPDATE BINARY",
    apdu.GET_RESPONSE: "GET RESPONSE",
    apdu.VERIFY: "VERIFY (its PIN is not kept)",
    apdu.CHANGE_REFERENCE_DATA: "CHANGE REFERENCE DATA",
    apdu.RESET_RETRY_COUNTER: "RESET RETRY COUNTER",
    apdu.SIGN: "PERFORM SECURITY OPERATION",
    apdu.INTERNAL_AUTHENTICATE: "INTERNAL AUTHENTICATE",
    apdu.EXTERNAL_AUTHENTICATE: "EXTERNAL AUTHENTICATE",
}
# The beginnings of the commands that `drivers/printer/escpos.py` sends, with the length of the whole command; 0: what follows is
# not looked at, because it is dots or letters. A longer one stands before a shorter one.
_PRINTS: Mapping[bytes, tuple[str, int]] = {
    escpos.CLEAR_BUFFERS: ("clear buffers", 10),
    escpos.RECOVER_AND_CLEAR: ("recover and clear", 3),
    escpos.ASK_PAPER: ("ask paper", 3),
    escpos.ASK_MODEL: ("ask model", 3),
    escpos.ASK_CUTS: ("ask counter of cuts", 6),
    escpos.ASK_LINES: ("ask counter of lines", 6),
    escpos.ASK_EJECTOR: ("ask ejector", 3),
    escpos.AUTOMATIC_STATUS: ("automatic status on", 3),
    escpos.CUSTOM_AUTOMATIC_STATUS: ("automatic status on", 3),
    escpos.ASK_CUSTOM_CUTS: ("ask counter of cuts", 2),
    escpos.ASK_CUSTOM_LENGTH: ("ask length printed", 2),
    escpos.ASK_CUSTOM_RETRACTS: ("ask counter of retracts", 2),
    b"\x10\x04": ("ask status", 3),
    b"\x1d(H": ("ask for an answer once all is printed", 11),
    b"\x1d(L": ("picture", 0),
    b"\x1d8L": ("picture", 0),
    b"\x1dv0": ("picture", 0),
    b"\x1b*": ("picture", 0),
    b"\x1dVA": ("cut", 4),
    b"\x1dVB": ("cut", 4),
    b"\x1bi": ("cut", 2),
    b"\x1de\x02": ("retract", 3),
    b"\x1dR": ("retract", 3),
    b"\x1de\x05": ("push out the sheet before", 3),
    b"\x1de": ("present", 4),
    b"\x1bJ": ("feed", 3),
    b"\x1b3": ("line spacing", 3),
    escpos.INITIALISE: ("initialise", 2),
}


def coin(passage: Passage) -> str:
    """The headers of the ccTalk frames. The bus hears its own questions, so an entry may hold question and answer."""
    return ", ".join(_headers(passage.data)) or "no whole frame"


def _headers(data: bytes) -> Iterator[str]:
    while len(data) >= 5:
        destination, size, _, number = data[:4]
        yield "answer" if number == Header.REPLY else f"{_name(number)} to {destination}"
        data = data[5 + size :]


def _name(number: int) -> str:
    return Header(number).name.lower().replace("_", " ") if number in set(Header) else f"header {number}"


def card(passage: Passage) -> str:
    """The instruction of a command, or the status word of an answer."""
    if passage.direction is Direction.HEARD:
        return f"status {passage.data.hex().upper()}" if passage.data else "no answer"
    number = passage.data[1] if len(passage.data) > 1 else 0
    return _APDUS.get(number, f"instruction {number:02X}")


def io_board(passage: Passage) -> str:
    """The type of each frame that was sent, and which outputs it holds; of a report nothing is kept: it says which keys are down."""
    if passage.direction is Direction.HEARD:
        return "report (not kept)"
    return ", ".join(_board(coded) for coded in passage.data.split(frames.END) if coded) or "end"


def _board(coded: bytes) -> str:
    try:
        kind, outputs = frames.told(coded)
    except frames.Damaged:
        return "frame"
    return f"{kind} {(outputs.name or '').lower().replace('_', ' ').replace('|', ' + ')}" if outputs else kind


def line(passage: Passage) -> str:
    """A call to the centre, and how it ended (`line/traced.py` keeps letters)."""
    told = passage.data.decode("ascii")
    if passage.direction is Direction.SENT:
        return told
    return f"status {told}" if told.isdigit() else f"no answer: {told}"


def printer(passage: Passage) -> str:
    """The commands of which `keep_commands` kept the beginning; for what is heard its length."""
    if passage.direction is Direction.HEARD:
        return "answer"
    names = [_PRINTS[begins][0] for begins in _commands(passage.data, beginnings_only=True)]
    return ", ".join(name for name, _ in groupby(names)) or "the rest of a picture or text"


def keep_commands(direction: Direction, data: bytes) -> bytes:
    """For printers: answers as they are; of what is sent only the beginnings of commands, never a dot or a letter of it."""
    return data if direction is Direction.HEARD else b"".join(_commands(data))


def _commands(data: bytes, *, beginnings_only: bool = False) -> Iterator[bytes]:
    """The beginnings of the commands that stand at the head of the data, up to the first with dots or letters."""
    while (begins := next((begins for begins in _PRINTS if data.startswith(begins)), None)) is not None:
        yield begins
        length = len(begins) if beginnings_only else _PRINTS[begins][1]
        if not length:
            return
        data = data[length:]
