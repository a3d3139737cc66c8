"""PartiQL statements of DynamoDB: who may execute them, and which may go together.

AWS: the permission is that of the statement (`dynamodb:PartiQLInsert` and so on) on its table. A batch is
refused statement by statement, everything else as a whole. A batch may not both read and write.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.localaws.ministack.dynamodb.leading_keys import keys_of_statement
from hubtriage.localaws.ministack.dynamodb.parts import Json, Judge
from hubtriage.localaws.ministack.internals import module

_ACTIONS = {
    "SELECT": "dynamodb:PartiQLSelect",
    "EXISTS": "dynamodb:PartiQLSelect",
    "INSERT": "dynamodb:PartiQLInsert",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
}
_MIXED = "The batch may hold statements that read or statements that write, not both"


def authorize_statements() -> None:
    """Make `AUTH=true` judge each statement by its own action, on its own table."""
    iam = module("core.iam_actions")
    action_of, checks_of = iam.extract_iam_action, iam.dynamodb_transaction_checks

    def extract_iam_action(service: str, *args: Any) -> str | None:
        action: str | None = action_of(service, *args)
        return None if action == "dynamodb:BatchExecuteStatement" else action

    def dynamodb_transaction_checks(
        action: str, body: bytes, region: str, account: str
    ) -> list[tuple[str, str]]:
        if action in ("dynamodb:ExecuteStatement", "dynamodb:ExecuteTransaction"):
            return [check for each in _statements(body) if (check := _check(each, region, account))]
        checks: list[tuple[str, str]] = checks_of(action, body, region, account)
        return checks

    iam.extract_iam_action = extract_iam_action
    iam.dynamodb_transaction_checks = dynamodb_transaction_checks


def judge_of(access_key: str) -> Judge:
    """Return what says whether a caller may execute a statement."""
    responses = module("core.responses")
    region, account = responses.get_region(), responses.get_account_id()

    def judge(statement: Mapping[str, Any]) -> Json | None:
        check = _check(statement, region, account)
        if check is None:
            return None  # the service itself refuses it
        action, table = check
        keys = keys_of_statement(_parsed(statement))
        context = {"dynamodb:EnclosingOperation": ["BatchExecuteStatement"], **keys}
        denied = module("core.iam_evaluator").enforce(
            access_key, action, "dynamodb", region, resource_arn=table, service_context=context
        )
        if not denied:
            return None
        message = f"User is not authorized to perform: {action} on resource: {table}"
        return {"Code": "AccessDenied", "Message": message}

    return judge


def flaw_of_batch(request: Mapping[str, Any]) -> str | None:
    """Return why a batch as a whole is refused, besides what ministack itself refuses."""
    kinds = {_parsed(each).get("op") == "SELECT" for each in request.get("Statements") or () if _parsed(each)}
    return _MIXED if len(kinds) > 1 else None


def _statements(body: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return
    if "Statement" in request:
        yield request
    yield from request.get("TransactStatements") or ()


def _check(statement: Mapping[str, Any], region: str, account: str) -> tuple[str, str] | None:
    """Return (action, table's ARN) of a statement; None where it cannot be parsed."""
    parsed = _parsed(statement)
    if parsed.get("op") not in _ACTIONS:
        return None
    return _ACTIONS[parsed["op"]], f"arn:aws:dynamodb:{region}:{account}:table/{parsed['table']}"


def _parsed(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        parsed: Mapping[str, Any] = module("services.dynamodb")._parse_partiql(
            statement.get("Statement", ""), statement.get("Parameters", [])
        )
    except ValueError:
        return {}
    return parsed
