"""The site's settings on the console: edit a candidate, look at it, try it, keep it (`firmware/config/settings.py`; fault K5)."""

from collections.abc import Callable, Mapping
from typing import Any

from firmware.book import records
from firmware.config import settings
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Hands, Job, Plan, Planning, must_be_shut

_MINUTES = int(settings.TRIAL_S // 60)
_SAME = "The candidate is what is in force."


def show(hands: Hands) -> Answer:
    """The unit file as it is in force, and what of it was set here."""
    book, left_s = hands.book.settings, hands.trial_left_s
    set_here = dict(settings.in_force(book))
    lines = [f"{key} = {value}" for key, value in hands.settings()]
    lines += [f"set here: {key} = {value}" for key, value in sorted(set_here.items())]
    if left_s is not None:
        lines.append(f"On trial: back to the settings before in {max(0, left_s):.0f} s, unless `config keep`.")
    elif book.dropped:
        lines.append(f"The last trial was given up: {_WHY.get(book.dropped, book.dropped)}.")
    data: dict[str, Any] = dict(hands.settings()) | {"set_here": set_here, "trial_left_s": left_s}
    return Answer(tuple(lines), data)


_WHY = {
    "time": "nobody kept it in time",
    "restart": "the machine started once more before it was kept",
    "unusable": "it does not fit the unit file",
    "staff": "by a technician",
}


def _edited(hands: Hands) -> dict[str, str]:
    return dict(settings.in_force(hands.book.settings) if hands.candidate is None else hands.candidate)


def _must_fit(hands: Hands, candidate: settings.Settings) -> None:
    trouble = hands.check_settings(candidate)
    if trouble is not None:
        raise Refused("config", f"{trouble}.")


def set_(hands: Hands, key: str, value: str) -> Answer:
    candidate = _edited(hands) | {key: value}
    _must_fit(hands, candidate)
    hands.candidate = candidate
    return diff(hands)


def unset(hands: Hands, key: str) -> Answer:
    candidate = _edited(hands)
    if key not in candidate:
        raise Refused("config", f"{key} is not set here.")
    del candidate[key]
    _must_fit(hands, candidate)
    hands.candidate = candidate
    return diff(hands)


def diff(hands: Hands) -> Answer:
    rows = settings.differences(settings.in_force(hands.book.settings), _edited(hands))
    return Answer(tuple(rows) or (_SAME,), {"differences": rows})


def check(hands: Hands) -> Answer:
    _must_fit(hands, _edited(hands))
    return Answer(("The unit file on the disk can be used with these settings; it is read at the next start.",))


def commit(hands: Hands) -> Planning:
    return _try(hands, _edited(hands), _SAME)


def rollback(hands: Hands) -> Planning:
    """Of a trial: at once. Of kept settings: those before them are tried, like any others."""
    book = hands.book.settings
    if book.on_trial:
        return _give_up(hands)
    if book.before is None:
        raise Refused("config", "No settings were ever kept here.")
    return _try(hands, dict(book.before), "The settings before are the same.")


def _try(hands: Hands, wanted: dict[str, str], nothing: str) -> Planning:
    must_be_shut(hands)
    if hands.book.settings.trial is not None:
        raise Refused("config", "Settings are on trial: `config keep` or `config rollback` first.")
    rows = settings.differences(settings.in_force(hands.book.settings), wanted)
    if not rows:
        raise Refused("config", nothing)
    _must_fit(hands, wanted)

    def carry_out(by: str) -> Job:  # noqa: ARG001  every plan is carried out alike
        yield from ()
        must_be_shut(hands)
        _must_fit(hands, wanted)
        hands.write(records.SettingsOnTrial(settings=[records.Setting(*entry) for entry in sorted(wanted.items())]))
        hands.candidate = None
        hands.end()
        return Answer(("The program is started again with them.", _KEEP))

    yield from ()
    return Plan((*rows, f"The program is started again. {_KEEP}"), carry_out)


_KEEP = f"Within {_MINUTES} min log in and `config keep`, or the settings before come back."


def _give_up(hands: Hands) -> Planning:
    book = hands.book.settings
    must_be_shut(hands)

    def carry_out(by: str) -> Job:  # noqa: ARG001
        yield from ()
        if not hands.book.settings.on_trial:
            raise Refused("changed", "Nothing is on trial any more.")
        hands.write(records.SettingsDropped(reason="staff"))
        hands.end()
        return Answer(("The program is started again with the settings before.",))

    yield from ()
    return Plan((*settings.differences(settings.in_force(book), book.kept), "The program is started again."), carry_out)


def keep(hands: Hands) -> Planning:
    """Whoever keeps them sees once more what changed, and what the machine lacks while it runs on them."""
    book = hands.book.settings
    if not book.on_trial:
        raise Refused("config", "Nothing is on trial.")

    def carry_out(by: str) -> Job:  # noqa: ARG001
        yield from ()
        if not hands.book.settings.on_trial:
            raise Refused("changed", "They were given up meanwhile.")
        hands.write(records.SettingsKept())
        return Answer(("They are this site's settings now.",))

    reasons = [f"{reason.number} {reason.sentence}" for reason in sorted(hands.state.reasons, key=lambda r: r.number)]
    yield from ()
    return Plan((*settings.differences(book.kept, settings.in_force(book)), *reasons), carry_out)


READS: Mapping[str, Callable[..., Answer]] = {
    "config.show": show,
    "config.set": set_,
    "config.unset": unset,
    "config.diff": diff,
    "config.check": check,
}
PLANS: Mapping[str, Callable[..., Planning]] = {
    "config.commit": commit,
    "config.keep": keep,
    "config.rollback": rollback,
}
