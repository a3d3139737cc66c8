"""Laws of a channel over histories in which answers are lost, containers die, and messages come twice.

Each event is shown, or withheld with a count, and never forgotten. It is shown once more at most for each
time that an answer about it was lost, or that a container died after it was sent.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.chat.memory import MemoryOfEvents
from hubtriage.aws.deliveries.chat.post import Post
from hubtriage.aws.deliveries.chat.posting import ChannelName, Poster
from hubtriage.aws.deliveries.chat.slack import SlackChannel
from hubtriage.aws.deliveries.envelope import Received, read_batch
from hubtriage.aws.deliveries.http import Answer, Done, NotDone, Unknown
from hubtriage.aws.deliveries.limits import MemoryLimit
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.chat_world import CHANNEL, STACK, decided, record

EVENTS = 12
RECORDS = [record(decided(number, account=f"{number % 5:012}")) for number in range(EVENTS)]
FAULTS = ("fine", "fine", "500", "lost", "429", "400", "410", "dies before", "dies after", "confirm dies")


class DiedError(BaseException):
    """The container is gone."""


class Service:
    """A channel whose next messages fare as a script says, and later ones well; counts what is shown."""

    pause = 1.0

    def __init__(self) -> None:
        self.script: list[str] = []
        self.shown: Counter[str] = Counter()
        self.excused: Counter[str] = Counter()
        self.last_words = 0
        self._slack = SlackChannel(None, STACK)  # type: ignore[arg-type]

    def posts(self, groups: Sequence[EventGroup]) -> list[Post]:
        """Return messages as for Slack."""
        return self._slack.posts(groups)

    def send(self, post: Post) -> Answer:
        """Show a message, or do what is scripted."""
        fate = self.script.pop(0) if self.script else "fine"
        ids = [event.id for event in post.events]
        if fate == "dies before":
            raise DiedError
        if fate in ("500", "429", "400", "410"):
            answers: dict[str, Answer] = {
                "500": Unknown("HTTP 500", status=500),
                "429": NotDone("HTTP 429", retry_after=60.0, status=429),
                "400": NotDone("HTTP 400", is_final=True, status=400),
                "410": NotDone("HTTP 410", is_final=True, status=410),
            }
            return answers[fate]
        self.shown.update(ids)
        self.last_words += not ids
        if fate == "fine":
            return Done(200)
        self.excused.update(ids)
        if fate == "dies after":
            raise DiedError
        return Unknown("no answer in time") if fate == "lost" else Done(200)


class Memory(MemoryOfEvents):
    """A memory that a container may not live to write to."""

    def __init__(self) -> None:
        super().__init__()
        self.dies = False

    def confirm(self, events: Any, ending: Any, now: float) -> None:
        """Remember, or die."""
        if self.dies:
            self.dies = False
            raise DiedError
        super().confirm(events, ending, now)


class World:
    """A queue, and containers that come and go."""

    def __init__(self, most: int) -> None:
        self.clock = ManualClock()
        self.service, self.memory, self.limit = Service(), Memory(), MemoryLimit(most)
        self.waiting: dict[str, int] = {f"{place}": 0 for place in range(EVENTS)}
        self.logged: Counter[str] = Counter()
        self.invocations = 0

    def log(self, _level: str, text: str, members: Any) -> None:
        """Note what is withheld."""
        if text.startswith("not shown"):
            self.logged.update(members["events"])

    def deliver(self, names: Sequence[str]) -> None:
        """Hand messages to a container; what it does not finish waits on."""
        self.invocations += 1
        records = []
        for name in names:
            self.waiting[name] = self.waiting.get(name, 0) + 1
            count = {"ApproximateReceiveCount": str(self.waiting[name])}
            records.append({**RECORDS[int(name.partition("+")[0])], "messageId": name, "attributes": count})
        poster = Poster(
            ChannelName(CHANNEL, (), STACK), self.service, self.memory, self.limit, self.clock, self.log
        )
        events = read_batch({"Records": records}).events
        deadline = self.clock.monotonic() + 60
        try:
            report = poster.deliver(events, deadline, f"request-{self.invocations}")
        except DiedError:
            return
        again: set[str] = {message.id for message in report.again if isinstance(message, Received)}
        for name in set(names) - again:
            self.waiting.pop(name, None)


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(0, EVENTS - 1), min_size=1, max_size=EVENTS, unique=True),
        st.lists(st.sampled_from(FAULTS), max_size=4),
        st.booleans(),
        st.sampled_from((0.0, 40.0, 300.0)),
    ),
    max_size=8,
)


@given(STEPS, st.sampled_from((2, 5, 1000)))
def test_every_event_is_shown_or_withheld_and_none_for_no_reason_twice(
    steps: list[tuple[list[int], list[str], bool, float]], most: int
) -> None:
    world = World(most)
    for places, faults, is_twice, wait in steps:
        world.memory.dies = "confirm dies" in faults
        world.service.script = [fault for fault in faults if fault != "confirm dies"]
        names = [f"{place}" for place in places if f"{place}" in world.waiting]
        if is_twice and names:
            names.append(f"{names[0]}+again")
        before = Counter(world.service.shown)
        dying = world.memory.dies
        world.deliver(names)
        if dying and not world.memory.dies:  # it died between the answer and the memory
            world.service.excused += world.service.shown - before
        world.clock.sleep(wait)
    world.service.script, world.memory.dies = [], False
    for _ in range(12):
        world.clock.sleep(300)
        world.deliver(list(world.waiting))
    assert world.waiting == {}
    ids = [read_batch({"Records": [each]}).events[0].id for each in RECORDS]
    for name in ids:
        shown, withheld = world.service.shown[name], name in world.logged
        assert shown or withheld
        assert shown <= 1 + world.service.excused[name]
    if world.logged:
        assert world.service.last_words >= 1
