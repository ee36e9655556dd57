"""What one model of printer can do, read from `profiles/*.toml`; a profile whose values do not fit together is refused.

A4 kiosk printers differ in image command, limits and proof of a page, so these are data.
Each file says where its facts come from and marks what is inferred.
"""

from enum import StrEnum
from importlib import resources
from typing import Annotated

from drivers.decode import Table, Undecodable, at_least, between, read_toml, to_table
from drivers.errors import WrongDevice
from drivers.printer.raster import has_real_time, row_bytes

_A4_HEAD_MM = 199.0  # of 210: certificates keep 5.5 mm free at each side, as the narrowest A4 heads do


class ProfileError(WrongDevice):
    """The profile cannot be used; the sentence is for the person who wrote it, or its name into the unit file."""

    def __init__(self, sentence: str) -> None:
        super().__init__("printer", sentence)


class ImageCommand(StrEnum):
    """How dots are sent."""

    GS_V_0 = "gs_v_0"  # raster bands
    GS_PAREN_L = "gs_paren_l"  # store graphics (length in two bytes), then print them
    GS_8_L = "gs_8_l"  # the same with a length in four bytes
    ESC_STAR_24 = "esc_star_24"  # 24-dot columns; a wide row is sent in parts


class Dialect(StrEnum):
    """How the printer answers questions about itself."""

    EPSON = "epson"  # DLE EOT 1-4
    CITIZEN = "citizen"  # PPU: DLE EOT 1-6, the presenter's sensor among them
    CUSTOM = "custom"  # KPM: DLE EOT 20, six bytes


class Proof(StrEnum):
    """What proves that a page was printed, best first."""

    PROCESS_ID = "process_id"  # GS ( H: the job's own number comes back when printing is complete
    ODOMETER = "odometer"  # GS E2/E3: cuts and printed length, before and after
    FENCE = "fence"  # GS r and GS I, answered only when all before them was processed


class CounterQuery(StrEnum):
    """The printer's non-volatile counter of cuts."""

    GS_G_2 = "gs_g_2"
    GS_E2 = "gs_e2"
    NONE = "none"


class Cut(StrEnum):
    GS_V_65 = "gs_v_65"  # feed to the cutter, full cut
    GS_V_66 = "gs_v_66"  # feed to the cutter, partial cut
    ESC_I = "esc_i"  # full cut here: the host feeds to the cutter
    NONE = "none"  # torn off by hand


class Presenter(StrEnum):
    NONE = "none"
    CITIZEN = "citizen"  # GS R 0 takes back a sheet left in the mouth
    CUSTOM = "custom"  # GS e: 2 take back, 3 show, 5 push out


class Letters(StrEnum):
    """How a receipt's letters are printed."""

    RASTER = "raster"  # as dots: works on every printer
    SHIFT_JIS = "shift_jis"  # the printer's own kanji ROM


class Profile(Table, frozen=True, kw_only=True):
    """One model. Dots are the head's; `page_dots` is 0 for a printer of slips."""

    name: str
    title: str
    dpi: Annotated[float, between(90, 600)]
    width_dots: Annotated[int, between(8, 65535)]
    page_dots: Annotated[int, at_least(0)] = 0
    image: ImageCommand
    dots_per_command: int  # the widest image one command may carry
    rows_per_command: int
    band_rows: Annotated[int, between(1, 512)]  # rows sent between two questions
    buffer_bytes: int  # the printer's receive buffer
    window_bytes: int  # the most bytes sent and not yet known to be processed
    feed_units_per_dot: Annotated[int, at_least(1)] = 1
    dialect: Dialect
    automatic_status: bool = False  # GS a, or Custom's GS E0: the printer reports changes unasked
    proof: Proof
    counter: CounterQuery = CounterQuery.NONE
    clears_memory: bool = False  # DLE DC4 8 wipes its buffers at any time, and the printer confirms it
    cut: Cut
    head_to_cutter_mm: Annotated[float, between(0, 100)] = 0.0
    draws_back_mm: Annotated[float, between(0, 100)] = 0.0  # after a cut; the test page measures what is left
    shortest_cut_mm: Annotated[float, between(0, 100)] = 30.0  # a shorter piece may stay uncut: a void strip is longer
    presenter: Presenter = Presenter.NONE
    present_steps: int = 0  # Custom: how far a sheet is shown
    letters: Letters = Letters.RASTER
    columns: int = 48  # half-width letters in a row of the printer's own font
    answer_s: float = 2.0  # a real-time question is answered by then
    page_s: float = 30.0  # deadline of one page
    head_wait_s: float = 45.0  # how long a hot head may pause a page (fault R1)

    @property
    def row_bytes(self) -> int:
        return row_bytes(self.width_dots)

    @property
    def head_to_cutter_dots(self) -> int:
        return self.dots(self.head_to_cutter_mm)

    @property
    def lead_dots(self) -> int:
        """Rows at the top of every sheet that have passed the head before it can print."""
        return self.dots(self.head_to_cutter_mm - self.draws_back_mm)

    @property
    def prints_a4(self) -> bool:
        return self.page_dots > 0 and self.width_dots / self.dpi * 25.4 >= _A4_HEAD_MM

    def dots(self, length_mm: float) -> int:
        return round(length_mm * self.dpi / 25.4)

    def __post_init__(self) -> None:
        for wrong, sentence in self._checks():
            if wrong:
                raise ValueError(sentence)

    def _checks(self) -> list[tuple[bool, str]]:
        graphics = self.image in {ImageCommand.GS_PAREN_L, ImageCommand.GS_8_L}
        columns = self.image is ImageCommand.ESC_STAR_24
        band = self.row_bytes * self.band_rows
        overhead = 64 + 16 * (self.band_rows // 24 + 1) * (self.width_dots // 512 + 1)
        return [
            (columns and self.band_rows % 24 != 0, "band_rows must be a multiple of 24 for 24-dot columns"),
            (
                not columns and self.band_rows > self.rows_per_command,
                f"band_rows {self.band_rows} is more than the {self.rows_per_command} rows one command carries",
            ),
            (
                not columns and self.width_dots > self.dots_per_command,
                f"a row of {self.width_dots} dots does not fit a command of {self.dots_per_command}",
            ),
            (columns and not 24 <= self.dots_per_command <= 2047, "dots_per_command must be 24 to 2047 for columns"),
            (
                self.image is ImageCommand.GS_PAREN_L and band > 65535 - 10,
                f"a band of {band} bytes does not fit the two-byte length of GS ( L",
            ),
            (
                graphics and has_real_time(self.width_dots.to_bytes(2, "little")),
                f"the width {self.width_dots} reads as a real-time command in every image header",
            ),
            (
                band + overhead > self.window_bytes,
                f"a band of {band + overhead} bytes is more than window_bytes {self.window_bytes}",
            ),
            (self.window_bytes > self.buffer_bytes, "window_bytes is more than buffer_bytes"),
            (
                (self.dialect is Dialect.CUSTOM) != (self.proof is Proof.ODOMETER),
                "the odometer is the proof of the custom dialect, and of no other",
            ),
            (
                self.proof is Proof.ODOMETER and self.counter is not CounterQuery.GS_E2,
                "the odometer needs the counter gs_e2",
            ),
            (
                self.counter is CounterQuery.GS_E2 and self.dialect is not Dialect.CUSTOM,
                "the counter gs_e2 belongs to the custom dialect",
            ),
            (
                self.counter is not CounterQuery.NONE and self.cut is Cut.NONE,
                "a counter of cuts needs a cutter",
            ),
            (
                self.page_dots > 0 and not self.automatic_status,
                "a printer of pages needs automatic_status: a cover opened for an instant is known by nothing else",
            ),
            (self.draws_back_mm > self.head_to_cutter_mm, "draws_back_mm is more than head_to_cutter_mm"),
            (
                self.presenter is Presenter.CUSTOM and self.dialect is not Dialect.CUSTOM,
                "the presenter custom belongs to the custom dialect",
            ),
            (
                self.presenter is Presenter.CITIZEN and self.dialect is not Dialect.CITIZEN,
                "the presenter citizen belongs to the citizen dialect",
            ),
            (
                self.presenter is Presenter.CUSTOM and not 1 <= self.present_steps <= 255,
                "present_steps must be 1 to 255",
            ),
            (min(self.answer_s, self.page_s, self.head_wait_s) <= 0, "times must be positive"),
        ]


def parse_profile(name: str, text: str) -> Profile:
    """A profile from TOML text. An unknown, missing or impossible value raises `ProfileError` with one sentence."""
    try:
        table = read_toml(text)
        profile = to_table(Profile, {"name": name} | table)
    except Undecodable as error:
        raise ProfileError(f"printer profile {name}: {error}") from None
    if "name" in table:
        raise ProfileError(f"printer profile {name}: remove the key 'name'; the profile's name is that of its file")
    return profile


def profile_names() -> list[str]:
    """The profiles that come with the machine."""
    folder = resources.files("drivers.printer").joinpath("profiles")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_profile(name: str) -> Profile:
    """Read one of the profiles that come with the machine. Raises `ProfileError`."""
    if name not in profile_names():
        raise ProfileError(
            f"there is no printer profile {name!r}; write one of {', '.join(profile_names())} into the unit file."
        )
    return parse_profile(name, resources.files("drivers.printer").joinpath(f"profiles/{name}.toml").read_text("utf-8"))


def load_page_profile(name: str) -> Profile:
    """The same for the printer of certificates. Raises `ProfileError`, also when its head is narrower than an A4 page's print."""
    profile = load_profile(name)
    if not profile.prints_a4:
        raise ProfileError(
            f"{profile.title} prints {profile.width_dots / profile.dpi * 25.4:.0f} mm wide, and certificates are A4: "
            "write the profile of an A4 printer under [printer] in the unit file."
        )
    return profile
