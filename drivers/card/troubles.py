"""How many different cards failed one after the other: many different ones are the reader's fault, not theirs.

A card is known by the hash of what it showed, else by its answer to reset, which many cards share. So the number is the least
that there can have been: one broken card that is put in again and again counts once, and so does every card that stays mute.
"""

import hashlib


class CardsInARow:
    def __init__(self) -> None:
        self._answers: set[bytes] = set()
        self._shown: set[bytes] = set()

    def note(self, atr: bytes, credential: bytes) -> int:
        """One more failed. `atr` is empty for a mute card, `credential` before it was read. Returns how many different ones at least."""
        self._answers.add(atr)
        if credential:
            self._shown.add(hashlib.sha256(credential).digest())
        return max(len(self._answers), len(self._shown))

    def forget(self) -> None:
        """A card worked."""
        self._answers.clear()
        self._shown.clear()
