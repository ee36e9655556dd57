"""`drivers.line.centre.Transport`: one request, one answer, within one deadline; over TLS, in memory, and the rig's."""

import json
from collections.abc import Iterator

import pytest

from drivers.line.centre import LineFailed
from drivers.line.fields import encode
from drivers.vocabulary import LineTrouble
from tests.contract.centres import CENTRES, Place, centre, inkan
from tests.contract.test_centre import BEAT
from tests.process.tls_servers import DEADLINE_S

BAD_REQUEST = {"code": "bad_request", "pin_tries_left": None}


@pytest.fixture(scope="module", params=CENTRES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with centre(request.param, tmp_path_factory.mktemp("run")) as made:
        yield made


def test_an_answer_is_a_status_a_body_and_headers_by_lower_case_names(place: Place) -> None:
    session = place.session()
    reserved = session.reserved(inkan(session))
    path = f"/v1/requests/{reserved.request_id}/copies/1/document"
    status, headers, document = place.transport.exchange("GET", path, None, DEADLINE_S)
    assert (status, len(document)) == (200, reserved.copies[0].size_bytes)
    assert headers["kofuki-stamp"].startswith(f"{reserved.request_id}.1.")


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (400, "/v1/heartbeats", b"{"),
        (400, "/v1/heartbeats", b'{"journal_seq": NaN}'),
        (400, "/v1/heartbeats", b'{"journal_seq": 1, "journal_seq": 1}'),
        (422, "/v1/heartbeats", encode({**BEAT, "more": 1})),
        (422, "/v1/heartbeats", encode({"journal_seq": 1})),
        (400, "/v1/nothing", encode(BEAT)),
    ],
)
def test_what_is_no_message_is_refused_in_the_lines_words(place: Place, status: int, path: str, body: bytes) -> None:
    answered, _, told = place.transport.exchange("POST", path, body, DEADLINE_S)
    assert (answered, json.loads(told)) == (status, BAD_REQUEST)


@pytest.mark.parametrize("place", ["rig", "tls"], indirect=True)  # the transport in memory takes no time
def test_a_centre_that_stays_silent_is_given_up_at_the_deadline_and_can_be_asked_again(place: Place) -> None:
    assert place.silent is not None
    with place.silent(), pytest.raises(LineFailed) as failed:
        place.transport.exchange("POST", "/v1/heartbeats", encode(BEAT), 0.5)
    assert failed.value.trouble is LineTrouble.TIMED_OUT
    assert place.transport.exchange("POST", "/v1/heartbeats", encode(BEAT), DEADLINE_S)[0] == 200
