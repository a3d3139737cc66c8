"""Match findings with awsfindingsmanagerlib, by rules of the kinds that it knows; in an environment of its
own.

    python findings_manager.py FINDINGS.jsonl COUNT

Prints JSON: CPU seconds for one finding, the same for json.loads, and matches of one round.
"""

import json
import logging
import sys
import time
from pathlib import Path

import awsfindingsmanagerlib.awsfindingsmanagerlib as library

ROUNDS = 3


def rules(findings: list[dict], count: int) -> list:
    """Controls with a tag or a resource, products with a title: what its `match_on` can say."""
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
    return made


def main() -> None:
    """Run from the command line."""
    texts = Path(sys.argv[1]).read_text().splitlines()
    findings = [json.loads(text) for text in texts]
    known = rules(findings, int(sys.argv[2]))
    logger = logging.getLogger("benchmark")

    def matches() -> int:
        made = [library.Finding(finding) for finding in findings]
        return sum(len(library.FindingsManager._get_matching_findings(rule, made, logger)) for rule in known)

    spent, parsing = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        found = matches()
        spent.append(time.process_time() - started)
        started = time.process_time()
        for text in texts:
            json.loads(text)
        parsing.append(time.process_time() - started)
    print(
        json.dumps(
            {"seconds": min(spent) / len(texts), "parsing": min(parsing) / len(texts), "matches": found}
        )
    )


if __name__ == "__main__":
    main()
