"""The issuing side: finds a resident by the card, makes the paper, reads it back, and stamps it.

It takes only the card fingerprint from the transport side (`issuing.py`), and looks the resident up itself. Its stamp
names the request and the card it used and the hash of the document; stamp and document are kept in one object. The
transport side writes its manifest from the request, so the machine notices a swapped document (binding rule 4).
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_sim.centre import books, cards, forms
from host_sim.centre.authentication import Refused
from host_sim.centre.paper_keys import PaperKeys
from host_sim.centre.register import Municipality, SealState
from host_sim.centre.tables import residents

_HOME = sa.select(residents.c.household_id).where(residents.c.resident_id == sa.bindparam("of"))
DOCUMENT_BYTES_MAX = 4 * 1024 * 1024
PAGES_MAX = 99


class DocumentWrong(Exception):
    """A finished page does not say what the books say. It is not delivered, and the municipality's line stops."""

    def __init__(self, kind: str, faults: Sequence[str]) -> None:
        super().__init__(f"{kind}: {len(faults)} differences")
        self.faults = tuple(faults)


class DocumentUnfit(Refused):
    """A paper cannot be made of one resident's data. Only this order is refused, and `faults` wait for a person.

    No word of the finished page is another's; so neither the line nor a machine has to stop (compare `DocumentWrong`).
    """

    def __init__(self, kind: str, faults: Sequence[str]) -> None:
        super().__init__("ask_at_counter")
        self.kind = kind
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Subject:
    """The resident behind a card, and everything about them in one snapshot."""

    card_fingerprint: str
    books: books.Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A document together with the issuing side's stamp."""

    document: bytes = field(repr=False)
    stamp: str
    resident_id: str
    pages: int
    signed_by: str = ""  # SHA-256 of the city's certificate; empty: not signed

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


@dataclass(frozen=True, slots=True)
class Press:
    """The functions of `forms`: offer, name the letters that no font has, typeset, sign, check, count the pages.

    A simulation may pass faulty or faster ones.
    """

    kinds: tuple[str, ...] = tuple(forms.KINDS)
    offer: Callable[..., dict[str, Any]] = forms.offer
    lacking: Callable[..., Sequence[str]] = forms.lacking
    typeset: Callable[..., bytes] = forms.typeset
    sign: Callable[[bytes, Municipality, datetime], bytes] = forms.signed
    check: Callable[..., list[str]] = forms.check
    page_count: Callable[[bytes], int] = forms.page_count


def signing(keys: PaperKeys) -> Press:
    """The press whose papers bear the signature of their day's key."""

    def typeset(*told: Any) -> bytes:
        kind, subject, household, options, issue, register = told
        signer = keys.signer(issue.issued_on, sample=register.municipality.sample)
        return forms.typeset(kind, subject, household, options, issue, register, signer)

    def check(*told: Any) -> list[str]:
        pdf, kind, subject, household, options, issue, register = told
        return forms.check(pdf, kind, subject, household, options, issue, register, keys.trusted())

    return Press(typeset=typeset, check=check)


class Generator:
    def __init__(self, key: Ed25519PrivateKey, press: Press | None = None) -> None:
        self._key = key
        self._press = press or Press()

    def look_up(self, c: sa.Connection, card_fingerprint: str, municipality: Municipality) -> Subject:
        """Find the resident by the card alone. Raises `Refused` for a card that is no longer valid."""
        found = books.snapshot(c, self._holder(c, card_fingerprint), municipality)
        if found is None:
            raise Refused("not_resident")
        return Subject(card_fingerprint, _without_stopped_seal(c, found))

    def still_true(self, c: sa.Connection, subject: Subject) -> bool:
        """Whether the card still belongs to this resident, and the household's version is still the snapshot's."""
        was = subject.books.resident
        if self._holder(c, subject.card_fingerprint) != was.resident_id:
            return False
        home = c.scalar(_HOME, {"of": was.resident_id})
        return home == was.household_id and books.version_of(c, home) == subject.books.register.version

    def _holder(self, c: sa.Connection, card_fingerprint: str) -> str:
        card = cards.find(c, card_fingerprint)
        refusal = cards.refusal_of(card)
        if refusal is not None:
            raise Refused(refusal)
        return str(card.resident_id)

    def make(
        self,
        subject: Subject,
        *,
        kind: str,
        options: Mapping[str, Sequence[str]],
        request_id: str,
        copy: int,
        issue_number: str,
        now: datetime,
    ) -> Container:
        """One copy, made and checked. Raises `Refused` if it does not fit the form or the line, `DocumentUnfit` if it cannot
        be made or does not stand where it should, `DocumentWrong` if it says something else than the books."""
        issue = forms.IssueFacts(
            issue_number=issue_number,
            issued_on=now.date(),
            request_id=request_id,
            card_fingerprint=subject.card_fingerprint,
        )
        found = subject.books
        told: tuple[Any, ...] = (kind, found.resident, found.members, options, issue, found.register)
        try:
            document, pages, faults = self._made(told, now)
        except (forms.GlyphMissing, forms.TextOverflow):
            raise Refused("ask_at_counter") from None  # the machine has a sentence for this word
        except (forms.SealUnusable, forms.SignatureUnusable) as trouble:
            raise DocumentUnfit(kind, [str(trouble)]) from None
        except Exception as trouble:
            raise DocumentUnfit(kind, [f"making it failed: {type(trouble).__name__}"]) from trouble
        if not 1 <= pages <= PAGES_MAX:
            raise Refused("ask_at_counter")  # no machine takes it (drivers/line/README.md)
        if faults:
            unfit = all(isinstance(fault, forms.Misplaced) for fault in faults)
            raise (DocumentUnfit if unfit else DocumentWrong)(kind, faults)
        account = ".".join((request_id, str(copy), subject.card_fingerprint, hashlib.sha256(document).hexdigest()))
        return Container(
            document=document,
            stamp=f"{account}.{self._signed(account)}",
            resident_id=found.resident_id,
            pages=pages,
            signed_by=forms.signed_by(found.register.municipality),
        )

    def _made(self, told: tuple[Any, ...], now: datetime) -> tuple[bytes, int, Sequence[str]]:
        """The document, its pages (0: too large for the line), and what the check finds."""
        document = self._press.sign(self._press.typeset(*told), told[-1].municipality, now)
        pages = self._press.page_count(document) if len(document) <= DOCUMENT_BYTES_MAX else 0
        return document, pages, self._press.check(document, *told) if pages else ()

    def _signed(self, account: str) -> str:
        return base64.urlsafe_b64encode(self._key.sign(account.encode())).decode().rstrip("=")


def _without_stopped_seal(c: sa.Connection, found: books.Snapshot) -> books.Snapshot:
    """The snapshot, with the seal marked lost when the card on which its registration hangs is no longer in use."""
    seal = found.register.seal_of(found.resident)
    if seal is None or not cards.seal_stopped(c, seal.registration_number):
        return found
    stopped = {seal.resident_id: replace(seal, state=SealState.LOST)}
    return replace(found, register=replace(found.register, seals=stopped))
