"""The guard of the ledger: a function that pauses the intake while the ledger does not answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from aws_cdk import Arn, ArnComponents, ArnFormat, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from hubtriage.aws.switch.ledger_guard import METRIC, PROBE, LedgerGuardConfig, mark_name
from hubtriage.settings.configuration import Configuration

from .alarms import Alarm
from .encryption import KEY_READ_ACTIONS, key_statements
from .function import Function
from .ledger import LedgerConstruct
from .metrics import METRICS_NAMESPACE, triage_metric
from .permissions import statement

EVERY = Duration.minutes(5)
PAUSED_PERIODS = 3
"""A pause that ends by itself within a quarter of an hour calls no one."""
MAPPING_ACTIONS = ("lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping")
MARK_ACTIONS = ("ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter")


class LedgerGuardConstruct(Construct):
    """Looks every five minutes whether the ledger takes a write, and pauses or resumes the intake."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        ledger: LedgerConstruct,
        batches: lambda_.EventSourceMapping,
    ) -> None:
        super().__init__(scope, name)
        self._config = config
        self.function = self._function(package, ledger, batches.event_source_mapping_id)
        events.Rule(
            self,
            "Clock",
            description="Looks whether the ledger answers",
            schedule=events.Schedule.rate(EVERY),
            targets=[
                cast("events.IRuleTarget", targets.LambdaFunction(cast("lambda_.IFunction", self.function)))
            ],
        )

    def _function(self, package: Path, ledger: LedgerConstruct, mapping: str) -> Function:
        config, stack = self._config, Stack.of(self)
        mapping_arn = Arn.format(
            ArnComponents(
                service="lambda",
                resource="event-source-mapping",
                resource_name=mapping,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            stack,
        )
        mark = mark_name(config.stack_name)
        mark_arn = Arn.format(
            ArnComponents(service="ssm", resource="parameter", resource_name=mark.removeprefix("/")), stack
        )
        return Function(
            self,
            "Function",
            config,
            package,
            handler="lambdas.breaker.ledger_guard.handler",
            description="Pauses the intake while the ledger does not answer",
            role_description="Tries the ledger, and pauses or resumes the intake",
            policy_name="guard",
            statements=[
                _try_to_write(ledger),
                statement("Pause", MAPPING_ACTIONS, mapping_arn),
                statement("Mark", MARK_ACTIONS, mark_arn),
                *key_statements(config, KEY_READ_ACTIONS),
            ],
            timeout=Duration.minutes(2),
            environment=LedgerGuardConfig(
                table=ledger.table_name,
                mapping=mapping,
                mark=mark,
                service=config.stack_name,
                namespace=METRICS_NAMESPACE,
            ).as_environment(),
            memory_mb=256,
        )

    def alarms(self) -> Iterator[Alarm]:
        """Return the alarms on pauses, and on a guard that fails."""
        errors = self.function.metric_errors(period=Duration.minutes(5), statistic="Sum")
        yield Alarm("intake-paused", triage_metric(self._config, METRIC), 0, periods=PAUSED_PERIODS)
        yield Alarm("ledger-guard-failing", errors, 0, periods=PAUSED_PERIODS)


def _try_to_write(ledger: LedgerConstruct) -> iam.PolicyStatement:
    """Allow to try a write of an item that is not an entry, and of no other."""
    return iam.PolicyStatement(
        sid="TryLedger",
        actions=["dynamodb:PutItem"],
        resources=[ledger.table_arn],
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [PROBE]}},
    )
