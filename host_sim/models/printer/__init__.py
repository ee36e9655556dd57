"""A thermal printer of the ESC/POS family, from the makers' command references: what it does, says and prints.

`model.PrinterModel` is the device; `machines` its makes; `commands` its strict reading of the byte stream; `answers`
its status dialects; `paper` what can be held in a hand afterwards; `letters` its built-in fonts.
"""

from host_sim.models.printer.machines import Machine
from host_sim.models.printer.model import PrinterModel
from host_sim.models.printer.paper import Sheet

__all__ = ["Machine", "PrinterModel", "Sheet"]
