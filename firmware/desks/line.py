"""The line desk: makes all calls to the issuing centre, one at a time."""

from collections.abc import Sequence
from typing import assert_never

from drivers.vocabulary import CentreUnreachable, LineTrouble
from firmware.desks import (
    LINE,
    Advise,
    Advised,
    Answer,
    Beat,
    CasesTold,
    ClaimHeld,
    Desk,
    FetchTables,
    Health,
    HoldClaim,
    LineCommand,
    TablesFetched,
    TellCases,
    TimeTold,
    WipeDesk,
)
from firmware.paper.vault import Vault
from firmware.ports import Centre
from firmware.session.effects import AskChallenge, Authenticate, Fetch, Reserve, TellCode
from firmware.session.events import Fetched


class LineDesk(Desk[LineCommand]):
    name = LINE
    reason_when_down = "line"

    def __init__(self, centre: Centre, vault: Vault) -> None:
        self._centre = centre
        self._vault = vault

    def start(self) -> Sequence[Answer]:
        """Does nothing: the first heartbeat shows whether the centre answers."""
        return []

    def handle(self, command: LineCommand) -> Sequence[Answer]:
        match command:
            case AskChallenge(session_nonce=nonce, card=card, attended=attended):
                return self._noted(self._centre.challenge(nonce, card, attended=attended))
            case Authenticate(session_nonce=nonce, challenge=challenge, proof=proof, attended=attended):
                return self._noted(self._centre.authenticate(nonce, challenge, proof, attended))
            case Reserve():
                return self._noted(
                    self._centre.reserve(
                        command.request_id,
                        command.session_nonce,
                        command.authentication_id,
                        command.items,
                        command.card,
                    )
                )
            case TellCode(session_nonce=nonce, who=who, code=code):
                return self._noted(self._centre.tell_code(nonce, who, code))
            case Fetch():
                return self._fetch(command)
            case Advise(advice_id=advice_id, advice=advice):
                return [Advised(advice_id, self._centre.advise(advice))]
            case Beat():
                return self._beat(command)
            case FetchTables() | HoldClaim() | TellCases():
                return [self._apart(command)]
            case WipeDesk():
                self._vault.wipe()
                return []
            case _:
                assert_never(command)

    def _beat(self, beat: Beat) -> Sequence[Answer]:
        told = self._centre.heartbeat({**beat.facts, "events": list(beat.events)})
        if told is None:
            return [self._silent()]
        heard = TimeTold(told.at, beat.events, told.site_table, told.witnessed, told.claims_paid)
        return [heard, Health(self.name, frozenset())]

    def _apart(self, command: FetchTables | HoldClaim | TellCases) -> Answer:
        """What belongs to no session."""
        match command:
            case FetchTables():
                told = self._centre.site_tables()
                return TablesFetched(told if isinstance(told, tuple) else ())
            case HoldClaim(key=key, collection=collection, journal_head=head):
                return ClaimHeld(self._centre.hold_claim(key, collection, head))
            case TellCases(journal_seq=seq, journal_head=head, cases=cases, words=words):
                return CasesTold(self._centre.tell_cases(seq, head, cases, words))

    def _silent(self) -> Health:
        return Health(self.name, frozenset({"line"}))

    def _fetch(self, command: Fetch) -> Sequence[Answer]:
        """Fetch all documents into memory. If one cannot be had or fails the binding, keep none."""
        self._vault.wipe()
        for copy in command.reserved.copies:
            document = self._centre.fetch(command.reserved, copy.copy)
            if not isinstance(document, bytes):
                self._vault.wipe()
                return self._noted(document)
            self._vault.put(command.reserved.request_id, copy, document)
        return [Fetched()]

    def _noted(self, answer: Answer) -> Sequence[Answer]:
        """Return the answer. For an unreachable centre add a `Health` that closes the machine until a heartbeat is answered."""
        if isinstance(answer, CentreUnreachable) and answer.trouble is not LineTrouble.BAD_ANSWER:
            return [answer, self._silent()]
        return [answer]

    def poll(self) -> Sequence[Answer]:
        return []

    def poll_every_s(self) -> float:
        return 3600.0
