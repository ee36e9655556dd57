"""The coin bench as its own process, on a pseudo-terminal, against the simulated devices in real time."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.adapters.pty import PtyLine, serve
from host_sim.adapters.wire import WireKind
from host_sim.models.acceptor import Fate
from tests.bench.coin_world import Machine

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[WireKind(baud=None), WireKind(baud=None, echo=True, slice_bytes=1)], ids=["plain", "echo"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Machine, PtyLine]]:
    machine = Machine("clean", tube=40)
    for hopper in machine.hoppers.values():
        hopper.coins_per_s = 30.0
    pty = PtyLine(machine.model, tmp_path / "coin", request.param)
    with serve([pty]):
        yield machine, pty


def command(pty: PtyLine, *words: str) -> list[str]:
    return [sys.executable, "-m", "drivers.coin", "--port", str(pty.link), *words]


def run(pty: PtyLine, *words: str) -> tuple[int, str]:
    done = subprocess.run(command(pty, *words), capture_output=True, text=True, cwd=ROOT, timeout=900, check=False)
    return done.returncode, done.stdout + done.stderr


def test_info_names_everybody_on_the_line_and_their_coins(line: tuple[Machine, PtyLine]) -> None:
    _, pty = line
    code, said = run(pty, "info")
    assert code == 0, said
    assert "2: Coin Acceptor, KFK SIM-A5 1.0, serial 107187" in said
    assert "position 5: JP500B = 500 yen" in said
    assert said.count("Payout") == 4
    assert f"The line {'echoes' if pty._wire.kind.echo else 'does not echo'}; 5 devices." in said


def test_pay_pays_and_counters_agree(line: tuple[Machine, PtyLine]) -> None:
    machine, pty = line
    code, said = run(pty, "--hopper", "100=5", "pay", "3x100")
    assert code == 0, said
    assert "paid=3" in said
    code, said = run(pty, "--hopper", "50=4:serial", "pay", "2x50")
    assert code == 0, said
    with pty.lock:
        assert (machine.hoppers[100].out, machine.hoppers[50].out) == (3, 2)
    code, said = run(pty, "--hopper", "100=5", "--hopper", "50=4:serial", "--trace", "4", "counters")
    assert code == 0, said
    assert "hopper 100 yen: ok, 3 coins out" in said
    assert re.search(r"^ +-\d+\.\d+ -> 04 00 01 a8 53$", said, re.MULTILINE)  # request dispense count of device 4


def test_pay_from_an_empty_hopper_fails_and_says_what_was_paid(line: tuple[Machine, PtyLine]) -> None:
    machine, pty = line
    with pty.lock:
        machine.hoppers[10].tube = 1
        machine.hoppers[10].empty_after_s = 0.3
    code, said = run(pty, "--hopper", "10=3", "pay", "4x10")
    assert code == 1
    assert "asked=4, paid=1" in said


def test_watch_credits_a_coin_and_closes_the_slot_behind_it(line: tuple[Machine, PtyLine]) -> None:
    machine, pty = line
    watching = subprocess.Popen(command(pty, "watch"), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert watching.stdout is not None
    assert "open for 10, 50, 100, 500 yen" in watching.stdout.readline()
    while True:  # if the computer stood still and did not poll for a second, the acceptor gives the coin back
        with pty.lock:
            coin = machine.acceptor.insert("JP500B", time.monotonic())
        if coin.fate is not Fate.RETURNED:
            break
    assert "CoinCredited(value_yen=500, event_counter=1)  total 500 yen" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    rest, _ = watching.communicate(timeout=900)
    assert "The slot is closed; total 500 yen" in rest
    with pty.lock:
        assert machine.acceptor.open_coins == frozenset()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pay", "abc"], "'abc' is no payout; write 3x100"),
        (["pay", "0x100"], "'0x100' is no payout"),
        (["pay", "300x100"], "at most 255 coins at once"),
        (["--hopper", "100=five", "pay", "3x100"], "'five' is no device address; write a number from 2 to 255"),
        (["--hopper", "100=5:magic", "pay", "3x100"], "'100=5:magic' is no hopper; write 100=5 or 100=5:serial"),
        (["--acceptor", "0", "watch"], "'0' is no device address"),
    ],
)
def test_wrong_arguments_are_refused_before_the_port_is_opened(words: list[str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drivers.coin", "--port", "/nowhere", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
        check=False,
    )
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_device_of_another_kind_is_named_at_once(line: tuple[Machine, PtyLine]) -> None:
    machine, pty = line
    for words, sentence in (
        (["--acceptor", "5", "watch"], "address 5 is a 'Payout', not a coin acceptor; give --acceptor ADDRESS."),
        (["--acceptor", "9", "watch"], "no device answers at address 9; `info` lists the devices that do."),
        (["--hopper", "100=2", "pay", "1x100"], "address 2 is b'Coin Acceptor', not a hopper."),
        (["--hopper", "50=5", "pay", "1x50"], "address 5 holds JP100A, but 50 yen is set for it: correct the address."),
        (["--hopper", "100=5", "pay", "3x70"], "No hopper is known to hold 70 yen; give --hopper YEN=ADDRESS."),
    ):
        code, said = run(pty, *words)
        assert code == 1
        assert sentence in said
    with pty.lock:
        assert sum(hopper.out for hopper in machine.hoppers.values()) == 0


def test_a_cable_that_is_pulled_ends_with_one_sentence_and_a_remedy(line: tuple[Machine, PtyLine]) -> None:
    _, pty = line
    watching = subprocess.Popen(
        command(pty, "watch"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert watching.stdout is not None
    watching.stdout.readline()
    pulled = threading.Thread(target=pty.hang_up)
    pulled.start()
    _, complaint = watching.communicate(timeout=900)
    pulled.join()
    assert watching.returncode == 1
    assert re.fullmatch(
        r"coin: .*coin (is gone|cannot be opened) \(.*\): check its cable and .*\. \[reset\]\n", complaint
    ), complaint
