"""The app as CDK's command line starts it: a process with a context and a folder to write to."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import FUNCTIONS
from hubtriage.authoring.loader import load_rules
from tests.support.paths import ROOT

GOOD = """\
rules:
  - id: sample-findings
    match: {Sample: [true]}
    update: {Workflow: {Status: SUPPRESSED}}
"""
MISSPELT = GOOD.replace("SUPPRESSED", "SUPRESSED").replace("update:", "terminl: true\n    update:")


def _run(folder: Path, text: str, **context: str) -> subprocess.CompletedProcess[str]:
    (folder / "rules").mkdir()
    (folder / "rules" / "sample.yaml").write_text(text)
    context = {"rules": str(folder / "rules"), **context}
    environment = os.environ | {
        "CDK_OUTDIR": str(folder / "out"),
        "CDK_CONTEXT_JSON": json.dumps({f"hubtriage:{name}": value for name, value in context.items()}),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_it_writes_the_rules_into_the_package_of_each_function(tmp_path):
    done = _run(tmp_path, GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    texts = [(package / "ruleset.json").read_text() for package in (tmp_path / "out").glob("asset.*")]
    assert len(texts) == len(FUNCTIONS), "all functions have the same rules"
    assert len(set(texts)) == 1
    ruleset = json.loads(texts[0])
    assert [rule["id"] for rule in ruleset["rules"]] == ["sample-findings"]
    assert len(ruleset["hash"]) == 16
    assert (tmp_path / "out" / "hubtriage.template.json").exists()


def test_bad_rules_end_it_with_all_messages_of_lint_and_without_a_template(tmp_path):
    done = _run(tmp_path, MISSPELT)
    errors = load_rules(tmp_path / "rules").errors
    assert {error.name for error in errors} == {"unknown-key", "unknown-value"}
    assert done.stderr == "\n".join(error.render() for error in errors) + "\n"
    assert done.returncode == 1
    assert not (tmp_path / "out" / "hubtriage.template.json").exists()


def test_rules_that_are_all_off_are_deployed_once_the_setting_that_the_hint_names_says_so(tmp_path):
    off = GOOD.replace("    match", '    mode: "off"\n    match')
    (tmp_path / "refused").mkdir()
    refused = _run(tmp_path / "refused", off)
    assert (refused.returncode, "E403" in refused.stderr) == (1, True)
    name, value = re.search(r"-c hubtriage:([a-z-]+)=([a-z]+)", refused.stderr).groups()
    assert _run(tmp_path, off, **{name: value}).returncode == 0


@pytest.mark.parametrize(
    ("context", "message"),
    [
        pytest.param({"stackname": "x"}, "did you mean hubtriage:stack-name?", id="an unknown setting"),
        pytest.param({"rules": "no-such-folder"}, "no-such-folder", id="a folder that is not there"),
        pytest.param(
            {"home-region": "eu-central-1", "regions": "us-east-1"},
            "the findings of us-east-1 would be triaged twice",
            id="Regions whose findings would be triaged twice",
        ),
    ],
)
def test_a_bad_setting_ends_it_with_a_message(tmp_path, context, message):
    done = _run(tmp_path, GOOD, **context)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
