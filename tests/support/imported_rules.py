"""What the tests of importing share: rules through our own loader, and what they decide."""

import tempfile
from pathlib import Path
from typing import Any

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.interop.importers.assemble import Options, import_rules
from hubtriage.interop.importers.outcome import Imported
from hubtriage.interop.importers.render import render

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
LABELS = {"Severity": {"Label": "CRITICAL"}, "Types": ["TTPs/Discovery"]}


def imported(kind: str, source: str, name: str = "rules.yaml", **options: Any) -> Imported:
    """What an import of a text comes to; automation rules are meant for every Region unless it is said."""
    if kind == "automation-rules":
        options = {"regions": ("all",), **options}
    return import_rules(kind, name, source.encode("utf-8", "surrogatepass"), Options(**options))


def ruleset_of(found: Imported) -> Ruleset:
    """The rules as a file, read by our loader: it must have no errors."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "imported.yaml").write_text(render(found.rules, ["heading"]), encoding="utf-8")
        return load_ruleset(compile_ruleset(Path(folder), revision=None, allow_empty=True))


def finding(**members: Any) -> dict[str, Any]:
    """A control finding of the highest severity that nobody has touched; None removes a member."""
    whole = {
        "Id": "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/1",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "ProductName": "Security Hub",
        "CompanyName": "AWS",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "GeneratorId": "security-control/S3.8",
        "Title": "S3 buckets should block public access",
        "Description": "A bucket",
        "CreatedAt": "2026-09-01T00:00:00.000Z",
        "UpdatedAt": "2026-09-20T00:00:00.000Z",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::shop-dev", "Tags": {"env": "dev"}}],
        "Workflow": {"Status": "NEW"},
        "VerificationState": "UNKNOWN",
        "RecordState": "ACTIVE",
        **LABELS,
        "FindingProviderFields": LABELS,
        **members,
    }
    return {name: value for name, value in whole.items() if value is not None}


def decided(found: Imported | Ruleset, one: dict[str, Any], now: float = NOW) -> Decision:
    """What the rules decide about a finding."""
    ruleset = found if isinstance(found, Ruleset) else ruleset_of(found)
    decision = decide(one, NO_ENTRY, ruleset, now, Settings())
    assert not decision.errors
    return decision


def suppressed(found: Imported | Ruleset, one: dict[str, Any], now: float = NOW) -> bool:
    """Whether the rules suppress a finding that is not suppressed."""
    update = decided(found, one, now).update or {}
    return update.get("Workflow") == {"Status": "SUPPRESSED"}


def reasons(found: Imported) -> list[tuple[str, str]]:
    """(where, reason) of each refusal."""
    return [(refusal.where, refusal.reason) for refusal in found.refusals]
