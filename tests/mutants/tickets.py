"""Bugs of tickets: a second one, one that is closed for no reason, what is never said or said too often."""

from tests.mutants.mutation import Mutation

_TICKETS = "aws/deliveries/tickets"
_DESK = f"{_TICKETS}/desk.py"
_HELD = f"{_TICKETS}/held.py"
_STEPS = f"{_TICKETS}/steps.py"
_MEMBER = f"{_TICKETS}/records/member.py"
_INTAKE = f"{_TICKETS}/intake.py"
_NEWS = f"{_TICKETS}/news.py"
_PROPOSAL = f"{_TICKETS}/proposal.py"

TICKETS = (
    Mutation(
        "a ticket is created without being claimed before",
        _DESK,
        'self._record, state="creating", doubt_at=now, attempts=self._record.attempts + 1',
        'self._record, state="none", attempts=self._record.attempts + 1',
    ),
    Mutation(
        "a ticket is created again before a search could find it",
        _DESK,
        "elif self._now() < doubt_at + self._desk.rules.search_lag:",
        "elif self._now() < doubt_at + 60:",
    ),
    Mutation(
        "a ticket that may have been created is not looked for",
        _STEPS,
        'if record.state == "creating":\n        return Step.SEARCH',
        'if record.state == "creating":\n        return Step.CREATE',
    ),
    Mutation(
        "an unknown answer to a creation counts as not done",
        _DESK,
        "        if isinstance(answer, NotDone):\n            self._desk.limit.give_back(now)",
        "        if isinstance(answer, NotDone | Unknown):\n            self._desk.limit.give_back(now)",
    ),
    Mutation(
        "the next ticket of a group has the claim key of the one before",
        _STEPS,
        "episode=record.episode + 1,",
        "episode=record.episode,",
    ),
    Mutation(
        "a second ticket is not looked for",
        _STEPS,
        "if is_watched(record, now) and not is_checked:",
        "if is_watched(record, now) and is_checked:",
    ),
    Mutation(
        "a group is worked on although another worker has it",
        _DESK,
        "max(record.lease or 0.0, record.wait_until) > now:",
        "record.wait_until > now:",
    ),
    Mutation(
        "a ticket is closed without the comment that says why",
        _STEPS,
        "        if record.said_done:\n            return Step.CLOSE",
        "        if record.said_done or record.spoken == 0:\n            return Step.CLOSE",
    ),
    Mutation(
        "a refused close is recorded as closed",
        _DESK,
        "answer = self._call(self._service.close, self._id(), closing_reason(self._desired))",
        "answer = self._service.close(self._id(), closing_reason(self._desired))",
    ),
    Mutation(
        "what a closed ticket shows counts as seen",
        _DESK,
        'if answer == "gone" or answer.is_closed:',
        'if answer == "gone":',
    ),
    Mutation(
        "the same findings open a ticket again that a person has closed",
        _STEPS,
        'if record.closed_by != "hubtriage" and not has_news:',
        'if record.closed_by == "gone" and not has_news:',
    ),
    Mutation(
        "new findings do not open a ticket again that a person has closed",
        _STEPS,
        'if record.closed_by != "hubtriage" and not has_news:',
        'if record.closed_by != "hubtriage":',
    ),
    Mutation(
        "a ticket counts as deleted when it is not shown once",
        _STEPS,
        "if now - record.missing_since < GONE_AFTER or",
        "if now - record.missing_since < 0 or",
    ),
    Mutation(
        "a close that was done late counts as a person's",
        _STEPS,
        'if record.doing == "close" or record.unsure_close:',
        'if record.doing == "close":',
    ),
    Mutation(
        "a close whose worker died counts as a person's",
        _STEPS,
        'if record.doing == "close" or record.unsure_close:',
        "if record.unsure_close:",
    ),
    Mutation(
        "an edit that was done late stays",
        _STEPS,
        "unsure_until=None, unsure_close=False, shown=None)",
        "unsure_until=None, unsure_close=False)",
    ),
    Mutation(
        "a ticket may be commented without end in a day",
        _STEPS,
        "return record.spoken_on != day_of(now) or record.spoken < MOST_SPOKEN",
        "return record.spoken_on != day_of(now) or record.spoken < MOST_SPOKEN * 50",
    ),
    Mutation(
        "remarks are said again and again",
        _DESK,
        "        self._forget(said.remarks)\n",
        "",
    ),
    Mutation(
        "what members wrote meanwhile is settled unseen",
        _HELD,
        "if self._table.write(at_rest, settled=True) is None:",
        "if self._table.write(at_rest, settled=False) is None:",
    ),
    Mutation(
        "an older event changes a finding",
        _MEMBER,
        "    return new[0] > old[0]",
        "    return new[0] != old[0]",
    ),
    Mutation(
        "a finding whose entry began again is never heard",
        _MEMBER,
        "if abs(new[1] - old[1]) > RESTARTED:",
        "if abs(new[1] - old[1]) > RESTARTED * 1e9:",
    ),
    Mutation(
        "that a finding was done in between is forgotten where it is heard late",
        _MEMBER,
        "changed = _with_remarks(_opened(old, new) if was_done else old, old, new)",
        "changed = _with_remarks(old, old, new)",
    ),
    Mutation(
        "a message that comes again does not make its group due",
        _INTAKE,
        "return old is not None and (old.sequence, old.at) == (member.sequence, member.at)",
        "return False",
    ),
    Mutation(
        "a finding without a usable state counts as open",
        _NEWS,
        'if order.state not in ("open", "done") or event.sequence < 1:',
        "if event.sequence < 1:",
    ),
    Mutation(
        "an exception is proposed for findings that the ticket did not show",
        _PROPOSAL,
        "[member for member in members if member.is_open and member.mark in shown]",
        "[member for member in members if member.is_open]",
    ),
)
