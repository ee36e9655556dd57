"""The fault catalogue: every row of host_sim/rig/FAULTS.md, and how it is made to happen in the swarm.

A row is a function that prepares its fault in one session; the swarm counts the row when the fault really happens. Rows that
the swarm cannot make happen, because it has no TLS, database, settings or update, are in `ELSEWHERE` with the test that does.
"""

from host_sim.rig.catalogue import card_and_keys, coins_in, coins_out, line, machine, paper  # noqa: F401  fill ROWS
from host_sim.rig.catalogue.row import ROWS as ROWS

OF_A_LIFE = {
    "N13": "claim paid at the city's desk",
    "J1": "the medium is set back to an old image",
    "J2": "somebody else tells the centre a head",
    "A7": "noisy coin line",
    "B3": "one frame in ten of the I/O board is lost",
    "P3": "keys that chatter for up to 30 ms",
    "R6": "writes taken in pieces",
    "K1": "noise on the technician's line",
    "K3": "a technician wants maintenance while a resident is served",
    "K4": "two people let a hopper pay",
}
# What only one kind of acceptor can do; in a life with the other kind these rows do nothing.
OF_PULSES = frozenset({"M2", "W1", "W2", "W3"})
OF_BOARD = frozenset({"B1", "B2"})  # need an I/O board
OF_CCTALK = frozenset({"A3", "A6", "A9", "M1"})
ELSEWHERE = {
    "B4": "tests/sessions/test_board_console.py",
    "M4": "tests/unit/centre/test_settling.py (the rig's centre pays no claims)",
    "W5": "tests/sessions/test_board_console.py (a technician's tests)",
    "W4": "tests/sessions/test_wires.py (the rig's pins are no wires)",
    "N6": "tests/unit/line (messages and fields: size, depth, UTF-8, NaN, double keys)",
    "N7": "tests/process/test_line_servers.py (wrong host, key, version, expiry)",
    "P5": "tests/sessions/test_keypad.py, tests/contract/test_pin_failures.py",
    "K2": "tests/unit/console, tests/process/test_console_pty.py",
    "K5": "tests/sessions/test_settings.py, tests/process/test_console_pty.py",
    "J3": "tests/unit/journal/test_edited.py, tests/sessions/test_witness.py",
    "E1": "tests/sessions/test_ends.py, tests/process/test_ends.py",
    "E2": "tests/sessions/test_ends.py, tests/process/test_ends.py",
    "E3": "tests/unit/console/test_cable.py",
    "U2": "tests/unit/update/test_slots.py, tests/sessions/test_updates.py",
    "U3": "tests/unit/update/test_hostile.py",
    "G1": "tests/unit/centre/test_machines.py, tests/process/test_limits.py",
    "G2": "tests/unit/centre/test_machines.py",
    "G3": "tests/unit/centre/test_alarms.py",
    "G4": "tests/process/test_limits.py, tests/unit/centre/test_hostile.py, tests/unit/centre/test_lanes.py",
    "L1": "tests/process/test_carving.py",
    "U1": "tests/unit/update, tests/sessions/test_updates.py, tests/process/test_launch.py",
}
