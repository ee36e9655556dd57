"""`swarm`: thousands of whole sessions in virtual time, with the faults of the catalogue, from one seed.

Exit status 0 only when no invariant was violated, every row of the catalogue happened (from 5,000 sessions on), and the
first life, run a second time, wrote the same journal and sent the printer the same bytes.
"""

import argparse
import logging
import os
import time
from functools import partial

from host_sim.commands import RUN, Commands, say
from host_sim.rig import swarm
from host_sim.rig.cards import rig_cards
from host_sim.rig.catalogue import ELSEWHERE, OF_A_LIFE, ROWS
from host_sim.rig.shares import in_shares
from host_sim.rig.swarm import SESSIONS, Tally
from host_sim.wallet import WalletCard

EVERY_ROW_FROM = 5_000  # sessions; in fewer a row may be missed by chance


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("swarm", help="thousands of residents with faults (virtual time)")
    parser.add_argument("--sessions", type=int, default=2000, metavar="N", help="number of sessions (default 2000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first life (default 0)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    logging.getLogger("firmware").setLevel(logging.CRITICAL)  # what a machine in trouble says belongs to its service
    cards = rig_cards(RUN / "rig-keys")
    lives = max(1, -(-options.sessions // SESSIONS))

    def share(which: int, shares: int) -> tuple[Tally, float]:
        began_s, mine = time.process_time(), Tally()
        for seed in range(options.seed + which, options.seed + lives, shares):
            mine.add(swarm.live(seed, cards))
        return mine, time.process_time() - began_s

    began_s, total, cpu_s = time.perf_counter(), Tally(), 0.0
    for found, used_s in in_shares(share, os.cpu_count() or 1):
        total.add(found)
        cpu_s += used_s
    _tell(total, time.perf_counter() - began_s, cpu_s)
    problems = [f"RED {red}" for red in total.reds]
    problems += [f"row {code} never struck: {words}" for code, words in _missed(total)]
    again = next(in_shares(partial(_again, options.seed, cards), 1))
    if not total.reds and again != total.digests[options.seed]:
        problems.append(
            f"life {options.seed}, run twice, wrote a different journal or sent the printer different bytes"
        )
    for problem in problems:
        say(problem)
    say(f"{len(total.reds)} violations in {total.sessions:,} sessions")
    for red in total.reds[:10]:
        seed = red.split(",")[0].split()[1]
        say(f"    python -m host_sim swarm --seed {seed} --sessions {SESSIONS}")
    return 1 if problems else 0


def _again(seed: int, cards: dict[str, WalletCard], _which: int, _shares: int) -> str | None:
    return swarm.live(seed, cards).digests.get(seed)


def _tell(total: Tally, took_s: float, cpu_s: float) -> None:
    rate = total.sessions / cpu_s if cpu_s else 0.0
    say(f"{total.sessions:,} sessions in {took_s:.0f} s, {rate:.0f} a second of one core; how they ended:")
    for outcome, times in total.outcomes.most_common():
        say(f"  {times:8,}  {outcome}")
    say("rows of the fault catalogue, and how often each struck:")
    for code, words in sorted({**{code: row[0] for code, row in ROWS.items()}, **OF_A_LIFE}.items()):
        say(f"  {code:3} {total.marks[code]:8,}  {words}")
    say("devices of the zoo, and the sessions with each:")
    for name in sorted(total.lived):
        say(f"  {total.lived[name]:8,}  {name}")
    possible = len(ROWS) * (len(ROWS) - 1) // 2
    say(f"pairs of rows that struck in one session: {len(total.pairs):,} of {possible:,}")
    for code, where in sorted(ELSEWHERE.items()):
        say(f"  {code:3}        -  {where}")


def _missed(total: Tally) -> list[tuple[str, str]]:
    if total.sessions < EVERY_ROW_FROM:
        return []
    wanted = {**{code: row[0] for code, row in ROWS.items()}, **OF_A_LIFE}
    return [(code, words) for code, words in sorted(wanted.items()) if not total.marks[code]]
