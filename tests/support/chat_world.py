"""A channel's function with its double over HTTP: batches of real events go in, messages come out."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.decision_events.event import DecisionEvent, EventOrigin, EventRefusal, finding_event
from hubtriage.aws.deliveries.chat.config import ChannelSettings, ChatConfig
from hubtriage.aws.deliveries.chat.function import ChatFunction, ChatServices
from hubtriage.aws.deliveries.chat.memory import EventMemory, MemoryOfEvents
from hubtriage.aws.deliveries.chat.post import ChannelService
from hubtriage.aws.deliveries.chat.sending import SecretSender
from hubtriage.aws.deliveries.chat.slack import SlackChannel
from hubtriage.aws.deliveries.chat.teams import TeamsChannel
from hubtriage.aws.deliveries.chat.trial import NoConnection
from hubtriage.aws.deliveries.chat.webhook import WebhookChannel
from hubtriage.aws.deliveries.limits import DailyLimit, MemoryLimit
from hubtriage.engine.planning.news import Delivered, News
from hubtriage.localaws.peers.slack import SlackPeer, SlackSettings
from hubtriage.localaws.peers.teams import TeamsPeer, TeamsSettings
from hubtriage.localaws.peers.webhook import WebhookPeer, WebhookSettings
from tests.support.outside_services import Outside, SetClock, outside
from tests.support.planning import finding, ruleset

CHANNEL = "sec-chat"
STACK = "hubtriage"
_NUMBERS = itertools.count()
QUEUE = "arn:aws:sqs:eu-central-1:999900001111:chat"
_HIDE = {"update": {"Workflow": {"Status": "SUPPRESSED"}}}
RULES = ruleset(
    {
        "id": "quiet-sandboxes",
        "owner": "cloud-platform",
        "ticket": "SEC-1",
        "reason": "sandboxes are wiped",
        **_HIDE,
    },
    {"id": "loud", "owner": "soc", **_HIDE},
)
PEERS = {"slack": SlackPeer, "teams": TeamsPeer, "webhook": WebhookPeer}
PATHS = {
    "slack": SlackSettings().path,
    "teams": TeamsSettings().path,
    "webhook": WebhookSettings().path,
}


def decided(
    number: int = 1,
    kind: Any = "hidden",
    rule: str | None = "quiet-sandboxes",
    *,
    account: str = "111122223333",
    severity: str = "LOW",
    to: Sequence[str] = (CHANNEL,),
    ordered_by: str | None = None,
    refused: EventRefusal | None = None,
    overruled: tuple[str, ...] = (),
    **members: Any,
) -> DecisionEvent:
    """Return the event of a decision on finding `number`, as triage puts it on the bus.

    `ordered_by` is the rule that asks for the message, if that is not the one that decided.
    """
    found = finding(
        Id=f"arn:aws:securityhub:eu-central-1:{account}:subscription/x/finding/{number}",
        AwsAccountId=account,
        Region="eu-central-1",
        Title=f"Finding {number}",
        Severity={"Label": severity},
        Resources=[{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
    )
    orders = tuple(Delivered(name, "message", ordered_by or rule or "", account) for name in to)
    news = News(kind, 1_800_000_000.0, 7, rule, (), (), overruled, orders)
    origin = EventOrigin(STACK, "eu-central-1")
    return finding_event(news, {**found, **members}, RULES, origin, refused)


def record(event: DecisionEvent, *, receives: int = 1, copy: int = 0, **envelope: Any) -> dict[str, Any]:
    """Return the message that brings an event; `copy` tells it from others that bring the same."""
    body = {
        "version": "0",
        "source": "hubtriage",
        "detail-type": event.detail_type,
        "detail": json.loads(event.detail),
        **envelope,
    }
    return message(f"{event.id}-{copy}", json.dumps(body), receives)


def message(name: str, body: str, receives: int = 1) -> dict[str, Any]:
    """Return a message as SQS hands it to a function."""
    return {
        "messageId": name,
        "receiptHandle": f"handle-{name}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "eventSourceARN": QUEUE,
    }


class PeerTime(SetClock):
    """A clock whose sleeps pass at once, for the double too."""

    def __init__(self, site: Outside) -> None:
        super().__init__()
        self._site = site
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.ahead += seconds
        self.slept.append(seconds)
        self._site.control.advance(seconds)


class Visibility:
    """SQS, as far as messages are put off."""

    def __init__(self) -> None:
        self.seconds: list[int] = []

    def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        """Note for how long messages are put off."""
        self.seconds += [entry["VisibilityTimeout"] for entry in request["Entries"]]
        return {}


@dataclass
class Invocation:
    """Lambda's context; `left`: seconds of the invocation."""

    aws_request_id: str = "request-1"
    left: float = 120.0

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left."""
        return int(self.left * 1000)


@dataclass
class ChatWorld:
    """One channel: what its function remembers, and the double that it writes to."""

    site: Outside
    kind: str
    clock: PeerTime
    service: ChannelService
    limit: DailyLimit
    memory: EventMemory = field(default_factory=MemoryOfEvents)
    about: tuple[str, ...] = ()
    sqs: Visibility = field(default_factory=Visibility)
    dry: ChannelService | None = None

    def function(self) -> ChatFunction:
        """Return a new container."""
        settings = ChannelSettings(CHANNEL, self.kind, "hubtriage/peer", self.limit.most, self.about)
        config = ChatConfig(channel=settings, table="tickets", service=STACK, namespace="hubtriage")
        services = ChatServices(self.service, self.memory, self.limit, self.sqs, self.dry)
        return ChatFunction(config, services, self.clock)

    def deliver(self, *records: dict[str, Any], context: Invocation | None = None) -> list[str]:
        """Hand a batch to a new container; return the messages that come again."""
        context = context or Invocation(f"request-of-its-own-{next(_NUMBERS)}")
        answer = self.function()({"Records": list(records)}, context)
        return [item["itemIdentifier"] for item in answer["batchItemFailures"]]

    def tell(self, *events: DecisionEvent, receives: int = 1) -> list[str]:
        """Deliver events, each in a message of its own."""
        return self.deliver(*(record(event, receives=receives) for event in events))

    def messages(self) -> list[Any]:
        """Return what is shown in the channel."""
        stored = self.site.stored()
        if self.kind == "teams":
            return [run for run in stored["runs"] if run["posted"]]
        return list(stored["messages" if self.kind == "slack" else "deliveries"])

    def shown(self) -> str:
        """Return all texts that are shown."""
        return "\n".join(text for each in self.messages() for text in each["texts"])


@contextmanager
def chat_world(kind: str, most: int = 200, about: tuple[str, ...] = ()) -> Iterator[ChatWorld]:
    """Yield a channel of a kind."""
    with outside(PEERS[kind], {}) as site:
        site.secrets.value = {
            "url": f"{site.url}{PATHS[kind]}",
            "signing_keys": list(WebhookSettings().keys),
        }
        clock = PeerTime(site)
        dry = SecretSender(NoConnection(local=True), site.store)
        made, unsent = (
            {
                "slack": SlackChannel(sender, STACK),
                "teams": TeamsChannel(sender, STACK),
                "webhook": WebhookChannel(sender, STACK, clock),
            }[kind]
            for sender in (SecretSender(site.http, site.store), dry)
        )
        yield ChatWorld(site, kind, clock, made, MemoryLimit(most), about=about, dry=unsent)
