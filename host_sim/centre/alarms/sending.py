"""Sends what the outbox has: a webhook whose body is signed, and mail over STARTTLS."""

import hashlib
import hmac
import http.client
import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from host_sim.centre.alarms import outbox
from host_sim.centre.alarms.outbox import Push
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.model import AlarmsPart, MailPart
from host_sim.centre.database import NO_ANSWER
from host_sim.centre.store import Store

DEADLINE_S = 20.0  # of each read and write
WHOLE_S = 60.0  # of one connection, first byte to last; with the time to connect less than `outbox.TAKEN_S`
LOOK_S = 5.0


class NotSent(Exception):
    """The other side did not take it; it is tried again."""


@dataclass(slots=True)
class Sender:
    """`secrets`: the folder with `alarm.key`, and `mail-password` where the mail server wants one. `trust`: who may be talked to."""

    store: Store
    city: CityBook
    secrets: Path
    now: Callable[[], datetime]
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def run(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_S):
            try:
                self.turn()
            except NO_ANSWER:
                continue

    def turn(self) -> int:
        """Send everything that is due now; returns how many were sent."""
        sent = 0
        while True:
            now = self.now()
            with self.store.writing() as c:
                push = outbox.take(c, now)
                ways = None if push is None else self.city.at(c, now).rules.alarms
            if push is None or ways is None:
                return sent
            try:
                state = self._send(push, ways)
            except (NotSent, OSError, ValueError, http.client.HTTPException, smtplib.SMTPException):
                # ValueError: a damaged key file, or a name that no network has
                with self.store.writing() as c:
                    outbox.failed(c, push, self.now())
                continue
            with self.store.writing() as c:
                outbox.done(c, push, state)
            sent += state == "sent"

    def _send(self, push: Push, ways: AlarmsPart) -> str:
        if push.way == "webhook" and ways.webhook is not None:
            self._post(push, ways.webhook)
        elif push.way == "mail" and ways.mail is not None:
            self._mail(push, ways.mail)
        else:
            return "unwanted"
        return "sent"

    def _post(self, push: Push, url: str) -> None:
        """POST the push; any answer but 2xx is none, a redirection too. The signature is HMAC-SHA256 over the body."""
        told = {"number": push.number, "flag": push.flag, "at": push.at, "machine": push.machine}
        body = json.dumps(told | {"what": push.what, "sentence": push.sentence}, sort_keys=True).encode()
        signature = hmac.new(bytes.fromhex(self._secret("alarm.key")), body, hashlib.sha256).hexdigest()
        where = urlsplit(url)
        host, port = where.hostname or "", where.port
        made = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        line = made(host, port)
        raw = socket.create_connection((host, line.port), DEADLINE_S)
        with raw, _limit() as watch:
            watch(raw)
            line.sock = self.trust.wrap_socket(raw, server_hostname=host) if where.scheme == "https" else raw
            headers = {"content-type": "application/json", "kofuki-signature": f"sha256={signature}"}
            try:
                line.request("POST", (where.path or "/") + (f"?{where.query}" if where.query else ""), body, headers)
                if not 200 <= line.getresponse().status < 300:
                    raise NotSent
            finally:
                line.close()

    def _mail(self, push: Push, mail: MailPart) -> None:
        """One mail to all; without STARTTLS nothing is sent."""
        letter = EmailMessage()
        letter["From"], letter["To"] = mail.sender, ", ".join(mail.to)
        letter["Subject"] = f"Kofuki: {push.machine}: {push.what} (flag {push.flag})"
        letter["Message-ID"] = f"<push-{push.number}.{push.flag}@{mail.sender.rpartition('@')[2]}>"
        letter.set_content(f"{push.at}\n{push.machine}\n{push.sentence}\n\nflags show {push.flag}\n")
        with _limit() as watch, _Mail(mail.host, mail.port, watch) as line:
            line.starttls(context=self.trust)
            if mail.user is not None:
                line.login(mail.user, self._secret("mail-password"))
            if line.send_message(letter):
                raise NotSent

    def _secret(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()


class _Mail(smtplib.SMTP):
    """`watch` gets the connection before the server has said its first word."""

    def __init__(self, host: str, port: int, watch: Callable[[socket.socket], None]) -> None:
        self._watch = watch
        super().__init__(host, port, timeout=DEADLINE_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((host, port), timeout)
        self._watch(line)
        return line


@contextmanager
def _limit() -> Iterator[Callable[[socket.socket], None]]:
    """Ends the connection that is given to the function after `WHOLE_S`: a byte now and then keeps every `DEADLINE_S`."""
    watched: list[socket.socket] = []

    def end() -> None:
        for line in watched:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def watch(line: socket.socket) -> None:
        watched.append(line.dup())  # TLS takes the first one over

    timer = threading.Timer(WHOLE_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        for line in watched:
            line.close()
