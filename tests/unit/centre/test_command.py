"""`python -m host_sim.centre verify`: what it prints about the photo of a paper."""

import dataclasses
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from host_sim.centre import qr, verify
from host_sim.centre.__main__ import main

CLAIMS = verify.Claims(
    issue_number="20261124 宮崎市 TXR3C2 0001",
    kind="inkan",
    issued_on=date(2026, 11, 24),
    municipality="452017",
    text_hash=bytes(16),
    people=(("高千穂　仮名", "昭和16年5月5日"),),
    people_count=6,
    address="宮崎県宮崎市仮町一丁目",
    pages=1,
)
STRANGER = verify.Signer(ec.derive_private_key(11, ec.SECP256R1()))


def photo(path: Path, *codes: str) -> Path:
    """A picture with the codes on a grey ground, slightly rotated."""
    table = Image.new("L", (700 * max(1, len(codes)), 700), 200)
    for number, code in enumerate(codes):
        black = np.pad(qr.modules(code), qr.QUIET_MODULES)
        drawn = Image.fromarray(~black).convert("L").resize((400, 400), Image.Resampling.NEAREST)
        table.paste(drawn, (700 * number + 150, 150))
    table.rotate(3, fillcolor=200).save(path)
    return path


def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["host_sim.centre", "verify", *map(str, words)])
    code = main()
    told = capsys.readouterr()
    return code, told.out + told.err


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return lambda *words: say(capsys, monkeypatch, *words)


def test_a_genuine_paper_is_reported_with_the_words_to_compare(told, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said = told(photo(tmp_path / "photo.jpg", verify.make(CLAIMS, verify.sample_signer())))
    assert code == 0
    assert said.startswith("SAMPLE (見本)")
    for words in ("印鑑登録証明書", CLAIMS.issue_number, "高千穂　仮名", "全6人", CLAIMS.address, "2026-11-24"):
        assert words in said


def test_words_without_a_valid_signature_are_not_printed(told, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    good = verify.make(CLAIMS, verify.sample_signer())
    forger = verify.make(CLAIMS, STRANGER)
    code, said = told(photo(tmp_path / "two.png", good, forger))
    assert (code, "SAMPLE" in said, "UNKNOWN ISSUER" in said) == (1, True, True)
    code, said = told(photo(tmp_path / "one.png", forger))
    assert code == 1
    assert "高千穂" not in said


def test_another_municipality_is_trusted_by_its_key(told, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    theirs = dataclasses.replace(CLAIMS, municipality="999999")
    picture = photo(tmp_path / "theirs.png", verify.make(theirs, STRANGER))
    assert told("--key", STRANGER.public_key.hex(), picture)[0] == 0
    ours = photo(tmp_path / "ours.png", verify.make(CLAIMS, verify.sample_signer()))
    assert told("--key", STRANGER.public_key.hex(), ours)[0] == 1


def test_a_picture_without_a_code_and_no_picture_at_all(told, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said = told(photo(tmp_path / "empty.png"))
    assert (code, said) == (
        1,
        "No code of a certificate was found. Take it again in good light and focus, with the whole code.\n",
    )
    (tmp_path / "words.txt").write_text("words")
    (tmp_path / "torn.png").write_bytes((tmp_path / "empty.png").read_bytes()[:200])
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    for name, sentence in (
        ("words.txt", "neither a picture nor a PDF"),
        ("torn.png", "neither a picture nor a PDF"),
        ("torn.pdf", "is a damaged PDF"),
        ("nothing.png", "No such file"),
        (".", "Is a directory"),
    ):
        code, said = told(tmp_path / name)
        assert code == 2
        assert sentence in said


def test_a_paper_of_two_codes_wants_both(told, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    one, two = (verify.make(dataclasses.replace(CLAIMS, code=n, codes=2), verify.sample_signer()) for n in (1, 2))
    assert told(photo(tmp_path / "both.png", one, two))[0] == 0
    code, said = told(photo(tmp_path / "one.png", two))
    assert (code, "Not seen here: code 1." in said) == (1, True)
