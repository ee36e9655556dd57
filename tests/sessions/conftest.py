"""The wallet of the virtual sessions: made once, PIN counters fresh for each test; and passwords that are checked quickly."""

from datetime import date
from pathlib import Path

import pytest

from firmware.console import access
from host_sim.rig import console
from host_sim.wallet import Wallet, WalletCard

KEYS = Path(__file__).parent.parent.parent / "build" / "test-wallet-keys"


@pytest.fixture
def wallet(tmp_path: Path) -> dict[str, WalletCard]:
    KEYS.mkdir(parents=True, exist_ok=True)
    return dict(Wallet.open(tmp_path, date(2026, 11, 24), keys=KEYS, keep=False).cards)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each login would take 50 ms; what the hash costs is tried in tests/unit/console and on the real line."""
    monkeypatch.setitem(access._SCRYPT, "n", 2)
    monkeypatch.setattr(console, "_hashed", [])
