"""The city's signature on a finished PDF: PAdES B-B (ETSI EN 319 142-1), or B-T where an authority stamps the time.

It is added behind the pages, which stay byte for byte as `press.py` made them; so the file stays PDF/A-2a. It is the author's
signature: nothing may be changed after it (DocMDP 1). Its field has no size and lies off the sheet, the one place where
PDF/A and PDF/UA both leave it untagged. The metadata are not written anew, because they are the pages' own.
"""

import io
import threading
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from host_sim.centre.forms.city_key import CityKey, SignatureUnusable, read, usable
from host_sim.centre.register import Municipality

if TYPE_CHECKING:
    from pyhanko.sign.signers import PdfSigner

FIELD = "City"
TIME_STAMP_S = 4.0
# Reserved for the signature beside the certificates, in bytes; a time stamp holds a chain of its own.
_REST_BYTES, _TIME_STAMP_BYTES = 2048, 8192
_loading = threading.Lock()


def signed(pdf: bytes, city: Municipality, at: datetime) -> bytes:
    """The PDF with the city's signature; unchanged where the city's file has no `[signature]`.

    Raises `SignatureUnusable`: the key is missing, ended or another city's, or the time was not stamped.
    """
    key = usable(city, at)
    if key is None:
        return pdf
    with _loading:  # two threads must not load the library at once
        signer = _signer(key, f"{city.prefecture}{city.city}")
        writer = _writer()(io.BytesIO(pdf))
    reserved = sum(len(one.public_bytes(Encoding.DER)) for one in key.chain) + _REST_BYTES
    reserved += _TIME_STAMP_BYTES if key.time_stamps else 0
    try:
        return bytes(signer.sign_pdf(writer, bytes_reserved=2 * reserved).getvalue())  # in hexadecimal digits
    except Exception as trouble:
        if not key.time_stamps:
            raise SignatureUnusable(f"the paper could not be signed: {type(trouble).__name__}") from trouble
        raise SignatureUnusable(
            f"{key.time_stamps} did not stamp the time ({type(trouble).__name__}); ask whoever runs it, "
            "or leave time_stamps out of the city's file"
        ) from trouble


def signed_by(city: Municipality) -> str:
    """SHA-256 of the certificate that signs the city's papers, in hex; empty where it signs none. Raises `SignatureUnusable`."""
    return "" if city.signature is None else read(city.signature).chain[0].fingerprint(hashes.SHA256()).hex()


@lru_cache(maxsize=8)
def _signer(key: CityKey, name: str) -> "PdfSigner":
    # Loaded here: it takes a third of a second, and most processes sign nothing.
    from asn1crypto import x509  # noqa: PLC0415
    from pyhanko.sign import fields, signers  # noqa: PLC0415
    from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    class Signer(signers.Signer):
        """With the key as it is: pyHanko's own signer reads it anew, and looks for its weakness, for each paper."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            assert digest_algorithm == "sha256"
            del dry_run
            if isinstance(key.private, rsa.RSAPrivateKey):
                return key.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
            return key.private.sign(data, ec.ECDSA(hashes.SHA256()))

    first, *above = (x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in key.chain)
    beside = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    beside.register_multiple(above)
    stamper = None
    if key.time_stamps:
        stamper = RequestsHTTPTimeStamper(key.time_stamps, timeout=TIME_STAMP_S)  # type: ignore[no-untyped-call]
    told = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        name=name,
    )
    field = fields.SigFieldSpec(FIELD, invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True))
    signer = Signer(signing_cert=first, cert_registry=beside)
    return signers.PdfSigner(told, signer, timestamper=stamper, new_field_spec=field)


@lru_cache(maxsize=1)
def _writer() -> Any:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415

    class Writer(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Nothing: the metadata stay as they are."""

    return Writer
