"""Claims for tests: a debt that a machine told, its slip, and a clerk who pays it."""

from datetime import datetime

from host_sim.centre.city.book import CityBook
from host_sim.centre.claims.codes import claim_code, on_slip
from host_sim.centre.claims.desk import ClaimDesk, Receipt
from host_sim.centre.staff.accounts import Staff
from host_sim.centre.store import Peer, Store
from tests.unit.centre.town import SHOP, Town

CITY = "452017"
CLERK = Staff("tanaka", "田中　一郎", frozenset({"clerk"}))
COLLEAGUE = Staff("hidaka", "日高　和美", frozenset({"clerk", "card_desk"}))
DESK = "city-hall-desk"


def owed(town: Town, amount_yen: int = 700, peer: Peer = SHOP) -> str:
    """A claim that this machine has told, of a session in which a paper was promised; returns its key."""
    session = town.session("hanako", peer)
    session.reserved(session.item("inkan"))
    key = session.nonce.hex()
    town.line(peer).advise({"op": "claim", "key": key, "amount_yen": amount_yen, "reason": "change"})
    return key


def slip(key: str) -> str:
    """The code as the slip prints it."""
    return on_slip(claim_code(key), CITY)


def paid_at_desk(store: Store, city: CityBook, key: str, now: datetime, by: Staff = CLERK) -> Receipt:
    desk = ClaimDesk(store, city)
    desk.hold(slip(key), by, now)
    return desk.pay(slip(key), by, DESK, now)
