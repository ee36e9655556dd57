"""Whether a certificate has been revoked: what a source must do, and the source that reads CRL files (RFC 5280, 5 and 6.3).

A source answers only from a statement that is signed, for this CA, and young enough. When it has none it raises
`Unavailable`, and the centre then authenticates nobody by JPKI until it has one again: it fails closed.

`CrlFolder` reads every `*.crl` file of a directory, DER or PEM, into which a person or a feed *renames* files. A file
that cannot be used leaves the list that was read from it before in force, until that list is too old.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from host_sim.centre.jpki import chain

SKEW = timedelta(minutes=5)  # how far the clock of a CA may be ahead
_UNDERSTOOD = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
}
_UNDERSTOOD_OF_AN_ENTRY = {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE}


class Unavailable(Exception):
    """There is no usable statement about a certificate. `why`: a word for the centre's people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Revocation(Protocol):
    """A source of revocation data."""

    def ready(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
        """Raises `Unavailable` if it is known already that `is_revoked` will; asks nobody and says nothing of this certificate."""

    def is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
        """Raises `Unavailable`. May wait for a few seconds, so it is never called inside a transaction."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A CRL whose signature and form are good; whether it is young enough depends on the time it is asked."""

    crl: x509.CertificateRevocationList
    issuer: x509.Certificate
    points: frozenset[x509.GeneralName]  # of its issuing distribution point; empty: for every certificate of the CA

    def too_old(self, now: datetime, age_limit: timedelta) -> str | None:
        """Why it may not be used at this instant; None if it may."""
        instant, ends = now.astimezone(UTC), self.crl.next_update_utc
        if self.crl.last_update_utc > instant + SKEW:
            return "crl_from_the_future"
        if ends is None or ends < instant or self.crl.last_update_utc < instant - age_limit:
            return "crl_stale"
        return None

    def is_for(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        if issuer.public_key() != self.issuer.public_key():
            return False
        return not self.points or bool(self.points & _points_of(certificate))

    def is_newer(self, other: "RevocationList") -> bool:
        return (self.number(), self.crl.last_update_utc) >= (other.number(), other.crl.last_update_utc)

    def number(self) -> int:
        try:
            return self.crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        except x509.ExtensionNotFound:
            return 0


def read_list(content: bytes, authorities: Sequence[x509.Certificate], *, p384: bool = False) -> RevocationList:
    """A CRL of one of these CAs, DER or PEM. Raises `Unavailable` with the word for what is wrong with it."""
    try:
        pem = content.lstrip().startswith(b"-----BEGIN")
        crl = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
        issuer = next((ca for ca in authorities if _signed(crl, ca, p384)), None)
        if issuer is None:
            raise Unavailable("crl_foreign")
        if not chain.ends_in_whole_octets(crl.public_bytes(Encoding.DER), crl.signature):
            raise Unavailable("crl_unreadable")
        if crl.next_update_utc is None:  # RFC 5280, 5.1.2.5 requires it
            raise Unavailable("crl_without_next_update")
        _check_entries(crl)
        return RevocationList(crl, issuer, _scope(crl))
    except chain.UNREADABLE:
        raise Unavailable("crl_unreadable") from None


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate, p384: bool) -> bool:
    """Whether this CA, which may sign CRLs, signed this one (RFC 5280, 6.3.3 f, g)."""
    usage, key = chain.extension(authority, x509.KeyUsage), authority.public_key()
    if crl.issuer != authority.subject or usage is None or not usage.crl_sign:
        return False
    if not chain.algorithm_allowed(key, crl.signature_algorithm_oid, p384=p384):
        return False
    return crl.is_signature_valid(key)  # type: ignore[arg-type]  # `algorithm_allowed` has looked at its type


def _check_entries(crl: x509.CertificateRevocationList) -> None:
    """One entry that cannot be understood makes the whole list useless (RFC 5280, 5.3)."""
    for entry in crl:
        for found in entry.extensions:
            if found.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
                raise Unavailable("crl_indirect")
            if found.critical and found.oid not in _UNDERSTOOD_OF_AN_ENTRY:
                raise Unavailable("crl_critical_extension")


def _scope(crl: x509.CertificateRevocationList) -> frozenset[x509.GeneralName]:
    """The distribution points it is for. Raises `Unavailable` for a list that is not a whole one of a CA's cards."""
    for found in crl.extensions:
        if found.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise Unavailable("crl_delta")
        if found.critical and found.oid not in _UNDERSTOOD:
            raise Unavailable("crl_critical_extension")
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return frozenset()
    if point.indirect_crl:
        raise Unavailable("crl_indirect")
    if point.only_contains_ca_certs or point.only_contains_attribute_certs or point.only_some_reasons:
        raise Unavailable("crl_partial")
    if point.relative_name is not None:
        raise Unavailable("crl_partial")
    return frozenset(point.full_name or ())


def _points_of(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    points = chain.extension(certificate, x509.CRLDistributionPoints)
    return frozenset(name for point in points or () for name in point.full_name or ())


_Stamp = tuple[int, int, int]


class CrlFolder:
    """CRL files in a directory. `age_limit`: a list older than this is not used, whatever its nextUpdate says."""

    def __init__(
        self, directory: Path, authorities: Sequence[x509.Certificate], age_limit: timedelta, *, p384: bool = False
    ) -> None:
        self._directory = directory
        self._authorities = tuple(authorities)
        self._age_limit = age_limit
        self._p384 = p384
        self._lists: dict[Path, RevocationList] = {}
        self._seen: dict[Path, _Stamp] = {}
        self.refused: dict[str, str] = {}  # file name -> why it was not taken
        self._reading = threading.Lock()

    def ready(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
        self._list_for(certificate, issuer, now)

    def is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
        """A certificate on hold counts as revoked: JPKI never lifts a hold (card source 7)."""
        found = self._list_for(certificate, issuer, now)
        return found.crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None

    def _list_for(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> RevocationList:
        self._read_changed()
        fitting = [found for found in self._lists.values() if found.is_for(certificate, issuer)]
        if not fitting:
            raise Unavailable("crl_missing")
        newest = max(fitting, key=lambda found: found.crl.last_update_utc)
        why = newest.too_old(now, self._age_limit)
        if why is not None:
            raise Unavailable(why)
        return newest

    def _read_changed(self) -> None:
        """Read the files that are new or changed. One caller reads; the others go on with what was read before."""
        files = {path: _stamp(path) for path in self._directory.glob("*.crl")}
        if files == self._seen or not self._reading.acquire(blocking=not self._seen):
            return
        try:
            lists = {path: found for path, found in self._lists.items() if path in files}
            for path, stamp in files.items():
                if stamp is not None and stamp != self._seen.get(path):
                    self._read(path, lists)
            self._lists, self._seen = lists, {path: stamp for path, stamp in files.items() if stamp is not None}
        finally:
            self._reading.release()

    def _read(self, path: Path, lists: dict[Path, RevocationList]) -> None:
        self.refused.pop(path.name, None)
        try:
            found = read_list(path.read_bytes(), self._authorities, p384=self._p384)
        except Unavailable as unavailable:
            self.refused[path.name] = unavailable.why
        except OSError:
            self.refused[path.name] = "crl_unreadable"
        else:
            if path in lists and not found.is_newer(lists[path]):
                self.refused[path.name] = "crl_older_than_the_last"
            else:
                lists[path] = found


def _stamp(path: Path) -> _Stamp | None:
    """Changes whenever another file takes this name; None when it went away meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
