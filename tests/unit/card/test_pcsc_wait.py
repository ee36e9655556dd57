"""What a computer that stood still does to a wait: the time is over, and the card helper had none of it."""

import socket

import pytest

from drivers.card.pcsc import PcscReader
from drivers.vocabulary import CardPresence
from host_sim.clock import VirtualClock


class StoodStill(socket.socket):
    """The near end of a helper whose answer comes when so many waits are over."""

    waits = 1

    def recv(self, size: int, flags: int = 0) -> bytes:
        if self.waits:
            self.waits -= 1
            raise TimeoutError
        return super().recv(size, flags)


@pytest.mark.parametrize(("waits", "presence"), [(1, CardPresence.PRESENT), (1000, CardPresence.UNKNOWN)])
def test_one_wait_that_passed_unused_is_not_the_end(waits: int, presence: CardPresence) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reader = PcscReader("any", VirtualClock())
    near = StoodStill(fileno=ours.detach())
    near.waits = waits
    reader._socket = near
    theirs.send(b"=1")
    assert reader.presence(0.0) is presence
    reader.close()
    theirs.close()
