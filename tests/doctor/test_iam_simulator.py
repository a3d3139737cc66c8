"""What doctor makes of IAM's simulator, and whose policies count for a caller."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtriage.doctor.account import Account, Deployed, Identity
from hubtriage.doctor.checks.account import caller
from hubtriage.doctor.checks.runtime import function
from hubtriage.doctor.iam_simulator import denied, principal_of
from hubtriage.doctor.verdict import UncheckedError
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock

ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Admin"


class Iam:
    """IAM with one role, whose simulator gives the answer it is told to."""

    def __init__(self, **result: Any) -> None:
        self._result = result
        self.asked: list[dict[str, Any]] = []

    def simulate_principal_policy(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {
            "EvaluationResults": [
                {"EvalActionName": action, **self._result} for action in request["ActionNames"]
            ]
        }

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 - as AWS spells it
        assert ROLE.endswith(f"/{RoleName}")
        return {"Role": {"Arn": ROLE}}


def account(iam: Iam, arn: str = "arn:aws:iam::123456789012:root") -> Account:
    clock = ManualClock()
    made = Account(
        lambda _service, _region=None: iam,
        InProcessSecurityHub(Hub(), clock),
        clock,
        stack="hubtriage",
        rules=Path("rules"),
        most_findings=0,
    )
    made.__dict__["identity"] = Identity("123456789012", "eu-central-1", "aws", arn)
    made.__dict__["hubs"] = ("cspm",)
    return made


ORGANIZATION = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
BOUNDARY = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}


@pytest.mark.parametrize(
    ("result", "by"),
    [
        pytest.param({"EvalDecision": "implicitDeny"}, "no policy allows it", id="nothing allows it"),
        pytest.param({"EvalDecision": "explicitDeny"}, "a policy denies it", id="a policy denies it"),
        pytest.param(
            {"EvalDecision": "explicitDeny", **ORGANIZATION}, "service control policy", id="the organization"
        ),
        pytest.param({"EvalDecision": "implicitDeny", **BOUNDARY}, "permission boundary", id="the boundary"),
    ],
)
def test_what_is_denied_says_by_what(result: dict[str, Any], by: str) -> None:
    iam = Iam(**result)
    [found] = denied(account(iam), ROLE, {"arn:hub": ("securityhub:GetFindings",)})
    assert str(found).startswith("securityhub:GetFindings on arn:hub: ")
    assert by in found.by
    assert [(asked["PolicySourceArn"], asked["ResourceArns"]) for asked in iam.asked] == [(ROLE, ["arn:hub"])]


def test_what_is_allowed_is_not_told() -> None:
    iam = Iam(EvalDecision="allowed")
    assert denied(account(iam), ROLE, {"a": ("x:Y", "x:Z"), "b": ("x:Y",)}) == []
    assert len(iam.asked) == 2


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        pytest.param("arn:aws:iam::123456789012:root", None, id="the root may do all"),
        pytest.param("arn:aws:iam::123456789012:user/ana", "arn:aws:iam::123456789012:user/ana", id="a user"),
        pytest.param(
            "arn:aws:sts::123456789012:assumed-role/Admin/ana", ROLE, id="a session: its role, with the path"
        ),
    ],
)
def test_whose_policies_count(arn: str, principal: str | None) -> None:
    assert principal_of(account(Iam(), arn)) == principal


def test_a_federated_user_cannot_be_simulated() -> None:
    with pytest.raises(UncheckedError, match="neither a user nor a role"):
        principal_of(account(Iam(), "arn:aws:sts::123456789012:federated-user/ana"))


QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/findings"
PLACE = "eu-central-1:123456789012"
REDRIVER = "arn:aws:iam::123456789012:role/redriver"
DEPLOYED = Deployed(
    "hubtriage",
    "CREATE_COMPLETE",
    {
        "FunctionName": "triage",
        "ModeParameterName": "/hubtriage/hubtriage/mode",
        "LogGroupName": "log",
        "SweepArn": f"arn:aws:states:{PLACE}:stateMachine:hubtriage-sweep",
        "BreakerAlarmName": "breaker",
        "RedriveRoleArn": REDRIVER,
        "QueueUrl": QUEUE,
        "LedgerTableName": "hubtriage-ledger",
    },
)
MODE = f"arn:aws:ssm:{PLACE}:parameter/hubtriage/hubtriage/mode"
MACHINE = f"arn:aws:states:{PLACE}:stateMachine:hubtriage-sweep"


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        pytest.param(
            "mode",
            {
                MODE: {"ssm:GetParameter", "ssm:PutParameter"},
                f"arn:aws:cloudwatch:{PLACE}:alarm:breaker": {"cloudwatch:DescribeAlarms"},
                MACHINE: {"states:StartExecution"},
            },
            id="mode also looks at the breaker and starts a sweep",
        ),
        pytest.param(
            "sweep",
            {
                MACHINE: {"states:StartExecution", "states:ListExecutions"},
                f"arn:aws:states:{PLACE}:execution:hubtriage-sweep:*": {
                    "states:DescribeExecution",
                    "states:GetExecutionHistory",
                },
            },
            id="sweep is followed",
        ),
        pytest.param(
            "why",
            {
                f"arn:aws:logs:{PLACE}:log-group:log:*": {"logs:FilterLogEvents"},
                f"arn:aws:securityhub:{PLACE}:hub/default": {
                    "securityhub:GetFindings",
                    "securityhub:GetFindingHistory",
                },
                f"arn:aws:dynamodb:{PLACE}:table/hubtriage-ledger": {
                    "dynamodb:BatchGetItem",
                    "dynamodb:Scan",
                },
                f"arn:aws:lambda:{PLACE}:function:triage": {"lambda:GetFunctionConfiguration"},
            },
            id="why reads log, history and ledger",
        ),
        pytest.param("redrive", {REDRIVER: {"sts:AssumeRole"}}, id="redrive is done by its role"),
    ],
)
def test_what_a_command_needs(command: str, wanted: dict[str, set[str]]) -> None:
    made = account(Iam())
    made.__dict__["deployed"] = DEPLOYED
    needed = caller.needed(made)[command]
    assert {resource: set(actions) for resource, actions in needed.items()} == wanted


def test_what_commands_about_channels_and_tickets_need_where_there_are_any() -> None:
    made = account(Iam())
    made.__dict__["deployed"] = DEPLOYED
    assert not {"notify test", "tickets retry", "redrive --deliveries"} & caller.needed(made).keys()
    outputs = {
        **DEPLOYED.outputs,
        "ChannelFunctionchat": "arn:chat",
        "QueueFunctioncloud": "arn:cloud",
        "TicketsTableName": "hubtriage-tickets",
        "DeliveryRedriveRoleArn": "arn:role",
    }
    made.__dict__["deployed"] = replace(DEPLOYED, outputs=outputs)
    needed = caller.needed(made)
    table = f"arn:aws:dynamodb:{PLACE}:table/hubtriage-tickets"
    assert needed["notify test"] == {"arn:chat": ("lambda:InvokeFunction",)}
    assert needed["tickets check"] == {"arn:cloud": ("lambda:InvokeFunction",)}
    assert needed["tickets retry"] == {table: ("dynamodb:Scan", "dynamodb:UpdateItem")}
    assert needed["redrive --deliveries"] == {"arn:role": ("sts:AssumeRole",)}


KEY = f"arn:aws:kms:{PLACE}:key/1234"


@pytest.mark.parametrize(
    ("attributes", "keys"),
    [
        pytest.param(
            {"Attributes": {"KmsMasterKeyId": KEY}}, {KEY: ("kms:Decrypt",)}, id="with a key of its own"
        ),
        pytest.param(
            {"Attributes": {"KmsMasterKeyId": "alias/aws/sqs"}}, {}, id="with the key of the service"
        ),
        pytest.param({}, {}, id="without a key"),
    ],
)
def test_the_function_has_to_decrypt_its_queue_and_to_reach_queue_ledger_and_hub(
    attributes: dict[str, Any], keys: dict[str, Any]
) -> None:
    class Queues(Iam):
        def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
            assert request == {"QueueUrl": QUEUE, "AttributeNames": ["KmsMasterKeyId"]}
            return attributes

    made = account(Queues())
    made.__dict__["deployed"] = DEPLOYED
    needed = function.needed(made, DEPLOYED)
    assert {arn: actions for arn, actions in needed.items() if ":kms:" in arn} == keys
    assert needed[f"arn:aws:sqs:{PLACE}:findings"] == (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
    )
    assert "dynamodb:BatchGetItem" in needed[f"arn:aws:dynamodb:{PLACE}:table/hubtriage-ledger"]
    hub = needed[f"arn:aws:securityhub:{PLACE}:hub/default"]
    assert set(hub) == {
        "securityhub:BatchUpdateFindings",
        "securityhub:GetFindingHistory",
        "securityhub:GetFindings",
    }
