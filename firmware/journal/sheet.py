"""The evidence of `reading.py` as one HTML file to print: Japanese first, for whoever decides about a claim."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence

from firmware.console.language import Language, texts
from firmware.console.looking import line
from firmware.journal.claims import AFTER, BEFORE, DISPUTED, SINCE
from firmware.journal.journal import Stored
from firmware.journal.reading import NOT_PAID, OWED, PAID_AT_DESK, PAID_HERE, RECORDS, Both, Page

_TITLE = Both("Evidence from the journal", "証明書自動交付機　取引記録書")
_SECTIONS: Mapping[str, str] = {
    BEFORE: "前の取引",
    DISPUTED: "当該取引",
    AFTER: "後の取引",
    SINCE: "その後の預り証の記録",
    RECORDS: "記録",
}
_AMOUNTS: Mapping[str, str] = {
    OWED: "預り証の額",
    PAID_HERE: "この機械で支払済み",
    PAID_AT_DESK: "市の窓口で支払済み",
    NOT_PAID: "未払い",
}
_NONE = Both("none among these records", "この記録の中にはありません。")
_NO_NAMES = Both(
    "The journal holds no name, document or PIN. Ids are cut short (~), codes are masked (*), because a code is worth money.",
    "この記録に氏名、証明書の内容、暗証番号はありません。番号は途中まで（~）、預り証の番号は伏せて（*）あります。"
    "番号だけで現金を受け取れるためです。",
)
_FIELD = re.compile(r"(?<=\S) (?=[a-z0-9_]+=)")  # between two fields of a record
_STYLE = """
@page { size: A4; margin: 18mm 15mm; }
body { font: 14px/1.6 "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", "Hiragino Sans", sans-serif; color: #111;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; text-align: center; letter-spacing: .1em; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-left: .4rem solid #333; padding-left: .6rem; break-after: avoid; }
small { color: #444; font-size: .8em; font-weight: 400; letter-spacing: 0; display: block; }
table { border-collapse: collapse; width: calc(100% - 2px); } td, th { border: 1px solid #666; padding: .25rem .6rem; vertical-align: top; }
th { background: #eee; text-align: left; font-weight: 600; white-space: nowrap; }
.facts { margin: 1.5rem 0; } .facts th { width: 35%; } .yen { text-align: right; }
.facts tr.left td, .facts tr.left th { font-weight: 700; font-size: 1.15em; }
.box { border: 2px solid #0b5c33; padding: .5rem 1rem; } .box p { margin: .3rem 0; overflow-wrap: anywhere; }
.box.warning { border-color: #8a2b00; margin-top: .8rem; } .box b { color: #0b5c33; } .box.warning b { color: #8a2b00; }
.records { font-size: .85em; } .records td:nth-child(-n+3) { white-space: nowrap; font-variant-numeric: tabular-nums; }
.records td:first-child { text-align: right; } .records td:last-child { overflow-wrap: anywhere; }
.records span { display: inline-block; margin-right: 1em; }
.signed { margin-top: 2.5rem; break-inside: avoid; } .signed td { height: 3.5rem; width: 33%; }
p { break-inside: avoid; }
thead { display: table-header-group; } tr { break-inside: avoid; }
@media print { body { margin: 0; padding: 0; font-size: 11px; } }
"""


def as_html(page: Page) -> Iterator[str]:
    """The page as one HTML file without anything from elsewhere."""
    title = _e(f"{_TITLE.ja}：{page.machine}：{page.about.ja}")
    yield f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    yield f"<h1>{_both(_TITLE)}</h1>"
    yield from _facts(page)
    yield from _box("確認したこと", "Verified", page.proof, "box")
    if page.warnings:
        yield from _box("注意", "Warning", page.warnings, "box warning")
    for title, entries in page.sections.items():
        yield f"<h2>{_both(Both(title, _SECTIONS[title]))}</h2>"
        yield from _table(entries) if entries else (f"<p>{_both(_NONE)}</p>",)
    yield f"<p>{_both(_NO_NAMES)}</p>"
    boxes = (Both("date", "確認日"), Both("checked by", "確認者"), Both("remarks", "備考"))
    yield f'<table class="signed"><tr>{"".join(f"<td>{_both(box)}</td>" for box in boxes)}</tr></table>'


def _facts(page: Page) -> Iterator[str]:
    yield '<table class="facts">'
    yield f"<tr><th>{_both(Both('machine', '機械'))}</th><td>{_e(page.machine)}</td></tr>"
    yield f"<tr><th>{_both(Both('about', '対象'))}</th><td>{_both(page.about)}</td></tr>"
    for name, yen in page.amounts.items():
        row = ' class="left"' if name == NOT_PAID else ""
        yield f'<tr{row}><th>{_both(Both(name, _AMOUNTS[name]))}</th><td class="yen">{yen:,} 円</td></tr>'
    yield "</table>"


def _box(ja: str, en: str, said: Sequence[Both], kind: str) -> Iterator[str]:
    yield f'<div class="{kind}"><b>{ja}</b> {en}'
    yield from (f"<p>{_both(row)}</p>" for row in said)
    yield "</div>"


def _table(entries: Sequence[Stored]) -> Iterator[str]:
    heads = (
        Both("no.", "番号"),
        Both("time in Japan", "日時（日本時間）"),
        Both("record", "記録"),
        Both("fields", "内容"),
    )
    yield f'<table class="records"><thead><tr>{"".join(f"<th>{_both(head)}</th>" for head in heads)}</tr></thead>'
    japanese = texts(Language.JA).told
    for entry in entries:
        seq, day, clock, _, kind, *fields = line(entry).split(" ", 5)
        told = "".join(f"<span>{_e(japanese(field))}</span>" for field in _FIELD.split(" ".join(fields)))
        name = _both(Both(kind, japanese(kind)))
        yield f"<tr><td>{seq}</td><td>{day} {clock}</td><td>{name}</td><td>{told}</td></tr>"
    yield "</table>"


def _both(said: Both) -> str:
    return f'{_e(said.ja)}<small lang="en">{_e(said.en)}</small>'


def _e(text: str) -> str:
    return html.escape(text)
