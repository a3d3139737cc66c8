"""Match findings with awsfindingsmanagerlib, by rules of the kinds that it knows; in its own environment.

    python findings_manager.py FINDINGS.jsonl COUNT

Prints JSON: CPU seconds for one finding, the same for json.loads, and matches of one round.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROUNDS = 3


def version_1(findings: list[dict], count: int) -> Callable[[], int]:
    """Controls with a tag or a resource, products with a title: what `match_on` can say."""
    import awsfindingsmanagerlib.awsfindingsmanagerlib as library

    made = []
    for at in range(count):
        finding = findings[at % len(findings)]
        control = finding.get("Compliance", {}).get("SecurityControlId")
        if control and at % 3:
            on = {"security_control_id": control, "resource_id_regexps": [finding["Resources"][0]["Id"][:30]]}
        elif control:
            on = {"security_control_id": control, "tags": [{"key": "env", "value": "dev"}]}
        else:
            on = {"product_name": finding["ProductName"], "title": finding["Title"]}
        made.append(library.Rule(note="benchmark", action="SUPPRESSED", match_on=on))
    logger = logging.getLogger("benchmark")
    choose = library.FindingsManager._get_matching_findings

    def matches() -> int:
        wrapped = [library.Finding(finding) for finding in findings]
        return sum(len(choose(rule, wrapped, logger)) for rule in made)

    return matches


def version_2(findings: list[dict], count: int) -> Callable[[], int]:
    """The same in Security Hub's own filters."""
    import boto3
    from awsfindingsmanagerlib import Rule

    client = boto3.client("securityhub", region_name="eu-central-1")
    made = []
    for at in range(count):
        finding = findings[at % len(findings)]
        control = finding.get("Compliance", {}).get("SecurityControlId")
        if control:
            filters = {
                "ComplianceSecurityControlId": [{"Value": control, "Comparison": "EQUALS"}],
                "ResourceId": [{"Value": finding["Resources"][0]["Id"][:30], "Comparison": "PREFIX"}],
            }
        else:
            filters = {
                "ProductName": [{"Value": finding["ProductName"], "Comparison": "EQUALS"}],
                "Title": [{"Value": finding["Title"], "Comparison": "EQUALS"}],
            }
        update = {
            "Workflow": {"Status": "SUPPRESSED"},
            "Note": {"Text": "benchmark", "UpdatedBy": "benchmark"},
        }
        made.append(Rule(Filters=filters, UpdatesToFilteredFindings=update, client=client))
    return lambda: sum(rule.match(finding) for finding in findings for rule in made)


def main() -> None:
    """Run from the command line."""
    texts = Path(sys.argv[1]).read_text().splitlines()
    findings = [{"WorkflowState": "NEW", "Workflow": {"Status": "NEW"}, **json.loads(text)} for text in texts]
    prepare = version_1 if version("awsfindingsmanagerlib").startswith("1.") else version_2
    matches = prepare(findings, int(sys.argv[2]))
    spent, parsing = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        found = matches()
        spent.append(time.process_time() - started)
        started = time.process_time()
        for text in texts:
            json.loads(text)
        parsing.append(time.process_time() - started)
    seconds = {"seconds": min(spent) / len(texts), "parsing": min(parsing) / len(texts)}
    print(json.dumps({**seconds, "matches": found}))


if __name__ == "__main__":
    main()
