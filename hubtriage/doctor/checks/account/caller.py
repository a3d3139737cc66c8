"""Check which commands the caller may run."""

from collections.abc import Mapping

from hubtriage.aws.deliveries.outputs import channel_functions, queue_functions
from hubtriage.doctor.account import Account, Deployed
from hubtriage.doctor.checks.runtime.bus import putting
from hubtriage.doctor.iam_simulator import denied, principal_of
from hubtriage.doctor.verdict import Verdict

Wanted = Mapping[str, tuple[str, ...]]


def look(account: Account) -> Verdict:
    """Ask what the caller may do. A missing permission is no fault: a reader needs no more."""
    principal = principal_of(account)
    commands = needed(account)
    if principal is None:
        return Verdict("ok", f"all commands: {account.identity.arn} is the account's root")
    missing = {name: denied(account, principal, wanted) for name, wanted in commands.items()}
    missing = {name: found for name, found in missing.items() if found}
    data = {"missing": {name: [str(each) for each in found] for name, found in missing.items()}}
    if not missing:
        return Verdict("ok", f"all commands: {', '.join(commands)}", data=data)
    details = tuple(f"{name}: {each}" for name, found in missing.items() for each in found)
    seen = f"{len(commands) - len(missing)} of {len(commands)} commands; not {', '.join(missing)}"
    return Verdict("ok", seen, "add the missing permissions if you want to run them", details, data)


def needed(account: Account) -> dict[str, Wanted]:
    """Return the actions that each command needs, by resource; a stack's only if there is one."""
    who, hub = account.identity, account.identity.hub()
    roles = (
        f"arn:{who.partition}:iam::{who.account}:role/cdk-hnb659fds-deploy-role-{who.account}-{who.region}"
    )
    product = f"arn:{who.partition}:securityhub:{who.region}:{who.account}:product/{who.account}/default"
    always: dict[str, Wanted] = {
        "cdk deploy": {roles: ("sts:AssumeRole",)},
        "backtest --live": {hub: ("securityhub:GetFindings",)},
        "doctor --probe-udf": {
            product: ("securityhub:BatchImportFindings",),
            hub: ("securityhub:BatchUpdateFindings", "securityhub:GetFindings"),
        },
    }
    return always | (_of_stack(account, account.deployed) if account.deployed else {})


def _of_stack(account: Account, deployed: Deployed) -> dict[str, Wanted]:
    who = account.identity
    place = f"{who.region}:{who.account}"
    mode = f"arn:{who.partition}:ssm:{place}:parameter{deployed.output('ModeParameterName')}"
    log = f"arn:{who.partition}:logs:{place}:log-group:{deployed.output('LogGroupName')}:*"
    machine = deployed.output("SweepArn")
    executions = f"{machine.replace(':stateMachine:', ':execution:')}:*"
    table = f"arn:{who.partition}:dynamodb:{place}:table/{account.ledger_table}"
    function = f"arn:{who.partition}:lambda:{place}:function:{deployed.output('FunctionName')}"
    breaker = f"arn:{who.partition}:cloudwatch:{place}:alarm:{deployed.output('BreakerAlarmName')}"
    record = f"{mode.removesuffix('/mode')}/rules"
    follow = {
        machine: ("states:ListExecutions",),
        executions: ("states:DescribeExecution", "states:GetExecutionHistory"),
    }
    return {
        "deploy": {
            function: ("lambda:GetFunction",),
            record: ("ssm:GetParameter",),
            table: ("dynamodb:Scan",),
            **follow,
        },
        "logs": {log: ("logs:FilterLogEvents",)},
        "why": {
            log: ("logs:FilterLogEvents",),
            who.hub(): ("securityhub:GetFindings", "securityhub:GetFindingHistory"),
            table: ("dynamodb:BatchGetItem", "dynamodb:Scan"),
            function: ("lambda:GetFunctionConfiguration",),
        },
        "mode": {
            mode: ("ssm:GetParameter", "ssm:PutParameter"),
            breaker: ("cloudwatch:DescribeAlarms",),
            machine: ("states:StartExecution",),
            **putting(account, deployed),
        },
        "sweep": {
            **follow,
            machine: ("states:StartExecution", "states:ListExecutions"),
        },
        "redrive": {deployed.output("RedriveRoleArn"): ("sts:AssumeRole",)},
        **_of_deliveries(account, deployed),
    }


def _of_deliveries(account: Account, deployed: Deployed) -> dict[str, Wanted]:
    """Return what commands about channels and tickets need, by those that the stack has."""
    who, outputs = account.identity, deployed.outputs
    channels, queues = channel_functions(outputs), queue_functions(outputs)
    invoked: Mapping[str, Wanted] = {
        "notify test": dict.fromkeys(channels.values(), ("lambda:InvokeFunction",)),
        "tickets check": dict.fromkeys(queues.values(), ("lambda:InvokeFunction",)),
    }
    found = {name: wanted for name, wanted in invoked.items() if wanted}
    if queues:
        table = deployed.output("TicketsTableName")
        arn = f"arn:{who.partition}:dynamodb:{who.region}:{who.account}:table/{table}"
        found["tickets retry"] = {arn: ("dynamodb:Scan", "dynamodb:UpdateItem")}
        found["tickets propose"] = {arn: ("dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem")}
    if channels or queues:
        found["redrive --deliveries"] = {deployed.output("DeliveryRedriveRoleArn"): ("sts:AssumeRole",)}
    return found
