"""`select.poll` over the simulated serial line."""

POLLIN, POLLOUT = 1, 4


class poll:  # noqa: N801  MicroPython's name
    def register(self, stream, flags):
        self._stream, self._flags = stream, flags

    def poll(self, _):
        return [(self._stream, self._flags)] if self._stream.ready(self._flags) else []
