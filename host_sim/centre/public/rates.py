"""How often anybody may ask: from one network, and all together. Only numbers in memory; no address is written anywhere."""

import ipaddress
from dataclasses import dataclass, field

NETWORKS_MAX = 10_000


@dataclass
class Bucket:
    """`most` questions at once, and one more every `every_s` seconds."""

    most: float
    every_s: float
    left: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.most

    def take(self, now_s: float) -> bool:
        self.left = min(self.most, self.left + max(0.0, now_s - self.at_s) / self.every_s)
        self.at_s = now_s
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Rates:
    """Ten questions at once from one network, then one every ten seconds; a hundred from all, then five a second.

    `tell`: becomes true once when so many unknown codes came within an hour that somebody may be guessing.
    """

    UNKNOWN_MAX = 200

    def __init__(self) -> None:
        self._all = Bucket(100, 0.2)
        self._networks: dict[str, Bucket] = {}
        self._unknown, self._since_s, self._told = 0, 0.0, False

    def may_ask(self, address: str, now_s: float) -> bool:
        network = _network(address)
        mine = self._networks.pop(network, None) or Bucket(10, 10.0)
        self._networks[network] = mine  # the newest is the last
        if len(self._networks) > NETWORKS_MAX:
            del self._networks[next(iter(self._networks))]
        return mine.take(now_s) and self._all.take(now_s)

    def unknown(self, now_s: float) -> bool:
        """Count an unknown code; True when a person should hear of it, once an hour."""
        if now_s - self._since_s > 3600:
            self._unknown, self._since_s, self._told = 0, now_s, False
        self._unknown += 1
        if self._unknown < self.UNKNOWN_MAX or self._told:
            return False
        self._told = True
        return True


def _network(address: str) -> str:
    """An IPv6 customer has a whole /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(known) if known.version == 4 else str(ipaddress.ip_network((int(known), 64), strict=False))
