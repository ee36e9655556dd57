"""The signed code. base45: RFC 9285 section 4.3 and 4.4; COSE_Sign1: RFC 9052; photos as in form rule 10."""

import io
import random
from datetime import date
from typing import Any

import cbor2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageFilter

from host_sim.centre import verify
from host_sim.centre.forms import reading

CLAIMS = verify.Claims(
    issue_number="20261124 宮崎市 K01 000001",
    kind="juminhyo",
    issued_on=date(2026, 11, 24),
    municipality="452017",
    text_sha256=bytes(32),
    people=(("渡邉\U000e0110　和子", "昭和16年5月5日"),),
    people_count=1,
    address="宮崎県宮崎市高千穂通七丁目5番16号",
    pages=1,
)


@pytest.mark.parametrize(
    ("plain", "coded"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")],
)
def test_base45_of_the_rfc(plain: bytes, coded: str) -> None:
    assert verify.base45(plain) == coded
    assert verify.unbase45(coded) == plain


@pytest.mark.parametrize("coded", ["GGW", ":::", "A", "bb8", "ABCD", "é"])
def test_base45_refuses(coded: str) -> None:
    with pytest.raises(ValueError, match=r"base45|substring not found"):
        verify.unbase45(coded)


def test_what_was_signed_comes_back() -> None:
    verdict = verify.verify_text(verify.make(CLAIMS, verify.sample_signer()))
    assert verdict == verify.Verdict(verify.Finding.GENUINE, CLAIMS)


def test_people_beyond_four_are_counted_not_named() -> None:
    import dataclasses

    many = dataclasses.replace(CLAIMS, people=CLAIMS.people * 8, people_count=8, address="長" * 99)
    claims = verify.verify_text(verify.make(many, verify.sample_signer())).claims
    assert claims is not None
    assert len(claims.people) == 4
    assert claims.people_count == 8
    assert claims.address == "長" * 24


def test_unknown_keys_and_forged_signatures_are_refused() -> None:
    stranger = verify.Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert verify.verify_text(verify.make(CLAIMS, stranger)).finding is verify.Finding.UNKNOWN_ISSUER
    stranger.key_id = verify.sample_signer().key_id
    assert verify.verify_text(verify.make(CLAIMS, stranger)) == verify.Verdict(verify.Finding.FORGED)


def test_no_changed_bit_is_genuine_and_nothing_raises() -> None:
    message = verify.unbase45(verify.make(CLAIMS, verify.sample_signer()).removeprefix(verify.PREFIX))
    for bit in range(len(message) * 8):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << bit % 8
        verdict = verify.verify_text(verify.PREFIX + verify.base45(bytes(changed)))
        assert verdict.finding is not verify.Finding.GENUINE
        assert verdict.claims is None


def test_anything_at_all_is_judged() -> None:
    chance = random.Random(45)
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:あ\U000e0110"
    for _ in range(2000):
        text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(60)))
        assert verify.verify_text(text).finding is verify.Finding.NOT_OURS
        assert verify.verify_text(verify.PREFIX + text).finding is verify.Finding.NOT_OURS
        noise = verify.PREFIX + verify.base45(chance.randbytes(chance.randrange(80)))
        assert verify.verify_text(noise).finding is verify.Finding.NOT_OURS


def test_a_signed_payload_of_another_shape_is_not_ours() -> None:
    signer = verify.sample_signer()
    for payload in (cbor2.dumps({}), cbor2.dumps([1]), b"", cbor2.dumps(dict.fromkeys(range(1, 10)))):
        protected = cbor2.dumps({1: -8, 4: signer.key_id}, canonical=True)
        signature = signer.sign(cbor2.dumps(["Signature1", protected, b"", payload], canonical=True))
        message = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
        assert verify.verify_text(verify.PREFIX + verify.base45(message)).finding is verify.Finding.NOT_OURS


def _photo(grey: "np.ndarray[Any, Any]", seed: int) -> bytes:
    """A phone's photo of the code: slightly rotated, taken from the side, unevenly lit, noisy, a JPEG."""
    chance = np.random.default_rng(seed)
    paper = Image.fromarray(grey).resize((grey.shape[1] * 5 // 4, grey.shape[0] * 5 // 4), Image.Resampling.BICUBIC)
    w, h = paper.size
    lean = chance.uniform(-0.03, 0.03) * w
    corners = (0, lean, lean, h - lean, w, h, w - lean, 0)
    seen = paper.transform((w, h), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=255)
    seen = seen.rotate(chance.uniform(-5, 5), Image.Resampling.BICUBIC, fillcolor=235)
    light = np.linspace(0.75, 1.0, w)[None, :] * np.asarray(seen.filter(ImageFilter.GaussianBlur(0.7)), dtype=float)
    noisy = np.clip(light + chance.normal(0, 10, light.shape), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, "JPEG", quality=60)
    return file.getvalue()


def test_photos_of_the_printed_sheet_are_read(town: Any) -> None:
    who = town.register.by_key("taro")
    pdf = town.typeset("juminhyo", who, town.answers("juminhyo", who, everything=True))
    window = reading.read(pdf, [reading.Window(-1, 8, 230, 60, 55)]).windows[0]
    printed = np.where(window < 160, 0, 255).astype(np.uint8)  # the printer's head prints only black and white
    for seed in range(10):
        (verdict,) = verify.verify_photo(_photo(printed, seed))
        assert verdict.finding is verify.Finding.GENUINE
        assert verdict.claims is not None
        assert verdict.claims.people[0] == ("宮崎　太郎", "昭和56年8月29日")


def test_a_picture_without_a_code(tmp_path: Any) -> None:
    file = tmp_path / "sea.png"
    Image.new("L", (300, 200), 200).save(file)
    assert verify.verify_photo(file) == []
