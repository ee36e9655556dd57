"""`state.json`: what a simulated machine tells the simulator's panel and the tests. Nothing personal is in it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from firmware.book.ledger import Ledger
from firmware.loop import Loop
from firmware.session import scenes


def publish(run: Path, facts: Mapping[str, object]) -> None:
    """Replace `run/state.json` in one step, so that a reader never sees half a file."""
    path = run / "state.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts))
    fresh.replace(path)


def facts_of(loop: Loop, now_s: float) -> Mapping[str, object]:
    """The facts for `publish`. `now_s`: the machine's monotonic clock, in seconds."""
    state, session = loop.reception.state, loop.book.session
    ledger = session.ledger if session else Ledger()
    return {
        "state": loop.state.name,
        "scene": type(loop.scene).__name__,
        "question": _question(loop.scene),
        "clerk_scene": None if loop.clerk_scene is None else type(loop.clerk_scene).__name__,
        "availability": state.mode.name,
        "reasons": sorted(state.reasons),
        "session": loop.sessions,
        "fee_yen": loop.context.fee_yen,
        "inserted_yen": ledger.inserted_yen,
        "owed_yen": ledger.owed_yen,
        "printed": session.printed if session else 0,
        "reason": loop.context.reason,
        "language": loop.context.language,
        "updated_monotonic": now_s,
    }


def _question(scene: scenes.Scene | None) -> Sequence[int] | None:
    """Which question of a certificate stands on the screen, and how many of its lines are marked; not which ones."""
    if not isinstance(scene, scenes.ChooseOption):
        return None
    return [scene.step, sum(line.chosen for line in scene.lines)]
