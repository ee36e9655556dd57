"""OpenSC, which somebody else wrote, reads our virtual card (card source 10). Debian's package, installed by `make setup`."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from host_sim.wallet import Wallet
from tests.process.pcsc import Desk, service
from tests.unit.card.table import wallet

pytestmark = pytest.mark.pcsc


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with service() as handle:
        desk = Desk(handle)
        yield desk
        desk.close()


@pytest.fixture
def cards(tmp_path: Path) -> Wallet:
    return wallet(tmp_path)


@pytest.fixture
def taro(desk: Desk, cards: Wallet) -> Iterator[Wallet]:
    desk.insert(cards.cards["taro"].chip)
    desk.port.close()
    yield cards
    desk.remove()


def tool(*command: str, cwd: Path | None = None) -> str:
    """What a tool prints; the tool must succeed."""
    run = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
        check=False,
        cwd=cwd,
        env=os.environ | {"HOME": str(cwd or "/tmp")},
    )
    shown = run.stdout.decode()
    assert run.returncode == 0, shown
    return shown


def test_opensc_names_the_card_jpki(taro: Wallet) -> None:
    assert "jpki" in tool("opensc-tool", "-n").lower()


def test_the_four_certificates_are_listed(taro: Wallet) -> None:
    shown = tool("pkcs15-tool", "--list-certificates")
    assert len(re.findall(r"X\.509 Certificate", shown)) == 4, shown


def test_the_authentication_certificate_is_the_one_of_the_registry(taro: Wallet) -> None:
    shown = tool("pkcs15-tool", "--read-certificate", "1")
    pem = shown[shown.index("-----BEGIN") :].encode()
    assert x509.load_pem_x509_certificate(pem).issuer.rfc4514_string().count("JPKI") == 2


def test_the_signature_certificate_wants_its_password(taro: Wallet) -> None:
    shown = tool("pkcs15-tool", "--verify-pin", "--auth-id", "2", "--pin", "ABC123", "--read-certificate", "2")
    assert "BEGIN CERTIFICATE" in shown


def test_a_signature_verifies(taro: Wallet, tmp_path: Path) -> None:
    data, signature = tmp_path / "data", tmp_path / "signature"
    data.write_bytes(b"somebody else's words")
    sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "01"]
    tool("pkcs11-tool", "--login", "--pin", "2580", *sign, "-i", str(data), "-o", str(signature), cwd=tmp_path)
    shown = tool("pkcs15-tool", "--read-certificate", "1")
    key = x509.load_pem_x509_certificate(shown[shown.index("-----BEGIN") :].encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(signature.read_bytes(), data.read_bytes(), padding.PKCS1v15(), hashes.SHA256())


def test_the_self_test_of_pkcs11_tool(taro: Wallet, tmp_path: Path) -> None:
    shown = tool("pkcs11-tool", "--login", "--pin", "2580", "--test", cwd=tmp_path)
    assert "No errors" in shown, shown


def test_a_wrong_pin_costs_one_try_and_is_told(taro: Wallet, tmp_path: Path) -> None:
    chip = taro.cards["taro"].chip
    run = subprocess.run(
        ["pkcs11-tool", "--login", "--pin", "0000", "--list-objects"], capture_output=True, timeout=900, check=False
    )
    assert run.returncode != 0
    assert b"CKR_PIN_INCORRECT" in run.stderr
    assert chip.state["jpki/0018"] == 2


def test_a_blocked_card_is_still_recognised(desk: Desk, cards: Wallet) -> None:
    """The query must answer 63C0: with 6984 OpenSC says "Unsupported card" (card source 10)."""
    desk.insert(cards.cards["blocked"].chip)
    desk.port.close()
    assert len(re.findall(r"X\.509 Certificate", tool("pkcs15-tool", "--list-certificates"))) == 4
    desk.remove()


def test_other_cards_are_not_taken_for_jpki(desk: Desk, cards: Wallet) -> None:
    desk.insert(cards.cards["citizen-card"].chip)
    desk.port.close()
    run = subprocess.run(["opensc-tool", "-n"], capture_output=True, timeout=900, check=False)
    assert b"jpki" not in run.stdout.lower()
    desk.remove()
