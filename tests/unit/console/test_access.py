"""Accounts, and how password guessing is limited (security rule 11, fault K2)."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from firmware.console.access import (
    Account,
    Accounts,
    AccountsUnusable,
    Role,
    load,
    parse,
    proves,
    scrypt,
    spell,
    wait_s,
)

TODAY = date(2026, 11, 24)


def test_the_schedule() -> None:
    waits = [wait_s(failures) for failures in range(17)]
    assert waits[:5] == [0.0] * 5
    assert waits[5:15] == [15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680]
    assert waits[15:] == [None, None]


def test_a_million_guesses_in_virtual_time() -> None:
    """Fault K2: somebody guesses as fast as the delays allow, without end."""
    tries, now_s = 0, 0.0
    for _ in range(1_000_000):
        wait = wait_s(tries)
        if wait is None:
            continue
        now_s += wait
        tries += 1
    assert tries == 15
    assert now_s > 4 * 3600


def test_a_password_is_accepted_for_its_owner_only() -> None:
    salt = b"0123456789abcdef"
    account = Account(role=Role.CASH, salt=salt, hash=scrypt("correct-horse", salt), expires=TODAY)
    assert proves(account, "correct-horse", TODAY)
    assert not proves(account, "correct-horsf", TODAY)
    assert not proves(None, "correct-horse", TODAY)
    assert not proves(account, "correct-horse", date(2026, 11, 25))


def test_a_password_is_tried_with_the_cost_its_hash_was_made_with() -> None:
    salt = b"0123456789abcdef"
    account = Account(role=Role.CASH, salt=salt, hash=scrypt("correct-horse", salt, 4), cost=4)
    assert proves(account, "correct-horse", TODAY)
    assert not proves(replace(account, cost=8), "correct-horse", TODAY)


def test_a_file_from_before_costs_were_kept_has_that_of_then() -> None:
    salt = b"0123456789abcdef"
    account = Account(role=Role.CASH, salt=salt, hash=scrypt("correct-horse", salt, 2**14))
    older = spell(Accounts({"kato": account})).replace(f"cost = {account.cost}\n", "")
    assert "cost" not in older
    assert proves(parse(older).people["kato"], "correct-horse", TODAY)


@pytest.mark.parametrize("cost", ["0", "1", "3", "-4", "16384.0", '"16384"', str(2**18)])
def test_a_cost_that_scrypt_or_a_pi_cannot_have_is_refused(cost: str) -> None:
    text = spell(Accounts({"kato": Account(role=Role.CASH, salt=b"s" * 16, hash=b"h" * 32)}))
    with pytest.raises(AccountsUnusable):
        parse(text.replace("cost = 16384", f"cost = {cost}"))


def test_the_file_says_what_it_was_told() -> None:
    people = {"kato": Account(role=Role.CASH, salt=b"s" * 16, hash=b"h" * 32, cost=2**15, expires=TODAY)}
    people["goto"] = Account(role=Role.SECURITY, salt=b"t" * 16, hash=b"i" * 32)
    accounts = Accounts(people, "00ff")
    assert parse(spell(accounts)) == accounts


@pytest.mark.parametrize(
    "text",
    [
        "[people.kato]",
        '[people.kato]\nrole = "root"\nsalt = ""\nhash = ""',
        "people = 3",
        "nonsense",
        "[people]\nkato = 1",
    ],
)
def test_a_file_that_is_not_valid_is_refused(text: str) -> None:
    with pytest.raises(AccountsUnusable):
        parse(text)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o650, 0o642])
def test_a_file_that_is_open_to_others_is_not_used(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "users.toml"
    path.write_text(spell(Accounts()))
    path.chmod(mode)
    with pytest.raises(AccountsUnusable, match="Others"):
        load(path)


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_its_owner_and_the_readers_in_its_group_may_use_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "users.toml"
    path.write_text(spell(Accounts()))
    path.chmod(mode)
    assert load(path) == Accounts()


def run(users: Path, *arguments: str, password: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firmware.console", "--users", str(users), *arguments]
    return subprocess.run(command, input=password + "\n", capture_output=True, text=True, check=False, env=os.environ)


def test_the_command_that_makes_accounts(tmp_path: Path) -> None:
    users = tmp_path / "users.toml"
    assert run(users, "passwd", "kato", "--role", "cash", password="correct-horse").returncode == 0
    assert users.stat().st_mode & 0o777 == (0o640 if os.geteuid() == 0 else 0o600)
    assert b"correct-horse" not in users.read_bytes()
    assert proves(load(users).people["kato"], "correct-horse", TODAY)
    assert run(users, "passwd", "goto", "--role", "security", password="short").returncode == 1
    assert run(users, "list").stdout.split() == ["kato", "cash"]
    before = load(users).unlock
    run(users, "unlock")
    assert load(users).unlock != before
    assert list(load(users).people) == ["kato"]


SERVICE = 65_333  # a user and a group that own nothing else


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for the service's user")
def test_what_root_writes_the_service_can_read_and_not_change(tmp_path: Path) -> None:
    """In a folder as `hardware/install.sh` makes it."""
    folder = tmp_path / "kofuki"
    folder.mkdir(mode=0o750)
    os.chown(folder, 0, SERVICE)
    users = folder / "console-users.toml"
    assert run(users, "passwd", "kato", "--role", "cash", password="correct-horse").returncode == 0

    def may(user: int, command: str) -> bool:
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, user=user, group=user, extra_groups=[], capture_output=True, check=False
        )
        return done.returncode == 0

    assert may(SERVICE, f"cat {users.name}")
    assert not may(SERVICE, f"echo >> {users.name}")
    assert not may(SERVICE, f"rm -f {users.name}")
    assert not may(SERVICE + 1, f"cat {users.name}")
    assert list(load(users).people) == ["kato"]
