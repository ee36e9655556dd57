"""The desk's page of today and this month: counts what has just been issued; nobody sees it without signing in."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import Request

from host_sim.centre.desk.app import make_app
from host_sim.centre.desk.desk import Desk
from host_sim.centre.staff.accounts import Staff
from tests.unit.centre.staff import accounts_of
from tests.unit.centre.town import JST, SHOP, Town


class SignedIn(Desk):
    """A desk at which somebody is there already."""

    def person(self, request: Request) -> Staff | None:
        del request
        return Staff("tanaka", "田中　一郎", frozenset({"clerk"}))


def ask(town: Town, path: str, desk: type[Desk] = SignedIn) -> tuple[int, str]:
    app: Any = make_app(desk(town.store, town.city, accounts_of(town), lambda: town.now))
    sent: list[dict[str, Any]] = []
    headers = [(b"host", b"desk.test")]
    scope = {"type": "http", "method": "GET", "scheme": "https", "path": path, "query_string": b"", "headers": headers}
    scope |= {"http_version": "1.1", "client": ("192.0.2.7", 40000), "server": ("desk.test", 443), "state": {}}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


def note(town: Town, at: datetime, kind: str, times: int) -> None:
    told = {"kind": kind, "fee_yen": 300, "requester": "self", "channel": "store", "method": "jpki"}
    with town.store.writing() as c:
        for _ in range(times):
            town.store.note(c, at, SHOP, "issued", told)


def test_papers_of_today_and_of_this_month_stand_apart() -> None:
    town = Town()
    note(town, datetime(2026, 10, 31, 10, 0, tzinfo=JST), "inkan", 900)
    note(town, datetime(2026, 11, 1, 10, 0, tzinfo=JST), "inkan", 21)
    note(town, datetime(2026, 11, 24, 9, 0, tzinfo=JST), "juminhyo", 13)
    status, html = ask(town, "/statistics")
    assert status == 200
    today, month = html.split("今月の交付数", 1)
    assert '<td class="number">13</td>' in today
    assert '<td class="number">21</td>' not in today
    assert '<td class="number">21</td>' in month
    assert '<td class="number">34</td>' in month
    assert "900" not in html
    status, svg = ask(town, "/statistics/month.svg")
    assert (status, svg[:4]) == (200, "<svg")


def test_before_the_first_paper_of_a_month_it_says_so() -> None:
    town = Town()
    status, html = ask(town, "/statistics")
    assert (status, html.count("まだ交付がありません。")) == (200, 2)
    assert "month.svg" not in html
    assert ask(town, "/statistics/month.svg")[0] == 404


def test_nobody_sees_it_without_signing_in() -> None:
    town = Town()
    assert [ask(town, path, Desk)[0] for path in ("/statistics", "/statistics/month.svg")] == [303, 303]
