"""`python hardware/machine_lock.py`: requirements-machine.lock, the part of requirements.lock that a machine installs.

Reads `dependencies` of pyproject.toml and adds what these distributions require, as installed here, for Python 3.11
(Debian 12) and 3.13 (Debian 13), amd64 and arm64. Lines and hashes are copied unchanged. Run it in the environment
made from requirements.lock (`make requirements-machine.lock`).
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LOCK, MACHINE_LOCK = ROOT / "requirements.lock", ROOT / "requirements-machine.lock"
HEAD = "# What a machine installs: made by hardware/machine_lock.py from requirements.lock. Do not edit.\n"
MACHINES = [
    {"python_version": python, "python_full_version": f"{python}.2", "platform_machine": machine, "extra": ""}
    for python in ("3.11", "3.13")
    for machine in ("x86_64", "aarch64")
]


def normal(name: str) -> str:
    """The name of a distribution, normalised as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(machine: dict[str, str]) -> set[str]:
    """The distributions that a machine of this kind needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ahead, found = [Requirement(line) for line in project["dependencies"]], set[str]()
    while ahead:
        requirement = ahead.pop()
        name = normal(requirement.name)
        if name in found or not (requirement.marker is None or requirement.marker.evaluate(machine)):
            continue
        found.add(name)
        try:
            ahead += map(Requirement, requires(name) or [])
        except PackageNotFoundError:  # lgpio is not installed on amd64; it needs nothing
            assert name == "lgpio", f"{name} is not installed here: install requirements.lock first"
    return found


def blocks(lock: str) -> Iterator[tuple[str, str]]:
    """The requirements of a lock file: normalised name, and the lines with their hashes."""
    for block in re.findall(r"^[^\s#].*(?:\n\s+.*)*", lock, re.MULTILINE):
        yield normal(re.split("[=<>;@ ]", block)[0]), block + "\n"


def machine_lock() -> str:
    """The text of requirements-machine.lock."""
    names = set[str]().union(*map(needed, MACHINES))
    chosen = [(name, block) for name, block in blocks(LOCK.read_text(encoding="utf-8")) if name in names]
    missing = names - {name for name, _ in chosen}
    assert not missing, f"not in requirements.lock: {sorted(missing)}"
    return HEAD + "".join(block for _, block in chosen)


if __name__ == "__main__":
    MACHINE_LOCK.write_text(machine_lock(), encoding="utf-8")
