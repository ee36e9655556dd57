"""The OpenAPI document is the server: it is committed as it is, and what it says holds for every call over TLS."""

import base64
import json
import secrets
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi import checks

from drivers.vocabulary import Reserved
from host_sim.centre.commands.openapi import text
from tests.process.running_centre import Running, running_centre
from tests.process.test_line_tls import authenticated, seal_certificate
from tests.process.tls_servers import DEADLINE_S, MACHINE

COMMITTED = Path(__file__).parent.parent.parent / "host_sim" / "centre" / "openapi.json"
EXAMPLES = 20  # of each call
schema = schemathesis.pytest.from_fixture("written")  # the cases are made when the test runs, not in every worker


@pytest.fixture(scope="module")
def written() -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(json.loads(COMMITTED.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_centre(tmp_path_factory.mktemp("openapi")) as centre:
        yield centre


@pytest.fixture(scope="module")
def sessions(running: Running) -> dict[str, requests.Session]:
    return running.sessions()


@pytest.fixture(scope="module")
def turn(sessions: dict[str, requests.Session]) -> Iterator[requests.Session]:
    """Each machine in turn."""
    return cycle(sessions.values())


def no_unknown_trouble(_: CheckContext, response: schemathesis.Response, __: schemathesis.Case) -> None:
    assert response.status_code < 500 or response.status_code == 503, response.status_code


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_call_answers_as_the_document_says(
    case: schemathesis.Case, running: Running, turn: Iterator[requests.Session]
) -> None:
    ask(case, running, next(turn))


def ask(case: schemathesis.Case, running: Running, session: requests.Session) -> int:
    """Status of the answer, which must be as the document says."""
    answer = case.call_and_validate(
        base_url=f"https://127.0.0.1:{running.cable.port}",
        session=session,
        verify=session.verify,
        timeout=DEADLINE_S,
        checks=[
            no_unknown_trouble,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
            checks.response_headers_conformance,
        ],
    )
    return int(answer.status_code)


def test_what_random_calls_never_reach_is_as_the_document_says(
    running: Running, sessions: dict[str, requests.Session], written: schemathesis.BaseSchema
) -> None:
    line, card, request_id = running.line(), running.cards["hanako"], secrets.token_hex(16)
    nonce, who = authenticated(line, card)
    assert isinstance(
        line.reserve(request_id, nonce, who.authentication_id, [seal_certificate(who)], card.read), Reserved
    )
    path = "/v1/requests/{request_id}"
    states = written[path]["GET"].Case(path_parameters={"request_id": request_id})
    paper = written[f"{path}/copies/{{copy}}/document"]["GET"].Case(
        path_parameters={"request_id": request_id, "copy": 1}
    )
    told = {
        "session_nonce": base64.b64encode(nonce).decode(),
        "method": "jpki",
        "credential": base64.b64encode(card.read.credential).decode(),
    }
    challenge = written["/v1/challenges"]["POST"].Case(body=told, media_type="application/json")
    assert [ask(case, running, sessions[MACHINE]) for case in (states, paper, challenge)] == [200, 200, 200]


def test_the_committed_document_is_the_servers() -> None:
    """After a change of the calls: .venv/bin/python -m host_sim.centre openapi > host_sim/centre/openapi.json"""
    assert COMMITTED.read_text(encoding="utf-8") == text() + "\n"


def test_every_call_lists_the_refusals_that_any_call_can_get() -> None:
    calls = json.loads(text())["paths"].values()
    told = [set(call["responses"]) for path in calls for call in path.values()]
    assert all({"200", "400", "403", "422", "500", "503"} <= statuses for statuses in told)
    assert len(told) >= 11
