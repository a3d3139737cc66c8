"""The mode parameter: people and the breaker set it, and no deployment sets it again."""

from aws_cdk import Arn, ArnComponents, CustomResource, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from hubtriage.aws.switch.mode import ALLOWED_PATTERN, parameter_name
from hubtriage.settings.configuration import Configuration


class ModeParameter(Construct):
    """A parameter of Systems Manager that a function makes: CloudFormation would overwrite its own one.

    `parameter_name` and `parameter_arn` are known before the function makes it.
    """

    def __init__(self, scope: Construct, name: str, config: Configuration) -> None:
        super().__init__(scope, name)
        self.parameter_name = parameter_name(config.stack_name)
        resource = self.parameter_name.removeprefix("/")
        self.parameter_arn = Arn.format(
            ArnComponents(service="ssm", resource="parameter", resource_name=resource), Stack.of(self)
        )
        self._initial_mode = config.initial_mode
        self._events_of = {"Stack": config.stack_name} if config.decision_events else {}

    def made_by(self, function: lambda_.Function) -> CustomResource:
        """Let a function make the parameter with the stack, and remove it with the stack."""
        return CustomResource(
            self,
            "Resource",
            resource_type="Custom::HubtriageMode",
            service_token=function.function_arn,
            service_timeout=Duration.minutes(5),
            properties={
                "Name": self.parameter_name,
                "InitialMode": self._initial_mode,
                "AllowedPattern": ALLOWED_PATTERN,
                **self._events_of,
            },
        )
