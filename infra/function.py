"""Make a Lambda function with its own narrow role and log group: the one construct of all functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from hubtriage.settings.configuration import Configuration

from .bundle import PYTHON_VERSION
from .log_groups import make_log_group
from .permissions import LOG_ACTIONS, TRACE_ACTIONS, accept_tracing, statement

RUNTIME = lambda_.Runtime(f"python{PYTHON_VERSION}", lambda_.RuntimeFamily.PYTHON)


_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


class Function(lambda_.Function):
    """A Lambda function with a role and a log group, which it makes next to itself in the scope.

    The role may write the log, send traces, and do what `statements` allow. Nothing adds to it later.
    CloudFormation's logical ids derive from the names: a changed name replaces the resource, and loses a log.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        *,
        handler: str,
        description: str,
        role_description: str,
        policy_name: str,
        statements: Sequence[iam.PolicyStatement],
        timeout: Duration,
        environment: Mapping[str, str],
        role_name: str = "Role",
        log_name: str = "Log",
        log_removal: RemovalPolicy = RemovalPolicy.RETAIN,
        memory_mb: int | None = None,
        reserved_concurrency: int | None = None,
        log_level: lambda_.ApplicationLogLevel | None = None,
    ) -> None:
        log_group = make_log_group(scope, log_name, config, log_removal)
        role = _role(scope, role_name, role_description, policy_name, [*statements, *_shared(log_group)])
        super().__init__(
            scope,
            name,
            description=description,
            code=lambda_.Code.from_asset(str(package)),
            handler=handler,
            runtime=RUNTIME,
            architecture=_ARCHITECTURES[config.architecture],
            memory_size=memory_mb or config.memory_mb,
            timeout=timeout,
            reserved_concurrent_executions=reserved_concurrency,
            role=role.without_policy_updates(),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=cast("logs.ILogGroup", log_group),
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=log_level,
            system_log_level_v2=lambda_.SystemLogLevel.INFO if log_level else None,
            environment=dict(environment),
        )
        self.execution_role = role


def _shared(log_group: logs.LogGroup) -> tuple[iam.PolicyStatement, ...]:
    """Return the statements that every function needs."""
    return (
        statement("WriteLog", LOG_ACTIONS, log_group.log_group_arn),
        statement("Trace", TRACE_ACTIONS, "*"),
    )


def _role(
    scope: Construct,
    name: str,
    description: str,
    policy_name: str,
    statements: Sequence[iam.PolicyStatement],
) -> iam.Role:
    role = iam.Role(
        scope,
        name,
        description=description,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={policy_name: iam.PolicyDocument(statements=list(statements))},
    )
    accept_tracing(role)
    return role


def lambda_log_level(config: Configuration) -> lambda_.ApplicationLogLevel:
    """Return the least level of lines that Lambda keeps: INFO at most. The functions filter their own lines.

    AWS: Lambda reads a line of JSON without a `level` as INFO. Metrics are such lines. Above INFO Lambda
    would drop them: no metric, no breaker, no alarm on either.
    """
    return (
        lambda_.ApplicationLogLevel.DEBUG if config.log_level == "DEBUG" else lambda_.ApplicationLogLevel.INFO
    )
