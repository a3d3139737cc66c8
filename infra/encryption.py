"""Use the customer's own key, for accounts that may not use the keys of the services.

Neither the key nor its policy is ours: docs/deploying.md says what the policy has to allow.
"""

from typing import Any, cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.settings.configuration import Configuration

KEY_USE_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
"""AWS: senders to an encrypted queue or topic need both, receivers only to decrypt."""
KEY_READ_ACTIONS = ("kms:Decrypt",)


def customer_key(scope: Construct, config: Configuration) -> kms.IKey | None:
    """Return the key that the deployer chose, made once per stack; None: the services' own keys encrypt."""
    if config.kms_key is None:
        return None
    stack = Stack.of(scope)
    known = cast("kms.IKey | None", stack.node.try_find_child("CustomerKey"))
    return known or kms.Key.from_key_arn(stack, "CustomerKey", config.kms_key)


def queue_encryption(scope: Construct, config: Configuration) -> dict[str, Any]:
    """Return the arguments of `sqs.Queue` that encrypt a queue."""
    if key := customer_key(scope, config):
        return {"encryption": sqs.QueueEncryption.KMS, "encryption_master_key": key}
    return {"encryption": sqs.QueueEncryption.SQS_MANAGED}


def key_statements(config: Configuration, actions: tuple[str, ...]) -> tuple[iam.PolicyStatement, ...]:
    """Allow a role to use the customer's key, if there is one."""
    if config.kms_key is None:
        return ()
    return (iam.PolicyStatement(sid="UseKey", actions=list(actions), resources=[config.kms_key]),)
