"""The part of a README that is drawn from a table.py."""

BEGIN, END = "<!-- drawn from table.py: begin -->", "<!-- drawn from table.py: end -->"


def redrawn(current: str, drawing: str) -> str:
    """The README's text with `drawing` between BEGIN and END."""
    head, rest = current.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n{drawing}{END}{tail}"
