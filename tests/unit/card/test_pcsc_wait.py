"""A wait for the card helper when the computer stood still: the time is over, but the helper could not run in it."""

import socket

import pytest

from drivers.card.pcsc import PcscReader
from drivers.vocabulary import CardPresence
from host_sim.clock import VirtualClock


class StoodStill(socket.socket):
    """The driver's socket to a helper; its first `waits` waits end without the answer."""

    waits = 1

    def recv(self, size: int, flags: int = 0) -> bytes:
        if self.waits:
            self.waits -= 1
            raise TimeoutError
        return super().recv(size, flags)


@pytest.mark.parametrize(("waits", "presence"), [(1, CardPresence.PRESENT), (1000, CardPresence.UNKNOWN)])
def test_a_wait_that_times_out_once_is_tried_again(waits: int, presence: CardPresence) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reader = PcscReader("any", VirtualClock())
    near = StoodStill(fileno=ours.detach())
    near.waits = waits
    reader._socket = near
    theirs.send(b"=1")
    assert reader.presence(0.0) is presence
    reader.close()
    theirs.close()
