"""The fault catalogue of the printer, R1 to R9, at every byte of a page: the driver's outcome must agree with the paper."""

from typing import Any

import pytest

from drivers.errors import LineLost
from drivers.printer.profile import Dialect, Proof, load_profile, profile_names
from drivers.printer.raster import PrintTicket, RasterPage
from drivers.vocabulary import (
    DeviceState,
    NotPrinted,
    PaperExit,
    PaperSupply,
    Printed,
    PrintTrouble,
    PrintUnknown,
)
from tests.unit.printer.rig import Rig, make_rig, power_back_after
from tests.unit.printer.two_faults import copies, play

A4 = ("a4-203", "a4-300", "kpm216h")
GRID = 13  # positions tried along a page


def _length_of_job(name: str) -> int:
    """Bytes of one undisturbed job."""
    rig = make_rig(name)
    start = rig.model.received
    assert isinstance(rig.print_one(rig.page()), Printed)
    return rig.model.received - start


def _grid(name: str) -> list[int]:
    total = _length_of_job(name)
    return sorted({total * step // GRID for step in range(GRID)} | {total - 1, total - 30, total - 60, 1, 12})


def _holds(rig: Rig, page: RasterPage, outcome: Any) -> None:
    """The outcome must agree with the paper, now and after a person has repaired the machine."""
    in_path = rig.model.path.begun
    match outcome:
        case Printed():
            assert copies(rig, page) == 1 or in_path
        case NotPrinted(begun=False):
            assert not in_path
            assert all(sheet.blank for sheet in rig.paper())
        case NotPrinted(begun=True):
            assert copies(rig, page) == 0
        case PrintUnknown():
            pass
    rig.mend()
    if isinstance(outcome, NotPrinted):
        assert copies(rig, page) == 0, "a page reported as not printed was printed later"
    rig.driver.discard()
    if isinstance(outcome, Printed):
        assert copies(rig, page) == 1
    rig.model.take_paper()
    rig.driver.discard()
    rig.model.take_paper()
    before = {id(sheet) for sheet in rig.paper()}
    other = rig.page(seed=2)
    assert isinstance(rig.print_one(other, job=8), Printed), "the printer does not print after the repair"
    printed = [sheet for sheet in rig.paper() if id(sheet) not in before]
    found, whole = [sheet.rows() for sheet in printed if not sheet.blank], other.rows
    if rig.model.machine.cuts_at_cover_close:  # it feeds by itself: the page may begin lower on a longer sheet
        found, whole = [rows.strip(b"\0") for rows in found], whole.strip(b"\0")
    assert found == [whole], "the next sheet has dots of the page before"


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("fault", ["paper_out", "cover_open", "jam", "broken"])
def test_trouble_at_any_byte_spoils_the_page_and_nothing_else(name: str, fault: str) -> None:
    """Faults R2, R3."""
    for at in _grid(name):
        rig = make_rig(name)
        page = rig.page()
        rig.model.fail(fault, at)
        outcome = rig.print_one(page)
        if isinstance(outcome, NotPrinted):
            named = {"paper_out": "paper_out", "cover_open": "cover_open", "jam": "jam", "broken": "mechanism"}[fault]
            assert outcome.reason in (PrintTrouble(named), PrintTrouble.SILENT), (at, outcome)
        if fault == "broken":
            rig.model.condition.broken = False
        _holds(rig, page, outcome)
        assert not rig.model.complaints, (at, rig.model.complaints)


def test_a_cover_opened_in_the_middle_is_a_spoiled_sheet() -> None:
    """Fault R3: the fragment carries the void bar and goes back into the machine, not to the person."""
    rig = make_rig()
    total = _length_of_job("a4-203")
    rig.model.fail("cover_open", total // 2)
    assert rig.print_one(rig.page()) == NotPrinted(reason=PrintTrouble.COVER_OPEN, begun=True)
    assert rig.driver.status().device is DeviceState.OFFLINE
    rig.mend()
    rig.driver.discard()
    assert rig.model.tray == []
    (fragment,) = rig.model.retracted
    assert not fragment.complete
    assert fragment.height_dots > rig.profile.dots(rig.profile.shortest_cut_mm)
    bar = fragment.dots()[-rig.profile.dots(rig.profile.shortest_cut_mm) :]
    assert bar[:4].all()
    assert not bar[:40].all()  # white letters on black


@pytest.mark.parametrize("name", profile_names())
def test_a_cutter_that_jams_after_the_page_leaves_it_printed(name: str) -> None:
    """Fault R4, where the proof is stronger than "processed"."""
    rig = make_rig(name)
    rig.model.fail("cutter", 0)
    page = rig.page()
    outcome = rig.print_one(page)
    proved = rig.profile.proof is not Proof.FENCE
    if not proved:
        assert outcome == PrintUnknown(PrintTrouble.CUTTER)
    else:
        assert isinstance(outcome, Printed), outcome
        assert "not cut: cutter" in outcome.evidence
    status = rig.driver.status()
    assert status.trouble is PrintTrouble.CUTTER
    assert not status.ready
    if rig.profile.dialect is not Dialect.CUSTOM:  # only switching it off and on clears its cutter error
        rig.model.free()
        rig.driver.discard()
        assert copies(rig, page) == proved


@pytest.mark.parametrize("name", A4)
@pytest.mark.parametrize(("hot_s", "finishes"), [(30.0, True), (200.0, False)])
def test_a_hot_head_is_waited_for_within_its_limit(name: str, hot_s: float, finishes: bool) -> None:
    """Fault R1, second half: pause and finish; over the limit the page is spoiled."""
    for at in _grid(name)[3:-3:4]:
        rig = make_rig(name, hot_s=hot_s)
        page = rig.page()
        rig.model.fail("head_hot", at)
        outcome = rig.print_one(page)
        if finishes:
            assert isinstance(outcome, Printed), (at, outcome)
        else:
            unknown = PrintUnknown(
                PrintTrouble.HEAD_HOT
            )  # all bytes were sent, and this printer cannot be told to drop them
            spoiled = NotPrinted(reason=PrintTrouble.HEAD_HOT, begun=True)
            stalled = NotPrinted(reason=PrintTrouble.SILENT, begun=True)  # its window was full before it could be asked
            forgotten = rig.profile.clears_memory
            assert outcome in {spoiled, stalled} or (not forgotten and outcome == unknown), (at, outcome)
            rig.clock.advance(200.0)
        _holds(rig, page, outcome)


@pytest.mark.parametrize("name", profile_names())
def test_no_paper_before_the_page_is_a_refusal(name: str) -> None:
    """Fault R1, first half."""
    rig = make_rig(name)
    rig.model.paper_out()
    status = rig.driver.status()
    assert (status.supply, status.ready, status.trouble) == (PaperSupply.OUT, False, PrintTrouble.PAPER_OUT)
    assert rig.print_one(rig.page()) == NotPrinted(reason=PrintTrouble.PAPER_OUT, begun=False)
    rig.model.load_paper()
    rig.model.paper_low()
    assert rig.driver.status().supply is PaperSupply.LOW
    assert rig.print_one(rig.page()) == NotPrinted(reason=PrintTrouble.JAM, begun=False)
    rig.driver.prepare()  # nobody knows what lies in the path after the roll was changed
    assert isinstance(rig.print_one(rig.page()), Printed)


@pytest.mark.parametrize("name", profile_names())
def test_the_line_lost_at_any_byte(name: str) -> None:
    """Fault R5: not begun, begun, or unknown; and never Printed without the printer's own proof."""
    total = _length_of_job(name)
    for at in sorted({total * step // GRID for step in range(GRID)} | {total - 1, total - 20, total - 40}):
        rig = make_rig(name)
        page = rig.page()
        rig.stream.gone_after = len(rig.stream.sent) + at + 1
        outcome = rig.print_one(page)
        if isinstance(outcome, NotPrinted | PrintUnknown):
            assert outcome.reason is PrintTrouble.LINE_LOST, (at, outcome)
        assert rig.driver.status().device is DeviceState.NO_DEVICE
        _holds(rig, page, outcome)


@pytest.mark.parametrize("name", profile_names())
def test_a_line_that_comes_back_lets_the_counter_say_what_was_not_cut(name: str) -> None:
    """Fault R5: the printer finishes the bytes that it has; only that nothing was cut proves something."""
    settled: set[type] = set()
    counts = load_profile(name).counter != "none"
    total = _length_of_job(name)
    for at in sorted({total * step // GRID for step in range(GRID)} | set(range(total - 60, total, 6))):
        rig = make_rig(name)
        page = rig.page()
        rig.stream.gone_after = len(rig.stream.sent) + at + 1
        cuts = rig.model.counters.cuts
        outcome = rig.print_one(page)
        assert rig.driver.in_doubt == (isinstance(outcome, PrintUnknown) and counts)
        if rig.driver.in_doubt:
            with pytest.raises(LineLost):
                rig.driver.recount()
            rig.stream.gone_after = None
            rig.line.plug_in()
            sent = len(rig.stream.sent)
            outcome = rig.driver.recount()
            assert len(bytes(rig.stream.sent[sent:]).replace(b"\0", b"")) < 100, "dots were sent again"
            assert type(outcome) is (NotPrinted if rig.model.counters.cuts == cuts else PrintUnknown), at
            settled.add(type(outcome))
        _holds(rig, page, outcome)
    assert (NotPrinted in settled) == counts, "no case was settled"


@pytest.mark.parametrize("name", profile_names())
def test_power_lost_at_any_byte(name: str) -> None:
    """The printer goes dark and comes back with an empty memory while the host still holds the port."""
    for back_s in (0.5, 4.0, None):
        for at in _grid(name):
            rig = make_rig(name)
            page = rig.page()
            rig.model.fail("power_cut", at)
            if back_s is not None:
                power_back_after(rig, back_s)
            outcome = rig.print_one(page)
            if isinstance(outcome, NotPrinted | PrintUnknown):
                assert outcome.reason in (PrintTrouble.SILENT, PrintTrouble.POWER_LOST), (at, outcome)
            _holds(rig, page, outcome)


@pytest.mark.parametrize("amounts", [(1,), (7, 64, 3), (1000, 1), (511,)])
def test_partial_writes_continue_from_the_exact_byte(amounts: tuple[int, ...]) -> None:
    """Fault R6: the printer gets the same stream whatever the port takes at once."""
    whole = make_rig()
    assert isinstance(whole.print_one(whole.page()), Printed)
    rig = make_rig(started=False)
    rig.stream.amounts = amounts
    rig.driver.start()
    rig.driver.discard()
    page = rig.page()
    assert isinstance(rig.print_one(page), Printed)
    assert copies(rig, page) == 1
    assert _without_questions(rig.stream.sent) == _without_questions(whole.stream.sent)
    assert not rig.model.complaints


def _without_questions(stream: bytes | bytearray) -> bytes:
    """The stream without real-time questions, whose number depends on time."""
    rest = bytes(stream)
    for n in range(1, 7):
        rest = rest.replace(bytes((0x10, 0x04, n)), b"")
    return rest


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("trick", ["lose_reply", "double_reply"])
def test_an_answer_lost_or_doubled_never_makes_a_page(name: str, trick: str) -> None:
    """Fault R7: whichever answer it is, the outcome agrees with the paper; with process ids it is never unknown."""
    for at in _grid(name):
        rig = make_rig(name)
        page = rig.page()
        rig.model.fail(trick, at)
        outcome = rig.print_one(page)
        if rig.profile.proof == "process_id" and trick == "double_reply":
            assert isinstance(outcome, Printed), (at, outcome)
        _holds(rig, page, outcome)


def test_a_lost_process_id_is_asked_for_again() -> None:
    rig = make_rig()
    total = _length_of_job("a4-203")
    rig.model.fail("lose_reply", total - 24)  # the id behind the cut
    assert isinstance(rig.print_one(rig.page()), Printed)


def test_the_id_of_an_earlier_job_proves_nothing() -> None:
    """Fault R7: answers of job 7 arrive while job 8 is printed by a printer that does not answer."""
    rig = make_rig()
    assert isinstance(rig.print_one(rig.page(), job=7), Printed)
    rig.model.take_paper()
    rig.model.fail("silence", 200)
    for _ in range(40):
        rig.line.wire.answer(b"\x37\x22" + b" '" + b" 1" + b"\x00", rig.clock.monotonic())
    outcome = rig.print_one(rig.page(seed=2), job=8)
    assert not isinstance(outcome, Printed)


@pytest.mark.parametrize("name", A4)
def test_nothing_of_an_earlier_buffer_reaches_the_paper(name: str) -> None:
    """Fault R8: a host died in the middle of another person's page; the next page carries no dot of it."""
    rig = make_rig(name)
    theirs = rig.page(seed=9)
    rig.stream.gone_after = len(rig.stream.sent) + 900
    rig.print_one(theirs)
    # the same printer, a new process: the driver knows nothing of what happened
    fresh = make_rig(name, started=False, model=rig.model, now_s=rig.clock.monotonic() + 1)
    fresh.driver.start()
    fresh.driver.prepare()
    ours = fresh.page()
    outcome = fresh.print_one(ours)
    assert isinstance(outcome, Printed), outcome
    assert copies(fresh, ours) == 1


def test_paper_left_in_the_mouth_is_seen_and_can_be_taken_back() -> None:
    """Fault R9."""
    rig = make_rig()
    assert rig.driver.status().exit is PaperExit.EMPTY
    rig.print_one(rig.page())
    assert rig.driver.status().exit is PaperExit.PRESENT
    rig.driver.discard()
    assert rig.driver.status().exit is PaperExit.EMPTY
    assert len(rig.model.retracted) == 1
    rig.print_one(rig.page())
    rig.model.take_paper()
    assert rig.driver.status().exit is PaperExit.EMPTY


def test_silence_is_never_ready() -> None:
    rig = make_rig()
    rig.model.fail("silence", 0)
    status = rig.driver.status()
    assert (status.device, status.supply, status.trouble) == (
        DeviceState.UNKNOWN,
        PaperSupply.UNKNOWN,
        PrintTrouble.SILENT,
    )
    assert rig.print_one(rig.page()) == NotPrinted(reason=PrintTrouble.SILENT, begun=False)


def test_a_document_of_several_pages_is_one_outcome() -> None:
    rig = make_rig()
    pages = [rig.page(number=number, of=3, seed=number) for number in (1, 2, 3)]
    ticket = PrintTicket(pages[0].request_id, 1, tuple(page.raster_sha256 for page in pages))
    outcome = rig.driver.print_pages(pages, ticket, 5)
    assert isinstance(outcome, Printed)
    assert outcome.counter == rig.model.counters.cuts
    assert [sheet.rows() for sheet in rig.model.tray] == [page.rows for page in pages]


def test_trouble_on_the_second_page_voids_the_document() -> None:
    rig = make_rig()
    pages = [rig.page(number=number, of=2, seed=number) for number in (1, 2)]
    total = _length_of_job("a4-203")
    rig.model.fail("paper_out", total + total // 2)
    ticket = PrintTicket(pages[0].request_id, 1, tuple(page.raster_sha256 for page in pages))
    assert rig.driver.print_pages(pages, ticket, 5) == NotPrinted(reason=PrintTrouble.PAPER_OUT, begun=True)


@pytest.mark.parametrize(
    ("name", "first_page"),
    [
        ("a4-203", "retracted"),
        ("kpm216h", "delivered"),  # pushed out to make way for the second (GS e 5): out of reach
        ("a4-300", "tray"),  # has nothing to take it back with
    ],
)
@pytest.mark.parametrize("tenths", [12, 15])  # of a page's bytes
def test_the_first_page_of_a_void_document_is_taken_back_where_the_printer_can(
    name: str, first_page: str, tenths: int
) -> None:
    """Fault R2, crash point 16."""
    rig = make_rig(name)
    pages = [rig.page(number=number, of=2, seed=number) for number in (1, 2)]
    rig.model.fail("cover_open", _length_of_job(name) * tenths // 10)
    ticket = PrintTicket(pages[0].request_id, 1, tuple(page.raster_sha256 for page in pages))
    outcome = rig.driver.print_pages(pages, ticket, 5)
    if tenths == 15 and not rig.profile.clears_memory:  # it holds the rest of the page and may print it yet
        assert outcome == PrintUnknown(PrintTrouble.COVER_OPEN)
    else:
        assert outcome == NotPrinted(reason=PrintTrouble.COVER_OPEN, begun=True)
    rig.model.close_cover(rig.clock.monotonic())
    rig.driver.prepare(take_back=True)
    rig.clock.advance(3.0)
    rig.model.transmit(rig.clock.monotonic())
    assert getattr(rig.model, first_page)[0].rows() == pages[0].rows
    assert rig.driver.clean


def test_two_faults_at_once_never_make_a_page_that_is_not_there() -> None:
    """`make bench` plays thousands."""
    counts = play(range(250))
    assert set(counts) == {"Printed", "NotPrinted", "PrintUnknown"}
