"""Pairs of rows of the fault catalogue: which can happen in one session, and which lives look for those that have not yet.

A swarm runs in rounds. After a round it knows which pairs are still missing, and gives each life of the next round some of
them. What a life does depends only on its seed and these pairs, so both together replay it.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from host_sim.adapters.wire import WireKind
from host_sim.models.zoo import Kind
from host_sim.models.zoo.room import Room, drawn
from host_sim.rig.catalogue import OF_BOARD, OF_CCTALK, OF_PULSES, ROWS
from host_sim.rig.world import USB

Pair = tuple[str, str]
SESSIONS = 25  # of one life
WANTED = 10  # pairs that one life looks for
COINS = ("A", "B", "H", "M", "W")  # rows whose code begins so need coin devices, which a counter terminal does not have
# A session with one of these ends before its slot is opened: the card is gone or mute, there is no paper, another's document.
ENDS_BEFORE_SLOT = frozenset({"C1", "C2", "C5", "N4", "R1"})
# These happen at the open slot or later: to coins, to a page, to the resident's change.
NEEDS_SLOT = frozenset(
    {"A1", "A3", "A4", "A6", "A8", "A10", "M1", "M2", "M3", "H1", "H2", "H3", "H4", "H5"}
    | {"R2", "R3", "R4", "R5", "R7", "R8", "R9", "R10", "R15", "T3"}
)
# Kinds of rows that exclude each other, whichever machine it is, and why.
EXCLUDE = (
    (OF_PULSES | OF_BOARD, OF_CCTALK, "a slot is on the ccTalk bus or on a wire of pulses"),
    (ENDS_BEFORE_SLOT, NEEDS_SLOT, "the first end the session before the slot is opened, which the others need"),
    (frozenset({"C1", "C2", "C5"}), frozenset({"N4"}), "without a card no document is asked for"),
    (
        frozenset({"R8"}),
        frozenset({"H1", "H2", "H3", "R9"}),
        "the program ends in the page: nothing is paid or handed over",
    ),
)
LOSSY = WireKind(baud=None, loss=0.1)  # the I/O board's line: one frame in ten is lost
COUNTER_EVERY = 8  # one life in so many is that of a counter terminal


@dataclass(frozen=True, slots=True)
class Plan:
    """One life: its seed, and the pairs of rows it looks for."""

    seed: int
    wanted: tuple[Pair, ...] = ()

    def __str__(self) -> str:
        """The options of `swarm` that run exactly this life."""
        pairs = f" --pairs {','.join(map('+'.join, self.wanted))}" if self.wanted else ""
        return f"--seed {self.seed} --sessions {SESSIONS}{pairs}"


def drawn_for(seed: int) -> Room:
    """The devices of the zoo in this life."""
    return drawn(random.Random(f"kofuki zoo {seed}"))


def board_for(seed: int) -> WireKind | None:
    """The line of the I/O board in this life; None without a board. A machine with one says something every 50 ms, so that
    its life takes ten times as long: one pulse acceptor in eight hangs on one."""
    rng = random.Random(f"kofuki board {seed}")
    if at_counter(seed) or drawn_for(seed).get(Kind.PULSE_ACCEPTOR) is None or rng.random() >= 1 / 8:
        return None
    return LOSSY if rng.random() < 0.3 else USB


def at_counter(seed: int) -> bool:
    return seed % COUNTER_EVERY == COUNTER_EVERY - 1


def possible() -> set[Pair]:
    """Every pair but those that cannot happen in one session (`EXCLUDE`)."""
    return {pair for pair in combinations(sorted(ROWS), 2) if not _excluded(set(pair))}


def _excluded(rows: set[str]) -> bool:
    return any(rows & some and rows & others for some, others, _ in EXCLUDE)


def rows_for(seed: int) -> frozenset[str]:
    """The rows that this life's machine can have."""
    if at_counter(seed):
        return frozenset(code for code in ROWS if not code.startswith(COINS))
    pulses = drawn_for(seed).get(Kind.PULSE_ACCEPTOR)
    without = (OF_PULSES if pulses is None else OF_CCTALK) | (OF_BOARD if board_for(seed) is None else frozenset())
    if pulses is not None and pulses.model.get("inhibit", "low") != "low":
        without |= {"W2"}  # it cannot keep a coin that it should refuse: an open wire refuses, or nothing does
    return frozenset(ROWS) - without


def planned(seeds: Iterable[int], struck: set[Pair]) -> list[Plan]:
    """The lives of these seeds, each with some of the pairs that have not happened yet and can happen in it.

    Each life takes those that the fewest lives look for, and of these the ones that the fewest machines can have.
    """
    rows = {seed: rows_for(seed) for seed in seeds}
    missing = sorted(possible() - struck)
    random.Random(f"kofuki pairs {min(rows)}").shuffle(missing)
    sought = dict.fromkeys(missing, 0)
    hosts = {
        pair: sum(kinds * mine.issuperset(pair) for mine, kinds in Counter(rows.values()).items()) for pair in missing
    }
    plans = []
    for seed, mine in rows.items():
        can = [pair for pair in missing if mine.issuperset(pair)]
        taken = sorted(can, key=lambda pair: (sought[pair], hosts[pair]))[:WANTED]
        sought.update((pair, sought[pair] + 1) for pair in taken)
        plans.append(Plan(seed, tuple(taken)))
    return plans
