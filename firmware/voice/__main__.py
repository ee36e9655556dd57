"""The voices: `python -m firmware.voice make --out DIR` makes them, `check` says whether any is missing, `list` what they can say.

`make` needs pyopenjtalk-plus and espeak-ng; hardware/voices.sh brings them.
"""

import argparse
import sys
from pathlib import Path

from firmware.voice.making import CannotMake, make
from firmware.voice.recordings import Recordings, VoicesMissing
from firmware.voice.words import every_piece


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.voice", description=__doc__)
    parser.add_argument("what", choices=["make", "check", "list"])
    parser.add_argument("--out", type=Path, help="the folder of the voices")
    arguments = parser.parse_args()
    if arguments.what == "list":
        for piece in every_piece():
            print(f"{piece.language}\t{piece.text}")
        return 0
    if arguments.out is None:
        parser.error(f"{arguments.what} needs --out DIR")
    if arguments.what == "check":
        return _check(arguments.out)
    try:
        made, kept = make(arguments.out, _tell)
    except CannotMake as trouble:
        print(trouble, file=sys.stderr)
        return 1
    size_mb = sum(path.stat().st_size for path in arguments.out.glob("*.pcm")) / 1e6
    print(f"{made} pieces made, {kept} kept, {size_mb:.0f} MB in {arguments.out}")
    return 0


def _check(folder: Path) -> int:
    try:
        recordings = Recordings(folder)
    except VoicesMissing as trouble:
        print(trouble, file=sys.stderr)
        return 1
    missing = sum(recordings.samples(piece) is None for piece in every_piece())
    print(f"{missing} pieces are missing in {folder}")
    return 1 if missing else 0


def _tell(done: int, pieces: int) -> None:
    if done % 100 == 0:
        print(f"{done} of {pieces}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
