"""The line that a developer can cut, hold and mend: what passes, what breaks, and that the mended line keeps its port."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from host_sim.adapters.line import FaultyLine


@pytest.fixture
def line() -> Iterator[FaultyLine]:
    """A line to a server that sends back every byte."""
    with socket.create_server(("127.0.0.1", 0)) as server, FaultyLine(server.getsockname()[1]) as line:

        def echo(connection: socket.socket) -> None:
            with connection, contextlib.suppress(ConnectionResetError):
                while data := connection.recv(65536):
                    connection.sendall(data)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield line


def _dial(line: FaultyLine) -> socket.socket:
    return socket.create_connection(("127.0.0.1", line.port), timeout=300.0)


def _exactly(connection: socket.socket, size: int) -> bytes:
    heard = b""
    while len(heard) < size:
        piece = connection.recv(65536)
        if not piece:
            break
        heard += piece
    return heard


def test_everything_passes_both_ways_and_the_end_is_told(line: FaultyLine) -> None:
    message = bytes(range(256)) * 2000
    with _dial(line) as near:
        sender = threading.Thread(target=near.sendall, args=(message,))
        sender.start()
        assert _exactly(near, len(message)) == message
        sender.join()
        near.shutdown(socket.SHUT_WR)
        assert near.recv(1) == b""


def test_a_cut_breaks_what_is_open_refuses_what_is_new_and_mends_on_the_same_port(line: FaultyLine) -> None:
    port = line.port
    with _dial(line) as near:
        near.sendall(b"before")
        assert _exactly(near, 6) == b"before"
        line.cut()
        with pytest.raises(ConnectionResetError):
            near.recv(1)
    with pytest.raises(ConnectionRefusedError):
        _dial(line)
    line.mend()
    assert line.port == port
    with _dial(line) as near:
        near.sendall(b"after")
        assert _exactly(near, 5) == b"after"


def test_a_held_line_loses_nothing(line: FaultyLine) -> None:
    with _dial(line) as near:
        line.hold()
        near.sendall(b"late")
        near.settimeout(0.2)
        with pytest.raises(TimeoutError):
            near.recv(1)
        near.settimeout(300.0)
        line.mend()
        assert _exactly(near, 4) == b"late"
