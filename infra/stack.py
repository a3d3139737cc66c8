"""The stacks: everything that triages the findings of one hub, in one Region, for each of the Regions."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from hubtriage.authoring.event_pattern import event_pattern
from hubtriage.settings.configuration import Configuration
from infra.alarms import Watch
from infra.breaker import Breaker
from infra.bundle import read_ruleset
from infra.functions import TriageFunction
from infra.intake import Intake
from infra.mode_parameter import ModeSwitch
from infra.queries import Queries
from infra.sweep import Sweep


def triage_stacks(
    scope: Construct, config: Configuration, packages: Mapping[str, Path]
) -> tuple["TriageStack", ...]:
    """Make a stack for each place of the configuration, all with the same name in CloudFormation.

    CDK knows several of them as `NAME-REGION`. `packages`: by function, folders that `build_package` filled.
    """
    several = len(config.places) > 1
    return tuple(
        TriageStack(
            scope,
            f"{config.stack_name}-{place}" if several else config.stack_name,
            config.at(place),
            packages,
        )
        for place in config.places
    )


class TriageStack(cdk.Stack):
    """Intake, triage, sweep, watch and breaker of one hub; `config` has one place."""

    def __init__(
        self, scope: Construct, name: str, config: Configuration, packages: Mapping[str, Path]
    ) -> None:
        super().__init__(
            scope,
            name,
            stack_name=config.stack_name,
            env=cdk.Environment(account=config.account, region=config.region),
            description="Triages AWS Security Hub findings by rules that are kept in git",
        )
        cdk.Tags.of(self).add("application", "hubtriage")
        for tag in config.tags:
            key, _, value = tag.partition("=")
            cdk.Tags.of(self).add(key, value)
        if config.permission_boundary:
            bound = iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", config.permission_boundary)
            iam.PermissionsBoundary.of(self).apply(bound)
        rules = read_ruleset(packages["triage"])["rules"]
        intake = Intake(self, "Intake", config, event_pattern(rules))
        switch = ModeSwitch(self, "Mode", config)
        triage = TriageFunction(
            self,
            "Triage",
            config,
            packages["triage"],
            intake.queue,
            rules,
            switch,
        )
        watch = Watch(self, "Watch", config, intake, triage.function)
        Queries(self, "Queries", config, cast("logs.ILogGroup", triage.log_group))
        sweep = Sweep(self, "Sweep", config, packages["sweep"], intake, switch)
        triage.batches.node.add_dependency(switch.made_by(sweep.deployed))
        sweep.start_after_deploys(triage)
        intake.refuse_other_senders(sweep.role)
        for trouble in sweep.troubles():
            watch.alarm(trouble)
        breaker = Breaker(self, "Breaker", config, packages["breaker"], switch, watch)
        for name, value in {
            "FunctionName": triage.function.function_name,
            "LogGroupName": triage.log_group.log_group_name,
            "QueueUrl": intake.queue.queue_url,
            "DeadLetterQueueUrl": intake.dead_letters.queue_url,
            "DeadLetterQueueArn": intake.dead_letters.queue_arn,
            "UndeliveredQueueUrl": intake.undelivered.queue_url,
            "RedriveRoleArn": intake.redrive_role.role_arn,
            "IntakeRuleName": intake.rule.rule_name,
            "SweepArn": sweep.machine.state_machine_arn,
            "SweepLogGroupName": sweep.log_group.log_group_name,
            "ModeParameterName": switch.parameter_name,
            "BreakerAlarmName": breaker.alarm.alarm_name,
            "AlarmTopicArn": watch.topic.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)
