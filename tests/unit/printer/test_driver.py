"""The driver without faults: exact dots, bounded bytes in the printer, the ticket, slips, several makes."""

from dataclasses import replace
from itertools import product

import pytest

from drivers.errors import NoReply, WrongDevice
from drivers.printer.profile import Proof, load_profile, profile_names
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip, raster_sha256
from drivers.vocabulary import NotPrinted, PaperExit, Printed, PrintTrouble
from host_sim.adapters.wire import WireKind
from tests.unit.printer.rig import make_page, make_rig, make_rows


@pytest.mark.parametrize("name", profile_names())
def test_a_full_page_comes_out_to_the_dot(name: str) -> None:
    rig = make_rig(name, tiny=False)
    page = rig.page()
    outcome = rig.print_one(page)
    assert isinstance(outcome, Printed)
    assert outcome.counter == (rig.model.counters.cuts if rig.profile.counter != "none" else None)
    sheet = rig.model.tray[-1]
    assert sheet.complete
    assert (sheet.width_dots, sheet.height_dots) == (page.width_dots, page.height_dots)
    assert sheet.rows() == page.rows
    assert rig.model.complaints == []


@pytest.mark.parametrize("name", profile_names())
def test_never_more_bytes_are_outstanding_than_the_window(name: str) -> None:
    """A fast host and a slow printer: the buffer never fills, so the printer can still answer."""
    rig = make_rig(name, tiny=False, speed_mm_s=20)
    most = 0
    receive = rig.model.receive

    def watched(data: bytes, now_s: float) -> None:
        nonlocal most
        receive(data, now_s)
        most = max(most, rig.model.received - rig.model.carried_out - lost)

    lost = rig.model.received - rig.model.carried_out  # wiped bytes are not outstanding
    rig.model.receive = watched  # type: ignore[method-assign]
    page = rig.page()
    assert isinstance(rig.print_one(page), Printed)
    assert most <= rig.profile.window_bytes + 64
    assert rig.model.tray[-1].rows() == page.rows


def test_a_serial_receipt_printer_at_115200() -> None:
    rig = make_rig("receipt-80", tiny=False, wire=WireKind(baud=115200))
    slip = RasterSlip(width_dots=576, height_dots=400, rows=make_rows(576, 400, top=110))
    assert isinstance(rig.driver.print_slip(slip, 3), Printed)
    assert rig.model.tray[-1].rows() == slip.rows


def test_text_slips_are_sent_as_they_are() -> None:
    rig = make_rig("tm-t88", tiny=False)
    text = b"\x1cC\x01" + "領収書\nReceipt\n".encode("cp932")
    assert isinstance(rig.driver.print_slip(text, 3), Printed)
    assert rig.model.tray[-1].text == "領収書\nReceipt\n"
    assert rig.model.complaints == []


def test_a_blank_page_is_a_page() -> None:
    rig = make_rig()
    width, height = rig.profile.width_dots, rig.profile.page_dots
    rows = bytes(width // 8 * height)
    page = replace(rig.page(), rows=rows, raster_sha256=raster_sha256(width, height, rows))
    assert isinstance(rig.print_one(page), Printed)
    assert rig.model.tray[-1].height_dots == height
    assert rig.model.tray[-1].blank


def test_ink_at_the_very_top_is_moved_down_not_lost() -> None:
    rig = make_rig("tm-t88")
    slip = RasterSlip(width_dots=160, height_dots=120, rows=make_rows(160, 120))
    assert isinstance(rig.driver.print_slip(slip, 3), Printed)
    printed = rig.model.tray[-1].rows()
    assert printed == bytes(92 * 20) + slip.rows


# --- the ticket (binding rule 6) ----------------------------------------------------


def _pages(count: int = 2) -> list[RasterPage]:
    profile = make_rig(started=False).profile
    return [make_page(profile, number=number, of=count, seed=number) for number in range(1, count + 1)]


def _ticket(pages: list[RasterPage]) -> PrintTicket:
    return PrintTicket(pages[0].request_id, pages[0].copy, tuple(page.raster_sha256 for page in pages))


def _flipped(page: RasterPage) -> RasterPage:
    """The page with one dot changed after it was bound."""
    rows = bytearray(page.rows)
    rows[len(rows) // 2] ^= 0x01
    return replace(page, rows=bytes(rows))


_SWAPS = {
    "another person's request": lambda pages: [replace(page, request_id="f" * 32) for page in pages],
    "another copy": lambda pages: [replace(page, copy=2) for page in pages],
    "one dot": lambda pages: [pages[0], _flipped(pages[1])],
    "pages in another order": lambda pages: [pages[1], pages[0]],
    "a page missing": lambda pages: pages[:1],
    "a page twice": lambda pages: [pages[0], pages[0]],
    "a page of another document": lambda pages: [pages[0], replace(pages[1], document_sha256="e" * 64)],
    "no page": lambda _: [],
    "another shape of the same dots": lambda pages: [
        replace(pages[0], width_dots=80, height_dots=pages[0].height_dots * 2),
        pages[1],
    ],
    "wider than the head": lambda pages: [
        replace(pages[0], width_dots=320, height_dots=pages[0].height_dots // 2),
        pages[1],
    ],
}


@pytest.mark.parametrize("swap", _SWAPS)
def test_whatever_does_not_match_the_ticket_sends_no_byte(swap: str) -> None:
    rig = make_rig()
    pages = _pages()
    ticket = _ticket(pages)
    received = rig.model.received
    assert rig.driver.print_pages(_SWAPS[swap](pages), ticket, 1) == NotPrinted(
        reason=PrintTrouble.BINDING, begun=False
    )
    assert rig.model.received == received
    # the ticket is used up: the right pages do not print with it either
    assert rig.driver.print_pages(pages, ticket, 2) == NotPrinted(reason=PrintTrouble.BINDING, begun=False)
    assert rig.model.received == received


def test_a_ticket_prints_once() -> None:
    rig = make_rig()
    pages = _pages()
    ticket = _ticket(pages)
    assert isinstance(rig.driver.print_pages(pages, ticket, 1), Printed)
    received = rig.model.received
    assert rig.driver.print_pages(pages, ticket, 2) == NotPrinted(reason=PrintTrouble.BINDING, begun=False)
    assert rig.model.received == received


def test_a_revoked_ticket_prints_nothing() -> None:
    """Yokohama: the request timed out, and its page must not follow later."""
    rig = make_rig()
    pages = _pages()
    ticket = _ticket(pages)
    ticket.revoke()
    assert rig.driver.print_pages(pages, ticket, 1) == NotPrinted(reason=PrintTrouble.BINDING, begun=False)


# --- start, counter, discard ---------------------------------------------------------------------


@pytest.mark.parametrize("name", profile_names())
def test_start_needs_an_answer(name: str) -> None:
    rig = make_rig(name, started=False)
    rig.model.power_off()
    with pytest.raises(NoReply):
        rig.driver.start()
    if rig.profile.counter != "none":
        with pytest.raises(NoReply):
            rig.driver.counter()
    with pytest.raises(NoReply):
        rig.driver.discard()


def test_a_printer_that_answers_both_fences_alike_is_refused() -> None:
    rig = make_rig("receipt-80", started=False, model_id=0x0C)
    with pytest.raises(WrongDevice, match="cannot prove a page"):
        rig.driver.start()


def foreign_proofs() -> list[tuple[str, str]]:
    """Each profile with a printer that does not give its proof; kpm216h, a4-203 and receipt-80 are one of each proof."""
    pairs = product(profile_names(), ("a4-203", "kpm216h", "receipt-80"))
    proofs = [(name, other, load_profile(name).proof, load_profile(other).proof) for name, other in pairs]
    given = {(Proof.FENCE, Proof.PROCESS_ID)}  # a printer with process ids passes the fence, too
    return [(name, other) for name, other, mine, theirs in proofs if mine is not theirs and (mine, theirs) not in given]


@pytest.mark.parametrize(("name", "other"), foreign_proofs())
def test_a_profile_on_another_printer_does_not_print_unproven(name: str, other: str) -> None:
    """With the wrong profile in the unit file the outcome is never Printed without the profile's proof."""
    stranger = make_rig(other, started=False)
    rig = make_rig(name, started=False, model=stranger.model)
    try:
        rig.driver.start()
    except NoReply:
        return
    assert not isinstance(rig.print_one(rig.page()), Printed)


def test_the_counter_survives_the_power() -> None:
    rig = make_rig()
    before = rig.driver.counter()
    assert before is not None
    rig.print_one(rig.page())
    rig.model.power_off()
    rig.model.power_on()
    rig.clock.advance(3.0)
    assert rig.driver.counter() == before + 1


def test_a_second_copy_is_printed_while_the_first_lies_in_the_mouth() -> None:
    rig = make_rig()
    first, second = rig.page(seed=1), rig.page(copy=2, seed=2)
    assert isinstance(rig.print_one(first, job=1), Printed)
    assert isinstance(rig.print_one(second, job=2), Printed)
    assert [sheet.rows() for sheet in rig.model.tray] == [first.rows, second.rows]


def test_a_spoiled_second_copy_does_not_take_the_first_away() -> None:
    """The fragment is marked void and cut off, but the resident keeps the copy that was paid for."""
    rig = make_rig()
    first = rig.page()
    assert isinstance(rig.print_one(first, job=1), Printed)
    rig.model.fail("head_hot", 1500)
    rig.model._hot_s = 60.0
    assert rig.print_one(rig.page(copy=2), job=2) == NotPrinted(reason=PrintTrouble.HEAD_HOT, begun=True)
    rig.clock.advance(60.0)
    assert rig.print_one(rig.page(copy=3), job=3) == NotPrinted(reason=PrintTrouble.JAM, begun=False)
    rig.driver.prepare()
    assert isinstance(rig.print_one(rig.page(copy=4), job=4), Printed)
    assert first.rows in [sheet.rows() for sheet in rig.model.tray]
    assert rig.driver.status().exit is PaperExit.PRESENT


def test_nothing_raises_for_a_custom_jam_that_only_the_ejector_tells() -> None:
    rig = make_rig("kpm216h")
    rig.model.jam()
    assert not rig.driver.status().ready


def test_load_profile_is_what_the_unit_file_names() -> None:
    assert load_profile("a4-203").width_dots == 1664
