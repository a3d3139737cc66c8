"""Check whether findings come in at all."""

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict


def look(account: Account) -> Verdict | None:
    """Read the EventBridge rule, and the mapping that gives batches to the function."""
    if account.deployed is None:
        return None
    rule = account.deployed.output("IntakeRuleName")
    if account.client("events").describe_rule(Name=rule)["State"] != "ENABLED":
        seen = "the EventBridge rule is disabled: no new finding is triaged"
        return Verdict("problem", seen, "hubtriage sweep --reopen opens what --take-back has shut")
    function = account.deployed.output("FunctionName")
    mappings = account.client("lambda").list_event_source_mappings(FunctionName=function)
    states = [mapping["State"] for mapping in mappings["EventSourceMappings"]]
    if states != ["Enabled"]:
        state = ", ".join(states) or "missing"
        return Verdict(
            "problem", f"the function's event source mapping is {state}", "enable it, or deploy again"
        )
    return Verdict("ok", "the EventBridge rule and the function's queue are enabled")
