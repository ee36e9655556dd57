"""The file of the journal's signing key: valid, whole, and readable by its owner only."""

from pathlib import Path

import pytest

from firmware.journal.seal import KeySeal, SealUnsafe
from host_sim.adapters.disk import PowerLost


def test_a_seal_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "seal.pem"
    made = KeySeal.load_or_make(path)
    assert KeySeal.load_or_make(path).key_id == made.key_id
    path.chmod(0o640)
    with pytest.raises(SealUnsafe):
        KeySeal.load_or_make(path)


@pytest.mark.parametrize("what", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\0" * 119], ids=["empty", "torn", "zeros"])
def test_a_seal_that_is_no_key_is_refused_in_a_sentence(tmp_path: Path, what: bytes) -> None:
    (tmp_path / "seal.pem").write_bytes(what)
    (tmp_path / "seal.pem").chmod(0o600)
    with pytest.raises(SealUnsafe, match="cannot be used"):
        KeySeal.load_or_make(tmp_path / "seal.pem")


def test_a_cut_while_the_seal_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a machine's first start; the next start makes the seal."""

    def cut(_: int) -> None:
        raise PowerLost

    monkeypatch.setattr("os.fsync", cut)
    with pytest.raises(PowerLost):
        KeySeal.load_or_make(tmp_path / "seal.pem")
    monkeypatch.undo()
    assert not (tmp_path / "seal.pem").exists()
    made = KeySeal.load_or_make(tmp_path / "seal.pem")
    assert KeySeal.load_or_make(tmp_path / "seal.pem").key_id == made.key_id
