"""The triage Lambda: from its environment, event and context to batches, logs and metrics."""

import json
import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import botocore.session

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.decision_events.outbox import Outbox, outbox_of
from hubtriage.aws.environment import ConfigError
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.former_roles import (
    MESSAGE,
    KnownRoles,
    ReadFormerRoles,
    RememberedRoles,
    no_former_roles,
)
from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.ledger.table import TABLE_VARIABLE
from hubtriage.aws.logger import logger, write
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.securityhub.authorship import Authorship
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.client import IN_REGION, security_hub
from hubtriage.aws.securityhub.faults import Fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Reader
from hubtriage.aws.securityhub.sending import Sender
from hubtriage.aws.securityhub.unknown_outcomes import UnknownOutcomes
from hubtriage.aws.switch.hide_limit import HideLimit
from hubtriage.aws.switch.mode import Mode, ModeSwitch, always_enforce
from hubtriage.aws.switch.parameters import ParameterReader
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.config import LEVELS, TriageConfig
from hubtriage.aws.triage.decision_log import Circumstances, DecisionLog
from hubtriage.aws.triage.events import Message, is_of
from hubtriage.aws.triage.metrics import Meter, emit, tally
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.redelivery import Redelivery, VisibilityApi, url_of
from hubtriage.aws.triage.results import HIDING_STOPPED, Outcome, Report
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset


class Context(Protocol):
    """What is used of Lambda's context."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""


class NotTriagedError(Exception):
    """An event that was handed over directly has failed, or a message without an id has.

    Raised so that the caller, Lambda's asynchronous retries or the whole SQS batch, tries again.
    """


class ForeignEventError(Exception):
    """An event that is not from the function's own queue. It was not looked at."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the function calls.

    `own_arn` returns the ARN by which AWS knows the function's role, `former_roles` reads the roles by which
    triage wrote before its ledger was moved here. Decisions are announced through `outbox`, if there is one.
    """

    hub: SecurityHubApi
    ledger: Ledger
    own_arn: Callable[[], str]
    sqs: Callable[[], VisibilityApi]
    former_roles: ReadFormerRoles = no_former_roles
    outbox: Outbox | None = None


class TriageFunction:
    """What Lambda calls. One instance per container."""

    def __init__(
        self,
        config: TriageConfig,
        ruleset: Ruleset,
        services: Services,
        clock: Clock | None = None,
        read_mode: Callable[[], str] | None = None,
    ) -> None:
        self._config = config
        self._ruleset = ruleset
        self._rules = frozenset(ruleset.by_id)
        self._clock = clock or SystemClock()
        self._switch = ModeSwitch(read_mode or always_enforce, self._clock.monotonic, self._clock.now)
        self._hub = UnknownOutcomes(services.hub)
        self._logger = logger(config.service, config.log_level)
        former = RememberedRoles(services.former_roles, self._clock.monotonic, self._log_former_roles)
        self._triage = _triage(config, ruleset, self._hub, services, self._clock, self._switch, former)
        self._redelivery = _redelivery(config, services)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "TriageFunction":
        """Read settings and rule set, and make the clients.

        Raises ConfigError, OSError without a rule set or routes, and what `load_ruleset` raises.
        """
        config = TriageConfig.from_environment(environment)
        if not config.ledger_table:
            raise ConfigError(TABLE_VARIABLE, "", "must not be empty")
        ruleset = load_ruleset(json.loads(Path(config.ruleset).read_bytes()))
        read_mode = ParameterReader(config.mode_parameter) if config.mode_parameter else None
        clock, session = SystemClock(), botocore.session.get_session()
        ledger = DynamoLedger(dynamodb(session), config.ledger_table, clock)
        services = Services(
            hub=security_hub(IN_REGION, session),
            ledger=ledger,
            own_arn=(lambda: config.role) if config.role else _caller,
            sqs=lambda: cast("VisibilityApi", _client("sqs")),
            former_roles=ledger.former_roles.read,
            outbox=outbox_of(config.event_bus, config.service, config.ruleset, environment, clock),
        )
        return cls(config, ruleset, services, clock, read_mode)

    def __call__(self, event: Any, context: Context) -> dict[str, Any]:
        """Triage one batch; returns SQS's partial batch response.

        Raises NotTriagedError where a failure cannot be reported by message id; before anything is done
        ForeignEventError, and ModeUnreadableError when the mode is not known.
        """
        if self._config.queue and not is_of(self._config.queue, event):
            raise ForeignEventError(f"only messages of {self._config.queue} are triaged")
        self._logger.append_keys(function_request_id=context.aws_request_id)
        self._hub.findings.clear()
        mode = self._switch.mode()
        time_left = context.get_remaining_time_in_millis() / 1000 - self._config.margin
        deadline = self._clock.monotonic() + time_left
        meter = Meter(self._emit, self._clock.monotonic)
        log = self._decision_log(context, mode)

        def sink(outcomes: Sequence[Outcome]) -> None:
            log(outcomes)
            meter(outcomes)

        report = self._triage.run(event, deadline, sink, mode)
        self._bring_again(report)
        self._log_troubles(report)
        meter.close(report)
        return _response(report)

    def _bring_again(self, report: Report) -> None:
        """Have what is hidden in doubt come again as soon as it can be decided; a failure costs only time."""
        failed = set(report.failed_messages())
        again_at = {message: at for message, at in report.again_at.items() if message in failed}
        if self._redelivery is None or not again_at:
            return
        for fault in self._redelivery.bring_again(again_at, self._clock.now()):
            self._logger.warning(
                "visibility not changed", extra={"code": fault.code, "reason": fault.message}
            )

    def _log_former_roles(self, known: KnownRoles) -> None:
        """Log whose updates are triage's too: a lost ledger is made again from that as well."""
        roles = [asdict(role) for role in known.roles]
        self._logger.info(MESSAGE, extra={"version": known.version, "roles": roles})

    def _emit(self, report: Report) -> None:
        numbers = tally(report, self._rules, self._hub.findings)
        emit(numbers, self._config.namespace, self._config.service)

    def _decision_log(self, context: Context, mode: Mode) -> DecisionLog:
        circumstances = Circumstances(
            service=self._config.service,
            ruleset=self._ruleset.hash,
            revision=self._ruleset.revision,
            mode=mode,
            request_id=context.aws_request_id,
            trace_id=_trace_id(os.environ.get("_X_AMZN_TRACE_ID")),
        )
        level = LEVELS[self._config.log_level]
        return DecisionLog(circumstances, level, write, self._clock.now)

    def _log_troubles(self, report: Report) -> None:
        """Log what is not about one finding: unusable events, calls that failed, our own bugs."""
        for unusable in report.unusable:
            record = {"message_id": unusable.message.id, "reason": unusable.reason, "detail": unusable.detail}
            self._logger.error("event unusable", extra=record | {"receives": unusable.message.receives})
        for (kind, code), count in report.traffic.faults.items():
            log = self._logger.error if kind in (Fault.DENIED, Fault.REFUSED) else self._logger.warning
            log("calls failed", extra={"kind": kind.value, "code": code, "calls": count})
        for code, count in report.events_not_put.items():
            self._logger.error("decision events not put", extra={"code": code, "events": count})
        if stopped := sum(outcome.result.code == HIDING_STOPPED for outcome in report.outcomes):
            limit = self._config.hide_limit
            self._logger.error("hiding stopped", extra={"findings": stopped, "limit": limit})
        for outcome in report.outcomes:
            if outcome.result.error is not None:
                product_arn, finding_id = outcome.seen.newest.key
                self._logger.error(
                    "finding not decided",
                    exc_info=outcome.result.error,
                    extra={"finding_id": finding_id, "product_arn": product_arn},
                )


def _triage(
    config: TriageConfig,
    ruleset: Ruleset,
    api: SecurityHubApi,
    services: Services,
    clock: Clock,
    switch: ModeSwitch,
    former: RememberedRoles,
) -> Triage:
    backoff, now = Backoff(random.random), clock.monotonic
    updates = TokenBucket.of_a_second(config.calls_per_second, clock)
    reads = TokenBucket.of_a_second(config.reads_per_second, clock)
    histories = TokenBucket.of_a_second(config.histories_per_second, clock)
    return Triage(
        ruleset=ruleset,
        settings=config.engine_settings(),
        policy=Policy(config.refresh_age, config.patience, config.lease),
        sender=Sender(api, updates, backoff, now, switch.may_write),
        reader=Reader(api, reads, backoff, now),
        authorship=Authorship(api, services.own_arn, histories, backoff, now, former=former),
        ledger=services.ledger,
        clock=clock,
        hide_limit=HideLimit(config.hide_limit, clock.monotonic, clock.now),
        may_hide=switch.may_hide,
        hand_back_action=config.hand_back_action,
        hubs=config.hubs,
        outbox=services.outbox,
    )


def _redelivery(config: TriageConfig, services: Services) -> Redelivery | None:
    url = config.queue_url or (url_of(config.queue) if config.queue else "")
    return Redelivery(services.sqs, url) if url else None


def _client(service: str) -> Any:
    return botocore.session.get_session().create_client(service)


def _caller() -> str:
    return str(_client("sts").get_caller_identity()["Arn"])


def _response(report: Report) -> dict[str, Any]:
    failed = report.failed_messages()
    if any(message.id is None for message in failed):
        raise NotTriagedError(_why(report))
    return {"batchItemFailures": [{"itemIdentifier": name} for name in _ids(failed)]}


def _ids(messages: Iterable[Message]) -> list[str]:
    return list(dict.fromkeys(message.id for message in messages if message.id is not None))


def _why(report: Report) -> str:
    reasons = [unusable.reason for unusable in report.unusable]
    reasons += [o.result.code for o in report.outcomes if o.result.status == "failed"]
    return ", ".join(dict.fromkeys(reasons))


def _trace_id(header: str | None) -> str | None:
    """Lambda: `Root=1-…;Parent=…;Sampled=1`."""
    return header.split(";")[0].removeprefix("Root=") if header else None
