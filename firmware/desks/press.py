"""Draws what the two printers print: pages of a document, receipts, claim slips, lines for staff."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from drivers.printer.profile import Profile
from drivers.printer.raster import RasterPage, RasterSlip
from drivers.vocabulary import Text
from firmware.desks import PrintLines, PrintZReport
from firmware.paper.daily import z_slip
from firmware.paper.pages import render
from firmware.paper.slips import ClaimFacts, ReceiptFacts, claim_slip, receipt_for
from firmware.paper.staff import staff_slip
from firmware.screens.words import words
from firmware.session.effects import PrintClaimSlip, PrintReceipt


@dataclass(frozen=True, slots=True)
class Press:
    """Frozen, because the paper desk's thread uses it. `now`: wall time, safe to call from any thread."""

    certificate: Profile
    receipt: Profile
    machine: str
    now: Callable[[], datetime]

    def pages(self, document: bytes, document_sha256: str, request_id: str, copy: int) -> Sequence[RasterPage]:
        return render(
            document, request_id=request_id, copy=copy, document_sha256=document_sha256, profile=self.certificate
        )

    def slip(self, effect: PrintReceipt | PrintClaimSlip | PrintLines | PrintZReport) -> RasterSlip | bytes:
        match effect:
            case PrintLines(device=device, lines=lines):
                profile = self.certificate if device == "printer" else self.receipt
                return staff_slip(lines, self.now(), profile)
            case PrintZReport(report=report):
                return z_slip(report, self.receipt)
            case PrintReceipt():
                return receipt_for(self._receipt_facts(effect), self.receipt)
            case PrintClaimSlip():
                claim = ClaimFacts(
                    city=effect.city,
                    place=effect.place,
                    machine=self.machine,
                    telephone=effect.telephone,
                    printed_at=self.now(),
                    amount_yen=effect.amount_yen,
                    claim_code=effect.claim_code,
                    city_code=effect.city_code,
                    sample=effect.sample,
                    language=effect.language,
                )
                return claim_slip(claim, self.receipt.width_dots)

    def _receipt_facts(self, receipt: PrintReceipt) -> ReceiptFacts:
        return ReceiptFacts(
            city=receipt.city,
            place=receipt.place,
            machine=self.machine,
            telephone=receipt.telephone,
            printed_at=self.now(),
            lines=tuple((self._told(title, receipt.language), number, fee) for title, number, fee in receipt.lines),
            fee_yen=receipt.fee_yen,
            inserted_yen=receipt.inserted_yen,
            change_yen=receipt.change_yen,
            claim_yen=receipt.claim_yen,
            at_till=receipt.at_till,
            sample=receipt.sample,
            language=receipt.language,
        )

    def _told(self, title: Text, language: str) -> Text:
        """The title with its words in this language, as the screens have them."""
        return title if language == "ja" else {**title, language: words(language).of(title)}
