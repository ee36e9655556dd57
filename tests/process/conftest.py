"""One Chromium for the browser tests of a file: each start of it costs seconds."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

PATIENCE_MS = 300_000  # ends a hang only


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Not for longer than a file: `asyncio.run` does not work beside it. `CHROMIUM` in the file: more of its arguments."""
    more = getattr(request.module, "CHROMIUM", [])
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *more], timeout=PATIENCE_MS
        )
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """For one test: what it opened is closed."""
    yield chromium
    for context in chromium.contexts:
        context.close()
