"""Profiles: the shipped ones are consistent, and impossible ones are refused."""

from importlib import resources

import pytest

from drivers.printer.profile import ProfileError, load_page_profile, load_profile, parse_profile, profile_names


def _text(name: str) -> str:
    return resources.files("drivers.printer").joinpath(f"profiles/{name}.toml").read_text("utf-8")


def test_the_profiles_that_ship() -> None:
    assert {"a4-203", "a4-300", "kpm216h", "tm-t88", "receipt-80"} <= set(profile_names())
    for name in profile_names():
        profile = load_profile(name)
        if profile.page_dots:
            assert abs(profile.page_dots - 297 / 25.4 * profile.dpi) <= 1
        assert profile.width_dots <= 210 / 25.4 * profile.dpi


@pytest.mark.parametrize("name", profile_names())
def test_only_a_printer_as_wide_as_a4_prints_certificates(name: str) -> None:
    """A page is cropped to the head by at most 5.5 mm a side."""
    if name in {"a4-203", "a4-300", "kpm216h"}:
        assert load_page_profile(name) == load_profile(name)
    else:
        with pytest.raises(ProfileError, match=r"prints \d+ mm wide, and certificates are A4: write the profile of"):
            load_page_profile(name)


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("a4-203", "dpi = 203.2", "dpi = 20", "dpi is 20; allowed is 90 to 600"),
        ("a4-203", 'proof = "process_id"', 'proof = "hope"', "proof is 'hope'; allowed is process_id, odometer, fence"),
        ("a4-203", "band_rows = 128", "band_rows = 1000", "band_rows is 1000; allowed is 1 to 512"),
        ("a4-203", "band_rows = 128", "band_rows = 500", "more than window_bytes"),
        ("a4-203", "window_bytes = 98304", "window_bytes = 198304", "window_bytes is more than buffer_bytes"),
        ("a4-203", "width_dots = 1664", "width_dots = 2200", "a row of 2200 dots does not fit a command of 2048"),
        ("a4-203", "width_dots = 1664", 'width_dots = "wide"', "width_dots must be a whole number, not 'wide'"),
        ("a4-203", "clears_memory = true", "clears_memory = 1", "clears_memory must be true or false, not 1"),
        ("a4-203", 'presenter = "citizen"', 'presenter = "custom"', "the presenter custom belongs to"),
        ("a4-203", 'dialect = "citizen"', "", "the key 'dialect' is missing"),
        ("a4-203", "band_rows", "bandrows", "this table does not take the key 'bandrows'"),
        ("a4-203", "title =", "title", "cannot be read as TOML"),
        ("a4-203", "title =", "name = 'y'\ntitle =", "remove the key 'name'"),
        ("a4-203", "title =", "page_s = nan\ntitle =", "cannot be read as TOML: nan is not allowed as a number"),
        ("a4-300", 'image = "gs_v_0"', 'image = "gs_paren_l"', "reads as a real-time command"),
        ("a4-300", "rows_per_command = 343", "rows_per_command = 100", "is more than the 100 rows one command carries"),
        ("kpm216h", "band_rows = 96", "band_rows = 100", "a multiple of 24"),
        ("kpm216h", 'proof = "odometer"', 'proof = "fence"', "the odometer is the proof of the custom dialect"),
        ("kpm216h", "present_steps = 12", "present_steps = 0", "present_steps must be 1 to 255"),
        ("tm-t88", "width_dots = 512", "width_dots = 65536", "width_dots is 65536; allowed is 8 to 65535"),
        ("tm-t88", 'cut = "gs_v_66"', 'cut = "none"', "a counter of cuts needs a cutter"),
    ],
)
def test_the_impossible_is_refused_in_one_sentence(name: str, old: str, new: str, sentence: str) -> None:
    text = _text(name)
    assert old in text
    if "reads as" in sentence:
        text = text.replace("width_dots = 2464", "width_dots = 1040")
    with pytest.raises(ProfileError, match=r"^printer: printer profile x") as caught:
        parse_profile("x", text.replace(old, new, 1))
    assert sentence in str(caught.value)


def test_an_image_of_two_byte_length_must_hold_a_band() -> None:
    text = _text("a4-300").replace('image = "gs_v_0"', 'image = "gs_paren_l"')
    text = text.replace("band_rows = 128", "band_rows = 256").replace("window_bytes = 131072", "window_bytes = 200000")
    with pytest.raises(ProfileError, match=r"does not fit the two-byte length of GS \( L"):
        parse_profile("x", text)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ProfileError, match="write one of a4-203"):
        load_profile("laser")
