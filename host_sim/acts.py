"""What a person can do to the machine, by name: the panel, the command line and scenarios use the same acts.

An act is a JSON object, `{"do": "insert_card", "name": "hanako"}`; `ACTS` says which other keys each act takes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from host_sim.running import NotRunning
from host_sim.world import World


class Refused(ValueError):
    """The act is unknown, lacks a key, or cannot be done now; the message says why, in a sentence."""


def perform(world: World, act: Mapping[str, Any]) -> None:
    """Do one act. Raises `Refused`."""
    words = dict(act)
    name = words.pop("do", None)
    entry = ACTS.get(name) if isinstance(name, str) else None
    if entry is None:
        raise Refused(f"There is no act {name!r}. Use one of: {', '.join(sorted(ACTS))}.")
    hand, wanted = entry
    if words.keys() != wanted.keys() or not all(type(words[word]) is kind for word, kind in wanted.items()):
        told = ", ".join(f"{word} ({kind.__name__})" for word, kind in wanted.items()) or "no keys but do"
        raise Refused(f"{name} takes {told}. Send exactly these keys and types.")
    try:
        hand(world, **words)
    except (NotRunning, ConnectionError, LookupError, ValueError) as trouble:
        raise Refused(str(trouble.args[0] if trouble.args else trouble)) from trouble


_Hand = Callable[..., object]
ACTS: Mapping[str, tuple[_Hand, Mapping[str, type]]] = {
    "insert_card": (World.insert_card, {"name": str}),
    "remove_card": (World.remove_card, {}),
    "press": (World.press, {"key": str}),
    "press_clerk": (World.press_clerk, {"key": str}),
    "drop_coin": (World.drop_coin, {"yen": int}),
    "take_paper": (World.take_paper, {}),
    "take_receipt": (World.take_receipt, {}),
    "take_change": (World.take_change, {}),
    "take_returned": (World.take_returned, {}),
    "plug_earphone": (World.plug_earphone, {"on": bool}),
    "switch": (World.switch, {"name": str, "on": bool}),
    "set_clock": (World.set_clock, {"to": str}),
    "restart": (World.restart, {}),
}
