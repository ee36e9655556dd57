"""The error of a document that cannot be drawn."""


class PageTrouble(Exception):
    """The document cannot be drawn on this printer's paper; the message is a sentence."""
