"""The program at a card desk: `python -m drivers.card_desk --unit FILE [--run-dir DIR]`.

It asks the clerk for an order's code, again and again until Ctrl-D. What the resident is to do is shown, too: turn a
second screen with this window to them, or the screen itself. Exit status: 0, or 2 when a part cannot be opened.
"""

import argparse
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from drivers.card.pcsc import PcscReader
from drivers.card_desk.pad import ResidentPad
from drivers.card_desk.terminal import CardTerminal, DeskStopped
from drivers.errors import DeviceError
from drivers.line.card_orders import CardOrders
from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.line.tls_files import manifest_key_of, words_of
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.pin_pad.wired import keypad_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.card_desk", description=__doc__)
    parser.add_argument(
        "--unit", type=Path, required=True, help="a unit file; [unit], [card], [keypad] and [centre] are read"
    )
    parser.add_argument("--run-dir", type=Path, default=Path("/run/kofuki"), help="where relative paths begin")
    options = parser.parse_args()
    unit = tomllib.loads(options.unit.read_text(encoding="utf-8"))
    port = PcscReader(unit["card"]["reader"], time)
    try:
        with keypad_of(unit, options.run_dir) as pins:
            buffer = PinBuffer()
            pad = MatrixPinPad(pins, unit["keypad"]["keys"], buffer, time)
            pad.start()
            orders = CardOrders(_line(unit, options.run_dir))
            resident = ResidentPad(pad, buffer, _show, time.sleep)
            terminal = CardTerminal(port, orders, resident, unit["unit"]["name"], _show)
            while (code := _typed()) is not None:
                _one_order(terminal, code)
    except DeviceError as error:
        print(f"{error} ({error.remedy})")
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        port.close()
    return 0


def _one_order(terminal: CardTerminal, code: str) -> None:
    try:
        terminal.carry_out(code)
        print("The order is done.", flush=True)
    except DeskStopped as stopped:
        print(stopped, flush=True)
    except DeviceError as error:
        print(f"{error.sentence} What was begun is taken up again with the same card and code.", flush=True)


def _typed() -> str | None:
    print("Put the card in and type the order's code: ", end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None


def _show(words: str) -> None:
    print(words, flush=True)


def _line(unit: dict[str, Any], run: Path) -> CentreLine:
    settings = unit["centre"]
    transport = TlsTransport(
        host=settings["host"],
        port=settings["port"],
        ca_file=run / settings["ca_file"],
        server_spki_sha256=words_of(settings["server_spki_sha256"], run / settings["server_spki_sha256"]),
        client_certificate=run / settings["client_certificate"],
        client_key=run / settings["client_key"],
        clock=time,
    )
    key = manifest_key_of(words_of(settings["manifest_key"], run / settings["manifest_key"]))
    return CentreLine(transport, key, unit["unit"]["name"], settings.get("deadline_s", 8.0))


if __name__ == "__main__":
    sys.exit(main())
