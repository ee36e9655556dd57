"""From a printer's flags to one `PrinterStatus`. Pure.

Of several troubles the gravest is reported. What the flags do not say is UNKNOWN. Sources: Epson DLE EOT (TM-T88III
manual, page 84), Citizen PPU-700 command reference pages 59-60, Custom KPM210/216 manual pages 36 and 76.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import assert_never

from drivers.printer.profile import Dialect, Presenter
from drivers.vocabulary import DeviceState, PaperExit, PaperSupply, PrinterStatus, PrintTrouble

SILENT = PrinterStatus(
    device=DeviceState.UNKNOWN, supply=PaperSupply.UNKNOWN, exit=PaperExit.UNKNOWN, trouble=PrintTrouble.SILENT
)
LINE_LOST = PrinterStatus(
    device=DeviceState.NO_DEVICE, supply=PaperSupply.UNKNOWN, exit=PaperExit.UNKNOWN, trouble=PrintTrouble.LINE_LOST
)
_CLOSED_FOR = frozenset((PrintTrouble.COVER_OPEN, PrintTrouble.PAPER_OUT, PrintTrouble.HEAD_HOT))


def questions(dialect: Dialect) -> tuple[int, ...]:
    """The n of DLE EOT n that together make one status."""
    match dialect:
        case Dialect.EPSON:
            return (1, 2, 3, 4)
        case Dialect.CITIZEN:
            return (1, 2, 3, 4, 5, 6)
        case Dialect.CUSTOM:
            return (20,)
        case _:
            assert_never(dialect)


def is_offline(byte: int) -> bool:
    """Whether the answer to DLE EOT 1 says offline."""
    return bool(byte & 0x08)


def _state(trouble: PrintTrouble | None, *, offline: bool, supply: PaperSupply, exit_: PaperExit) -> PrinterStatus:
    if trouble is None:
        device = DeviceState.OFFLINE if offline else DeviceState.ONLINE
    elif trouble in _CLOSED_FOR:
        device = DeviceState.OFFLINE
    else:
        device = DeviceState.HARDWARE_ERROR
    return PrinterStatus(device=device, supply=supply, exit=exit_, trouble=trouble)


def _gravest(found: Mapping[PrintTrouble, bool]) -> PrintTrouble | None:
    return next((trouble for trouble, present in found.items() if present), None)


def from_real_time(dialect: Dialect, presenter: Presenter, answers: Mapping[int, int]) -> PrinterStatus:
    """The state from the answers (n -> byte) to all `questions` of an Epson or Citizen printer."""
    citizen = dialect is Dialect.CITIZEN
    one, two, three, four = (answers[n] for n in (1, 2, 3, 4))
    head, unit = (answers[5], answers[6]) if citizen else (0, 0)
    paper_end = four & (0x20 if citizen else 0x60)
    presenter_jam = bool(unit & 0x20)
    trouble = _gravest(
        {
            PrintTrouble.MECHANISM: bool(three & 0x20 or head & 0x60 or unit & 0x4C),
            PrintTrouble.COVER_OPEN: bool(two & 0x04 or head & 0x04),
            PrintTrouble.PAPER_OUT: bool(two & 0x20 or paper_end),
            PrintTrouble.CUTTER: bool(three & 0x08),
            PrintTrouble.JAM: bool(three & 0x04 or presenter_jam),
            PrintTrouble.HEAD_HOT: bool(three & 0x40 or head & 0x08),
        }
    )
    return _state(
        trouble,
        offline=is_offline(one),
        supply=_supply(out=bool(paper_end), low=bool(four & 0x0C)),
        exit_=_exit(presenter, jammed=presenter_jam, present=bool(four & 0x40)),
    )


def from_automatic(dialect: Dialect, presenter: Presenter, flags: bytes) -> PrinterStatus:
    """The state from the four bytes of automatic status (GS a)."""
    citizen = dialect is Dialect.CITIZEN
    one, two, three = flags[0], flags[1], flags[2]
    paper_end = three & (0x04 if citizen else 0x0C)
    trouble = _gravest(
        {
            PrintTrouble.MECHANISM: bool(two & 0x20),
            PrintTrouble.COVER_OPEN: bool(one & 0x20),
            PrintTrouble.PAPER_OUT: bool(paper_end),
            PrintTrouble.CUTTER: bool(two & 0x08),
            PrintTrouble.JAM: bool(two & 0x04),
            PrintTrouble.HEAD_HOT: bool(two & 0x40),
        }
    )
    return _state(
        trouble,
        offline=is_offline(one),
        supply=_supply(out=bool(paper_end), low=bool(three & 0x03)),
        exit_=_exit(presenter, jammed=False, present=citizen and bool(three & 0x08)),
    )


@lru_cache(maxsize=64)
def from_full_status(flags: bytes, ejector: int | None) -> PrinterStatus:
    """The state from Custom's four bytes (DLE EOT 20) and the ejector's byte (GS e 6; None when not asked)."""
    paper, user, recoverable, unrecoverable = flags
    jammed = ejector is not None and bool(ejector & 0x80)
    trouble = _gravest(
        {
            PrintTrouble.MECHANISM: bool(unrecoverable & 0x0C or recoverable & 0x0C),
            PrintTrouble.COVER_OPEN: bool(user & 0x03),
            PrintTrouble.PAPER_OUT: bool(paper & 0x01),
            PrintTrouble.CUTTER: bool(unrecoverable & 0x03),
            PrintTrouble.JAM: jammed or (ejector is not None and bool(ejector & 0x40)),
            PrintTrouble.HEAD_HOT: bool(recoverable & 0x01),
        }
    )
    return _state(
        trouble,
        offline=False,
        supply=_supply(out=bool(paper & 0x01), low=bool(paper & 0x44)),
        exit_=_exit(Presenter.CUSTOM, jammed=jammed, present=bool(paper & 0x20)),
    )


def is_moving(flags: bytes) -> bool:
    """Custom: whether it still prints or feeds (spooling, paper motor on)."""
    return bool(flags[1] & 0x0C)


def _supply(*, out: bool, low: bool) -> PaperSupply:
    if out:
        return PaperSupply.OUT
    return PaperSupply.LOW if low else PaperSupply.FULL


def _exit(presenter: Presenter, *, jammed: bool, present: bool) -> PaperExit:
    if jammed:
        return PaperExit.JAMMED
    if presenter is Presenter.NONE:
        return PaperExit.UNKNOWN
    return PaperExit.PRESENT if present else PaperExit.EMPTY
