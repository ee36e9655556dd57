"""The city's signature: right for three readers, on a file that stays PDF/A; and what can be wrong with key and file.

The files are read back by our own check, by pyHanko's validator and by poppler.
"""

import asyncio
import dataclasses
import io
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from host_sim.centre import forms
from host_sim.centre.forms import check_signature, city_key
from host_sim.centre.register import CitySignature, Register
from tests.unit.centre.town import JST, TUESDAY
from tests.unit.forms import archive
from tests.unit.forms.city_keys import certificate, stamping


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> CitySignature:
    return certificate(tmp_path_factory.mktemp("key"))


def signing(town: Any, rule: CitySignature | None) -> Register:
    city = dataclasses.replace(town.register.municipality, signature=rule)
    return dataclasses.replace(town.register, municipality=city)


def issued(town: Any, rule: CitySignature, kind: str = "inkan", key: str = "taro") -> tuple[bytes, list[str]]:
    register, who = signing(town, rule), town.register.by_key(key)
    told = (kind, who, town.household(who), town.answers(kind, who, everything=True), town.issue(), register)
    pdf = forms.signed(forms.typeset(*told), register.municipality, TUESDAY)
    return pdf, forms.check(pdf, *told)


@pytest.mark.parametrize("kind", forms.KINDS)
def test_every_paper_is_signed_and_keeps_the_rules(town: Any, rule: CitySignature, kind: str) -> None:
    key = "ichiro" if kind == "juminhyo" else "taro"
    pdf, faults = issued(town, rule, kind, key)
    assert faults == []
    assert archive.broken(pdf) == []
    who = town.register.by_key(key)
    plain = town.typeset(kind, who, town.answers(kind, who, everything=True))
    assert pdf.startswith(plain), "the pages stay byte for byte"
    assert archive.aloud(pdf) == archive.aloud(plain)


def test_pyhanko_and_poppler_find_the_whole_file_signed(town: Any, rule: CitySignature, tmp_path: Path) -> None:
    pdf, _ = issued(town, rule)
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    roots = [x509.Certificate.load(der) for _, _, der in pem.unarmor(Path(rule.chain).read_bytes(), multiple=True)][1:]
    context = ValidationContext(trust_roots=roots, moment=TUESDAY)
    status = asyncio.run(async_validate_pdf_signature(embedded, signer_validation_context=context))
    assert status.bottom_line, status.pretty_print_details()
    assert status.docmdp_ok
    assert status.coverage.name == "ENTIRE_FILE"
    (tmp_path / "paper.pdf").write_bytes(pdf)
    told = subprocess.run(
        ["pdfsig", "-nocert", str(tmp_path / "paper.pdf")], check=True, capture_output=True, text=True
    ).stdout
    for words in ("宮崎市長", "ETSI.CAdES.detached", "Total document signed", "Signature is Valid"):
        assert words in told


@pytest.mark.parametrize("algorithm", ["rsa", "P-384"])
def test_the_keys_that_cities_have(town: Any, tmp_path: Path, algorithm: str) -> None:
    rule = certificate(tmp_path / "a", algorithm=algorithm)
    pdf, faults = issued(town, rule)
    assert faults == []
    found = check_signature.read(pdf)
    assert found is not None
    assert found.is_below(city_key.read(rule).chain[1:])
    assert not found.is_below(city_key.read(certificate(tmp_path / "b")).chain)


def test_a_change_anywhere_is_found(town: Any, rule: CitySignature) -> None:
    """In the pages, behind the end, in the room beside the signature; and a second signature."""
    pdf, _ = issued(town, rule)
    city = signing(town, rule).municipality
    between = re.search(rb"/Contents\s*<([0-9A-Fa-f]+?)0*>", pdf)
    assert between is not None
    for at in range(0, len(pdf), len(pdf) // 97):
        changed = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
        if not between.start(1) <= at < between.end(1):  # the certificates of the authorities are signed by these only
            assert check_signature.faults(changed, city), at
    assert check_signature.faults(pdf + b"\n", city) == ["the signature does not cover the whole file"]
    twice = pdf + b"\n/ByteRange [0 1 2 3]"
    assert check_signature.faults(twice, city) == ["the signature is not the only one"]
    assert any("12.8.1" in clause for clause in archive.broken(pdf + b"\n"))


def test_a_paper_without_or_with_a_strange_signature_is_not_given_out(
    town: Any, rule: CitySignature, tmp_path: Path
) -> None:
    pdf, _ = issued(town, rule)
    plain = town.typeset("inkan", town.register.by_key("taro"), {})
    city, silent = signing(town, rule).municipality, town.register.municipality
    assert check_signature.faults(plain, city) == ["the document is not signed"]
    assert check_signature.faults(plain, silent) == []
    assert check_signature.faults(pdf, silent) == ["the document is signed, and the city's file says nothing of that"]
    other = signing(town, certificate(tmp_path)).municipality
    assert check_signature.faults(pdf, other) == ["the signature is not the city's"]


def test_threads_sign_at_once(town: Any, rule: CitySignature) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: issued(town, rule), range(8)))
    assert [faults for _, faults in made] == [[]] * 8


def test_the_time_is_stamped_or_nothing_is_issued(town: Any, tmp_path: Path) -> None:
    """PAdES B-T with openssl's own authority; when it is gone, the paper is not signed without it."""
    rule = certificate(tmp_path)
    with stamping(tmp_path) as address:
        stamped = dataclasses.replace(rule, time_stamps=address)
        pdf, faults = issued(town, stamped)
        assert faults == []
        assert archive.broken(pdf) == []
    found = check_signature.read(pdf)
    assert found is not None
    assert found.time_stamped
    with pytest.raises(forms.SignatureUnusable, match="did not stamp the time"):
        issued(town, stamped)
    without, _ = issued(town, rule)
    assert check_signature.faults(without, signing(town, stamped).municipality) == ["the time is not stamped"]


def unusable(town: Any, rule: CitySignature, at: datetime = TUESDAY) -> str:
    with pytest.raises(forms.SignatureUnusable) as trouble:
        city_key.usable(signing(town, rule).municipality, at)
    return str(trouble.value)


def test_what_is_wrong_with_a_key_is_one_sentence(town: Any, tmp_path: Path) -> None:
    rule, other = certificate(tmp_path / "a"), certificate(tmp_path / "b", city="都城市")
    key = dataclasses.replace
    assert "none.key cannot be read: No such file" in unusable(town, key(rule, key=str(tmp_path / "none.key")))
    assert "is not the key of the first certificate" in unusable(town, key(rule, key=other.key))
    assert "does not name 宮崎市 or 452017; it is not this city's" in unusable(town, other)
    assert "ended at 2126-01-01" in unusable(town, rule, datetime(2126, 1, 2, tzinfo=JST))
    assert "begins at 2026-01-01" in unusable(town, rule, datetime(2020, 1, 1, tzinfo=JST))
    assert "holds no certificates" in unusable(town, key(rule, chain=rule.key))
    assert "is no private key" in unusable(town, key(rule, key=_private_copy(rule.chain, tmp_path)))
    leaf = (
        Path(rule.chain).read_text(encoding="ascii").split("-----END CERTIFICATE-----")[0]
        + "-----END CERTIFICATE-----\n"
    )
    (tmp_path / "mixed.pem").write_text(leaf + Path(other.chain).read_text(encoding="ascii"), encoding="ascii")
    assert "was not issued by the next one" in unusable(town, key(rule, chain=str(tmp_path / "mixed.pem")))
    assert "is not made for signatures" in unusable(town, certificate(tmp_path / "c", signs=False))
    assert "neither an RSA key of 2048 bits" in unusable(town, certificate(tmp_path / "d", algorithm="weak"))
    assert city_key.usable(
        signing(town, certificate(tmp_path / "e", city="Miyazaki", beside="452017")).municipality, TUESDAY
    )
    Path(rule.key).chmod(0o644)
    Path(rule.chain).touch()
    assert "chmod 600" in unusable(town, rule)


def _private_copy(path: str, folder: Path) -> str:
    copy = folder / "copy.pem"
    shutil.copy(path, copy)
    copy.chmod(0o600)
    return str(copy)
