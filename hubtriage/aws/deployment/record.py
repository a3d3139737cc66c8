"""The record that a stack keeps of the rules that are deployed: one parameter of Systems Manager.

CloudFormation sets it, and sets it back when it rolls a deployment back.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError

from hubtriage.aws.deployment.identity import IdentityError, RulesIdentity
from hubtriage.aws.deployment.objections import Deployed, NoIdentity
from hubtriage.aws.switch.mode import parameter_name

ACTIONS = ("ssm:GetParameter",)
"""What reading it takes, on the record and on the mode."""


class Parameters(Protocol):
    """boto3's client of Systems Manager, as far as it is used here."""

    def get_parameter(self, **request: Any) -> Mapping[str, Any]:
        """Read a parameter."""


def record_name(stack: str) -> str:
    """Return the name of the parameter that holds the record of a stack."""
    return f"/hubtriage/{stack}/rules"


def read_record(parameters: Parameters, stack: str) -> Deployed:
    """Return what is deployed in a stack. Raises botocore's errors.

    A stack of an earlier version has a mode and no record. A deployment that has only begun to make a stack
    has neither.
    """
    record = _value(parameters, record_name(stack))
    if record is None:
        mode = _value(parameters, parameter_name(stack))
        return NoIdentity.NOTHING if mode is None else NoIdentity.UNKNOWN
    try:
        return RulesIdentity.from_record(record)
    except IdentityError:  # of a later version
        return NoIdentity.UNKNOWN


def _value(parameters: Parameters, name: str) -> str | None:
    """Return what a parameter holds; None if there is none of this name. Raises botocore's errors."""
    try:
        return str(parameters.get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return None
