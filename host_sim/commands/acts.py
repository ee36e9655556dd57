"""`insert`, `remove`, `key`, `coin`, `take`, `fault`, `clock`, `restart`, `status`: act on a world that is up."""

import argparse
import http.client
import json
from typing import Any

from host_sim.commands import Commands, run_directory, say
from host_sim.running import NotRunning
from host_sim.switches import AT_BOARD, TROUBLES


def add_to(commands: Commands) -> None:
    parser = _hand(commands, "insert", "put a card in")
    parser.add_argument("card", help="its name; python -m host_sim wallet lists them")
    parser.set_defaults(acts=lambda o: [{"do": "insert_card", "name": o.card}])
    _hand(commands, "remove", "pull the card out").set_defaults(acts=lambda _: [{"do": "remove_card"}])
    parser = _hand(commands, "key", "press keys, one after the other")
    parser.add_argument("keys", nargs="+", help="0-9 cancel clear language previous next enter")
    parser.set_defaults(acts=lambda o: [{"do": "press", "key": key} for key in o.keys])
    parser = _hand(commands, "coin", "drop coins, one after the other")
    parser.add_argument("yen", nargs="+", type=int, help="10 50 100 500; 0 is a foreign coin")
    parser.set_defaults(acts=lambda o: [{"do": "drop_coin", "yen": yen} for yen in o.yen])
    parser = _hand(commands, "take", "take what lies in a tray")
    parser.add_argument("what", choices=("paper", "receipt", "change", "returned"))
    parser.set_defaults(acts=lambda o: [{"do": f"take_{o.what}"}])
    parser = _hand(commands, "fault", "switch a fault on or off")
    parser.add_argument("name", help=" ".join((*TROUBLES, *AT_BOARD)))
    parser.add_argument("state", nargs="?", choices=("on", "off"), default="on")
    parser.set_defaults(acts=lambda o: [{"do": "switch", "name": o.name, "on": o.state == "on"}])
    parser = _hand(commands, "clock", "set the machine's wall clock")
    parser.add_argument("to", help="now, 22:55, 12-31, sunday or 2026-11-24T10:00")
    parser.set_defaults(acts=lambda o: [{"do": "set_clock", "to": o.to}])
    _hand(commands, "restart", "switch the machine off and on").set_defaults(acts=lambda _: [{"do": "restart"}])
    _hand(commands, "status", "what the machine and the world are doing").set_defaults(acts=lambda _: [])


def _hand(commands: Commands, name: str, words: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=f"{words} (of a world that is up)")
    run_directory(parser)
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    try:
        port = json.loads((options.directory / "panel.json").read_text())["port"]
    except (OSError, ValueError, KeyError):
        raise NotRunning(f"No world is up in {options.directory}. Start one with: python -m host_sim up") from None
    acts = options.acts(options)
    status: dict[str, Any] = {}
    for act in acts:
        status = _ask(port, "POST", "/act", act)
    if acts:
        say(_summary(status))
    else:
        say(json.dumps(_ask(port, "GET", "/status.json", None), ensure_ascii=False, indent=1))
    return 0


def _ask(port: int, method: str, path: str, act: dict[str, Any] | None) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, None if act is None else json.dumps(act), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        raise NotRunning(
            "The world does not answer; it may have ended. Start one with: python -m host_sim up"
        ) from None
    finally:
        connection.close()
    if answer.status != 200:
        raise NotRunning(str(told.get("sentence", "The world refused that.")))
    return told


def _summary(status: dict[str, Any]) -> str:
    machine, coins = status["machine"], status["coins"]
    fee_yen, inserted_yen = machine.get("fee_yen", 0), machine.get("inserted_yen", 0)
    return (
        f"{machine.get('state', 'off')}: fee {fee_yen} yen, inserted {inserted_yen} yen; "
        f"card {status['card'] or 'none'}, papers {len(status['papers'])}, change {sum(coins['change'])} yen"
    )
