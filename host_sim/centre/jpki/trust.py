"""What this centre believes of cards' certificates: the authorities it accepts, and its source of revocation data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from host_sim.centre.city.city import City
from host_sim.centre.jpki.ocsp import Responder
from host_sim.centre.jpki.revocation import CrlFolder, Revocation

# JPKI makes a list each day, and its responder has a new statement every quarter of an hour (card source 7).
CRL_AGE_LIMIT = timedelta(hours=36)
OCSP_AGE_LIMIT = timedelta(hours=1)
INVENTED = "JPKI-TEST"  # the organisation of every authority that is not the real one (host_sim/pki.py)


class TrustError(ValueError):
    """Certificates of authorities, or a source, that cannot be used; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Trust:
    """`revocation`: None where only the card register says what is revoked, as in the simulator."""

    authorities: Sequence[x509.Certificate]
    revocation: Revocation | None = None

    def refuse_sample(self, city: City) -> None:
        """An invented city serves no real card: raises `TrustError` (form rule 12)."""
        real = [a.subject.rfc4514_string() for a in self.authorities if not _invented(a)]
        if real and any(period.municipality.sample for period in city.periods):
            raise TrustError(
                f"The city's file says municipality.sample = true, and {real[0]} certifies real cards. Serve the sample "
                "with the simulator's authorities, or write a city's file without `sample`."
            )


@dataclass(frozen=True, slots=True)
class TrustPlaces:
    """Where a centre finds its trust. `authorities`: a folder of `*.pem`; None: the simulator's own. At most one source."""

    authorities: Path | None = None
    crl: Path | None = None
    ocsp: str | None = None

    def read(self, simulated: Path) -> Trust:
        """`simulated`: the folder of the simulator's authorities. Raises `TrustError`."""
        if self.authorities is None:
            authorities = _read(simulated)
        else:
            authorities = _read(self.authorities)
            if not authorities:
                raise TrustError(f"{self.authorities} has no *.pem file: no card's certificate could be believed.")
        return Trust(authorities, self._source(authorities))

    def _source(self, authorities: Sequence[x509.Certificate]) -> Revocation | None:
        """P-384 is always taken here: only a certificate that is believed is asked about, and the city's file says which are."""
        if self.ocsp is not None:
            try:
                return Responder(self.ocsp, OCSP_AGE_LIMIT, p384=True)
            except ValueError as trouble:
                raise TrustError(f"{self.ocsp}: {trouble}.") from None
        if self.crl is None:
            return None
        if not self.crl.is_dir():
            raise TrustError(f"{self.crl} is no folder; put the revocation lists (*.crl) into one.")
        return CrlFolder(self.crl, authorities, CRL_AGE_LIMIT, p384=True)


def _invented(authority: x509.Certificate) -> bool:
    names = authority.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(name.value == INVENTED for name in names)


def _read(folder: Path) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for path in sorted(folder.glob("*.pem")):
        try:
            found.append(x509.load_pem_x509_certificate(path.read_bytes()))
        except (OSError, ValueError):
            raise TrustError(f"{path} cannot be read as a certificate in PEM.") from None
    return tuple(found)
