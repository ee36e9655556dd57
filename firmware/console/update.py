"""Releases on the console: what runs, what lies ready, and putting it on trial (`firmware/update/`; fault U1)."""

from collections.abc import Callable, Mapping

from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Hands, Job, Plan, Planning
from firmware.update.bundle import BundleRefused
from firmware.update.updates import Updates

_NEXT = "It is started at the next start: `reboot`."


def _updates(hands: Hands) -> Updates:
    if hands.updates is None:
        raise Refused("update", "This machine takes no updates: its unit file has no [update].")
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


def apply(hands: Hands) -> Planning:
    updates = _updates(hands)
    try:
        release = updates.ready()
    except BundleRefused as refused:
        raise Refused("update", str(refused)) from None

    def carry_out(by: str) -> Job:  # noqa: ARG001  every plan is carried out alike
        yield from ()
        try:
            updates.install(release.version)
        except BundleRefused as refused:
            raise Refused("update", str(refused)) from None
        return Answer((f"Version {release.version} is on trial. {_NEXT}",))

    yield from ()
    lines = (f"running {_named(updates.standing.running)}, then version {release.version} of {release.made}", _NEXT)
    return Plan(lines, carry_out)


def rollback(hands: Hands) -> Planning:
    """Of a trial only: an older release is never put back over a good one."""
    updates = _updates(hands)
    if updates.standing.on_trial is None:
        raise Refused("update", "No release is on trial; a good one is followed only by a newer one.")

    def carry_out(by: str) -> Job:  # noqa: ARG001
        yield from ()
        try:
            updates.give_up()
        except BundleRefused as refused:
            raise Refused("update", str(refused)) from None
        return Answer(("The trial is given up. The release before is started at the next start: `reboot`.",))

    yield from ()
    return Plan((f"on trial {_named(updates.standing.on_trial)}, then the release before",), carry_out)


READS: Mapping[str, Callable[..., Answer]] = {"update.status": status}
PLANS: Mapping[str, Callable[..., Planning]] = {"update.apply": apply, "update.rollback": rollback}
