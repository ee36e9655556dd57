"""Answers that the machine must refuse: an open copy as an outcome, impossible times, words that no screen can show."""

import base64
import json
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.line import manifest, messages
from drivers.line.centre import CentreLine
from drivers.line.fields import BadMessage, b64, encode
from drivers.vocabulary import AdviceFate, CentreRefusal, CentreUnreachable, claim_code

RID = "0" * 32
TOLD = {
    "journal_seq": 7,
    "time": "2026-11-28T12:00:00+09:00",
    "notices": [],
    "site_table": 0,
    "claims_paid": [],
    "witnessed_seq": 0,
    "witnessed_head": "",
}


class Says:
    def __init__(self, body: Mapping[str, object], status: int = 200) -> None:
        self.body, self.status = body, status

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        return self.status, {}, json.dumps(self.body).encode()


def line_to(says: Says) -> CentreLine:
    return CentreLine(says, Ed25519PrivateKey.generate().public_key().public_bytes_raw(), "m", 8.0)


@pytest.mark.parametrize("state", ["issued", "void", "none"])
@pytest.mark.parametrize("op", ["issued", "void"])
def test_another_end_than_was_told_is_a_contradiction(op: str, state: str) -> None:
    """Except one: what was never made is void."""
    fate = line_to(Says({"request_id": RID, "copy": 1, "state": state})).advise(
        {"op": op, "request_id": RID, "copy": 1, "reason": "x", "evidence": "x"}
    )
    agrees = op == state or (op, state) == ("void", "none")
    assert fate is (AdviceFate.ACKNOWLEDGED if agrees else AdviceFate.CONTRADICTED)


@pytest.mark.parametrize("code", list(CentreRefusal))
@pytest.mark.parametrize("status", [403, 404, 409, 503])
def test_only_a_404_with_the_word_for_it_says_that_a_request_was_never_made(status: int, code: CentreRefusal) -> None:
    """What the machine takes for never made it tells as void, and pays the fee back."""
    told = line_to(Says({"code": str(code), "pin_tries_left": None}, status)).status(RID)
    unknown = status == 404 and code is CentreRefusal.BAD_REQUEST
    assert told == {} if unknown else isinstance(told, CentreUnreachable)


@pytest.mark.parametrize("code", [claim_code("1" * 32), "", claim_code(RID)[:-1]])
def test_a_claim_under_another_code_than_the_slips_is_not_acknowledged(code: str) -> None:
    told = {"op": "claim", "key": RID, "amount_yen": 100, "reason": "x"}
    assert line_to(Says({"key": RID, "claim_code": code})).advise(told) is AdviceFate.UNHEARD
    assert line_to(Says({"key": RID, "claim_code": claim_code(RID)})).advise(told) is AdviceFate.ACKNOWLEDGED


@pytest.mark.parametrize("state", ["reserved", "delivered"])
@pytest.mark.parametrize("op", ["issued", "void"])
def test_a_copy_that_is_still_open_acknowledges_no_advice(op: str, state: str) -> None:
    line = line_to(Says({"request_id": RID, "copy": 1, "state": state}))
    assert line.advise({"op": op, "request_id": RID, "copy": 1, "reason": "x"}) is AdviceFate.UNHEARD


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00"])
def test_a_year_beyond_every_calendar_raises_nothing_else(at: str) -> None:
    key = Ed25519PrivateKey.generate()
    promise = {
        "request_id": RID,
        "machine": "m",
        "session_nonce": base64.b64encode(bytes(16)).decode(),
        "card_fingerprint": "0" * 64,
        "reserved_at": at,
        "expires_at": at,
        "copies": [],
    }
    text = json.dumps(promise)
    body = json.dumps({"manifest": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}).encode()
    asked = manifest.Asked(request_id=RID, machine="m", session_nonce=bytes(16), card_fingerprint="0" * 64, items=())
    with pytest.raises(BadMessage):
        manifest.verified(body, key.public_key(), asked)


@pytest.mark.parametrize(
    "at",
    [
        "20261126T000000+0900",
        "2026-W48-4T00:00:00+09:00",
        "2026-11-26 00+09",
        "2026-11-26T00:00:00,5+09:00",
        "2026-02-30T00:00:00+09:00",
    ],
)
def test_times_are_rfc_3339(at: str) -> None:
    with pytest.raises(BadMessage, match="time"):
        messages.read_heartbeat(encode(TOLD | {"time": at}), 7)


@pytest.mark.parametrize(
    "words", ["印鑑\n登録", "", "\x00", "\u202e印鑑", "あ" * 70_000], ids=["end", "empty", "nul", "bidi", "endless"]
)
def test_a_title_is_one_line(words: str) -> None:
    offer = {"kind": "inkan", "title": {"ja": words}, "fee_yen": 300, "copies_max": 1, "refusal": None, "groups": []}
    nonce = bytes(16)
    body = {"session_nonce": b64(nonce), "authentication_id": "a", "masked_name": "＊", "offers": [offer]}
    with pytest.raises(BadMessage, match=r"^authentication: offers\[0\]\.title must be one line of 1 to 200 letters$"):
        messages.read_authenticated(encode(body), nonce)


@pytest.mark.parametrize("seq", [0, 6, 8])
def test_an_answer_to_another_heartbeat_is_none(seq: int) -> None:
    body = encode(TOLD | {"journal_seq": seq})
    with pytest.raises(BadMessage, match="journal_seq is not ours"):
        messages.read_heartbeat(body, 7)
    assert messages.read_heartbeat(body, seq).witnessed == (0, "")


@pytest.mark.parametrize("head", [(1, ""), (0, "a" * 64), (-1, "a" * 64), (1, "A" * 64), (1, "a" * 63)])
def test_half_a_head_is_no_witness(head: tuple[int, str]) -> None:
    with pytest.raises(BadMessage):
        messages.read_heartbeat(encode(TOLD | {"witnessed_seq": head[0], "witnessed_head": head[1]}), 7)
