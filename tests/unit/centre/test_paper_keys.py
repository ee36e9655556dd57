"""The keys that sign a city's papers: which signs on a day, what a checker trusts, and how often a number may be asked for."""

from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from host_sim.centre import verify
from host_sim.centre.desk.desk import Desk
from host_sim.centre.paper_keys import NoPaperKey, PaperKeys
from host_sim.centre.public.app import make_app
from tests.unit.centre import town
from tests.unit.centre.desk_browser import Browser
from tests.unit.centre.staff import accounts_of
from tests.unit.forms.test_verify import CLAIMS

OLD, NEW = date(2026, 4, 1), date(2026, 11, 24)


def test_a_retired_key_stays_good_for_its_papers_only(tmp_path: Path) -> None:
    keys = PaperKeys(tmp_path)
    keys.ensure(OLD)
    keys.ensure(NEW)  # there is one already
    text = verify.make(CLAIMS, keys.signer(CLAIMS.issued_on, sample=False))
    assert keys.new(NEW) == keys.signer(NEW, sample=False).public_key
    private = load_pem_private_key((tmp_path / f"{OLD}.pem").read_bytes(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / f"{OLD}.pem").write_bytes(public)
    assert verify.verify_text(text, keys.trusted()).finding is verify.Finding.GENUINE
    with pytest.raises(NoPaperKey, match="signs papers on 2026-04-02"):
        keys.signer(date(2026, 4, 2), sample=False)
    with pytest.raises(NoPaperKey, match="never written over"):
        keys.new(NEW)


def test_a_sample_is_never_genuine_and_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    keys = PaperKeys(tmp_path)
    keys.ensure(OLD)
    text = verify.make(CLAIMS, keys.signer(NEW, sample=True))
    assert verify.verify_text(text, keys.trusted()).finding is verify.Finding.SAMPLE
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    (tmp_path / "tuesday.pem").write_text("words")
    with pytest.raises(NoPaperKey, match=r"tuesday\.pem is no key"):
        keys.trusted()


def test_numbers_are_asked_for_within_bounds(tmp_path: Path) -> None:
    place = town.Town()
    desk = Desk(place.store, place.city, accounts_of(place), lambda: place.now)
    browser = Browser(make_app(desk, PaperKeys(tmp_path)))
    answers = [browser.post("/verify/number", {"number": "20261124 宮崎市 K01 000001"}) for _ in range(11)]
    assert [one.status for one in answers] == [200] * 10 + [429]
    assert answers[0].text == '{"standing":"unknown"}'
