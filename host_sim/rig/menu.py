"""The faults of the crash explorer that are no power cut: at which points each can happen, and how it does."""

from host_sim.rig.machine import RigMachine

# Regular expression of a point's name -> the faults that can happen there.
MENU: dict[str, tuple[str, ...]] = {
    r"line [\w-]+ reached": ("lost", "doubled"),
    r"line [\w-]+ acted": ("answer lost",),
    r"line document reached": ("another's document",),
    r"line (issued|void|claims|heard) reached": ("refused",),
    r"dots": ("jam", "paper out", "cover opened", "cover open for 0.2 s", "printer cuts at power-on", "printer silent"),
    r"coin out": ("hopper empty", "hopper jam", "hopper power"),
    r"coin in": ("acceptor reset", "credit forged"),
}

# The same for a machine with an I/O board.
AT_BOARD: dict[str, tuple[str, ...]] = {
    r"coin in": ("board reset", "board's cable out for 0.3 s", "board's cable out for 30 s"),
    r"coin out|dots|line (reserve|issued) reached": ("board reset", "board's cable out for 30 s"),
}

PRINTER_FAULTS = {"paper out": "paper_out", "cover opened": "cover_open", "printer silent": "silence"}


def happen(machine: RigMachine, point: str, fault: str) -> None:
    """Make this fault of the menu happen now."""
    if fault.startswith("board"):
        _at_board(machine, fault)
    elif point.startswith("line "):
        _on_the_line(machine, point.split()[1], fault)
    elif point == "dots":
        _on_paper(machine, fault)
    else:
        _on_coins(machine, fault)


def _at_board(machine: RigMachine, fault: str) -> None:
    if fault == "board reset":
        machine.reset_board()
    else:
        machine.replug_board(float(fault.split()[-2]), power="30" in fault)


def _on_the_line(machine: RigMachine, call: str, fault: str) -> None:
    faults = machine.centre.faults
    match fault:
        case "lost":
            faults.lost_before.add(call)
        case "doubled":
            faults.doubled.add(call)
        case "answer lost":
            faults.lost_after.add(call)
        case "refused":
            faults.refusals[call] = "bad_request"
        case _:
            faults.foreign_document = True


def _on_paper(machine: RigMachine, fault: str) -> None:
    printer, clock = machine.printer, machine.clock
    match fault:
        case "cover open for 0.2 s":
            printer.open_cover(clock.monotonic())
            clock.after(0.2, lambda: printer.close_cover(clock.monotonic()))
        case "printer cuts at power-on":
            printer.behave(cuts_at_power_on=True)
            printer.power_off(clock.monotonic())
            clock.after(2.0, lambda: printer.power_on(clock.monotonic()))
        case _:
            printer.fail(PRINTER_FAULTS.get(fault, fault))


def _on_coins(machine: RigMachine, fault: str) -> None:
    now_s = machine.clock.monotonic()
    match fault:
        case "acceptor reset":
            machine.restart_acceptor()
        case "credit forged":
            machine.acceptor.fault("forged", now_s)
        case _:
            paying = max(machine.hoppers.values(), key=lambda hopper: hopper.still_to_pay)
            paying.fault({"hopper power": "power_loss"}.get(fault, fault.split()[1]), now_s)
