"""The signed codes. COSE_Sign1: RFC 9052; photos as in form rule 10."""

import contextlib
import io
import random
import re
import zlib
from dataclasses import replace
from datetime import date
from typing import Any

import cbor2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from host_sim.centre import photo, qr, verify
from host_sim.centre.forms import reading

CLAIMS = verify.Claims(
    issue_number="20261124 宮崎市 K01 000001",
    kind="juminhyo",
    issued_on=date(2026, 11, 24),
    municipality="452017",
    text_hash=bytes(16),
    people=(("渡邉\U000e0110　和子", "昭和16年5月5日"),),
    people_count=1,
    address="宮崎県宮崎市高千穂通七丁目5番16号",
    pages=1,
)


CITY = verify.Signer(ec.derive_private_key(9, ec.SECP256R1()))
PAGE = "https://kofuki.miyazaki.example/verify"


def test_what_was_signed_comes_back_and_is_called_a_sample() -> None:
    verdict = verify.verify_text(verify.make(CLAIMS, verify.sample_signer(), PAGE))
    assert verdict == verify.Verdict(verify.Finding.SAMPLE, CLAIMS)


def test_a_city_s_key_makes_it_genuine_on_the_days_of_that_key() -> None:
    key = verify.TrustedKey(CITY.public_key, date(2026, 4, 1), date(2026, 11, 24))
    text = verify.make(CLAIMS, CITY)
    assert verify.verify_text(text, {CITY.key_id: key}).finding is verify.Finding.GENUINE
    later = verify.make(replace(CLAIMS, issued_on=date(2026, 11, 25)), CITY)
    assert verify.verify_text(later, {CITY.key_id: key}) == verify.Verdict(verify.Finding.FORGED)


NAMES = st.text("宮崎太郎花子渡邉\U000e0110みさき　ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1, max_size=30)
BORN = st.dates(date(1900, 1, 1)).map(lambda day: f"昭和{day.year % 64}年{day.month}月{day.day}日")


@given(
    st.lists(st.tuples(NAMES, BORN), max_size=14),
    st.text("宮崎県高千穂通丁目番号　0123456789ハイツ", max_size=140),
    st.integers(0, 16),
)
@settings(max_examples=25, deadline=None)
def test_every_person_and_the_whole_address_stand_in_codes_of_version_15(
    people: list[tuple[str, str]], address: str, longer: int
) -> None:
    page = PAGE.replace("kofuki", "kofuki" + "x" * longer)
    whole = replace(
        CLAIMS, people=tuple(people), people_count=len(people), address=address, text_hash=verify.text_hash("a")
    )
    parts = verify.parts(whole, CITY, page)
    assert tuple(person for part in parts for person in part.people) == whole.people
    assert "".join(part.address for part in parts) == address
    for number, part in enumerate(parts, start=1):
        assert (part.code, part.codes, part.people_count) == (number, len(parts), len(people))
        text = verify.make(replace(part, text_hash=verify.text_hash("b")), CITY, page)
        assert len(qr.modules(text)) <= 77
        assert re.fullmatch(re.escape(page) + r"#\d+", text)


def test_unknown_keys_and_forged_signatures_are_refused() -> None:
    stranger = verify.Signer(ec.derive_private_key(7, ec.SECP256R1()))
    assert verify.verify_text(verify.make(CLAIMS, stranger)).finding is verify.Finding.UNKNOWN_ISSUER
    stranger.key_id = verify.sample_signer().key_id
    assert verify.verify_text(verify.make(CLAIMS, stranger)) == verify.Verdict(verify.Finding.FORGED)


def test_no_changed_bit_is_believed_and_nothing_raises() -> None:
    number = int(verify.make(CLAIMS, verify.sample_signer()).removeprefix("#"))
    for bit in range(number.bit_length()):
        assert verify.verify_text(f"#{number ^ 1 << bit}").claims is None


def test_anything_at_all_is_judged() -> None:
    chance = random.Random(45)
    alphabet = "0123456789#:/あ\U000e0110"
    for _ in range(2000):
        text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(300)))
        assert verify.verify_text(text).finding is verify.Finding.NOT_OURS
        noise = b"\1" + chance.randbytes(chance.randrange(80, 400))
        assert verify.verify_text(f"{PAGE}#{int.from_bytes(noise)}").finding is verify.Finding.NOT_OURS
    assert verify.verify_text("#" + "9" * 100_000).finding is verify.Finding.NOT_OURS


GOOD = {
    1: "20261124 宮崎市 K01 000001",
    2: "juminhyo",
    3: 20781,
    4: "452017",
    5: bytes(16),
    6: [["宮崎　太郎", "昭和"]],
}
GOOD |= {7: 1, 8: "宮崎市", 9: 1, 10: [1, 1]}
# What anybody can sign with the sample's key, and a checker must not take: field -> values.
WRONG: dict[int, tuple[Any, ...]] = {
    1: (1, None, "1\nGENUINE: all is well", "\x1b[2J", "1\u2028"),
    2: ([], "juminhyo\x00"),
    3: ("1", 10**9, 1.5),
    4: (b"452017", "45\u202e2017"),
    5: ("0" * 16,),
    6: (
        5,
        [1],
        [["宮崎"]],
        [["宮崎", 1]],
        [["宮崎", "昭和", ""]],
        [["宮崎\n太郎", "昭和"]],
        [["", ""], ["", ""]],
        {"ab": 1},
    ),
    7: (-1, "1", 0),
    8: (5, "宮崎\r市"),
    9: (0, -1, [1]),
    10: ([1], [1, 1, 1], [0, 1], [2, 1], ["1", 1], [1, 10**12], [1, 2**31], [1.5, 2], {}),
}


def hostile() -> list[dict[int, Any]]:
    return [GOOD | {key: value} for key, values in WRONG.items() for value in values]


def signed(payload: bytes, page: str = "") -> str:
    """The text of a code with this payload, rightly signed with the sample's key."""
    signer = verify.sample_signer()
    protected = cbor2.dumps({1: -7, 4: signer.key_id}, canonical=True)
    signature = signer.sign(cbor2.dumps(["Signature1", protected, b"", payload], canonical=True))
    message = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
    return f"{page}#{int.from_bytes(bytes([1]) + message)}"


def deflated(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


def test_a_signed_payload_of_another_shape_is_not_ours() -> None:
    keyed = cbor2.dumps(dict.fromkeys(range(1, 11)))
    deep = b"\x81" * 60_000 + b"\0"
    for plain in (cbor2.dumps({}), cbor2.dumps([1]), b"", keyed, bytes(1 << 20), deep, b"\xa2\x06" + deep):
        packed = deflated(plain)
        for payload in (packed, packed + b"x", packed[:-1], plain[:1000]):
            assert verify.verify_text(signed(payload)).finding is verify.Finding.NOT_OURS
    assert verify.verify_text(signed(deflated(cbor2.dumps(GOOD)))).finding is verify.Finding.SAMPLE
    for told in hostile():
        verdict = verify.verify_text(signed(deflated(cbor2.dumps(told))))
        assert verdict.finding is verify.Finding.NOT_OURS, told


def test_a_paper_has_one_code() -> None:
    """The same number in the digits of another script is not the text that was printed."""
    text = verify.make(CLAIMS, verify.sample_signer())
    other = text[:2] + text[2:].translate({ord("0") + n: 0x660 + n for n in range(10)})
    assert verify.verify_text(other).finding is verify.Finding.NOT_OURS


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
        (verdict,) = photo.verify_file(_photo(printed, seed))
        assert verdict.finding is verify.Finding.SAMPLE
        assert verdict.claims is not None
        assert verdict.claims.people[0] == ("宮崎　太郎", "昭和56年8月29日")


def test_a_pdf_is_read_page_by_page_and_every_person_is_named(town: Any) -> None:
    """Seven people on two pages: a code for each page."""
    who = town.register.by_key("ichiro")
    pdf = town.typeset("juminhyo", who, town.answers("juminhyo", who, everything=True))
    verdicts = photo.verify_file(pdf)
    assert [(one.claims.code, one.claims.codes) for one in verdicts if one.claims] == [(1, 2), (2, 2)]
    named = [name for one in verdicts if one.claims for name, _ in one.claims.people]
    assert sorted(named) == sorted(person.name for person in town.household(who))
    assert photo.missing(verdicts) == []
    assert photo.missing(verdicts[:1]) == [2]


def test_a_picture_without_a_code() -> None:
    file = io.BytesIO()
    Image.new("L", (300, 200), 200).save(file, "PNG")
    assert photo.verify_file(file.getvalue()) == []


def _pdf(*, kids: bytes = b"3 0 R", count: int = 1) -> bytes:
    """A PDF of one empty page, or one that says so."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
        b"2 0 obj<</Type/Pages/Kids[" + kids + b"]/Count " + str(count).encode() + b">>endobj "
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj trailer<</Root 1 0 R>>"
    )


def _saved(form: str, size: tuple[int, int], mode: str = "1") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form)
    return file.getvalue()


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"  # Pillow starts ghostscript for it
FILES = {
    "nothing": (b"", "neither a picture nor a PDF"),
    "a program": (EPS, "neither a picture nor a PDF"),
    "no page": (_pdf(kids=b"9 0 R"), "damaged PDF"),
    "a page too few": (_pdf(count=2), "damaged PDF"),
    "itself as its page": (_pdf(kids=b"2 0 R"), "damaged PDF"),
    "many pages": (_pdf(kids=b"3 0 R " * 41, count=41), "more than 40 pages"),
    "very wide": (_saved("PNG", (70_000, 2)), "too many pixels"),
    "very high": (_saved("TIFF", (2, 70_000)), "too many pixels"),
    "large": (_saved("PNG", (11_500, 11_500)), "too many pixels"),
    "a bomb": (_saved("PNG", (14_000, 14_000)), "too many pixels"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_paper_is_refused_by_a_sentence(what: str, recwarn: pytest.WarningsRecorder) -> None:
    data, sentence = FILES[what]
    with pytest.raises(photo.NotAPicture, match=sentence):
        photo.verify_file(data)
    assert not recwarn.list


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP"])
def test_a_damaged_picture_is_read_or_refused_by_a_sentence(form: str, recwarn: pytest.WarningsRecorder) -> None:
    chance, whole = random.Random(14), _saved(form, (12, 12), "L")
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 8])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(photo.NotAPicture):
            assert photo.verify_file(bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])) == []
    assert not recwarn.list
