"""Seeded jobs with one or two faults anywhere: the driver's outcome is compared with the paper.

With one fault the outcome must never be wrong. Two at once can mislead the driver (a lost process id, then an open
cover), so for a pair only the worst outcome is forbidden: Printed without the page.
"""

import random
from collections import Counter
from collections.abc import Iterable

from drivers.printer.profile import profile_names
from drivers.printer.raster import RasterPage
from drivers.vocabulary import NotPrinted, Printed
from host_sim.models.printer.faults import LINE_FAULTS, MECHANICAL_FAULTS
from tests.unit.printer.rig import Rig, make_rig

# A byte lost on the wire is not among them: ESC/POS has no checksum, so no host can notice it.
FAULTS = sorted((LINE_FAULTS | MECHANICAL_FAULTS) - {"drop_byte"})


def copies(rig: Rig, page: RasterPage) -> int:
    """Sheets that carry the whole page and nothing else; one that was cut late may be longer."""
    whole = page.rows.rstrip(b"\0")
    return sum(
        sheet.complete and sheet.height_dots >= page.height_dots and sheet.rows().rstrip(b"\0") == whole
        for sheet in rig.paper()
    )


def play(seeds: Iterable[int]) -> Counter[str]:
    """Play the seeds; outcome -> how often. Raises `AssertionError` with the seed of a wrong outcome."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        counts[_one(seed)] += 1
    return counts


def _one(seed: int) -> str:
    source = random.Random(seed)
    rig = make_rig(source.choice(profile_names()), hot_s=source.choice([5.0, 80.0]))
    page = rig.page()
    faults = [(source.choice(FAULTS), source.randrange(9000)) for _ in range(source.choice([1, 2]))]
    for name, at in faults:
        rig.model.fail(name, at)
    if source.random() < 0.5:
        rig.clock.after(source.uniform(0.0, 6.0), lambda: rig.model.power_on(rig.clock.monotonic()))
    outcome = rig.print_one(page, job=seed)
    where = f"seed {seed}: {rig.profile.name} {faults} {outcome}"
    in_path = rig.model.path.begun
    assert not isinstance(outcome, Printed) or copies(rig, page) == 1 or in_path, where
    if isinstance(outcome, NotPrinted) and not outcome.begun:
        assert not in_path, where
        assert all(sheet.blank for sheet in rig.paper()), where
    if isinstance(outcome, NotPrinted) and len(faults) == 1:
        rig.mend()
        assert copies(rig, page) == 0, where
    return type(outcome).__name__
