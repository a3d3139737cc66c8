"""Send the events of a batch to a channel: claim, group, keep to the daily limit, send, and remember.

An event is sent once where the service's answer came, and at least once where it was lost: no chat has a key
that makes a message idempotent. What could not be sent comes again with its message.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.chat.grouping import EventGroup, groups_of, is_for
from hubtriage.aws.deliveries.chat.memory import EventMemory
from hubtriage.aws.deliveries.chat.post import ChannelError, ChannelService, Post
from hubtriage.aws.deliveries.chat.sending import is_refused
from hubtriage.aws.deliveries.chat.wording import last_word
from hubtriage.aws.deliveries.envelope import Received, ReceivedEvent
from hubtriage.aws.deliveries.http import Answer, Done, NotDone, Unknown
from hubtriage.aws.deliveries.limits import DailyLimit
from hubtriage.aws.deliveries.numbers import DELIVERED, FAILED, REFUSED, WITHHELD
from hubtriage.aws.deliveries.secrets import SecretError
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault

LONGEST_WAIT = 10.0
"""Seconds of a `Retry-After` that are waited for here; after longer ones the messages come again."""
SHORTEST_WAIT = 1.0
TRIES = 4
MOST_FAILURES = 3
"""Messages in a row that fail before the rest of the batch waits: the service is not well."""
CLAIM_MARGIN = 60.0
"""Seconds that a claim outlives the time in which the batch may send."""
FIRST_AGAIN, LAST_AGAIN = 30.0, 3600.0
"""Seconds after which a message comes again, after its first failure and at most; doubled in between."""

OFTEN = 4
"""Deliveries of an event from which on it is sent apart from others. It is delivered ten times at most."""
REFUSED_AGAIN = 3600.0
"""Seconds after which messages come again that a person has to help: ten deliveries last for a night."""

Log = Callable[[Literal["info", "warning", "error"], str, Mapping[str, Any]], None]
"""Writes a line: its level, what it says, and its members, which may hold foreign texts."""


@dataclass(slots=True)
class PostingReport:
    """What became of a batch: `again` has the messages that come again, and in how many seconds."""

    again: dict[Received, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class ChannelName:
    """Which channel it is: its name, the kinds of events that it gets unasked, and its stack."""

    name: str
    about: tuple[str, ...]
    stack: str


class Poster:
    """Sends events to one channel. One instance per container."""

    def __init__(
        self,
        channel: ChannelName,
        service: ChannelService,
        memory: EventMemory,
        limit: DailyLimit,
        clock: Clock,
        log: Log,
    ) -> None:
        self.channel = channel
        self.service = service
        self.memory = memory
        self.limit = limit
        self.clock = clock
        self.log = log

    def deliver(self, events: Sequence[ReceivedEvent], deadline: float, holder: str) -> PostingReport:
        """Send events until `deadline` (monotonic seconds). `holder` names this invocation, for its claims.

        Never raises for what AWS or the service does: such events come again.
        """
        return _Posting(self, events, deadline, holder).run()


class _Posting:
    """One batch on its way."""

    def __init__(self, poster: Poster, events: Sequence[ReceivedEvent], deadline: float, holder: str) -> None:
        self._poster = poster
        self._deadline = deadline
        self._holder = holder
        self._events = events
        self._carriers: dict[str, list[Received]] = {}
        self._report = PostingReport()
        self._failures = 0
        self._wait = 0.0

    def run(self) -> PostingReport:
        """Send all, or have the rest come again."""
        posts = deque(self._posts(self._claimed(self._meant())))
        while posts:
            if self._is_over():
                self._fail_rest(posts)
                break
            try:
                self._next(posts)
            except API_ERRORS as error:
                self._table_failed(error)
                self._fail_rest(posts)
                break
        return self._report

    def _posts(self, events: Sequence[ReceivedEvent]) -> Iterable[Post]:
        """Return the messages: those of groups that failed often come last, each alone, in any order.

        So a group that the service can never take does not take others with it into the dead-letter queue.
        """
        service, channel = self._poster.service, self._poster.channel.name
        usual = groups_of((each for each in events if not _is_stubborn(each)), channel)
        stubborn = groups_of((each for each in events if _is_stubborn(each)), channel)
        Random(self._holder).shuffle(stubborn)  # noqa: S311 - no secret
        return [*service.posts(usual), *(post for group in stubborn for post in service.posts([group]))]

    def _meant(self) -> list[ReceivedEvent]:
        """Return each event that the channel is to show, once; what an archive sends again is old news."""
        meant: dict[str, ReceivedEvent] = {}
        for event in self._events:
            if event.replayed or not is_for(event, self._poster.channel.name, self._poster.channel.about):
                why = "replayed from an archive" if event.replayed else "not meant for this channel"
                self._log("info", "event left out", {"event": event.id, "kind": event.kind, "reason": why})
                continue
            meant.setdefault(event.id, event)
            self._carriers.setdefault(event.id, []).append(event.message)
        return list(meant.values())

    def _claimed(self, events: Sequence[ReceivedEvent]) -> list[ReceivedEvent]:
        """Return the events that are ours to send; those that another container is sending come again."""
        now = self._poster.clock.now()
        until = now + max(0.0, self._deadline - self._poster.clock.monotonic()) + CLAIM_MARGIN
        claimed: list[ReceivedEvent] = []
        for place, event in enumerate(events):
            try:
                claim = self._poster.memory.claim(event.id, self._holder, now, until)
            except API_ERRORS as error:
                self._table_failed(error)
                self._again(events[place:])
                break
            if claim == "ours":
                claimed.append(event)
            elif claim == "held":
                self._again([event], CLAIM_MARGIN)
        return claimed

    def _next(self, posts: deque[Post]) -> None:
        """Send the next message, or say that the limit is reached.

        A message stays among `posts` until it is settled: whatever raises before comes again.
        """
        post = posts[0]
        if not self._poster.limit.take(self._poster.clock.now()):
            self._withhold(posts)
            posts.clear()
            return
        answer = self._sent(post)
        posts.popleft()
        if isinstance(answer, Done):
            self._failures = 0
            self._confirm(post)
            if posts:
                self._poster.clock.sleep(self._poster.service.pause)
            return
        self._give_back(answer)
        if self._may_be_parted(post, answer):
            alone = [each for group in post.groups for each in self._poster.service.posts([group])]
            posts.extendleft(reversed(alone))
            return
        self._not_sent(post, answer)

    def _give_back(self, answer: Answer) -> None:
        """Give back what was taken of the daily limit, unless the message may have arrived."""
        if isinstance(answer, Unknown) and answer.status is None:
            return
        try:
            self._poster.limit.give_back(self._poster.clock.now())
        except API_ERRORS as error:
            self._table_failed(error)

    def _sent(self, post: Post) -> Answer:
        """Send a message; again after a short wait if the service asks for it. Errors of ours are final."""
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._poster.service.send(post)
            except (SecretError, ChannelError) as error:
                return NotDone(str(error), is_final=True, status=401)
            if not isinstance(answer, NotDone) or answer.is_final or attempt == TRIES:
                return answer
            wait = max(SHORTEST_WAIT, answer.retry_after or 0.0)
            if wait > LONGEST_WAIT or self._poster.clock.monotonic() + wait >= self._deadline:
                return answer
            self._poster.clock.sleep(wait)
        raise AssertionError("the last attempt returns")

    @staticmethod
    def _may_be_parted(post: Post, answer: Answer) -> bool:
        """Say whether single groups may be taken where all together were refused for what they hold."""
        is_final = isinstance(answer, NotDone) and answer.is_final and not is_refused(answer)
        return is_final and len(post.groups) > 1

    def _confirm(self, post: Post) -> None:
        """Remember what was sent. If that fails, it may be sent once more, but nothing is lost."""
        ids = [event.id for event in post.events]
        self._report.counts[DELIVERED] += len(ids)
        self._log("info", "sent", {"title": post.title, "events": ids})
        try:
            self._poster.memory.confirm(ids, "sent", self._poster.clock.now())
        except API_ERRORS as error:
            fault = call_fault(error)
            self._log("warning", "sent, but not remembered", {"events": ids, "code": fault.code})

    def _not_sent(self, post: Post, answer: NotDone | Unknown) -> None:
        """Have events come again; stop the batch if the next message cannot fare better."""
        self._report.counts[FAILED] += 1
        refused = is_refused(answer)
        self._report.counts[REFUSED] += refused
        if refused or (isinstance(answer, NotDone) and not answer.is_final):
            self._failures = MOST_FAILURES
        elif isinstance(answer, Unknown) and not (answer.status and _is_stubborn(post.events[0])):
            self._failures += 1  # an error of the server may be about a stubborn group alone
        self._wait = max(self._wait, answer.retry_after or 0.0, REFUSED_AGAIN if refused else 0.0)
        details = {"reason": answer.reason, "events": [event.id for event in post.events]}
        if refused:
            self._log("error", "channel refuses messages: renew its secret", details)
        elif isinstance(answer, NotDone) and answer.is_final:
            self._log("error", "message refused", details)
        else:
            self._log("warning", "message not sent", details)
        self._again(post.events, self._wait)

    def _withhold(self, posts: Iterable[Post]) -> None:
        """Say once a day that the limit is reached; log and count what is not shown."""
        groups = [group for post in posts for group in post.groups]
        events = [event for group in groups for event in group.events]
        if not self._last_word(groups):
            self._again(events)
            return
        for group in groups:
            self._log("warning", "not shown: daily limit reached", _withheld(group))
        self._report.counts[WITHHELD] += len(events)
        now = self._poster.clock.now()
        self._poster.limit.count_withheld(len(events), now)
        self._poster.memory.confirm([event.id for event in events], "withheld", now)

    def _last_word(self, groups: Sequence[EventGroup]) -> bool:
        """Say that the limit is reached, unless that is said; return False if it could not be said."""
        limit, clock = self._poster.limit, self._poster.clock
        now = clock.now()
        if not limit.claim_last_word(now):
            return True
        answer = self._sent(last_word(groups, limit.most, self._poster.channel.stack))
        limit.release_last_word(now, spoken=isinstance(answer, Done))
        if isinstance(answer, Done):
            return True
        self._report.counts[FAILED] += 1
        self._report.counts[REFUSED] += is_refused(answer)
        self._log("error", "could not say that the daily limit is reached", {"reason": answer.reason})
        return False

    def _is_over(self) -> bool:
        return self._failures >= MOST_FAILURES or self._poster.clock.monotonic() >= self._deadline

    def _fail_rest(self, posts: Iterable[Post]) -> None:
        """Have what was not tried come again, no sooner than what the service refused."""
        self._again([event for post in posts for event in post.events], self._wait)

    def _again(self, events: Iterable[ReceivedEvent], seconds: float = 0.0) -> None:
        """Have the messages of events come again, and free the claims so that they can be sent then."""
        ids = [event.id for event in events]
        for name in ids:
            for message in self._carriers.get(name, ()):
                backoff = min(LAST_AGAIN, FIRST_AGAIN * 2.0 ** min(message.receives - 1, 10))
                self._report.again[message] = max(backoff, seconds)
        try:
            self._poster.memory.release(ids, self._holder)
        except API_ERRORS as error:  # the claims end by themselves
            self._log("warning", "claims not given up", {"code": call_fault(error).code})

    def _table_failed(self, error: Exception) -> None:
        fault = call_fault(error)
        self._report.counts[FAILED] += 1
        self._log("error", "table of deliveries", {"code": fault.code, "reason": fault.message})

    def _log(self, level: Literal["info", "warning", "error"], text: str, members: Mapping[str, Any]) -> None:
        self._poster.log(level, text, {"channel": self._poster.channel.name, **members})


def _is_stubborn(event: ReceivedEvent) -> bool:
    return event.message.receives >= OFTEN


def _withheld(group: EventGroup) -> dict[str, Any]:
    return {
        "kind": group.kind,
        "rule": group.rule,
        "group": group.common,
        "events": [event.id for event in group.events],
        "findings": [event.finding.get("id") for event in group.events if event.finding],
    }
