"""`report`: how many papers, through which channel, when and at what cost; and a known half year again."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from host_sim.centre import sample
from host_sim.centre.city.book import CityBook, NoCity
from host_sim.centre.city.city import City
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.opening import database_url, simulated_now
from host_sim.centre.statistics import compare, elsewhere
from host_sim.centre.statistics.elsewhere import FileWrong
from host_sim.centre.statistics.gather import Sources, from_files, gather, titles
from host_sim.centre.statistics.page import page
from host_sim.centre.statistics.papers import Months, read_month
from host_sim.centre.statistics.replay import HALF_YEARS, HalfYear, Replay, unsafe_but_quick
from host_sim.centre.statistics.report import Report
from host_sim.centre.statistics.tables import Table, tables
from host_sim.centre.statistics.texts import LANGUAGES, Texts
from host_sim.centre.store import Store

PROGRESS_COPIES = 5000


def add(commands: Commands) -> None:
    command = at_the_centre(commands, "report", "papers by kind, channel, month, hour and requester, and their cost")
    command.add_argument("--from", dest="first", type=_month, metavar="MONTH", help="the first month, 2014-01")
    command.add_argument(
        "--to", dest="last", type=_month, metavar="MONTH", help="the last month; the first if left out"
    )
    command.add_argument("--papers", type=Path, metavar="CSV", help="papers that the centre does not see")
    command.add_argument("--costs", type=Path, metavar="TOML", help="what a channel costs; residents and cards")
    command.add_argument("--csv", type=Path, metavar="DIRECTORY", help="one CSV a table in this directory")
    command.add_argument("--html", type=Path, metavar="FILE", help="one page with charts")
    command.add_argument("--language", choices=LANGUAGES, default="ja")
    known = command.add_mutually_exclusive_group()
    known.add_argument("--replay", choices=HALF_YEARS, help="fill an empty database with this half year, and report it")
    known.add_argument("--slides", choices=HALF_YEARS, help="report the totals of the slides, without a database")
    command.add_argument("--compare", action="store_true", help="with --replay or --slides: beside what is printed")
    command.add_argument("--seed", type=int, default=2014, help="of the replay")
    command.set_defaults(run=_run)


def _month(text: str) -> str:
    try:
        return read_month(text)
    except ValueError as trouble:
        raise argparse.ArgumentTypeError(str(trouble)) from None


def _run(options: argparse.Namespace) -> int:
    """Exit status: 0, or 1 with a sentence for each mistake."""
    try:
        made = _made(options)
        _write(options, *made)
    except NoCity:
        print("The database has no city's file; apply one: python -m host_sim.centre apply FILE.", file=sys.stderr)
    except FileWrong as wrong:
        print(*wrong.problems, sep="\n", file=sys.stderr)
    except OSError as trouble:
        print(f"{trouble.filename} cannot be written: {trouble.strerror}.", file=sys.stderr)
    else:
        return 0
    return 1


def _made(options: argparse.Namespace) -> tuple[Report, City]:
    half = HALF_YEARS.get(options.replay or options.slides or "")
    if half is None and options.first is None:
        raise FileWrong(["Say which months: --from 2014-01 --to 2014-06."])
    if options.compare and half is None:
        raise FileWrong(["--compare needs --replay or --slides, whose printed figures are known."])
    months = Months(options.first, options.last or options.first) if options.first else None
    if months is not None and months.last < months.first:
        raise FileWrong([f"--to is {months.last}, which is before --from."])
    if options.slides:
        assert half is not None
        city = sample.city()
        return from_files(city, months or half.months, _sources(options, half, half.folder / "papers.csv")), city
    papers = _replayed(options, half) if options.replay and half is not None else None
    store = open_store(options)
    book, now = CityBook(store), simulated_now(run_directory(options) / "clock-offset")
    months = months or (half.months if half else None)
    assert months is not None
    report = gather(store, book, months, _sources(options, half, papers), now)
    with store.reading() as c:
        city = book.city(c, now)
    store.close()
    return report, city


def _sources(options: argparse.Namespace, half: HalfYear | None, papers: Path | None) -> Sources:
    """What the command names; of a known half year, what is told of it."""
    told = options.papers or papers
    costs = options.costs or (half.folder / "costs.toml" if half else None)
    return Sources(*("" if path is None else elsewhere.read_text(path) for path in (told, costs)))


def _replayed(options: argparse.Namespace, half: HalfYear) -> Path:
    """Fill the database; returns the CSV of the papers that it did not see."""
    run = run_directory(options)
    (run / "centre").mkdir(parents=True, exist_ok=True)
    store = Store(database_url(run, options.database), create=True)
    unsafe_but_quick(store)
    with store.reading() as c:
        if store.fact(c, "version") is not None:
            raise FileWrong(["The database is not empty; a replay needs one of its own: --run DIRECTORY."])
    replay = Replay(store, half, options.seed)
    replay.run(_progress(sum(order.copies for order in replay.plan.orders)))
    store.close()
    papers = run / f"{half.name}.csv"
    papers.write_text(replay.unseen_csv(), encoding="utf-8")
    print(f"The papers that the centre does not see are in {papers}.", file=sys.stderr)
    return papers


def _progress(whole: int) -> Callable[[int], None]:
    began, told = time.monotonic(), [0]

    def tell(done: int) -> None:
        if done >= told[0] + PROGRESS_COPIES or done == whole:
            told[0] = done
            print(f"{done:,} of {whole:,} papers, {time.monotonic() - began:.0f} s", file=sys.stderr)

    return tell


def _write(options: argparse.Namespace, report: Report, city: City) -> None:
    texts = Texts(options.language)
    words = titles(city, report.months, options.language)
    made = tables(report, texts, words)
    if options.compare:
        made.append(_compared(options, report, texts))
    if options.csv:
        options.csv.mkdir(parents=True, exist_ok=True)
        for table in made:
            (options.csv / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8-sig", newline="")
        print(f"The tables are in {options.csv}.")
    if options.html:
        name = city.on(report.months.after).rules.municipality.name
        title = name.get(options.language, name["ja"])
        html = page(report, texts, title, lambda kind: words.get(kind, kind), made)
        options.html.write_text(html, encoding="utf-8")
        print(f"The report is in {options.html}.")
    if not options.csv and not options.html:
        print("\n\n".join(table.text() for table in made))


def _compared(options: argparse.Namespace, report: Report, texts: Texts) -> Table:
    half = HALF_YEARS[options.replay or options.slides]
    judged = list(compare.judge(report, compare.read(half.folder / "printed.toml")))
    return compare.table(judged, texts, half.name)
