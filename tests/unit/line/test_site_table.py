"""The signed site table (fault N10): its signature, whose it is, and every field, each refused in one sentence."""

import base64
import json
import struct
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.line.fields import BadMessage
from drivers.line.site_table import SignedTable, SiteTable, opened, read_tables
from drivers.vocabulary import CardKind

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
# Written from drivers/line/README.md, not by an encoder of ours.
TABLE: dict[str, Any] = {
    "machine": "miyazaki-store-01",
    "version": 1795482000,
    "valid_from": "2026-11-24T00:00:00+09:00",
    "valid_until": "2027-01-20T00:00:00+09:00",
    "municipality": {"code": "452017", "name": {"ja": "宮崎市", "en": "Miyazaki City"}},
    "profile": "store",
    "place": {"ja": "宮崎駅前店"},
    "telephone": "0985-25-2111",
    "cards": ["individual_number"],
    "youngest_years": 15,
    "hours": {"default": {"everyday": "06:30-23:00"}, "koseki": {"weekday": "09:00-17:00", "holiday": "closed"}},
    "closed_days": ["12-29", "2026-11-30"],
    "maintenance": [{"from": "2026-12-05T22:00", "until": "2026-12-06T09:30", "kinds": ["koseki"]}],
    "kinds": [{"kind": "juminhyo", "title": {"ja": "住民票の写し"}, "fee_yen": 300, "copies_max": 5}],
    "notices": [{"from": "2026-11-20", "until": "2026-11-30", "text": {"ja": "お知らせ"}}],
    "places": [
        {
            "name": {"ja": "市民課"},
            "way": {"ja": "本庁舎1階"},
            "telephone": "0985-21-1752",
            "staffed": True,
            "kinds": ["juminhyo"],
            "hours": {"default": {"weekday": "08:30-17:15"}},
            "closed_days": [],
            "maintenance": [],
        }
    ],
}


def signed(text: str, *, prefix: bytes = b"kofuki-site-table-1", key: Ed25519PrivateKey = KEY) -> SignedTable:
    return SignedTable(text, base64.b64encode(key.sign(prefix + text.encode())).decode())


def written(table: dict[str, Any]) -> str:
    return json.dumps(table, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read(table: SignedTable) -> SiteTable:
    return opened(table, KEY.public_key(), "miyazaki-store-01")


def test_a_table_is_read_field_by_field() -> None:
    table = read(signed(written(TABLE)))
    assert (table.version, table.cards) == (1795482000, (CardKind.INDIVIDUAL_NUMBER,))
    assert (table.ends - table.begins).days == 57
    assert table.maintenance[0].from_ == "2026-12-05T22:00"
    assert table.places[0].staffed
    with pytest.raises(AttributeError):
        table.version = 2  # type: ignore[misc]


def test_what_a_paper_is_for_may_be_left_out() -> None:
    bank = {"title": {"ja": "銀行"}, "answers": {"juminhyo": {"scope": "self", "domicile": "omit"}}}
    assert read(signed(written(TABLE))).purposes == ()
    assert read(signed(written(TABLE | {"purposes": [bank]}))).purposes[0].answers["juminhyo"]["domicile"] == "omit"
    with pytest.raises(BadMessage, match="without Japanese"):
        read(signed(written(TABLE | {"purposes": [bank | {"title": {"en": "bank"}}]})))


@pytest.mark.parametrize(
    "table",
    [
        signed(written(TABLE), key=Ed25519PrivateKey.generate()),
        signed(written(TABLE), prefix=b""),
        signed(written(TABLE), prefix=b"kofuki-manifest-1"),
        SignedTable(written(TABLE).replace("300", "200"), signed(written(TABLE)).signature),
        SignedTable(written(TABLE) + " ", signed(written(TABLE)).signature),
    ],
    ids=["another key", "no prefix", "another prefix", "a fee changed", "a space behind"],
)
def test_a_table_that_the_centre_did_not_sign_is_refused(table: SignedTable) -> None:
    with pytest.raises(BadMessage, match="its signature is not the centre's"):
        read(table)


def without(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda table: table.pop(key)


def png_begin(width: int, height: int) -> str:
    return base64.b64encode(struct.pack(">8sI4sII", b"\x89PNG\r\n\x1a\n", 13, b"IHDR", width, height)).decode()


def put(value: Any, *path: Any) -> Callable[[dict[str, Any]], object]:
    def act(table: Any) -> None:
        for step in path[:-1]:
            table = table[step]
        table[path[-1]] = value

    return act


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        *((without(key), f"the key '{key}' is missing") for key in TABLE),
        (put("Mayor", "mayor"), "does not take the key 'mayor'"),
        (put(True, "places", 0, "open"), "does not take the key 'open'"),
        (put("a", "maintenance", 0, "from_"), "does not take the key 'from_'"),
        (lambda table: table["maintenance"][0].pop("from"), "the key 'from' is missing"),
        (put("miyazaki-store-02", "machine"), "another one's name"),
        (put("1795482000", "version"), "version must be"),
        (put(0, "version"), "version must be"),
        (put(2**53, "version"), "version must be"),
        (put(True, "version"), "version must be"),
        (put("2026-11-24", "valid_from"), "valid_from must be"),
        (put("2027-02-30T00:00:00+09:00", "valid_until"), "a time that does not exist"),
        (put("2026-11-24T00:00:00+09:00", "valid_until"), "valid_until is not after valid_from"),
        (put("45201", "municipality", "code"), "municipality.code must be six digits"),
        (put({"en": "Miyazaki"}, "municipality", "name"), "without Japanese"),
        (put("kiosk", "profile"), "profile must be store, office, counter"),
        (put({}, "place"), "without Japanese"),
        (put("call us", "telephone"), "telephone must be"),
        (put([], "cards"), "cards must be a list of 1 to 10"),
        (put(["passport"], "cards"), "cards"),
        (put(-1, "youngest_years"), "youngest_years must be 0 to 99"),
        (put(15.5, "youngest_years"), "youngest_years must be"),
        (put(["12/29"], "closed_days"), "closed_days"),
        (put(-300, "kinds", 0, "fee_yen"), "fee_yen must be 0 to 100000"),
        (put(300.0, "kinds", 0, "fee_yen"), "fee_yen must be"),
        (put(0, "kinds", 0, "copies_max"), "copies_max must be 1 to 9"),
        (put("../etc", "kinds", 0, "kind"), "kind must be a word"),
        (lambda table: table["kinds"].append(table["kinds"][0]), "kinds has a kind twice"),
        (put("2026-11-31", "notices", 0, "until"), "a day that does not exist"),
        (put("2026-11-19", "notices", 0, "until"), "a notice ends before it begins"),
        (put("A" * 5468, "notices", 0, "picture"), "base64 of at most 4 KiB"),
        (put("AAA", "notices", 0, "picture"), "a picture that is not base64"),
        (put(png_begin(97, 96), "notices", 0, "picture"), "no PNG of at most 96 pixels"),
        (put(png_begin(96, 0), "notices", 0, "picture"), "no PNG of at most 96 pixels"),
        (put(base64.b64encode(b"GIF89a" * 20).decode(), "notices", 0, "picture"), "no PNG of at most 96 pixels"),
        (put("1", "places", 0, "staffed"), "staffed must be true or false"),
        (put("市民課", "places", 0, "name"), "name must be a table"),
        (lambda table: table.update(places=table["places"] * 101), "places must be a list of 0 to 100"),
        (put("a\u202eb", "kinds", 0, "title", "ja"), "title"),
    ],
)
def test_a_wrong_field_is_refused_and_named(change: Callable[[dict[str, Any]], object], sentence: str) -> None:
    table = deepcopy(TABLE)
    change(table)
    with pytest.raises(BadMessage) as refused:
        read(signed(written(table)))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_doubled_field_is_refused() -> None:
    text = written(TABLE)
    with pytest.raises(BadMessage, match="the key 'version' stands twice"):
        read(signed(text[:-1] + ',"version":1795482001}'))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"tables":[]}',
        b'{"tables":{}}',
        json.dumps({"tables": [{"table": "{}", "signature": "A" * 88}] * 9}).encode(),
        json.dumps({"tables": [{"table": "{}"}]}).encode(),
        json.dumps({"tables": [{"table": {}, "signature": "A" * 86 + "=="}]}).encode(),
        json.dumps({"tables": [{"table": "{}", "signature": "A" * 84 + "===="}]}).encode(),
        json.dumps({"tables": [{"table": "{}", "signature": "A" * 86 + "==", "key": "x"}]}).encode(),
    ],
)
def test_an_answer_that_is_no_list_of_tables_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage, match="site tables"):
        read_tables(body)


def test_a_table_is_verified_as_it_came_and_not_written_anew() -> None:
    """Keys in another order are the same JSON and another signature: what is kept is the text."""
    text = json.dumps(dict(reversed(TABLE.items())), ensure_ascii=True)
    assert read(signed(text)) == read(signed(written(TABLE)))
    (one,) = read_tables(json.dumps({"tables": [{"table": text, "signature": signed(text).signature}]}).encode())
    assert one == signed(text)


def test_a_notice_may_bring_a_picture_as_large_as_a_screen_has_room_for() -> None:
    changed = json.loads(written(TABLE))
    put(png_begin(96, 96), "notices", 0, "picture")(changed)
    assert read(signed(written(changed))).notices[0].picture == png_begin(96, 96)
    assert read(signed(written(TABLE))).notices[0].picture == ""
