"""What can be wrong with a document that is about to be drawn."""


class PageTrouble(Exception):
    """The document cannot be drawn on this printer's paper; the message is a sentence."""
