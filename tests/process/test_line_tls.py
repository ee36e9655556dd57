"""The line over real TLS to the real centre's process: a cable that fails, and clients that are not our machines.

See faults N1, N2, N3, N9 and security rule 8. Servers that are not the centre: `test_line_servers.py`.
"""

import base64
import json
import secrets
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.line.centre import CentreLine, LineFailed
from drivers.vocabulary import (
    AdviceFate,
    Authenticated,
    CentreRefusal,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    CopyState,
    LineTrouble,
    OrderItem,
    Reserved,
)
from host_sim.adapters.line import LineFault
from tests.process.running_centre import Running, running_centre
from tests.process.tls_servers import (
    DEADLINE_S,
    MACHINE,
    Authority,
)
from tests.unit.centre.cards import Card

BEAT = {"journal_seq": 1, "journal_head": "", "state": "IN_SERVICE", "reasons": [], "events": []}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_centre(tmp_path_factory.mktemp("run")) as centre:
        yield centre


@pytest.fixture(autouse=True)
def _mended(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "running" in request.fixturenames:
        request.getfixturevalue("running").cable.mend()


def authenticated(line: CentreLine, card: Card, machine: str = MACHINE) -> tuple[bytes, Authenticated]:
    nonce = secrets.token_bytes(16)
    challenge = line.challenge(nonce, card.read)
    assert isinstance(challenge, Challenge), challenge
    who = line.authenticate(nonce, challenge, card.prove(challenge, nonce, machine))
    assert isinstance(who, Authenticated), who
    return nonce, who


def seal_certificate(who: Authenticated, copies: int = 1) -> OrderItem:
    offer = next(offer for offer in who.offers if offer.kind == "inkan")
    return OrderItem(kind="inkan", options={}, copies=copies, fee_yen=offer.fee_yen)


# --- all is well ----------------------------------------------------------------------------------


def test_a_real_certificate_comes_over_the_line(running: Running) -> None:
    line = running.line()
    nonce, who = authenticated(line, running.cards["hanako"])
    rid = secrets.token_hex(16)
    reserved = line.reserve(rid, nonce, who.authentication_id, [seal_certificate(who, 2)], running.cards["hanako"].read)
    assert isinstance(reserved, Reserved)
    for copy in (1, 2):
        document = line.fetch(reserved, copy)
        assert isinstance(document, bytes)
        assert document.startswith(b"%PDF-1.7")
    assert line.status(rid) == {1: CopyState.DELIVERED, 2: CopyState.DELIVERED}
    for copy, op, why in ((1, "issued", "printed"), (2, "void", "paper_out")):
        advice = {"op": op, "request_id": rid, "copy": copy, "reason": why, "journal_head": "a" * 64}
        assert line.advise(advice) is AdviceFate.ACKNOWLEDGED
    assert line.status(rid) == {1: CopyState.ISSUED, 2: CopyState.VOID}
    assert line.heartbeat(BEAT)


def test_a_machines_name_is_taken_from_its_certificate(running: Running) -> None:
    """One machine can do nothing with what was promised to another, whatever it asks."""
    nonce, who = authenticated(running.line(), running.cards["taro"])
    other = running.line("machine-00")
    rid = secrets.token_hex(16)
    order = (rid, nonce, who.authentication_id, [seal_certificate(who)], running.cards["taro"].read)
    assert other.reserve(*order) == CentreRefused(CentreRefusal.BAD_REQUEST)
    assert isinstance(running.line().reserve(*order), Reserved)
    assert other.status(rid) == CentreUnreachable(LineTrouble.BAD_ANSWER) or other.status(rid) == {}
    assert other.advise({"op": "void", "request_id": rid, "copy": 1, "reason": "x"}) is AdviceFate.REFUSED


# --- a cable that fails ---------------------------------------------------------------------------


def test_a_cut_line_comes_back(running: Running) -> None:
    """Fault N9. The kept connection breaks with the cable; once the cable is mended the line opens a new one."""
    line = running.line()
    assert line.heartbeat(BEAT)
    running.cable.cut()
    nonce = secrets.token_bytes(16)
    gone = CentreUnreachable(LineTrouble.UNREACHABLE)
    assert line.challenge(nonce, running.cards["hanako"].read) == gone
    assert not line.heartbeat(BEAT)
    running.cable.mend()
    assert line.heartbeat(BEAT)


@pytest.mark.parametrize("fault", [LineFault(silent=True), LineFault(bytes_per_s=1), LineFault(delay_s=30)], ids=repr)
@pytest.mark.parametrize("fresh", [True, False])
def test_a_slow_line_is_given_up(running: Running, fault: LineFault, fresh: bool) -> None:
    """Fault N3: one deadline for the whole exchange, the handshake included."""
    line = running.line(deadline_s=0.4)
    if not fresh:
        assert running.line().heartbeat(BEAT)
        line.heartbeat(BEAT)
    running.cable.fail(fault)
    answer = line.challenge(secrets.token_bytes(16), running.cards["hanako"].read)
    assert answer == CentreUnreachable(LineTrouble.TIMED_OUT)


def test_a_connection_that_timed_out_is_never_read_again(running: Running) -> None:
    """Fault N2: the connection is closed, so its late answer cannot be read."""
    line = running.line()
    assert line.heartbeat(BEAT)
    running.cable.fail(LineFault(silent=True))
    late, _ = running.lines(deadline_s=0.4)
    assert not late.heartbeat(BEAT)
    running.cable.mend()
    late._deadline_s = DEADLINE_S
    assert late.heartbeat({**BEAT, "journal_seq": 2})


def test_whole_requests_survive_a_line_that_breaks_at_any_byte(running: Running) -> None:
    """Fault N1: cut in the middle of the answer, then repeat the request: one promise, one outcome."""
    card = running.cards["hanako"]
    nonce, who = authenticated(running.line(), card)
    rid = secrets.token_hex(16)
    order = (rid, nonce, who.authentication_id, [seal_certificate(who)], card.read)
    answers = []
    for bytes_ in (0, 1, 700, 1500, 1800, 2600, 2900, 3100, 3300, 4000):
        running.cable.fail(LineFault(cut_after_bytes=bytes_))
        answers.append(running.line().reserve(*order))
        running.cable.mend()
    while not isinstance(answers[-1], Reserved):  # the centre answers "busy" while it still works on the first request
        answers.append(running.line().reserve(*order))
    kept = [answer for answer in answers if isinstance(answer, Reserved)]
    assert len(set(map(repr, kept))) == 1
    assert all(isinstance(answer, CentreUnreachable) for answer in answers if answer not in kept)
    assert answers[0] == CentreUnreachable(LineTrouble.UNREACHABLE)
    assert running.line().status(rid) == {1: CopyState.RESERVED}
    # Then the outcome: repeated until acknowledged, and recorded once.
    end = {"op": "void", "request_id": rid, "copy": 1, "reason": "cancelled"}
    running.cable.fail(LineFault(cut_after_bytes=2500))
    running.line().advise(end)
    running.cable.mend()
    assert running.line().advise(end) is AdviceFate.ACKNOWLEDGED
    assert running.line().status(rid) == {1: CopyState.VOID}


def test_a_document_cut_short_is_no_binding_fault(running: Running) -> None:
    """A cable that breaks must not stop the municipality's line."""
    card = running.cards["taro"]
    line, transport = running.lines()
    nonce, who = authenticated(line, card)
    reserved = line.reserve(secrets.token_hex(16), nonce, who.authentication_id, [seal_certificate(who)], card.read)
    assert isinstance(reserved, Reserved)
    for part in (1, 300, reserved.copies[0].size_bytes // 2, reserved.copies[0].size_bytes):
        running.cable.fail(LineFault(cut_after_bytes=part))
        assert line.fetch(reserved, 1) == CentreUnreachable(LineTrouble.UNREACHABLE)
        running.cable.mend()
    assert isinstance(line.fetch(reserved, 1), bytes)
    transport.close()


def test_an_impostor_on_the_line_hears_nothing(running: Running, tmp_path: Path) -> None:
    stem, _ = Authority(tmp_path, "other").issue("centre")
    running.cable.fail(LineFault(impostor=stem))
    line = running.line()
    assert line.challenge(bytes(16), running.cards["hanako"].read) == CentreUnreachable(LineTrouble.SERVER_NOT_TRUSTED)
    running.cable.mend()
    assert line.heartbeat(BEAT)


def test_machines_at_once_get_their_own_papers(running: Running) -> None:
    """Four machines over TLS, together, each with its own resident; every document binds or is refused."""
    holders = ["hanako", "taro", "hanako", "taro"]

    def issue(number: int) -> int:
        machine = f"machine-{number:02}"
        line, transport = running.lines(machine)
        card, done = running.cards[holders[number]], 0
        for _ in range(3):
            nonce, who = authenticated(line, card, machine)
            order = (nonce, who.authentication_id, [seal_certificate(who)], card.read)
            reserved = line.reserve(secrets.token_hex(16), *order)
            assert isinstance(reserved, Reserved), reserved
            assert isinstance(line.fetch(reserved, 1), bytes)
            done += 1
        transport.close()
        return done

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(issue, range(4))) == [3, 3, 3, 3]


# --- clients that are not ours --------------------------------------------------------------------


def first_byte(context: ssl.SSLContext, port: int) -> bytes:
    """What a server answers a client with this identity; nothing if it hangs up."""
    plain = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
    try:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: centre\r\n\r\n")
            return secure.recv(1)
    except OSError:
        return b""
    finally:
        plain.close()


def test_a_client_without_a_certificate_of_ours_is_no_machine(running: Running, tmp_path: Path) -> None:
    tls = running.run / "centre" / "tls"
    stranger, _ = Authority(tmp_path, "stranger").issue(MACHINE, client=True)
    for client in (None, stranger):
        context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
        if client is not None:
            context.load_cert_chain(client.with_name(f"{MACHINE}.pem"), client.with_name(f"{MACHINE}.key"))
        assert first_byte(context, running.cable.port) == b""


def test_the_centre_bounds_what_it_reads(running: Running) -> None:
    _, transport = running.lines()
    huge = base64.b64encode(bytes(400_000))
    body = b'{"session_nonce":"%s","method":"jpki","credential":"%s"}' % (huge, huge)
    # A centre that closes a connection with unread bytes resets it, and a reset may overtake its answer.
    with suppress(LineFailed):
        status, _, answer = transport.exchange("POST", "/v1/challenges", body, DEADLINE_S)
        assert (status, json.loads(answer)) == (400, {"code": "bad_request", "pin_tries_left": None})
    status, _, answer = transport.exchange("POST", "/v1/challenges", b"{}", DEADLINE_S)
    assert (status, json.loads(answer)["code"]) == (422, "bad_request")
    transport.close()
