"""The forms: processor time for one copy after warm-up, and what the machine needs to print it."""

import hashlib
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from drivers.printer.profile import load_profile
from firmware.paper.pages import render
from host_sim.centre import forms, qr, sample, verify
from host_sim.centre.forms import reading

KINDS = ("juminhyo", "inkan", "kazei", "koseki")
ROUNDS = 20


def _median_ms(act: Callable[[int], Any]) -> float:
    """Median processor time; wall-clock time on a shared computer would depend on other programs."""
    times = []
    for number in range(ROUNDS + 3):
        begun_s = time.process_time()
        act(number)
        times.append((time.process_time() - begun_s) * 1000)
    return sorted(times[3:])[ROUNDS // 2]


def rows() -> list[tuple[str, str, str]]:
    register = sample.residents()
    who = register.by_key("taro")
    household = register.members(register.household_of(who))
    place = sample.city().on(date(2026, 11, 24)).places["ekimae-store"]
    table = []
    for kind in KINDS:
        offer = forms.offer(kind, who, household, register, date(2026, 11, 24), place)
        options = {
            g["key"]: ["print"] if g["choices"][0]["value"] == "omit" else list(g["default"])
            for g in offer["groups"]
            if g["only_if"] is None
        }

        def issue(number: int) -> forms.IssueFacts:
            return forms.IssueFacts(
                issue_number=f"20261124 宮崎市 K01 {number:06d}",
                issued_on=date(2026, 11, 24),
                request_id=f"{number:032x}",
                card_fingerprint=f"{number:064x}",
            )

        def make(number: int, kind: str = kind, options: dict[str, list[str]] = options) -> bytes:
            return forms.typeset(kind, who, household, options, issue(number), register)

        pdf = make(0)
        pages = forms.page_count(pdf)
        table.append(
            (
                f"{kind}: typeset, {pages} page(s), {len(pdf) // 1024} kB",
                f"{_median_ms(make):.1f} ms",
                f"<= {10 * pages} ms",
            )
        )

        def check(_: int, kind: str = kind, options: dict[str, list[str]] = options, pdf: bytes = pdf) -> None:
            assert forms.check(pdf, kind, who, household, options, issue(0), register) == []

        table.append((f"{kind}: independent check", f"{_median_ms(check):.1f} ms", "<= 10 ms"))

        def dots(_: int, pdf: bytes = pdf) -> None:
            sha256 = hashlib.sha256(pdf).hexdigest()
            render(pdf, request_id="0" * 32, copy=1, document_sha256=sha256, profile=load_profile("a4-203"))

        table.append((f"{kind}: the machine's dots from it, a page", f"{_median_ms(dots) / pages:.1f} ms", "<= 25 ms"))
    code = qr.read_codes(_page_picture(pdf))[0]
    table.append(("signed code: judged", f"{_median_ms(lambda _: verify.verify_text(code)):.2f} ms", ""))
    return table


def _page_picture(pdf: bytes) -> Any:
    from PIL import Image

    return Image.fromarray(reading.read(pdf, [reading.Window(-1, 5, 220, 60, 70)]).windows[0])
