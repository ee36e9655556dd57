"""How often anybody may ask on the residents' page, who hears of guessing, and what odd forms are answered with."""

from pathlib import Path

from host_sim.centre.desk.desk import Desk
from host_sim.centre.paper_keys import PaperKeys
from host_sim.centre.public.app import make_app
from host_sim.centre.public.rates import NETWORKS_MAX, Rates
from tests.unit.centre import town
from tests.unit.centre.desk_browser import Browser
from tests.unit.centre.staff import accounts_of

NO_KEYS = PaperKeys(Path("/nowhere"))


def test_one_network_is_bounded_and_another_is_not() -> None:
    rates = Rates()
    assert [rates.may_ask("192.0.2.1", 0.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert rates.may_ask("192.0.2.2", 0.0)
    assert not rates.may_ask("192.0.2.1", 9.0)
    assert rates.may_ask("192.0.2.1", 10.0)
    assert not rates.may_ask("192.0.2.1", 10.0)


def test_a_whole_64_is_one_network() -> None:
    rates = Rates()
    assert sum(rates.may_ask(f"2001:db8::{n:x}", 0.0) for n in range(1, 30)) == 10
    assert rates.may_ask("2001:db8:0:1::1", 0.0)


def test_all_together_are_bounded_and_the_memory_too() -> None:
    rates = Rates()
    assert sum(rates.may_ask(f"10.0.{n // 250}.{n % 250}", 0.0) for n in range(500)) == 100
    for n in range(NETWORKS_MAX + 100):
        rates.may_ask(f"10.{n // 60000}.{n // 250 % 250}.{n % 250}", 1e6)
    assert len(rates._networks) <= NETWORKS_MAX


def test_guessing_is_told_once_an_hour() -> None:
    rates = Rates()
    assert [rates.unknown(float(n)) for n in range(600)].count(True) == 1
    assert [rates.unknown(4000.0 + n) for n in range(Rates.UNKNOWN_MAX)].count(True) == 1


def test_a_file_instead_of_a_code_is_answered_with_the_page() -> None:
    place = town.Town()
    browser = Browser(make_app(Desk(place.store, place.city, accounts_of(place), lambda: place.now), NO_KEYS))
    body = b'--x\r\nContent-Disposition: form-data; name="slip"; filename="a"\r\n\r\nhi\r\n--x--\r\n'
    answer = browser.ask("POST", "/", [body], {"content-type": "multipart/form-data; boundary=x"})
    assert (answer.status, "返金のご案内" in answer.text, "Input" in answer.text) == (422, True, False)
