"""The functions: code, role, log group and what starts them. Each has its own narrow role."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Acknowledgment, Arn, ArnComponents, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.authoring.iam import hub_statements
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.settings.configuration import Configuration
from infra.bundle import PYTHON_VERSION
from infra.encryption import READ_ACTIONS, customer_key, key_statements
from infra.mode_parameter import ModeSwitch

METRICS_NAMESPACE = "hubtriage"
HANDLER = "lambdas.triage.handler.handler"
RUNTIME = lambda_.Runtime(f"python{PYTHON_VERSION}", lambda_.RuntimeFamily.PYTHON)
# The names that CDK gives to the retentions which CloudWatch Logs knows by their number of days.
RETENTIONS = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1096: logs.RetentionDays.THREE_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    2192: logs.RetentionDays.SIX_YEARS,
    2557: logs.RetentionDays.SEVEN_YEARS,
    2922: logs.RetentionDays.EIGHT_YEARS,
    3288: logs.RetentionDays.NINE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


class TriageFunction(Construct):
    """The function that triages what is in the queue; `batches` hands it what to triage."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        queue: sqs.Queue,
        rules: Sequence[Mapping[str, Any]],
        switch: ModeSwitch,
    ) -> None:
        super().__init__(scope, name)
        self._config = config
        self.log_group = self._log_group(config)
        self.role = self._role(queue, switch, hub_statements(rules, config.never, hub_arn(self)))
        self.function = self._function(config, package, queue, switch)
        self.batches = self._batches(config, queue)

    def _log_group(self, config: Configuration) -> logs.LogGroup:
        """Make the log of decisions; it outlives the stack, being the record of what was hidden and why."""
        return logs.LogGroup(
            self,
            "Log",
            encryption_key=customer_key(self, config),
            retention=RETENTIONS[config.log_retention_days],
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _role(
        self, queue: sqs.Queue, switch: ModeSwitch, security_hub: Sequence[Mapping[str, Any]]
    ) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            description="Reads findings from the queue and updates them in Security Hub",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "triage": iam.PolicyDocument(
                    statements=[
                        *(iam.PolicyStatement.from_json(each) for each in security_hub),
                        statement("ReadMode", ("ssm:GetParameter",), switch.parameter_arn),
                        statement("ReadQueue", _QUEUE_ACTIONS, queue.queue_arn),
                        *key_statements(self._config, READ_ACTIONS),
                        statement("WriteLog", LOG_ACTIONS, self.log_group.log_group_arn),
                        statement("Trace", TRACE_ACTIONS, "*"),
                    ]
                )
            },
        )
        accept_tracing(role)
        return role

    def _function(
        self, config: Configuration, package: Path, queue: sqs.Queue, switch: ModeSwitch
    ) -> lambda_.Function:
        return lambda_.Function(
            self,
            "Function",
            description="Triages Security Hub findings by the rules it was deployed with",
            code=lambda_.Code.from_asset(str(package)),
            handler=HANDLER,
            runtime=RUNTIME,
            architecture=architecture(config),
            memory_size=config.memory_mb,
            timeout=Duration.seconds(config.capacity.timeout),
            reserved_concurrent_executions=config.reserved_concurrency,
            role=self.role.without_policy_updates(),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=log_level(config),
            system_log_level_v2=lambda_.SystemLogLevel.INFO,
            environment=triage_config(
                config, mode_parameter=switch.parameter_name, queue=queue.queue_arn
            ).as_environment(),
        )

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


_QUEUE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACE_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


def hub_arn(scope: Construct) -> str:
    """AWS: findings are no IAM resource; the hub of the account and Region is the narrowest there is."""
    components = ArnComponents(service="securityhub", resource="hub", resource_name="default")
    return Arn.format(components, Stack.of(scope))


def accept_tracing(role: iam.Role) -> None:
    """Say why a role that sends traces has a `*` among its resources."""
    Validations.of(role).acknowledge(
        Acknowledgment(
            id="AwsSolutions::AwsSolutions-IAM5[Resource::*]",
            reason="AWS X-Ray has no resources that the actions for sending traces could be limited to.",
        )
    )


def triage_config(config: Configuration, mode_parameter: str = "", queue: str = "") -> TriageConfig:
    """Return a function's settings; rates are for one container: all of them share the hub's quota."""
    return TriageConfig(
        service=config.stack_name,
        namespace=METRICS_NAMESPACE,
        stack=config.stack_name,
        udf=config.udf,
        known_stacks=frozenset(config.known_stacks),
        never=frozenset(config.never),
        mode_parameter=mode_parameter,
        queue=queue,
        calls_per_second=config.capacity.calls_per_container,
        reads_per_second=config.capacity.reads_per_container,
        refresh_age=config.refresh_age_seconds,
        log_level=config.log_level,
    )


def statement(sid: str, actions: tuple[str, ...], resource: str) -> iam.PolicyStatement:
    """Allow actions on one resource."""
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=[resource])


def architecture(config: Configuration) -> lambda_.Architecture:
    """The processor that all functions run on."""
    return {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}[config.architecture]


def log_level(config: Configuration) -> lambda_.ApplicationLogLevel:
    """Up from which level Lambda keeps lines: never above INFO, as the functions filter their own lines.

    AWS: Lambda takes a line of JSON without a `level` for INFO. Metrics are such lines, and above INFO they
    would be dropped: no metric, no breaker, no alarm on either.
    """
    return (
        lambda_.ApplicationLogLevel.DEBUG if config.log_level == "DEBUG" else lambda_.ApplicationLogLevel.INFO
    )
