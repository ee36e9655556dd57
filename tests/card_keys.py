"""The private keys of the cards in every test's wallet. Making them takes seconds, so they are made once for each checkout."""

from pathlib import Path

KEYS = Path(__file__).parent.parent / "build" / "test-wallet-keys"


def with_keys(run: Path) -> Path:
    """This run directory, made if it is missing; its wallet finds its keys made, or makes them for every other one too."""
    lay(run / "wallet" / "keys")
    return run


def lay(folder: Path) -> None:
    """Put the keys in the place of a folder that does not exist yet."""
    KEYS.mkdir(parents=True, exist_ok=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(KEYS)
