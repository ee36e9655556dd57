"""Status bits to one state, bit by bit from the manuals' tables."""

import pytest

from drivers.printer.profile import Dialect, Presenter
from drivers.printer.status import SILENT, from_automatic, from_full_status, from_real_time, questions
from drivers.vocabulary import DeviceState, PaperExit, PaperSupply, PrintTrouble

OK = 0x12


def _real_time(dialect: Dialect, **changed: int) -> object:
    answers = dict.fromkeys(questions(dialect), OK) | {int(key[1:]): value for key, value in changed.items()}
    presenter = Presenter.CITIZEN if dialect is Dialect.CITIZEN else Presenter.NONE
    return from_real_time(dialect, presenter, answers)


@pytest.mark.parametrize(
    ("dialect", "changed", "trouble", "supply"),
    [
        # Epson TM-T88III programming guide page 84
        (Dialect.EPSON, {}, None, PaperSupply.FULL),
        (Dialect.EPSON, {"n1": OK | 0x08, "n2": OK | 0x04}, PrintTrouble.COVER_OPEN, PaperSupply.FULL),
        (Dialect.EPSON, {"n1": OK | 0x08, "n2": OK | 0x20, "n4": OK | 0x60}, PrintTrouble.PAPER_OUT, PaperSupply.OUT),
        (Dialect.EPSON, {"n3": OK | 0x04}, PrintTrouble.JAM, PaperSupply.FULL),
        (Dialect.EPSON, {"n3": OK | 0x08}, PrintTrouble.CUTTER, PaperSupply.FULL),
        (Dialect.EPSON, {"n3": OK | 0x20}, PrintTrouble.MECHANISM, PaperSupply.FULL),
        (Dialect.EPSON, {"n3": OK | 0x40}, PrintTrouble.HEAD_HOT, PaperSupply.FULL),
        (Dialect.EPSON, {"n4": OK | 0x0C}, None, PaperSupply.LOW),
        # the gravest trouble is reported: a broken mechanism, not the open cover
        (Dialect.EPSON, {"n2": OK | 0x24, "n3": OK | 0x28}, PrintTrouble.MECHANISM, PaperSupply.FULL),
        # a cover opened while printing sets the automatic-recovery bit too; it must not be taken for a hot head
        (Dialect.EPSON, {"n2": OK | 0x04, "n3": OK | 0x40}, PrintTrouble.COVER_OPEN, PaperSupply.FULL),
        # Citizen PPU-700 pages 59-60: bit 6 of n=4 is the presenter, not the paper's end
        (Dialect.CITIZEN, {"n4": OK | 0x40}, None, PaperSupply.FULL),
        (Dialect.CITIZEN, {"n4": OK | 0x20}, PrintTrouble.PAPER_OUT, PaperSupply.OUT),
        (Dialect.CITIZEN, {"n4": OK | 0x04}, None, PaperSupply.LOW),
        (Dialect.CITIZEN, {"n5": OK | 0x08}, PrintTrouble.HEAD_HOT, PaperSupply.FULL),
        (Dialect.CITIZEN, {"n5": OK | 0x20}, PrintTrouble.MECHANISM, PaperSupply.FULL),
        (Dialect.CITIZEN, {"n6": OK | 0x20}, PrintTrouble.JAM, PaperSupply.FULL),
        (Dialect.CITIZEN, {"n6": OK | 0x40}, PrintTrouble.MECHANISM, PaperSupply.FULL),
    ],
)
def test_real_time(
    dialect: Dialect, changed: dict[str, int], trouble: PrintTrouble | None, supply: PaperSupply
) -> None:
    status = _real_time(dialect, **changed)
    assert (status.trouble, status.supply) == (trouble, supply)
    assert status.ready == (trouble is None)


def test_the_mouth_is_known_only_where_there_is_a_sensor() -> None:
    assert _real_time(Dialect.EPSON).exit is PaperExit.UNKNOWN
    assert _real_time(Dialect.CITIZEN).exit is PaperExit.EMPTY
    assert _real_time(Dialect.CITIZEN, n4=OK | 0x40).exit is PaperExit.PRESENT
    assert _real_time(Dialect.CITIZEN, n6=OK | 0x20).exit is PaperExit.JAMMED


def test_offline_without_a_cause_is_not_ready() -> None:
    """The paper-feed button, or a printer that waits to come back."""
    status = _real_time(Dialect.EPSON, n1=OK | 0x08)
    assert (status.device, status.trouble, status.ready) == (DeviceState.OFFLINE, None, False)


@pytest.mark.parametrize(
    ("flags", "trouble", "supply"),
    [
        ("10 00 00 00", None, PaperSupply.FULL),
        ("38 00 00 00", PrintTrouble.COVER_OPEN, PaperSupply.FULL),
        ("18 00 0f 00", PrintTrouble.PAPER_OUT, PaperSupply.OUT),
        ("18 08 00 00", PrintTrouble.CUTTER, PaperSupply.FULL),
        ("18 20 00 00", PrintTrouble.MECHANISM, PaperSupply.FULL),
        ("18 40 00 00", PrintTrouble.HEAD_HOT, PaperSupply.FULL),
        ("10 00 03 00", None, PaperSupply.LOW),
    ],
)
def test_automatic(flags: str, trouble: PrintTrouble | None, supply: PaperSupply) -> None:
    """Citizen CT-S2000 page 62."""
    status = from_automatic(Dialect.EPSON, Presenter.NONE, bytes.fromhex(flags))
    assert (status.trouble, status.supply) == (trouble, supply)


def test_automatic_status_of_a_presenter_printer() -> None:
    """Citizen PPU-231II page 79: 04 is the paper's end and 08 the presenter."""
    status = from_automatic(Dialect.CITIZEN, Presenter.CITIZEN, bytes.fromhex("10 00 08 00"))
    assert (status.exit, status.supply) == (PaperExit.PRESENT, PaperSupply.FULL)
    out = from_automatic(Dialect.CITIZEN, Presenter.CITIZEN, bytes.fromhex("18 00 04 00"))
    assert out.trouble is PrintTrouble.PAPER_OUT


@pytest.mark.parametrize(
    ("flags", "ejector", "trouble", "supply", "mouth"),
    [
        ("00 00 00 00", 0x00, None, PaperSupply.FULL, PaperExit.EMPTY),
        ("01 00 00 00", None, PrintTrouble.PAPER_OUT, PaperSupply.OUT, PaperExit.EMPTY),
        ("04 00 00 00", 0x01, None, PaperSupply.LOW, PaperExit.EMPTY),
        ("40 00 00 00", 0x00, None, PaperSupply.LOW, PaperExit.EMPTY),
        ("20 00 00 00", 0x08, None, PaperSupply.FULL, PaperExit.PRESENT),
        ("00 01 00 00", None, PrintTrouble.COVER_OPEN, PaperSupply.FULL, PaperExit.EMPTY),
        ("00 02 00 00", None, PrintTrouble.COVER_OPEN, PaperSupply.FULL, PaperExit.EMPTY),
        ("00 00 01 00", None, PrintTrouble.HEAD_HOT, PaperSupply.FULL, PaperExit.EMPTY),
        ("00 00 08 00", None, PrintTrouble.MECHANISM, PaperSupply.FULL, PaperExit.EMPTY),
        ("00 00 00 01", None, PrintTrouble.CUTTER, PaperSupply.FULL, PaperExit.EMPTY),
        ("00 00 00 08", None, PrintTrouble.MECHANISM, PaperSupply.FULL, PaperExit.EMPTY),
        ("00 00 00 00", 0x80, PrintTrouble.JAM, PaperSupply.FULL, PaperExit.JAMMED),
        ("00 00 00 00", 0x40, PrintTrouble.JAM, PaperSupply.FULL, PaperExit.EMPTY),
    ],
)
def test_full_status(
    flags: str, ejector: int | None, trouble: PrintTrouble | None, supply: PaperSupply, mouth: PaperExit
) -> None:
    """Custom KPM210/216 manual pages 36 and 76."""
    status = from_full_status(bytes.fromhex(flags), ejector)
    assert (status.trouble, status.supply, status.exit) == (trouble, supply, mouth)


def test_no_answer_has_no_value() -> None:
    assert (SILENT.device, SILENT.supply, SILENT.exit) == (DeviceState.UNKNOWN, PaperSupply.UNKNOWN, PaperExit.UNKNOWN)
    assert not SILENT.ready
