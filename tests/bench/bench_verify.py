"""The signed code in 284 degraded photos of one printed page: how many `verify` reads.

One thing is made worse at a time: distance, blur, keystone, noise or contrast, from what every reader reads to what
none does, four sheets each; all from one seed. `python -m tests.bench.bench_verify FOLDER` writes the photos as files for other readers.
"""

import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from host_sim.centre import forms, qr, sample, verify
from host_sim.centre.forms import reading

PX_PER_MODULE = 5.0  # of the code's 0.375 mm, in a photo that is otherwise good
SHEETS = 4
DAY = date(2026, 11, 24)
# name, levels, the mildest and the worst value
WAYS = (
    ("distance", 15, 4.0, 1.2),  # pixels a module
    ("blur", 14, 0.5, 6.0),  # pixels, sigma
    ("keystone", 14, 0.05, 0.75),  # of the width, by which the far edge is shorter
    ("noise", 14, 10.0, 130.0),  # grey levels, sigma
    ("contrast", 14, 0.6, 0.01),  # of the range from black to white
)


def printed(number: int) -> Image.Image:
    """The foot of a sheet as the head prints it: 8 dots to the mm, black or white."""
    register = sample.residents()
    who = register.by_key("taro")
    household = register.members(register.household_of(who))
    issue = forms.IssueFacts(
        issue_number=f"20261124 宮崎市 K01 {number:06d}",
        issued_on=DAY,
        request_id=f"{number:032x}",
        card_fingerprint=f"{number:064x}",
    )
    options = {"scope": ["all"], "relation": ["print"]}
    pdf = forms.typeset("juminhyo", who, household, options, issue, register)
    grey = reading.read(pdf, [reading.Window(-1, 5, 225, 80, 60)]).windows[0]
    return Image.fromarray(np.where(grey < 160, 0, 255).astype(np.uint8))


def photos() -> Iterator[tuple[str, float, int, Image.Image]]:
    """Way, value, sheet, picture."""
    chance = np.random.default_rng(284)
    sheets = [printed(number) for number in range(SHEETS)]
    for way, levels, mild, worst in WAYS:
        for value in np.geomspace(mild, worst, levels):
            for number, sheet in enumerate(sheets):
                yield way, float(value), number, _photo(sheet, way, float(value), chance)


def _photo(sheet: Image.Image, way: str, value: float, chance: np.random.Generator) -> Image.Image:
    scale = (value if way == "distance" else PX_PER_MODULE) / 3  # a module is three dots
    seen = sheet.resize((round(sheet.width * scale), round(sheet.height * scale)), Image.Resampling.BOX)
    seen = seen.rotate(chance.uniform(-4, 4), Image.Resampling.BICUBIC, fillcolor=255)
    if way == "keystone":
        seen = _from_the_side(seen, value)
    seen = seen.filter(ImageFilter.GaussianBlur(value if way == "blur" else 0.5))
    grey = np.asarray(seen, dtype=float)
    light = np.linspace(0.85, 1.0, grey.shape[1])[None, :]
    if way == "contrast":
        grey = 128 + (grey - 128) * value
    noise = value if way == "noise" else 2.0
    return Image.fromarray(np.clip(grey * light + chance.normal(0, noise, grey.shape), 0, 255).astype(np.uint8))


def _from_the_side(seen: Image.Image, shorter: float) -> Image.Image:
    """The upper edge further away: `shorter` of the width is lost there, and the height shrinks with it."""
    w, h = seen.size
    lost = shorter * w / 2
    corners = [(lost, shorter * h), (w - lost, shorter * h), (w, h), (0, h)]
    rows, due = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (w, 0), (w, h), (0, h)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        due += [u, v]
    flat: Any = np.linalg.solve(np.array(rows), np.array(due))
    return seen.transform((w, h), Image.Transform.PERSPECTIVE, tuple(flat), Image.Resampling.BICUBIC, fillcolor=255)


def rows() -> list[tuple[str, str, str]]:
    read = {way: [0, 0] for way, *_ in WAYS}
    times_s = []
    for way, _, _, picture in photos():
        begun_s = time.process_time()
        found = any(verify.verify_text(text).claims for text in qr.read_codes(picture))
        times_s.append(time.process_time() - begun_s)
        read[way][0] += found
        read[way][1] += 1
    total = f"{sum(one for one, _ in read.values())} of {sum(all_ for _, all_ in read.values())}"
    slowest = f"{sorted(times_s)[len(times_s) // 2] * 1000:.0f} ms, {max(times_s) * 1000:.0f} ms"
    return [
        ("verify: degraded photos read", total, ">= 207 of 284"),
        *[(f"verify: of those, {way}", f"{one} of {all_}", "") for way, (one, all_) in read.items()],
        ("verify: a photo, median and slowest", slowest, ""),
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, (way, value, sheet, picture) in enumerate(photos()):
        picture.save(folder / f"{number:03d}-{way}-{value:.3f}-{sheet}.png")


if __name__ == "__main__":
    main()
