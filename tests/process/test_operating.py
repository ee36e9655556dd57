"""A centre as its operators see it: health, start-up manifest and commands, on real processes and both databases."""

import asyncio
import io
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding

from host_sim.centre.__main__ import main
from host_sim.centre.operating.startup import program_sha256
from host_sim.centre.serving import bound
from host_sim.running import free_port
from tests.process.running_centre import ROOT, start
from tests.process.tls_servers import DEADLINE_S, MACHINE
from tests.unit.centre.cards import authority
from tests.unit.centre.databases import AT_HAND, Server, database


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The run directory of a centre that has not started yet."""
    run = tmp_path / "run"
    (run / "wallet" / "ca").mkdir(parents=True)
    (run / "wallet" / "ca" / "auth.pem").write_bytes(authority().public_bytes(Encoding.PEM))
    (run / "wallet" / "registry.json").write_text("[]")
    return run


@pytest.fixture(params=AT_HAND)
def url(request: pytest.FixtureRequest, run: Path, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as url:
        fill(run, url)
        yield url


def fill(run: Path, url: str) -> None:
    """Make the tables and enter the sample, where that is not done."""
    for act in ("init", "seed"):
        status, told = say(run, "db", act, "--database", url)
        assert status == 0, told


def say(run: Path, *words: str) -> tuple[int, str]:
    """Exit status and output of one command, in this process."""
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(told):
        patch.setattr(sys, "argv", ["host_sim.centre", *words, "--run", str(run)])
        return main(), told.getvalue()


def centre(run: Path, *words: str, root: Path = ROOT) -> tuple[int, str]:
    """Exit status and output of one command, in a process of its own."""
    command = [sys.executable, "-m", "host_sim.centre", *words, "--run", str(run)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=900, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def health(address: str) -> tuple[int, dict[str, str]]:
    answer = requests.get(f"http://{address}/health", timeout=DEADLINE_S)
    return answer.status_code, answer.json()


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(300)


def test_health_says_what_is_wrong(run: Path, tmp_path: Path) -> None:
    address, url = f"127.0.0.1:{free_port()}", f"sqlite:///{tmp_path / 'centre.db'}"
    fill(run, url)
    process = start(run, free_port(), more=("--health", address, "--database", url))
    try:
        well = dict.fromkeys(("process", "database", "tables", "keys", "manifest"), "ok") | {"line": "open"}
        assert health(address) == (200, well)
        assert say(run, "stop", "a test", "--by", "kuroki", "--database", url)[0] == 0
        assert health(address) == (200, well | {"line": "stopped"})
        key = run / "centre" / "tls" / "pin.key"
        key.rename(key.with_suffix(".away"))
        assert health(address) == (503, well | {"line": "stopped", "keys": "unreadable"})
        key.with_suffix(".away").rename(key)
        with sqlite3.connect(tmp_path / "centre.db") as c:
            c.execute("DROP TABLE claims")
        status, told = health(address)
        assert (status, told["tables"], told["process"]) == (503, "missing", "ok")
        assert requests.get(f"http://{address}/other", timeout=DEADLINE_S).status_code == 404
        assert "-----" not in str(told)
    finally:
        end(process)


def test_health_and_calls_when_the_database_is_gone(run: Path) -> None:
    """The database is killed for real: no 500, no silence, and no restart is needed when it is back."""
    address, port = f"127.0.0.1:{free_port()}", free_port()
    tls = run / "centre" / "tls"
    server = Server()
    url = server.create("centre")
    fill(run, url)
    process = start(run, port, more=("--health", address, "--database", url))
    try:
        assert health(address)[0] == 200
        server.kill()
        status, told = health(address)
        assert (status, told["database"], told["process"]) == (503, "unreachable", "ok")
        assert requests.get(f"http://{address}/metrics", timeout=DEADLINE_S).status_code == 200
        answer = requests.get(
            f"https://127.0.0.1:{port}/v1/requests/{'a' * 32}",
            verify=str(tls / "ca.pem"),
            cert=(str(tls / "miyazaki-store-01.pem"), str(tls / "miyazaki-store-01.key")),
            timeout=DEADLINE_S,
        )
        assert (answer.status_code, answer.json()) == (503, {"code": "busy"})
        server.start()
        assert health(address)[0] == 200
        server.kill()
    finally:
        end(process)
        server.close()
    assert json.loads((run / "printed").read_text().splitlines()[-1])["event"] == "ended"


def another_program(directory: Path) -> Path:
    """A checkout whose centre differs by one comment."""
    for name in ("host_sim", "hardware"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (directory / "host_sim" / "centre" / "rules.py").open("a") as rules:
        rules.write("# another day\n")
    return directory


def test_another_program_does_not_start_beside_the_first(run: Path, url: str, tmp_path: Path) -> None:
    """Incident 5: the program for one server stood on several."""
    other, where = another_program(tmp_path / "other"), ("--database", url)
    first = start(run, free_port(), more=where)
    second = start(run, free_port(), more=where)
    try:
        status, told = centre(run, "serve", "--port", str(free_port()), *where, root=other)
        assert status == 1
        assert "another program (" in told
        assert "startup replace" in told
        listed = say(run, "startup", "show", *where)[1]
        assert len(re.findall(r"^process ", listed, re.MULTILINE)) == 2
        assert all(str(process.pid) in listed for process in (first, second))
        # Deliberately: the new program starts, the old ones go on and do not start again.
        assert centre(run, "startup", "replace", *where, root=other)[0] == 0
        assert say(run, "startup", "show", *where)[1].count("ANOTHER PROGRAM") == 2
        assert first.poll() is second.poll() is None
        status, told = centre(run, "serve", "--port", str(free_port()), *where)
        assert (status, "another program" in told) == (1, True)
    finally:
        end(first)
        end(second)
    assert "process " not in say(run, "startup", "show", *where)[1]


def test_other_keys_and_another_city_do_not_start(run: Path, tmp_path: Path) -> None:
    end(start(run, free_port()))
    tls = run / "centre" / "tls"
    key = (tls / "manifest.key").read_bytes()
    (tls / "manifest.key").unlink()  # the next start makes a new one
    status, told = centre(run, "serve", "--port", str(free_port()))
    assert (status, "another key for manifests" in told) == (1, True)
    (tls / "manifest.key").write_bytes(key)
    with sqlite3.connect(run / "centre" / "centre.db") as c:
        (known,) = c.execute("SELECT value FROM facts WHERE name = 'startup manifest'").fetchone()
        foreign = json.dumps(json.loads(known) | {"municipality": "999999"})
        c.execute("UPDATE facts SET value = ? WHERE name = 'startup manifest'", (foreign,))
    status, told = centre(run, "serve", "--port", str(free_port()))
    assert (status, "another municipality (452017)" in told) == (1, True)


def test_the_programs_hash_is_that_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    hashes = {program_sha256(tmp_path)}
    for change in (
        lambda: (tmp_path / "a.py").write_text("2"),
        lambda: (tmp_path / "a.py").rename(tmp_path / "b.py"),
        lambda: (tmp_path / "form.typ").write_text(""),
    ):
        change()
        program_sha256.cache_clear()
        hashes.add(program_sha256(tmp_path))
    assert len(hashes) == 4
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("")
    program_sha256.cache_clear()
    assert program_sha256(tmp_path) in hashes


def test_a_port_that_is_taken_is_told_in_a_sentence(run: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words in (("--port", port), ("--port", str(free_port()), "--health", f"127.0.0.1:{port}")):
            status, told = centre(run, "serve", *words)
            assert status == 1
            assert told.count("\n") == 1
            assert f"127.0.0.1:{port} cannot be taken" in told


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    """Head and body of an answer are two writes: without TCP_NODELAY the second one waits 40 ms, at each call of a machine."""

    async def told() -> int:
        sent: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def heard(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            sent.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = bound("The port", "127.0.0.1", 0)
        async with await asyncio.start_server(heard, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await sent

    assert asyncio.run(told())


def test_the_commands_of_a_day(run: Path) -> None:
    """As the README tells them: flags, machines, the audit record and its witness."""
    end(start(run, free_port()))
    assert say(run, "flags", "list") == (0, "No flag is open.\n")
    status, told = say(run, "machines", "list")
    assert (status, f"{MACHINE}: never heard\n  key 1, store: valid, " in told) == (0, True)
    assert told.endswith("No machine has been heard yet.\n")
    assert say(run, "stop", "a test", "--by", "kuroki")[0] == 0
    witness = run / "head"
    witness.write_text(say(run, "audit", "head")[1])
    assert "Somebody stopped the municipality's line." in say(run, "flags", "list")[1]
    assert say(run, "flags", "assign", "1", "tanaka", "--by", "kawano") == (0, "Flag 1 is assigned to tanaka.\n")
    assert say(run, "flags", "comment", "1", "it was a test", "--by", "tanaka")[0] == 0
    assert "second person" in say(run, "flags", "close", "1", "a test", "--by", "tanaka")[1]
    assert say(run, "flags", "close", "1", "a test", "--by", "tanaka")[0] == 1
    assert say(run, "flags", "close", "1", "a test", "--by", "kawano") == (0, "Flag 1 is closed.\n")
    shown = say(run, "flags", "show", "1")[1]
    assert all(words in shown for words in ("closed", "to tanaka", "tanaka: commented, it was a test"))
    status, told = say(run, "flags", "comment", "1", "it was a test", "--by", "hyuga")
    assert (status, "hyuga is not staff in the city's file of today" in told) == (1, True)
    assert say(run, "flags", "show", "2") == (1, "There is no flag 2. `flags list` shows them.\n")
    status, told = say(run, "audit", "verify", "--witness", str(witness))
    assert (status, told.startswith("The audit record is whole: ")) == (0, True)
    witness.write_text("no head")
    assert say(run, "audit", "verify", "--witness", str(witness))[0] == 2
    witness.write_text(f"1 {'0' * 64}")
    assert say(run, "audit", "verify", "--witness", str(witness))[0] == 1
