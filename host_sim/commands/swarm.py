"""`swarm`: thousands of whole sessions in virtual time, with the faults of the catalogue, from one seed.

Exit status 0 only when no invariant was violated, every row of the catalogue happened (from 5,000 sessions on), and the
first life, run a second time, wrote the same journal and sent the printer the same bytes.
"""

import argparse
import json
import logging
import os
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial

from host_sim.commands import RUN, Commands, say
from host_sim.commands.zoo import SWARM
from host_sim.rig import swarm
from host_sim.rig.cards import rig_cards
from host_sim.rig.catalogue import ELSEWHERE, OF_A_LIFE, ROWS
from host_sim.rig.pairs import EXCLUDE, SESSIONS, Pair, Plan, planned, possible
from host_sim.rig.progress import Shown
from host_sim.rig.shares import Tell, in_shares
from host_sim.rig.tally import Tally
from host_sim.running import NotRunning
from host_sim.wallet import WalletCard

EVERY_ROW_FROM = 5_000  # sessions; in fewer a row may be missed by chance
ROUND = 60  # lives; after each round the pairs that are still missing are looked for
Told = tuple[Tally, float]  # of one life, with its CPU seconds


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("swarm", help="thousands of residents with faults (virtual time)")
    parser.add_argument("--sessions", type=int, default=2000, metavar="N", help="number of sessions (default 2000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first life (default 0)")
    parser.add_argument(
        "--pairs", type=_pairs, metavar="A4+N3,C1+X1", help="run one life again that looked for these pairs of rows"
    )
    parser.set_defaults(run=run)


def _pairs(words: str) -> tuple[Pair, ...]:
    pairs = [word.split("+") for word in words.split(",")]
    for pair in pairs:
        if len(pair) != 2 or not set(pair) <= set(ROWS):
            raise argparse.ArgumentTypeError(f"{'+'.join(pair)!r} is no pair of rows; write it like A4+N3")
    return tuple((first, second) for first, second in pairs)


def run(options: argparse.Namespace) -> int:
    logging.getLogger("firmware").setLevel(logging.CRITICAL)  # what a machine in trouble says belongs to its service
    cards = rig_cards(RUN / "rig-keys")
    lives = max(1, -(-options.sessions // SESSIONS))
    if options.pairs is not None and lives > 1:
        raise NotRunning(f"--pairs runs one life again: add --sessions {SESSIONS}.")
    seeds, done = range(options.seed, options.seed + lives), set()
    began_s, total, cpu_s, whole = time.perf_counter(), Tally(), 0.0, True
    try:
        with (
            Shown("sessions", lives * SESSIONS) as shown,
            closing(_found(seeds, options.pairs, cards, total)) as told,
        ):
            for found, used_s in told:
                total.add(found)
                cpu_s += used_s
                done.add(found.seed)
                shown.done(SESSIONS)
    except KeyboardInterrupt:
        whole = False
    _tell(total, time.perf_counter() - began_s, cpu_s)
    SWARM.write_text(
        json.dumps({"seed": options.seed, "sessions": total.sessions, "lived": total.lived}), encoding="utf-8"
    )
    problems = _problems(total)
    if whole:
        plan = Plan(options.seed, options.pairs or ())
        again = next(in_shares(partial(_share, [plan], cards), 1))[0].digests.get(options.seed)
        if not total.reds and again != total.digests[options.seed]:
            problems.append(f"life {options.seed}, run twice, wrote a different journal or sent different bytes")
    for problem in problems:
        say(problem)
    say(f"{len(total.reds)} violations in {total.sessions:,} sessions")
    for replay in total.replays[:10]:
        say(f"    python -m host_sim swarm {replay}")
    if not whole:
        first = next((seed for seed in seeds if seed not in done), seeds.stop)
        say("Stopped. This goes on:")
        say(f"    python -m host_sim swarm --seed {first} --sessions {(seeds.stop - first) * SESSIONS}")
        return 130
    return 1 if problems else 0


def _found(
    seeds: range, pairs: tuple[Pair, ...] | None, cards: Mapping[str, WalletCard], total: Tally
) -> Generator[Told, None, None]:
    """What each life finds, round by round. `total` grows meanwhile: it says which pairs the next round looks for."""
    for begin in range(seeds.start, seeds.stop, ROUND):
        lives = range(begin, min(begin + ROUND, seeds.stop))
        if pairs is not None:
            plans = [Plan(seed, pairs) for seed in lives]
        elif begin == seeds.start:
            plans = [Plan(seed) for seed in lives]
        else:
            plans = planned(lives, total.pairs)
        yield from in_shares(partial(_share, plans, cards), os.cpu_count() or 1)


def _share(plans: Sequence[Plan], cards: Mapping[str, WalletCard], which: int, shares: int, tell: Tell[Told]) -> None:
    for plan in plans[which::shares]:
        began_s = time.process_time()
        found = swarm.live(plan, cards)
        tell((found, time.process_time() - began_s))


def _problems(total: Tally) -> list[str]:
    return [
        *(f"RED {red}" for red in total.reds),
        *(f"row {code} never struck: {words}" for code, words in _missed(total)),
        *(f"pair {'+'.join(pair)} struck, which pairs.py excludes" for pair in sorted(set(total.pairs) - possible())),
    ]


def _tell(total: Tally, took_s: float, cpu_s: float) -> None:
    rate = total.sessions / cpu_s if cpu_s else 0.0
    say(f"{total.sessions:,} sessions in {took_s:.0f} s, {rate:.0f} a second of one core; how they ended:")
    for outcome, times in total.outcomes.most_common():
        say(f"  {times:8,}  {outcome}")
    say("rows of the fault catalogue, and how often each struck:")
    for code, words in sorted({**{code: row[0] for code, row in ROWS.items()}, **OF_A_LIFE}.items()):
        say(f"  {code:3} {total.marks[code]:8,}  {words}")
    for code, where in sorted(ELSEWHERE.items()):
        say(f"  {code:3}        -  {where}")
    say("devices of the zoo, and the sessions with each:")
    for name in sorted(total.lived):
        say(f"  {total.lived[name]:8,}  {name}")
    can = possible()
    missing = sorted(can - total.pairs)
    say(f"pairs of rows that struck in one session: {len(can) - len(missing):,} of {len(can):,} that can")
    if missing and len(missing) <= 60:
        say(f"  not yet: {' '.join(map('+'.join, missing))}")
    say("pairs that cannot:")
    for some, others, words in EXCLUDE:
        say(f"  {' '.join(sorted(some))} with {' '.join(sorted(others))}: {words}")


def _missed(total: Tally) -> list[tuple[str, str]]:
    if total.sessions < EVERY_ROW_FROM:
        return []
    wanted = {**{code: row[0] for code, row in ROWS.items()}, **OF_A_LIFE}
    return [(code, words) for code, words in sorted(wanted.items()) if not total.marks[code]]
