"""What the lives of a swarm have found: counts, pairs of rows, violations."""

from collections import Counter
from dataclasses import dataclass, field

from host_sim.rig.pairs import Pair


@dataclass
class Tally:
    """The counts and violations of a swarm."""

    seed: int = 0  # of a single life
    sessions: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)  # row -> how often it happened
    pairs: set[Pair] = field(default_factory=set)  # rows that happened in one session
    reds: list[str] = field(default_factory=list)
    replays: list[str] = field(default_factory=list)  # for each of them the options of `swarm` that run its life again
    lived: Counter[str] = field(default_factory=Counter)  # device of the zoo -> sessions with it
    digests: dict[int, str] = field(default_factory=dict)  # seed of a life -> hash of what it wrote and printed

    def add(self, other: "Tally") -> None:
        self.sessions += other.sessions
        self.outcomes.update(other.outcomes)
        self.marks.update(other.marks)
        self.pairs |= other.pairs
        self.reds += other.reds
        self.replays += other.replays
        self.lived.update(other.lived)
        self.digests |= other.digests
