"""`python -m host_sim.io_board LINK`: an I/O board whose wires a person moves, for trying a driver without a Pico."""

import argparse
import sys
from pathlib import Path

from host_sim.io_board.board import Board

HELP = """press ROW COLUMN · release ROW COLUMN    a key, counted from 0
pulse [COUNT]                            the coin wire, 50 ms low, 50 ms apart
door open · door shut
reset · hang · unplug · replug           its button; the program stands still; its cable
pins                                     what it drives; so does an empty line
quit"""


def main() -> int:
    """0; 2 where MicroPython is not installed or the link cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m host_sim.io_board", description=__doc__, epilog=HELP,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("link", type=Path, help="where the port appears: a symbolic link to a pseudo-terminal")
    parser.add_argument("--seed", type=int, default=0, help="of its boot numbers")
    arguments = parser.parse_args()
    try:
        board = Board(arguments.link, seed=arguments.seed)
    except OSError as error:
        print(f"The I/O board did not start: {error}", file=sys.stderr)
        return 2
    with board:
        print(f"The I/O board is at {arguments.link}. Type help for what its wires can do.", flush=True)
        for line in sys.stdin:
            if line.split() == ["quit"]:
                break
            print(answer(board, line.split()), flush=True)
    return 0


def answer(board: Board, words: list[str]) -> str:
    """Do one line of a person."""
    match words:
        case ["press" | "release" as name, row, column] if {row, column} <= set("0123"):
            (board.press if name == "press" else board.release)(int(row), int(column))
        case ["pulse"]:
            board.pulse()
        case ["pulse", count] if count.isdecimal() and 0 < int(count) <= 1000:
            board.pulse(int(count))
        case ["door", "open" | "shut" as state]:
            board.door(shut=state == "shut")
        case ["reset" | "hang" | "unplug" | "replug" as name]:
            {"reset": board.reset, "hang": board.hang, "unplug": board.unplug, "replug": board.replug}[name]()
        case [] | ["pins"]:
            pass
        case _:
            return HELP
    return pins(board)


def pins(board: Board) -> str:
    wires = board.wires()
    names = (
        ("12 V", wires.supply),
        ("slot lamp", wires.slot_lamp),
        ("paper lamp", wires.paper_lamp),
        ("buzzer", wires.buzzer),
    )
    on = ", ".join(name for name, is_on in names if is_on) or "nothing"
    loader = " In the USB loader: reset it." if board.in_loader else ""
    return f"On: {on}. Inhibit wire {'low' if wires.inhibit_low else 'floats'}.{loader}"


if __name__ == "__main__":
    sys.exit(main())
