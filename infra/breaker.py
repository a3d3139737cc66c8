"""The breaker: an alarm on what triage changes, and the function that then stops it."""

from pathlib import Path
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from hubtriage.aws.switch.breaker import BreakerConfig
from hubtriage.settings.configuration import Configuration

from .alarms import Alarm, AlarmsConstruct
from .decision_events import DecisionEventsConstruct
from .encryption import KEY_USE_ACTIONS
from .function import Function
from .links import Links
from .metrics import triage_metric
from .mode_parameter import ModeParameter
from .permissions import statement


class BreakerConstruct(Construct):
    """Switches to `reopen` if in 5 minutes triage hides more findings than the limit."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        mode: ModeParameter,
        alarms: AlarmsConstruct,
        links: Links,
        decisions: DecisionEventsConstruct | None,
    ) -> None:
        super().__init__(scope, name)
        self._decisions = decisions
        self.function = self._function(config, package, mode, alarms, links.runbook("breaker-tripped"))
        self.alarm = alarms.add(_trips(config))
        self.alarm.add_alarm_action(
            cast("cloudwatch.IAlarmAction", actions.LambdaAction(cast("lambda_.IFunction", self.function)))
        )
        alarms.add(_fails(self.function))

    def _function(
        self,
        config: Configuration,
        package: Path,
        mode: ModeParameter,
        alarms: AlarmsConstruct,
        runbook: str,
    ) -> Function:
        return Function(
            self,
            "Function",
            config,
            package,
            handler="lambdas.breaker.handler.handler",
            description="Stops triage from hiding when it hides too much at once",
            role_description="Stops triage from hiding, and says so",
            policy_name="breaker",
            statements=[
                statement("Switch", ("ssm:GetParameter", "ssm:PutParameter"), mode.parameter_arn),
                statement("Tell", ("sns:Publish",), alarms.topic.topic_arn),
                statement("EncryptMessage", KEY_USE_ACTIONS, alarms.key.key_arn),
                *(self._decisions.statements() if self._decisions else ()),
            ],
            timeout=Duration.seconds(60),
            environment=BreakerConfig(
                service=config.stack_name,
                stack=config.stack_name,
                mode_parameter=mode.parameter_name,
                topic=alarms.topic.topic_arn,
                runbook=runbook,
                event_bus=self._decisions.bus.event_bus_name if self._decisions else "",
            ).as_environment(),
            memory_mb=256,
        )


def _trips(config: Configuration) -> Alarm:
    return Alarm("breaker-tripped", triage_metric(config, "UnplannedHides"), config.breaker_limit)


def _fails(function: Function) -> Alarm:
    return Alarm("breaker-failing", function.metric_errors(period=Duration.minutes(5), statistic="Sum"), 0)
