"""Device trouble. Each error says what a person or the program should do about it.

Expected outcomes (a wrong PIN, a rejected coin, an empty hopper) are return values, never errors.
The remedies are the actions of XFS4IoT's ErrorEvent.
"""

from enum import StrEnum
from typing import ClassVar


class Remedy(StrEnum):
    """Who can mend it, and how."""

    RESET = "reset"  # the program may re-open the device, not often
    CLEAR = "clear"  # staff can: paper, cover, a coin in the path
    CONFIGURATION = "configuration"  # the unit file and the device disagree
    MAINTENANCE = "maintenance"  # an engineer is needed
    SUSPEND = "suspend"  # wait: a person is in the way


class DeviceError(Exception):
    """A device did not do its part. `device` is its name in the unit file; the message is a whole sentence."""

    remedy: ClassVar[Remedy] = Remedy.MAINTENANCE

    def __init__(self, device: str, sentence: str) -> None:
        super().__init__(f"{device}: {sentence}")
        self.device = device
        self.sentence = sentence


class LineLost(DeviceError):
    """The port itself is gone: unplugged, hung up, or never there."""

    remedy = Remedy.RESET


class NoReply(DeviceError):
    """The device was asked and stayed silent past its deadline. What it did is unknown."""

    remedy = Remedy.RESET


class BadReply(DeviceError):
    """The device answered something its specification does not allow."""

    remedy = Remedy.RESET


class Jammed(DeviceError):
    """Paper or a coin is stuck; staff can clear it."""

    remedy = Remedy.CLEAR


class WrongDevice(DeviceError):
    """The device is not the one this unit was paired with, or is not what the unit file says."""

    remedy = Remedy.CONFIGURATION


class NotPaired(WrongDevice):
    """A device of the right kind, but another one than this machine was paired with. `found`: its serial number."""

    def __init__(self, device: str, sentence: str, found: int) -> None:
        super().__init__(device, sentence)
        self.found = found


class DeviceFault(DeviceError):
    """The device reports a fault of its own."""

    remedy = Remedy.MAINTENANCE


class ReaderGone(DeviceError):
    """The card reader, or the service that serves it, is gone."""

    remedy = Remedy.RESET


class CardGone(DeviceError):
    """The card was pulled while it was in use."""

    remedy = Remedy.SUSPEND


class PinGone(DeviceError):
    """The PIN was wiped before it was used: its session has ended meanwhile. No try was spent."""

    remedy = Remedy.SUSPEND
