"""The wallet of the virtual sessions: made once, PIN counters fresh for each test."""

from datetime import date
from pathlib import Path

import pytest

from host_sim.wallet import Wallet, WalletCard

KEYS = Path(__file__).parent.parent.parent / "build" / "test-wallet-keys"


@pytest.fixture
def wallet(tmp_path: Path) -> dict[str, WalletCard]:
    KEYS.mkdir(parents=True, exist_ok=True)
    return dict(Wallet.open(tmp_path, date(2026, 11, 24), keys=KEYS, keep=False).cards)
