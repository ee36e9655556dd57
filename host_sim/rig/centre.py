"""The centre in memory: what the line's README says, for whole sessions in virtual time.

No database and no typesetting: a document is a short text that names its request and copy. Everything that binds
is real: the signed manifest, the two stamps, the states of a copy, idempotent advices. What goes wrong is set by
name in `faults`, and a virtual delay passes for every call.
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
from drivers.line.manifest import terminal_of
from drivers.vocabulary import LineTrouble
from host_sim.clock import VirtualClock

FEE_YEN = 300
OFFERS = [
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
    """What the line does to the next calls, by the end of their path."""

    lost_before: set[str] = field(default_factory=set)  # never reached the centre
    lost_after: set[str] = field(default_factory=set)  # the centre acted, the answer is lost
    doubled: set[str] = field(default_factory=set)  # the message arrives twice
    refusals: dict[str, str] = field(default_factory=dict)
    unwanted: set[str] = field(default_factory=set)  # refused each time
    slow: set[str] = field(default_factory=set)  # answers after every deadline
    down: bool = False
    replayed: bool = False  # an earlier manifest answers the next request
    foreign_document: bool = False  # another person's, same size


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


class MemoryCentre:
    """Satisfies `drivers.line.centre.Transport`."""

    def __init__(self, clock: VirtualClock, now: Callable[[], datetime], machine: str, delay_s: float = 0.15) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"rig").digest())
        self.faults = Faults()
        self.pages = 1  # of every document from now on
        self.on_step: Callable[[str, str], None] = lambda _call, _when: None  # reached, acted
        self.witnessed = (0, bytes(32).hex())  # the journal's head as last told by a heartbeat (I14)
        self.requests: dict[str, dict[int, Copy]] = {}
        self.claims: dict[str, int] = {}
        self.collected: dict[str, dict[int, int]] = {}  # claim -> collection -> yen
        self.held: set[str] = set()
        self.conflicts = 0
        self.contradicted: set[tuple[str, int]] = set()
        self._clock = clock
        self._now = now
        self._machine = machine
        self._delay_s = delay_s
        self._manifests: dict[str, bytes] = {}
        self._nonces: dict[str, str] = {}
        self._fingerprints: dict[str, str] = {}
        self._serial = 0

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        self._clock.advance(min(self._delay_s, deadline_s))
        *_, before, name = path.split("/")
        name = "status" if before == "requests" else name
        faults = self.faults
        self.on_step(name, "reached")
        if faults.down or name in faults.lost_before:
            faults.lost_before.discard(name)
            raise LineFailed(LineTrouble.UNREACHABLE)
        if name in faults.refusals:
            return 403, {}, _json({"code": faults.refusals.pop(name), "pin_tries_left": None})
        asked = json.loads(body) if body else {}
        if name in faults.unwanted:
            return 403, {}, _json({"code": "bad_request", "pin_tries_left": None})
        if name in faults.doubled:
            faults.doubled.discard(name)
            self._answer(method, path.split("/")[2:], asked)
        status, headers, answer = self._answer(method, path.split("/")[2:], asked)
        self.on_step(name, "acted")
        if name in faults.slow:
            faults.slow.discard(name)
            self._clock.advance(deadline_s)
            raise LineFailed(LineTrouble.TIMED_OUT)
        if name in faults.lost_after:
            faults.lost_after.discard(name)
            raise LineFailed(LineTrouble.TIMED_OUT)
        return status, headers, answer

    def contradict(self) -> None:
        """Somebody at the centre writes down the opposite of what the machine is about to tell (fault N8)."""
        for rid, held in self.requests.items():
            for number, copy in held.items():
                if copy.state in {"reserved", "delivered"}:
                    copy.state = "void"
                    self.contradicted.add((rid, number))

    def state(self, request_id: str, copy: int) -> str:
        return self.requests.get(request_id, {}).get(copy, Copy(b"", "", "", "none")).state

    # --- calls ----------------------------------------------------------------------------------

    def _answer(self, method: str, path: list[str], asked: dict[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        match method, path:
            case "POST", ["challenges"]:
                return self._challenge(asked)
            case "POST", ["authentications"]:
                return self._authenticate(asked)
            case "POST", ["requests"]:
                return 200, {}, self._reserve(asked)
            case "GET", ["requests", rid]:
                held = self.requests.get(rid)
                if held is None:
                    return 404, {}, _json({"code": "bad_request", "pin_tries_left": None})
                return 200, {}, _json({"request_id": rid, "copies": {str(n): c.state for n, c in held.items()}})
            case "GET", ["requests", rid, "copies", number, "document"]:
                return self._document(rid, int(number))
            case "POST", ["requests", rid, "copies", number, ("issued" | "void") as word]:
                return 200, {}, self._settle(rid, int(number), word)
            case "POST", ["claims"]:
                self.claims.setdefault(asked["key"], asked["amount_yen"])
                return 200, {}, _json({"key": asked["key"], "claim_code": _claim_code(asked["key"])})
            case "POST", ["claims", key, "hold"]:
                left_yen = self.claims.get(key, 0) - sum(self.collected.get(key, {}).values())
                if left_yen <= 0 or asked["collection"] in self.collected.get(key, {}):
                    return 403, {}, _json({"code": "expired", "pin_tries_left": None})
                self.held.add(key)
                return 200, {}, _json({"key": key, "left_yen": left_yen})
            case "POST", ["claims", key, "collected"]:
                paid = self.collected.setdefault(key, {})
                paid.setdefault(asked["collection"], asked["amount_yen"])
                self.held.discard(key)
                return 200, {}, _json({"key": key, "left_yen": max(0, self.claims[key] - sum(paid.values()))})
            case _:
                self.witnessed = max(self.witnessed, (asked["journal_seq"], asked["journal_head"]))
                time = self._now().isoformat()
                return 200, {}, _json({"journal_seq": asked["journal_seq"], "time": time, "notices": []})

    def _challenge(self, asked: dict[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        nonce = asked["session_nonce"]
        self._fingerprints[nonce] = hashlib.sha256(base64.b64decode(asked["credential"])).hexdigest()
        challenge = base64.b64encode(hashlib.sha256(nonce.encode()).digest()).decode()
        answer = {
            "session_nonce": nonce,
            "challenge_id": nonce,
            "challenge": challenge,
            "expires_at": (self._now() + timedelta(minutes=5)).isoformat(),
            "pin_key": None,
            "pin_tries_left": None,
        }
        return 200, {}, _json(answer)

    def _authenticate(self, asked: dict[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        nonce = asked["session_nonce"]
        answer = {
            "session_nonce": nonce,
            "authentication_id": f"a-{nonce}",
            "masked_name": "宮崎　花＊",
            "offers": OFFERS,
        }
        return 200, {}, _json(answer)

    def _reserve(self, asked: dict[str, Any]) -> bytes:
        rid = asked["request_id"]
        if rid in self._manifests:
            return self._manifests[rid]
        if self.faults.replayed and self._manifests:
            self.faults.replayed = False
            return next(iter(self._manifests.values()))
        fingerprint = self._fingerprints[asked["session_nonce"]]
        now = self._now()
        lines: list[dict[str, Any]] = []
        made: dict[int, Copy] = {}
        for item in (one for one in asked["items"] for _ in range(one["copies"])):
            self._serial += 1
            number = len(lines) + 1
            issue_number = f"{now:%Y%m%d} 宮崎市 {terminal_of(self._machine)} {self._serial:04d}"
            document = f"document {rid} {number} of {fingerprint} on {self.pages}".encode()
            made[number] = Copy(document, fingerprint, issue_number, pages=self.pages)
            lines.append(
                {
                    "copy": number,
                    "kind": item["kind"],
                    "options": item["options"],
                    "issue_number": issue_number,
                    "document_sha256": hashlib.sha256(document).hexdigest(),
                    "pages": self.pages,
                    "size_bytes": len(document),
                    "fee_yen": FEE_YEN,
                }
            )
        manifest = json.dumps(
            {
                "request_id": rid,
                "machine": self._machine,
                "session_nonce": asked["session_nonce"],
                "card_fingerprint": fingerprint,
                "reserved_at": now.isoformat(),
                "expires_at": (now + timedelta(minutes=15)).isoformat(),
                "copies": lines,
            },
            ensure_ascii=False,
        )
        self.requests[rid] = made
        signature = base64.b64encode(self.key.sign(manifest.encode())).decode()
        self._manifests[rid] = _json({"manifest": manifest, "signature": signature})
        return self._manifests[rid]

    def _document(self, rid: str, number: int) -> tuple[int, Mapping[str, str], bytes]:
        copy = self.requests[rid][number]
        if copy.state in {"issued", "void"}:
            return 403, {}, _json({"code": "expired", "pin_tries_left": None})
        copy.state = "delivered"
        text = f"{rid}.{number}.{copy.fingerprint}.{hashlib.sha256(copy.document).hexdigest()}"
        signature = base64.urlsafe_b64encode(self.key.sign(text.encode())).decode().rstrip("=")
        document = copy.document[::-1] if self.faults.foreign_document else copy.document
        return 200, {"kofuki-stamp": f"{text}.{signature}"}, document

    def _settle(self, rid: str, number: int, word: str) -> bytes:
        copy = self.requests.get(rid, {}).get(number)
        state = "void" if word == "void" else "none"
        if copy is not None:
            if copy.state in {"issued", "void"}:
                self.conflicts += copy.state != word and (rid, number) not in self.contradicted
            else:
                copy.state = word
            state = copy.state
        return _json({"request_id": rid, "copy": number, "state": state})


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _claim_code(key: str) -> str:
    bits = int.from_bytes(hashlib.sha256(bytes.fromhex(key)).digest()[:5], "big")
    return "".join("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[(bits >> shift) & 31] for shift in range(35, -1, -5))
