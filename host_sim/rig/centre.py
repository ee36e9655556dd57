"""The rig's centre: it answers the calls of `drivers/line/README.md`, for whole sessions in virtual time.

It has no database, registers or typesetting: every card is served, and a document is a short text that names its request
and copy. The swarm and the crash explorer use it because the real centre (`host_sim/centre`) takes four times as long for
a session and fifty times as long to set up. `tests/contract/test_centre.py` holds both to the same rules. Messages, refusals,
offers, the signed manifest, the two stamps and the states of a copy are the real centre's own code.
`faults` says what goes wrong; every call takes some virtual time.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.line.centre import LineFailed
from drivers.vocabulary import LineTrouble
from host_sim.centre import messages as say
from host_sim.centre import rules
from host_sim.centre.api import TROUBLES, NoCall, NotFound, answer_trouble
from host_sim.centre.authentication import Refused
from host_sim.centre.calls import read_body
from host_sim.centre.claims.codes import claim_code
from host_sim.centre.issuing import COPIES_MAX, RESERVATION_S
from host_sim.centre.operating import witness
from host_sim.clock import VirtualClock
from host_sim.rig.city import Tables

Exchanged = tuple[int, Mapping[str, str], bytes]
FEE_YEN = 300
OFFERS: list[dict[str, Any]] = [
    {
        "kind": "juminhyo",
        "title": {"ja": "住民票の写し", "en": "Certificate of residence"},
        "fee_yen": FEE_YEN,
        "copies_max": 5,
        "refusal": None,
        "groups": [
            {
                "key": "scope",
                "title": {"ja": "どなたの分ですか", "en": "Whose?"},
                "several": False,
                "choices": [
                    {"value": "all", "label": {"ja": "世帯全員", "en": "Everyone"}},
                    {"value": "self", "label": {"ja": "本人のみ", "en": "Only me"}},
                ],
                "default": ["all"],
                "only_if": None,
            }
        ],
    },
    {
        "kind": "inkan",
        "title": {"ja": "印鑑登録証明書", "en": "Seal registration certificate"},
        "fee_yen": FEE_YEN,
        "copies_max": 5,
        "refusal": None,
        "groups": [],
    },
]


@dataclass
class Faults:
    """What goes wrong with the next calls, which are named by the end of their path."""

    lost_before: set[str] = field(default_factory=set)  # the message never reaches the centre
    lost_after: set[str] = field(default_factory=set)  # the centre acted, the answer is lost
    doubled: set[str] = field(default_factory=set)  # the message arrives twice
    refusals: dict[str, str] = field(default_factory=dict)
    unwanted: set[str] = field(default_factory=set)  # refused each time by the centre
    slow: set[str] = field(default_factory=set)  # answers after every deadline
    down: bool = False
    replayed: bool = False  # the next request is answered with an earlier manifest
    foreign_document: bool = False  # the document is another person's, of the same size


@dataclass
class Copy:
    document: bytes
    fingerprint: str
    issue_number: str
    state: str = "reserved"
    pages: int = 1

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


@dataclass(frozen=True)
class Known:
    """Who answered a challenge: the session and the card."""

    nonce: str
    fingerprint: str


@dataclass
class Challenge:
    who: Known
    answered: str | None = None  # the body of the first answer: no other one is taken


@dataclass(frozen=True)
class Promise:
    order: str
    answer: Mapping[str, Any]
    expires_at: datetime


class MemoryCentre:
    """Satisfies `drivers.line.centre.Transport`."""

    def __init__(self, clock: VirtualClock, now: Callable[[], datetime], machine: str, delay_s: float = 0.15) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"rig").digest())
        self.faults = Faults()
        self.tables = Tables(self.key, now, machine=machine)
        self.fees: dict[str, int] = {}  # kind -> yen, where it is not `FEE_YEN`
        self.code: str | None = None  # an exemption code that whoever is authenticated now may type
        self.pages = 1  # of every document made from now on
        self.on_step: Callable[[str, str], None] = lambda _call, _when: None  # `when` is reached or acted
        self.on_fault: Callable[[str], None] = lambda _: None  # called with the name of one of `Faults` when it happens
        self.witnessed = (0, "")  # the journal's head that a message told last (I14)
        self.unwitnessed = 0  # heads that were older than the one before
        self.requests: dict[str, dict[int, Copy]] = {}
        self.claims: dict[str, int] = {}
        self.collected: dict[str, dict[int, int]] = {}  # claim -> collection -> yen
        self.paid_at_desk: dict[str, int] = {}  # claim -> yen
        self.unheard: set[str] = set()  # claims paid at the desk, which the machine has not told as written
        self.held: set[str] = set()
        self.cases: list[tuple[str, str]] = []  # open at the machine, as it told them last
        self.words: dict[int, str] = {}  # of its journal, beside the cases: number -> record
        self.conflicts = 0
        self.contradicted: set[tuple[str, int]] = set()
        self._clock = clock
        self._now = now
        self._machine = machine
        self._delay_s = delay_s
        self._challenges: dict[str, Challenge] = {}
        self._promises: dict[str, Promise] = {}
        self._exempted: set[str] = set()  # authentications whose code was taken: nothing costs anything
        self._given_up: set[str] = set()  # requests voided before they arrived: never made
        self._serial = 0

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> Exchanged:
        self._clock.advance(min(self._delay_s, deadline_s))
        *_, before, name = path.split("/")
        name = "status" if before == "requests" else name
        faults = self.faults
        self.on_step(name, "reached")
        if faults.down or self._strikes("lost_before", name):
            if faults.down:
                self.on_fault("down")
            raise LineFailed(LineTrouble.UNREACHABLE)
        if name in faults.refusals:
            return 403, {}, _json({"code": faults.refusals.pop(name), "pin_tries_left": None})
        if name in faults.unwanted:
            self.on_fault("unwanted")
            return 403, {}, _json({"code": "bad_request", "pin_tries_left": None})
        if self._strikes("doubled", name):
            self._answer(method, path, body)
        status, told, answer = self._answer(method, path, body)
        if headers:
            self._witness(*witness.read(headers[witness.HEADER]))
        self.on_step(name, "acted")
        if self._strikes("slow", name):
            self._clock.advance(deadline_s)
            raise LineFailed(LineTrouble.TIMED_OUT)
        if self._strikes("lost_after", name):
            raise LineFailed(LineTrouble.TIMED_OUT)
        return status, told, answer

    def _strikes(self, fault: str, call: str) -> bool:
        """Whether this one of `Faults` is laid for this call; it is then used up."""
        laid: set[str] = getattr(self.faults, fault)
        if call not in laid:
            return False
        laid.discard(call)
        self.on_fault(fault)
        return True

    def contradict(self) -> None:
        """The centre records the opposite of the outcome that the machine is about to tell it (fault N8)."""
        for rid, held in self.requests.items():
            for number, copy in held.items():
                if copy.state in {"reserved", "delivered"}:
                    copy.state = "void"
                    self.contradicted.add((rid, number))
                    self.on_fault("contradicted")

    def pay_at_desk(self, key: str) -> bool:
        """The city's desk pays what is left of a claim; returns whether it did. While the machine holds the claim it does not."""
        left_yen = self.left_yen(key)
        if not left_yen or key in self.held:
            return False
        self.paid_at_desk[key] = left_yen
        self.unheard.add(key)
        return True

    def left_yen(self, key: str) -> int:
        """What is still owed of a claim. Raises `Refused` for an unknown one."""
        if key not in self.claims:
            raise Refused("bad_request")
        paid_yen = sum(self.collected.get(key, {}).values()) + self.paid_at_desk.get(key, 0)
        return max(0, self.claims[key] - paid_yen)

    def state(self, request_id: str, copy: int) -> str:
        return self.requests.get(request_id, {}).get(copy, Copy(b"", "", "", "none")).state

    # --- calls ----------------------------------------------------------------------------------

    def _answer(self, method: str, path: str, body: bytes | None) -> Exchanged:
        try:
            return self._called(method, path.split("/")[2:], body)
        except TROUBLES as trouble:
            status, told = answer_trouble(trouble)
            return status, {}, _json(told)

    def _called(self, method: str, path: list[str], body: bytes | None) -> Exchanged:
        match method, path:
            case "GET", ["requests", rid, "copies", number, "document"]:
                return self._document(rid, int(number))
            case "GET", ["requests", rid]:
                told = self._states(rid)
            case "GET", ["site-tables"]:
                if not self.tables.listed:
                    raise Refused("not_registered")
                told = self.tables.served()
                if self.tables.damaged:
                    self.on_fault("tables")
            case "POST", _:
                told = self._posted(path, body)
            case _:
                raise NoCall
        return 200, {}, _json(told)

    def _posted(self, path: list[str], body: bytes | None) -> Mapping[str, Any]:
        match path:
            case ["challenges"]:
                return self._challenge(_asked(say.ChallengeAsked, body))
            case ["authentications"]:
                return self._authenticate(_asked(say.AuthenticationAsked, body))
            case ["exemptions"]:
                return self._exempt(_asked(say.ExemptionAsked, body))
            case ["requests"]:
                return self._reserve(_asked(say.Order, body))
            case ["requests", rid, "copies", number, ("issued" | "void") as word]:
                _asked(say.Issued if word == "issued" else say.Void, body)
                return {"request_id": rid, "copy": int(number), "state": self._settle(rid, int(number), word)}
            case ["claims", *rest]:
                return self._claim(rest, body)
            case ["cases"]:
                return self._hear_cases(_asked(say.Cases, body))
            case ["heartbeats"]:
                return self._heartbeat(_asked(say.Heartbeat, body))
            case _:
                raise NoCall

    def _claim(self, path: list[str], body: bytes | None) -> Mapping[str, Any]:
        match path:
            case []:
                asked = _asked(say.Claim, body)
                self.claims.setdefault(asked["key"], asked["amount_yen"])
                return {"key": asked["key"], "claim_code": claim_code(asked["key"])}
            case [key, "hold"]:
                return {"key": key, "left_yen": self._hold(key, **_asked(say.Hold, body))}
            case [key, "collected"]:
                return {"key": key, "left_yen": self._collected(key, **_asked(say.Collected, body))}
            case [key, "heard"]:
                return {"key": key, "left_yen": self._heard(key, **_asked(say.Heard, body))}
            case _:
                raise NoCall

    def _hear_cases(self, told: dict[str, Any]) -> Mapping[str, Any]:
        self.cases = [(case["code"], case["detail"]) for case in told["cases"]]
        self.words |= {word["seq"]: word["line"] for word in told["words"]}
        return {"journal_seq": told["journal_seq"]}

    def _challenge(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        nonce, credential = asked["session_nonce"], base64.b64decode(asked["credential"])
        name = f"c-{len(self._challenges)}"
        self._challenges[name] = Challenge(Known(nonce, hashlib.sha256(credential).hexdigest()))
        return {
            "session_nonce": nonce,
            "challenge_id": name,
            "challenge": base64.b64encode(hashlib.sha256(f"{name} {nonce}".encode()).digest()).decode(),
            "expires_at": (self._now() + timedelta(minutes=5)).isoformat(),
            "pin_key": None,
            "pin_tries_left": None,
            "clerks": [{"login": login, "name": login} for login in ("tanaka", "hidaka")]
            if asked["attended"]
            else None,
        }

    def _authenticate(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        given, answer = self._challenges.get(asked["challenge_id"]), repr(asked)
        if given is None or given.who.nonce != asked["session_nonce"] or given.answered not in {None, answer}:
            raise Refused("bad_request")
        given.answered = answer
        return self._welcome(asked["session_nonce"], f"a-{asked['challenge_id']}")

    def _exempt(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self._who(asked)
        if asked["code"] != self.code:
            raise Refused("code_wrong")
        self._exempted.add(asked["authentication_id"])
        return self._welcome(asked["session_nonce"], asked["authentication_id"])

    def _welcome(self, nonce: str, authentication_id: str) -> Mapping[str, Any]:
        return {
            "session_nonce": nonce,
            "authentication_id": authentication_id,
            "masked_name": "宮崎　花＊",
            "offers": [offer | {"fee_yen": self._fee_yen(offer["kind"], authentication_id)} for offer in OFFERS],
            "takes_code": self.code is not None and authentication_id not in self._exempted,
        }

    def _fee_yen(self, kind: str, authentication_id: str) -> int:
        return 0 if authentication_id in self._exempted else self.fees.get(kind, FEE_YEN)

    def _who(self, order: dict[str, Any]) -> Known:
        given = self._challenges.get(order["authentication_id"].removeprefix("a-"))
        if given is None or given.answered is None or given.who.nonce != order["session_nonce"]:
            raise Refused("bad_request")
        return given.who

    def _line(self, item: dict[str, Any], authentication_id: str) -> dict[str, Any]:
        """A copy of this item in the manifest, without its document, number and hash."""
        kind = item["kind"]
        return {"kind": kind, "options": item["options"], "fee_yen": self._fee_yen(kind, authentication_id)}

    def _reserve(self, order: dict[str, Any]) -> Mapping[str, Any]:
        rid, told = order["request_id"], repr(order)
        if rid in self._given_up:
            raise Refused("expired")
        if rid in self._promises:
            if self._promises[rid].order != told:
                raise Refused("bad_request")
            return self._promises[rid].answer
        if self.faults.replayed and self._promises:
            self.faults.replayed = False
            self.on_fault("replayed")
            return next(iter(self._promises.values())).answer
        who, now = self._who(order), self._now()
        expires_at = now + timedelta(seconds=RESERVATION_S)
        made = {}
        lines = [self._line(item, order["authentication_id"]) for item in order["items"] for _ in range(_allowed(item))]
        if len(lines) > COPIES_MAX:
            raise Refused("bad_request")
        for number, line in enumerate(lines, 1):
            copy = made[number] = self._make(rid, number, who)
            line |= {
                "copy": number,
                "issue_number": copy.issue_number,
                "document_sha256": copy.sha256,
                "pages": copy.pages,
                "size_bytes": len(copy.document),
            }
        manifest = json.dumps(
            {
                "request_id": rid,
                "machine": self._machine,
                "session_nonce": who.nonce,
                "card_fingerprint": who.fingerprint,
                "reserved_at": now.isoformat(),
                "expires_at": expires_at.isoformat(),
                "copies": lines,
            },
            ensure_ascii=False,
        )
        signature = base64.b64encode(self.key.sign(manifest.encode())).decode()
        self.requests[rid] = made
        self._promises[rid] = Promise(told, {"manifest": manifest, "signature": signature}, expires_at)
        return self._promises[rid].answer

    def _make(self, rid: str, number: int, who: Known) -> Copy:
        self._serial += 1
        issue_number = f"{self._now():%Y%m%d} 宮崎市 {rules.terminal(self._machine)} {self._serial:04d}"
        document = f"document {rid} {number} of {who.fingerprint} on {self.pages}".encode()
        return Copy(document, who.fingerprint, issue_number, pages=self.pages)

    def _states(self, rid: str) -> Mapping[str, Any]:
        if rid not in self.requests:
            raise NotFound
        copies = {number: self._copy(rid, number) for number in self.requests[rid]}
        return {"request_id": rid, "copies": {str(number): copy.state for number, copy in copies.items() if copy}}

    def _copy(self, rid: str, number: int) -> Copy | None:
        """The copy in its present state, None if there is none; one that was not fetched in time becomes void."""
        copy = self.requests.get(rid, {}).get(number)
        if copy is not None and copy.state == "reserved" and self._now() > self._promises[rid].expires_at:
            copy.state = "void"
        return copy

    def _document(self, rid: str, number: int) -> Exchanged:
        copy = self._copy(rid, number)
        if copy is None:
            raise Refused("expired" if rid in self._given_up else "bad_request")
        if copy.state in {"issued", "void"} or self._now() > self._promises[rid].expires_at:
            raise Refused("expired")
        copy.state = "delivered"
        text = f"{rid}.{number}.{copy.fingerprint}.{copy.sha256}"
        signature = base64.urlsafe_b64encode(self.key.sign(text.encode())).decode().rstrip("=")
        document = copy.document
        if self.faults.foreign_document:
            document = document[::-1]
            self.on_fault("foreign_document")
        return 200, {"kofuki-stamp": f"{text}.{signature}"}, document

    def _settle(self, rid: str, number: int, word: str) -> str:
        """The state of the copy after the machine told `issued` or `void` (`word`)."""
        copy = self._copy(rid, number)
        if copy is None:
            if rid in self.requests:
                raise Refused("bad_request")
            self._given_up.add(rid)
            return "void" if word == "void" else "none"
        if copy.state in {"issued", "void"}:
            self.conflicts += copy.state != word and (rid, number) not in self.contradicted
        else:
            copy.state = word
        return copy.state

    # --- debts and the machine itself -----------------------------------------------------------

    def _hold(self, key: str, collection: int, **_: str) -> int:
        left_yen = self.left_yen(key)
        if not left_yen or collection in self.collected.get(key, {}):
            raise Refused("expired")
        self.held.add(key)
        return left_yen

    def _collected(self, key: str, amount_yen: int, collection: int, **_: str) -> int:
        left_yen = self.left_yen(key)
        told = self.collected.setdefault(key, {})
        if collection in told:
            return left_yen
        told[collection] = amount_yen
        self.held.discard(key)
        return self.left_yen(key)

    def _heard(self, key: str, amount_yen: int, **_: str) -> int:
        left_yen = self.left_yen(key)
        if self.paid_at_desk.get(key) != amount_yen:
            raise Refused("bad_request")
        self.unheard.discard(key)
        return left_yen

    def _witness(self, seq: int, head: str) -> None:
        self.unwitnessed += (seq, head) < self.witnessed
        self.witnessed = (seq, head)

    def _heartbeat(self, beat: dict[str, Any]) -> Mapping[str, Any]:
        seq, head = self.witnessed
        if beat["journal_head"]:  # a halted machine cannot read its journal
            self._witness(beat["journal_seq"], beat["journal_head"])
        if self.tables.newest < beat["site_table"]:
            self.on_fault("tables")
        return {
            "witnessed_seq": seq,
            "witnessed_head": head,
            "journal_seq": beat["journal_seq"],
            "time": self._now().isoformat(),
            "notices": [],
            "site_table": self.tables.newest,
            "claims_paid": [{"key": key, "amount_yen": self.paid_at_desk[key]} for key in sorted(self.unheard)][:20],
        }


def _asked(kind: type[say.Message], body: bytes | None) -> dict[str, Any]:
    return read_body(kind, body).model_dump()


def _allowed(item: dict[str, Any]) -> int:
    """How many copies of this item are made. Raises `Refused` for a kind or a choice that was not offered."""
    offer = next((offer for offer in OFFERS if offer["kind"] == item["kind"]), None)
    if offer is None:
        raise Refused("not_offered")
    if item["copies"] > offer["copies_max"] or not rules.options_allowed(offer, item["options"]):
        raise Refused("bad_request")
    return int(item["copies"])


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
