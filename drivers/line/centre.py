"""The machine's end of the line: asks, checks every answer against what was asked, and keeps nothing of a session.

`Transport` has one method, so that the same code runs over TLS and over a wire in memory. Whatever
goes wrong there (no route, a certificate that is not the centre's, an answer too slow, too large or against the
specification) becomes `CentreUnreachable` with its trouble: the centre may or may not have acted.
A well-formed manifest or document that is not what was asked becomes `BindingFailed` and is never printed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.line import manifest, messages, site_table
from drivers.line.fields import BadMessage
from drivers.line.site_table import SignedTable, SiteTable
from drivers.vocabulary import (
    AdviceFate,
    Attendance,
    Authenticated,
    BindingFailed,
    CardProof,
    CardRead,
    CaseTold,
    CaseWord,
    CentreRefusal,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    CopyState,
    HeartbeatTold,
    LineTrouble,
    OrderItem,
    Reserved,
)

_T = TypeVar("_T")
Head = tuple[int, str]  # of the machine's journal: sequence number and hash (hex)
NO_HEADERS: Mapping[str, str] = {}


class LineFailed(Exception):
    """The transport got no answer; `trouble` says why."""

    def __init__(self, trouble: LineTrouble) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


class Transport(Protocol):
    """One request, one answer, within one deadline."""

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request, with these headers besides its own; return status, headers (names lower-case) and the whole body.

        Raises `LineFailed`.
        """
        ...


class CentreLine:
    """Satisfies `firmware.ports.Centre`. `manifest_key`: the centre's Ed25519 public key, raw. Source: README.md.

    `head`: the journal's head, told in every message; None while the machine has none that it may tell, as a bench.
    """

    def __init__(
        self,
        transport: Transport,
        manifest_key: bytes,
        machine: str,
        deadline_s: float,
        head: Callable[[], Head | None] = lambda: None,
    ) -> None:
        self._head = head
        self._transport = transport
        self._manifest_key = Ed25519PublicKey.from_public_bytes(manifest_key)
        self._machine = machine
        self._deadline_s = deadline_s

    # --- who ------------------------------------------------------------------------------------

    def challenge(
        self, session_nonce: bytes, card: CardRead, *, attended: bool = False
    ) -> Challenge | CentreRefused | CentreUnreachable:
        """`attended`: no PIN is asked for, because two clerks vouch for the resident."""
        body = messages.ask_challenge(session_nonce, card, attended=attended)
        read = partial(messages.read_challenge, session_nonce=session_nonce, method=card.method, attended=attended)
        return self.ask("/v1/challenges", body, read)

    def authenticate(
        self, session_nonce: bytes, challenge: Challenge, proof: CardProof, attended: Sequence[Attendance] = ()
    ) -> Authenticated | CentreRefused | CentreUnreachable:
        body = messages.ask_authentication(session_nonce, challenge, proof, attended)
        read = partial(messages.read_authenticated, session_nonce=session_nonce)
        return self.ask("/v1/authentications", body, read)

    def tell_code(
        self, session_nonce: bytes, who: Authenticated, code: str
    ) -> Authenticated | CentreRefused | CentreUnreachable:
        body = messages.tell_code(session_nonce, who.authentication_id, code)
        return self.ask("/v1/exemptions", body, partial(messages.read_exempted, session_nonce=session_nonce, who=who))

    # --- what -----------------------------------------------------------------------------------

    def reserve(
        self, request_id: str, session_nonce: bytes, authentication_id: str, items: Sequence[OrderItem], card: CardRead
    ) -> Reserved | BindingFailed | CentreRefused | CentreUnreachable:
        asked = manifest.Asked(
            request_id=request_id,
            machine=self._machine,
            session_nonce=session_nonce,
            card_fingerprint=manifest.fingerprint(card.credential),
            items=items,
        )
        body = messages.ask_reservation(request_id, session_nonce, authentication_id, items)
        answer = self.ask("/v1/requests", body, lambda answered: manifest.verified(answered, self._manifest_key, asked))
        return BindingFailed(answer) if isinstance(answer, str) else answer

    def fetch(self, reserved: Reserved, copy: int) -> bytes | BindingFailed | CentreRefused | CentreUnreachable:
        """The document of one copy. `reserved` is what `reserve` returned; copies count from 1."""
        promised = reserved.copies[copy - 1]
        answer = self._exchange(
            "GET", messages.copy_path(reserved.request_id, promised.copy, "document"), None, self._head()
        )
        if isinstance(answer, CentreUnreachable):
            return answer
        status, headers, document = answer
        if status != 200:
            return _refusal(status, document)
        stamp = headers.get("kofuki-stamp", "")
        wrong = manifest.wrong_document(document, stamp, self._manifest_key, reserved, promised)
        return document if wrong is None else BindingFailed(wrong)

    # --- what became of it ----------------------------------------------------------------------

    def status(self, request_id: str) -> Mapping[int, CopyState] | CentreUnreachable:
        """Copy number -> state; empty when the centre does not know the request, which takes more than a bare 404."""
        answer = self._exchange("GET", messages.request_path(request_id), None, self._head())
        if isinstance(answer, CentreUnreachable):
            return answer
        status, _, body = answer
        if status == 200:
            return _read(body, partial(messages.read_states, request_id=request_id))
        refused = _refusal(status, body)
        if isinstance(refused, CentreUnreachable):
            return refused
        if status == 404 and refused.code is CentreRefusal.BAD_REQUEST:
            return {}
        return CentreUnreachable(LineTrouble.BAD_ANSWER)

    def advise(self, advice: Mapping[str, object]) -> AdviceFate:
        """Send one advice. ACKNOWLEDGED when the centre answers that its books now hold it."""
        path, body = messages.tell_advice(advice)
        answer = self.ask(path, body, _reader_of(advice))
        if isinstance(answer, CentreUnreachable):
            return AdviceFate.UNHEARD
        if isinstance(answer, CentreRefused):
            return AdviceFate.REFUSED
        told_and_stands = (advice["op"], answer)
        contradicted = told_and_stands in {
            ("issued", CopyState.VOID),
            ("issued", CopyState.NONE),
            ("void", CopyState.ISSUED),
        }
        return AdviceFate.CONTRADICTED if contradicted else AdviceFate.ACKNOWLEDGED

    def hold_claim(self, key: str, collection: int, journal_head: str) -> int | None:
        """Hold a claim, so that nobody else pays it; return the yen still owed, None when refused or not answered."""
        path, body = messages.ask_hold(key, collection, journal_head)
        left_yen = self.ask(path, body, partial(messages.read_left, key=key))
        return left_yen if isinstance(left_yen, int) else None

    def heartbeat(self, state: Mapping[str, object]) -> HeartbeatTold | None:
        """Send a heartbeat; return what the centre says to it, None without a valid answer.

        `state`: the fields that README.md lists; `state` itself at least. The journal's head is read when it is sent, as in
        every message: a head read earlier could arrive after a newer one.
        """
        head = self._head()
        if head is not None:
            state = {**state, "journal_seq": head[0], "journal_head": head[1]}
        seq = state.get("journal_seq", 0)
        assert isinstance(seq, int)
        asked = messages.ask_heartbeat(state)
        answer = self._exchange("POST", "/v1/heartbeats", asked, None)
        told = self._answered(answer, partial(messages.read_heartbeat, journal_seq=seq))
        return None if isinstance(told, CentreRefused | CentreUnreachable) else told

    def tell_cases(self, seq: int, head: str, cases: Sequence[CaseTold], words: Sequence[CaseWord]) -> bool:
        """Tell the open cases at this number of the journal; returns whether the centre has them. Idempotent."""
        body = messages.tell_cases(seq, head, cases, words)
        told = self.ask("/v1/cases", body, partial(messages.read_cases_heard, journal_seq=seq))
        return told is None

    # --- the site table -------------------------------------------------------------------------

    def site_tables(self) -> tuple[SignedTable, ...] | CentreRefused | CentreUnreachable:
        """The site tables of this machine, as they came: `opened` verifies them."""
        answer = self._exchange("GET", "/v1/site-tables", None, self._head())
        if isinstance(answer, CentreUnreachable):
            return answer
        status, _, body = answer
        return _read(body, site_table.read_tables) if status == 200 else _refusal(status, body)

    def opened(self, signed: Sequence[SignedTable]) -> tuple[SiteTable, ...]:
        """These tables, verified, whether they came now or were kept. Raises `BadMessage`. Asks nobody."""
        return site_table.all_opened(signed, self._manifest_key, self._machine)

    # --- any call -------------------------------------------------------------------------------

    def ask(self, path: str, body: bytes, read: Callable[[bytes], _T]) -> _T | CentreRefused | CentreUnreachable:
        """Send one message; return what `read` makes of a good answer. `read` raises `BadMessage`."""
        return self._answered(self._exchange("POST", path, body, self._head()), read)

    def _answered(
        self, answer: tuple[int, Mapping[str, str], bytes] | CentreUnreachable, read: Callable[[bytes], _T]
    ) -> _T | CentreRefused | CentreUnreachable:
        if isinstance(answer, CentreUnreachable):
            return answer
        status, _, answered = answer
        return _read(answered, read) if status == 200 else _refusal(status, answered)

    def _exchange(
        self, method: str, path: str, body: bytes | None, head: Head | None
    ) -> tuple[int, Mapping[str, str], bytes] | CentreUnreachable:
        try:
            return self._transport.exchange(method, path, body, self._deadline_s, messages.journal_header(head))
        except LineFailed as failed:
            return CentreUnreachable(failed.trouble)


def _reader_of(advice: Mapping[str, object]) -> Callable[[bytes], object]:
    """The function that reads the answer to this advice."""
    match advice["op"]:
        case "claim":
            return partial(messages.read_claim, key=str(advice["key"]))
        case "collected" | "heard":
            return partial(messages.read_left, key=str(advice["key"]))
        case _:
            copy = advice["copy"]
            assert isinstance(copy, int)
            return partial(messages.read_state, request_id=str(advice["request_id"]), copy=copy)


def _read(body: bytes, read: Callable[[bytes], _T]) -> _T | CentreUnreachable:
    try:
        return read(body)
    except BadMessage:
        return CentreUnreachable(LineTrouble.BAD_ANSWER)


def _refusal(status: int, body: bytes) -> CentreRefused | CentreUnreachable:
    if 400 <= status < 500:
        return _read(body, messages.read_refusal)
    return CentreUnreachable(LineTrouble.SERVER_ERROR if status >= 500 else LineTrouble.BAD_ANSWER)
