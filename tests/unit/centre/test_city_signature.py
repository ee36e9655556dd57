"""A city that signs its papers, from its file to the paper that a machine fetches: `check`, `serve`, an order, `verify`."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from host_sim.centre import forms, sample
from host_sim.centre.__main__ import main
from host_sim.centre.city.file import CityError, read
from host_sim.centre.forms import check_signature
from host_sim.centre.generator import Press
from host_sim.centre.public import check_page
from host_sim.centre.register import CitySignature
from host_sim.centre.server import make_server
from host_sim.centre.serving import Place
from host_sim.centre.tables import copies, flags
from tests.unit.centre.cities import sample_text
from tests.unit.centre.town import TUESDAY, Town
from tests.unit.forms.city_keys import certificate

LATER = "2100-01-01"
Typed = Callable[..., tuple[int, str]]


def written(rule: CitySignature, more: str = "") -> str:
    section = f'[signature]\nkey = "{rule.key}"\nchain = "{rule.chain}"\n\n[certifier]'
    return sample_text().replace("[certifier]", section, 1) + more


def test_an_order_is_signed_and_the_machine_gets_these_bytes(tmp_path: Path) -> None:
    rule = certificate(tmp_path)
    town = Town(press=Press(), city=read(written(rule)))
    session = town.session()
    reserved = session.reserve(session.item("inkan"))
    copy = reserved.copies[0]
    document = session.line.fetch(reserved, copy.copy)
    assert isinstance(document, bytes)
    found = check_signature.read(document)
    assert found is not None
    assert "宮崎市長" in found.name
    with town.store.reading() as c:
        assert check_page.standing(c, copy.issue_number) == {"standing": "open", "signed": "yes"}


def test_a_key_that_goes_away_refuses_the_order_and_is_told(tmp_path: Path) -> None:
    rule = certificate(tmp_path)
    town = Town(press=Press(), city=read(written(rule)))
    session = town.session()
    Path(rule.chain).unlink()
    refused = session.reserve(session.item("inkan"))
    assert refused.code == "ask_at_counter"
    with town.store.reading() as c:
        told = str(c.scalars(sa.select(flags.c.detail)).all())
        assert c.scalar(sa.select(sa.func.count()).select_from(copies)) == 0
    assert "cannot be read" in told


def test_the_end_of_the_certificate_is_flagged_thirty_days_before_and_once(tmp_path: Path) -> None:
    town = Town(press=Press(), city=read(written(certificate(tmp_path, ends=TUESDAY + timedelta(days=31)))))
    for days, flagged in ((0, 0), (2, 1), (3, 1), (32, 1)):
        town.now = TUESDAY + timedelta(days=days)
        town.session()
        with town.store.reading() as c:
            told = c.scalars(sa.select(flags.c.about).where(flags.c.what == "signing_ends")).all()
        assert told == [f"{TUESDAY + timedelta(days=31):%Y-%m-%d %H:%M}"] * flagged, f"after {days} days"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", *map(str, words)])
        status = main()
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


def test_check_tells_what_a_start_would_refuse(tmp_path: Path, typed: Typed) -> None:
    rule, file = certificate(tmp_path), tmp_path / "city.toml"
    file.write_text(written(rule), encoding="utf-8")
    status, told = typed("check", file)
    assert (status, "Its papers are signed; a certificate above its key ends at 2126-01-01" in told) == (0, True)
    other = certificate(tmp_path / "other", city="都城市")
    change = f'[[change]]\nfrom = {LATER}\nwhy = "x"\nsignature = {{ key = "{other.key}", chain = "{other.chain}" }}\n'
    file.write_text(written(rule, change), encoding="utf-8")
    status, told = typed("check", file)
    assert (status, told.startswith(f"From {LATER}: signature: "), told.count("\n")) == (1, True, 1)
    assert "it is not this city's." in told
    Path(rule.chain).unlink()
    file.write_text(written(rule), encoding="utf-8")
    assert typed("check", file) == (1, f"signature: {rule.chain} cannot be read: No such file or directory.\n")
    with pytest.raises(CityError, match=r"chain\.pem cannot be read"):
        make_server(tmp_path / "run", Place("127.0.0.1", 0), None, file)


def test_verify_says_whose_signature_a_pdf_bears(tmp_path: Path, typed: Typed) -> None:
    rule, other = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    register = sample.residents()
    who = register.by_key("taro")
    issue = forms.IssueFacts(issue_number="1", issued_on=TUESDAY.date(), request_id="a", card_fingerprint="b")
    plain = forms.typeset("inkan", who, [who], {}, issue, register)
    pdf = forms.signed(plain, replace(register.municipality, signature=rule), TUESDAY)
    for name, data in (("plain", plain), ("signed", pdf), ("changed", pdf.replace(b"/Rotate", b"/rotate") + b" ")):
        (tmp_path / f"{name}.pdf").write_bytes(data)
    assert "PDF NOT SIGNED" in typed("verify", tmp_path / "plain.pdf")[1]
    status, told = typed("verify", tmp_path / "signed.pdf", "--chain", rule.chain)
    assert (status, "PDF SIGNED by CN=宮崎市長,O=宮崎市,C=JP" in told) == (0, True)
    assert "not below" not in told
    status, told = typed("verify", tmp_path / "signed.pdf")
    assert (status, "give --chain" in told) == (0, True)
    status, told = typed("verify", tmp_path / "signed.pdf", "--chain", other.chain)
    assert (status, "PDF OF A STRANGER" in told) == (1, True)
    status, told = typed("verify", tmp_path / "changed.pdf", "--chain", rule.chain)
    assert (status, "PDF CHANGED: the signature does not cover the whole file" in told) == (1, True)
    assert typed("verify", tmp_path / "signed.pdf", "--chain", tmp_path / "none.pem")[0] == 2
