"""The daily close: the report on the line, and the numbered Z-report on paper."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from drivers.printer.profile import load_profile
from firmware.book import records
from firmware.book.day import Count
from firmware.console.rows import columns
from firmware.desks import PrintZReport
from firmware.paper.daily import z_slip
from host_sim.models.printers import printer_named
from host_sim.rig.console import ConsoleRig
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def test_a_day_is_closed_by_a_report_and_a_checkpoint(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.enter_maintenance("kato")
    report = machine.say("close")
    assert re.search(r"earned_yen +300 +300", report)
    assert re.search(r"paid_out_yen +200 +200", report)
    assert "cash box 500 yen" in report
    assert (
        max(map(len, report[report.index("Z-report") :].splitlines())) <= 42
    )  # the narrowest receipt printer's letters
    assert re.search(r"earned_yen +0 +300", machine.say("close print"))
    assert machine.loop.book.totals["closes"] == 2
    assert len(machine.records(records.Checkpoint)) == 2
    assert "cashbox" not in machine.confirm(machine.say("cashbox emptied 500"), "goto")
    assert machine.loop.book.cash_box == {}
    machine.restart()
    assert machine.loop.book.totals["closes"] == 2
    assert machine.loop.book.console.closed_totals["earned_yen"] == 300


def test_the_printed_close_has_the_figures_since_the_close_before(wallet: Cards) -> None:
    machine = ConsoleRig()
    sent: list[object] = []
    send = machine.crew.send
    machine.crew.send = lambda desk, command, whose: (sent.append(command), send(desk, command, whose))[1]  # type: ignore[assignment,method-assign,func-returns-value]
    serve(machine, Person(wallet["hanako"], coins=[500]))
    machine.enter_maintenance("kato")
    machine.say("close print")
    machine.confirm(machine.say("cashbox emptied 400"), "goto")
    machine.say("exit")
    machine.say("logout")
    serve(machine, Person(wallet["hanako"], coins=[100, 100, 100]))
    machine.enter_maintenance("kato")
    machine.say("close print")
    first, second = (command.report for command in sent if isinstance(command, PrintZReport))
    assert [(title, fee, copies) for title, fee, copies in first.sold] == [("印鑑登録証明書", 300, 1)]
    assert (first.number, first.since, second.number) == (1, None, 2)
    assert second.since is not None
    assert first.until <= second.since < second.until
    assert [row[:3] for row in first.coins if row[1] or row[2]] == [(500, 1, 0), (100, 0, 2)]
    assert [row[:3] for row in second.coins if row[1] or row[2]] == [(100, 3, 0)]
    assert first.counts == ()
    assert second.counts == (Count(0, 500, 400),)
    assert second.closed_by == "cash"
    for report in (first, second):
        assert sum(fee * copies for _, fee, copies in report.sold) == report.period["earned_yen"]
    printed = z_slip(second, load_profile("tm-t88"))
    assert isinstance(printed, bytes)
    printer = printer_named("tm-t88")
    printer.receive(printed + b"\x1dVB\x00", 0.0)
    printer.transmit(60.0)
    text = printer.tray[0].text
    assert printer.complaints == []
    for words in ("日　計　表", "Z-REPORT No. 00002", "印鑑登録証明書        300     1        300"):
        assert words in text
    assert re.search(r"金庫 円 +500 +400 +-100", text)
    for word in ("試験印刷", "VOID", "kato", "山田"):
        assert word not in text


def test_a_program_gets_the_report_as_numbers_and_japanese_heads_stand_over_their_columns() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance("kato")
    said = machine.say("close --json")
    told = json.loads("".join(said.split("\n")[1:]).split("OK")[0])
    assert told["number"] == 1
    assert told["since_close"].keys() == told["for_life"].keys() > {"earned_yen", "copies_printed"}
    assert told["hoppers"] == {"10": 60, "50": 40, "100": 60, "500": 20}
    machine.say("language ja")
    (head,) = [row for row in machine.say("close").split("\n") if "累計" in row]
    assert (head.index("前回から"), columns(head[: head.index("累計")])) == (19, 34)


def test_a_sample_citys_close_says_so_at_both_ends() -> None:
    machine = ConsoleRig()
    sent: list[object] = []
    send = machine.crew.send
    machine.crew.send = lambda desk, command, whose: (sent.append(command), send(desk, command, whose))[1]  # type: ignore[assignment,method-assign,func-returns-value]
    machine.enter_maintenance("kato")
    machine.say("close print")
    (report,) = (command.report for command in sent if isinstance(command, PrintZReport))
    site = machine.loop.reception.site
    assert site is not None
    assert report.sample == site.table.municipality.sample
    said = "見本　SAMPLE　見本".encode("shift_jis")
    for sample in (True, False):
        slip = z_slip(replace(report, sample=sample), load_profile("tm-t88"))
        assert isinstance(slip, bytes)
        assert slip.count(said) == 2 * sample
