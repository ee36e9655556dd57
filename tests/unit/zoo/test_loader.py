"""Device files: every file of the zoo loads, and what is wrong in one is said with the file and the key."""

from pathlib import Path

import pytest

from host_sim.models import zoo

GOOD = {
    "": "# A pulse acceptor of the rig.",
    "device": 'kind = "pulse_acceptor"\nmaker = "Somebody"\nmodel = "P-1"',
    "sources": 'manual = "P-1 manual, 2020"',
    "model": "width_s = 0.05\ngap_s = 0.1",
    "because": 'width_s = "manual p. 4"\ngap_s = "inferred: as its sister"',
}


def write(folder: Path, **changed: str) -> None:
    tables = {**GOOD, **changed}
    text = "\n".join(f"[{name}]\n{body}" if name else body for name, body in tables.items() if body)
    (folder / "p-1.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", zoo.names())
def test_every_file_of_the_zoo_loads(name: str) -> None:
    assert zoo.load(name).name == name


def test_a_device_says_what_differs_from_the_ordinary_one(tmp_path: Path) -> None:
    write(tmp_path)
    device = zoo.load("p-1", tmp_path)
    assert (device.kind, device.maker, device.model_name) == (zoo.Kind.PULSE_ACCEPTOR, "Somebody", "P-1")
    assert device.about == "A pulse acceptor of the rig."
    assert device.quirks == {"width_s": 0.05}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"": ""}, "p-1.toml must begin with a comment"),
        ({"device": 'kind = "toaster"\nmaker = "a"\nmodel = "b"'}, "[device] kind 'toaster' is none of"),
        ({"device": 'kind = "keypad"\nmodel = "b"'}, "[device] maker is missing"),
        ({"device": 'kind = "keypad"\nmaker = "a"\nmodel = "b"\ncolour = "red"'}, "[device] colour is not known"),
        ({"sources": ""}, "no table [sources]"),
        ({"extra": "a = 1"}, "[extra] is not a table"),
        ({"model": "width_s = 0.05\ngap_s = 0.1\nwidht_s = 1"}, "[model] widht_s is no setting of the kind"),
        ({"model": "width_s = 0.05\ngap_s = 0.1\nseed = 1"}, "[model] seed is no setting of the kind"),
        ({"because": 'width_s = "manual p. 4"'}, "[because] has no reason for gap_s"),
        ({"because": 'width_s = "book p. 4"\ngap_s = "manual"'}, "[because] width_s must begin with a name of"),
        ({"because": 'width_s = "inferred: "\ngap_s = "manual"'}, "[because] width_s is inferred; say why"),
        ({"because": GOOD["because"] + '\nspeed = "manual"'}, "[because] speed gives a reason for what"),
        ({"refused": 'sentence = ""'}, "[refused] sentence must be words"),
        ({"refused": 'sentence = "No."', "unit": "[unit.coin]\na = 1"}, "[unit] and [refused] exclude each other"),
        ({"unit": "coin = 1"}, "[unit] coin must be a table"),
        ({"model": "width_s ="}, "p-1.toml: Invalid value"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_key(changed: dict[str, str], told: str, tmp_path: Path) -> None:
    write(tmp_path, **changed)
    with pytest.raises(zoo.ZooError) as refused:
        zoo.load("p-1", tmp_path)
    assert "p-1.toml" in str(refused.value)
    assert told in str(refused.value)


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(LookupError, match=r"The zoo has no p-2. Use one of: p-1\."):
        zoo.load("p-2", tmp_path)
