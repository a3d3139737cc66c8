"""Events that EventBridge cannot put into their queue: they go to the target's own dead-letter queue.

AWS: a target that is gone or refuses is not tried again; the event goes to the dead-letter queue at once,
and is lost where there is none. ministack asks no queue whether it refuses.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Target = Mapping[str, Any]


def with_dead_letters(bus: Any, sqs: Any, evaluator: Any) -> Callable[..., None]:
    """Return EventBridge's delivery to one target, given ministack's modules of these names.

    Only what a queue's policy denies counts as refused: with IAM not enforced nothing else would be.
    """
    deliver = bus._invoke_target

    @lru_cache(maxsize=256)
    def denies(policy: str, queue: str, rule: str) -> bool:
        context = evaluator.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="sqs:SendMessage",
            resource_arn=queue,
            region=queue.split(":")[3],
            source_ip="",
            secure_transport=True,
            service_context={"aws:sourcearn": rule, "aws:sourceaccount": queue.split(":")[4]},
        )
        answer = evaluator.evaluate_resource_policy(policy, context, service="events.amazonaws.com")
        return bool(answer.decision == "Deny")

    def refuses(queue: str, rule: str) -> bool:
        found = sqs._queue_by_arn(queue)
        return found is None or denies(found["attributes"].get("Policy") or "{}", queue, rule)

    def invoke(target: Target, event: Any, rule: Mapping[str, Any], view: Any = None) -> None:
        arn, instead = str(target.get("Arn")), (target.get("DeadLetterConfig") or {}).get("Arn")
        if arn.split(":")[2:3] == ["sqs"] and refuses(arn, _plain(str(rule.get("Arn")))):
            if not instead:
                return
            deliver({**target, "Arn": instead}, event, rule, view)
            _say_why(sqs._queue_by_arn(instead), arn, str(rule.get("Arn")))
            return
        deliver(target, event, rule, view)

    return invoke


def _say_why(queue: dict[str, Any] | None, target: str, rule: str) -> None:
    """Give the last message the attributes by which AWS says where it was to go."""
    if queue and queue["messages"]:
        said = {"TARGET_ARN": target, "RULE_ARN": _plain(rule), "ERROR_CODE": "NO_PERMISSIONS"}
        queue["messages"][-1]["message_attributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in said.items()
        }


def _plain(rule: str) -> str:
    """Return a rule's ARN without the bus. AWS: a rule of the default bus has none."""
    return rule.replace(":rule/default/", ":rule/")
