"""Make the function to which people hand findings back, and the Custom Action that does so in the console."""

from pathlib import Path

from aws_cdk import Arn, ArnComponents, CustomResource, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from hubtriage.aws.hand_back.action import ACTION_TYPE
from hubtriage.aws.hand_back.function import HandBackConfig
from hubtriage.settings.configuration import Configuration

from .encryption import KEY_USE_ACTIONS, key_statements
from .function import Function, lambda_log_level
from .intake import IntakeConstruct
from .permissions import statement


class HandBackConstruct(Construct):
    """The function that people may call. It knows who they are, and sends orders to the queue."""

    def __init__(
        self, scope: Construct, name: str, config: Configuration, package: Path, intake: IntakeConstruct
    ) -> None:
        super().__init__(scope, name)
        self.function = Function(
            self,
            "Function",
            config,
            package,
            handler="lambdas.hand_back.handler.handler",
            description="Hands findings back to triage for people who call it",
            role_description="Puts into the queue what people hand back",
            policy_name="hand-back",
            statements=[
                statement("Send", ("sqs:SendMessage",), intake.queue.queue_arn),
                *key_statements(config, KEY_USE_ACTIONS),
            ],
            timeout=Duration.seconds(60),
            environment=HandBackConfig(intake.queue.queue_url, config.stack_name).as_environment(),
            memory_mb=256,
            log_level=lambda_log_level(config),
        )


def action_arn(scope: Construct, action: str) -> str:
    """Return the ARN of a Custom Action by its id."""
    components = ArnComponents(service="securityhub", resource="action/custom", resource_name=action)
    return Arn.format(components, Stack.of(scope))


def make_action(scope: Construct, action: str, function: lambda_.Function) -> CustomResource:
    """Let a function make the Custom Action of this id, and remove it with the stack.

    AWS: CloudFormation has no resource for it.
    """
    return CustomResource(
        scope,
        "HandBackAction",
        resource_type=ACTION_TYPE,
        service_token=function.function_arn,
        service_timeout=Duration.minutes(5),
        properties={"Id": action, "Arn": action_arn(scope, action)},
    )
