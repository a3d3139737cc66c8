"""The function of a channel: from its environment and a batch of messages to messages that people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import botocore.session
from aws_lambda_powertools.logging import Logger
from botocore.config import Config

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.deliveries.chat.config import ChannelSettings, ChatConfig
from hubtriage.aws.deliveries.chat.email import EmailChannel
from hubtriage.aws.deliveries.chat.memory import EventMemory, TableOfEvents
from hubtriage.aws.deliveries.chat.post import ChannelService
from hubtriage.aws.deliveries.chat.posting import ChannelName, Poster
from hubtriage.aws.deliveries.chat.sending import SecretSender
from hubtriage.aws.deliveries.chat.slack import SlackChannel
from hubtriage.aws.deliveries.chat.teams import TeamsChannel
from hubtriage.aws.deliveries.chat.trial import CHECK, TRIAL, NoConnection, examined, try_out
from hubtriage.aws.deliveries.chat.webhook import WebhookChannel
from hubtriage.aws.deliveries.envelope import Received, failures, read_batch
from hubtriage.aws.deliveries.http import HttpClient, is_local
from hubtriage.aws.deliveries.limits import DailyLimit, TableLimit
from hubtriage.aws.deliveries.numbers import UNREADABLE, emit_deliveries
from hubtriage.aws.deliveries.secrets import SecretsManager, SecretStore
from hubtriage.aws.environment import ConfigError
from hubtriage.aws.logger import logger as make_logger
from hubtriage.aws.switch.breaker import Topic
from hubtriage.aws.triage.events import Message
from hubtriage.aws.triage.redelivery import Redelivery, VisibilityApi, url_of

MARGIN = 45.0
"""Seconds left at which no message is sent any more: an answer may take 33 seconds to come and be read."""
_TRIES = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=5)


class ChatInvocation(Protocol):
    """What is used of Lambda's context."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""


@dataclass(frozen=True, slots=True)
class ChatServices:
    """What the function calls."""

    channel: ChannelService
    memory: EventMemory
    limit: DailyLimit
    sqs: VisibilityApi
    dry: ChannelService | None = None
    """Makes messages of the secret and sends none; None for a channel without a secret."""


class ChatFunction:
    """What Lambda calls: with a batch of messages, or to try the channel out. One instance per container."""

    def __init__(self, config: ChatConfig, services: ChatServices, clock: Clock) -> None:
        self._config = config
        self._services = services
        self._clock = clock
        self._logger = make_logger(config.service, "INFO")
        channel = ChannelName(config.channel.name, config.channel.about, config.service)
        self._poster = Poster(
            channel, services.channel, services.memory, services.limit, clock, _log(self._logger)
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ChatFunction":
        """Read the settings and make the clients; raises ConfigError."""
        config, clock = ChatConfig.from_environment(environment), SystemClock()
        session = botocore.session.get_session()

        def client(service: str) -> Any:
            return session.create_client(service, config=_TRIES)

        items, name = client("dynamodb"), config.channel.name
        services = ChatServices(
            channel=channel_service(config, environment, client, clock),
            memory=TableOfEvents(items, config.table, name),
            limit=TableLimit(items, config.table, name, config.channel.daily_limit),
            sqs=cast("VisibilityApi", client("sqs")),
            dry=_dry(config, environment, client, clock),
        )
        return cls(config, services, clock)

    def __call__(self, event: Any, context: ChatInvocation) -> dict[str, Any]:
        """Send a batch; return SQS's partial batch response. Raises NotABatchError for anything else.

        With `{"notify": "test"}` send a test message, and return how that went; see `trial`. With
        `{"notify": "check"}` say whether one could be sent.
        """
        if isinstance(event, dict) and event.get("notify") == CHECK:
            return examined(self._config.channel, self._config.service, self._services.dry)
        if isinstance(event, dict) and event.get("notify") == TRIAL:
            return try_out(self._config.channel, self._config.service, self._services, self._clock)
        self._logger.append_keys(function_request_id=context.aws_request_id)
        deadline = self._clock.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN
        batch = read_batch(event)
        for each in batch.unreadable:
            record = {"message_id": each.message.id, "reason": each.reason, "excerpt": each.excerpt}
            self._logger.error("message unreadable", extra=record)
        report = self._poster.deliver(batch.events, deadline, context.aws_request_id)
        self._bring_again(event, report.again)
        counts = {**report.counts, UNREADABLE: len(batch.unreadable)}
        emit_deliveries(counts, self._config.channel.name, self._config.namespace, self._config.service)
        return failures([*(each.message for each in batch.unreadable), *report.again])

    def _bring_again(self, event: Mapping[str, Any], again: Mapping[Received, float]) -> None:
        """Have messages come again at their time; without it they do when their visibility ends."""
        queue = next((record.get("eventSourceARN") for record in event["Records"]), None)
        if not again or not isinstance(queue, str) or queue.count(":") < 5:
            return
        now = self._clock.now()
        redelivery = Redelivery(lambda: self._services.sqs, url_of(queue))
        times = {
            Message(message.id, message.receives, None, message.handle): now + seconds
            for message, seconds in again.items()
        }
        for fault in redelivery.bring_again(times, now):
            record = {"code": fault.code, "reason": fault.message}
            self._logger.warning("visibility not changed", extra=record)


def channel_service(
    config: ChatConfig, environment: Mapping[str, str], client: Any, clock: Clock
) -> ChannelService:
    """Return what sends to the channel's product. `client` makes clients of AWS by their names."""
    channel = config.channel
    if channel.kind == "email":
        if not config.topic:
            raise ConfigError("TOPIC", "", "must be the topic of a channel of e-mails")
        return EmailChannel(cast("Topic", client("sns")), config.topic, config.service)
    http = HttpClient(local=is_local(environment), clock=clock)
    return _by_secret(channel, config.service, http, client("secretsmanager"), clock)


def _dry(
    config: ChatConfig, environment: Mapping[str, str], client: Any, clock: Clock
) -> ChannelService | None:
    """Return the channel with nothing behind it; None if it has no secret that could be wrong."""
    if config.channel.kind == "email":
        return None
    http = NoConnection(local=is_local(environment), clock=clock)
    return _by_secret(config.channel, config.service, http, client("secretsmanager"), clock)


def _by_secret(
    channel: ChannelSettings, stack: str, http: HttpClient, secrets: SecretsManager, clock: Clock
) -> ChannelService:
    sender = SecretSender(http, SecretStore(secrets, channel.secret, clock))
    if channel.kind == "webhook":
        return WebhookChannel(sender, stack, clock)
    return SlackChannel(sender, stack) if channel.kind == "slack" else TeamsChannel(sender, stack)


def _log(logger: Logger) -> Any:
    levels = {"info": logger.info, "warning": logger.warning, "error": logger.error}

    def log(level: str, text: str, members: Mapping[str, Any]) -> None:
        levels[level](text, extra=dict(members))

    return log
