"""The app with a context and a folder to write to: as CDK's command line starts it, and in this process."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from hubtriage.authoring.loader import load_rules
from hubtriage.settings.configuration import configuration_of
from hubtriage.settings.project_file import find_project
from tests.support.paths import ROOT

GOOD = """\
rules:
  - id: sample-findings
    match: {Sample: [true]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
MISSPELT = GOOD.replace("SUPPRESSED", "SUPRESSED").replace("update:", "terminl: true\n    update:")
Run = Callable[..., tuple[int, str]]


def _process(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the app as CDK's command line does, with the folder's rules."""
    environment = os.environ | {
        "CDK_OUTDIR": str(folder / "out"),
        "CDK_CONTEXT_JSON": json.dumps({"hubtriage:rules": str(folder / "rules")}),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def _rules(folder: Path, text: str) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "sample.yaml").write_text(text)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function: rules, settings → the app's exit code, and what it says on standard error.

    It runs in this process: starting CDK takes several times as long.
    """

    import aws_cdk as cdk

    from infra import app

    def in_process(text: str, **settings: Any) -> tuple[int, str]:
        folder = Path(mkdtemp(dir=tmp_path))
        _rules(folder, text)
        context = {"rules": str(folder / "rules"), **settings}
        whole = app.project_context() | {f"hubtriage:{name}": value for name, value in context.items()}
        made = cdk.App(context=whole, outdir=str(folder / "out"), builtin_cloud_formation_validation=False)
        return app.run(made), capsys.readouterr().err

    return in_process


def test_it_writes_the_rules_into_the_package_of_each_function(tmp_path):
    from infra.app import FUNCTIONS

    _rules(tmp_path, GOOD)
    done = _process(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    texts = [(package / "ruleset.json").read_text() for package in (tmp_path / "out").glob("asset.*")]
    assert len(texts) == len(FUNCTIONS), "all functions have the same rules"
    assert len(set(texts)) == 1
    ruleset = json.loads(texts[0])
    assert [rule["id"] for rule in ruleset["rules"]] == ["sample-findings"]
    assert len(ruleset["hash"]) == 16
    assert (tmp_path / "out" / "hubtriage.template.json").exists()


def test_bad_rules_end_it_with_all_messages_of_lint_and_without_a_template(tmp_path):
    _rules(tmp_path, MISSPELT)
    done = _process(tmp_path)
    errors = load_rules(tmp_path / "rules").errors
    assert {error.name for error in errors} == {"unknown-key", "unknown-value"}
    assert done.stderr == "\n".join(error.render() for error in errors) + "\n"
    assert done.returncode == 1
    assert not (tmp_path / "out" / "hubtriage.template.json").exists()


def test_rules_that_are_all_off_are_deployed_once_the_setting_that_the_hint_names_says_so(run):
    off = GOOD.replace("    match", '    mode: "off"\n    match')
    code, said = run(off)
    assert (code, "E403" in said) == (1, True)
    name, value = re.search(r"-c hubtriage:([a-z-]+)=([a-z]+)", said).groups()
    assert run(off, **{name: value}) == (0, "")


def test_a_deployment_takes_the_rules_of_its_tags(run, tmp_path):
    tagged = GOOD.replace("    match", "    tags: [shared]\n    match")
    other = tagged.replace("rules:\n", "").replace("sample-findings", "another").replace("shared", "lab")
    code, said = run(tagged + other, **{"only-rules-tagged": "shared"})
    assert (code, said) == (0, "")
    texts = {package.read_text() for package in tmp_path.glob("*/out/asset.*/ruleset.json")}
    assert [[rule["id"] for rule in json.loads(text)["rules"]] for text in texts] == [["sample-findings"]]
    code, said = run(tagged + other, **{"without-rules-tagged": "labb"})
    assert code == 1
    assert "without-rules-tagged: no rule has the tag 'labb'\n  hint: did you mean `lab`?" in said


NOTIFYING = GOOD.replace("    update", "    notify: chat\n    update")
CHAT = {"chat": {"kind": "slack", "secret": "hubtriage/slack"}}
ROUTE = {"team": {"by": "owner", "to": {"payments": "chat"}, "otherwise": "none"}}


def test_rules_that_name_what_the_settings_lack_are_not_synthesized(run):
    code, said = run(NOTIFYING)
    assert code == 1
    assert "sample.yaml:4:13: E308 there is no channel 'chat'" in said


def test_the_packages_have_the_routes_of_the_settings(run, tmp_path):
    settings = {"decision-events": "true", "channels": CHAT, "routes": ROUTE}
    assert run(NOTIFYING, **settings) == (0, "")
    texts = [one.read_text() for one in tmp_path.glob("*/out/asset.*/deliveries.json")]
    assert texts
    assert {json.loads(text)["routes"]["team"]["to"]["payments"] for text in texts} == {"chat"}


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
def test_a_bad_setting_ends_it_with_a_message(run, context, message):
    code, said = run(GOOD, **context)
    assert code == 1
    assert message in said
    assert "Traceback" not in said


def test_settings_of_the_file_count_unless_the_context_has_them(tmp_path, monkeypatch):
    (tmp_path / "hubtriage.toml").write_text(
        'stack-name = "from-file"\nlog-level = "DEBUG"\nrules = "ours"\n'
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    context = {"hubtriage:stack-name": "from-context", "@aws-cdk/core:flag": True}
    config = configuration_of(find_project(Path.cwd()), context)
    assert (config.stack_name, config.log_level) == ("from-context", "DEBUG")
    assert config.rules == tmp_path / "ours"
