"""The loudspeaker on the bench: `python -m drivers.speaker --device plughw:CARD=Device tone`.

`tone` plays one second of 440 Hz at a middle volume; `steps` plays it at each step of the volume; `list` shows ALSA's devices.
"""

import argparse
import subprocess
import time

import numpy as np

from drivers.errors import DeviceError
from drivers.speaker.alsa import AlsaSpeaker
from drivers.speaker.sound import LOUDEST, QUIETEST, RATE_HZ, Sound


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.speaker", description=__doc__)
    parser.add_argument(
        "--device", default="default", help="ALSA's name of it, or /dev/snd/by-path/... for the card in one USB socket"
    )
    parser.add_argument("what", choices=["tone", "steps", "list"])
    arguments = parser.parse_args()
    if arguments.what == "list":
        return subprocess.run(["aplay", "-L"], check=False).returncode  # noqa: S607  ALSA's own tool
    at_s = np.arange(RATE_HZ) / RATE_HZ
    tone = Sound((0.5 * 32767 * np.sin(2 * np.pi * 440 * at_s)).astype(np.int16))
    speaker = AlsaSpeaker(arguments.device)
    try:
        speaker.start()
        for volume in range(QUIETEST, LOUDEST + 1) if arguments.what == "steps" else [6]:
            print(f"volume {volume}", flush=True)
            speaker.play(tone, volume)
            while speaker.playing():
                time.sleep(0.05)
    except DeviceError as error:
        print(f"{error} ({error.remedy})")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
