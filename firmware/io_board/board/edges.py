"""The coin wire's edges: numbered from 0, the last 64 kept until the machine has acknowledged them. Pure."""

from array import array

from frames import MOST_EDGES


class Edges:
    """Each edge is kept as it stands in a REPORT: 2 x time in µs, plus 1 where the wire went low."""

    def __init__(self) -> None:
        self._kept = array("Q", [0] * MOST_EDGES)
        self.first = 0  # number of the oldest kept edge
        self.next = 0

    def add(self, at_us: int, low: bool) -> None:
        self._kept[self.next % MOST_EDGES] = at_us * 2 + (1 if low else 0)
        self.next += 1
        self.first = max(self.first, self.next - MOST_EDGES)

    def miss(self, count: int) -> None:
        """Edges that nobody could write down. They have numbers, and the machine sees that they are lost."""
        if count:
            self.next += count
            self.first = self.next

    def acknowledge(self, wanted: int) -> None:
        """Forget what comes before `wanted`. A number that no edge has yet is ignored."""
        if self.first < wanted <= self.next:
            self.first = wanted

    def kept(self) -> list[int]:
        return [self._kept[number % MOST_EDGES] for number in range(self.first, self.next)]
