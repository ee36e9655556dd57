"""`python -m firmware.journal show|verify|read|page`: read a journal without touching it, even while the machine runs."""

import argparse
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from firmware.book import page
from firmware.journal import carried, frames, reading, sheet
from firmware.journal.carried import Unreadable
from firmware.journal.frames import Ending, NotASegment, Scan
from firmware.journal.journal import Stored, segment_name, stored
from firmware.journal.memory import is_forged
from firmware.journal.seal import PUBLIC_BYTES


def scans(folder: Path) -> Iterator[Scan]:
    """The segments of a folder in order, each joined to the one before. Raises `Unreadable`, also when there are none."""
    head = frames.GENESIS_HEAD
    paths = sorted(folder.glob("*.journal"))
    if not paths:
        raise Unreadable(f"{folder} holds no journal: no file there ends in .journal. Give the folder of the journal.")
    for place, path in enumerate(paths):
        try:
            scan = frames.scan(path.read_bytes())
        except (NotASegment, OSError) as error:
            raise Unreadable(f"{path.name}: {error}") from None
        if path.name != segment_name(place) or (scan.header.first_seq - 1, scan.header.continues) != head:
            raise Unreadable(f"{path.name} does not continue the segment before it")
        yield scan
        if scan.ending is Ending.CORRUPT:
            raise Unreadable(f"{path.name} is unreadable at byte {scan.end}, and acknowledged records lie behind it")
        head = scan.head


def line(entry: Stored) -> str:
    """One record on one line, for a person."""
    told = " ".join(f"{field.name}={getattr(entry.record, field.name)!r}" for field in fields(entry.record))
    return f"{entry.seq:>8} {entry.wall:%Y-%m-%dT%H:%M:%S}Z boot {entry.boot_id} {type(entry.record).__name__} {told}"


def show(folder: Path, last: int) -> int:
    tail: deque[Stored] = deque(maxlen=last or None)
    for scan in scans(folder):
        tail.extend(stored(entry) for entry in scan.entries)
    for entry in tail:
        print(line(entry))
    return 0


def verify(folder: Path, key: bytes | None) -> int:
    """`key`: the machine's, as `journal verify` on its console prints it; None: signatures are not checked."""
    count, head, ending, forged = 0, frames.GENESIS_HEAD, Ending.CLEAN, list[int]()
    for scan in scans(folder):
        count, head, ending = count + len(scan.entries), scan.head, scan.ending
        if key is not None:
            forged += [entry.seq for entry in map(stored, scan.entries) if is_forged(entry, key)]
    print(f"{count} records, head {head[0]} {head[1].hex()}, the end is {ending}")
    if key is None:
        print("The signatures of checkpoints were not checked: give --key.", file=sys.stderr)
    for seq in forged:
        print(f"checkpoint {seq} is not signed by this key", file=sys.stderr)
    return 1 if forged else 0


def read(logs: Sequence[Path], key: bytes | None, session: str | None, claim: str, page_file: Path | None) -> int:
    """Print what the exports in these terminal logs hold; 1 when a part of it is missing or not signed."""
    texts = {}
    for log in logs:
        try:
            texts[log.name] = log.read_bytes().decode("ascii", "replace")
        except OSError as error:
            raise Unreadable(f"{log} cannot be read: {error.strerror}.") from None
    export = carried.read(texts)
    told = reading.page_of(export, key, session or "", claim)
    for row in reading.as_text(told):
        print(row)
    if page_file is not None:
        try:
            page_file.write_text("\n".join(sheet.as_html(told)), encoding="utf-8")
        except OSError as error:
            raise Unreadable(f"{page_file} cannot be written: {error.strerror}. Give another place.") from None
        print(f"The page is in {page_file}.", file=sys.stderr)
    return 1 if export.missing_from is not None or not told.signed else 0


def public_key(written: str) -> bytes:
    """The 32 bytes of a key written in hex."""
    if not re.fullmatch(rf"[0-9A-Fa-f]{{{2 * PUBLIC_BYTES}}}", written):
        raise argparse.ArgumentTypeError("give the 64 hex digits that `journal verify` prints on the machine's console")
    return bytes.fromhex(written)


def session_id(written: str) -> str:
    """At least eight digits of a session's id, as the console shows it."""
    if not re.fullmatch(r"[0-9a-f]{8,32}~?", written):
        raise argparse.ArgumentTypeError("give at least the first eight digits of the session's id")
    return written.rstrip("~")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.journal", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    shown = commands.add_parser("show", help="print the records of a journal folder")
    shown.add_argument("folder", type=Path)
    shown.add_argument("--last", type=int, default=0, help="only so many, from the end")
    checked = commands.add_parser("verify", help="check the whole chain, and with --key the signatures")
    checked.add_argument("folder", type=Path)
    checked.add_argument(
        "--key", type=public_key, help="64 hex digits: `journal verify` on the machine's console prints them"
    )
    exported = commands.add_parser(
        "read", help="read what `journal export` showed, in the log of the laptop's terminal"
    )
    exported.add_argument("log", type=Path, nargs="+", help="several when an export was continued")
    exported.add_argument(
        "--key", type=public_key, help="the machine's public key, 64 hex digits, known from elsewhere"
    )
    only = exported.add_mutually_exclusive_group()
    only.add_argument("--session", type=session_id, help="only this session: the first eight digits of its id")
    only.add_argument("--claim", default="", help="a claim's code: its session, the one before and the one after")
    exported.add_argument("--html", type=Path, help="write a page to print as well")
    commands.add_parser("page", help="write the page of records in README.md")
    told = parser.parse_args(arguments)
    try:
        match told.command:
            case "show":
                return show(told.folder, told.last)
            case "verify":
                return verify(told.folder, told.key)
            case "read":
                return read(told.log, told.key, told.session, told.claim, told.html)
            case _:
                page.write()
                return 0
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
