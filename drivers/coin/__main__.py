"""The bench for coins: `python -m drivers.coin --port /dev/ttyUSB0 info | watch | pay 3x100 | counters`.

It reads no unit file: it asks addresses 2 to 10 (`info --all`: every address) for acceptors and hoppers
and reads values from their coin identifications. `--hopper 100=5` gives the value of a hopper that does not name its
coin; `--hopper 100=5:serial` is for one that is authorised by its serial number.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from typing import Self

from drivers.coin.acceptor import POSITIONS, UNPROGRAMMED, Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import HOST, Checksum, Header, coin_value, number
from drivers.coin.hopper import DispenseStyle, HopperBank
from drivers.errors import DeviceError, NoReply, WrongDevice
from drivers.serial_stream import SerialStream
from drivers.trace import TracedStream, keep_all
from drivers.vocabulary import COMMAND_MAX, CoinCredited

_ADDRESSES = range(2, 11)
_EVERY_ADDRESS = range(2, 256)
_POLL_S = 0.2
_QUIET_POLLS = 2  # without a coin, after the slot was shut: then none is rolling any more


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    stream = TracedStream(
        SerialStream(options.port, options.baud, time, device="coin"), time, redact=keep_all, entries=options.trace or 1
    )
    bus = CcTalkBus(stream, time, checksum=Checksum(options.checksum))
    try:
        return _COMMANDS[options.command](bus, options)
    except KeyboardInterrupt:
        return 130
    except DeviceError as error:
        print(f"{error} [{error.remedy}]", file=sys.stderr)
        return 1
    finally:
        if options.trace:
            print(*stream.dump(), sep="\n")
        stream.close()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drivers.coin", description=__doc__.splitlines()[0])
    parser.add_argument("--port", required=True)
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--checksum", choices=[c.value for c in Checksum], default="simple")
    parser.add_argument("--acceptor", type=_address, default=2, metavar="ADDRESS")
    parser.add_argument("--hopper", action="append", default=[], type=_named_hopper, metavar="YEN=ADDRESS[:serial]")
    parser.add_argument("--trace", type=int, default=0, metavar="FRAMES", help="print the last frames at the end")
    commands = parser.add_subparsers(dest="command", required=True)
    info = commands.add_parser("info", help="list the devices on the line and the coins they know")
    info.add_argument("--all", action="store_true", help="ask all 254 addresses; it takes some minutes")
    watch = commands.add_parser("watch", help="open the slot and print what happens; Ctrl-C closes it")
    watch.add_argument("--seconds", type=float, default=float("inf"))
    commands.add_parser("pay", help="pay coins out of a hopper").add_argument(
        "what", type=_coins_wanted, metavar="COUNTxYEN"
    )
    commands.add_parser("counters", help="print the counters of the acceptor and the hoppers")
    return parser.parse_args(arguments)


def _address(words: str) -> int:
    if not words.isdecimal() or not 2 <= int(words) <= 255:
        raise argparse.ArgumentTypeError(f"{words!r} is no device address; write a number from 2 to 255")
    return int(words)


def _named_hopper(words: str) -> tuple[int, int, DispenseStyle]:
    """`100=5:serial` as value in yen, address, style."""
    yen, _, rest = words.partition("=")
    place, _, style = rest.partition(":")
    if not yen.isdecimal() or int(yen) == 0 or style not in {"", *DispenseStyle}:
        raise argparse.ArgumentTypeError(f"{words!r} is no hopper; write 100=5 or 100=5:serial")
    return int(yen), _address(place), DispenseStyle(style or DispenseStyle.NO_CIPHER)


def _coins_wanted(words: str) -> tuple[int, int]:
    """`3x100` as a number of coins and their value in yen."""
    coins, _, yen = words.partition("x")
    if not coins.isdecimal() or not yen.isdecimal() or not 1 <= int(coins) <= COMMAND_MAX:
        raise argparse.ArgumentTypeError(f"{words!r} is no payout; write 3x100, at most {COMMAND_MAX} coins at once")
    return int(coins), int(yen)


# --- finding the devices -------------------------------------------------------------------------


def _text(bus: CcTalkBus, address: int, header: Header, *, tries: int = 2) -> str | None:
    for _ in range(tries):
        reply = bus.tell_once(address, header, lengths=range(256), timeout_s=0.2)
        if reply is not None:
            return reply.data.decode("ascii", "replace").strip() if reply.header == Header.REPLY else None
    return None


def _coins(bus: CcTalkBus, address: int) -> dict[int, str]:
    """Position -> identification of the coins an acceptor knows."""
    found = {}
    for position in range(1, POSITIONS + 1):
        data = bus.ask_optional(address, Header.REQUEST_COIN_ID, bytes((position,)), lengths=(6,))
        if data is not None and (coin := data.decode("ascii", "replace")) != UNPROGRAMMED:
            found[position] = coin
    return found


def _acceptor(bus: CcTalkBus, address: int) -> Acceptor:
    category = _text(bus, address, Header.REQUEST_CATEGORY)
    if category is None:
        raise NoReply("acceptor", f"no device answers at address {address}; `info` lists the devices that do.")
    if category != "Coin Acceptor":
        raise WrongDevice(
            "acceptor", f"address {address} is a {category!r}, not a coin acceptor; give --acceptor ADDRESS."
        )
    coins = _coins(bus, address).values()
    values = {coin: value for coin in coins if (value := coin_value(coin)) is not None}
    return Acceptor(bus, address, None, values, None)


def _bank(bus: CcTalkBus, named: Sequence[tuple[int, int, DispenseStyle]]) -> HopperBank:
    """The hoppers given with --hopper, else all that name their coin."""
    addresses = {yen: address for yen, address, _ in named}
    styles = {yen: style for yen, _, style in named}
    for address in () if named else _ADDRESSES:
        if _text(bus, address, Header.REQUEST_CATEGORY) != "Payout":
            continue
        value = coin_value(_text(bus, address, Header.REQUEST_HOPPER_COIN) or "")
        if value is None:
            print(f"{address}: this hopper does not name its coin; give --hopper YEN={address}", file=sys.stderr)
        else:
            addresses[value] = address
    return HopperBank(bus, addresses, styles=styles)


# --- commands ------------------------------------------------------------------------------------


def _info(bus: CcTalkBus, options: argparse.Namespace) -> int:
    asked = bus.checksum_of(HOST)
    other = Checksum.CRC if asked is Checksum.SIMPLE else Checksum.SIMPLE
    otherwise = bus.with_checksum(other)
    found, strangers = 0, []
    for address in _EVERY_ADDRESS if options.all else _ADDRESSES:
        if (category := _text(bus, address, Header.REQUEST_CATEGORY)) is not None:
            found += 1
            _describe(bus, address, category)
        elif (category := _text(otherwise, address, Header.REQUEST_CATEGORY, tries=1)) is not None:
            strangers.append(address)
            print(f"{address}: {category}, with the checksum {other!s}")
    _conclude(bus, otherwise, found, strangers)
    return 0 if found else 1


def _describe(bus: CcTalkBus, address: int, category: str) -> None:
    words = [_text(bus, address, h) for h in (Header.REQUEST_MAKER, Header.REQUEST_PRODUCT, Header.REQUEST_SOFTWARE)]
    serial = bus.ask_optional(address, Header.REQUEST_SERIAL, lengths=(3, 4))
    print(f"{address}: {category}, {' '.join(filter(None, words))}, serial {number(serial) if serial else '?'}")
    if category == "Payout":
        print(f"   coin {_text(bus, address, Header.REQUEST_HOPPER_COIN) or 'not named'}")
    for position, coin in _coins(bus, address).items() if category == "Coin Acceptor" else ():
        value = coin_value(coin)
        print(f"   position {position}: {coin}{'' if value is None else f' = {value} yen'}")


def _conclude(bus: CcTalkBus, otherwise: CcTalkBus, found: int, strangers: Sequence[int]) -> None:
    heard = {bus.quality.echo, otherwise.quality.echo} - {None}
    echo = "is silent" if not heard else "echoes" if True in heard else "does not echo"
    print(f"The line {echo}; {found} devices. If one is missing, check its power, cable and checksum setting.")
    if strangers:
        other = otherwise.checksum_of(HOST)
        print(
            f"{len(strangers)} more answered with the checksum {other!s} only: "
            f"give --checksum {other!s}, and set `checksum` in the unit file."
        )


class _Interrupted:
    """Whether Ctrl-C was pressed, while this is entered. What is under way ends whole: no coin is lost with it."""

    def __init__(self) -> None:
        self.yes = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, *_: object) -> None:
        self.yes = True


def _watch(bus: CcTalkBus, options: argparse.Namespace) -> int:
    acceptor = _acceptor(bus, options.acceptor)
    acceptor.start()
    assert acceptor.identity is not None
    values = frozenset(value for coin in acceptor.identity.coins if (value := coin_value(coin)) is not None)
    acceptor.accept(values)
    print(f"The slot is open for {', '.join(map(str, sorted(values)))} yen. Ctrl-C closes it.", flush=True)
    total_yen, quiet = 0, 0
    end_s = bus.clock.monotonic() + options.seconds
    try:
        with _Interrupted() as interrupted:
            while quiet < _QUIET_POLLS:
                is_open = bus.clock.monotonic() < end_s and not interrupted.yes
                if not is_open and not quiet:
                    acceptor.inhibit()
                events = acceptor.poll()
                for event in events:
                    total_yen += event.value_yen if isinstance(event, CoinCredited) else 0
                    print(f"{event}  total {total_yen} yen", flush=True)
                quiet = 0 if is_open or events else quiet + 1
                bus.pause(_POLL_S)
    finally:
        acceptor.inhibit()
        print(f"The slot is closed; total {total_yen} yen; {bus.quality}")
    return 0


def _pay(bus: CcTalkBus, options: argparse.Namespace) -> int:
    coins, yen = options.what
    bank = _bank(bus, options.hopper)
    bank.start()
    if yen not in bank.states():
        print(f"No hopper is known to hold {yen} yen; give --hopper YEN=ADDRESS.", file=sys.stderr)
        return 1
    before = bank.counters(yen)
    print(f"before: {before}", flush=True)
    result = bank.dispense(yen, coins, before)
    print(result)
    return 0 if result.paid == result.asked else 1


def _counters(bus: CcTalkBus, options: argparse.Namespace) -> int:
    events = bus.ask_optional(options.acceptor, Header.READ_EVENTS, lengths=(11,))
    if events is not None:
        accepted = bus.ask_optional(options.acceptor, Header.REQUEST_ACCEPT_COUNTER, lengths=(3,))
        total = "not counted" if accepted is None else f"{number(accepted)} coins accepted"
        print(f"acceptor at {options.acceptor}: event counter {events[0]}, {total}, events {events[1:].hex(' ', 2)}")
    bank = _bank(bus, options.hopper)
    bank.start()
    for value, state in bank.states().items():
        counters = bank.counters(value)
        print(f"hopper {value} yen: {state}, {counters.life_total} coins out, event counter {counters.event_counter}")
    return 0


_COMMANDS = {"info": _info, "watch": _watch, "pay": _pay, "counters": _counters}

if __name__ == "__main__":
    sys.exit(main())
