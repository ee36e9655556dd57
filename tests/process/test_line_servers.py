"""The line over real TLS: servers that are not the centre, and answers that are not valid.

See faults N6, N7 and security rule 8.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.vocabulary import (
    CentreUnreachable,
    LineTrouble,
)
from host_sim.running import free_port
from tests.process.tls_servers import (
    DEADLINE_S,
    MACHINE,
    NOW,
    Authority,
    RealClock,
    Scripted,
    hear_request,
    scripted,
    server_context,
)

LONG_AGO = datetime.min.replace(tzinfo=UTC)

# --- servers that are not the centre --------------------------------------------------------------


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"), "our-ca")


def transport_to(
    ours: Authority, port: int, pins: str, host: str = "127.0.0.1", surely_past: datetime = LONG_AGO
) -> TlsTransport:
    client, _ = ours.issue("machine", client=True)
    return TlsTransport(
        host=host,
        port=port,
        ca_file=ours.file,
        server_spki_sha256=pins,
        client_certificate=client.with_name("machine.pem"),
        client_key=client.with_name("machine.key"),
        clock=RealClock(),
        surely_past=lambda: surely_past,
    )


def trouble_with(transport: TlsTransport, deadline_s: float = DEADLINE_S) -> LineTrouble | None:
    """The trouble that a heartbeat ends with; None when it was answered."""
    line = CentreLine(transport, bytes(range(32)), MACHINE, deadline_s)
    answer = line.status("0" * 32)
    transport.close()
    return answer.trouble if isinstance(answer, CentreUnreachable) else None


def say_nothing(seen: Scripted, line: socket.socket) -> None:
    hear_request(seen, line)


BAD_SERVERS: dict[str, Callable[[Authority, Path], tuple[Path, str]]] = {
    "expired": lambda ours, _: ours.issue("a", ends=timedelta(hours=-1), begins=timedelta(days=-2)),
    "not yet valid": lambda ours, _: ours.issue("b", begins=timedelta(hours=1)),
    "another host": lambda ours, _: ours.issue("c", host="10.0.0.1"),
    "a name instead of the address": lambda ours, _: ours.issue("d", host="centre.example"),
    "another CA": lambda _, there: Authority(there, "their-ca").issue("e"),
    "a CA of the same name": lambda _, there: Authority(there, "our-ca").issue("f"),
    "a machine's certificate": lambda ours, _: ours.issue("g", client=True),
    "another key": lambda ours, _: (ours.issue("h")[0], "00" * 32),
}


@pytest.mark.parametrize("name", BAD_SERVERS)
def test_a_server_that_is_not_ours_hears_nothing(ours: Authority, tmp_path: Path, name: str) -> None:
    """Fault N7: refused before a byte is sent."""
    stem, pin = BAD_SERVERS[name](ours, tmp_path)
    with scripted(server_context(stem), say_nothing) as seen:
        assert trouble_with(transport_to(ours, seen.port, pin)) is LineTrouble.SERVER_NOT_TRUSTED
    assert seen.heard == b""


LATER = NOW + timedelta(days=30)  # surely past for a machine whose clock stands a month behind
BEHIND: dict[str, tuple[timedelta, timedelta, bool]] = {
    "made meanwhile": (timedelta(days=29), timedelta(days=60), True),
    "ended meanwhile": (timedelta(days=-2), timedelta(days=29), False),
}


@pytest.mark.parametrize("name", BEHIND)
def test_a_clock_that_is_behind_judges_a_certificate_by_what_is_surely_past(ours: Authority, name: str) -> None:
    """Security rule 17. Chain and pinned key are checked as always."""
    begins, ends, is_good = BEHIND[name]
    stem, pin = ours.issue("behind", begins=begins, ends=ends)
    with scripted(server_context(stem), lambda seen, line: respond(seen, line, whole(NONE))) as seen:
        line = transport_to(ours, seen.port, pin, surely_past=LATER)
        assert trouble_with(line) is (None if is_good else LineTrouble.SERVER_NOT_TRUSTED)
        assert bool(seen.heard) is is_good


@pytest.mark.parametrize("name", ["another host", "another CA", "a CA of the same name", "another key"])
def test_a_clock_that_is_behind_lets_no_other_server_in(ours: Authority, tmp_path: Path, name: str) -> None:
    stem, pin = BAD_SERVERS[name](ours, tmp_path)
    with scripted(server_context(stem), say_nothing) as seen:
        line = transport_to(ours, seen.port, pin, surely_past=NOW + timedelta(hours=12))
        assert trouble_with(line) is LineTrouble.SERVER_NOT_TRUSTED
    assert seen.heard == b""


@pytest.mark.parametrize("context", ["TLS 1.2", "no TLS"])
def test_an_older_protocol_is_refused(ours: Authority, context: str) -> None:
    stem, pin = ours.issue("old")
    made = server_context(stem, ssl.TLSVersion.TLSv1_2) if context == "TLS 1.2" else None

    def talk(seen: Scripted, line: socket.socket) -> None:
        if context == "no TLS":
            line.recv(65536)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        else:
            say_nothing(seen, line)

    with scripted(made, talk) as seen:
        assert trouble_with(transport_to(ours, seen.port, pin)) is LineTrouble.SERVER_NOT_TRUSTED
    assert seen.heard == b""


def test_a_server_that_hangs_up_at_once_is_only_out_of_reach(ours: Authority) -> None:
    with scripted(None, lambda _seen, _line: None) as seen:
        assert trouble_with(transport_to(ours, seen.port, "00" * 32)) is LineTrouble.UNREACHABLE
    assert trouble_with(transport_to(ours, free_port(), "00" * 32)) is LineTrouble.UNREACHABLE


def test_a_second_pin_lets_the_centre_change_its_key(ours: Authority) -> None:
    stem, pin = ours.issue("next")
    answer = b'{"request_id":"' + b"0" * 32 + b'","copies":{}}'
    with scripted(server_context(stem), lambda seen, line: respond(seen, line, whole(answer))) as seen:
        assert trouble_with(transport_to(ours, seen.port, f"{'00' * 32}\n{pin.upper()}\n")) is None


def test_environment_variables_change_nothing(ours: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Security rule 8: environment variables set no proxy, no other trust store and no key log."""
    stem, pin = ours.issue("quiet")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    stranger = Authority(tmp_path, "stranger")
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger.file))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    answer = b'{"request_id":"' + b"0" * 32 + b'","copies":{}}'
    with scripted(server_context(stem), lambda seen, line: respond(seen, line, whole(answer))) as seen:
        assert trouble_with(transport_to(ours, seen.port, pin)) is None
    assert not (tmp_path / "keys").exists()
    stem, pin = stranger.issue("known-to-the-environment")
    with scripted(server_context(stem), say_nothing) as seen:
        assert trouble_with(transport_to(ours, seen.port, pin)) is LineTrouble.SERVER_NOT_TRUSTED


# --- answers that are not valid ------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
NONE = b'{"request_id":"' + b"0" * 32 + b'","copies":{}}'


def whole(body: bytes, head: bytes = OK) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def respond(seen: Scripted, line: socket.socket, answer: bytes) -> None:
    hear_request(seen, line)
    line.sendall(answer)


BAD, GONE, LATE = LineTrouble.BAD_ANSWER, LineTrouble.UNREACHABLE, LineTrouble.TIMED_OUT
ANSWERS: dict[str, tuple[bytes, LineTrouble | None]] = {
    "right": (whole(NONE), None),
    "right, in chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(NONE), NONE), None),
    "right, and goodbye": (OK + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(NONE) + NONE, None),
    "empty": (whole(b""), BAD),
    "another question's": (whole(NONE.replace(b"0", b"1")), BAD),
    "no length": (OK + b"Connection: close\r\n\r\n" + NONE, BAD),
    "shorter than told": (OK + b"Content-Length: 99\r\n\r\n" + NONE, GONE),
    "half a chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n" + NONE, GONE),
    "no chunk size": (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + NONE, GONE),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", BAD),
    "nothing": (b"", GONE),
    "no HTTP": (b"\x00\x01\x02" * 50 + b"\r\n\r\n", BAD),
    "a redirect": (whole(b"", b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\n"), BAD),
    "an error page": (whole(b"<html>", b"HTTP/1.1 502 Bad Gateway\r\n"), LineTrouble.SERVER_ERROR),
    "busy": (whole(b'{"code":"busy"}', b"HTTP/1.1 503 Service Unavailable\r\n"), LineTrouble.SERVER_ERROR),
    "somebody else's 404": (whole(b'{"detail":"Not Found"}', b"HTTP/1.1 404 Not Found\r\n"), BAD),
    "too large, and says so": (OK + b"Content-Length: 99999999999\r\n\r\n" + b" " * 5_000_000, BAD),
    "endless": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b" " * 65536 + b"\r\n" * 1, GONE),
    "a head that never ends": (OK + b"X: y\r\n" * 100_000, BAD),
    "a line that never ends": (OK + b"X: " + b"y" * 200_000, BAD),
    "go on for ever": (b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000, GONE),
    "a negative length": (OK + b"Content-Length: -5\r\n\r\n" + NONE, BAD),
    "deep": (whole(b'{"a":' * 30_000), BAD),
    "not UTF-8": (whole(NONE.replace(b"copies", b"cop\xffes")), BAD),
    "doubled": (whole(b'{"request_id":"%s","copies":{},"copies":{}}' % (b"0" * 32)), BAD),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_is_refused_with_one_word_of_trouble(ours: Authority, name: str) -> None:
    """Faults N3, N6: whatever the server sends, the line answers with one word of trouble."""
    stem, pin = ours.issue("honest")
    answer, trouble = ANSWERS[name]
    with scripted(server_context(stem), lambda seen, line: respond(seen, line, answer)) as seen:
        assert trouble_with(transport_to(ours, seen.port, pin)) is trouble
    assert seen.heard.startswith(b"GET /v1/requests/" + b"0" * 32 + b" HTTP/1.1\r\n")


def test_an_endless_answer_is_not_kept(ours: Authority) -> None:
    """Fault N6: the line stops reading at 4 MiB, well before the deadline."""
    stem, pin = ours.issue("flood")

    def flood(seen: Scripted, line: socket.socket) -> None:
        hear_request(seen, line)
        line.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            line.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")

    with scripted(server_context(stem), flood) as seen:
        assert trouble_with(transport_to(ours, seen.port, pin)) is BAD


@pytest.mark.parametrize("at", [0, 1, 20, 60, 90])
def test_a_server_that_stalls_at_any_byte_is_given_up(ours: Authority, at: int) -> None:
    stem, pin = ours.issue("stall")
    over = threading.Event()

    def stall(seen: Scripted, line: socket.socket) -> None:
        respond(seen, line, whole(NONE)[:at])
        over.wait(DEADLINE_S)

    with scripted(server_context(stem), stall) as seen:
        trouble = trouble_with(transport_to(ours, seen.port, pin), 0.3)
        over.set()
    assert trouble is LATE


def test_a_kept_connection_is_used_and_made_anew(ours: Authority) -> None:
    """One connection serves many calls; when the centre has closed it, the line opens another without an error."""
    stem, pin = ours.issue("kept")
    talks = iter((3, 1, 9))

    def talk(seen: Scripted, line: socket.socket) -> None:
        for _ in range(next(talks)):
            respond(seen, line, whole(NONE))

    with scripted(server_context(stem), talk) as seen:
        transport = transport_to(ours, seen.port, pin)
        for calls, connections in ((3, 1), (1, 2), (2, 3)):
            for _ in range(calls):
                assert transport.exchange("GET", "/v1/requests/" + "0" * 32, None, DEADLINE_S)[0] == 200
            assert seen.connections == connections
        transport.close()


def test_an_answer_nobody_asked_for_is_never_the_next_answer(ours: Authority) -> None:
    """A kept connection that holds bytes of the previous session is closed before it is used again."""
    stem, pin = ours.issue("twice")
    stale = whole(b'{"stale":1}')

    def talk(seen: Scripted, line: socket.socket) -> None:
        hear_request(seen, line)
        if seen.connections == 1:
            line.sendall(whole(NONE))
            line.sendall(stale)
            hear_request(seen, line)
        line.sendall(whole(NONE))

    with scripted(server_context(stem), talk) as seen:
        transport = transport_to(ours, seen.port, pin)
        path = "/v1/requests/" + "0" * 32
        answers: list[Any] = [transport.exchange("GET", path, None, DEADLINE_S)[2] for _ in range(2)]
        transport.close()
    assert answers == [NONE, NONE]
    assert seen.connections == 2


def test_a_call_that_was_half_answered_is_not_asked_again(ours: Authority) -> None:
    """A kept connection that breaks inside an answer is trouble; the call is repeated only if no byte was answered."""
    stem, pin = ours.issue("half")

    def talk(seen: Scripted, line: socket.socket) -> None:
        respond(seen, line, whole(NONE))
        respond(seen, line, whole(NONE)[:-5])

    with scripted(server_context(stem), talk) as seen:
        transport = transport_to(ours, seen.port, pin)
        line = CentreLine(transport, bytes(range(32)), MACHINE, DEADLINE_S)
        assert line.status("0" * 32) == {}
        assert line.status("0" * 32) == CentreUnreachable(GONE)
        assert seen.connections == 1
        transport.close()
