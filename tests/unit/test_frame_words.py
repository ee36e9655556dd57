"""Kept frames: named, and without a letter or a dot of what was printed."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import frame_words, printer
from drivers.card import apdu
from drivers.coin.cctalk import Checksum, Frame, Header, encode
from drivers.line.centre import LineFailed
from drivers.line.traced import TracedTransport
from drivers.printer import escpos
from drivers.printer.line import PIECE_BYTES
from drivers.printer.profile import load_profile
from drivers.trace import Direction, Passage
from drivers.vocabulary import LineTrouble, Printed
from firmware.paper.slips import ReceiptFacts, receipt_for
from host_sim.clock import VirtualClock
from tests.unit.printer.rig import make_rig

CANARY = "住民票の写し"
PROFILES = sorted(path.stem for path in (Path(printer.__path__[0]) / "profiles").glob("*.toml"))


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


@pytest.mark.parametrize("name", PROFILES)
def test_whatever_is_written_to_a_printer_begins_with_a_command_that_has_a_name(name: str) -> None:
    rig = make_rig(name, started=False)
    written, write = list[bytes](), rig.stream.write

    def noted(data: bytes, timeout_s: float) -> int:
        if written and len(written[-1]) % PIECE_BYTES == 0:
            written[-1] += data  # a long order is written in pieces, of which only the first begins with a command
        else:
            written.append(data)
        return write(data, timeout_s)

    rig.stream.write = noted  # type: ignore[method-assign]
    rig.driver.start()
    rig.driver.discard()
    rig.clock.advance(3.0)
    assert isinstance(rig.print_one(rig.page()), Printed)
    sent = [data for data in (*written, escpos.cut(rig.profile), escpos.retract(rig.profile)) if data.strip(b"\0")]
    kept = [frame_words.keep_commands(Direction.SENT, data) for data in sent]
    assert [data[:8] for data, begins in zip(sent, kept, strict=True) if not begins] == []
    assert {"picture", "cut", "feed"} <= {
        name for begins in kept for name in frame_words.printer(passage(begins)).split(", ")
    }


def test_each_known_header_and_instruction_has_a_name() -> None:
    instructions = {code for name, code in vars(apdu).items() if name.isupper() and isinstance(code, int)}
    for number in range(1, 256):
        told = frame_words.coin(passage(encode(Frame(3, 1, number), Checksum.SIMPLE)))
        assert told.startswith("header ") is (number not in set(Header)), number
        told = frame_words.card(passage(bytes((0, number, 0, 0))))
        assert not (number in instructions and told.startswith("instruction ")), number


def test_a_call_to_the_centre_is_told_without_what_it_carries() -> None:
    key, answers = "0123456789abcdef" * 2, [(200, {}, b"secret"), LineFailed(LineTrouble.TIMED_OUT)]

    class Wire:
        def exchange(self, *_: object) -> tuple[int, Mapping[str, str], bytes]:
            answer = answers.pop(0)
            if isinstance(answer, LineFailed):
                raise answer
            return answer

    traced = TracedTransport(Wire(), VirtualClock())
    assert traced.exchange("POST", f"/v1/claims/{key}/hold", b"secret!", 1.0) == (200, {}, b"secret")
    with pytest.raises(LineFailed):
        traced.exchange("GET", "/v1/authentications", None, 1.0)
    assert [(frame_words.line(kept), kept.size) for kept in traced.passages()] == [
        ("POST /v1/claims/0123../hold", 7),
        ("status 200", 6),
        ("GET /v1/authentications", 0),
        ("no answer: centre_silent", 0),
    ]


@given(st.binary(max_size=64))
def test_of_what_is_printed_nothing_but_a_command_is_kept(data: bytes) -> None:
    kept = frame_words.keep_commands(Direction.SENT, data)
    assert len(kept) <= len(data)
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
        assert CANARY.encode("shift_jis")[:2] not in frame_words.keep_commands(Direction.SENT, text[at : at + 64])
