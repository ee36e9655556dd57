"""A database that has gone: the desk says so in words at every page, also where it wanted to refuse."""

from collections.abc import Iterator

import pytest

from host_sim.centre.desk.app import make_app
from host_sim.centre.desk.desk import Desk
from tests.unit.centre import town
from tests.unit.centre.databases import Server
from tests.unit.centre.desk_browser import Browser
from tests.unit.centre.staff import accounts_of


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server("fsync=off")
    yield server
    server.close()


def test_every_page_says_that_it_cannot_answer_now(server: Server) -> None:
    place = town.Town(server.create("desk"))
    browser = Browser(make_app(Desk(place.store, place.city, accounts_of(place), lambda: place.now)))
    assert browser.get("/sign-in").status == 200
    server.kill()
    for path in ("/", "/sign-in", "/no-such-page", "/incidents/x"):
        answer = browser.get(path)
        assert (answer.status, answer.headers["content-type"]) == (503, "text/plain; charset=utf-8"), path
        assert "もう一度" in answer.text
