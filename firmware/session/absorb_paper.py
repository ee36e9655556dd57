"""`absorb` for reports of the printers: what became of a copy, and what lies in the mouth."""

from drivers.vocabulary import NotPrinted, PaperExit, Printed, PrintTrouble, PrintUnknown
from firmware.book.cases import Case
from firmware.book.reasons import EndReason
from firmware.book.records import CopyPrinted, CopySpoiled, CopyUncertain, Flag, LineStopped, PrintIntent
from firmware.session.effects import CutRemains
from firmware.session.events import (
    CopyOutcome,
    Event,
    ExitSeen,
    PagesReady,
    PaperCounted,
    PaperReadiness,
    PaperReport,
    SlipOutcome,
)
from firmware.session.known import Now, paper_lasts, settle_event
from firmware.session.preview import Viewing
from firmware.session.states import State


def absorb_paper(now: Now, report: PaperReport) -> Event:
    context = now.context
    match report:
        case PagesReady(raster_sha256s=hashes, seen=pages):
            context.raster_sha256s = hashes
            context.viewing = Viewing(pages) if pages else None
            return Event.PAGES_TO_SEE if pages else Event.PAGES_READY
        case PaperReadiness():
            return _readiness(now, report)
        case PaperCounted(counter=counter):
            now.write(_print_intent(now, counter))
            return Event.PAPER_COUNTED
        case CopyOutcome(copy=copy, result=result):
            return copy_outcome(now, copy, result)
        case SlipOutcome(result=result):
            if not isinstance(result, Printed):
                now.write(Flag(Case.SLIP, str(result.reason)))
            if now.state is not State.PRINTING_CLAIM_SLIP:
                return slip_ended(now)
            context.claim_slip_failed = not isinstance(result, Printed)
            return settle_event(now)
        case ExitSeen(exit=exit_):
            was, context.paper_exit = context.paper_exit, exit_
            context.paper_unseen = exit_ is PaperExit.UNKNOWN
            # An empty mouth at the first report means that the paper is taken, unless it is stuck in the printer.
            seen = was is PaperExit.PRESENT or (was is PaperExit.UNKNOWN and not _paper_stuck(now))
            taken = exit_ is PaperExit.EMPTY and seen
            return Event.PAPER_TAKEN if taken else Event.PAPER_STILL_THERE


def copy_outcome(now: Now, number: int, result: Printed | NotPrinted | PrintUnknown) -> Event:
    """Write what became of a copy. `CopyPrinted` holds both proof and fee; a flag for the copy is written before it."""
    context = now.context
    assert context.reserved is not None
    rid, copy = context.reserved.request_id, context.reserved.copies[number - 1]
    match result:
        case Printed(evidence=evidence, counter=counter, trouble=trouble):
            # Printed with trouble: the copy is complete but stuck behind the cutter, and staff must hand it over (fault R4).
            if trouble is not None:
                context.reason = EndReason.PAPER_STUCK
                now.write(Flag(Case.PAPER_STUCK, f"{rid}.{number}"))
            now.write(CopyPrinted(rid, number, copy.issue_number, evidence, counter, copy.fee_yen))
            return Event.COPY_PRINTED if now.session.printed < now.session.wanted else settle_event(now)
        case NotPrinted(reason=reason, begun=begun):
            if begun:
                now.write(Flag(Case.VOID_SHEET_IN_PATH, f"{rid}.{number}"))
            if reason is PrintTrouble.BINDING:  # before the copy is: a start would not ask about a spoiled one again
                now.write(LineStopped("raster"))
            now.write(CopySpoiled(rid, number, reason))
        case PrintUnknown(reason=reason):
            now.write(CopyUncertain(rid, number, reason))
    context.reason = EndReason.BINDING if reason is PrintTrouble.BINDING else reason
    # The mouth was empty before the slot opened (PaperReadiness): without a printed copy, all that lies there is void.
    now.effects.append(CutRemains(take_back=not now.session.printed))
    return settle_event(now)


def slip_ended(now: Now) -> Event:
    return Event.SLIP_ENDED if now.session.copies_out else Event.SLIP_ENDED_NOTHING_OUT


def _readiness(now: Now, report: PaperReadiness) -> Event:
    certificate, receipt = report.certificate, report.receipt
    now.context.paper_unseen = certificate.exit is PaperExit.UNKNOWN
    # A sheet in the mouth is somebody else's (fault R9).
    if not certificate.ready or not receipt.ready or certificate.exit is PaperExit.PRESENT:
        now.context.reason = EndReason.PAPER_NOT_READY
        return Event.PAPER_NOT_READY
    if not paper_lasts(now.context, now.book, certificate.supply):
        now.context.reason = EndReason.PAPER_SHORT
        return Event.PAPER_NOT_READY
    if now.context.fee_yen == 0:
        return Event.PAPER_READY_NOTHING_TO_PAY
    return Event.PAPER_READY_FEE_AT_TILL if now.context.house.has_till else Event.PAPER_READY


def _print_intent(now: Now, counter: int | None) -> PrintIntent:
    assert now.context.reserved is not None
    # All copies before this one are printed: after a failed one the session settles.
    copy = now.context.reserved.copies[now.session.printed]
    return PrintIntent(
        rid=now.context.reserved.request_id,
        copy=copy.copy,
        issue_number=copy.issue_number,
        raster_sha256=now.context.raster_sha256s[copy.copy][0],
        printer_counter=counter,
        pages=copy.pages,
    )


def _paper_stuck(now: Now) -> bool:
    """False once the book has closed the session: the printer still reports its mouth while the machine wipes itself."""
    return now.book.session is not None and now.book.session.paper_stuck
