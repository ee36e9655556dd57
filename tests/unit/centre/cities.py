"""The sample city with the machines of the tests added to it."""

import re
from datetime import date
from functools import cache

from host_sim.centre import sample
from host_sim.centre.city.city import City
from host_sim.centre.city.file import read
from host_sim.centre.city.place import Place

MIYAZAKI = sample.city().on(sample.THIS_YEAR).municipality
MANY = tuple(f"machine-{n:02}" for n in range(16))
_STANDS = {
    "counter": '"miyazaki-counter-01"',
    "store": '"miyazaki-store-01"',
    "office": '"miyazaki-office-01"',
}


def sample_text(channel: str = "store", *more: str) -> str:
    """The sample's file with these machines, or those of `MANY`, beside the first one of a channel."""
    beside = ", ".join([_STANDS[channel], *(f'"{name}"' for name in more or MANY)])
    return sample.CITY_FILE.read_text(encoding="utf-8").replace(_STANDS[channel], beside, 1)


@cache
def sample_city(channel: str = "store", *more: str) -> City:
    return read(sample_text(channel, *more))


def place_of(channel: str, day: date = date(2026, 11, 24)) -> Place:
    """The place of the sample's first machine of a channel."""
    found = sample.city().on(day).place_of(f"miyazaki-{channel}-01")
    assert found is not None
    return found


@cache
def p384_city(channel: str = "store", *more: str) -> City:
    """The same city after it has switched cards with a key on P-384 on, everywhere."""
    return read(re.sub(r"(?m)^expired_cards = ", "p384_cards = true\nexpired_cards = ", sample_text(channel, *more)))
