"""Make log groups: encrypted by the customer's key if there is one, and kept for the chosen time."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from hubtriage.settings.configuration import Configuration

from .encryption import customer_key


def make_log_group(
    scope: Construct,
    name: str,
    config: Configuration,
    removal: RemovalPolicy,
    group_name: str | None = None,
) -> logs.LogGroup:
    """Make a log group; without `group_name` CloudFormation names it."""
    group = logs.LogGroup(
        scope,
        name,
        log_group_name=group_name,
        encryption_key=customer_key(scope, config),
        removal_policy=removal,
    )
    # CDK has a name for each retention; the property of CloudFormation takes the number of days itself.
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = config.log_retention_days
    return group
