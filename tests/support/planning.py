"""What the planning tests share: small rule sets, findings, and applying an update as the service would."""

from typing import Any

from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset

NOW = 1_790_000_000.0
PROVIDER = {"Severity": {"Label": "HIGH"}, "Types": ["TTPs/Discovery"]}


def ruleset(*rules: dict[str, Any], accounts: dict[str, Any] | None = None) -> Ruleset:
    """A rule set; a rule without a condition matches everything, one without id is called `rule`.

    Its rules may hide the HIGH finding below, unless they name another ceiling.
    """
    full = [{"id": "rule", "ceiling": "HIGH", **rule} for rule in rules]
    full = [rule if "match" in rule or "when" in rule else {"when": True, **rule} for rule in full]
    return load_ruleset({"format": 1, "hash": "0" * 16, "rules": full, "accounts": accounts or {}})


def finding(**members: Any) -> dict[str, Any]:
    """A finding as Security Hub sends it, with members laid over it; None removes one."""
    whole = {
        "Id": "f-1",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "AwsAccountId": "111122223333",
        "Severity": {"Label": "HIGH", "Normalized": 70},
        "Types": ["TTPs/Discovery"],
        "Workflow": {"Status": "NEW"},
        "VerificationState": "UNKNOWN",
        "RecordState": "ACTIVE",
        "FindingProviderFields": PROVIDER,
        **members,
    }
    return {name: value for name, value in whole.items() if value is not None}


def plan(found: dict[str, Any], *rules: dict[str, Any], now: float = NOW, **settings: Any) -> Decision:
    """Decide one finding by these rules."""
    return decide(found, ruleset(*rules), now, Settings(**settings))


def applied(found: dict[str, Any], decision: Decision, udf: str = "replace") -> dict[str, Any]:
    """The finding after the decision's update."""
    update = dict(decision.update or {})
    fields = update.pop("UserDefinedFields", None)
    result = {**found, **update}
    if fields is not None:
        result["UserDefinedFields"] = (
            {**found.get("UserDefinedFields", {}), **fields} if udf == "merge" else fields
        )
    return result


def after(found: dict[str, Any], *rules: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The finding once these rules have been applied to it."""
    return applied(found, plan(found, *rules, **options))


def sent(decision: Decision) -> dict[str, Any] | None:
    """The update without the memo's fields; None where nothing is sent."""
    if decision.update is None:
        return None
    fields = {k: v for k, v in decision.update["UserDefinedFields"].items() if not k.startswith("hubtriage/")}
    rest = {name: value for name, value in decision.update.items() if name != "UserDefinedFields"}
    return {**rest, "UserDefinedFields": fields} if fields else rest
