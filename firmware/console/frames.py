"""`frames`: what went over a device's line or the line to the centre last, redacted, each frame with its name."""

from drivers.trace import Direction
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Hands

MOST = 200
_BYTES = 12  # of a frame that are shown


def frames(hands: Hands, device: str, count: int) -> Answer:
    """The last frames, oldest first; times are seconds before now. What a line says again and again is counted."""
    tap = hands.taps.get(device)
    if tap is None:
        raise Refused(
            "device", f"This machine has no line to `{device}`; type one of these: {', '.join(sorted(hands.taps))}."
        )
    passages, now_s = tap.trace.passages(), hands.monotonic()
    rows, data = [], []
    for passage in passages[len(passages) - min(count, MOST, len(passages)) :]:
        words, ago_s = tap.words(passage), now_s - passage.at_s
        arrow = "->" if passage.direction is Direction.SENT else "<-"
        more = ".." if len(passage.data) > _BYTES or passage.size > len(passage.data) else ""
        shown = "" if tap.legible else f": {passage.data[:_BYTES].hex()}{more}"
        last_s = now_s - (passage.at_s if passage.last_s is None else passage.last_s)
        again = f" x{passage.times} to {-last_s:.3f}" if passage.times > 1 else ""
        rows.append(f"{-ago_s:10.3f} {arrow} {passage.size:5} {words}{shown}{again}")
        data.append(
            {
                "ago_s": round(ago_s, 3),
                "times": passage.times,
                "last_ago_s": round(last_s, 3),
                "to": arrow,
                "size": passage.size,
                "is": words,
                "data": passage.data.hex(),
            }
        )
    return Answer(tuple(rows) or ("Nothing went over this line since the start.",), {"frames": data})
