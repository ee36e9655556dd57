"""Issued papers leave nothing behind: real processes issue them, then files and memory are searched for their bytes (fault L1)."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.vocabulary import AdviceFate, Reserved
from tests.process.carving import files, found, modes, pieces
from tests.process.running_centre import running_centre
from tests.process.test_line_tls import authenticated, seal_certificate

BEAT = {"journal_seq": 1, "journal_head": "", "state": "IN_SERVICE", "reasons": [], "events": []}


def test_the_centre_keeps_no_byte_of_a_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One copy issued, one void, one fetched and never told of, one never fetched; and nobody orders anything afterwards."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with running_centre(tmp_path / "run") as running:
        line, hanako = running.line(), running.cards["hanako"]
        nonce, who = authenticated(line, hanako)
        promised = line.reserve(
            secrets.token_hex(16), nonce, who.authentication_id, [seal_certificate(who, 4)], hanako.read
        )
        assert isinstance(promised, Reserved)
        papers = [line.fetch(promised, copy) for copy in (1, 2, 3)]
        wanted = [piece for paper in papers if isinstance(paper, bytes) for piece in pieces(paper)]
        wanted += pieces(hanako.read.credential)

        def left() -> int:
            return found([data for _, data in files(running.run / "centre", tmp_path / "tmp")], wanted)

        assert left() > 0.9 * len(wanted) > 1000, (
            "the search must find the papers while they are kept, or it proves nothing"
        )
        for copy, op in ((1, "issued"), (2, "void")):
            told = {"op": op, "request_id": promised.request_id, "copy": copy, "reason": "x"}
            assert line.advise(told) is AdviceFate.ACKNOWLEDGED
        running.later(timedelta(hours=2))
        assert line.heartbeat(BEAT)
        assert left() == 0
        assert found([(running.run / "printed").read_bytes()], wanted) == 0
        assert modes(running.run / "centre") == {}
        os.kill(running.process.pid, 0)
