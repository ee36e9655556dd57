"""An export on a laptop: what proves it, which records it has, and a claim's evidence, as text or as one HTML page.

Ids are cut short and claim codes masked, as on the console, because whoever has a code can fetch the money. The log itself
has both whole.
"""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from firmware.book.records import Checkpoint, SessionOpened
from firmware.book.schema import RecordInvalid
from firmware.console.grammar import CLAIM, Refused
from firmware.console.looking import line
from firmware.console.rows import jst
from firmware.journal.carried import Export, Unreadable
from firmware.journal.claims import DISPUTED, SINCE, Around, Claim
from firmware.journal.frames import Entry
from firmware.journal.journal import Stored, stored
from firmware.journal.memory import is_forged
from firmware.journal.seal import key_id_of

SID_DIGITS = 8  # of a session's id, as the console shows it


@dataclass(frozen=True, slots=True)
class Page:
    """`proof`: what was verified; `warnings`: what was not, or is missing; `sections`: title -> records."""

    title: str
    signed: bool
    proof: Sequence[str]
    warnings: Sequence[str]
    sections: Mapping[str, Sequence[Stored]]


def page_of(export: Export, key: bytes | None, session: str = "", claim: str = "") -> Page:
    """The page of an export whose chain holds. Raises `Unreadable`.

    `key`: the machine's public key, known from elsewhere; None: the export's own. `session`: the first digits of an id.
    """
    history = [_understood(entry) for entry in export.entries]
    if not history:
        raise Unreadable("The export was cut off before its first record was whole. Export again.")
    proof, warnings = _proved(export, history, key)
    first, last = history[0], history[-1]
    span = f"records {first.seq} to {last.seq}, {jst(first.wall)} to {jst(last.wall)}, one unbroken chain"
    title, sections = _sections(history, session, claim)
    begun = sections.get(DISPUTED, [])
    if begun and not isinstance(begun[0].record, SessionOpened):
        warnings.append(
            f"The session began before record {first.seq}, so a part of it is missing here. Export from earlier."
        )
    return Page(f"{export.machine}: {title}", bool(proof), (span, *proof), warnings, sections)


def _understood(entry: Entry) -> Stored:
    try:
        return stored(entry)
    except RecordInvalid as error:
        raise Unreadable(
            f"Record {entry.seq} is of a kind that this program does not know ({error}). Use the program of the machine's release."
        ) from None


def _proved(export: Export, history: Sequence[Stored], key: bytes | None) -> tuple[list[str], list[str]]:
    """What the signatures prove, and what they do not. Raises `Unreadable` for a wrong one."""
    warnings = []
    if export.missing_from is not None:
        again = f"journal export {export.missing_from}"
        warnings.append(
            f"The export was cut off at record {history[-1].seq} of {export.until_seq}. "
            f"Give the rest with `{again}`, and read both logs together."
        )
    checkpoints = [entry for entry in history if isinstance(entry.record, Checkpoint)]
    used = key or export.key
    if not checkpoints or used is None:
        missing = "has no checkpoint" if used else "names no key, and none was given"
        return [], [*warnings, f"NOT SIGNED: the export {missing}. The chain alone proves no origin."]
    forged = [entry.seq for entry in checkpoints if is_forged(entry, used)]
    if forged:
        whose = "the key that was given" if key else "the key that the export names"
        raise Unreadable(f"Checkpoint {forged[0]} is not signed by {whose}: another machine's, or changed.")
    proof = [f"signed up to record {checkpoints[-1].seq}, by key {key_id_of(used)}"]
    if key is None:
        warnings.append(
            f"The export itself names this key: {used.hex()}. Compare it with the machine's, which was noted when it was "
            "put up and which `journal verify` prints, or give it with --key."
        )
    return proof, warnings


def _sections(history: Sequence[Stored], session: str, claim: str) -> tuple[str, Mapping[str, Sequence[Stored]]]:
    if claim:
        found = _claim(history, claim)
        return f"claim of session {found.key[:SID_DIGITS]}~: {found.told()}", _around(history, found.key).bundle
    if session:
        bundle = _around(history, session).bundle
        if not bundle[DISPUTED]:
            raise Unreadable(f"No session {session} is whole in records {history[0].seq} to {history[-1].seq}.")
        return f"session {session}", {title: bundle[title] for title in (DISPUTED, SINCE)}
    return "journal", {"records": history}


def _claim(history: Sequence[Stored], code: str) -> Claim:
    try:
        found = Claim(CLAIM.read(code))
    except Refused as refused:
        raise Unreadable(refused.sentence) from None
    for entry in history:
        found.take(entry)
    if not found.key:
        raise Unreadable(
            f"Records {history[0].seq} to {history[-1].seq} have no claim with this code. "
            "Compare the code and the machine on the slip, or export from an earlier record."
        )
    return found


def _around(history: Iterable[Stored], key: str) -> Around:
    around = Around(key)
    for entry in history:
        around.take(entry)
    return around


def as_text(page: Page) -> Iterator[str]:
    """The page as lines for a terminal."""
    yield page.title
    yield from page.proof
    yield from (f"! {warning}" for warning in page.warnings)
    for title, entries in page.sections.items():
        yield f"--- {title}{'' if entries else f': {_NONE}'}"
        yield from map(line, entries)


_NONE = "none among these records"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.proof { color: #0b5c33; } .warning { color: #8a2b00; font-weight: 600; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; white-space: nowrap; }
td, th { border-bottom: 1px solid #ccc; padding: .25rem .75rem .25rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:nth-child(-n+3) { white-space: nowrap; } td:first-child { text-align: right; }
@media print { body { margin: 0; font-size: 11px; } tr { break-inside: avoid; } }
"""


def as_html(page: Page) -> Iterator[str]:
    """The page as one HTML file without anything from elsewhere."""
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_e(page.title)}</title><style>{_STYLE}</style>'
    yield f"<h1>{_e(page.title)}</h1>"
    yield from (f'<p class="proof">{_e(row)}</p>' for row in page.proof)
    yield from (f'<p class="warning">{_e(row)}</p>' for row in page.warnings)
    for title, entries in page.sections.items():
        yield f"<h2>{_e(title)}</h2>"
        yield from _table(entries) if entries else (f"<p>{_NONE}</p>",)


def _table(entries: Sequence[Stored]) -> Iterator[str]:
    yield "<table><tr><th>no.</th><th>time</th><th>record</th><th>fields</th></tr>"
    for entry in entries:
        seq, day, clock, zone, kind, *fields = line(entry).split(" ")
        cells = (seq, f"{day} {clock} {zone}", kind, " ".join(fields))
        yield f"<tr>{''.join(f'<td>{_e(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _e(text: str) -> str:
    return html.escape(text)
