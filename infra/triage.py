"""Make the triage function: what it may do, what it reads, and the queue that starts it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.authoring.permissions.iam import hub_statements, hub_v2_statements
from hubtriage.aws.ledger.table import TRIAGE_ACTIONS
from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.aws.triage.config import ROLE_VARIABLE, TriageConfig
from hubtriage.settings.configuration import Configuration

from .decision_events import DecisionEventsConstruct
from .encryption import KEY_READ_ACTIONS, key_statements
from .function import Function, lambda_log_level
from .hand_back import action_arn
from .intake import QUEUE_READ_ACTIONS
from .ledger import LedgerConstruct
from .metrics import METRICS_NAMESPACE
from .mode_parameter import ModeParameter
from .permissions import accept_hub_v2, hub_arn, hub_v2_arn, statement

HANDLER = "lambdas.triage.handler.handler"
POSTPONE_ACTIONS = ("sqs:ChangeMessageVisibility",)
"""Have a message come again when its finding can be decided."""


class TriageConstruct(Construct):
    """The function that triages what is in the queue; `batches` hands it what to triage."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        queue: sqs.Queue,
        rules: Sequence[Mapping[str, Any]],
        mode: ModeParameter,
        ledger: LedgerConstruct,
        decisions: DecisionEventsConstruct | None,
    ) -> None:
        super().__init__(scope, name)
        self.function = Function(
            self,
            "Function",
            config,
            package,
            handler=HANDLER,
            description="Triages Security Hub findings by the rules it was deployed with",
            role_description="Reads findings from the queue and updates them in Security Hub",
            policy_name="triage",
            statements=[
                *map(iam.PolicyStatement.from_json, self._hub_statements(config, rules)),
                statement("ReadMode", ("ssm:GetParameter",), mode.parameter_arn),
                statement("ReadQueue", (*QUEUE_READ_ACTIONS, *POSTPONE_ACTIONS), queue.queue_arn),
                ledger.allow(TRIAGE_ACTIONS),
                *(decisions.statements() if decisions else ()),
                *key_statements(config, KEY_READ_ACTIONS),
            ],
            timeout=Duration.seconds(config.capacity.timeout),
            environment=triage_config(
                config,
                ledger.table_name,
                mode_parameter=mode.parameter_name,
                queue=queue.queue_arn,
                hand_back_action=action_arn(self, config.hand_back_action) if config.hand_back_action else "",
                event_bus=decisions.bus.event_bus_name if decisions else "",
            ).as_environment(),
            reserved_concurrency=config.reserved_concurrency,
            log_level=lambda_log_level(config),
        )
        self.function.add_environment(ROLE_VARIABLE, self.function.execution_role.role_arn)
        if V2 in config.hubs:
            accept_hub_v2(self.function.execution_role)
        self.batches = self._batches(config, queue)

    def _hub_statements(
        self, config: Configuration, rules: Sequence[Mapping[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        if CSPM in config.hubs:
            yield from hub_statements(rules, config.never, hub_arn(self))
        if V2 in config.hubs:
            yield from hub_v2_statements(rules, config.never, hub_v2_arn(self))

    def _batches(self, config: Configuration, queue: sqs.Queue) -> lambda_.EventSourceMapping:
        return lambda_.EventSourceMapping(
            self,
            "Batches",
            target=self.function,
            event_source_arn=queue.queue_arn,
            batch_size=config.batch_size,
            max_batching_window=Duration.seconds(config.batch_window_seconds),
            max_concurrency=config.maximum_concurrency,
            report_batch_item_failures=True,
        )


def triage_config(
    config: Configuration,
    table: str,
    *,
    mode_parameter: str = "",
    queue: str = "",
    hand_back_action: str = "",
    event_bus: str = "",
) -> TriageConfig:
    """Return a function's settings; rates are for one container: all of them share the hub's quota."""
    return TriageConfig(
        service=config.stack_name,
        namespace=METRICS_NAMESPACE,
        udf=config.udf,
        never=frozenset(config.never),
        hubs=frozenset(config.hubs),
        ledger_table=table,
        lease=config.capacity.lease,
        mode_parameter=mode_parameter,
        queue=queue,
        hand_back_action=hand_back_action,
        event_bus=event_bus,
        hide_limit=config.breaker_limit,
        calls_per_second=config.capacity.calls_per_container,
        reads_per_second=config.capacity.reads_per_container,
        refresh_age=config.refresh_age_seconds,
        log_level=config.log_level,
    )
