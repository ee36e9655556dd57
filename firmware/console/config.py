"""The `config` commands: edit a candidate, show it, try it, keep it (`firmware/config/settings.py`; fault K5)."""

from collections.abc import Mapping
from typing import Any

from firmware.book import records
from firmware.config import settings
from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Hands, Plan, must_be_shut

_MINUTES = int(settings.TRIAL_S // 60)
_SAME = "The candidate is what is in force. Change it with `config set`."


def show(hands: Hands, section: str) -> Answer:
    """What is in force, of unit file and city, and what was set on this console; of one section, or (empty) of all."""
    book, left_s = hands.book.settings, hands.trial_left_s
    told, citys = _of(section, dict(hands.settings())), _of(section, _of_city(hands))
    set_here = _of(section, dict(settings.in_force(book)))
    if section and not told | citys | set_here:
        known = sorted({key.partition(".")[0] for key in [*dict(hands.settings()), *_of_city(hands)]})
        raise Refused("section", f"There is no section {section}. Type one of these: {', '.join(known)}.")
    lines = [f"{key} = {value}" for key, value in told.items()]
    lines += [f"{key} = {value} (the city's)" for key, value in citys.items()]
    lines += [f"set here: {key} = {value}" for key, value in sorted(set_here.items())]
    if left_s is not None:
        lines.append(f"On trial: back to the settings before in {max(0, left_s):.0f} s, unless `config keep`.")
    elif book.dropped:
        lines.append(f"The last trial was given up: {_WHY.get(book.dropped, book.dropped)}.")
    data: dict[str, Any] = told | citys | {"set_here": set_here, "trial_left_s": left_s}
    return Answer(tuple(lines), data)


def _of_city(hands: Hands) -> dict[str, str]:
    """What the city's site table says of hours and fees; hours can be narrowed here, fees cannot."""
    table = hands.site_table
    if table is None:
        return {}
    hours = {f"hours.{kind}.{day}": line for kind, days in table.hours.items() for day, line in days.items()}
    return hours | {f"fees.{here.kind}": f"{here.fee_yen} yen" for here in table.kinds}


def _of(section: str, values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if section in {"", key.partition(".")[0]}}


_WHY = {
    "time": "nobody typed `config keep` in time",
    "restart": "the machine restarted before anybody typed `config keep`",
    "unusable": "the settings do not fit the unit file",
    "staff": "staff typed `config rollback`",
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
        raise Refused("config", f"{key} is not set here; `config show` lists what is.")
    del candidate[key]
    _must_fit(hands, candidate)
    hands.candidate = candidate
    return diff(hands)


def diff(hands: Hands) -> Answer:
    rows = _differences(hands, settings.in_force(hands.book.settings), _edited(hands))
    return Answer(tuple(rows) or (_SAME,), {"differences": rows})


def _differences(hands: Hands, before: settings.Settings, after: settings.Settings) -> list[str]:
    filed, table = dict(hands.filed()), hands.site_table

    def unset(key: str) -> str:
        if not key.startswith("hours."):
            return f"{filed[key]} (unit file)" if key in filed else "as the unit file says"
        _, kind, *day = key.split(".")
        line = "" if table is None or not day else table.hours.get(kind, {}).get(day[0], "")
        return f"{line} (the city's)" if line else "as the city says"

    return settings.differences(before, after, unset)


def check(hands: Hands) -> Answer:
    """Whether the candidate can be used, and which of its hours change nothing because the city's are narrower."""
    candidate = _edited(hands)
    _must_fit(hands, candidate)
    wider = hands.without_effect(candidate)
    lines = [f"{key} would open outside the city's hours; there it has no effect." for key in wider]
    fits = "The unit file on the disk can be used with these settings; it is read at the next start."
    return Answer((fits, *lines), {"without_effect": wider})


def commit(hands: Hands) -> Plan:
    return _try(hands, _edited(hands), _SAME)


def rollback(hands: Hands) -> Plan:
    """Give up a trial; without a trial, try the settings that were kept before the present ones."""
    book = hands.book.settings
    if book.on_trial:
        return _give_up(hands)
    if book.before is None:
        raise Refused(
            "config",
            "No settings were ever kept here, so there is nothing to go back to. Change them with `config set`.",
        )
    return _try(
        hands, dict(book.before), "The settings kept before are the ones in force. Change them with `config set`."
    )


def _try(hands: Hands, wanted: dict[str, str], nothing: str) -> Plan:
    must_be_shut(hands)
    if hands.book.settings.trial is not None:
        raise Refused("config", "Settings are on trial: `config keep` or `config rollback` first.")
    rows = _differences(hands, settings.in_force(hands.book.settings), wanted)
    if not rows:
        raise Refused("config", nothing)
    _must_fit(hands, wanted)

    def carry_out(_: str) -> Answer:
        must_be_shut(hands)
        _must_fit(hands, wanted)
        hands.write(records.SettingsOnTrial(settings=[records.Setting(*entry) for entry in sorted(wanted.items())]))
        hands.candidate = None
        hands.end()
        return Answer(("The program restarts with these settings. Wait for its prompt.", _KEEP))

    return Plan((*rows, f"The program restarts. {_KEEP}"), carry_out)


_KEEP = f"Within {_MINUTES} min log in and type `config keep`, or the old settings come back."


def _give_up(hands: Hands) -> Plan:
    book = hands.book.settings
    must_be_shut(hands)

    def carry_out(_: str) -> Answer:
        if not hands.book.settings.on_trial:
            raise Refused(
                "changed", "The trial has ended already; nothing was done. `config show` shows what is in force."
            )
        hands.write(records.SettingsDropped(reason="staff"))
        hands.end()
        return Answer(("The program restarts with the old settings. Wait for its prompt.",))

    return Plan((*_differences(hands, settings.in_force(book), book.kept), "The program restarts."), carry_out)


def keep(hands: Hands) -> Plan:
    """The dry run shows what changed, and the reasons why the machine does not serve on these settings."""
    book = hands.book.settings
    if not book.on_trial:
        raise Refused("config", "No settings are on trial. `config commit` tries the candidate.")

    def carry_out(_: str) -> Answer:
        if not hands.book.settings.on_trial:
            raise Refused(
                "changed", "The trial has ended already; nothing was done. `config show` shows what is in force."
            )
        hands.write(records.SettingsKept())
        return Answer(("These are the site's settings now.",))

    reasons = [f"{reason.number} {reason.sentence}" for reason in sorted(hands.state.reasons, key=lambda r: r.number)]
    return Plan((*_differences(hands, book.kept, settings.in_force(book)), *reasons), carry_out)
