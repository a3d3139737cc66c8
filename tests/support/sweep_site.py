"""The sweep function on a site of its own: a hub in memory, and queue, executions and rule as tests need."""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.decision_events.memory import MemoryBus
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.function import Clients, SweepFunction
from hubtriage.aws.sweep.notices.given import ProcessNotices
from hubtriage.aws.sweep.occasions.memory import ProcessMemory
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.support.announcing import outbox
from tests.support.sweep_world import suppress
from tests.support.triage_world import NOW, TriageBench, TriageWorld, finding, key, record

MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:hubtriage-sweep"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:hubtriage-notices"
DEAD_LETTERS = "https://dead"
TAKE_BACK = {"scopes": ["managed"], "take_back": True}
ME = "arn:aws:states:eu-west-1:111122223333:execution:hubtriage-sweep:me"


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "Operation",
    )


class RecordedQueue:
    """A queue that keeps what it gets; `trouble` is raised, or refuses entries, before it works."""

    def __init__(self, *trouble: Any) -> None:
        self.bodies: list[str] = []
        self.calls: list[int] = []
        self.waiting = 0
        self.dead = 0
        self.trouble = list(trouble)

    def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        here = self.dead if request["QueueUrl"] == DEAD_LETTERS else self.waiting + len(self.bodies)
        return {
            "Attributes": dict.fromkeys(request["AttributeNames"], "0")
            | {"ApproximateNumberOfMessages": str(here)}
        }

    def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        trouble = self.trouble.pop(0) if self.trouble else None
        if isinstance(trouble, Exception):
            raise trouble
        entries = request["Entries"]
        assert len({entry["Id"] for entry in entries}) == len(entries) <= 10
        assert sum(len(entry["MessageBody"]) for entry in entries) <= 2**20
        self.calls.append(len(entries))
        taken = entries[trouble or 0 :]
        self.bodies += [entry["MessageBody"] for entry in taken]
        return {"Failed": [{"Id": entry["Id"], "Code": "Internal"} for entry in entries[: trouble or 0]]}


class States:
    """Running executions by ARN, with when they started, and what was started here."""

    def __init__(self, **running: float) -> None:
        self.running = {ME.replace("me", name): start for name, start in running.items()}
        self.started: list[dict[str, Any]] = []

    def list_executions(self, **_request: Any) -> Mapping[str, Any]:
        return {
            "executions": [{"executionArn": arn, "startDate": start} for arn, start in self.running.items()]
        }

    def start_execution(self, **request: Any) -> Mapping[str, Any]:
        self.started.append(request)
        return {"executionArn": ME}


class StubbedRule:
    """The intake's rule."""

    def __init__(self, state: str = "ENABLED") -> None:
        self.state = state

    def describe_rule(self, **_request: Any) -> Mapping[str, Any]:
        return {"State": self.state}

    def disable_rule(self, **_request: Any) -> Mapping[str, Any]:
        self.state = "DISABLED"
        return {}

    def enable_rule(self, **_request: Any) -> Mapping[str, Any]:
        self.state = "ENABLED"
        return {}


class RecordedTopic:
    """A topic that keeps what it gets; each of `trouble` is raised before it works."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.trouble: list[Exception] = []

    def publish(self, **request: Any) -> Mapping[str, Any]:
        if self.trouble:
            raise self.trouble.pop(0)
        assert len(request["Subject"]) <= 100
        assert request["Subject"].isascii()
        assert request["Subject"].isprintable()
        assert all(value["StringValue"] for value in request["MessageAttributes"].values())
        self.messages.append(request)
        return {"MessageId": "m"}


class SweepSite:
    """A sweep function over a hub in memory."""

    def __init__(
        self,
        *,
        states: Any = None,
        rule: StubbedRule | None = None,
        count: int = 250,
        hide_limit: int = 2000,
        reopen_limit: int = 1000,
        step: float = 50.0,
        reads: float = 100.0,
        visible_after: float = 0.0,
        notice_days: Iterable[int] = (),
        owners: Iterable[str] = (),
        has_bus: bool = True,
        **pace: float,
    ) -> None:
        self.world = TriageWorld(visible_after=visible_after)
        for number in range(count):
            self.world.hub.plant(finding(number, GeneratorId="control-a"), NOW)
        self.sqs, self.states, self.rule = RecordedQueue(), states or States(me=1.0), rule or StubbedRule()
        waits: dict[str, Any] = {"settle": 0.0, "quiet": 0.0} | pace
        self.config = SweepConfig(
            "https://queue",
            DEAD_LETTERS,
            "rule",
            reads,
            step,
            hide_limit=hide_limit,
            reopen_limit=reopen_limit,
            notice_days=frozenset(notice_days),
            notice_topic=TOPIC,
            notice_owners=tuple(owners),
            **waits,
        )
        self.mode: Mode = "enforce"
        self.memory, self.notices, self.topic = ProcessMemory(), ProcessNotices(), RecordedTopic()
        self.bus, self.notice_events, self.has_bus = MemoryBus(), ProcessNotices(), has_bus
        self.deploy(suppress("rule-a", "control-a"))

    def deploy(self, *raw: Mapping[str, Any]) -> None:
        """Have triage and sweep decide by these rules; the sweep of the deployment is not started."""
        self.triaging = TriageBench(self.world, *raw)
        names = "-".join(sorted(str(rule["id"]) for rule in raw))
        ruleset = load_ruleset({"format": 1, "hash": names, "revision": None, "rules": list(raw)})
        self.function = self._function_with(ruleset)

    def _function_with(self, ruleset: Ruleset) -> SweepFunction:
        clients = Clients(
            self.world.api,
            self.sqs,
            self.states,
            self.rule,
            self.world.ledger,
            self.memory,
            self.notices,
            self.topic,
            self.notice_events,
            outbox(self.bus) if self.has_bus else None,
        )
        return SweepFunction(
            TriageConfig(), self.config, ruleset, clients, self.world.clock, read_mode=lambda: self.mode
        )

    def __call__(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Take a step, and another one after a step that only reserved what the next may count."""
        before = (state.get("progress") or {}).get("reserved") or 0
        after = self.step(state)
        progress = after["progress"]
        only_reserved = progress["reserved"] > before and not progress["messages"]
        return self.step(after) if only_reserved and not progress["wait"] else after

    def step(self, state: Mapping[str, Any], retries: int = 0) -> dict[str, Any]:
        """Take a step of which so many tries died before."""
        event = {"state": state, "execution": ME, "machine": MACHINE, "retries": retries}
        return self.function(event, None)

    def hide(self, number: int) -> None:
        """Have triage hide so many findings by the rule."""
        self.triage(*(record(str(n), self.world.hub.finding(*key(n)), age=0) for n in range(number)))

    def sweep(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Step after step, the queue worked off between them, until it is over."""
        for _step in range(1000):
            ended = state = self(state)
            if "report" in ended:
                return ended
            self.world.clock.sleep(max(ended["progress"]["wait"], 1))
            self.work_off()
        raise AssertionError("the sweep does not end")

    def triage(self, *records: Mapping[str, Any], mode: Mode = "enforce") -> None:
        """Triage messages by the rule."""
        self.triaging.run(*records, mode=mode)

    def work_off(self, mode: Mode = "enforce") -> None:
        """Triage what waits in the queue."""
        bodies, self.sqs.bodies = self.sqs.bodies, []
        self.triage(*({"messageId": str(n), "body": body} for n, body in enumerate(bodies)), mode=mode)

    @property
    def hidden(self) -> int:
        """How many findings are hidden."""
        return sum(found["Workflow"]["Status"] == "SUPPRESSED" for found in self.world.hub.findings())
