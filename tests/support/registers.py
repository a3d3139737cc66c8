"""Registers of exceptions as the command makes them, for what shows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.exceptions.approvals import Commit, RuleHistory, RulesHistory
from hubtriage.simulation.exceptions.holdings import HiddenFindings
from hubtriage.simulation.exceptions.register import register, selected
from hubtriage.simulation.exceptions.source import FindingsSource
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.problems import Problems

DAY = datetime(2026, 12, 1, tzinfo=UTC)
NOW = DAY.timestamp()
HOSTILE = (
    "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>"
    "<!-- \u2028 \u2029 \u202e \x1b[2J ]]> &lt;b&gt; ${window.broken = 3} a"
)
HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}}


def rule(name: str, days: int | None = None, **more: Any) -> dict[str, Any]:
    """A compiled rule that hides, and ends in so many days; None: it does not end."""
    ends = {} if days is None else {"ends": (DAY + timedelta(days=days)).timestamp()}
    until = {} if days is None else {"expires": f"{DAY + timedelta(days=days - 1):%Y-%m-%d}"}
    return {"id": name, "match": {"Region": ["eu-west-1"]}, "update": HIDE, **ends, **until, **more}


RULES = [
    rule("sandbox", 395, owner="platform", ticket="SEC-1042", description="Accounts <b>without</b> data."),
    rule("vpn", 12, owner="network", ticket="https://tickets.example.com/SEC-7", reason="Replaced soon."),
    rule("bucket", 62, owner="web"),
    rule("pentest", -3, owner="security"),
    rule("forever"),
    rule("hostile", 200, description=HOSTILE, owner=HOSTILE, ticket="javascript:window.broken=4"),
]


def finding(number: int, status: str = "SUPPRESSED", **more: Any) -> dict[str, Any]:
    """A finding of a rule's Region."""
    return {
        "Id": f"arn:aws:securityhub:eu-west-1:111122223333:finding/{number}",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/config",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "RecordState": "ACTIVE",
        "Workflow": {"Status": status},
        "Severity": {"Label": "LOW"},
        **more,
    }


def by(name: str, *, person: bool = False) -> Entry:
    """The entry of a finding that a rule hides, or on which a person overruled it."""
    return Entry(claims={"Workflow.Status": Claim("SUPPRESSED", name, person=person)}, version=1)


ITEMS = [
    *(ExportedFinding(finding(number), by("sandbox")) for number in range(7)),
    ExportedFinding(finding(7, "NEW"), by("sandbox", person=True)),
    ExportedFinding(finding(8, "RESOLVED", Compliance={"Status": "PASSED"}), Entry()),
    ExportedFinding(finding(9, Id=HOSTILE, AwsAccountId=HOSTILE, ProductArn=HOSTILE), Entry()),
    ExportedFinding(finding(10, Id="another"), Entry()),
    ExportedFinding(finding(11), by("lifted")),
    ExportedFinding(finding(12, AwsAccountId=HOSTILE, ProductName=HOSTILE), by("hostile")),
]


def history() -> RulesHistory:
    """What git says of two of the rules."""
    first, last = (
        Commit("a" * 40, "Ana", "2026-02-03"),
        Commit("b" * 40, "Ben", "2026-11-28", ("Cleo <c@x>",)),
    )
    hostile = Commit("c" * 40, HOSTILE, "2026-11-28", (HOSTILE,))
    return RulesHistory(
        {
            "sandbox": RuleHistory(first, last, (last,)),
            "hostile": RuleHistory(hostile, hostile),
        }
    )


def record(
    rules: list[dict[str, Any]] | None = None,
    items: list[ExportedFinding] | None = None,
    problems: Problems | None = None,
    *,
    without_findings: bool = False,
    accounts: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A register, as `hubtriage exceptions --json` prints it; `more` are members in place of its own."""
    document = {"format": 1, "hash": "0123456789abcdef", "rules": rules or RULES, "accounts": accounts or {}}
    ruleset = load_ruleset(document)
    holdings = HiddenFindings()
    for item in ITEMS if items is None else items:
        holdings.add(item, ruleset, NOW, Settings())
    made = register(ruleset, history(), None if without_findings else holdings, NOW)
    source = FindingsSource("Security Hub", problems or Problems())
    return {**selected(made, None, None), "source": None if without_findings else source.as_record(), **more}
