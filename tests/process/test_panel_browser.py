"""The front panel as a person uses it: Debian's Chromium, a whole certificate by clicks alone."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from host_sim import running
from host_sim.serial_cable import PASSWORD
from tests.card_keys import with_keys
from tests.process.conftest import PATIENCE_MS

pytestmark = [pytest.mark.pcsc, pytest.mark.browser]

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture
def address(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A running simulator of the unit that the test names."""
    port = running.free_port()
    command = [
        sys.executable,
        "-m",
        "host_sim",
        "up",
        "--directory",
        str(with_keys(tmp_path)),
        "--port",
        str(port),
        "--wait",
        "900",
    ]
    unit = HOUSE / "hardware" / "units" / f"{getattr(request, 'param', 'dev-store')}.toml"
    command += ["--unit", str(unit)]
    with subprocess.Popen(
        [*command, "--at", "2026-11-24T10:00"], cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        heard: list[str] = []
        for line in process.stdout:
            heard.append(line)
            found = re.search(r"http://\S+", line)
            if found:
                yield found.group()
                break
        else:
            pytest.fail("".join(heard))
        process.terminate()
        process.communicate()
    assert orphans(tmp_path) == [], "a simulator that is told to stop must also stop its centre and its machine"


def orphans(run: Path) -> list[str]:
    """Processes that still use this run directory. A machine left over would take the next simulator's lines."""
    left = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it ended in the meantime
        if any(str(run) in word for word in words):
            left.append(" ".join(words))
    return left


@pytest.fixture
def page(address: str, browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    return page


def state(page: Page, word: str) -> None:
    """Wait until the machine is in this state, as the panel's notebook strip says."""
    page.wait_for_function("word => document.body.innerText.includes(word)", arg=word, timeout=PATIENCE_MS)


SHOWN = "(document.querySelector('#terminal-screen .xterm-accessibility')?.innerText ?? '').replaceAll('\\u00a0', ' ')"


def says(page: Page, words: str) -> None:
    """Wait until the terminal's rows, as a screen reader reads them, have these words."""
    page.wait_for_function(f"words => {SHOWN}.includes(words)", arg=words)


def a_technician_at_the_terminal(page: Page) -> None:
    """Logs in, loads the page again, is still there; a second page gets the line when the first is closed."""
    page.click("#terminal-opener")
    says(page, "service -")
    page.keyboard.type("login tanaka\n")
    says(page, "Password:")
    page.keyboard.type(f"{PASSWORD}\n")
    says(page, "service technician")
    page.reload()
    says(page, "tanaka, technician.")  # what was said before
    page.keyboard.type("status\n")
    says(page, "Next: ")
    assert PASSWORD not in page.evaluate(SHOWN)
    assert page.context.browser is not None
    other = page.context.browser.new_page()
    other.goto(page.url)
    other.click("#terminal-opener")
    expect(other.locator("#terminal-note")).to_contain_text("Another terminal is open at the line.")
    page.click("#terminal [data-close]")
    other.click("#terminal [data-again]")
    says(other, "service technician")
    other.keyboard.type("logout\n")
    says(other, "Good bye.")
    other.close()


def test_a_certificate_by_clicks_alone_and_then_a_technician(page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    state(page, "IN_SERVICE")
    page.click("#earphone")
    expect(page.locator("#said")).to_contain_text("証明書自動交付機")
    page.click("#wallet [data-name=hanako]")
    state(page, "ENTERING_PIN")
    for key in ["1", "2", "3", "4", "enter"]:
        page.click(f"#keypad [data-key='{key}']")
    state(page, "TAKING_CARD")
    page.click("#card-slot")
    state(page, "CHOOSING_KIND")
    page.click("#keypad [data-key='2']")
    state(page, "CHOOSING_COPIES")
    page.keyboard.press("Enter")
    state(page, "CONFIRMING")
    page.keyboard.press("Enter")
    state(page, "PAYING")
    page.click("#purse [data-yen='500']")
    state(page, "TAKING_PAPER")
    expect(page.locator("#sheets-certificate .sheet")).to_have_count(1)
    expect(page.locator("#sheets-receipt .sheet")).to_have_count(1)
    page.click("#sheets-certificate .sheet")
    page.click("#reader-take")
    state(page, "DONE")
    state(page, "IN_SERVICE")
    a_technician_at_the_terminal(page)
    assert complaints == []


@pytest.mark.parametrize("address", ["dev-counter"], indirect=True)
def test_both_sides_of_a_counter_terminal(page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    state(page, "IN_SERVICE")
    expect(page.locator("#clerk-glass")).to_be_visible()
    expect(page.locator("#coin-inlet")).to_be_hidden()
    page.click("#wallet [data-name=hanako]")
    state(page, "ENTERING_PIN")
    page.click("#clerk-keys [data-key='1']")  # does nothing: only the resident types a PIN
    for key in ["1", "2", "3", "4", "enter"]:
        page.click(f"#keypad [data-key='{key}']")
    state(page, "TAKING_CARD")
    page.click("#card-slot")
    state(page, "CHOOSING_KIND")
    page.click("#keypad [data-key='2']")  # does nothing: the clerk chooses
    page.click("#clerk-keys [data-key='2']")
    state(page, "CHOOSING_COPIES")
    page.click("#clerk-keys [data-key='enter']")
    state(page, "CONFIRMING")
    page.click("#clerk-keys [data-key='enter']")
    state(page, "CONSENTING")
    page.click("#clerk-keys [data-key='enter']")  # does nothing: the resident agrees
    page.click("#keypad [data-key='enter']")
    state(page, "TAKING_FEE")
    page.click("#clerk-keys [data-key='enter']")
    state(page, "TAKING_PAPER")
    expect(page.locator("#sheets-certificate .sheet")).to_have_count(1)
    expect(page.locator("#sheets-receipt .sheet")).to_have_count(1)
    page.click("#sheets-certificate .sheet")
    page.click("#reader-take")
    state(page, "DONE")
    assert complaints == []


@pytest.mark.parametrize("address", ["dev-board"], indirect=True)
def test_the_panel_of_a_board_has_a_word_for_each_switch_and_room_for_the_wallet(page: Page) -> None:
    state(page, "IN_SERVICE")
    switches = page.locator("#switches .switch:not(.power)")
    expect(switches.first).to_be_visible()
    names = switches.evaluate_all("all => all.map(one => [one.dataset.name, one.innerText])")
    assert any(name.endswith("_touches_ground") for name, _ in names)
    assert [name for name, words in names if "_" in words] == [], "a switch shows its name in the program"
    outside = switches.evaluate_all("all => all.filter(one => one.getBoundingClientRect().right > innerWidth).length")
    assert outside == 0
    card = page.locator("#wallet [data-name=hanako]").bounding_box()
    shown = page.locator(".wallet-box").bounding_box()
    assert card is not None
    assert shown is not None
    assert shown["height"] > card["height"], "the wallet shows not even one card"
