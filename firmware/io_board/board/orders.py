"""What the outputs shall be: as the last SET said, for as long as the machine is heard. Pure."""

COINS, SUPPLY, REFUSES_AT_GROUND, SLOT_LAMP, PAPER_LAMP, BUZZER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_ALL = 0x3F

AS_TOLD, STARTED, STARTED_BY_WATCHDOG, SILENT = 0, 1, 2, 3

SILENT_US = 1_000_000
SUPPLY_OFF_US = 11_000_000  # 10 s later: an acceptor with coins inside has counted them out


class Orders:
    """`outputs`: the bits in force; `why`: why they are so (README.md, "REPORT")."""

    def __init__(self, by_watchdog: bool) -> None:
        self.outputs = 0
        self.why = STARTED_BY_WATCHDOG if by_watchdog else STARTED
        self._told_us = -SILENT_US

    def tell(self, outputs: int, now_us: int) -> None:
        """A SET that has effect. Coins are never taken without the acceptor's supply."""
        if not outputs & SUPPLY:
            outputs &= ~COINS
        self.outputs, self.why, self._told_us = outputs & _ALL, AS_TOLD, now_us

    def heard(self, now_us: int) -> bool:
        """Whether a SET had effect within the last second."""
        return now_us - self._told_us < SILENT_US

    def look(self, now_us: int) -> None:
        """Switch off what a silent machine may not leave on. Call it each time round."""
        if self.why in (STARTED, STARTED_BY_WATCHDOG) or self.heard(now_us):
            return
        self.why = SILENT
        self.outputs &= SUPPLY | REFUSES_AT_GROUND
        if now_us - self._told_us >= SUPPLY_OFF_US:
            self.outputs &= REFUSES_AT_GROUND

    def inhibit_low(self) -> bool:
        """Whether the inhibit wire is pulled low: to refuse coins, or to take them, as the acceptor wants it."""
        return bool(self.outputs & COINS) != bool(self.outputs & REFUSES_AT_GROUND)
