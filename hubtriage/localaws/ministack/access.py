"""IAM with `AUTH=true`: Security Hub's actions, resource and condition keys, and what AWS does besides."""

import contextlib
import json
from typing import Any

from hubtriage.localaws.ministack.condition_keys import condition_keys
from hubtriage.localaws.ministack.internals import module
from hubtriage.localaws.securityhub.v2.hub import hub_v2_arn

_ACTIONS = {
    "securityhub:BatchUpdateFindingsV2": "securityhub:BatchUpdateFindings",
    "securityhub:GetFindingsV2": "securityhub:GetFindings",
}
"""AWS: these operations of V2 have the action of their operation in CSPM."""
_PATHS_V2 = ("/automationrulesv2", "/findingsv2", "/hubv2", "/productsV2")


def authorize() -> None:
    """Make ministack evaluate policies for Security Hub too, and for requests that it does not know."""
    _authorize_security_hub()
    _authorize_requests_of_sqs()
    _authorize_event_source_mappings()
    _know_roles_by_their_arn()


def _authorize_security_hub() -> None:
    """Make `AUTH=true` evaluate policies for Security Hub: action by path, the hub as the resource.

    Which fields an update sets, and to what, are condition keys.
    """
    iam = module("core.iam_actions")
    iam.SERVICE_TO_IAM_NAMESPACE["securityhub"] = "securityhub"
    iam._BOTOCORE_SERVICE_MAP["securityhub"] = ["securityhub"]
    original, action_of = iam.extract_resource_arn, iam.extract_iam_action

    def extract_iam_action(service: str, *args: Any) -> str | None:
        action: str | None = action_of(service, *args)
        return _ACTIONS.get(action, action) if action else action

    def extract_resource_arn(service: str, *args: Any) -> Any:
        if service == "events":  # AWS: a rule of the default bus has an ARN without the bus
            return original(service, *args).replace(":rule/default/", ":rule/")
        if service != "securityhub":
            return original(service, *args)
        return _resource(*args)

    tag_keys = iam.request_tag_context

    def request_keys(service: str, action: str, body: bytes, *args: Any) -> dict[str, Any]:
        if service != "securityhub":
            keys: dict[str, Any] = tag_keys(service, action, body, *args)
            return keys
        return condition_keys(action, body)

    iam.extract_iam_action = extract_iam_action
    iam.extract_resource_arn = extract_resource_arn
    iam.request_tag_context = request_keys


def _resource(
    _method: str, path: str, _headers: object, body: bytes, _query: object, region: str, account: str
) -> str:
    """Return the resource. AWS: of an import it is the product, of all else here the hub, or the V2 hub."""
    if path.rstrip("/") == "/findings/import":
        with contextlib.suppress(ValueError, LookupError, TypeError):
            return str(json.loads(body)["Findings"][0]["ProductArn"])
    if path.startswith(_PATHS_V2):
        return hub_v2_arn(account, region)
    return f"arn:aws:securityhub:{region}:{account}:hub/default"


def _authorize_requests_of_sqs() -> None:
    """Judge batches as AWS does: sending ten messages needs the permission to send one.

    The resource of a move task is its source.
    """
    iam = module("core.iam_actions")
    action_of, resource_of = iam.extract_iam_action, iam.extract_resource_arn

    def extract_iam_action(service: str, *args: Any) -> str | None:
        action: str | None = action_of(service, *args)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, *args: Any
    ) -> Any:
        source = _member(body, "SourceArn") if service == "sqs" else None
        return source or resource_of(service, method, path, headers, body, *args)

    iam.extract_iam_action = extract_iam_action
    iam.extract_resource_arn = extract_resource_arn


def _authorize_event_source_mappings() -> None:
    """Judge a call on one event source mapping of Lambda by its own action, instead of not at all."""
    iam = module("core.iam_actions")
    action_of = iam.extract_iam_action
    verbs = {"GET": "Get", "PUT": "Update", "DELETE": "Delete"}

    def extract_iam_action(service: str, method: str, path: str, *args: Any) -> str | None:
        collection, _, mapping = path.rstrip("/").rpartition("/")
        if service == "lambda" and collection.endswith("/event-source-mappings") and mapping:
            return f"lambda:{verbs[method]}EventSourceMapping" if method in verbs else None
        action: str | None = action_of(service, method, path, *args)
        return action

    iam.extract_iam_action = extract_iam_action


def _member(body: bytes, name: str) -> str | None:
    """Return a member of a request in JSON; None where there is none."""
    try:
        value = json.loads(body)[name]
    except (ValueError, LookupError, TypeError):
        return None
    return str(value)


def _know_roles_by_their_arn() -> None:
    """Set aws:PrincipalArn of a role's session to the ARN of the role, as AWS does."""
    evaluator = module("core.iam_evaluator")
    resolve = evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        value = resolve(key, context)
        if key.lower() == "aws:principalarn" and ":assumed-role/" in str(value):
            account, _, session = value.removeprefix("arn:aws:sts::").partition(":assumed-role/")
            return f"arn:aws:iam::{account}:role/{session.rpartition('/')[0]}"
        return value

    evaluator._resolve_condition_key = resolve_condition_key
