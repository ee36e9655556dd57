"""Reason codes: why a session ended, and the reason that an advice gives."""

from enum import StrEnum

from drivers.vocabulary import CardRefusal, CentreRefusal, LineTrouble, PrintTrouble


class EndReason(StrEnum):
    """The machine's own reasons; the others in `SessionReason` are the codes of card, centre, line and printer."""

    # the resident
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    PAY_TIMED_OUT = "pay_timed_out"
    CARD_REMOVED = "card_removed"
    # the machine
    BINDING = "binding"  # a document or its dots are not those that the centre committed to
    CHANGE_SHORT = "change_short"
    COIN_TROUBLE = "coin_trouble"
    DOOR = "door"
    MACHINE = "machine"
    PAPER_NOT_READY = "paper_not_ready"
    PAPER_SHORT = "paper_short"
    PAPER_STUCK = "paper_stuck"  # a complete page hangs in the printer, not cut
    TAMPER = "tamper"  # credits for which no coin came; a person looks before anything is paid
    RESTART = "restart"  # the program ended within the session, and the next start closed it


# Ends that a resident chooses: coins that are taken back then may have been put in to be exchanged (fault M3).
TAKEN_BACK = frozenset({EndReason.CANCELLED, EndReason.PAY_TIMED_OUT})

SessionReason = EndReason | CardRefusal | CentreRefusal | LineTrouble | PrintTrouble


class AdviceReason(StrEnum):
    """What an advice says where the session has no reason of its own."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    CHANGE = "change"
    EXCHANGED = "exchanged"  # coins taken back, when so many were that hoppers give none back


class Outcome(StrEnum):
    """What a session ended with, of the copies the centre committed to."""

    ISSUED = "issued"
    PARTLY_ISSUED = "partly_issued"
    NOT_ISSUED = "not_issued"
