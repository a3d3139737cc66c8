"""One stack: everything that triages the findings of one hub, in one Region."""

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from hubtriage.authoring.derived import event_pattern
from infra.bundle import read_ruleset
from infra.config import Configuration
from infra.functions import TriageFunction
from infra.intake import Intake
from infra.sweep import Sweep
from infra.watch import Watch


class TriageStack(cdk.Stack):
    """Intake, triage, sweep and watch of one hub; the packages are folders that `build_package` filled."""

    def __init__(self, scope: Construct, config: Configuration, package: Path, sweep_package: Path) -> None:
        super().__init__(
            scope,
            config.stack_name,
            env=cdk.Environment(account=config.account, region=config.region),
            description="Triages AWS Security Hub findings by rules that are kept in git",
        )
        cdk.Tags.of(self).add("application", "hubtriage")
        rules = read_ruleset(package)["rules"]
        intake = Intake(self, "Intake", config, event_pattern(rules))
        triage = TriageFunction(self, "Triage", config, package, intake.queue, rules)
        watch = Watch(self, "Watch", config, intake, triage.function)
        sweep = Sweep(self, "Sweep", config, sweep_package, intake)
        sweep.start_after_deploys(triage)
        intake.refuse_other_senders(sweep.role)
        for trouble in sweep.troubles():
            watch.alarm(trouble)
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
            "AlarmTopicArn": watch.topic.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)
