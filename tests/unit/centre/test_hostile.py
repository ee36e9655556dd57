"""Bodies that a machine's program never sends: numbers of any size, depth without end. Each gets a sentence, none a 500."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.process.test_canaries import BODIES, path_of
from tests.unit.centre.town import Town

HUGE = (2**53 + 1, 2**63 - 1, 2**63, 2**64, -1, -(2**63) - 1, 10**400)
RAW = (
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"9" * 200_000,
    b'{"journal_seq":' + b"9" * 5000 + b"}",
    b'{"journal_seq":1e999}',
    b"\xff\xfe{}",
    b'"\\ud800"',
    b"",
)


def with_huge(body: Any) -> Iterator[Any]:
    """The body with each number in each place of a number."""
    match body:
        case dict():
            for key, value in body.items():
                yield from ({**body, key: other} for other in with_huge(value))
        case list():
            yield from ([other, *body[1:]] for other in with_huge(body[0]))
        case int():
            yield from HUGE


def calls() -> list[tuple[str, bytes]]:
    found = []
    for template, body in BODIES.items():
        path = path_of(template)
        found += [(path, json.dumps(other).encode()) for other in with_huge(body)] + [(path, raw) for raw in RAW]
    return found


def test_every_call_answers_any_number_and_any_depth_with_a_refusal() -> None:
    town, wrong = Town(), []
    for path, body in calls():
        status, _, answer = town.transport().exchange("POST", path, body, 8.0)
        if status not in {400, 403, 422} or b'"code"' not in answer:
            wrong.append((path, body[:80], status))
    assert wrong == []
    assert len(calls()) > 120


@pytest.mark.parametrize("copy", [0, -1, 100, 2**63, 10**30])
def test_a_copys_number_in_the_path_is_bounded(copy: int) -> None:
    for path in (f"/v1/requests/{'ab' * 16}/copies/{copy}/document", f"/v1/requests/{'ab' * 16}/copies/{copy}/issued"):
        method, body = ("GET", None) if path.endswith("document") else ("POST", b'{"evidence":"x","journal_head":""}')
        assert Town().transport().exchange(method, path, body, 8.0)[0] in {400, 422}
