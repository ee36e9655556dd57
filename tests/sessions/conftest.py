"""The wallet of the virtual sessions: made once, its cards fresh for each test; and passwords that are checked quickly."""

import copy
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from host_sim.wallet import Wallet, WalletCard
from tests.card_keys import KEYS
from tests.unit.centre.databases import FRESH


@pytest.fixture(scope="session")
def wallet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wallet's registry is, and the certificates of its authorities."""
    return tmp_path_factory.mktemp("wallet")


@pytest.fixture(scope="session")
def new_cards(wallet_folder: Path) -> Mapping[str, WalletCard]:
    return Wallet.open(wallet_folder, date(2026, 11, 24), keys=KEYS, keep=False).cards


@pytest.fixture
def wallet(new_cards: Mapping[str, WalletCard]) -> dict[str, WalletCard]:
    """Its cards as they are when they are new."""
    return copy.deepcopy(dict(new_cards))


@pytest.fixture(autouse=True)
def cities_end() -> Iterator[None]:
    """What the cities of a test were made of serves those of the next one."""
    FRESH.lasts = True
    yield
    FRESH.end()
