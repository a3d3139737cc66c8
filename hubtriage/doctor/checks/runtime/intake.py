"""Check whether findings come in at all."""

from botocore.exceptions import ClientError

from hubtriage.aws.switch.ledger_guard import mark_name
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict


def look(account: Account) -> Verdict | None:
    """Read the EventBridge rule, and the mapping that gives batches to the function."""
    if account.deployed is None:
        return None
    rule = account.deployed.output("IntakeRuleName")
    if account.client("events").describe_rule(Name=rule)["State"] != "ENABLED":
        seen = "the EventBridge rule is disabled: no new finding is triaged"
        return Verdict("problem", seen, "hubtriage sweep --reopen opens the intake that --take-back closed")
    function = account.deployed.output("FunctionName")
    mappings = account.client("lambda").list_event_source_mappings(FunctionName=function)
    states = [mapping["State"] for mapping in mappings["EventSourceMappings"]]
    if states == ["Disabled"] and _is_paused(account, mappings["EventSourceMappings"][0]["UUID"]):
        seen = "paused because the ledger did not answer: no finding is triaged"
        advice = "see docs/operating.md, IntakePaused; it resumes by itself within 5 minutes of an answer"
        return Verdict("problem", seen, advice)
    if states != ["Enabled"]:
        state = ", ".join(states) or "missing"
        return Verdict(
            "problem", f"the function's event source mapping is {state}", "enable it, or deploy again"
        )
    return Verdict("ok", "the EventBridge rule and the function's queue are enabled")


def _is_paused(account: Account, mapping: str) -> bool:
    """Say whether the guard of the ledger has paused this mapping."""
    name = account.stack if account.config is None else account.config.service
    try:
        mark = account.client("ssm").get_parameter(Name=mark_name(name))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return False
    return bool(mark["Parameter"]["Value"] == mapping)
