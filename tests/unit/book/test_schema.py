"""Which records may be written, and that journals of machines in the field stay readable."""

import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.book import page, records
from firmware.book.advice import ClaimAdvice, CollectedAdvice, CopyAdvice, CopyFate
from firmware.book.reasons import AdviceReason, EndReason
from firmware.book.schema import TYPE_NAMES, RecordInvalid, build, canonical, decode, encode, schema

SID, RID = "a1" * 16, "b2" * 16
EVENTS = Path(records.__file__).with_name("events.toml")

# Number and fields of every kind, as on machines in the field. Lines may be added here, never changed.
IN_THE_FIELD = {
    1: "Boot reason version",
    2: "Counters acceptor_event acceptor_total printer_counter hoppers",
    3: "Suspended reasons",
    4: "Resumed",
    5: "Flag code detail",
    6: "Resolved code detail decision",
    7: "LineStopped field",
    8: "LineCleared",
    16: "SessionOpened sid profile",
    17: "PinResult sid ok left",
    18: "Request sid rid items",
    19: "Authorised rid copies",
    20: "NotReserved rid",
    21: "SessionClosed sid inserted_yen earned_yen paid_out_yen claimed_yen outcome reason",
    32: "SlotOpened sid event_counter accepted_total",
    33: "Coin sid value_yen event_counter",
    34: "SlotClosed sid event_counter",
    35: "StrayCoin value_yen event_counter",
    36: "AcceptorPaired serial",
    48: "PrintIntent rid copy issue_number raster_sha256 printer_counter pages",
    49: "CopyPrinted rid copy issue_number evidence printer_counter fee_yen",
    50: "CopySpoiled rid copy reason",
    51: "CopyUncertain rid copy reason",
    52: "PaperTaken rid",
    53: "PaperLeft rid",
    64: "PayIntent sid value_yen coins event_counter life_total",
    65: "PayDone sid value_yen asked paid event_counter life_total",
    66: "ClaimIntent key amount_yen",
    67: "ClaimDone key claim_code",
    68: "PayoutUnexplained value_yen coins life_total",
    69: "PayoutAcknowledged value_yen",
    70: "HopperSeen value_yen state",
    80: "AdviceQueued advice_id advice",
    81: "AdviceDone advice_id",
    96: "FloatSet value_yen coins",
    97: "PaperSet sheets",
    98: "CashBoxEmptied counted_yen",
    99: "StaffPayIntent purpose value_yen coins event_counter life_total",
    100: "StaffPayDone value_yen asked paid event_counter life_total",
    101: "SheetsUsed sheets printer_counter",
    102: "ConsoleAct who role verb outcome",
    105: "ClaimCollected key amount_yen where",
    117: "ClaimPaid key amount_yen",
    106: "TestCoin value_yen event_counter",
    107: "ClaimHoldIntent key",
    108: "SettingsOnTrial settings",
    109: "SettingsStarted",
    110: "SettingsKept",
    111: "SettingsDropped reason",
    112: "Checkpoint totals key_id signature",
    113: "SiteTablesKept version tables",
}
# Intents that must be on the medium before their effect (book rule 1), and results that are the only proof.
DURABLE = {
    "Request",
    "SlotOpened",
    "Coin",
    "PrintIntent",
    "CopyPrinted",
    "PayIntent",
    "PayDone",
    "ClaimIntent",
    "StaffPayIntent",
    "StrayCoin",
    "LineStopped",
    "ClaimCollected",
}


def test_no_number_and_no_field_list_has_changed() -> None:
    now = {number: " ".join((kind.name, *kind.field_names)) for number, kind in schema().by_number.items()}
    assert {number: now[number] for number in IN_THE_FIELD} == IN_THE_FIELD


def test_intents_are_durable() -> None:
    assert {kind.name for kind in schema().by_number.values() if kind.durable} >= DURABLE


def test_the_page_of_records_is_fresh() -> None:
    text = page.README.read_text(encoding="utf-8")
    assert page.fresh(text) == text, "run `python -m firmware.journal page`"


def test_types_in_the_table_and_in_the_classes_agree() -> None:
    """`count?` must be `int | None` in the class, and so on, so that mypy checks every caller against the table."""
    python = {"flag": {bool}, "count": {int}, "yen": {int}, "count?": {int, type(None)}}
    rows = {"words", "items", "copies", "readings", "settings", "tables", "advice", "snapshot"}
    for cls, kind in schema().by_type.items():
        hints = get_type_hints(cls)
        for name, type_name in zip(kind.field_names, kind.types, strict=True):
            hint = hints[name]
            if type_name in rows:
                assert get_origin(hint) is not None, f"{kind.name}.{name}"
                continue
            parts = set(get_args(hint)) if get_origin(hint) in {Union, types.UnionType} else {hint}
            assert parts == python.get(type_name, {str}), f"{kind.name}.{name}"


# --- every record there and back --------------------------------------------------------------------

ids = st.text("0123456789abcdef", min_size=32, max_size=32)
counts = st.integers(0, 2**53 - 1)
words = st.from_regex(r"[a-z0-9][a-z0-9_.:+/-]{0,30}", fullmatch=True)
notes = st.from_regex(r"[\x20-\x7e]{0,40}", fullmatch=True)
numbers = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z./-]{0,20}", fullmatch=True)
advices = st.one_of(
    st.builds(CopyAdvice, st.sampled_from(CopyFate), ids, counts, words),
    st.builds(ClaimAdvice, ids, counts, words),
)
SIGNATURES = st.from_regex(r"[A-Za-z0-9+/]{86}==", fullmatch=True)
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "id": ids,
    "word": words,
    "word?": words | st.just(""),
    "words": st.lists(words, max_size=4).map(tuple),
    "note": notes,
    "number": numbers,
    "hash": st.text("0123456789abcdef", min_size=64, max_size=64),
    "code": st.from_regex(r"[A-Z0-9]{8}", fullmatch=True),
    "signature?": st.just("") | st.text("0123456789abcdef", min_size=128, max_size=128),
    "flag": st.booleans(),
    "yen": counts,
    "count": counts,
    "count?": counts | st.none(),
    "items": st.lists(st.builds(records.Item, words, counts), max_size=4).map(tuple),
    "copies": st.lists(st.builds(records.CopyLine, counts, words, numbers, counts), max_size=4).map(tuple),
    "readings": st.lists(st.builds(records.HopperReading, counts, counts, counts), max_size=4).map(tuple),
    "settings": st.lists(st.builds(records.Setting, words, notes), max_size=4).map(tuple),
    "tables": st.lists(
        st.builds(records.KeptTable, st.text(st.characters(exclude_categories=["Cs"]), min_size=1), SIGNATURES)
    ).map(tuple),
    "advice": advices,
    "snapshot": st.dictionaries(words, counts | st.none() | st.lists(words)),
}
any_record = st.one_of(
    [
        st.builds(kind.make, **{name: VALUES[of] for name, of in zip(kind.field_names, kind.types, strict=True)})
        for kind in schema().by_number.values()
    ]
)


@settings(max_examples=400, deadline=None)
@given(any_record)
def test_every_record_comes_back_as_it_was(record: records.Record) -> None:
    kind, payload = encode(record)
    assert decode(kind.number, payload) == record
    assert payload.isascii()
    assert encode(decode(kind.number, payload))[1] == payload, "a record has only one encoding"


# --- what may not be written ------------------------------------------------------------------------

SECRET = "宮崎花子"
GOOD: dict[str, object] = {
    "id": SID,
    "word": "power",
    "word?": "",
    "words": ["line"],
    "note": "counter 3 to 4",
    "number": "0001-2026/123",
    "hash": "0" * 64,
    "code": "ABCDEFG2",
    "signature?": "",
    "flag": True,
    "yen": 0,
    "count": 2**53 - 1,
    "count?": None,
    "items": [("juminhyo", 2)],
    "copies": [(1, "juminhyo", "n-1", 300)],
    "readings": [(100, 7, 1234)],
    "settings": [("hours.default.everyday", "08:30-12:00")],
    "tables": [('{"machine":"rig-01"}', "A" * 86 + "==")],
    "advice": CopyAdvice(CopyFate.VOID, RID, 1, "restart"),
    "snapshot": {},
}
REFUSED: dict[str, list[object]] = {
    "id": ["", "A1" * 16, "a1" * 15, "a1" * 17, "a1" * 16 + "\n", SECRET, 5, None],
    "word": ["", "Word", "two words", "a" * 81, "a\n", SECRET, 5],
    "word?": ["two words", SECRET, None],
    "words": ["word", ["two words"], [SECRET], 5],
    "note": [SECRET, "line\n", "x" * 161, "\x1b[2J", 5],
    "number": ["", "-1", "a b", "a" * 41, SECRET],
    "hash": ["0" * 63, "G" * 64, SECRET],
    "code": ["abcdefgh", "ABCDEFG", SECRET],
    "signature?": ["0" * 127, SECRET],
    "flag": [0, 1, "true", None],
    "yen": [-1, 1.0, "300", True, 2**53],
    "count": [-1, 1.5, True, None],
    "count?": [-1, "1", False],
    "items": [[("juminhyo",)], [(SECRET, 1)], [("juminhyo", -1)], ["jb"], "jb", 5],
    "copies": [[(1, "juminhyo", "n-1")], [(1, SECRET, "n-1", 300)], 5],
    "readings": [[(1, 2)], [(1, 2, "3")], 5],
    "settings": [[("unit.place", SECRET)], [("Key", "1")], [("timeouts.pay_s",)], "jb", 5],
    "tables": [[("", "A" * 86 + "==")], [("{}", "A" * 88)], [("x" * 204_801, "A" * 86 + "==")], ["{}"], 5],
    "advice": [
        {"op": "void", "request_id": RID, "copy": 1, "reason": "restart"},
        CollectedAdvice(SID, 300, 1),
        CopyAdvice(CopyFate.VOID, RID, 1, SECRET),
        CopyAdvice(CopyFate.VOID, SECRET, 1, "restart"),
        CopyAdvice(CopyFate.VOID, RID, -1, "restart"),
        ClaimAdvice(SID, -1, "restart"),
        "void",
    ],
    "snapshot": [None, []],
}


def test_every_type_has_its_refusals() -> None:
    assert REFUSED.keys() == TYPE_NAMES == VALUES.keys() == GOOD.keys()


@pytest.mark.parametrize("type_name", sorted(REFUSED))
def test_what_does_not_fit_is_refused_and_not_repeated(type_name: str) -> None:
    """The refusal names the place and never the value, which may be secret."""
    kinds = [kind for kind in schema().by_number.values() if type_name in kind.types]
    assert kinds, "a type that no record uses"
    kind = kinds[0]
    good = {name: GOOD[of] for name, of in zip(kind.field_names, kind.types, strict=True)}
    encode(kind.make(**good))
    name = kind.field_names[kind.types.index(type_name)]
    for bad in REFUSED[type_name]:
        with pytest.raises(RecordInvalid, match=re.escape(f"{kind.name}.{name}")) as caught:
            encode(kind.make(**{**good, name: bad}))
        assert SECRET not in str(caught.value)


ADVICE_ON_THE_MEDIUM = {
    f'["{RID}.2",{{"copy":2,"op":"void","reason":"cancelled","request_id":"{RID}"}}]': CopyAdvice(
        CopyFate.VOID, RID, 2, EndReason.CANCELLED
    ),
    f'["{RID}.1",{{"copy":1,"op":"issued","reason":"printed","request_id":"{RID}"}}]': CopyAdvice(
        CopyFate.ISSUED, RID, 1, AdviceReason.PRINTED
    ),
    f'["{SID}.claim",{{"amount_yen":400,"key":"{SID}","op":"claim","reason":"change"}}]': ClaimAdvice(
        SID, 400, AdviceReason.CHANGE
    ),
}


@pytest.mark.parametrize("payload", ADVICE_ON_THE_MEDIUM)
def test_an_advice_is_on_the_medium_as_releases_before_wrote_it(payload: str) -> None:
    """Copied from the journal of a release in which an advice was a dictionary."""
    advice = ADVICE_ON_THE_MEDIUM[payload]
    kind, written = encode(records.AdviceQueued(advice.id, advice))
    assert (kind.number, written) == (80, payload.encode())
    assert decode(80, payload.encode()) == records.AdviceQueued(advice.id, advice)


NO_ADVICE = [
    b'["a",{}]',
    b'["a",7]',
    b'["a",{"op":"refund","key":"k","amount_yen":1,"reason":"x"}]',
    b'["a",{"op":"collected","key":"k","amount_yen":1,"collection":1}]',
    b'["a",{"op":"void","request_id":"r"}]',
    b'["a",{"op":"void","request_id":"r","copy":1,"reason":"x","name":"y"}]',
]


@pytest.mark.parametrize(
    ("number", "payload"),
    [
        (200, b"[]"),
        (4, b"[1]"),
        (33, b"[1,2]"),
        (33, b"{}"),
        (33, b"{"),
        (33, b"7"),
        (19, b'["x",[[1]]]'),
        *((80, told) for told in NO_ADVICE),
    ],
)
def test_a_payload_that_is_not_a_valid_record_is_refused(number: int, payload: bytes) -> None:
    with pytest.raises(RecordInvalid):
        decode(number, payload)


def test_a_float_never_gets_into_a_payload() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def edited(name: str, **changes: object) -> dict[str, Any]:
    table = tomllib.loads(EVENTS.read_text(encoding="utf-8"))
    table[name] = {**table[name], **changes}
    return table


@pytest.mark.parametrize(
    ("table", "words_"),
    [
        ({**edited("Coin"), "Bill": {}}, "Bill"),
        (edited("Coin", number=32), "32"),
        (edited("Coin", number=0), "0"),
        (edited("Coin", fields={"sid": "id", "event_counter": "count", "value_yen": "yen"}), "Coin"),
        (edited("Coin", fields={"sid": "id", "value_yen": "euro", "event_counter": "count"}), "euro"),
    ],
)
def test_table_and_classes_that_differ_stop_the_start(table: dict[str, Any], words_: str) -> None:
    with pytest.raises(RecordInvalid, match=words_):
        build(table)


def test_no_record_has_a_field_for_personal_data() -> None:
    names = {field.name for cls in get_args(records.Record) for field in fields(cls)}
    assert not names & {"name", "address", "pin", "digits", "card", "credential", "masked_name", "birth", "fingerprint"}
