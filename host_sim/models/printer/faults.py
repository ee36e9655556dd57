"""Faults by name at byte n: armed beforehand, they happen when that byte comes. Pure."""

LINE_FAULTS = frozenset({"drop_byte", "power_cut", "lose_reply", "double_reply", "silence"})
MECHANICAL_FAULTS = frozenset({"paper_out", "cover_open", "jam", "cutter", "head_hot", "broken"})


class Faults:
    """Line faults count bytes received, mechanical ones bytes carried out. A cutter fault waits for the next cut."""

    def __init__(self) -> None:
        self._laid: list[tuple[int, str]] = []

    def lay(self, name: str, at: int) -> None:
        assert name in LINE_FAULTS | MECHANICAL_FAULTS, f"the printer has no fault {name!r}"
        self._laid.append((at, name))
        self._laid.sort()

    @property
    def is_empty(self) -> bool:
        return not self._laid

    def line(self, before: int) -> list[tuple[int, str]]:
        """Line faults whose byte is among those received before `before`; each is given once."""
        due = [fault for fault in self._laid if fault[1] in LINE_FAULTS and fault[0] < before]
        for fault in due:
            self._laid.remove(fault)
        return due

    def next_mechanical(self) -> tuple[int, str] | None:
        """The next mechanical fault that does not wait for a cut; None if there is none."""
        return next((fault for fault in self._laid if fault[1] in MECHANICAL_FAULTS - {"cutter"}), None)

    def take(self, fault: tuple[int, str]) -> str:
        self._laid.remove(fault)
        return fault[1]

    def cutter(self, carried_out: int) -> bool:
        """Whether a cutter fault is due for this cut; the fault is used up."""
        stuck = next((fault for fault in self._laid if fault[1] == "cutter" and fault[0] <= carried_out), None)
        if stuck is None:
            return False
        self._laid.remove(stuck)
        return True
