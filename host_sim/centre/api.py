"""The line's calls as a web service; its OpenAPI document is the line's specification.

The endpoints hold no rule: they read a message, call `Doorkeeper`, `Issuer` or `Settler`, and write a message. They
depend on `Centre` only, so that the same endpoints serve TLS (`operating/gate.py`) and calls in memory (`memory.py`); both
answer by `calls.py`.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, Header, Path, Request, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from host_sim.centre import messages as say
from host_sim.centre.authentication import Answer, Doorkeeper, Known, Refused
from host_sim.centre.card_desk.writing import CardWriting, ChipAsked, Finish, Found
from host_sim.centre.city.signed import SiteTables
from host_sim.centre.database import Busy
from host_sim.centre.generator import DocumentWrong
from host_sim.centre.issuing import Issuer
from host_sim.centre.operating import witness
from host_sim.centre.settling import Settler
from host_sim.centre.staff.vouching import Attendance
from host_sim.centre.store import Peer

RequestId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
CopyNumber = Annotated[int, Path(ge=1, le=99)]


class NotFound(Exception):
    """This machine has no such request."""


class NoCall(Exception):
    """There is no such call, or its body is not a message."""


class Misread(Exception):
    """A message of this call has other fields or values than it must have."""


@dataclass(frozen=True, slots=True)
class Centre:
    doorkeeper: Doorkeeper
    issuer: Issuer
    settler: Settler
    site_tables: SiteTables
    card_writing: CardWriting
    now: Callable[[], datetime]  # Asia/Tokyo


def answer_trouble(trouble: Exception) -> tuple[int, dict[str, Any]]:
    """HTTP status and body for an expected exception, in the line's words. Raises any other exception again."""
    match trouble:
        case Refused(code=code, pin_tries_left=left):
            return 403, {"code": code, "pin_tries_left": left}
        case DocumentWrong():
            return 403, {"code": "stopped", "pin_tries_left": None}
        case Misread():
            return 422, {"code": "bad_request", "pin_tries_left": None}
        case NotFound():
            return 404, {"code": "bad_request", "pin_tries_left": None}
        case NoCall():
            return 400, {"code": "bad_request", "pin_tries_left": None}
        case Busy():
            return 503, {"code": "busy"}
        case _:
            raise trouble


TROUBLES = (Refused, DocumentWrong, Misread, NotFound, NoCall, Busy)


def failure(trouble: Exception) -> tuple[int, dict[str, Any]]:
    """HTTP status and body for an exception that nobody expected: no word of it leaves."""
    lost = isinstance(trouble, OperationalError | InterfaceError | PoolTimeout)  # no database
    return (503, {"code": "busy"}) if lost else (500, {"code": "failed"})


_ABOUT = (
    "The line between machine and centre (drivers/line/README.md): TLS 1.3 with client certificates. A body is at most "
    "256 KiB, a request's head 16 KiB. Unknown calls are 400 and `bad_request`. A connection that does not send a whole "
    "request in ten seconds is closed without an answer."
)


def make_app(centre: Centre) -> FastAPI:
    """The calls, described. The machine's name comes from its client certificate, never from a body."""
    app = FastAPI(
        title="Kofuki issuing centre",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_with_head)],
    )
    _site_tables(app, centre)
    _before_the_order(app, centre)
    _the_order(app, centre)
    _afterwards(app, centre)
    _card_orders(app, centre)
    return app


async def _with_head(
    kofuki_journal: Annotated[
        str | None,
        Header(alias=witness.HEADER, description="the journal's head: sequence number, space, hash in hex"),
    ] = None,
) -> None:
    """Puts the header into the OpenAPI document of every call."""


def document() -> dict[str, Any]:
    """The OpenAPI document. No call is made, so no centre is needed."""
    return make_app(cast(Centre, None)).openapi()


_REFUSALS: dict[int | str, dict[str, Any]] = {
    **{status: {"model": say.Refusal, "description": text} for status, text in say.REFUSALS.items()},
    500: {"model": say.Failure, "description": "The program failed; a person must look at it."},
    503: {
        "model": say.Failure,
        "description": "Busy: ask again later. The machine treats it as an unreachable centre.",
    },
}
_UNKNOWN = {**_REFUSALS, 404: {"model": say.Refusal, "description": "This machine has no such request."}}
_PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}, **_REFUSALS}


def _before_the_order(app: FastAPI, centre: Centre) -> None:
    @app.post("/v1/challenges", responses=_REFUSALS)
    def challenge(asked: say.ChallengeAsked, request: Request) -> say.ChallengeGiven:
        peer, now = caller(centre, request), centre.now()
        nonce, credential = base64.b64decode(asked.session_nonce), base64.b64decode(asked.credential)
        given = centre.doorkeeper.challenge(peer, nonce, asked.method, credential, now, attended=asked.attended)
        return say.ChallengeGiven(
            session_nonce=asked.session_nonce,
            challenge_id=given.challenge_id,
            challenge=base64.b64encode(given.challenge).decode(),
            expires_at=given.expires_at.isoformat(),
            pin_key=None if given.pin_key is None else base64.b64encode(given.pin_key).decode(),
            pin_tries_left=given.pin_tries_left,
            clerks=[say.Clerk(login=login, name=name) for login, name in given.clerks] if given.clerks else None,
        )

    @app.post("/v1/authentications", responses=_REFUSALS)
    def authenticate(asked: say.AuthenticationAsked, request: Request) -> say.AuthenticationGiven:
        peer, now = caller(centre, request), centre.now()
        answer = Answer(
            challenge_id=asked.challenge_id,
            session_nonce=base64.b64decode(asked.session_nonce),
            signature=base64.b64decode(asked.signature),
            encrypted_pin=None if asked.encrypted_pin is None else base64.b64decode(asked.encrypted_pin),
            attended=[Attendance(clerk.login, clerk.code) for clerk in asked.attended or ()],
        )
        known = centre.doorkeeper.authenticate(peer, answer, now)
        return welcomed(asked.session_nonce, peer, known, now)

    @app.post("/v1/exemptions", responses=_REFUSALS)
    def exempt(asked: say.ExemptionAsked, request: Request) -> say.AuthenticationGiven:
        peer, now = caller(centre, request), centre.now()
        nonce = base64.b64decode(asked.session_nonce)
        known = centre.issuer.exempt(peer, asked.authentication_id, nonce, asked.code, now)
        return welcomed(asked.session_nonce, peer, known, now)

    def welcomed(session_nonce: str, peer: Peer, known: Known, now: datetime) -> say.AuthenticationGiven:
        told = centre.issuer.welcome(peer, known, now)
        return say.AuthenticationGiven(
            session_nonce=session_nonce,
            authentication_id=known.authentication_id,
            masked_name=told.masked_name,
            offers=[say.Offer.model_validate(offer) for offer in told.offers],
            takes_code=told.takes_code,
        )


def _site_tables(app: FastAPI, centre: Centre) -> None:
    @app.get("/v1/site-tables", responses=_REFUSALS)
    def site_tables(request: Request) -> say.SiteTables:
        tables = centre.site_tables.tables(caller(centre, request).name, centre.now())
        if not tables:
            raise Refused("not_registered")
        return say.SiteTables.model_validate({"tables": tables})


def _the_order(app: FastAPI, centre: Centre) -> None:
    @app.post("/v1/requests", responses=_REFUSALS)
    def reserve(order: say.Order, request: Request) -> say.Promise:
        request.scope["kofuki.request_id"] = order.request_id  # for the log
        promise = centre.issuer.reserve(caller(centre, request, keep=True), order.model_dump(), centre.now())
        return say.Promise(manifest=promise.manifest, signature=base64.b64encode(promise.signature).decode())

    @app.get("/v1/requests/{request_id}", responses=_UNKNOWN)
    def states(request_id: RequestId, request: Request) -> say.States:
        known = centre.settler.states(caller(centre, request), request_id, centre.now())
        if known is None:
            raise NotFound
        return say.States.model_validate({"request_id": request_id, "copies": known})

    @app.get("/v1/requests/{request_id}/copies/{copy}/document", responses=_PDF, response_class=Response)
    def document(request_id: RequestId, copy: CopyNumber, request: Request) -> Response:
        found = centre.settler.deliver(caller(centre, request), request_id, copy, centre.now())
        return Response(found.body, media_type="application/pdf", headers={"Kofuki-Stamp": found.stamp})


def _afterwards(app: FastAPI, centre: Centre) -> None:
    @app.post("/v1/requests/{request_id}/copies/{copy}/issued", responses=_REFUSALS)
    def issued(request_id: RequestId, copy: CopyNumber, advice: say.Issued, request: Request) -> say.State:
        return _settled(request_id, copy, "issued", advice.model_dump(), request)

    @app.post("/v1/requests/{request_id}/copies/{copy}/void", responses=_REFUSALS)
    def void(request_id: RequestId, copy: CopyNumber, advice: say.Void, request: Request) -> say.State:
        return _settled(request_id, copy, "void", advice.model_dump(), request)

    def _settled(request_id: str, copy: int, state: str, told: dict[str, str], request: Request) -> say.State:
        stands = centre.settler.settle(caller(centre, request, keep=True), request_id, copy, state, told, centre.now())
        return say.State.model_validate({"request_id": request_id, "copy": copy, "state": stands})

    @app.post("/v1/claims", responses=_REFUSALS)
    def claim(asked: say.Claim, request: Request) -> say.ClaimGiven:
        code = centre.settler.claim(
            caller(centre, request, keep=True), asked.key, asked.amount_yen, asked.reason, centre.now()
        )
        return say.ClaimGiven(key=asked.key, claim_code=code)

    @app.post("/v1/claims/{key}/hold", responses=_REFUSALS)
    def hold(key: RequestId, asked: say.Hold, request: Request) -> say.ClaimLeft:
        left_yen = centre.settler.hold(caller(centre, request, keep=True), key, asked.collection, centre.now())
        return say.ClaimLeft(key=key, left_yen=left_yen)

    @app.post("/v1/claims/{key}/collected", responses=_REFUSALS)
    def collected(key: RequestId, asked: say.Collected, request: Request) -> say.ClaimLeft:
        told = (asked.amount_yen, asked.collection)
        return say.ClaimLeft(
            key=key, left_yen=centre.settler.collected(caller(centre, request, keep=True), key, *told, centre.now())
        )

    @app.post("/v1/claims/{key}/heard", responses=_REFUSALS)
    def heard(key: RequestId, asked: say.Heard, request: Request) -> say.ClaimLeft:
        left_yen = centre.settler.heard(caller(centre, request, keep=True), key, asked.amount_yen, centre.now())
        return say.ClaimLeft(key=key, left_yen=left_yen)

    @app.post("/v1/cases", responses=_REFUSALS)
    def cases(told: say.Cases, request: Request) -> say.CasesHeard:
        centre.settler.cases(caller(centre, request), told.model_dump(), centre.now())
        return say.CasesHeard(journal_seq=told.journal_seq)

    @app.post("/v1/heartbeats", responses=_REFUSALS)
    def heartbeat(beat: say.Heartbeat, request: Request) -> say.HeartbeatGiven:
        peer, now = peer_of(request), centre.now()
        seq, head = centre.settler.witnessed(peer)  # before this heartbeat
        notices = centre.settler.heartbeat(peer, beat.model_dump(), now, opened(request))
        version = centre.site_tables.highest(peer.name, now, beat.site_table)
        return say.HeartbeatGiven(
            journal_seq=beat.journal_seq,
            time=now.isoformat(),
            notices=notices,
            site_table=version,
            claims_paid=[say.ClaimPaid(key=key, amount_yen=yen) for key, yen in centre.settler.claims_paid(peer)],
            witnessed_seq=seq,
            witnessed_head=head,
        )


def _card_orders(app: FastAPI, centre: Centre) -> None:
    """For the terminal at a counter that has a reader for blank cards (drivers/card_desk)."""

    @app.post("/v1/card-orders", responses=_REFUSALS)
    def begin(asked: say.CardOrderAsked, request: Request) -> say.CardOrderGiven:
        chip = None
        if asked.chip is not None:
            chip = ChipAsked(base64.b64decode(asked.chip.serial), base64.b64decode(asked.chip.challenge))
        nonce = base64.b64decode(asked.session_nonce)
        found = Found(chip, None if asked.credential is None else base64.b64decode(asked.credential))
        begun = centre.card_writing.begin(peer_of(request), nonce, asked.code, found, centre.now())
        return say.CardOrderGiven(
            session_nonce=asked.session_nonce,
            order_id=begun.order_id,
            writes=begun.writes,
            asks_old=begun.asks_old,
            token=None if begun.token is None else base64.b64encode(begun.token).decode(),
            challenge=base64.b64encode(begun.challenge).decode(),
            pin_key=base64.b64encode(begun.pin_key).decode(),
        )

    @app.post("/v1/card-orders/{order_id}/record", responses=_REFUSALS)
    def record(order_id: RequestId, asked: say.CardRecordAsked, request: Request) -> say.CardRecordGiven:
        nonce, point = base64.b64decode(asked.session_nonce), base64.b64decode(asked.point)
        made = centre.card_writing.record(peer_of(request), nonce, order_id, point, centre.now())
        return say.CardRecordGiven(order_id=order_id, record=base64.b64encode(made).decode())

    @app.post("/v1/card-orders/{order_id}/finish", responses=_REFUSALS)
    def finish(order_id: RequestId, told: say.CardFinished, request: Request) -> say.CardOutcome:
        answer = Finish(
            order_id=order_id,
            session_nonce=base64.b64decode(told.session_nonce),
            credential=base64.b64decode(told.credential),
            signature=base64.b64decode(told.signature),
            encrypted_pin=base64.b64decode(told.encrypted_pin),
            encrypted_again=base64.b64decode(told.encrypted_again),
            encrypted_old=None if told.encrypted_old is None else base64.b64decode(told.encrypted_old),
            keep_easy=told.keep_easy,
        )
        outcome = centre.card_writing.finish(peer_of(request), answer, centre.now())
        return say.CardOutcome.model_validate({"order_id": order_id, "outcome": outcome})


def caller(centre: Centre, request: Request, *, keep: bool = False) -> Peer:
    """The machine that sent the request. Its journal's head, in a header, is compared; `keep`: and stored (fault J1)."""
    peer, header = peer_of(request), request.headers.get(witness.HEADER)
    if header is not None:
        try:
            centre.settler.hear_head(peer, header, centre.now(), opened_s=opened(request), keep=keep)
        except ValueError:
            raise NoCall from None
    return peer


def opened(request: Request) -> float | None:
    """When the connection of a request was opened (Unix time); None without a wire."""
    at: float | None = request.scope.get("kofuki.opened")
    return at


def peer_of(request: Request) -> Peer:
    """The machine that sent the request. `tls.py` or `memory.py` puts it into the scope, from its client certificate."""
    peer = request.scope.get("kofuki.peer")
    if not isinstance(peer, Peer):
        raise Refused("bad_request")
    return peer
