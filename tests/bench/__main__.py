"""`make bench`: prints the rows of every bench file as one table: what, measured, target."""

import importlib
import sys
from pathlib import Path


def main() -> int:
    known = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    names = sys.argv[1:] or known
    if strangers := set(names) - set(known):
        print(f"There is no bench {', '.join(sorted(strangers))}; there are {', '.join(known)}.", file=sys.stderr)
        return 1
    print(f"{'what':60} {'measured':>24}  target")
    for name in names:
        module = importlib.import_module(f"tests.bench.{name}")
        for what, measured, target in module.rows():
            print(f"{what:60} {measured:>24}  {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
