"""Each command is found in the module that its name leads to, so that one module is loaded and not all."""

import argparse
import importlib

from host_sim.centre.__main__ import MODULE_OF


def test_a_command_is_in_the_module_that_its_name_leads_to() -> None:
    found = {}
    for module in dict.fromkeys(MODULE_OF.values()):
        commands = argparse.ArgumentParser().add_subparsers()
        importlib.import_module(f"host_sim.centre.commands.{module}").add(commands)
        found |= dict.fromkeys(commands.choices, module)
    assert found == MODULE_OF
