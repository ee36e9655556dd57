"""What drivers, settings and releases say reaches the technician (`reasons`, `status`, refusals): each sentence in each language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import drivers
import firmware
from drivers import errors
from drivers.errors import DeviceError
from firmware.config.unit import UnitError, load_unit
from firmware.console.language import Language, texts
from tests.unit.console.test_language import OTHERS, texts_in

FOLDER = Path(drivers.__path__[0])
TOOLS = ("__main__.py", "writing.py", "decode.py")  # what an engineer types; the desk that writes cards; files
RAISED = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, DeviceError)}
# A remedy, as a sentence of a driver ends: `...: check its cable.`
REMEDY = re.compile(
    r"(^|[:;,] |\. |[Tt]hen )(add|another|build|check|choose|clean|connect|copy|correct|end|exchange|have|hold|install|look|"
    r"mend|program|pull|put|remove|root|run|set|start|switch|take|try|turn|use|wait|write)\b",
    re.IGNORECASE,
)


def modules() -> Iterator[Path]:
    return (path for path in sorted(FOLDER.rglob("*.py")) if path.name not in TOOLS and "card_desk" not in path.parts)


def said() -> Iterator[str]:
    """What a driver raises, and each text elsewhere that names a remedy; 7 for what differs."""
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        no_text = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        no_text |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
                yield from (text for text in texts_in(node) if len(text.split()) > 2)
            elif isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in no_text:
                yield from (text for text in texts_in(node) if len(text.split()) > 4 and REMEDY.search(text))


# Parts of the machine whose sentences are shown as they are: by `config set`, `update`, `status` and `reasons`.
PARTS = (
    "config/hours.py",
    "config/settings.py",
    "config/simulated.py",
    "config/unit.py",
    "desks/*.py",
    "parts.py",
    "run.py",
    "screens/fonts.py",
    "service/site_tables.py",
    "update/bundle.py",
    "update/slots.py",
    "update/updates.py",
    "voice/recordings.py",
)
RAISES = {"SettingRefused", "HoursError", "BundleRefused", "VoicesMissing", "BadMessage", "Fault", "_alarm", *RAISED}
RAISES |= {"UnitError", "LineFilesUnusable", "UpdatesUnusable", "AlreadyRunning", "LettersMissing", "ValueError"}


def said_by_parts() -> Iterator[str]:
    """What these raise or hand on, and their constants that are sentences."""
    for path in (path for part in PARTS for path in sorted(Path(firmware.__path__[0]).glob(part))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            call = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in RAISES
            if call or isinstance(node, ast.Assign):
                yield from (text for text in texts_in(node) if len(text.split()) > 3)


SAID = sorted({text.replace("{}", "7") for text in (*said(), *said_by_parts())})


def test_the_program_is_read_for_them() -> None:
    assert len(SAID) > 80
    assert "the voices are not made yet; 7." in SAID
    assert "It is cut short." in SAID
    assert "7 is gone (7): check its cable and power." in SAID
    assert "the I/O board did not do what it was told. Exchange the board." in SAID
    assert "two hoppers pay the same coin" in SAID
    assert "unit.simulated is true, but 7 is no simulator's authority; remove `simulated`" in SAID


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_a_driver_has_its_text(language: Language) -> None:
    assert [text for text in SAID if texts(language).told(text) == text] == []


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("device", sorted({"card", "coin", "line", "printer", "screen", "speaker"}))
def test_it_is_told_with_the_name_of_its_device_and_inside_a_refusal(language: Language, device: str) -> None:
    told = texts(language).told
    sentence = "/dev/ttyUSB0 is gone (Input/output error): check its cable and power."
    for line in (
        f"{device}: {sentence}",
        f"The {device} desk failed: {sentence[:-1]}. `reasons` says what to look at.",
    ):
        assert "check its cable" not in told(line)
        assert "/dev/ttyUSB0" in told(line)


STORE = Path(firmware.__path__[0]).parent / "hardware" / "units" / "dev-store.toml"
# What somebody wrote into a unit file -> what of the refusal stays as it was written there.
MISTAKES = [
    ('[coin]\naccepts_yen = "all"', ("coin.accepts_yen", "'all'")),
    ("[timeouts]\npin_s = 2", ("timeouts.pin_s", "5")),
    ("[timeouts]\npin_s = true", ("timeouts.pin_s", "True")),
    ("[timeouts]\npin = 30", ("timeouts", "'pin'", "menu_s")),
    ('[unit]\nprofile = "shop"', ("unit.profile", "'shop'", "store", "counter")),
    ('[door]\nvia = "io_board"', ("door", "pin")),
    ('[unit]\nprofile = "counter"', ("coin",)),
    ('[speaker]\ndevice = "a"\nlocating_s = 1', ("speaker", "locating_s", "2")),
    ("[[coin.hoppers]]\naddress = 3\nvalue_yen = 10\n[[coin.hoppers]]\naddress = 3\nvalue_yen = 50", ("coin",)),
    ("extends = 5", ("unit.toml",)),
    ("x = inf", ("unit.toml", "inf")),
]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(("written", "kept"), MISTAKES)
def test_a_mistake_in_the_unit_file_is_told_in_the_language_of_the_line(
    tmp_path: Path, language: Language, written: str, kept: tuple[str, ...]
) -> None:
    """Only names, values and what was written stay: no two English words are left side by side."""
    path = tmp_path / "unit.toml"
    path.write_text("" if written.startswith("extends") else f'extends = "{STORE}"\n' + written, encoding="utf-8")
    if written.startswith("extends"):
        path.write_text(written, encoding="utf-8")
    with pytest.raises(UnitError) as refused:
        load_unit(path)
    told = texts(language).told(f"{refused.value}.")
    assert [word for word in kept if word not in told] == []
    assert not re.search(r"\b(the|must|is|are|of|not|allowed|two|missing|take)\b", told), told
