"""Make the sweep: a state machine that takes its steps, what starts it, and the functions that it needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from aws_cdk import (
    Arn,
    ArnComponents,
    ArnFormat,
    CustomResource,
    Duration,
    RemovalPolicy,
    Stack,
    TimeZone,
)
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from hubtriage.aws.hand_back.action import ACTIONS as ACTION_ACTIONS
from hubtriage.aws.ledger.never_resource import TYPE as NEVER
from hubtriage.aws.ledger.table import SWEEP_ACTIONS
from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.aws.sweep.clock import UNKNOWN, ClockConfig, clock_parameter_name
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.deployed import DeployedConfig
from hubtriage.aws.sweep.occasions.changes import digest_of, swept_rules
from hubtriage.aws.sweep.occasions.memory import ACTIONS as REMEMBER_ACTIONS
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.delivery import Routes
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.settings.configuration import Configuration

from .alarms import Alarm
from .bundle import read_ruleset
from .decision_events import DecisionEventsConstruct
from .encryption import KEY_READ_ACTIONS, KEY_USE_ACTIONS, key_statements
from .function import Function, lambda_log_level
from .intake import IntakeConstruct
from .ledger import LedgerConstruct
from .log_groups import make_log_group
from .metrics import METRICS_NAMESPACE, triage_metric
from .mode_parameter import ModeParameter
from .notices import NoticesConstruct
from .permissions import (
    TRACE_ACTIONS,
    accept_all_resources,
    accept_hub_v2,
    hub_arn,
    hub_v2_arn,
    statement,
)
from .triage import TriageConstruct, triage_config

READ_ACTIONS = ("securityhub:GetFindings",)  # AWS: of GetFindingsV2 too
STEP_SECONDS = 50
STEP_TIMEOUT_SECONDS = 120  # a step, and a call that hangs to its end
STEP_TRIES = 20
CLOCK_MINUTES = 4  # a sweep begins within five minutes of a rule's start or end
CLOCK_ACTIONS = ("ssm:GetParameter", "ssm:PutParameter")
LONGEST_SWEEP = Duration.days(2)
# A day of 25 hours, when summer time ends, and one for the metric. AWS: in periods of an hour 7 days at most.
MOST_SILENT_HOURS = 26
# One sweep may end at once and the next take a whole day: two days, one of 25 hours, and one for the metric.
MOST_HOURS_WITHOUT_END = 50
QUEUE_ACTIONS = ("sqs:SendMessage", "sqs:GetQueueAttributes")
MACHINE_ACTIONS = ("states:ListExecutions", "states:StartExecution")
SWITCH_ACTIONS = ("ssm:PutParameter", "ssm:DeleteParameter")
RULE_ACTIONS = ("events:DescribeRule", "events:DisableRule")
TRACE_READING_ACTIONS = ("xray:GetSamplingRules", "xray:GetSamplingTargets")
# AWS: what Step Functions needs to log; none of these actions can be limited to a log group.
LOG_DELIVERY_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


class SweepConstruct(Construct):
    """Brings what is in git into force on existing findings.

    It does so daily, after deployments, and when the time of a rule begins or ends.

    `machine` takes `{"request": {...}}`. `function` takes the steps, and its role sends to the queue; its log
    group holds a line of each step and the report at the end. CloudFormation calls `deployed`, and a schedule
    `clock`.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        intake: IntakeConstruct,
        mode: ModeParameter,
        ledger: LedgerConstruct,
        notices: NoticesConstruct | None,
        decisions: DecisionEventsConstruct | None,
    ) -> None:
        super().__init__(scope, name)
        self._config = config
        self._package = package
        self._notices = notices
        self._decisions = decisions
        self._machine_name = f"{config.stack_name}-sweep"
        self.function = self._step_function(intake, mode, ledger)
        if V2 in config.hubs:
            accept_hub_v2(self.function.execution_role)
        self.machine = self._machine()
        self._schedule()
        self.deployed = self._deployed_function(mode, ledger)
        self.clock = self._clock_function(mode)

    @property
    def _machine_arn(self) -> str:
        """The machine's ARN from its name: the step's role needs it before the machine is made."""
        return Arn.format(
            ArnComponents(
                service="states",
                resource="stateMachine",
                resource_name=self._machine_name,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            Stack.of(self),
        )

    def _step_function(
        self, intake: IntakeConstruct, mode: ModeParameter, ledger: LedgerConstruct
    ) -> Function:
        config = self._config
        sweep = SweepConfig(
            queue=intake.queue.queue_url,
            dead_letters=intake.dead_letters.queue_url,
            rule=intake.rule.rule_name,
            reads_per_second=config.sweep_reads_per_second,
            step=STEP_SECONDS,
            hide_limit=config.sweep_hide_limit,
            reopen_limit=config.sweep_reopen_limit,
            queue_limit=config.sweep_queue_limit,
            wait=config.sweep_wait_seconds,
            notice_days=frozenset(config.notice_days),
            notice_topic=self._notices.topic.topic_arn if self._notices else "",
            notice_owners=config.notified_owners,
        )
        shared = triage_config(
            config,
            ledger.table_name,
            mode_parameter=mode.parameter_name,
            event_bus=self._decisions.bus.event_bus_name if self._decisions else "",
        )
        return Function(
            self,
            "Step",
            config,
            self._package,
            handler="lambdas.sweep.handler.handler",
            description="Takes one step of a sweep over existing findings",
            role_name="StepRole",
            role_description="Reads findings, and sends those that need something to the queue",
            policy_name="sweep",
            statements=[
                *self._reading_of_hubs(),
                ledger.allow(SWEEP_ACTIONS),
                statement("RememberSwept", REMEMBER_ACTIONS, ledger.table_arn),
                statement("FillQueue", QUEUE_ACTIONS, intake.queue.queue_arn),
                statement("CountDeadLetters", ("sqs:GetQueueAttributes",), intake.dead_letters.queue_arn),
                *key_statements(config, KEY_USE_ACTIONS),
                *(self._notices.statements() if self._notices else ()),
                *(self._decisions.statements() if self._decisions else ()),
                statement("OneAtATime", MACHINE_ACTIONS, self._machine_arn),
                statement("ShutIntakeToTakeBack", RULE_ACTIONS, intake.rule.rule_arn),
                statement("ReadMode", ("ssm:GetParameter",), mode.parameter_arn),
            ],
            timeout=Duration.seconds(STEP_TIMEOUT_SECONDS),
            environment=shared.as_environment() | sweep.as_environment(),
            log_level=lambda_log_level(config),
        )

    def _reading_of_hubs(self) -> Iterator[iam.PolicyStatement]:
        if CSPM in self._config.hubs:
            yield statement("Read", READ_ACTIONS, hub_arn(self))
        if V2 in self._config.hubs:
            yield statement("ReadV2", READ_ACTIONS, hub_v2_arn(self))

    def _machine(self) -> sfn.StateMachine:
        # AWS: log groups of this prefix share one resource policy; an account has ten at most.
        log = make_log_group(
            self,
            "Steps",
            self._config,
            RemovalPolicy.DESTROY,
            f"/aws/vendedlogs/states/{self._machine_name}",
        )
        return sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=self._machine_name,
            definition_body=sfn.DefinitionBody.from_chainable(self._definition()),
            role=self._machine_role().without_policy_updates(),
            timeout=LONGEST_SWEEP,
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ALL, include_execution_data=True),
        )

    def _definition(self) -> sfn.IChainable:
        """Take step after step, with a pause if a step asks for one, until a step reports the end.

        If a step is killed, Step Functions calls again, and says so: see `SweepFunction`. A step that fails
        otherwise says itself how far it came. If it raises SweepError, the sweep has failed for good.
        """
        step = tasks.LambdaInvoke(
            self,
            "Sweep",
            lambda_function=self.function,
            payload=sfn.TaskInput.from_object(
                {
                    "state": sfn.JsonPath.entire_payload,
                    "execution": sfn.JsonPath.string_at("$$.Execution.Id"),
                    "machine": sfn.JsonPath.string_at("$$.StateMachine.Id"),
                    "retries": sfn.JsonPath.number_at("$$.State.RetryCount"),
                }
            ),
            payload_response_only=True,
            retry_on_service_exceptions=False,
        )
        step.add_retry(errors=["SweepRequestError", "ProgressError", "SweepError"], max_attempts=0)
        step.add_retry(
            errors=["States.ALL"],
            interval=Duration.seconds(2),
            max_delay=Duration.seconds(60),
            max_attempts=STEP_TRIES,
            jitter_strategy=sfn.JitterType.FULL,
        )
        pause = sfn.Wait(self, "Pause", time=sfn.WaitTime.seconds_path("$.progress.wait"))
        pause.next(step)
        over = sfn.Condition.not_(sfn.Condition.string_equals("$.progress.status", "more"))
        return step.next(
            sfn.Choice(self, "More?")
            .when(over, sfn.Succeed(self, "Over"))
            .when(sfn.Condition.number_greater_than("$.progress.wait", 0), pause)
            .otherwise(step)
        )

    def _machine_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "MachineRole",
            description="Takes the steps of a sweep",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            inline_policies={
                "sweep": iam.PolicyDocument(
                    statements=[
                        statement("Step", ("lambda:InvokeFunction",), self.function.function_arn),
                        statement("WriteLog", LOG_DELIVERY_ACTIONS, "*"),
                        statement("Trace", (*TRACE_ACTIONS, *TRACE_READING_ACTIONS), "*"),
                    ]
                )
            },
        )
        accept_all_resources(
            role,
            "Neither the actions by which Step Functions delivers logs, nor those for sending "
            "traces, can be limited to a resource.",
        )
        return role

    def _schedule(self) -> None:
        hour, minute = self._config.sweep_time.split(":")
        scheduler.Schedule(
            self,
            "Daily",
            description="Ends exceptions whose time is over, on findings that their provider never updates",
            schedule=scheduler.ScheduleExpression.cron(
                minute=str(int(minute)), hour=str(int(hour)), time_zone=TimeZone.of(self._config.time_zone)
            ),
            target=cast(
                "scheduler.IScheduleTarget",
                scheduler_targets.StepFunctionsStartExecution(
                    self.machine,
                    input=scheduler.ScheduleTargetInput.from_object(
                        {"request": {"reason": "schedule", "settle": True}}
                    ),
                ),
            ),
        )

    def _deployed_function(self, mode: ModeParameter, ledger: LedgerConstruct) -> Function:
        return Function(
            self,
            "Deployed",
            self._config,
            self._package,
            handler="lambdas.sweep.deployed.handler",
            description="Makes the mode switch, and starts a sweep after a deployment that changed the "
            "rule set",
            role_name="DeployedRole",
            role_description="Makes the mode switch, and starts a sweep after a deployment",
            policy_name="sweep",
            statements=[
                statement("StartSweep", ("states:StartExecution",), self.machine.state_machine_arn),
                statement("MakeSwitch", SWITCH_ACTIONS, mode.parameter_arn),
                *(self._decisions.statements() if self._decisions else ()),
                *(
                    [statement("MakeAction", ACTION_ACTIONS, hub_arn(self))]
                    if self._config.hand_back_action
                    else []
                ),
                *self._reading_of_held(ledger),
            ],
            timeout=Duration.minutes(5 if self._config.never else 1),
            environment=DeployedConfig(
                self.machine.state_machine_arn,
                self._decisions.bus.event_bus_name if self._decisions else "",
            ).as_environment(),
            log_name="DeployedLog",
            log_removal=RemovalPolicy.DESTROY,
            log_level=lambda_log_level(self._config),
        )

    def _reading_of_held(self, ledger: LedgerConstruct) -> tuple[iam.PolicyStatement, ...]:
        """Allow to look into the ledger, where fields are never set."""
        if not self._config.never:
            return ()
        scan = statement("LookForHeld", ("dynamodb:Scan",), ledger.table_arn)
        return (scan, *key_statements(self._config, KEY_READ_ACTIONS))

    def refuse_held_fields(self, triage: TriageConstruct, ledger: LedgerConstruct) -> None:
        """Let a deployment fail that forbids triage a field in which the ledger holds something.

        CloudFormation looks before it changes the role: what IAM denies could not be taken back any more.
        """
        if not self._config.never:
            return
        looked = CustomResource(
            self,
            "Never",
            resource_type=NEVER,
            service_token=self.deployed.function_arn,
            service_timeout=Duration.minutes(6),
            properties={"Table": ledger.table_name, "Fields": sorted(self._config.never)},
        )
        triage.function.execution_role.node.add_dependency(looked)

    def _clock_function(self, mode: ModeParameter) -> Function:
        """Make the function that starts a sweep when a rule begins or ends, and what calls it.

        The parameter is CloudFormation's. A deployment that sets it again has the clock look back for longer.
        """
        looked = ssm.StringParameter(
            self,
            "ClockTime",
            parameter_name=clock_parameter_name(self._config.stack_name),
            string_value=UNKNOWN,
            description="Until when the clock of the sweep has looked for rules that begin or end",
        )
        function = Function(
            self,
            "Clock",
            self._config,
            self._package,
            handler="lambdas.sweep.clock.handler",
            description="Starts a sweep when the time of a rule begins or ends",
            role_name="ClockRole",
            role_description="Starts a sweep when the time of a rule begins or ends",
            policy_name="sweep",
            statements=[
                statement("StartSweep", ("states:StartExecution",), self.machine.state_machine_arn),
                statement("RememberTime", CLOCK_ACTIONS, looked.parameter_arn),
                statement("ReadMode", ("ssm:GetParameter",), mode.parameter_arn),
            ],
            timeout=Duration.seconds(60),
            environment=ClockConfig(
                machine=self.machine.state_machine_arn,
                parameter=looked.parameter_name,
                mode_parameter=mode.parameter_name,
                service=self._config.stack_name,
                namespace=METRICS_NAMESPACE,
            ).as_environment(),
            log_name="ClockLog",
            log_removal=RemovalPolicy.DESTROY,
            log_level=lambda_log_level(self._config),
        )
        events.Rule(
            self,
            "ClockTick",
            description="Looks whether the time of a rule has begun or ended",
            schedule=events.Schedule.rate(Duration.minutes(CLOCK_MINUTES)),
            targets=[cast("events.IRuleTarget", targets.LambdaFunction(cast("lambda_.IFunction", function)))],
        )
        return function

    def start_after_deploys(self, triage: TriageConstruct) -> None:
        """Start a sweep when a deployment has changed what rules decide, once the functions have it.

        Settings and defaults of a new version may change that, although the rule set has the same hash.
        """
        document = read_ruleset(self._package)
        routes = Routes(self._config.known_deliveries().routes) if self._config.decision_events else None
        settings = Settings(udf=self._config.udf, never=frozenset(self._config.never), routes=routes)
        decides = swept_rules(load_ruleset(document), settings, self._config.hubs)
        deployed = CustomResource(
            self,
            "AfterDeploy",
            resource_type="Custom::HubtriageSweep",
            service_token=self.deployed.function_arn,
            service_timeout=Duration.minutes(5),
            properties={"RulesetHash": document["hash"], "Decides": digest_of(decides)},
        )
        for needed in (triage, self.machine, self.function):
            deployed.node.add_dependency(needed)

    def alarms(self) -> Iterator[Alarm]:
        """Return the alarms on the sweep."""
        yield Alarm("sweep-failed", self.machine.metric_failed(period=Duration.minutes(5)), 0)
        yield Alarm(
            "sweep-missing",
            triage_metric(self._config, "SweepsBegun").with_(period=Duration.hours(1)),
            0,
            periods=MOST_SILENT_HOURS,
            silence=True,
        )
        yield Alarm("sweep-waiting", triage_metric(self._config, "SweepsWaiting"), 0)
        yield Alarm(
            "sweep-clock-failing",
            self.clock.metric_errors(period=Duration.minutes(5), statistic="Sum"),
            0,
            periods=3,
        )
        if self._notices:
            yield Alarm("notices-failing", triage_metric(self._config, "NoticesFailed"), 0)
        yield Alarm("sweep-limit-reached", triage_metric(self._config, "SweepFindingsWithheld"), 0)
        yield Alarm(
            "sweep-unfinished",
            triage_metric(self._config, "SweepsDone").with_(period=Duration.hours(1)),
            0,
            periods=MOST_HOURS_WITHOUT_END,
            silence=True,
        )
