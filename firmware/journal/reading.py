"""An export on a laptop: what proves it, which records it has, and a claim's evidence, as text; `sheet.py` makes it a page.

Ids are cut short and claim codes masked, as on the console, because whoever has a code can fetch the money. The log itself
has both whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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

RECORDS = "records"
OWED, PAID_HERE, PAID_AT_DESK, NOT_PAID = "owed", "collected here", "paid at the city's desk", "not paid"
SID_DIGITS = 8  # of a session's id, as the console shows it


class Both(NamedTuple):
    """The same in English, for a terminal, and in Japanese, for the page."""

    en: str
    ja: str


@dataclass(frozen=True, slots=True)
class Page:
    """`about`: what the page is about, in one line; `amounts`: of a claim, in yen. `proof`: what was verified;
    `warnings`: what was not, or is missing; `sections`: title, as `claims.Around` has it -> records."""

    machine: str
    about: Both
    amounts: Mapping[str, int]
    signed: bool
    proof: Sequence[Both]
    warnings: Sequence[Both]
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
    when = f"{jst(first.wall)} to {jst(last.wall)}", f"{jst(first.wall)} から {jst(last.wall)} まで"
    span = Both(
        f"records {first.seq} to {last.seq}, {when[0]}, one unbroken chain",
        f"記録 {first.seq} から {last.seq} まで（{when[1]}）は、欠けも改変もなく一続きです。",
    )
    about, amounts, sections = _sections(history, session, claim)
    begun = sections.get(DISPUTED, [])
    if begun and not isinstance(begun[0].record, SessionOpened):
        warnings.append(
            Both(
                f"The session began before record {first.seq}, so a part of it is missing here. Export from earlier.",
                f"取引は記録 {first.seq} より前に始まり、一部がここにありません。前の記録から書き出してください。",
            )
        )
    return Page(export.machine, about, amounts, bool(proof), (span, *proof), warnings, sections)


def _understood(entry: Entry) -> Stored:
    try:
        return stored(entry)
    except RecordInvalid as error:
        raise Unreadable(
            f"Record {entry.seq} is of a kind that this program does not know ({error}). Use the program of the machine's release."
        ) from None


def _proved(export: Export, history: Sequence[Stored], key: bytes | None) -> tuple[list[Both], list[Both]]:
    """What the signatures prove, and what they do not. Raises `Unreadable` for a wrong one."""
    warnings = []
    if export.missing_from is not None:
        again = f"journal export {export.missing_from}"
        warnings.append(
            Both(
                f"The export was cut off at record {history[-1].seq} of {export.until_seq}. "
                f"Give the rest with `{again}`, and read both logs together.",
                f"書き出しは記録 {export.until_seq} のうち {history[-1].seq} で途切れています。"
                f"`{again}` で残りを書き出し、両方のログを一緒に読んでください。",
            )
        )
    checkpoints = [entry for entry in history if isinstance(entry.record, Checkpoint)]
    used = key or export.key
    if not checkpoints or used is None:
        missing = Both("has no checkpoint", "署名のある記録がありません")
        if used is None:
            missing = Both("names no key, and none was given", "鍵が書かれておらず、鍵の指定もありません")
        unsigned = Both(
            f"NOT SIGNED: the export {missing.en}. The chain alone proves no origin.",
            f"署名なし：{missing.ja}。一続きであることだけでは、どの機械の記録かは分かりません。",
        )
        return [], [*warnings, unsigned]
    forged = [entry.seq for entry in checkpoints if is_forged(entry, used)]
    if forged:
        whose = "the key that was given" if key else "the key that the export names"
        raise Unreadable(f"Checkpoint {forged[0]} is not signed by {whose}: another machine's, or changed.")
    until, whose = checkpoints[-1].seq, key_id_of(used)
    proof = [
        Both(
            f"signed up to record {until}, by key {whose}",
            f"記録 {until} までに機械の署名があります（鍵 {whose}）。",
        )
    ]
    if key is None:
        warnings.append(
            Both(
                f"The export itself names this key: {used.hex()}. Compare it with the machine's, which was noted when it "
                "was put up and which `journal verify` prints, or give it with --key.",
                f"この鍵は書き出しに書かれていたものです：{used.hex()}。設置の時に控えた機械の鍵（`journal verify` で表示）と"
                "比べるか、--key で指定してください。",
            )
        )
    return proof, warnings


_Cut = tuple[Both, Mapping[str, int], Mapping[str, Sequence[Stored]]]  # about, amounts, sections


def _sections(history: Sequence[Stored], session: str, claim: str) -> _Cut:
    if claim:
        found = _claim(history, claim)
        sid = f"{found.key[:SID_DIGITS]}~"
        about = Both(f"claim of session {sid}: {found.told()}", f"取引 {sid} の預り証")
        return about, _amounts(found), _around(history, found.key).bundle
    if session:
        bundle = _around(history, session).bundle
        if not bundle[DISPUTED]:
            raise Unreadable(f"No session {session} is whole in records {history[0].seq} to {history[-1].seq}.")
        about = Both(f"session {session}", f"取引 {session}~")
        return about, {}, {title: bundle[title] for title in (DISPUTED, SINCE)}
    return Both("journal", "全部の記録"), {}, {RECORDS: history}


def _amounts(claim: Claim) -> Mapping[str, int]:
    return {
        OWED: claim.amount_yen,
        PAID_HERE: claim.collected_yen,
        PAID_AT_DESK: claim.at_desk_yen,
        NOT_PAID: claim.left_yen,
    }


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
    yield f"{page.machine}: {page.about.en}"
    yield from (said.en for said in page.proof)
    yield from (f"! {said.en}" for said in page.warnings)
    for title, entries in page.sections.items():
        yield f"--- {title}{'' if entries else ': none among these records'}"
        yield from map(line, entries)
