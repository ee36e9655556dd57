"""The receipt of a claim as PDF: the half that the resident signs and the city keeps, and the half that the resident keeps.

No name is printed: whoever brings the slip has the money.
"""

from pathlib import Path

from host_sim.centre.city.hours import JST
from host_sim.centre.claims.codes import spoken
from host_sim.centre.claims.desk import Receipt
from host_sim.centre.forms import font
from host_sim.centre.forms.eras import wareki
from host_sim.centre.forms.press import compiled

_TEMPLATE = Path(__file__).with_name("receipt.typ")
_DAYS = "月火水木金土日"

# The machine's reason (firmware/book/reasons.py) in words for the receipt; every other one is the last.
REASONS = {
    "change": "つり銭を機械から払い出せなかったため",
    "cancelled": "取りやめた手続の入金を機械から返せなかったため",
    "timed_out": "時間切れで終わった手続の入金を機械から返せなかったため",
    "pay_timed_out": "時間切れで終わった手続の入金を機械から返せなかったため",
    "restart": "停電等で中断した手続の入金を機械から返せなかったため",
    "coin_trouble": "硬貨装置の故障で入金を機械から返せなかったため",
}
OTHER_REASON = "入金のうち機械から返せなかった分があったため"


def pdf(receipt: Receipt) -> bytes:
    """The same receipt gives the same bytes."""
    at = receipt.paid_at.astimezone(JST)
    day = wareki(at.date())
    return compiled(
        _TEMPLATE,
        {
            "title": f"受領書 {receipt.number}",
            "font": font.FAMILY,
            "date": [at.year, at.month, at.day],
            "number": receipt.number,
            "amount": f"{receipt.amount_yen:,}",
            "code": spoken(receipt.code),
            "reason": REASONS.get(receipt.reason, OTHER_REASON),
            "machine": receipt.machine,
            "paid": f"{day}（{_DAYS[at.weekday()]}） {at:%H:%M}",
            "date_words": day,
            "place": receipt.place.name["ja"],
            "telephone": receipt.place.telephone,
            "clerk": receipt.by,
            "city": receipt.city,
        },
    )
