"""Each test of a module that uses `Town` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.centre.databases import AT_HAND, FRESH, database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if hasattr(metafunc.module, "Town") and "kind" not in metafunc.fixturenames:
        metafunc.parametrize("each_database", AT_HAND, indirect=True)


@pytest.fixture(autouse=True)
def each_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that `Town()` uses in this test."""
    FRESH.lasts = True
    FRESH.kind = getattr(request, "param", "sqlite")
    yield FRESH.kind
    FRESH.end()


@pytest.fixture
def url(each_database: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that several towns of the test may share."""
    with database(each_database, tmp_path) as url:
        yield url
