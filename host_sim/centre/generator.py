"""The issuing side: finds a resident by the card, makes the paper, reads it back, and stamps it.

It takes only the card fingerprint from the transport side (`issuing.py`), and looks the resident up itself. Its stamp
names the request and the card it used and the hash of the document; stamp and document are kept in one object. The
transport side writes its manifest from the request, so the machine notices a swapped document (binding rule 4).
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_sim.centre import books, forms
from host_sim.centre.authentication import Refused
from host_sim.centre.register import Municipality
from host_sim.centre.tables import cards, residents


class DocumentWrong(Exception):
    """A finished page does not say what the books say. It is not delivered, and the municipality's line stops."""

    def __init__(self, kind: str, faults: Sequence[str]) -> None:
        super().__init__(f"{kind}: {len(faults)} differences")
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

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


@dataclass(frozen=True, slots=True)
class Press:
    """The functions of `forms`: offer, typeset, check, count the pages.

    A simulation may pass faulty or faster ones.
    """

    kinds: tuple[str, ...] = tuple(forms.KINDS)
    offer: Callable[..., dict[str, Any]] = forms.offer
    typeset: Callable[..., bytes] = forms.typeset
    check: Callable[..., list[str]] = forms.check
    page_count: Callable[[bytes], int] = forms.page_count


class Generator:
    def __init__(self, key: Ed25519PrivateKey, press: Press | None = None) -> None:
        self._key = key
        self._press = press or Press()

    def look_up(self, c: sa.Connection, card_fingerprint: str, municipality: Municipality) -> Subject:
        """Find the resident by the card alone. Raises `Refused` for a card that is no longer valid."""
        found = books.snapshot(c, self._holder(c, card_fingerprint), municipality)
        if found is None:
            raise Refused("not_resident")
        return Subject(card_fingerprint, found)

    def still_true(self, c: sa.Connection, subject: Subject) -> bool:
        """Whether the card still belongs to this resident, and the household's version is still the snapshot's."""
        was = subject.books.resident
        if self._holder(c, subject.card_fingerprint) != was.resident_id:
            return False
        here = residents.c.resident_id == was.resident_id
        home = c.scalar(sa.select(residents.c.household_id).where(here))
        return home == was.household_id and books.version_of(c, home) == subject.books.register.version

    def _holder(self, c: sa.Connection, card_fingerprint: str) -> str:
        card = c.execute(sa.select(cards).where(cards.c.credential_sha256 == card_fingerprint)).first()
        if card is None:
            raise Refused("not_resident")
        if card.revoked or card.reported_lost:
            raise Refused("certificate_revoked" if card.revoked else "card_reported_lost")
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
        """One copy, made and checked. Raises `Refused` if it does not fit the form, `DocumentWrong` if the check fails."""
        issue = forms.IssueFacts(
            issue_number=issue_number,
            issued_on=now.date(),
            request_id=request_id,
            card_fingerprint=subject.card_fingerprint,
        )
        found = subject.books
        told: tuple[Any, ...] = (kind, found.resident, found.members, options, issue, found.register)
        try:
            document = self._press.typeset(*told)
        except (forms.GlyphMissing, forms.TextOverflow):
            raise Refused("ask_at_counter") from None  # the machine has a sentence for this word
        faults = self._press.check(document, *told)
        if faults:
            raise DocumentWrong(kind, faults)
        account = ".".join((request_id, str(copy), subject.card_fingerprint, hashlib.sha256(document).hexdigest()))
        return Container(
            document=document,
            stamp=f"{account}.{self._signed(account)}",
            resident_id=found.resident_id,
            pages=self._press.page_count(document),
        )

    def _signed(self, account: str) -> str:
        return base64.urlsafe_b64encode(self._key.sign(account.encode())).decode().rstrip("=")
