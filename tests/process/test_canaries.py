"""Names, PINs, addresses and credentials, sent in every field of every call, stand in no log, metric, audit row or error.

The centre's own process; its database is damaged under it, so that handlers fail with the caller's words in their
exceptions.
"""

import base64
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests

from drivers.vocabulary import Reserved
from host_sim.centre.api import document
from tests.process.running_centre import Running, running_centre
from tests.process.test_line_tls import authenticated, seal_certificate
from tests.process.tls_servers import DEADLINE_S, MACHINE

NAME, KANA, ROMAN, PIN, PLACE = "高千穂　仮名", "タカチホ", "Takachiho Kana", "830571946218", "宮崎市仮町一丁目2番3号"
CREDENTIAL = base64.b64encode(f"{NAME} {PLACE} certificate".encode()).decode()
CANARIES = (NAME, KANA, ROMAN, PIN, PLACE, CREDENTIAL)
# Also as other programs would write them: escaped, quoted, as bytes. The PIN is long: four digits are also a duration.
FOUND = re.compile(
    "|".join(
        re.escape(form) for words in CANARIES for form in (words, json.dumps(words)[1:-1], repr(words.encode())[2:-1])
    )
)
RID = "0123456789abcdef" * 2
NONCE, CHIP = base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(8)).decode()
BODIES: Mapping[str, dict[str, Any]] = {
    "/v1/challenges": {"session_nonce": NONCE, "method": "jpki", "credential": CREDENTIAL, "attended": False},
    "/v1/authentications": {
        "challenge_id": "x",
        "session_nonce": NONCE,
        "signature": CREDENTIAL,
        "encrypted_pin": base64.b64encode(PIN.encode()).decode(),
        "attended": [{"login": "tanaka", "code": "123456"}, {"login": "hidaka", "code": "123456"}],
    },
    "/v1/exemptions": {"session_nonce": NONCE, "authentication_id": "x", "code": "12345678"},
    "/v1/requests": {
        "request_id": RID,
        "authentication_id": "x",
        "session_nonce": NONCE,
        "items": [{"kind": "inkan", "options": {"a": ["b"]}, "copies": 1}],
    },
    "/v1/requests/{request_id}/copies/{copy}/issued": {"evidence": "x", "journal_head": ""},
    "/v1/requests/{request_id}/copies/{copy}/void": {"reason": "x", "journal_head": ""},
    "/v1/claims": {"key": RID, "amount_yen": 100, "reason": "x", "journal_head": ""},
    "/v1/claims/{key}/hold": {"collection": 1, "journal_head": ""},
    "/v1/claims/{key}/collected": {"amount_yen": 0, "collection": 1, "journal_head": ""},
    "/v1/claims/{key}/heard": {"amount_yen": 100, "journal_head": ""},
    "/v1/cases": {
        "journal_seq": 1,
        "journal_head": "",
        "cases": [{"code": "a", "detail": "b"}],
        "words": [{"seq": 1, "at": "2026-11-24T10:00:00+09:00", "line": "x"}],
    },
    "/v1/card-orders": {
        "session_nonce": NONCE,
        "code": "23456789AB",
        "chip": {"serial": CHIP, "challenge": CHIP},
        "credential": CREDENTIAL,
    },
    "/v1/card-orders/{order_id}/record": {"session_nonce": NONCE, "point": base64.b64encode(bytes(65)).decode()},
    "/v1/card-orders/{order_id}/finish": {
        "session_nonce": NONCE,
        "credential": CREDENTIAL,
        "signature": CREDENTIAL,
        "encrypted_pin": base64.b64encode(PIN.encode()).decode(),
        "encrypted_again": base64.b64encode(PIN.encode()).decode(),
        "encrypted_old": base64.b64encode(PIN.encode()).decode(),
        "keep_easy": False,
    },
    "/v1/heartbeats": {
        "journal_seq": 1,
        "journal_head": "",
        "state": "x",
        "reasons": ["a"],
        "events": ["b"],
        "program": "1.0",
        "site_table": 1,
        "devices": {"printer": "x"},
    },
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with running_centre(tmp_path / "run") as centre:
        yield centre


def path_of(template: str) -> str:
    """A path of this call, of nothing that the centre knows."""
    return template.format(request_id=RID, copy=1, key=RID, order_id=RID)


class Caller:
    """Sends what it is told, as each of the city's machines in turn; keeps every error's body."""

    def __init__(self, running: Running) -> None:
        self._machines = running.sessions()
        self._turn = cycle(self._machines)
        self._url = f"https://127.0.0.1:{running.cable.port}"
        self.errors: list[str] = []
        self.statuses: set[int] = set()

    def send(self, method: str, path: str, body: bytes | None = None, machine: str = "", **headers: str) -> None:
        told = {"content-type": "application/json"} | headers
        while True:
            session = self._machines[machine or next(self._turn)]
            answer = session.request(method, self._url + path, data=body, headers=told, timeout=DEADLINE_S)
            if answer.headers.get("connection") != "close" or answer.json() != {"code": "busy"}:
                break  # else this machine has called too often (operating/lanes.py), and the next one asks
        self.statuses.add(answer.status_code)
        if answer.status_code >= 400:
            self.errors.append(answer.text + repr(answer.headers))


def spoilt(body: Any) -> Iterator[Any]:
    """The body with each canary in each place: every value, every key, and one field more."""
    match body:
        case dict():
            for key, value in body.items():
                yield from ({**body, key: other} for other in spoilt(value))
            yield from ({**body, words: "x"} for words in CANARIES)
        case list():
            yield from ([other, *body[1:]] for other in spoilt(body[0]))
        case _:
            yield from CANARIES


def send_everything(caller: Caller) -> None:
    for template, body in BODIES.items():
        path = template.format(request_id=secrets.token_hex(16), copy=1, key=RID, order_id=RID)
        caller.send("POST", path, json.dumps(body).encode())
        for number, other in enumerate(spoilt(body)):
            text = json.dumps(other, ensure_ascii=number % 2 == 0)
            caller.send("POST", path, text.encode())
            if number % 4 == 0:  # cut short
                caller.send("POST", path, text.encode()[:-2])
    for words in CANARIES:
        quoted = requests.utils.quote(words)
        for path in (f"/v1/requests/{quoted}", f"/{quoted}", f"/v1/claims/{quoted}/hold", f"/openapi.json?{quoted}"):
            caller.send("GET", path)
            caller.send("POST", path, words.encode(), cookie=quoted, referer=quoted, **{"x-name": quoted})


def test_every_call_is_tried() -> None:
    asked = {path for path, calls in document()["paths"].items() if "post" in calls}
    assert asked == set(BODIES)
    for path, body in BODIES.items():
        model = document()["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        fields = document()["components"]["schemas"][model.rpartition("/")[2]]["properties"]
        assert set(fields) == set(body), path


def test_nothing_personal_leaves_the_centre(running: Running) -> None:
    caller, books = Caller(running), running.run / "centre" / "centre.db"
    send_everything(caller)
    assert {200, 400, 403, 404, 422} >= caller.statuses >= {200, 400, 403, 422}
    line = running.line()
    nonce, who = authenticated(line, running.cards["hanako"])
    order = (secrets.token_hex(16), nonce, who.authentication_id, [seal_certificate(who, 2)])
    assert isinstance(line.reserve(*order, running.cards["hanako"].read), Reserved)
    for copy, op in ((1, "issued"), (2, "void")):
        line.advise({"op": op, "request_id": order[0], "copy": copy, "reason": f"{NAME} {PIN}"})
    with sqlite3.connect(books) as c:  # from here on, what the centre reads is wrong
        rows = c.execute("SELECT act, machine, site, detail FROM audit").fetchall()
        c.execute("UPDATE residents SET packed = replace(packed, '{', ?)", (f'{{"{NAME}": "{PIN}",',))
        # The exception of a refused INSERT carries all the caller's words.
        c.execute("CREATE TRIGGER refused BEFORE INSERT ON machines BEGIN SELECT RAISE(ABORT, 'no'); END")
        for table in ("claims", "challenges"):
            c.execute(f"DROP TABLE {table}")
    wanted = {
        "request_id": secrets.token_hex(16),
        "authentication_id": who.authentication_id,
        "session_nonce": base64.b64encode(nonce).decode(),
        "items": BODIES["/v1/requests"]["items"],
    }
    caller.send("POST", "/v1/requests", json.dumps(wanted).encode(), machine=MACHINE)
    send_everything(caller)
    assert {500, 503} <= caller.statuses
    pages = [
        requests.get(running.health + page, timeout=DEADLINE_S).text for page in ("/metrics", "/health", f"/{NAME}")
    ]
    printed = (running.run / "printed").read_text()
    assert len(rows) > 15
    assert {"issued", "void", "flag"} <= {row[0] for row in rows}
    assert '"event": "trouble"' in printed
    assert "Traceback" not in printed
    assert all(set(json.loads(line)) <= ALLOWED for line in printed.splitlines())
    for what, text in {
        "log": printed,
        "audit": "\n".join(" ".join(row) for row in rows),
        "errors": "\n".join(caller.errors),
        "pages": "\n".join(pages),
    }.items():
        assert FOUND.findall(text) == [], what


ALLOWED = {"at", "event", "endpoint", "status", "code", "machine", "request_id", "duration_ms", "exception", "where"}


@pytest.mark.parametrize("words", CANARIES)
def test_a_canary_would_be_seen(words: str) -> None:
    for form in (words, json.dumps(words), repr(words.encode()), f"x {words} y"):
        assert FOUND.search(form)
