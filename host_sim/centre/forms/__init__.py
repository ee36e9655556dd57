"""Certificates as paper: what is offered, how it is set, and the independent check of what was set; see README.md."""

from host_sim.centre.forms.certificate import typeset
from host_sim.centre.forms.check import check
from host_sim.centre.forms.city_key import SignatureUnusable, ends_soon
from host_sim.centre.forms.fitting import TextOverflow
from host_sim.centre.forms.issue import IssueFacts
from host_sim.centre.forms.ivs import GlyphMissing
from host_sim.centre.forms.offers import KINDS, offer
from host_sim.centre.forms.places import Misplaced
from host_sim.centre.forms.reading import NotReadable, page_count
from host_sim.centre.forms.room import lacking
from host_sim.centre.forms.seal import SealUnusable
from host_sim.centre.forms.signed import signed, signed_by

__all__ = [
    "KINDS",
    "GlyphMissing",
    "IssueFacts",
    "Misplaced",
    "NotReadable",
    "SealUnusable",
    "SignatureUnusable",
    "TextOverflow",
    "check",
    "ends_soon",
    "lacking",
    "offer",
    "page_count",
    "signed",
    "signed_by",
    "typeset",
]
