"""The machine's own key and certificate request."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from firmware.identity import IdentityUnusable, provide, request_of, request_words


def _public(key: Path) -> bytes:
    public = load_pem_private_key(key.read_bytes(), None).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_the_request_is_of_this_key_and_name_and_holds_no_secret(tmp_path: Path) -> None:
    key = tmp_path / "tls/machine.key"
    request = x509.load_pem_x509_csr(provide("miyazaki-store-02", key).read_bytes())
    public = request.public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    assert isinstance(public.curve, SECP256R1)
    assert request.is_signature_valid
    assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == _public(key)
    assert request.subject.rfc4514_string() == "CN=miyazaki-store-02"
    assert request_words(key).startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert sorted(path.name for path in key.parent.iterdir()) == ["machine.csr", "machine.key"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    key = tmp_path / "machine.key"
    provide("one", key)
    before = key.read_bytes(), request_of(key).read_bytes()
    provide("one", key)
    assert (key.read_bytes(), request_of(key).read_bytes()) == before


@pytest.mark.parametrize("left", ["", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA", "another name", "another key"])
def test_a_request_of_something_else_is_made_anew_and_the_key_stays(tmp_path: Path, left: str) -> None:
    key = tmp_path / "machine.key"
    other = provide("another" if left == "another name" else "one", tmp_path / "other.key")
    provide("one", key)
    public = _public(key)
    if left == "another name":
        provide("another", key)
    else:
        request_of(key).write_text(other.read_text() if left == "another key" else left)
    request = x509.load_pem_x509_csr(provide("one", key).read_bytes())
    assert request.subject.rfc4514_string() == "CN=one"
    assert request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == _public(key) == public


def test_what_a_power_cut_left_of_a_file_is_no_key(tmp_path: Path) -> None:
    key = tmp_path / "machine.key"
    (tmp_path / "machine.key.new").write_text("-----BEGIN PRIV")
    assert provide("one", key).exists()
    assert not (tmp_path / "machine.key.new").exists()


def test_a_key_that_is_damaged_is_told_and_kept(tmp_path: Path) -> None:
    key = tmp_path / "machine.key"
    key.write_text("rubbish")
    with pytest.raises(IdentityUnusable, match="take it away"):
        provide("one", key)
    assert key.read_text() == "rubbish"
    assert request_words(key) == ""


def test_a_machine_without_a_name_has_no_request(tmp_path: Path) -> None:
    with pytest.raises(IdentityUnusable, match=r"\[unit\] name"):
        provide("", tmp_path / "machine.key")
    assert not any(tmp_path.iterdir())
