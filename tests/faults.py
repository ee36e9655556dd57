"""`make mutants`: put one fault into the program at a time, and see whether a test notices it (tests/README.md).

Run by a virtual environment of its own, which has cosmic-ray; the tests run in the project's. The faults are put into a copy
of the newest commit, so that the tree may be worked on meanwhile. Results are kept by commit and add up share by share.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import parso
from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import OPERATOR_PROVIDERS
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parent.parent
TESTS = f"{ROOT}/.venv/bin/python -m pytest -q -n 0 -x -p no:cacheprovider --tb=no -m 'not pcsc and not browser'"

NODE_MODULES = "tests/golden/npos/node_modules"
PARTS = tomllib.loads((ROOT / "tests" / "faults.toml").read_text())

# Of cosmic-ray's operators one in each direction: the others of a family are noticed by the same tests.
COMPARISONS = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
SUMS = ("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul")
CORE = (
    *(f"ReplaceComparisonOperator_{pair}" for pair in COMPARISONS),
    *(f"ReplaceBinaryOperator_{pair}" for pair in SUMS),
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "NumberReplacer"),
    *("ZeroIterationForLoop", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
)


class RemoveAct(Operator):
    """Leave out one act: a call, a refusal, or a change of an object's field. Names and their values stay."""

    def mutation_positions(self, node):
        if node.type == "simple_stmt" and _acts(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node, index):
        nothing = parso.parse("pass").children[0]
        nothing.prefix = node.children[0].get_first_leaf().prefix
        node.children[0] = nothing
        return node

    @classmethod
    def examples(cls):
        return ()


def _acts(statement) -> bool:
    if statement.type == "atom_expr":
        return statement.children[-1].type == "trailer" and statement.children[-1].children[0].value == "("
    changes_a_field = statement.type == "expr_stmt" and statement.children[0].type == "atom_expr"
    return changes_a_field or statement.type in {"raise_stmt", "del_stmt", "yield_expr"}


def main(results: Path, share: int, shares: int) -> None:
    core = OPERATOR_PROVIDERS.pop("core")
    OPERATOR_PROVIDERS.clear()
    OPERATOR_PROVIDERS["kofuki"] = {"RemoveAct": RemoveAct, **{name: core[name] for name in CORE}}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as copy, use_db(str(results / f"{commit[:12]}.sqlite")) as db:
        newest = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", copy], input=newest, check=True)
        Path(copy, NODE_MODULES).symlink_to(ROOT / NODE_MODULES)  # another project's parser, which make setup installs
        os.chdir(copy)
        if not db.num_work_items:
            init(sorted(path for part in PARTS.values() for name in part["files"] for path in _modules(name)), db, {})
        try:
            examine(db, share, shares)
        except KeyboardInterrupt:
            print("Stopped. The same line goes on where this one was.")
        report(db)


def _modules(name: str) -> list[Path]:
    return [Path(name)] if name.endswith(".py") else list(Path(name).glob("*.py"))


def examine(db: WorkDB, share: int, shares: int) -> None:
    """Try every fault of the share that has no result yet. A part whose tests are red without a fault is left out."""
    todo = defaultdict(list)
    for item in db.pending_work_items:
        if _number(item.mutations[0]) % shares == share % shares:
            todo[_part_of(item.mutations[0])].append(item)
    for part, items in todo.items():
        command = TESTS + "".join(f" tests/{name}" for name in PARTS[part]["tests"])
        began_s = time.monotonic()
        outcome, output = run_tests(command, 3600)
        if outcome is not TestOutcome.SURVIVED:
            print(f"{part} is left out, because its tests are red without any fault:\n{output}", flush=True)
            continue
        limit_s = 30 + 4 * (
            time.monotonic() - began_s
        )  # a fault that makes a loop endless is noticed by the time it takes
        for done, item in enumerate(items, 1):
            result = mutate_and_test(item.mutations, command, limit_s)
            db.set_result(item.job_id, result)
            print(f"{part} {done}/{len(items)} {_told(item.mutations[0], result)}", flush=True)


def _number(fault: MutationSpec) -> int:
    """The same in every run, so that a share has the same faults when it is taken up again."""
    name = f"{fault.module_path} {fault.operator_name} {fault.occurrence}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])


def _part_of(fault: MutationSpec) -> str:
    path = str(fault.module_path)
    return next(name for name, part in PARTS.items() if path.startswith(tuple(part["files"])))


def _told(fault: MutationSpec, result: WorkResult) -> str:
    if result.worker_outcome is not WorkerOutcome.NORMAL or result.test_outcome is TestOutcome.INCOMPETENT:
        word = "NOT RUN"
    else:
        word = "NOT NOTICED" if result.test_outcome is TestOutcome.SURVIVED else "noticed"
    lines = (result.diff or result.output or "").splitlines()
    changed = [
        line[0] + " " + line[1:].strip() for line in lines if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}
    ]
    return f"{word} {fault.module_path}:{fault.start_pos[0]} {' '.join(changed)}"


def report(db: WorkDB) -> None:
    """What is known of this commit: each fault that was not noticed, then the counts, part by part."""
    noticed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    rest = []
    for item, result in db.completed_work_items:
        told, part = _told(item.mutations[0], result), _part_of(item.mutations[0])
        if told.startswith("NOT"):
            rest.append(told)
        if not told.startswith("NOT RUN"):
            tried[part] += 1
            noticed[part] += told.startswith("noticed")
    print("", *sorted(rest), "", sep="\n")
    for part, number in sorted(tried.items()):
        print(f"{part}: {noticed[part]} of {number} noticed, {noticed[part] / number:.0%}")
    if tried:
        print(f"all: {noticed.total()} of {tried.total()} noticed, {noticed.total() / tried.total():.1%}")
    print(f"{db.num_work_items - db.num_results} of {db.num_work_items} faults are not tried yet")


if __name__ == "__main__":
    main(Path(sys.argv[1]).expanduser().resolve(), int(sys.argv[2]), int(sys.argv[3]))
