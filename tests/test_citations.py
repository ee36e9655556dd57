"""Every citation exists in the repository: "fault K5", "book rules 1 to 9", `drivers/line/README.md`, "What the card signs".

A citation is a word and the ids of rows in a table of one page. An invariant's id may stand alone, because the message of a
`Violation` begins with it. A page of another folder may also be cited by its path and the words of one of its headings.
"""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from host_sim.rig import catalogue
from tests.sessions.test_mutants import MUTANTS

ROOT = Path(__file__).parent.parent
SUFFIXES = {".py", ".toml", ".md", ".typ", ".js"}
# The word of a citation -> its page, and the heading above the table ("": the page has one table).
PAGES = {
    "invariant": ("host_sim/rig/INVARIANTS.md", ""),
    "fault": ("host_sim/rig/FAULTS.md", ""),
    "security rule": ("firmware/SECURITY.md", ""),
    "book rule": ("firmware/book/README.md", "Book rules"),
    "start step": ("firmware/book/README.md", "Start steps"),
    "crash point": ("firmware/book/README.md", "Crash points"),
    "journal rule": ("firmware/journal/README.md", "Journal rules"),
    "console rule": ("firmware/console/README.md", "Console rules"),
    "binding rule": ("drivers/line/README.md", "Binding rules"),
    "card source": ("drivers/card/README.md", "Card sources"),
    "city rule": ("host_sim/centre/README.md", "City rules"),
    "incident": ("host_sim/centre/README.md", "Incidents"),
    "form rule": ("host_sim/centre/forms/README.md", "Form rules"),
}
ID = r"[A-Z]?\d{1,2}\b"
LETTERED, NUMBERED = r"[A-Z]\d{1,2}\b", r"\d{1,2}\b"
CITATIONS = [
    (word, re.compile(rf"\b(?i:{word})s? ({one}(?:(?:, | and | to ){one})*)"))
    for word in PAGES
    for one in (LETTERED if word in {"invariant", "fault"} else NUMBERED,)
]
SECTION = re.compile(r"([A-Za-z_][\w./-]*/[\w-]+\.md)`?,? \(?\"([^\"]+)\"")
HEADING = re.compile(r"^(?:#+ |\*\*)(.+?)\.?(?:\*\*|$)|\*\*([^*]+)\*\*", re.MULTILINE)
# A fault's id at the head of a docstring or a comment, or alone in brackets, without the word that says what it is.
BARE = re.compile(r"(?:\"\"\"|# (?:--- )?|\()([ACDHKNPRSTUX]\d{1,2})(?=[:.,)])")
# Words that cite pages outside this repository.
GONE = re.compile(
    r"\b[Ff]acts of (?:reliability|the domain|the money)|\(facts: [a-z]|\bFacts:|\bfacts (?:jpki|domain|feasibility)"
    r"|\bfact sheet|\b[Rr]eliability [a-e]\b|\bDESIGN \d|\b[Cc]atalogue [A-Z]\d"
    r"|\b(?:reliability|domain|jpki|field|cctalk|escpos|feasibility|anchors|DESIGN)\.md"
)


@cache
def files() -> dict[str, str]:
    """Path -> text of every file that may contain citations; this file and npos are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listed.stdout.split("\0") if name and Path(name).suffix in SUFFIXES]
    ours = [name for name in names if not name.startswith("tests/golden/npos/") and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in ours if name != "tests/test_citations.py"}


def flat(text: str) -> str:
    """The text as one line, because a docstring or a comment may break a line inside a citation."""
    return re.sub(r"\s*\n\s*(?:#:? )?", " ", text)


@cache
def rows(word: str) -> tuple[str, ...]:
    """The ids of the table that a word names, in their order."""
    page, heading = PAGES[word]
    text = (ROOT / page).read_text(encoding="utf-8")
    if heading:
        _, found, text = text.partition(f"\n## {heading}\n")
        assert found, f"{page} has no heading '{heading}'"
        text = text.partition("\n## ")[0]
    return tuple(re.findall(rf"^\| ({ID}) \|", text, re.MULTILINE))


def cited(ids: str) -> Iterator[str]:
    """The ids of "D1 to D4, X1", one by one."""
    for part in re.split(r", | and ", ids):
        first, _, last = part.partition(" to ")
        if last:
            letter, low, high = first.rstrip("0123456789"), re.sub(r"\D", "", first), re.sub(r"\D", "", last)
            yield from (f"{letter}{n}" for n in range(int(low), int(high) + 1))
        else:
            yield first


@cache
def citations() -> frozenset[tuple[str, str, str]]:
    """Each citation of the tree: file, word, id."""
    return frozenset(_citations())


def _citations() -> Iterator[tuple[str, str, str]]:
    for name, text in files().items():
        line = flat(text)
        for word, citation in CITATIONS:
            yield from ((name, word, one) for ids in citation.findall(line) for one in cited(ids))
        if name.endswith(".py"):
            yield from ((name, "invariant", one) for one in re.findall(r"\bI\d{1,2}\b", text))


def test_what_is_cited_stands_in_its_page() -> None:
    assert sorted({f"{name} cites {word} {one}" for name, word, one in citations() if one not in rows(word)}) == []


@pytest.mark.parametrize("word", PAGES)
def test_what_stands_in_a_page_is_cited(word: str) -> None:
    """Cited by a file other than the page itself; for a fault, a row in host_sim/rig/catalogue counts as a citation."""
    page, _ = PAGES[word]
    used = {one for name, kind, one in citations() if kind == word and name != page}
    if word == "fault":
        used |= {*catalogue.ROWS, *catalogue.OF_A_LIFE, *catalogue.ELSEWHERE}
    assert [one for one in rows(word) if one not in used] == []


@pytest.mark.parametrize("word", PAGES)
def test_ids_stand_once(word: str) -> None:
    assert len(rows(word)) == len(set(rows(word))) > 0


def test_a_page_cited_by_its_path_has_that_heading() -> None:
    lost = []
    for name, text in files().items():
        for path, heading in SECTION.findall(flat(text)):
            page = ROOT / path
            told = {a or b for a, b in HEADING.findall(page.read_text(encoding="utf-8"))} if page.is_file() else set()
            if heading.rstrip(".,") not in {words.rstrip(".") for words in told}:
                lost.append(f'{name}: {path}, "{heading}"')
    assert lost == []


def test_the_pages_name_tests_and_files_that_are_there() -> None:
    pages = {page for page, _ in PAGES.values()}
    named = {
        (page, path)
        for page in pages
        for path in re.findall(r"`((?:tests|firmware|drivers|host_sim)/[\w./-]+)`", files()[page])
    }
    assert sorted(f"{page}: {path}" for page, path in named if not (ROOT / path).exists()) == []
    assert len(named) > 60


def test_a_test_that_a_page_names_is_there() -> None:
    """As `tests/unit/x/test_y.py::test_z`."""
    named = [
        (name, path, function)
        for name, text in files().items()
        if name.endswith(".md")
        for path, function in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    ]
    assert [found for found in named if f"def {found[2]}(" not in files().get(found[1], "")] == []


def test_a_duty_names_its_test_or_says_that_it_is_not_met() -> None:
    table = files()["firmware/screens/README.md"].split("## Duties")[1].split("\n## ")[0]
    rows = [row.strip("|").split(" | ") for row in table.splitlines() if row.startswith("| ") and "---" not in row][1:]
    assert len(rows) > 20
    silent = [
        row for row in rows if "`tests/" not in row[3] and "**Not" not in row[2] and "`hardware/SITE.md`" not in row[2]
    ]
    assert silent == []


def test_the_catalogue_and_its_page_have_the_same_rows() -> None:
    """And the page says "swarm" for exactly the faults that the swarm causes."""
    page = files()[PAGES["fault"][0]]
    told = {
        one: "swarm" in line.rsplit("|", 2)[1] for one, line in re.findall(rf"^\| ({ID}) (\|.*)$", page, re.MULTILINE)
    }
    assert told == dict.fromkeys({*catalogue.ROWS, *catalogue.OF_A_LIFE}, True) | dict.fromkeys(
        catalogue.ELSEWHERE, False
    )


def test_the_mistakes_named_beside_an_invariant_are_seen_by_it() -> None:
    page = files()[PAGES["invariant"][0]]
    named = re.findall(rf'^\| ({ID}) \|.*\| "([^"]+)" \|$', page, re.MULTILINE)
    assert [f"{one}: {mistake}" for one, mistake in named if one not in MUTANTS[mistake].invariants] == []
    assert {one for one, _ in named} == set(rows("invariant")) - {
        "I5",
        "I11",
    }  # no mistake can be named for these two; the page says why


def test_no_page_is_cited_that_is_not_in_the_tree() -> None:
    assert [f"{name}: {found[0]}" for name, text in files().items() for found in GONE.finditer(text)] == []


def test_a_fault_is_cited_with_its_word() -> None:
    found = [
        f"{name}: {one}"
        for name, text in files().items()
        if name.endswith(".py")
        for one in BARE.findall(text)
        if one in rows("fault")
    ]
    assert found == []


def test_a_file_in_the_first_column_of_a_readme_is_there() -> None:
    """A path counts from the README's folder; a bare file name may be anywhere below that folder."""
    named = [
        (name, path)
        for name, text in files().items()
        if name.endswith("README.md")
        for cell in re.findall(r"^\| ([^|]*`[^|]*) \|", text, re.MULTILINE)
        for path in re.findall(r"`([\w./-]+(?:\.(?:py|toml|md|typ|js|png)|/))`", cell)
    ]
    lost = [
        f"{name}: {path}"
        for name, path in named
        if not ((ROOT / name).parent / path).exists()
        and ("/" in path.strip("/") or not any((ROOT / name).parent.rglob(path.strip("/"))))
    ]
    assert lost == []
    assert len(named) > 150
