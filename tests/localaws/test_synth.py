"""An assembly for the local AWS: its functions run on this machine."""

import json
import subprocess
import sys
from pathlib import Path

from hubtriage.localaws.synth import synthesize

RULES = """\
rules:
  - id: temporary-buckets
    when: {regex: [{var: Title}, "^tmp-[0-9]+$"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import re2
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset

ruleset = load_ruleset(json.load(open(sys.argv[1] + "/ruleset.json")))
found = [decide({"Id": title, "ProductArn": "p", "Title": title}, NO_ENTRY, ruleset, 0.0, Settings())
         for title in ("tmp-7", "tmp-x")]
print(json.dumps([re2.__file__, [decision.rules for decision in found]]))
"""


def test_a_rule_with_a_regular_expression_runs_on_this_machine_s_own_python(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    assembly = synthesize(tmp_path / "rules", tmp_path / "cdk.out")
    (package,) = (path.parents[2] for path in assembly.glob("asset.*/lambdas/triage/handler.py"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROGRAM, str(package)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    library, matched = json.loads(done.stdout)
    assert Path(library).is_relative_to(package)
    assert matched == [["temporary-buckets"], []]
