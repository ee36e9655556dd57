"""Clients that spend the centre's bytes, time and connections, over real TLS: each is cut off, and others are served."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_sim.centre.alarms.sending import Sender
from host_sim.centre.identity import ensure_identity
from host_sim.centre.machines.registry import enter_first
from host_sim.centre.operating.lanes import CONNECTIONS
from host_sim.centre.operating.startup import manifest_of
from host_sim.centre.serving import Place, Server
from host_sim.centre.store import Peer
from host_sim.centre.wire import HEAD_BYTES_MAX, HEADERS_MAX, Bounds
from tests.process.tls_servers import DEADLINE_S
from tests.unit.centre.cities import MIYAZAKI
from tests.unit.centre.town import HALL, SHOP, Town

BEAT = b'{"journal_seq":1,"journal_head":"","state":"x","reasons":[],"events":[]}'
HEAD = b"POST /v1/heartbeats HTTP/1.1\r\nhost: centre\r\ncontent-type: application/json\r\n"
WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(BEAT) + BEAT


STRANGER = Peer("miyazaki-store-99", "store")  # has a certificate of this CA, and nobody has registered it


class Centre:
    """A centre in this process, behind its real protocol."""

    def __init__(self, server: Server, tls: Path, port: int) -> None:
        self.server, self.tls, self.port = server, tls, port

    def plain(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), DEADLINE_S)

    def connect(self, machine: str = SHOP.name) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.tls / "ca.pem"))
        context.load_cert_chain(self.tls / f"{machine}.pem", self.tls / f"{machine}.key")
        return context.wrap_socket(self.plain(), server_hostname="127.0.0.1")

    def closed(self, why: str) -> float:
        return self.server.gate.metrics.registry.get_sample_value("kofuki_connections_closed_total", {"why": why}) or 0


@contextmanager
def centre(directory: Path, bounds: Bounds) -> Iterator[Centre]:
    town = Town(f"sqlite:///{directory / 'centre.db'}")
    identity, tls = ensure_identity(directory, (SHOP, HALL, STRANGER)), directory / "tls"
    enter_first(town.store, tls, (SHOP, HALL), town.now)
    place = Place("127.0.0.1", 0, bounds=bounds)
    server = Server(
        town.app,
        place,
        town.store,
        manifest_of(identity, MIYAZAKI.code),
        tls,
        "sqlite://",
        lambda: town.now,
        Sender(town.store, town.city, tls, lambda: town.now),
    )
    line = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [line]})
    thread.start()
    try:
        yield Centre(server, tls, line.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)
        town.store.close()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with centre(tmp_path_factory.mktemp("patient"), Bounds(request_s=DEADLINE_S, handshake_s=DEADLINE_S)) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Its deadline for a request has passed when the client has sent a part of it."""
    with centre(tmp_path_factory.mktemp("hasty"), Bounds(request_s=0.05, handshake_s=DEADLINE_S)) as running:
        yield running


@pytest.fixture(scope="module")
def unshaken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with centre(tmp_path_factory.mktemp("unshaken"), Bounds(handshake_s=0.05)) as running:
        yield running


def answer(line: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    heard = b""
    try:
        while chunk := line.recv(65536):
            heard += chunk
    except (ConnectionError, ssl.SSLEOFError):
        pass
    return heard


def one_answer(line: socket.socket) -> bytes:
    """One answer of a connection that is kept; nothing when it is closed before."""
    heard = b""
    while (at := heard.find(b"\r\n\r\n")) < 0 or len(heard) - at - 4 < int(
        heard.partition(b"content-length: ")[2].split()[0]
    ):
        try:
            chunk = line.recv(65536)
        except (ConnectionError, ssl.SSLEOFError):
            return b""
        if not chunk:
            return b""
        heard += chunk
    return heard


def status(heard: bytes) -> bytes:
    return heard.partition(b" ")[2][:3]


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"P",
        HEAD,
        b"\r\n\r\n",
        HEAD + b"content-length: 100\r\n\r\n{",
        HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{",
    ],
)
def test_a_client_that_stops_in_the_middle_is_cut_off(hasty: Centre, part: bytes) -> None:
    before = hasty.closed("silent")
    with hasty.connect() as line:
        assert pour(line, part, b"", 0) == b""
    assert hasty.closed("silent") == before + 1


def test_a_kept_connection_is_kept(patient: Centre) -> None:
    with patient.connect() as line:
        for _ in range(3):
            line.sendall(WHOLE)
            assert status(one_answer(line)) == b"200"


def test_a_kept_connection_has_the_same_deadline_for_its_next_request(hasty: Centre) -> None:
    """An empty line before a request is allowed, and ends uvicorn's own deadline for kept connections."""
    for _ in range(1000):  # until a whole request was heard within the deadline
        with hasty.connect() as line:
            try:
                line.sendall(WHOLE)
                heard = one_answer(line)
                line.sendall(b"\r\n")
            except (ConnectionError, ssl.SSLEOFError):
                continue
            if heard:
                assert answer(line) == b""
                return
    raise AssertionError("no request was heard")


def test_who_never_shakes_hands_is_cut_off(unshaken: Centre) -> None:
    with unshaken.plain() as line:
        assert answer(line) == b""


def pour(line: socket.socket, first: bytes, more: bytes, times: int) -> bytes:
    """Send on until the other side has closed; returns what it said."""
    try:
        line.sendall(first)
        for _ in range(times):
            line.sendall(more)
    except (ConnectionError, ssl.SSLEOFError):
        pass
    return answer(line)


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"", b"G" * 65536),
        (b"GET /", b"x" * 65536),
        (HEAD + b"x-name: ", b"x" * 65536),
        (HEAD, b"x: " + b"y" * 1000 + b"\r\n"),
    ],
)
def test_a_head_without_end_is_not_kept(patient: Centre, first: bytes, more: bytes) -> None:
    """1 GB would come; the connection is closed after some KiB."""
    with patient.connect() as line:
        assert status(pour(line, first, more, 16384)) in {b"", b"400"}


def test_a_head_is_bounded_in_number_and_length(patient: Centre) -> None:
    for extra, said in (
        (b"x: y\r\n" * (HEADERS_MAX - 4), b"200"),
        (b"x: y\r\n" * HEADERS_MAX, b"400"),
        (b"x: " + b"y" * (HEAD_BYTES_MAX - 1000) + b"\r\n", b"200"),
        (b"x: " + b"y" * HEAD_BYTES_MAX + b"\r\n", b"400"),
    ):
        with patient.connect() as line:
            line.sendall(HEAD + extra + b"connection: close\r\n" + WHOLE[len(HEAD) :])
            assert status(answer(line)) == said
    assert patient.closed("bad_http") >= 2


def test_a_long_body_is_refused_before_it_comes(patient: Centre) -> None:
    with patient.connect() as line:
        line.sendall(HEAD + b"content-length: 1000000000\r\n\r\n")
        said = answer(line)
    assert status(said) == b"400"
    assert said.endswith(b'{"code":"bad_request","pin_tries_left":null}')


def test_a_body_without_end_is_cut_off(patient: Centre) -> None:
    with patient.connect() as line:
        said = pour(line, HEAD + b"transfer-encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n", 16384)
    assert status(said) in {b"", b"400"}


def test_one_machine_cannot_take_all_connections(patient: Centre) -> None:
    lines = [patient.connect() for _ in range(CONNECTIONS)]
    for line in lines:
        line.sendall(WHOLE)
        assert status(one_answer(line)) == b"200"
    before = patient.closed("too_many_connections")
    with patient.connect() as one_more:
        assert answer(one_more) == b""
    assert patient.closed("too_many_connections") == before + 1
    with patient.connect(HALL.name) as other:
        other.sendall(WHOLE)
        assert status(one_answer(other)) == b"200"
    for line in lines:
        line.close()


def test_a_certificate_that_nobody_has_registered_is_refused(patient: Centre) -> None:
    """Fault G1: the CA's signature alone lets nobody speak; who is registered is served."""
    for machine, said in ((STRANGER.name, b"403"), (SHOP.name, b"200"), (STRANGER.name, b"403")):
        with patient.connect(machine) as line:
            line.sendall(WHOLE)
            heard = one_answer(line)
        assert status(heard) == said
        assert (b'"not_registered"' in heard) == (said == b"403")


def test_no_other_protocol_is_spoken(patient: Centre) -> None:
    """A protocol that takes the connection over would know neither the machine nor a limit."""
    with patient.connect() as line:
        line.sendall(
            b"GET /v1/nothing HTTP/1.1\r\nhost: c\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert status(one_answer(line)) == b"400"
