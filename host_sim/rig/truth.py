"""The checker compares what physically happened with the records of the machine and of the centre.

What physically happened: the coins in the cash box, the coins that left the hoppers, and every piece of paper with its
dots. The invariants are those of INVARIANTS.md; the message of a `Violation` begins with the invariant's name.
"""

import base64
from collections import Counter
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature

from firmware.book import records as r
from firmware.book.cases import Case, coins_lost
from firmware.money.limits import UNBORNE_SESSION_YEN
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.city import PREFIX
from host_sim.rig.machine import RigMachine
from host_sim.rig.paper import codes_in
from host_sim.rig.yen import UNREAD_S, why_wrong

EVENTS_SHOWN = 5  # by header 229
ANSWERED = {"issued", "void"}
ISSUED_ALL_THE_SAME = {"", "paper_stuck", "restart"}  # reasons allowed when every copy became paper


class Violation(AssertionError):
    """An invariant does not hold; the message begins with its name."""


class Checker:
    """Checks one machine and its world. `effect`, `died` and `restarted` are called as these things happen."""

    def __init__(self, machine: RigMachine) -> None:
        self.machine = machine
        self.deaths_with_slot_open = 0
        self._open_s: list[float] = []  # when it ended with its slot open
        self._coins_s: list[float] = []  # when coins reached the cash box
        self._forgotten = 0  # coins beyond one at each such end, of an acceptor that forgets them with its power
        self._coming_out = 0  # coins that a hopper was told to pay before the process died
        self._durable = (0, bytes(32).hex())
        self._seen_yen = (0, 0)  # in the cash box, out of the hoppers, when a coin last moved
        self._seen_out = self._out()
        self._in_yen: Counter[str] = Counter()  # session -> what was really put in during it
        self._out_yen: Counter[str] = Counter()  # session -> what really left the hoppers during it

    # --- while things happen --------------------------------------------------------------------

    def effect(self, name: str) -> None:
        """I13: nothing is dispensed or printed while no resident is served, but what two people of the staff let out."""
        if name in {"coin in", "coin out"}:
            self._note_coins()
        if name == "coin out":
            self._coins_leave()
        if name == "coin in":
            self._coins_s.append(self.machine.clock.monotonic())
        if self.machine.attended:
            return
        if name == "dots" and self._is_document():
            raise Violation("I13: a document is printed and nobody is there")

    def _coins_leave(self) -> None:
        """What the machine's own book says of staff is no excuse: only the coins that two people were seen to confirm are."""
        before, self._seen_out = self._seen_out, self._out()
        for value in (self._seen_out - before).elements():
            if self.machine.attended:
                continue
            if self.machine.staff_coins[value] > 0:
                self.machine.staff_coins[value] -= 1
            elif self._coming_out > 0:
                self._coming_out -= 1
            else:
                raise Violation(f"I13: a coin of {value} yen comes out, nobody is there and no two people confirmed it")

    def _out(self) -> Counter[int]:
        """The coins that a command let out; a phantom coin (fault H6) is nobody's act."""
        return Counter(
            {value: hopper.out - self.machine.phantoms[value] for value, hopper in self.machine.hoppers.items()}
        )

    def died(self) -> None:
        """Note what was under way when the machine ended; the bounds of the later checks depend on it."""
        machine = self.machine
        self._note_coins()
        self._durable = machine.memory.journal.head()
        self._coming_out = sum(hopper.still_to_pay for hopper in machine.hoppers.values())
        machine.staff_coins.clear()  # nothing goes on by itself after a start; the hoppers only end what they were told
        session = machine.memory.book.session
        self.deaths_with_slot_open += bool(session and session.slot_open)
        if session and session.slot_open:
            self._open_s.append(machine.clock.monotonic())
            self._forgotten += max(0, self._unread() - 1)

    def _unread(self) -> int:
        """The coins whose events are not read, or not durable, now; an acceptor that keeps a count tells of them later."""
        acceptor, since_s = self.machine.acceptor, self.machine.clock.monotonic() - UNREAD_S
        if not isinstance(acceptor, AcceptorModel) or self._keeps_its_count:
            return 0
        return acceptor.rolling + sum(at_s >= since_s for at_s in self._coins_s)

    def _note_coins(self) -> None:
        """Put down to the open session what the coins themselves did; what the machine was told does not count."""
        machine = self.machine
        session = machine.memory.book.session
        sid = session.sid if session else ""
        seen = (machine.coins_in_yen(), machine.coins_out_yen() - machine.phantom_yen)
        self._in_yen[sid] += seen[0] - self._seen_yen[0]
        self._out_yen[sid] += seen[1] - self._seen_yen[1]
        self._seen_yen = seen

    def restarted(self) -> None:
        """I14: the journal's head that the centre was told, and the durable one, are in the chain."""
        journal = self.machine.memory.journal
        for whose, head in (("the centre's", self.machine.centre.witnessed), ("the acknowledged", self._durable)):
            if head[0] and not journal.confirms(*head):
                raise Violation(f"I14: the journal has lost {whose} head, record {head[0]}")

    def _is_document(self) -> bool:
        known = {c.sha256 for copies in self.machine.centre.requests.values() for c in copies.values()}
        return bool(known & set(codes_in(self.machine.printer.path.latest())))

    # --- when everything is settled -------------------------------------------------------------

    def check(self) -> None:
        """Check every invariant. Call it when no session is open and no advice is waiting."""
        machine = self.machine
        history = [stored.record for stored in machine.memory.journal.records()]
        if machine.memory.book.pending_advices():
            raise Violation("I15: the centre is never told")
        self._coins_out(history)
        self._coins_in(history)
        self._nothing_given_away(history)
        self._balance(history)
        self._sessions(history)
        self._door(history)
        self._site_tables(history)
        self._claims(history)
        self._papers(history)
        if machine.centre.unwitnessed:
            raise Violation("I14: the centre was told a head that is older than the one before")
        if machine.centre.conflicts:
            raise Violation("I8: the centre was told both issued and void")

    def _coins_out(self, history: list[r.Record]) -> None:
        out_yen = self.machine.coins_out_yen() - self.machine.phantom_yen
        ends = [record for record in history if isinstance(record, r.PayDone | r.StaffPayDone)]
        known_yen = sum(end.paid * end.value_yen for end in ends if end.paid is not None)
        unknown_yen = sum(end.asked * end.value_yen for end in ends if end.paid is None)
        if not 0 <= out_yen - known_yen <= unknown_yen:
            raise Violation(f"I1: {out_yen} yen came out, the journal knows of {known_yen}, unknown {unknown_yen}")
        self._asked_for(history)

    def _asked_for(self, history: list[r.Record]) -> None:
        """I1: no hopper is told to pay coins that the resident already has or may have."""
        due_yen = 0
        for record in history:
            match record:
                case r.SessionOpened():
                    due_yen = 0
                case r.Coin(value_yen=value) | r.FeeTaken(amount_yen=value):
                    due_yen += value
                case r.FeeReturned(amount_yen=value):
                    if value > due_yen:
                        raise Violation(f"I1: the till returns {value} yen, {due_yen} are due")
                    due_yen -= value
                case r.CopyPrinted(fee_yen=fee):
                    due_yen -= fee
                case r.PayIntent(value_yen=value, coins=coins) if coins * value > due_yen:
                    raise Violation(f"I1: a hopper is told to pay {coins * value} yen, {due_yen} are due")
                case r.PayDone(value_yen=value, asked=asked, paid=paid):
                    due_yen -= value * (asked if paid is None else paid)
                case _:
                    pass

    @property
    def _counts(self) -> bool:
        """Whether the acceptor has a count of its own beside its credits."""
        acceptor = self.machine.acceptor
        return isinstance(acceptor, AcceptorModel) and acceptor.has_accept_counter

    @property
    def _keeps_its_count(self) -> bool:
        """Whether it has it also after its power was lost."""
        acceptor = self.machine.acceptor
        return self._counts and isinstance(acceptor, AcceptorModel) and not acceptor.counts_in_ram

    def _nothing_given_away(self, history: list[r.Record]) -> None:
        """I16: no session lets more yen out of the hoppers than coins were really put in during it.

        A device without a count proves nothing, so there the limit holds; so it does where a count may have begun anew in
        the session: after a restart of a device that keeps it in RAM, and of one so new that its count cannot be told from
        such a one (`Acceptor._judge`). A count is of coins, not of yen: a forged credit may take the place of a real coin
        whose own event was lost in a restart.
        """
        restarted = _sessions_with_a_restart(history)
        new = _sessions_with_a_new_acceptor(history) if self._keeps_its_count else restarted
        unborne = restarted & new
        for sid, out_yen in self._out_yen.items():
            in_yen = self._in_yen[sid]
            limit_yen = 0 if self._counts and sid not in unborne else UNBORNE_SESSION_YEN
            taken_for_another = bool(in_yen and sid in restarted and self.machine.acceptor.forged)
            if sid and out_yen > in_yen + limit_yen and not taken_for_another:
                raise Violation(f"I16: session {sid[:8]} paid {out_yen} yen, {in_yen} yen were put in")

    def _coins_in(self, history: list[r.Record]) -> None:
        """I2: at most one unexplained coin for each end with the slot open or loss told by the acceptor, and a case for it."""
        if isinstance(self.machine.acceptor, PulseAcceptorModel):
            board = self.machine.board
            forgotten = 0 if board is None else board.forgotten_pulses
            ends_s = [*self.machine.ended_s, *self.machine.cut_s]
            if wrong := why_wrong(self.machine.acceptor, history, ends_s, self._open_s, forgotten):
                raise Violation(f"I2: {wrong}")
            return
        known = [record.value_yen for record in history if isinstance(record, r.Coin | r.StrayCoin | r.TestCoin)]
        missing = len(self.machine.acceptor.cash_box) - len(known)
        missing_yen = self.machine.coins_in_yen() - sum(known)
        excuses = {"suspect_coin", "power_lost_at_slot", "credits_lost", "acceptor_restarted", "coin_uncertain"}
        told = [record for record in history if isinstance(record, r.Flag) and record.code in excuses]
        coins = sum(coins_lost(flag.detail) if flag.code == "credits_lost" else 1 for flag in told)
        bound = max(self.deaths_with_slot_open, coins) + self._forgotten
        without = [end for end in history if isinstance(end, r.Flag) and end.code == Case.CREDITS_WITHOUT_COINS]
        told_credits = sum(int(flag.detail.split()[0]) for flag in without)
        forged = len(self.machine.acceptor.forged)
        credits_ = min(told_credits, forged) if self._keeps_its_count else forged
        missing, missing_yen = missing + credits_, missing_yen + 100 * credits_  # a forged credit is no coin
        bound += 0 if self._keeps_its_count else forged
        if missing_yen < -100 * forged or not 0 <= missing <= bound:
            raise Violation(f"I2: {missing} coins, {missing_yen} yen in the box are unexplained, bound {bound}")
        if missing and not told:
            raise Violation(f"I2: {missing_yen} yen are missing and nobody is told")

    def _balance(self, history: list[r.Record]) -> None:
        inserted_yen = sum(record.value_yen for record in history if isinstance(record, r.Coin))
        inserted_yen += sum(record.amount_yen for record in history if isinstance(record, r.FeeTaken))
        closed = [record for record in history if isinstance(record, r.SessionClosed)]
        if inserted_yen != sum(record.inserted_yen for record in closed):
            raise Violation("I3: the sessions closed with other coins than were put in")
        for end in closed:
            if end.inserted_yen != end.earned_yen + end.paid_out_yen + end.claimed_yen:
                raise Violation(f"I3: session {end.sid[:8]} closed with {end}")

    def _sessions(self, history: list[r.Record]) -> None:
        opened = Counter(record.sid for record in history if isinstance(record, r.SessionOpened))
        closed = Counter(record.sid for record in history if isinstance(record, r.SessionClosed))
        if opened != closed or any(count != 1 for count in closed.values()):
            raise Violation("I6: a session is not closed exactly once")
        for end in (record for record in history if isinstance(record, r.SessionClosed)):
            if end.outcome == "issued" and (end.reason or "") not in ISSUED_ALL_THE_SAME:
                raise Violation(f"I6: session {end.sid[:8]} handed everything out, and tells the resident {end.reason}")
        earned = Counter((record.rid, record.copy) for record in history if isinstance(record, r.CopyPrinted))
        if any(count > 1 for count in earned.values()):
            raise Violation("I5: a fee is earned twice")

    def _door(self, history: list[r.Record]) -> None:
        alarm = False
        for record in history:
            if isinstance(record, r.Flag | r.Resolved) and record.code == Case.DOOR_OPENED:
                alarm = isinstance(record, r.Flag)
            if alarm and isinstance(record, r.SessionOpened):
                raise Violation(f"S1: session {record.sid[:8]} begins after the case was opened")

    def _site_tables(self, history: list[r.Record]) -> None:
        """Fault N10: every table kept is one that the centre signed, in the order of its versions; nobody is served before one."""
        held, key = 0, self.machine.centre.key.public_key()
        for record in history:
            if isinstance(record, r.SessionOpened) and not held:
                raise Violation(f"N10: session {record.sid[:8]} begins without a site table")
            if not isinstance(record, r.SiteTablesKept):
                continue
            if record.version < held:
                raise Violation(f"N10: site table {record.version} takes the place of {held}")
            held = record.version
            for text, signature in record.tables:
                try:
                    key.verify(base64.b64decode(signature), PREFIX + text.encode())
                except InvalidSignature:
                    raise Violation(f"N10: site table {held} is not the centre's") from None

    def _claims(self, history: list[r.Record]) -> None:
        written: Counter[str] = Counter()
        for record in history:
            if isinstance(record, r.ClaimIntent):
                written[record.key] += record.amount_yen
        if dict(written) != self.machine.centre.claims:
            raise Violation(f"I4: claims written {dict(written)}, at the centre {self.machine.centre.claims}")
        owed, centre = self.machine.memory.book.owed, self.machine.centre
        if centre.unheard:
            raise Violation("I4: the machine is never told which claims the desk has paid")
        for key in written:
            if owed.get(key, 0) != centre.left_yen(key):
                raise Violation(
                    f"I4: the book owes {owed.get(key, 0)} yen of a claim, the centre {centre.left_yen(key)}"
                )

    def _papers(self, history: list[r.Record]) -> None:
        centre = self.machine.centre
        earned = {(record.rid, record.copy) for record in history if isinstance(record, r.CopyPrinted)}
        by_document = {c.sha256: (rid, n) for rid, held in centre.requests.items() for n, c in held.items()}
        sheets: Counter[tuple[str, int]] = Counter()
        path = self.machine.printer.path
        for code, is_whole in self._codes():
            if code not in by_document:
                raise Violation("I10: paper carries a document that nobody here asked for")
            sheets[by_document[code]] += is_whole
        whole = {(rid, n): sheets[rid, n] // c.pages for rid, held in centre.requests.items() for n, c in held.items()}
        cut_whole = {name for name, times in whole.items() if times}
        cut_whole -= {by_document[code] for code in codes_in(path.burnt())}
        flagged = {record.detail for record in history if isinstance(record, r.Flag)}
        doubted = {(record.rid, record.copy) for record in history if isinstance(record, r.CopyUncertain)}
        for rid, held in centre.requests.items():
            for number, copy in held.items():
                name = (rid, number)
                if name not in centre.contradicted:
                    told = f"{rid}.{number}" in flagged or name in doubted
                    self._paper(rid[:8], number, copy.state, whole[name], told=told, earned=name in earned)
                    if copy.state == "void" and name in cut_whole - doubted:
                        raise Violation(f"I12: {rid[:8]}.{number} is void, was cut off whole, and the counter knew")

    def _paper(self, rid: str, number: int, state: str, whole: int, *, told: bool, earned: bool) -> None:
        name = f"{rid}.{number}"
        if state not in ANSWERED:
            raise Violation(f"I7: {name} stays {state} at the centre")
        if (state == "issued") != earned:
            raise Violation(f"I8: {name} is {state} at the centre, and {'' if earned else 'not '}earned here")
        if state == "issued" and whole != 1:
            raise Violation(f"I9: {name} is issued, and {whole} whole papers exist")
        if state == "void" and whole and not told:
            raise Violation(f"I12: {name} is void, {whole} whole papers exist, and nobody is told")

    def _codes(self) -> Iterator[tuple[str, bool]]:
        """Each document's hash found on paper (uncut paper too), and whether that piece is whole."""
        printer = self.machine.printer
        for sheet in (*printer.tray, *printer.delivered, *printer.retracted):
            yield from ((code, there and sheet.complete) for code, there in codes_in(sheet.dots()).items())
        path = printer.path
        yield from ((code, there and not path.spoiled_by()) for code, there in codes_in(path.burnt()).items())


def _sessions_with_a_new_acceptor(history: list[r.Record]) -> set[str]:
    """The sessions at whose beginning the acceptor had counted so few coins that all may have come since a restart."""
    opened = (record for record in history if isinstance(record, r.SlotOpened))
    return {record.sid for record in opened if (record.accepted_total or 0) <= EVENTS_SHOWN}


def _sessions_with_a_restart(history: list[r.Record]) -> set[str]:
    """The sessions during which the acceptor restarted, or seemed to."""
    found, sid = set(), ""
    for record in history:
        if isinstance(record, r.SessionOpened):
            sid = record.sid
        elif isinstance(record, r.SessionClosed):
            sid = ""
        elif isinstance(record, r.Flag) and record.code == Case.ACCEPTOR_RESTARTED:
            found.add(sid)
    return found - {""}
