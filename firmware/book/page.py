"""The page of all records in README.md, made from events.toml. `python -m firmware.journal page` writes it."""

from pathlib import Path

from firmware.book.schema import schema

README = Path(__file__).parent / "README.md"
BEGIN = "<!-- made by `python -m firmware.journal page` from events.toml; change it there -->"
END = "<!-- end of what is made -->"


def table() -> str:
    """Every record in the order of its number, as Markdown."""
    lines = ["| no. | record | durable | fields | meaning |", "|---|---|---|---|---|"]
    for number, kind in sorted(schema().by_number.items()):
        pairs = zip(kind.field_names, kind.types, strict=True)
        fields = ", ".join(f"`{name}` {type_name}" for name, type_name in pairs) or "none"
        durable = "first" if kind.durable else ""
        lines.append(f"| {number} | **{kind.name}** | {durable} | {fields} | {kind.sentence} |")
    return "\n".join(lines)


def fresh(text: str) -> str:
    """The README's text with its table made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def write() -> None:
    README.write_text(fresh(README.read_text(encoding="utf-8")), encoding="utf-8")
