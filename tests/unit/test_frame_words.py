"""Kept frames: named, and without a letter or a dot of what was printed."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from drivers import frame_words
from drivers.coin.cctalk import Checksum, Frame, Header, encode
from drivers.printer.profile import load_profile
from drivers.trace import Direction, Passage
from firmware.paper.slips import ReceiptFacts, receipt_for

CANARY = "住民票の写し"


def passage(data: bytes, direction: Direction = Direction.SENT) -> Passage:
    return Passage(at_s=0.0, direction=direction, data=data, size=len(data))


def test_a_question_and_its_answer_have_names() -> None:
    for checksum in Checksum:
        question = encode(Frame(3, 1, Header.REQUEST_PAYOUT_STATUS), checksum)
        answer = encode(Frame(1, 3, Header.REPLY, b"\0\0\0\0"), checksum)
        assert frame_words.coin(passage(question + answer)) == "request payout status to 3, answer"
    assert frame_words.coin(passage(b"\x03\x00")) == "no whole frame"
    assert frame_words.coin(passage(encode(Frame(3, 1, 99), Checksum.SIMPLE))) == "header 99 to 3"


def test_an_apdu_has_its_name() -> None:
    assert frame_words.card(passage(bytes.fromhex("00a4040c0a"))) == "SELECT"
    assert frame_words.card(passage(bytes.fromhex("0020008004"))) == "VERIFY (its PIN is not kept)"
    assert frame_words.card(passage(bytes.fromhex("63c2"), Direction.HEARD)) == "status 63C2"


@given(st.binary(max_size=64))
def test_of_what_is_printed_nothing_but_a_command_is_kept(data: bytes) -> None:
    kept = frame_words.keep_commands(Direction.SENT, data)
    assert len(kept) <= 10
    assert not kept or frame_words.printer(passage(kept)) != frame_words.printer(passage(b""))
    assert frame_words.keep_commands(Direction.SENT, b"\x00" + data) == b""


def test_a_receipt_in_letters_leaves_none_of_them() -> None:
    facts = ReceiptFacts(
        city={"ja": "宮崎市"},
        place={"ja": "宮崎駅前店"},
        machine="miyazaki-store-01",
        telephone="0985-25-2111",
        printed_at=datetime(2026, 11, 24, 17, 5),  # noqa: DTZ001  local time
        lines=(({"ja": CANARY}, "2026-000123-4", 300),),
        fee_yen=300,
        inserted_yen=300,
        change_yen=0,
        claim_yen=0,
    )
    text = receipt_for(facts, load_profile("tm-t88"))
    assert isinstance(text, bytes)
    assert CANARY.encode("shift_jis") in text
    for at in range(len(text)):
        assert len(frame_words.keep_commands(Direction.SENT, text[at : at + 64])) <= 10
        assert CANARY.encode("shift_jis")[:2] not in frame_words.keep_commands(Direction.SENT, text[at : at + 64])
