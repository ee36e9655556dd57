"""Draws the session's diagram and states from its table: `python -m tests.session_page` rewrites its README."""

from pathlib import Path

from firmware.session.states import RULES, State
from firmware.session.table import TABLE
from tests.drawn_page import redrawn

README = Path(__file__).parent.parent / "firmware" / "session" / "README.md"
GROUPS = {
    "card": (State.IDLE, State.TAKING_CARD_ALARM),
    "choice": (State.CHOOSING_KIND, State.CONFIRMING),
    "document": (State.RESERVING, State.CHECKING_COINS),
    "money and paper": (State.PAYING, State.PRINTING_RECEIPT),
    "hand over": (State.TAKING_PAPER, State.CLOSING),
}


def drawing() -> str:
    """The diagram (mermaid) of a session's transitions, and a table with the rule of each state."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> idle"]
    order = list(State)
    for name, (first, last) in GROUPS.items():
        lines.append(f'    state "{name}" as {name.replace(" ", "_")}_group {{')
        lines += [f"        {state.value}" for state in order[order.index(first) : order.index(last) + 1]]
        lines.append("    }")
    for state, rows in TABLE.items():
        moves: dict[State, list[str]] = {}
        for event, row in rows.items():
            if row.next not in {None, state}:
                assert row.next is not None
                moves.setdefault(row.next, []).append(event.value)
        lines += [f"    {state.value} --> {target.value}: {' / '.join(sorted(e))}" for target, e in moves.items()]
    lines += ["```", "", "| state | keypad | ends after | card in | may hold money |", "|---|---|---|---|---|"]
    for state, rule in RULES.items():
        marks = ["yes" if value else "" for value in (rule.card_in, rule.may_hold_money)]
        lines.append(f"| `{state}` | {rule.keypad} | {rule.wait} | {marks[0]} | {marks[1]} |")
    return "\n".join(lines) + "\n"


def page(current: str) -> str:
    """The README's text with its drawn part made again from the table."""
    return redrawn(current, drawing())


if __name__ == "__main__":
    README.write_text(page(README.read_text(encoding="utf-8")), encoding="utf-8")
