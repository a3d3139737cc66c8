"""The breaker: an alarm on what triage changes, and the function that then stops it."""

from pathlib import Path
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from hubtriage.aws.switch.breaker import BreakerConfig
from hubtriage.settings.configuration import Configuration
from infra.alarms import Trouble, Watch
from infra.dashboard import triage_metric
from infra.encryption import USE_ACTIONS, customer_key
from infra.functions import (
    LOG_ACTIONS,
    RETENTIONS,
    RUNTIME,
    TRACE_ACTIONS,
    accept_tracing,
    architecture,
    statement,
)
from infra.mode_parameter import ModeSwitch


class Breaker(Construct):
    """Switches to `observe` when in 5 minutes more findings are hidden or taken back than the limit."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        switch: ModeSwitch,
        watch: Watch,
    ) -> None:
        super().__init__(scope, name)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            encryption_key=customer_key(self, config),
            retention=RETENTIONS[config.log_retention_days],
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.function = self._function(config, package, switch, watch)
        self.alarm = watch.alarm(
            Trouble(
                "BreakerTrips",
                f"Triage hid or took back more than {config.breaker_limit} findings in 5 minutes, and should "
                "have been switched to observe, in which it writes nothing: check with `hubtriage mode`. See "
                "what it did, then correct the rule, or resume with `hubtriage mode enforce --budget N`.",
                triage_metric(config, "UnplannedChanges"),
                config.breaker_limit,
            )
        )
        self.alarm.add_alarm_action(
            cast("cloudwatch.IAlarmAction", actions.LambdaAction(cast("lambda_.IFunction", self.function)))
        )

        watch.alarm(
            Trouble(
                "BreakerFails",
                "The breaker could not switch triage to observe, or could not say so: triage may still hide "
                "findings. Stop it with `hubtriage mode observe`, then read the breaker's log.",
                self.function.metric_errors(period=Duration.minutes(5), statistic="Sum"),
                0,
            )
        )

    def _function(
        self, config: Configuration, package: Path, switch: ModeSwitch, watch: Watch
    ) -> lambda_.Function:
        return lambda_.Function(
            self,
            "Function",
            description="Switches triage to observe when it changes too much at once",
            code=lambda_.Code.from_asset(str(package)),
            handler="lambdas.breaker.handler.handler",
            runtime=RUNTIME,
            architecture=architecture(config),
            memory_size=256,
            timeout=Duration.seconds(60),
            role=self._role(switch, watch).without_policy_updates(),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment=BreakerConfig(
                service=config.stack_name,
                stack=config.stack_name,
                mode_parameter=switch.parameter_name,
                topic=watch.topic.topic_arn,
                runbook=config.runbook_url,
            ).as_environment(),
        )

    def _role(self, switch: ModeSwitch, watch: Watch) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            description="Switches triage to observe, and says so",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "breaker": iam.PolicyDocument(
                    statements=[
                        statement("Switch", ("ssm:PutParameter",), switch.parameter_arn),
                        statement("Tell", ("sns:Publish",), watch.topic.topic_arn),
                        statement("EncryptMessage", USE_ACTIONS, watch.key.key_arn),
                        statement("WriteLog", LOG_ACTIONS, self.log_group.log_group_arn),
                        statement("Trace", TRACE_ACTIONS, "*"),
                    ]
                )
            },
        )
        accept_tracing(role)
        return role
