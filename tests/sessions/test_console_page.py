"""Types the transcript of firmware/console/README.md again and compares the machine's answers with it."""

import re
from collections.abc import Mapping
from pathlib import Path

from drivers.vocabulary import claim_code
from firmware import console
from host_sim.rig.console import PASSWORD
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import owing_200

PAGE = Path(console.__file__).parent / "README.md"
# Record numbers, ids and codes differ from run to run; the page's are examples.
CHANCE = re.compile(r"\d+(?=> )|\b[A-HJ-NP-Z2-9]{8}\b|(?<=key )[0-9a-f]{32}|A00\d|\d\d(?= JST)|(?<=program )[0-9.]+")


def typed_in(transcript: str) -> list[str]:
    """Everything a person types, in order; a password is not shown."""
    found = re.findall(r"^(?:rig-01 .*?> |Second person.*?: )(.*)$|^(Password: )$", transcript, re.MULTILINE)
    return [PASSWORD if secret else line for line, secret in found]


def replayed(lines: list[str], wallet: Mapping[str, WalletCard]) -> str:
    """The same lines at a machine that owes a resident 200 yen."""
    machine = owing_200(wallet)
    (key,) = machine.centre.claims
    machine.say("")
    start = len(machine.terminal.shown) - len(b"rig-01 service - 33> ")
    for line in lines:
        code = re.sub(r"(?<=claim |llect )[A-Z2-9]{8}", claim_code(key), line)
        machine.say(re.sub(r"(?<=confirm )....", f"{0xA000 + machine.codes:04X}", code))
    shown = machine.shown_since(start)
    return shown[: shown.rindex("rig-01 ")]


def test_the_transcript_is_what_the_machine_says(wallet: Mapping[str, WalletCard]) -> None:
    transcript = PAGE.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    fresh = replayed(typed_in(transcript), wallet)
    assert CHANCE.sub("*", fresh) == CHANCE.sub("*", transcript), fresh
