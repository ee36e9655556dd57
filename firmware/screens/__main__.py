"""`python -m firmware.screens sheet --out DIR`: every type of screen, in every language and in the three kinds of letters.

One picture for each language and kind of letters, with all screens side by side in the order of a visit. Somebody looks
at them before words or layout change.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from firmware.screens import render
from firmware.screens.examples import examples
from firmware.screens.words import LANGUAGES
from firmware.session.scenes import Look

_COLUMNS = 5
_EDGE = 6  # pixels between the screens


def sheet(language: str, look: Look) -> Image.Image:
    """All examples of one language in one kind of letters."""
    drawn = [render(scene) for scene in examples(language, look)]
    width, height = drawn[0].width + _EDGE, drawn[0].height + _EDGE
    picture = Image.new("RGB", (_COLUMNS * width, -(-len(drawn) // _COLUMNS) * height), (120, 120, 120))
    for number, one in enumerate(drawn):
        picture.paste(one, (number % _COLUMNS * width, number // _COLUMNS * height))
    return picture


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m firmware.screens", description="Draw the screens for somebody to look at."
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser(
        "sheet", help="every type of screen, one picture for each language and kind of letters"
    )
    command.add_argument(
        "--out", type=Path, required=True, help="the folder of the pictures; it is made if it is not there"
    )
    command.add_argument(
        "--language", choices=LANGUAGES, action="append", help="only this one; may be given several times"
    )
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for language in options.language or LANGUAGES:
        for look in Look:
            path = options.out / f"{look}-{language}.png"
            sheet(language, look).save(path)
            print(path)


if __name__ == "__main__":
    main()
