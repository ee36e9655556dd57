"""The exceptions of drivers. Each has a remedy: what a person or the program should do.

Expected outcomes (a wrong PIN, a rejected coin, an empty hopper) are return values, never errors.
The remedies are the actions of XFS4IoT's ErrorEvent.
"""

from enum import StrEnum
from typing import ClassVar


class Remedy(StrEnum):
    """Who can mend it, and how."""

    RESET = "reset"  # the program may open the device again, but not often
    CLEAR = "clear"  # staff can clear it: paper, cover, a coin in the path
    CONFIGURATION = "configuration"  # the unit file and the device disagree
    MAINTENANCE = "maintenance"  # an engineer is needed
    SUSPEND = "suspend"  # wait: a person caused it and can end it


class DeviceError(Exception):
    """A device failed. `device` is its name in the unit file; `sentence` says what happened and what to do."""

    remedy: ClassVar[Remedy] = Remedy.MAINTENANCE

    def __init__(self, device: str, sentence: str) -> None:
        super().__init__(f"{device}: {sentence}")
        self.device = device
        self.sentence = sentence


class LineLost(DeviceError):
    """The port cannot be used: unplugged, hung up, or never there."""

    remedy = Remedy.RESET


class NoReply(DeviceError):
    """The device did not answer in time. Whether it carried out the command is unknown."""

    remedy = Remedy.RESET


class BadReply(DeviceError):
    """The device gave an answer that its specification does not allow."""

    remedy = Remedy.RESET


class Jammed(DeviceError):
    """Paper or a coin is stuck; staff can clear it."""

    remedy = Remedy.CLEAR


class WrongDevice(DeviceError):
    """The device is not of the kind, or does not have the properties, that the unit file says."""

    remedy = Remedy.CONFIGURATION


class NotPaired(WrongDevice):
    """A device of the right kind, but not the one this machine was paired with. `found`: its serial number."""

    def __init__(self, device: str, sentence: str, found: int) -> None:
        super().__init__(device, sentence)
        self.found = found


class DeviceFault(DeviceError):
    """The device reports a fault of its own."""

    remedy = Remedy.MAINTENANCE


class ReaderGone(DeviceError):
    """The card reader or pcscd cannot be used."""

    remedy = Remedy.RESET


class ReaderInUse(ReaderGone):
    """Another program holds the card in the reader."""


class CardTrouble(DeviceError):
    """The reader works and the card in it does not; another card may."""

    remedy = Remedy.SUSPEND


class CardGone(DeviceError):
    """The card was pulled while it was in use."""

    remedy = Remedy.SUSPEND


class PinGone(DeviceError):
    """The PIN was wiped before it was used, because its session ended. No try was used up."""

    remedy = Remedy.SUSPEND
