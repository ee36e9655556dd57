"""The desk and the residents' page as processes over TLS, of a run directory with the sample's city; and a real browser."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from host_sim.centre.city.book import CityBook
from host_sim.centre.identity import ensure_identity
from host_sim.centre.opening import open_books, open_city, simulated_now
from host_sim.centre.settling import Settler
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.store import Store
from host_sim.running import free_port
from tests.process.conftest import PATIENCE_MS
from tests.unit.centre.staff import PASSWORD, Authenticator
from tests.unit.centre.town import TUESDAY

ROOT = Path(__file__).parent.parent.parent
DESK_SIZE, ZOOMED = {"width": 1280, "height": 800}, {"width": 640, "height": 400}  # the second at 200 %


@dataclass
class Served:
    """One city's books, and the processes that serve them. `key`: of the staff's accounts."""

    run: Path
    store: Store
    city: CityBook
    settler: Settler
    accounts: Accounts
    key: bytes

    def now(self) -> datetime:
        return simulated_now(self.run / "clock-offset")

    def later(self, seconds: float) -> None:
        offset = self.run / "clock-offset"
        offset.write_text(str(float(offset.read_text()) + seconds))

    @contextmanager
    def serving(self, *command: str) -> Iterator[str]:
        """`desk serve` or `desk residents`; gives its address."""
        words = [
            sys.executable,
            "-m",
            "host_sim.centre",
            "desk",
            *command,
            "--run",
            str(self.run),
            "--port",
            str(free_port()),
        ]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                address = process.stdout.readline().strip()
                while "started" not in (line := process.stderr.readline()):
                    assert line, "it ended"
                yield address
            finally:
                process.terminate()
                process.communicate()


@dataclass
class Rooms(Served):
    """With a browser that takes the test's certificates."""

    browser: Browser

    def page(self, *, zoomed: bool = False) -> Page:
        size = ZOOMED if zoomed else DESK_SIZE
        page = self.browser.new_page(viewport=size, device_scale_factor=2 if zoomed else 1, ignore_https_errors=True)
        page.set_default_timeout(PATIENCE_MS)
        return page

    def signed_in(self, address: str, login: str) -> Page:
        phone = Authenticator(self.accounts.enrol(login, bytearray(PASSWORD.encode()), "sample", self.now()))
        page = self.page()
        page.goto(f"{address}sign-in")
        page.fill("#f-login", login)
        page.fill("#f-password", PASSWORD)
        page.fill("#f-code", phone.code(self.now()))
        page.keyboard.press("Enter")
        page.wait_for_url(address)
        return page


@contextmanager
def served(run: Path) -> Iterator[Served]:
    (run / "clock-offset").write_text(str((TUESDAY - simulated_now(run / "none")).total_seconds()))
    store = open_books(run, None, make=True)
    city = open_city(store, None, TUESDAY)
    key = ensure_identity(run / "centre", ()).staff_key
    try:
        yield Served(run, store, city, Settler(store), Accounts(store, city, key), key)
    finally:
        store.close()


@contextmanager
def rooms(run: Path, browser: Browser) -> Iterator[Rooms]:
    with served(run) as town:
        yield Rooms(**vars(town), browser=browser)


def seen_in(page: Page, wanted: str) -> None:
    """Wait until the page says this."""
    page.get_by_text(re.compile(re.escape(wanted))).first.wait_for()
