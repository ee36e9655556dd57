"""Credits for which no coin came, and coins exchanged by inserting and cancelling (faults M1 to M4)."""

from collections.abc import Mapping

from firmware.book import records
from firmware.session import scenes as show
from host_sim.models.acceptor import AcceptorModel
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def forger(card: WalletCard, *, credits_: int = 2, coins: tuple[int, ...] = ()) -> Person:
    """Shows the machine so many credits of 100 yen without a coin, and cancels."""
    person = Person(card, coins=coins, gives_up_after_s=3.0)
    begun: list[bool] = []

    def forge(machine: RigMachine, _: show.Scene) -> None:
        if begun:
            return
        begun.append(True)
        now_s = machine.clock.monotonic()
        for number, coin in enumerate(coins):
            machine.drop(coin, now_s + 0.5 + 0.4 * number)
        for number in range(credits_):
            at_s = now_s + 0.5 + 0.4 * (len(coins) + number)
            machine.clock.at(at_s, lambda: machine.acceptor.fault("forged", machine.clock.monotonic()))
        machine.tap("cancel", now_s + 0.6 + 0.4 * (len(coins) + credits_))

    person.deeds[show.Pay] = forge
    return person


def test_m1_credits_without_coins_are_not_paid_out(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, forger(wallet["hanako"]))
    assert isinstance(machine.acceptor, AcceptorModel)
    assert (machine.coins_in_yen(), machine.acceptor.accept_counter) == (0, 0)
    assert machine.coins_out_yen() == 0
    assert machine.records(records.Flag) != []
