"""The sample municipality: a 宮崎市 of some hundred people who do not exist, the same ones for the same seed.

The cast (`cast.py`) are the people of host_sim/wallet.toml and the hard cases of the forms; they are the same for every
seed. The crowd (`crowd.py`) is drawn from the seed. The blocks of the house numbers do not exist in the real city.
"""

import random
from datetime import date
from pathlib import Path

from host_sim.centre.city.city import City
from host_sim.centre.city.file import read_file
from host_sim.centre.register import Register
from host_sim.centre.sample.cast import cast
from host_sim.centre.sample.crowd import crowd
from host_sim.centre.sample.desk import Desk

THIS_YEAR = date(2026, 4, 1)  # whose mayor certifies, where nobody asks for another day
HOUSEHOLDS = 40  # of the crowd
CITY_FILE = Path(__file__).parent / "miyazaki.toml"


def city() -> City:
    """What the sample's city has decided (`miyazaki.toml`)."""
    return read_file(CITY_FILE)


def residents(seed: int = 2014) -> Register:
    """The whole city. Equal seeds give equal registers."""
    desk = Desk(random.Random(seed))
    cast(desk)
    crowd(desk, HOUSEHOLDS)
    return desk.register(city().on(THIS_YEAR).municipality)
