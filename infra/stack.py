"""Make the stacks: in each Region, everything that triages the findings of one hub."""

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from hubtriage.aws.deployment.identity import RulesIdentity
from hubtriage.settings.configuration import Configuration

from .alarms import AlarmsConstruct, triage_alarms
from .breaker import BreakerConstruct
from .bundle import read_ruleset
from .dashboard import Dashboard
from .decision_events import DecisionEventsConstruct
from .deliveries import make_deliveries
from .deployment_guard import DeploymentGuardConstruct
from .hand_back import HandBackConstruct, action_arn, make_action
from .intake import IntakeConstruct
from .ledger import LedgerConstruct
from .ledger_guard import LedgerGuardConstruct
from .links import Links
from .mode_parameter import ModeParameter
from .notices import NoticesConstruct
from .queries import Queries
from .sweep import SweepConstruct
from .triage import TriageConstruct


def triage_stacks(
    scope: Construct,
    config: Configuration,
    packages: Mapping[str, Path],
    identity: RulesIdentity,
    *,
    replace: bool = False,
) -> tuple["TriageStack", ...]:
    """Make a stack for each place of the configuration, all with the same name in CloudFormation.

    CDK names several of them `NAME-REGION`. `packages` holds a folder of `build_package` for each function.
    With `replace` the rules may replace whatever is deployed.
    """
    several = len(config.places) > 1
    return tuple(
        TriageStack(
            scope,
            f"{config.stack_name}-{place}" if several else config.stack_name,
            config.at(place),
            packages,
            identity,
            replace=replace,
        )
        for place in config.places
    )


class TriageStack(cdk.Stack):
    """All that triages the findings of one hub; `config` has one place."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        packages: Mapping[str, Path],
        identity: RulesIdentity,
        *,
        replace: bool,
    ) -> None:
        super().__init__(
            scope,
            name,
            stack_name=config.stack_name,
            env=cdk.Environment(account=config.account, region=config.region),
            description=f"Triages AWS Security Hub findings by {identity.text()}",
        )
        cdk.Tags.of(self).add("application", "hubtriage")
        for tag in config.tags:
            key, _, value = tag.partition("=")
            cdk.Tags.of(self).add(key, value)
        if config.permission_boundary:
            bound = iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", config.permission_boundary)
            iam.PermissionsBoundary.of(self).apply(bound)
        rules = read_ruleset(packages["triage"])["rules"]
        intake = IntakeConstruct(self, "Intake", config)
        if config.hand_back_action:
            intake.let_in_action(action_arn(self, config.hand_back_action))
        mode = ModeParameter(self, "Mode", config)
        deployment = DeploymentGuardConstruct(
            self, "Deployment", config, packages["breaker"], mode, identity, replace=replace
        )
        ledger = LedgerConstruct(self, "Ledger", config)
        decisions = DecisionEventsConstruct(self, "Decisions", config) if config.decision_events else None
        triage = TriageConstruct(
            self, "Triage", config, packages["triage"], intake.queue, rules, mode, ledger, decisions
        )
        links = Links(self, "Links", config)
        alarms = AlarmsConstruct(self, "Watch", config, links)
        deliveries = make_deliveries(self, config, packages, decisions, alarms)
        Queries(self, "Queries", config, triage.function.log_group)
        notices = NoticesConstruct(self, "Notices", config, alarms.key) if config.notice_days else None
        sweep = SweepConstruct(
            self, "Sweep", config, packages["sweep"], intake, mode, ledger, notices, decisions
        )
        if deliveries:
            deliveries.go_before(triage.function, sweep.function)
        triage.batches.node.add_dependency(mode.made_by(sweep.deployed))
        sweep.start_after_deploys(triage)
        sweep.refuse_held_fields(triage, ledger)
        hand_back = HandBackConstruct(self, "HandBack", config, packages["hand_back"], intake)
        if config.hand_back_action:
            make_action(self, config.hand_back_action, sweep.deployed)
        intake.refuse_other_senders(sweep.function.execution_role, hand_back.function.execution_role)
        guard = LedgerGuardConstruct(self, "LedgerGuard", config, packages["breaker"], ledger, triage.batches)
        of_triage = triage_alarms(config, intake, triage.function)
        of_events = decisions.alarms() if decisions else ()
        of_deliveries = deliveries.alarms() if deliveries else ()
        of_work = (*of_triage, *ledger.alarms(), *guard.alarms(), *sweep.alarms())
        for alarm in (*of_work, *of_events, *of_deliveries):
            alarms.add(alarm)
        breaker = BreakerConstruct(
            self, "Breaker", config, packages["breaker"], mode, alarms, links, decisions
        )
        Dashboard(
            alarms,  # where it has always been: moved elsewhere, it would be deleted after it was made anew
            "Dashboard",
            config,
            links,
            intake,
            triage.function,
            ledger.table_name,
            alarms.made,
            {
                "Log of decisions": links.log(triage.function.log_group.log_group_name),
                "Log of sweeps": links.log(sweep.function.log_group.log_group_name),
                "Sweeps": links.executions(sweep.machine.state_machine_arn),
            },
        )
        for name, value in {
            "FunctionName": triage.function.function_name,
            "LogGroupName": triage.function.log_group.log_group_name,
            "LedgerTableName": ledger.table_name,
            "QueueUrl": intake.queue.queue_url,
            "DeadLetterQueueUrl": intake.dead_letters.queue_url,
            "DeadLetterQueueArn": intake.dead_letters.queue_arn,
            "UndeliveredQueueUrl": intake.undelivered.queue_url,
            "RedriveRoleArn": intake.redrive_role.role_arn,
            "IntakeRuleName": intake.rule.rule_name,
            "HandBackFunctionArn": hand_back.function.function_arn,
            "SweepArn": sweep.machine.state_machine_arn,
            "SweepLogGroupName": sweep.function.log_group.log_group_name,
            "ModeParameterName": mode.parameter_name,
            "BreakerAlarmName": breaker.alarm.alarm_name,
            "AlarmTopicArn": alarms.topic.topic_arn,
            "TomorrowTopicArn": alarms.tomorrow.topic_arn,
            **({"EventBusName": decisions.bus.event_bus_name} if decisions else {}),
            **(deliveries.outputs() if deliveries else {}),
            **({"NoticesTopicArn": notices.topic.topic_arn} if notices else {}),
        }.items():
            cdk.CfnOutput(self, name, value=value)
        deployment.outputs()
        deployment.goes_before(self)
