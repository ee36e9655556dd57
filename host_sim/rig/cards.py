"""The wallet of the rig: every card of the simulator, made once and kept in memory."""

import tempfile
from datetime import date
from pathlib import Path

from host_sim.wallet import Wallet, WalletCard

TODAY = date(2026, 11, 24)  # the day on which the rig's clock begins


def rig_cards(keys: Path) -> dict[str, WalletCard]:
    """The cards by name. Their private keys are kept in the folder `keys`, because making them takes seconds."""
    keys.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        return dict(Wallet.open(Path(directory), TODAY, keys=keys, keep=False).cards)
