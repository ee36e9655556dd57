"""The Z-report on paper (日計表): one daily close, numbered, for the city's cash office.

The columns of a table are 42 letters of one width together, because the narrowest receipt printer has no more; a Japanese letter is
two wide. They reach from margin to margin on each printer.
"""

from datetime import datetime

from drivers.printer.profile import Profile
from drivers.printer.raster import RasterSlip
from firmware.book.day import ZReport
from firmware.paper.drawn import DrawnSlip
from firmware.paper.second import second
from firmware.paper.slips import Size, Slip, half_widths, in_letters, say_sample

_ROLES = {"technician": "保守", "cash": "出納", "security": "保安", "viewer": "閲覧"}
_SUMS = {  # account of the book -> its name; those of the first group are always printed
    "earned_yen": "手数料収入",
    "inserted_yen": "投入金額",
    "paid_out_yen": "釣銭・返金",
    "claimed_yen": "返金請求票",
    "till_taken_yen": "窓口で領収",
    "till_returned_yen": "窓口で返金",
    "overpaid_yen": "払出超過",
    "stray_yen": "取引外の硬貨",
    "test_coins_yen": "試験の硬貨",
    "staff_paid_yen": "係員による払出",
    "collected_yen": "うち請求票の支払",
    "unknown_yen": "結果不明の払出",
}
_ALWAYS = 4
_SHEETS = {
    "copies_printed": "発行",
    "copies_spoiled": "印刷失敗",
    "copies_uncertain": "結果不明",
    "sheets_tested": "試験・清掃",
}


def z_slip(report: ZReport, profile: Profile) -> RasterSlip | bytes:
    """The slip, in the printer's own letters where it has them."""
    text = in_letters(lambda slip: _write(report, slip), profile)
    if text is not None:
        return text
    drawn = DrawnSlip(profile.width_dots)
    _write(report, drawn)
    return drawn.finish()


def _write(report: ZReport, slip: Slip) -> None:
    say_sample(report.sample, slip, second("ja"))
    slip.centre("日　計　表", Size.LARGE, bold=True)
    slip.centre(f"Z-REPORT No. {report.number:05}", Size.NORMAL, bold=True)
    slip.rule(heavy=True)
    _write_head(report, slip)
    _write_sold(report, slip)
    _write_money(report, slip)
    _write_coins(report, slip)
    _write_counts(report, slip)
    _write_rest(report, slip)
    say_sample(report.sample, slip, second("ja"), foot=True)


def _write_head(report: ZReport, slip: Slip) -> None:
    if report.city:
        slip.pair("自治体", report.city, Size.NORMAL)
    slip.pair("場所", report.place, Size.NORMAL)
    slip.pair("端末", report.machine, Size.NORMAL)
    slip.pair("開始", "記録の初めから" if report.since is None else _when(report.since), Size.NORMAL)
    slip.pair("締め", _when(report.until), Size.NORMAL)
    slip.pair("締めた係", _role(report.closed_by), Size.NORMAL)
    slip.rule()


def _write_sold(report: ZReport, slip: Slip) -> None:
    """Each kind with each of its fees. A title too long for its column stands on a row of its own."""
    slip.cells((("証明書", -18), ("単価", 7), ("通数", 6), ("金額", 11)))
    for title, fee, copies in report.sold:
        if half_widths(title) > 18:
            slip.row(title)
        short = title if half_widths(title) <= 18 else ""
        slip.cells(((short, -18), (_n(fee), 7), (_n(copies), 6), (_n(fee * copies), 11)))
    copies, yen = sum(sold[2] for sold in report.sold), sum(fee * copies for _, fee, copies in report.sold)
    slip.cells((("計", -18), ("", 7), (_n(copies), 6), (_n(yen), 11)))
    slip.rule()


def _write_money(report: ZReport, slip: Slip) -> None:
    slip.cells((("金額（円）", -18), ("今回", 11), ("通算", 13)))
    for place, (name, label) in enumerate(_SUMS.items()):
        if place < _ALWAYS or report.life[name]:
            slip.cells(((label, -18), (_n(report.period[name]), 11), (_n(report.life[name]), 13)))
    slip.space()
    slip.cells((("枚数", -18), ("今回", 11), ("通算", 13)))
    for name, label in _SHEETS.items():
        slip.cells(((label, -18), (_n(report.period[name]), 11), (_n(report.life[name]), 13)))
    slip.rule()


def _write_coins(report: ZReport, slip: Slip) -> None:
    if not report.coins:
        return
    slip.cells((("硬貨（枚）", -10), ("投入", 8), ("払出", 8), ("金庫", 8), ("払出機", 8)))
    for yen, into, out, box, hopper in report.coins:
        here = "-" if hopper is None else _n(hopper)
        slip.cells(((f"{yen:>5}円", -10), (_n(into), 8), (_n(out), 8), (_n(box), 8), (here, 8)))
    slip.pair("金庫にあるべき額", f"{_n(report.box_yen)} 円", Size.NORMAL, bold=True)
    slip.rule()


def _write_counts(report: ZReport, slip: Slip) -> None:
    """What people counted in this period; without a count of the cash box a line to write it on."""
    if not report.coins:
        return
    slip.cells((("数えた結果", -13), ("帳簿", 10), ("実数", 10), ("差", 9)))
    for count in report.counts:
        name = f"{count.value_yen}円 枚" if count.value_yen else "金庫 円"
        difference = f"{count.counted - count.expected:+,}"
        slip.cells(((name, -13), (_n(count.expected), 10), (_n(count.counted), 10), (difference, 9)))
    if all(count.value_yen for count in report.counts):
        slip.pair("金庫の実数（記入）", "＿＿＿＿＿＿円", Size.NORMAL)
    slip.rule()


def _write_rest(report: ZReport, slip: Slip) -> None:
    slip.pair("証明書用紙の残り", "数えていない" if report.sheets is None else f"{_n(report.sheets)} 枚", Size.NORMAL)
    slip.pair("係員の確認待ち", f"{report.open_cases} 件", Size.NORMAL)
    slip.pair("センター未着の通知", f"{report.advices} 件", Size.NORMAL)
    told = "、".join(f"{_role(role)} {count}回" for role, count in sorted(report.logins.items()))
    slip.pair("操作した係", told or "なし", Size.NORMAL)
    slip.space()
    slip.pair("確認印", "＿＿＿＿＿＿＿＿", Size.NORMAL)


def _n(amount: int) -> str:
    return f"{amount:,}"


def _when(at: datetime) -> str:
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _role(role: str) -> str:
    return "・".join(_ROLES.get(one, one) for one in role.split("+"))
