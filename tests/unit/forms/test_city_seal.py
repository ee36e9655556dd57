"""The city's own picture of its seal: printed dot by dot at its true size, and refused when a thermal head cannot print it."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from host_sim.centre import forms, sample
from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.forms import seal
from host_sim.centre.register import Register
from tests.unit.forms.conftest import Town

DOTS = 480  # to a side, for 24 mm: 508 dots an inch


def drawn() -> Image.Image:
    """Two bars of which no turn or mirror image is the same."""
    image = Image.new("1", (DOTS, DOTS), 1)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, DOTS - 1, 79), fill=0)
    pen.rectangle((0, 160, 119, DOTS - 1), fill=0)
    return image


def sealed_with(town: Town, path: Path) -> Register:
    city = dataclasses.replace(town.register.municipality, seal_picture=str(path))
    return dataclasses.replace(town.register, municipality=city)


def paper(town: Town, register: Register) -> bytes:
    who = register.by_key("taro")
    household = register.members(register.household_of(who))
    pdf = forms.typeset("inkan", who, household, {}, town.issue(), register)
    assert forms.check(pdf, "inkan", who, household, {}, town.issue(), register) == []
    return pdf


def black(pdf: bytes, dpi: int) -> Any:
    return np.asarray(pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil().convert("L")) < 128


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("mode", ["1", "L", "RGBA"])
def test_the_picture_stands_on_the_paper_at_its_true_size(town: Town, tmp_path: Path, dpi: int, mode: str) -> None:
    picture = drawn()
    if mode == "RGBA":  # black on nothing
        clear = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        clear.paste((0, 0, 0, 255), mask=picture.convert("L").point(lambda tone: 255 - tone))
        picture = clear
    (path := tmp_path / "seal.png").write_bytes(png(picture.convert(mode)))
    page = black(paper(town, sealed_with(town, path)), dpi)
    side = round(seal.MAYOR_MM / 25.4 * dpi)
    due = np.asarray(drawn().convert("L").resize((side, side), Image.Resampling.BOX)) < 128
    changed = page != black(paper(town, town.register), dpi)
    (rows,), (columns,) = np.nonzero(changed.any(1)), np.nonzero(changed.any(0))
    best = min(
        np.count_nonzero(page[top : top + side, left : left + side] != due)
        for top in range(rows[0] - 3, rows[0] + 4)
        for left in range(columns[0] - 3, columns[0] + 4)
    )
    assert best < 0.02 * side * side, "an edge may lie one dot beside, and nothing else"


def png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


BAD = {
    "no file": (None, "cannot be read"),
    "no picture": (b"seal", "is no PNG that can be read"),
    "cut off": (png(drawn())[:-60], "is no PNG that can be read"),
    "not square": (png(drawn().resize((480, 400))), "has 480 x 400 dots"),
    "too coarse": (png(drawn().resize((200, 200))), "has 200 x 200 dots"),
    "tones": (png(drawn().convert("L").resize((500, 500), Image.Resampling.BICUBIC)), "has tones"),
    "empty": (png(Image.new("1", (DOTS, DOTS), 1)), "is of one colour"),
    "a photograph": (png(Image.effect_noise((600, 600), 90)), "at most 200 kB"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_picture_that_cannot_be_printed_is_told_before_the_file_is_applied(name: str, tmp_path: Path) -> None:
    data, sentence = BAD[name]
    path = tmp_path / "seal.png"
    if data is not None:
        path.write_bytes(data)
    text = sample.CITY_FILE.read_text(encoding="utf-8").split("\n[[change]]")[
        0
    ]  # without the deputy, who needs another
    assert "\n[certifier]\n" in text
    (city := tmp_path / "city.toml").write_text(
        text.replace("\n[certifier]\n", f'\n[certifier]\nseal_picture = "{path}"\n'), encoding="utf-8"
    )
    with pytest.raises(CityError) as refused:
        read_file(city)
    (told,) = refused.value.problems
    assert told.startswith(f"certifier.seal_picture: {path} ")
    assert sentence in told


def test_only_one_of_letters_and_picture(tmp_path: Path) -> None:
    (path := tmp_path / "seal.png").write_bytes(png(drawn()))
    text = sample.CITY_FILE.read_text(encoding="utf-8")
    both = f'\n[certifier]\nseal = "印"\nseal_picture = "{path}"\n'
    (city := tmp_path / "city.toml").write_text(text.replace("\n[certifier]\n", both), encoding="utf-8")
    with pytest.raises(CityError, match="write only one of them"):
        read_file(city)


def test_no_paper_is_made_without_the_seal(town: Town, tmp_path: Path) -> None:
    with pytest.raises(forms.SealUnusable, match="no paper is issued without the seal"):
        paper(town, sealed_with(town, tmp_path / "gone.png"))


@pytest.mark.parametrize("key", ["seal", "seal_picture"])
def test_a_deputy_does_not_certify_with_the_mayors_seal(key: str, tmp_path: Path) -> None:
    """The sample's change names a deputy and says nothing of a seal, so the mayor's would stay."""
    (path := tmp_path / "seal.png").write_bytes(png(drawn()))
    mayors = {"seal": "宮崎市長之印", "seal_picture": str(path)}[key]
    text = sample.CITY_FILE.read_text(encoding="utf-8").replace(
        "\n[certifier]\n", f'\n[certifier]\n{key} = "{mayors}"\n'
    )
    deputy = 'certifier = { name = "平和　正樹", acting = true'
    assert f"{deputy} }}" in text
    city = tmp_path / "city.toml"
    city.write_text(text, encoding="utf-8")
    with pytest.raises(CityError) as refused:
        read_file(city)
    assert [sentence.split(": ")[1].split(" is ")[0] for sentence in refused.value.problems] == [f"certifier.{key}"] * 2
    (deputys := tmp_path / "deputy.png").write_bytes(png(drawn()))
    own = {"seal": "宮崎市長職務代理者印", "seal_picture": str(deputys)}[key]
    city.write_text(
        text.replace(f"{deputy} }}", f'{deputy}, {key} = "{own}" }}').replace(
            "acting = false }", f'acting = false, {key} = "{mayors}" }}'
        ),
        encoding="utf-8",
    )
    read_file(city)
