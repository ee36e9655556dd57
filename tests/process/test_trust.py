"""A centre's process with the authorities and the revocation data of an operator, over real TLS."""

import secrets
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from drivers.vocabulary import Authenticated, CentreRefusal, CentreRefused, Challenge
from host_sim.centre.jpki.trust import TrustError, TrustPlaces
from host_sim.centre.server import make_server
from host_sim.centre.serving import Place
from host_sim.running import free_port
from tests.process.running_centre import ROOT, lines, prepare, start
from tests.process.tls_servers import DEADLINE_S, MACHINE
from tests.unit.centre.cards import Card, authority, rsa_key
from tests.unit.centre.town import TUESDAY


def put_list(folder: Path, *revoked: int) -> None:
    """The list of the town's authority, an hour old, moved into the folder as a feed does it."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority().subject)
    hour = timedelta(hours=1)
    builder = builder.last_update(TUESDAY - hour).next_update(TUESDAY + 24 * hour)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(TUESDAY - hour)
        builder = builder.add_revoked_certificate(entry.build())
    made = builder.sign(rsa_key("ca-appointed"), hashes.SHA256()).public_bytes(Encoding.DER)
    (folder / "new").write_bytes(made)
    (folder / "new").replace(folder / f"{secrets.token_hex(4)}.crl")


def outcome(run: Path, port: int, card: Card) -> object:
    line, _ = lines(run, port, MACHINE, DEADLINE_S)
    nonce = secrets.token_bytes(16)
    challenge = line.challenge(nonce, card.read)
    if not isinstance(challenge, Challenge):
        return challenge
    return line.authenticate(nonce, challenge, card.prove(challenge, nonce, MACHINE))


def test_serve_takes_the_operators_authorities_and_lists(tmp_path: Path) -> None:
    run, authorities, crl = tmp_path / "run", tmp_path / "authorities", tmp_path / "crl"
    cards, port = prepare(run), free_port()
    authorities.mkdir()
    crl.mkdir()
    (run / "wallet" / "ca" / "auth.pem").replace(authorities / "jpki.pem")  # the simulator's folder is empty now
    process = start(run, port, more=("--authorities", str(authorities), "--crl", str(crl)))
    try:
        assert outcome(run, port, cards["hanako"]) == CentreRefused(CentreRefusal.REVOCATION_UNKNOWN)
        serial = x509.load_der_x509_certificate(cards["taro"].read.credential).serial_number
        put_list(crl, serial)
        assert isinstance(outcome(run, port, cards["hanako"]), Authenticated)
        assert outcome(run, port, cards["taro"]) == CentreRefused(CentreRefusal.CERTIFICATE_REVOKED)
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--authorities", "{here}/nothing"), "has no *.pem file: no card's certificate could be believed."),
        (("--authorities", "{here}/broken"), "broken/ca.pem cannot be read as a certificate in PEM."),
        (("--crl", "{here}/nothing"), "is no folder; put the revocation lists (*.crl) into one."),
        (("--ocsp", "https://ocsp.test"), "the address of an OCSP responder begins with http://."),
        (("--ocsp", "http://ocsp.test", "--crl", "{here}"), "not allowed with argument"),
    ],
)
def test_a_wrong_place_is_told_in_a_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ca.pem").write_text("no certificate")
    command = [sys.executable, "-m", "host_sim.centre", "serve", "--run", str(tmp_path / "run"), "--port", "0"]
    command += [word.format(here=tmp_path) for word in words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sample_city_serves_no_real_card(tmp_path: Path) -> None:
    """The sample's file with an authority that is not of the invented hierarchy: refused at start, in a sentence."""
    authorities = tmp_path / "authorities"
    authorities.mkdir()
    named = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI")]
    )
    key = rsa_key("real")
    made = (
        x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key()).serial_number(1)
    )
    made = made.not_valid_before(TUESDAY - timedelta(days=9)).not_valid_after(TUESDAY + timedelta(days=999))
    (authorities / "jpki.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    with pytest.raises(TrustError, match=r"municipality\.sample = true, and O=JPKI,C=JP certifies real cards"):
        make_server(tmp_path / "run", Place("127.0.0.1", 0), None, None, TrustPlaces(authorities))
