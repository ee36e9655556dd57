"""The records that end a session, made here for the running session and for a start.

Each function reads the open session and changes nothing. A copy is told as issued only if the book has it as printed.
"""

from collections.abc import Iterator

from firmware.book import records
from firmware.book.advice import ClaimAdvice, CopyAdvice, CopyFate, SessionAdvice
from firmware.book.open_session import CopyStage, OpenSession, RequestBook
from firmware.book.reasons import AdviceReason, EndReason, SessionReason

ClaimReason = SessionReason | AdviceReason


def copies_told(request: RequestBook, why: SessionReason | None) -> Iterator[records.AdviceQueued]:
    """One advice for each copy that the centre may hold and has not been told of: issued, or void for this reason."""
    # RESTART tells the centre that a start found this copy printed.
    printed = EndReason.RESTART if why is EndReason.RESTART else AdviceReason.PRINTED
    for copy in request.untold:
        if request.stages.get(copy) is CopyStage.PRINTED:
            yield _queued(CopyAdvice(CopyFate.ISSUED, request.rid, copy, printed))
        else:
            yield _queued(CopyAdvice(CopyFate.VOID, request.rid, copy, why or AdviceReason.NOT_PRINTED))


def rest_claimed(session: OpenSession, why: ClaimReason | None) -> Iterator[records.ClaimIntent | records.AdviceQueued]:
    """Make a claim of everything that is owed, and tell the centre of it."""
    key, amount_yen = session.next_claim_key, session.ledger.owed_yen
    yield records.ClaimIntent(key, amount_yen)
    yield _claim_told(session, key, amount_yen, why)


def claims_told(session: OpenSession, why: SessionReason | None) -> Iterator[records.AdviceQueued]:
    """One advice for each claim whose record is written and whose advice is not."""
    for key in session.untold_claims:
        yield _claim_told(session, key, session.claims[key], why)


def closed(session: OpenSession, why: SessionReason | None) -> records.SessionClosed:
    ledger = session.ledger
    return records.SessionClosed(
        sid=session.sid,
        inserted_yen=ledger.inserted_yen,
        earned_yen=ledger.earned_yen,
        paid_out_yen=ledger.paid_out_yen,
        claimed_yen=ledger.claimed_yen,
        outcome=session.outcome,
        reason=why or "",
    )


def _claim_told(session: OpenSession, key: str, amount_yen: int, why: ClaimReason | None) -> records.AdviceQueued:
    """The centre pays a claim with reason TAMPER only after people have looked (fault M1)."""
    if session.without_coins:
        why = EndReason.TAMPER
    return _queued(ClaimAdvice(key, amount_yen, why or AdviceReason.CHANGE))


def _queued(advice: SessionAdvice) -> records.AdviceQueued:
    return records.AdviceQueued(advice.id, advice)
