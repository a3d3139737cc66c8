"""Try a channel out: send one test message with the function's own rights, network and secret."""

from typing import Any, Literal, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.chat.config import ChannelSettings
from hubtriage.aws.deliveries.chat.post import ChannelError, ChannelService
from hubtriage.aws.deliveries.chat.sending import is_refused
from hubtriage.aws.deliveries.chat.wording import trial
from hubtriage.aws.deliveries.http import Answer, Done, HttpClient, NotDone, Request
from hubtriage.aws.deliveries.limits import DailyLimit
from hubtriage.aws.deliveries.secrets import SecretError
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault

TRIAL, CHECK = "test", "check"
"""What the function is called with, as `{"notify": TRIAL}`: to send a test message, or to send nothing."""
Step = Literal["table", "secret", "message"]
"""What failed: the table of deliveries, reading the secret or what it holds, or sending the message."""


class TrialServices(Protocol):
    """What a trial needs."""

    @property
    def channel(self) -> ChannelService:
        """Sends the message."""

    @property
    def limit(self) -> DailyLimit:
        """Counts it."""


def try_out(channel: ChannelSettings, stack: str, services: TrialServices, clock: Clock) -> dict[str, Any]:
    """Send a test message, even where the daily limit is reached; return how that went, JSON-ready.

    `sent` is null if it is not known. `failed` names the step that failed, `reason` and `hint` say why and
    what to do. `note` says what the answer of the service does not prove.
    """
    try:
        services.limit.take(clock.now())
    except API_ERRORS as error:
        hint = "deploy again: the function may not use its items of the table"
        return _failed(channel, "table", f"DynamoDB: {call_fault(error).code}", hint)
    try:
        answer = services.channel.send(trial(stack, channel.name))
    except SecretError as error:
        return _failed(channel, "secret", str(error), _SECRET_HINTS[channel.kind])
    except ChannelError as error:
        return _failed(channel, "secret", str(error), "write the secret anew; no deployment is needed")
    if isinstance(answer, Done):
        return _result(channel, sent=True) | {"note": _NOTES.get(channel.kind)}
    failed = _failed(channel, "message", answer.reason, _hint(channel, answer))
    return failed if isinstance(answer, NotDone) else failed | {"sent": None}


class NoConnection(HttpClient):
    """Takes requests and sends none, so that a channel can be examined."""

    def send(self, request: Request) -> Answer:
        """Return what a service says that has taken a message; what would not even be sent is refused."""
        objection = self._objection(request)
        return NotDone(objection, is_final=True) if objection else Done(200, body=b"ok")


def examined(channel: ChannelSettings, stack: str, dry: ChannelService | None) -> dict[str, Any]:
    """Say whether a message could be made of the channel's secret; `dry` sends nothing. JSON-ready.

    `ready`: nothing is known that keeps messages from being sent. `objections`: what has to be changed.
    """
    objections: list[str] = []
    if dry is not None:
        try:
            answer = dry.send(trial(stack, channel.name))
        except SecretError as error:
            objections += [str(error), _SECRET_HINTS[channel.kind]]
        except ChannelError as error:
            objections.append(str(error))
        else:
            objections += [] if isinstance(answer, Done) else [answer.reason]
    return {"channel": channel.name, "kind": channel.kind, "ready": not objections, "objections": objections}


def _result(channel: ChannelSettings, *, sent: bool) -> dict[str, Any]:
    said = {"channel": channel.name, "kind": channel.kind, "sent": sent}
    return said | dict.fromkeys(("failed", "reason", "hint", "note"))


def _failed(channel: ChannelSettings, step: Step, reason: str, hint: str) -> dict[str, Any]:
    return _result(channel, sent=False) | {"failed": step, "reason": reason, "hint": hint}


_SECRET_HINTS = {
    "slack": 'the secret must be JSON: {"url": "https://hooks.slack.com/services/..."}',
    "teams": 'the secret must be JSON: {"url": "https://..."}, the address of the flow',
    "webhook": 'the secret must be JSON: {"url": "https://...", "signing_keys": ["whsec_..."]}',
    "email": "a channel of e-mails has no secret",
}
_NOTES = {
    "teams": "Teams accepts a message before it shows it: look into the channel, or the runs of the flow",
    "email": "an address gets e-mails only once its owner has confirmed the subscription",
}


def _hint(channel: ChannelSettings, answer: Answer) -> str:
    if is_refused(answer):
        return _REFUSED_HINTS[channel.kind]
    if isinstance(answer, NotDone) and answer.status == 429:
        return "the service limits the rate: try again in a minute"
    if isinstance(answer, NotDone) and answer.is_final:
        return "check the address in the secret"
    return "try again; if it stays so, check the address in the secret, and whether the service is reachable"


_REFUSED_HINTS = {
    "slack": "the webhook was revoked, or its channel archived: write the URL of another to the secret",
    "teams": "the flow is off or was deleted, or its address has changed: write its URL to the secret",
    "webhook": "the receiver refuses the address or the signature: check both in the secret",
    "email": "deploy again: the function may not publish to the topic",
}
