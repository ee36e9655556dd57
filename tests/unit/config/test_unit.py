"""The unit file: wrong values are refused in a sentence that names the key; and which acceptor a file chooses."""

import re
from pathlib import Path

import pytest

from drivers.vocabulary import CardKind
from firmware.config.unit import UnitError, load_unit
from tests.unit.centre.cities import place_of

UNITS = Path(__file__).parents[3] / "hardware" / "units"
PULSE = """
[coin.pulse]
coin_pin = 23
inhibit_pin = 24
pulses = { 10 = 1, 50 = 5, 100 = 10, 500 = 50 }
"""


def hoppers(*at: tuple[int, int]) -> str:
    return "".join(f"[[coin.hoppers]]\naddress = {address}\nvalue_yen = {yen}\n" for address, yen in at)


def below(folder: Path, text: str) -> Path:
    path = folder / "unit.toml"
    path.write_text(f'extends = "{UNITS / "dev-store.toml"}"\n{text}')
    return path


@pytest.mark.parametrize("path", sorted(UNITS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_unit_file_of_the_repository_can_be_read(path: Path) -> None:
    unit = load_unit(path)
    assert (unit.coin is None) is (unit.clerk is not None) is (unit.unit.profile == "counter")


@pytest.mark.parametrize(
    ("name", "profile", "citizen"),
    [
        ("store", "store", False),
        ("office", "office", True),
        ("counter", "counter", True),
        ("dev-store", "store", False),
        ("dev-office", "office", True),
    ],
)
def test_the_site_decides_which_cards_are_taken_as_the_centre_does(name: str, profile: str, citizen: bool) -> None:
    unit = load_unit(UNITS / f"{name}.toml")
    assert unit.unit.profile == profile
    assert (CardKind.CITIZEN in unit.card.kinds) is citizen
    assert {str(kind) for kind in unit.card.kinds} == place_of(profile).cards


@pytest.mark.parametrize("name", ["store", "office", "counter"])
def test_a_real_unit_is_not_simulated_and_every_device_has_a_name_that_udev_gives(name: str) -> None:
    unit = load_unit(UNITS / f"{name}.toml")
    assert not unit.unit.simulated
    rules = (UNITS.parent / "udev" / "80-kofuki.rules").read_text()
    given = set(re.findall(r'ENV\{KOFUKI\}="(\w+)"', rules)) | set(re.findall(r'SYMLINK\+="kofuki/(\w+)"', rules))
    own = ("clerk",) if unit.coin is None else ("coin",)
    own_paths = (unit.clerk.screen.path,) if unit.clerk else (unit.coin.port if unit.coin else "",)
    ports = (unit.printer.port, unit.receipt_printer.port, unit.console.port if unit.console else "", unit.screen.path)
    assert {path.removeprefix("/dev/kofuki/") for path in (*own_paths, *ports)} == given - ({"clerk", "coin"} - {*own})


COINS = '[coin]\nport = "coin"\naccepts_yen = [100]\nvalues = { JP100A = 100 }\nhoppers = []\n'


@pytest.mark.parametrize(
    ("base", "text", "told"),
    [
        ("dev-counter", COINS, "a counter terminal has no coin devices, its clerk takes the fee"),
        ("dev-store", '[unit]\nprofile = "counter"\n', "a counter terminal has no coin devices"),
        ("dev-counter", '[unit]\nprofile = "store"\n', "coin is missing: only a counter terminal has no coin devices"),
        ("dev-counter", "[clerk.keypad]\nrows = [5, 17, 27, 22]\n", "a wire in common"),
        ("dev-counter", '[clerk.keypad]\nkeys = [["language"]]\n', "the language is the resident's"),
        (
            "dev-counter-board",
            '[keypad]\nvia = "io_board"\nrows = []\ncolumns = []\n',
            "the board has one key matrix; name GPIO pins at one of them",
        ),
    ],
)
def test_only_a_counter_terminal_has_a_clerk_and_only_it_has_no_coins(
    tmp_path: Path, base: str, text: str, told: str
) -> None:
    file = tmp_path / "unit.toml"
    file.write_text(f'extends = "{UNITS / base}.toml"\n{text}')
    with pytest.raises(UnitError, match=told):
        load_unit(file)


def test_no_adapter_that_may_be_used_is_probed() -> None:
    """Every serial adapter of the list of USB devices is in the rules that keep ModemManager and brltty away."""
    udev = UNITS.parent / "udev"
    adapter = re.compile(r'^(ATTR\{idVendor\}=="\w+", ATTR\{idProduct\}=="[\w|]+")', re.MULTILINE)
    allowed = (udev / "70-kofuki-usb.rules").read_text().split("# serial adapters")[1].split("# card readers")[0]
    probing = (udev / "99-kofuki-probing.rules").read_text()
    assert adapter.findall(allowed) == adapter.findall(probing) != []
    for word in ('ENV{ID_MM_DEVICE_IGNORE}="1"', 'ENV{BRLTTY_BRAILLE_DRIVER}=""', 'ENV{SYSTEMD_WANTS}=""'):
        assert word in probing


@pytest.mark.parametrize(
    ("line", "told"), [("parity = 'mark'", "parity"), ("stop_bits = 3", "stop_bits"), ("baud = 'fast'", "baud")]
)
def test_a_line_that_no_port_can_have_is_refused(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f'extends = "{UNITS / "dev-store.toml"}"\n[receipt_printer]\n{line}\n')
    with pytest.raises(UnitError, match=told):
        load_unit(path)


def test_a_unit_file_says_no_hours_because_the_city_does(tmp_path: Path) -> None:
    file = tmp_path / "unit.toml"
    file.write_text(f'extends = "{UNITS / "store.toml"}"\n[hours.default]\neveryday = "06:30-23:00"\n')
    with pytest.raises(UnitError, match="does not take the key 'hours'"):
        load_unit(file)


def test_the_acceptor_is_on_the_bus_unless_the_file_says_pulses() -> None:
    store, pulsed = load_unit(UNITS / "dev-store.toml").coin, load_unit(UNITS / "dev-pulse.toml").coin
    assert store is not None
    assert store.pulse is None
    assert pulsed is not None
    pulse = pulsed.pulse
    assert pulse is not None
    assert pulse.codes == {1: 10, 5: 50, 10: 100, 50: 500}
    assert (pulse.width_s, pulse.end_s) == (0.025, 0.35)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PULSE.replace("= 24", "= 23"), "coin.pulse: coin_pin and inhibit_pin are the same wire"),
        (PULSE.replace("= 24", "= 40"), "coin.pulse.inhibit_pin is 40; allowed is 0 to 27"),
        (PULSE.replace("50 = 5,", ""), "accepts_yen must list the coins of pulse.pulses"),
        (PULSE.replace("50 = 5,", "50 = 1,"), "gives two coins the same number"),
        (PULSE.replace("50 = 5,", "50 = 0,"), "each value in yen a number of pulses"),
        (PULSE.replace("50 = 5,", "fifty = 5,"), "each value in yen a number of pulses"),
        (PULSE.replace("50 = 5,", "50 = 4,"), "two coins together could look like one"),
        (PULSE + "width_s = 0.5", "width_s is 0.5; allowed is 0.02 to 0.1"),
        (PULSE + "speed = 1", "this table does not take the key 'speed'"),
        ("[coin]\nacceptor_serial = 7\n" + PULSE, "a pulse acceptor has no serial number"),
        ("[coin]\nchecksum = 'sum'\n", "coin.checksum is 'sum'; allowed is simple, crc"),
        ("[coin]\naccepts_yen = '10'\n", "coin.accepts_yen must be a list"),
        ("[coin]\nacceptor_address = 1\n", "coin.acceptor_address is 1; allowed is 2 to 255"),
        ("[coin]\nacceptor_address = 4\n" + hoppers((3, 10), (4, 100)), "two devices have the same address"),
        (hoppers((3, 10), (3, 100)), "two devices have the same address"),
        (hoppers((3, 10), (4, 10)), "two hoppers pay the same coin"),
        (hoppers((3, 10), (4, 55)), "each hopper's coin must divide every larger one"),
    ],
)
def test_a_coin_table_that_cannot_work_is_refused_before_anything_starts(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(UnitError) as refused:
        load_unit(below(tmp_path, text))
    assert sentence in str(refused.value)


def test_without_coin_values_a_pulse_file_is_refused(tmp_path: Path) -> None:
    text = (UNITS / "dev-store.toml").read_text(encoding="utf-8")
    path = tmp_path / "bare.toml"
    path.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("values")))
    with pytest.raises(UnitError, match="values are missing"):
        load_unit(path)


def test_a_telephone_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnitError, match="kinds has 'phone', which cannot be served: a telephone shows its certificate"):
        load_unit(below(tmp_path, '[card]\nkinds = ["individual_number", "phone"]\n'))


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnitError, match="cannot be read: Is a directory"):
        load_unit(tmp_path)


BOARD = (UNITS / "dev-board.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '[io_board]\nport = "io-board"\nimage = "io-board.uf2"\ndrive = "io-board-loader"\n',
            "",
            "keypad.via is 'io_board', and the file names no board",
        ),
        (
            'via = "io_board"\nkeys',
            'via = "io_board"\nrows = [5]\nkeys',
            'keypad: with via = "io_board" the wires are on',
        ),
        ('[door]\nvia = "io_board"', '[door]\nvia = "io_board"\npin = 26', "remove pin"),
        ('[door]\nvia = "io_board"', "[door]", "door: the key 'pin' is missing; or write via"),
        ('["1", "2", "3", "cancel"]', '["1", "2", "3", "cancel", "clear"]', "4 rows and 4 columns"),
        ('via = "io_board"', 'via = "usb"', "keypad.via is 'usb'; allowed is gpio, io_board"),
    ],
)
def test_a_board_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = tmp_path / "unit.toml"
    assert old in BOARD
    path.write_text(BOARD.replace(old, new, 1))
    with pytest.raises(UnitError) as refused:
        load_unit(path)
    assert sentence in str(refused.value)


PINS = {"keypad": "rows = [5, 6, 13, 19]\ncolumns = [12, 16, 20, 21]", "door": "pin = 26"}


def test_a_device_of_the_board_may_stay_on_gpio_but_no_acceptor_may_be_alone_on_it(tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    keys_on_pins = BOARD.replace('[keypad]\nvia = "io_board"', f"[keypad]\n{PINS['keypad']}")
    path.write_text(keys_on_pins)
    assert load_unit(path).keypad.rows == (5, 6, 13, 19)
    path.write_text(keys_on_pins.replace('[door]\nvia = "io_board"', f"[door]\n{PINS['door']}"))
    with pytest.raises(UnitError, match="put the keypad or the door on the board, too"):
        load_unit(path)
