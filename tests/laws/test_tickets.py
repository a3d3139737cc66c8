"""The laws of tickets over random histories of one queue.

Findings open and end, events come twice, late and in any order, answers of the ticket service are lost or
its work is done late, containers die at any step, searches lag, and people close, open and delete tickets.
At rest each group has the ticket that its findings want, each closed one was closed for a reason, and nothing
more is said.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from hubtriage.aws.deliveries.tickets.records.group import TicketGroup, claim_key
from hubtriage.aws.deliveries.tickets.steps import MOST_SPOKEN, TicketRules
from tests.support.examples import examples
from tests.support.ticket_service import DeathError, KeptTicket, Trouble
from tests.support.ticket_world import QUEUE, RULE, Context, TicketWorld, event_detail, message

GROUPS = ("111122223333", "222233334444")
FINDINGS = ("a", "b", "c")
TROUBLES: st.SearchStrategy[Trouble | None] = st.sampled_from(
    [None, None, None, "lost", "late", "refused", "final", "unauthorized", "never"]
)
WHY = st.sampled_from(["archived", "passed", "rule no longer applies", "gone"])
LATE = 300.0
"""Seconds after which the service may still do what it was asked: within the search lag, with its own lag."""
LAG = 500.0


@dataclass
class Life:
    """A finding of a group, as it truly is. `opening`: how often it became open."""

    sequence: int = 0
    opening: int = 0
    is_open: bool = False

    @property
    def title(self) -> str:
        """What tickets show of it: another text each time that it becomes open."""
        return f"opening {self.opening}"


class Interruption(NamedTuple):
    """What happens in the middle of an invocation, at the n-th place where it can."""

    at: int
    what: Literal["death", "another worker", "another message", "a person"]
    pause: float


INTERRUPTIONS = st.none() | st.builds(
    Interruption,
    st.integers(0, 40),
    st.sampled_from(["death", "death", "another worker", "another message", "a person"]),
    st.sampled_from([0.0, 65.0, 200.0]),
)
"""A container lives for five minutes at most, so no pause in it is longer than a lease."""


class Tickets(RuleBasedStateMachine):
    """One queue with two groups of three findings."""

    world: TicketWorld

    @initialize(reopen=st.booleans(), can_reopen=st.booleans(), lag=st.sampled_from([0.0, LAG]))
    def begin(self, reopen: bool, can_reopen: bool, lag: float) -> None:
        self.world = TicketWorld(rules=TicketRules(reopen=reopen), lag=lag, limit=10_000)
        self.world.service.late = LATE
        self.world.service.can_reopen = can_reopen
        self.interruption: Interruption | None = None
        self.passed = 0
        self.world.service.watch = self.world.table.watch = self._watch
        self.lives = {(group, name): Life() for group in GROUPS for name in FINDINGS}
        self.mail: list[dict[str, Any]] = []
        self.read: list[dict[str, Any]] = []

    # what happens to findings

    @rule(group=st.sampled_from(GROUPS), name=st.sampled_from(FINDINGS), why=WHY)
    def turns(self, group: str, name: str, why: str) -> None:
        """A finding becomes open, or done."""
        life = self.lives[group, name]
        life.sequence += 1
        life.is_open = not life.is_open
        life.opening += life.is_open
        state = "open" if life.is_open else "done"
        self._post(group, name, state, why=None if life.is_open else why, kind="changed")

    @precondition(lambda self: any(life.is_open for life in self.lives.values()))
    @rule(data=st.data(), severity=st.sampled_from(["LOW", "HIGH"]))
    def changes(self, data: st.DataObject, severity: str) -> None:
        """An open finding changes, or a person overrules a claim."""
        names = [name for name, life in self.lives.items() if life.is_open]
        group, name = data.draw(st.sampled_from(names))
        self.lives[group, name].sequence += 1
        overruled = data.draw(st.sampled_from([[], ["Severity.Label"]]))
        self._post(group, name, "open", finding_severity=severity, overruled=overruled)

    def _post(self, group: str, name: str, state: str, **members: Any) -> None:
        life = self.lives[group, name]
        at = self.world.clock.now()
        self.mail.append(
            event_detail(
                f"{group}-{name}", life.sequence, at, state, group=group, finding_title=life.title, **members
            )
        )

    # what reaches the function

    @precondition(lambda self: self.mail)
    @rule(data=st.data(), interruption=INTERRUPTIONS, troubles=st.lists(TROUBLES, max_size=6))
    def arrives(
        self, data: st.DataObject, interruption: Interruption | None, troubles: list[Trouble | None]
    ) -> None:
        """Some events arrive, in any order; those of a container that died come again, and others too."""
        count = data.draw(st.integers(1, min(4, len(self.mail))))
        chosen = [self.mail.pop(data.draw(st.integers(0, len(self.mail) - 1))) for _ in range(count)]
        if self.read and data.draw(st.booleans()):
            chosen.append(data.draw(st.sampled_from(self.read)))
        records = [message(one, number) for number, one in enumerate(chosen)]
        if self._invoke({"Records": records}, interruption, troubles):
            self.read += chosen
        else:
            self.mail += chosen

    @rule(
        minutes=st.sampled_from([1, 5, 20, 600]),
        interruption=INTERRUPTIONS,
        troubles=st.lists(TROUBLES, max_size=6),
    )
    def schedule(
        self, minutes: int, interruption: Interruption | None, troubles: list[Trouble | None]
    ) -> None:
        """Time passes, and the schedule calls."""
        self.world.clock.sleep(minutes * 60.0)
        self._invoke({"source": "schedule"}, interruption, troubles)

    def _invoke(
        self, event: dict[str, Any], interruption: Interruption | None, troubles: list[Trouble | None]
    ) -> bool:
        """Invoke the function; say whether its container lived."""
        self.interruption, self.passed = interruption, 0
        self.world.service.script = list(troubles)
        try:
            answer = self.world.function(event, Context())
        except DeathError:
            self.world.function = self.world.container()
            return False
        finally:
            self.interruption, self.world.service.script = None, []
        assert answer in ({}, {"batchItemFailures": []})
        return True

    def _watch(self, _place: str) -> None:
        """Interrupt the invocation if this is the place."""
        self.passed += 1
        if self.interruption is None or self.passed <= self.interruption.at:
            return
        _at, what, pause = self.interruption
        self.interruption = None
        self.world.clock.sleep(pause)
        if what == "death":
            raise DeathError
        if what == "another worker":
            self.world.container()({"source": "schedule"}, Context())
        elif what == "another message" and self.mail:
            self.read.append(self.mail.pop())
            self.world.container()({"Records": [message(self.read[-1])]}, Context())
        elif what == "a person" and self._known():
            self._close(self._known()[-1])

    # what people do

    @precondition(lambda self: self._living())
    @rule(data=st.data(), deed=st.sampled_from(["close", "reopen", "delete"]))
    def person(self, data: st.DataObject, deed: Literal["close", "reopen", "delete"]) -> None:
        """A person closes, opens or deletes a ticket, but deletes none while its creation is in doubt.

        Such a one would be created again.
        """
        ticket = data.draw(st.sampled_from(sorted(self._living(), key=lambda one: int(one.id))))
        if deed == "close":
            self._close(ticket)
        elif deed == "reopen":
            self.world.service.person_reopens(ticket.id)
        elif deed == "delete" and ticket in self._known():
            self.world.service.person_deletes(ticket.id)
            ticket.history.append(f"seen: {ticket.text}")

    def _close(self, ticket: KeptTicket) -> None:
        if not ticket.is_closed:
            self.world.service.person_closes(ticket.id)
            ticket.history.append(f"seen: {ticket.text}")

    def _known(self) -> list[KeptTicket]:
        """Tickets that the table knows, and that are there."""
        known = {record.id for record in self.world.table.records.values()}
        return [ticket for ticket in self._living() if ticket.id in known]

    def _living(self) -> list[KeptTicket]:
        return [ticket for ticket in self.world.tickets if not ticket.is_deleted]

    # what holds at rest

    def teardown(self) -> None:
        """Let everything arrive and everything be tried again; then look."""
        if not hasattr(self, "world"):
            return
        self.world.function = self.world.container()
        for number, detail in enumerate(self.mail):
            assert self.world.function({"Records": [message(detail, number)]}, Context()) == {
                "batchItemFailures": []
            }
        for minutes in (1, 5, 10, 20, 60, 60, 60, 1440, 1440, 1440, 60, 20):
            for _ in range(4):
                self.world.clock.sleep(minutes * 60.0)
                self.world.function({"source": "schedule"}, Context())
        for ticket in self.world.tickets:
            note(f"{ticket}")
        for group in GROUPS:
            note(f"{group} {self.world.table.records.get(TicketGroup(QUEUE, RULE, group))}")
            self._one_ticket_per_episode(group)
            self._the_ticket_is_as_its_findings_want(group)
        self._each_is_closed_for_a_reason()
        self._no_storm()
        self._nothing_more_is_said()

    def _record(self, group: str) -> Any:
        return self.world.table.read(TicketGroup(QUEUE, RULE, group))

    def _one_ticket_per_episode(self, group: str) -> None:
        record = self._record(group)
        for episode in range(1, (record.episode if record else 1) + 1):
            claim = claim_key("scope", TicketGroup(QUEUE, RULE, group), episode)
            of_claim = [ticket for ticket in self.world.tickets if ticket.claim == claim]
            was_needed = bool(record and (episode < record.episode or record.id))
            assert len(of_claim) == was_needed, (group, episode, of_claim)
        claims = {
            claim_key("scope", TicketGroup(QUEUE, RULE, one), n) for one in GROUPS for n in range(1, 99)
        }
        assert {ticket.claim for ticket in self.world.tickets} <= claims

    def _the_ticket_is_as_its_findings_want(self, group: str) -> None:
        record = self._record(group)
        lives = [life for (of, _), life in self.lives.items() if of == group and life.sequence]
        is_open = [life for life in lives if life.is_open]
        if record is None or record.id is None:
            assert not is_open
            return
        ticket = self.world.service.tickets[record.id]
        if not is_open:
            assert ticket.is_closed or ticket.is_deleted or _last_deed(ticket) == "opened by person", ticket
            return
        if ticket.is_closed or ticket.is_deleted:
            self._was_ended_by_a_person_who_saw_it_all(ticket, group)
            return
        wanted = "1 finding is open" if len(is_open) == 1 else f"{len(is_open)} findings are open"
        assert ticket.text.startswith(wanted), ticket

    def _was_ended_by_a_person_who_saw_it_all(self, ticket: KeptTicket, group: str) -> None:
        seen = [line for line in ticket.history if line.startswith("seen: ")][-1]
        shown = Counter(line for line in seen.splitlines() if line.startswith("- "))
        for (of, name), life in self.lives.items():
            if of == group and life.is_open:
                lines = [line for line in shown if f": {life.title} (" in line and f"{of}-{name}," in line]
                assert lines, (name, life, seen)

    def _each_is_closed_for_a_reason(self) -> None:
        for ticket in self.world.tickets:
            for before, deed in zip(["", *ticket.history], ticket.history, strict=False):
                if deed.startswith("closed by hubtriage"):
                    assert any(
                        line.startswith("comment: No finding of this ticket is open any more")
                        for line in ticket.history[: ticket.history.index(deed)]
                    ), (before, ticket)

    def _no_storm(self) -> None:
        for ticket in self.world.tickets:
            texts = Counter(ticket.comments.values())
            closed = sum(deed.startswith("closed") for deed in ticket.history)
            opened = sum(deed.startswith("opened") for deed in ticket.history)
            said = sum(count for text, count in texts.items() if "overruled" not in text)
            assert said <= 2 * (closed + opened) + 1, ticket
            remarks = sum(text.count("a person has overruled") for text in ticket.comments.values())
            assert remarks <= sum(life.sequence for life in self.lives.values())
        assert MOST_SPOKEN > 1

    def _nothing_more_is_said(self) -> None:
        before = len(self.world.service.calls)
        for detail in self.read:
            self.world.function({"Records": [message(detail)]}, Context())
        for _ in range(10):
            self.world.clock.sleep(600.0)
            self.world.function({"source": "schedule"}, Context())
        assert set(self.world.service.calls[before:]) <= {"look", "find"}


def _last_deed(ticket: KeptTicket) -> str:
    return [line for line in ticket.history if line.startswith(("closed", "opened"))][-1]


TestTickets = Tickets.TestCase
TestTickets.settings = examples(60, steps=30)
