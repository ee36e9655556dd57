"""Receivers of alarms: an HTTP server and a mail server with STARTTLS, on the loopback, that keep what they are sent."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.process.tls_servers import DEADLINE_S


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    """Its port. It ends also where a test fails: else its thread would look for a closed socket as fast as it can, and for ever."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join(DEADLINE_S)


@dataclass
class Webhook:
    """`statuses`: what the next answers say; afterwards 204."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str]] = field(default_factory=list)  # body and signature


@contextmanager
def webhook() -> Iterator[Webhook]:
    kept = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.got.append((body, self.headers["kofuki-signature"]))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 204)
            self.send_header("content-length", "0")
            self.send_header("location", f"http://127.0.0.1:{kept.port}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as kept.port:
        yield kept


@dataclass
class Post:
    """`plain`: this server does not offer STARTTLS."""

    tls: ssl.SSLContext
    plain: bool = False
    port: int = 0
    letters: list[tuple[bool, bytes]] = field(default_factory=list)  # whether encrypted, and the letter
    said: list[str] = field(default_factory=list)


class _Conversation:
    """One SMTP connection (RFC 5321), with STARTTLS (RFC 3207)."""

    def __init__(self, line: socket.socket, post: Post) -> None:
        self.line, self.post, self.encrypted = line, post, False
        self.file = line.makefile("rb")

    def say(self, words: str) -> None:
        self.line.sendall(f"{words}\r\n".encode())

    def run(self) -> None:
        self.say("220 post")
        while words := self.file.readline().decode().strip():
            self.post.said.append(words)
            match words.upper().split(" ", 1)[0]:
                case "EHLO":
                    self.say("250 post" if self.encrypted or self.post.plain else "250-post\r\n250 STARTTLS")
                case "STARTTLS":
                    self.say("220 go on")
                    self.line = self.post.tls.wrap_socket(self.line, server_side=True)
                    self.file, self.encrypted = self.line.makefile("rb"), True
                case "DATA":
                    self.say("354 go on")
                    lines = iter(self.file.readline, b".\r\n")
                    self.post.letters.append((self.encrypted, b"".join(lines)))
                    self.say("250 taken")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 good")


@contextmanager
def post(tls: Path) -> Iterator[Post]:
    """A mail server with the certificate `server.pem` of this folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "server.pem", tls / "server.key")
    kept = Post(context)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _Conversation(self.request, kept).run()

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as kept.port:
        yield kept


@contextmanager
def dripping() -> Iterator[int]:
    """A server on this port that answers with one letter after the other, as long as anybody listens."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line: socket.socket = self.request
            try:
                while not ended.wait(0.01):
                    line.sendall(b"H")
            except OSError:
                pass

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        try:
            yield port
        finally:
            ended.set()
