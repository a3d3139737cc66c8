"""One stack: everything that triages the findings of one hub, in one Region."""

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from infra.config import Configuration
from infra.functions import TriageFunction
from infra.intake import Intake
from infra.watch import Watch


class TriageStack(cdk.Stack):
    """Intake, triage and watch of one hub; `package` is the folder that `build_package` filled."""

    def __init__(self, scope: Construct, config: Configuration, package: Path) -> None:
        super().__init__(
            scope,
            config.stack_name,
            env=cdk.Environment(account=config.account, region=config.region),
            description="Triages AWS Security Hub findings by rules that are kept in git",
        )
        cdk.Tags.of(self).add("application", "hubtriage")
        intake = Intake(self, "Intake", config)
        triage = TriageFunction(self, "Triage", config, package, intake.queue)
        watch = Watch(self, "Watch", config, intake, triage.function)
        for name, value in {
            "FunctionName": triage.function.function_name,
            "LogGroupName": triage.log_group.log_group_name,
            "QueueUrl": intake.queue.queue_url,
            "DeadLetterQueueUrl": intake.dead_letters.queue_url,
            "DeadLetterQueueArn": intake.dead_letters.queue_arn,
            "UndeliveredQueueUrl": intake.undelivered.queue_url,
            "RedriveRoleArn": intake.redrive_role.role_arn,
            "AlarmTopicArn": watch.topic.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)
