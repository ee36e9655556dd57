"""The simulated board against the same golden bytes: it hears the machine's frames and says the board's."""

import tomllib
from pathlib import Path

import pytest

from host_sim.models.io_board import wire

GOLDEN = tomllib.loads((Path(__file__).parents[2] / "golden" / "io_board" / "frames.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", GOLDEN["report"], ids=lambda entry: entry["name"])
def test_reports(entry):
    fields = ["sequence", "boot", "at_us", "outputs", "why", "inputs", "contacts", "damaged", "first"]
    edges = [2 * edge["at_us"] + edge["active"] for edge in entry["edges"]]
    assert wire.report(*(entry[field] for field in fields), edges).hex() == entry["wire"]


@pytest.mark.parametrize("entry", GOLDEN["identity"], ids=lambda entry: entry["name"])
def test_identity(entry):
    assert wire.identity(entry["sequence"], entry["boot"], bytes.fromhex(entry["program"])).hex() == entry["wire"]


@pytest.mark.parametrize("kind", ["set", "ask", "loader", "other_version"])
def test_what_the_machine_says_is_heard(kind):
    for entry in GOLDEN[kind]:
        ears = wire.Ears()
        (body,) = ears.hear(bytes.fromhex(entry["wire"]))
        assert (body[2] == entry.get("sequence", body[2]), ears.damaged) == (True, 0)


@pytest.mark.parametrize("entry", GOLDEN["damaged"], ids=lambda entry: entry["name"])
def test_damaged_frames_count_one(entry):
    ears = wire.Ears()
    assert ears.hear(bytes.fromhex(entry["wire"])) == []
    assert ears.damaged == 1
