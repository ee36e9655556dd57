"""The `update` commands: which release runs, which lies ready, and trying it (`firmware/update/`; fault U1)."""

from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Hands, Plan
from firmware.update.bundle import BundleRefused
from firmware.update.updates import Updates

_NEXT = "It runs from the next start: type `reboot`."


def _updates(hands: Hands) -> Updates:
    if hands.updates is None:
        raise Refused("update", "This machine takes no updates: its unit file has no [update]. Root must add it.")
    return hands.updates


def _named(version: int) -> str:
    return f"version {version}" if version else "the program as installed"


def status(hands: Hands) -> Answer:
    updates = _updates(hands)
    now = updates.standing
    lines = [f"running {_named(now.running)}", f"newest that was good here {_named(now.floor)}"]
    if now.on_trial is not None:
        lines.append(f"on trial {_named(now.on_trial)}, starts left {now.starts_left}")
    try:
        release = updates.ready()
        lines.append(f"ready version {release.version} of {release.made}, until {release.expires}")
    except BundleRefused as refused:
        lines.append(f"nothing to install: {refused}")
    return Answer(tuple(lines), {"running": now.running, "floor": now.floor, "on_trial": now.on_trial})


def apply(hands: Hands) -> Plan:
    updates = _updates(hands)
    try:
        release = updates.ready()
    except BundleRefused as refused:
        raise Refused("update", str(refused)) from None

    def carry_out(_: str) -> Answer:
        try:
            updates.install(release.version)
        except BundleRefused as refused:
            raise Refused("update", str(refused)) from None
        return Answer((f"Version {release.version} is on trial. {_NEXT}",))

    lines = (f"running {_named(updates.standing.running)}, then version {release.version} of {release.made}", _NEXT)
    return Plan(lines, carry_out)


def rollback(hands: Hands) -> Plan:
    """Give up a trial. A good release is never replaced by an older one."""
    updates = _updates(hands)
    if updates.standing.on_trial is None:
        raise Refused(
            "update",
            "No release is on trial. A good release is replaced only by a newer one: `update status` says which.",
        )

    def carry_out(_: str) -> Answer:
        try:
            updates.give_up()
        except BundleRefused as refused:
            raise Refused("update", str(refused)) from None
        return Answer(("The trial is given up. The release before runs from the next start: type `reboot`.",))

    return Plan((f"on trial {_named(updates.standing.on_trial)}, then the release before",), carry_out)
