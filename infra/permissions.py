"""Write the statements that several roles share."""

from aws_cdk import Acknowledgment, Arn, ArnComponents, Stack, Token, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACE_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


def hub_arn(scope: Construct) -> str:
    """Return the ARN of the hub. AWS: findings are no IAM resource, so this is the narrowest there is."""
    components = ArnComponents(service="securityhub", resource="hub", resource_name="default")
    return Arn.format(components, Stack.of(scope))


def hub_v2_arn(scope: Construct) -> str:
    """Return what matches the ARN of the hub of V2. AWS: it ends with an id, and a Region has one."""
    components = ArnComponents(service="securityhub", resource="hubv2", resource_name="*")
    return Arn.format(components, Stack.of(scope))


def accept_hub_v2(role: iam.Role) -> None:
    """Explain why a role may use any hub of V2 of its account and Region."""
    place = Stack.of(role)
    region = "<AWS::Region>" if Token.is_unresolved(place.region) else place.region
    account = "<AWS::AccountId>" if Token.is_unresolved(place.account) else place.account
    arn = f"arn:<AWS::Partition>:securityhub:{region}:{account}:hubv2/*"
    reason = "AWS chooses the id of the hub of V2, and an account has one in a Region."
    Validations.of(role).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-IAM5[Resource::{arn}]", reason=reason)
    )


def statement(sid: str, actions: tuple[str, ...], resource: str) -> iam.PolicyStatement:
    """Allow actions on one resource."""
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=[resource])


def accept_tracing(role: iam.Role) -> None:
    """Explain why a role that sends traces has a `*` among its resources."""
    accept_all_resources(
        role, "AWS X-Ray has no resources that the actions for sending traces could be limited to."
    )


def accept_all_resources(role: iam.Role, reason: str) -> None:
    """Acknowledge that a role has a `*` among its resources."""
    Validations.of(role).acknowledge(
        Acknowledgment(id="AwsSolutions::AwsSolutions-IAM5[Resource::*]", reason=reason)
    )
