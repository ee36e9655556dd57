"""The sample municipality: a 宮崎市 of some hundred people who do not exist, the same ones for the same seed.

The cast (`cast.py`) are the people of host_sim/wallet.toml and the hard cases of the forms; they are the same for every
seed. The crowd (`crowd.py`, `districts.py`) is drawn from the seed. The blocks of the house numbers do not exist in the real city.
"""

import random
from functools import cache

from host_sim.centre.register import Municipality, Register
from host_sim.centre.sample.cast import cast
from host_sim.centre.sample.crowd import crowd
from host_sim.centre.sample.desk import Desk
from host_sim.centre.sample.districts import districts

MUNICIPALITY = Municipality(
    code="452017", prefecture="宮崎県", city="宮崎市", mayor="橘　陽一郎", telephone="0985-25-2111"
)
HOUSEHOLDS, DISTRICTS = 40, 68  # of the crowd, and of the outer districts


@cache
def residents(seed: int = 2014) -> Register:
    """The whole city. Equal seeds give equal registers."""
    desk = Desk(random.Random(seed))
    cast(desk)
    crowd(desk, HOUSEHOLDS)
    districts(desk, DISTRICTS)
    return desk.register(MUNICIPALITY)
