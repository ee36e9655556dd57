"""The log takes words of closed lists, numbers and checked names; the metrics' labels are closed lists."""

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from host_sim.centre import forms
from host_sim.centre.operating import flags
from host_sim.centre.operating.gate import Gate
from host_sim.centre.operating.log import Event, Log
from host_sim.centre.operating.metrics import CLOSED, OUTCOMES, STATES, Books
from tests.unit.centre.test_lanes import BEAT, ask, asyncio, exchange
from tests.unit.centre.town import HALL, SHOP, OpenDoors, Town

SECRET = "高千穂　仮名 8305"


@pytest.fixture
def log() -> Log:
    return Log(io.StringIO(), ["GET /v1/x"])


def lines(log: Log) -> list[dict[str, Any]]:
    stream = log._stream
    assert isinstance(stream, io.StringIO)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("field", ["endpoint", "code", "machine", "request_id", "exception", "where"])
@pytest.mark.parametrize("text", [SECRET, "8305 a", "a b", "", "a\nb", "x" * 200, "\x1b[2J", "a/b", "ａ"])
def test_what_is_no_word_is_not_written(log: Log, field: str, text: str) -> None:
    log.write(Event.CALL, **{field: text})
    assert lines(log)[0][field] == "?"


def test_what_is_written_is_what_was_told(log: Log) -> None:
    told = {"endpoint": "GET /v1/x", "status": 200, "code": "ok", "machine": "miyazaki-store-01", "duration_ms": 5}
    log.write(Event.CALL, **told, request_id="a" * 32)
    (line,) = lines(log)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line.pop("at"))
    assert line == told | {"event": "call", "request_id": "a" * 32}


def test_there_is_no_other_field_and_no_other_event(log: Log) -> None:
    with pytest.raises(TypeError):
        log.write(Event.CALL, name="x")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="is not a valid Event"):
        log.write(SECRET)  # type: ignore[arg-type]
    for number in ("status", "duration_ms"):
        with pytest.raises(ValueError, match="invalid literal"):
            log.write(Event.CALL, **{number: SECRET})


def fail_looking_up() -> None:
    raise LookupError(SECRET)


@pytest.fixture
def taken_over(log: Log) -> Iterator[Log]:
    """What take_over changes is put back, with pytest's own handlers."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level = list(root.handlers), root.level
    log.take_over()
    yield log
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def test_what_other_libraries_print_keeps_only_its_place(taken_over: Log, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("sqlalchemy.engine").error("row %s", SECRET)
    try:
        fail_looking_up()
    except LookupError:
        logging.getLogger("asyncio").exception("Task exception: %s", SECRET)

    def fail() -> None:
        raise KeyError(SECRET)

    thread = threading.Thread(target=fail, name=SECRET)
    thread.start()
    thread.join()
    told = lines(taken_over)
    assert [line.get("exception") for line in told] == [None, "LookupError", "KeyError"]
    assert all(
        (line["event"] == "trouble" and line["where"].startswith("test_log:")) or ":" in line["where"] for line in told
    )
    assert "8305" not in json.dumps([line["where"] for line in told])
    assert capsys.readouterr() == ("", "")


def test_a_metrics_label_is_a_word_of_a_closed_list() -> None:
    """Whatever callers send, no new series appears: machines cannot fill the memory of Prometheus."""
    town = Town()
    gate = Gate(town.app, Log(io.StringIO()), OpenDoors())
    gate.metrics.registry.register(Books(town.store, lambda: town.now))
    for number in range(30):
        peer = (SHOP, HALL, None, "x")[number % 4]
        for path in ("/v1/heartbeats", f"/v1/{SECRET}{number}", f"/v1/requests/{number}"):
            asyncio.run(ask(gate, peer, path, BEAT))
            asyncio.run(ask(gate, peer, path, BEAT, method=f"M{number}"))
    gate.closed(SECRET, SECRET)
    with town.store.writing() as c:
        town.store.flag(c, town.now, SHOP.name, SECRET, {"key": SECRET})
    lists = {
        "endpoint": gate.endpoints | {"other"},
        "outcome": OUTCOMES | {"other"},
        "why": CLOSED | {"other"},
        "lane": {"making", "quick"},
        "kind": {*forms.KINDS, "other"},
        "state": set(STATES),
        "what": {*flags.SENTENCES, "other"},
    }
    samples = [sample for family in gate.metrics.registry.collect() for sample in family.samples]
    for sample in samples:
        for name, value in sample.labels.items():
            assert name == "le" or value in lists[name], sample
    assert {sample.name for sample in samples} >= {"kofuki_calls_total", "kofuki_flags_open", "kofuki_machines_silent"}


def test_the_metrics_are_true() -> None:
    town = Town()
    gate = Gate(town.app, Log(io.StringIO()), OpenDoors())
    gate.metrics.registry.register(Books(town.store, lambda: town.now))
    session = town.session("hanako")
    session.line.fetch(session.reserved(session.item("inkan", 2)), 1)
    asyncio.run(ask(gate, HALL, "/v1/heartbeats", BEAT))
    asyncio.run(ask(gate, HALL, "/v1/heartbeats", b"no json"))

    def value(name: str, **labels: str) -> float | None:
        return gate.metrics.registry.get_sample_value(name, labels)

    assert value("kofuki_copies", kind="inkan", state="delivered") == 1
    assert value("kofuki_copies", kind="inkan", state="reserved") == 1
    assert value("kofuki_calls_total", endpoint="POST /v1/heartbeats", outcome="ok") == 1
    assert value("kofuki_calls_total", endpoint="POST /v1/heartbeats", outcome="bad_request") == 1
    assert value("kofuki_call_seconds_count", endpoint="POST /v1/heartbeats") == 2
    assert value("kofuki_machines") == 1
    assert value("kofuki_line_stopped") == value("kofuki_machines_silent") == 0
    town.stop("a test")
    town.now = town.now.replace(hour=12)
    assert (
        value("kofuki_line_stopped")
        == value("kofuki_machines_silent")
        == value("kofuki_flags_open", what="stopped")
        == 1
    )


def test_an_exception_that_nobody_expected_is_told_by_its_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    town, log = Town(), Log(io.StringIO())
    gate = Gate(town.app, log, OpenDoors())
    monkeypatch.setattr(town.settler, "heartbeat", lambda *_: {}[SECRET])
    status, headers, body = asyncio.run(exchange(gate, HALL, "/v1/heartbeats", BEAT))
    assert (status, json.loads(body)) == (500, {"code": "failed"})
    assert b"connection" not in headers, "its body was read, so the connection serves the next call"
    trouble, call = lines(log)
    assert (trouble["event"], trouble["exception"], trouble["endpoint"]) == (
        "trouble",
        "KeyError",
        "POST /v1/heartbeats",
    )
    assert re.fullmatch(r"host_sim\.centre\.api:\d+", trouble["where"])
    assert (call["event"], call["status"], call["code"]) == ("call", 500, "failed")
    assert gate.metrics.registry.get_sample_value("kofuki_troubles_total") == 1
