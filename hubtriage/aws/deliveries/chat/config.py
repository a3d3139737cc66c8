"""Settings of the function of a channel, as the stack writes them into its environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtriage.aws.deliveries.items import TABLE_VARIABLE
from hubtriage.aws.environment import ConfigError, EnvironmentConfig, setting, text

CHANNEL_VARIABLE: Final = "CHANNEL"
"""The variable with the channel's own table of `hubtriage.toml` and its name, as JSON."""
TOPIC_VARIABLE: Final = "TOPIC"
KINDS = ("slack", "teams", "webhook", "email")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What a channel is. `secret` is empty for e-mail."""

    name: str
    kind: str
    secret: str
    daily_limit: int
    about: tuple[str, ...]


def channel_settings(variable: str, value: str) -> ChannelSettings:
    """Read the settings of a channel. Raises ConfigError."""
    try:
        given = json.loads(value)
        return _settings(given)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(variable, "", f"must be the settings of a channel: {error}") from None


def _settings(given: Mapping[str, Any]) -> ChannelSettings:
    if given["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    return ChannelSettings(
        name=str(given["name"]),
        kind=given["kind"],
        secret=given.get("secret") or "",
        daily_limit=int(given["daily-limit"]),
        about=tuple(map(str, given.get("about", ()))),
    )


@dataclass(frozen=True, slots=True)
class ChatConfig(EnvironmentConfig):
    """What a deployment sets."""

    channel: ChannelSettings = setting(  # noqa: RUF009 - as all others; the type cannot be changed either
        CHANNEL_VARIABLE, channel_settings, "the channel, as JSON"
    )
    table: str = setting(TABLE_VARIABLE, text, "DynamoDB table of deliveries")
    topic: str = setting(TOPIC_VARIABLE, text, "ARN of the topic of a channel of e-mails", "")
    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs and metrics", "hubtriage")
    namespace: str = setting(
        "POWERTOOLS_METRICS_NAMESPACE", text, "CloudWatch metrics namespace", "hubtriage"
    )
