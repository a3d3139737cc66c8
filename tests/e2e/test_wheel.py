"""The wheel in an environment of its own: light for authors, and whole with its extras."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path

import pytest
import yaml
from uv import find_uv_bin

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.synth import FOR_THIS_MACHINE
from tests.support.paths import ROOT

pytestmark = pytest.mark.e2e

MOST_PACKAGES = 40
MOST_BYTES = 150_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def installed(folder: Path, what: str) -> Path:
    """Install the wheel, with the pinned versions of what it needs; the folder of its commands."""
    uv, place = find_uv_bin(), folder / "environment"
    versions = folder / "versions.txt"
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    versions.write_text("\n".join(line.rstrip(" \\") for line in lines if "==" in line[:60]))
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(place)],
        ["pip", "install", "--quiet", "--python", str(place), "--constraints", str(versions), what],
        ["pip", "check", "--quiet", "--python", str(place)],
    ):
        subprocess.run([uv, *command], check=True, capture_output=True)
    return place / "bin"


def run(commands: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `hubtriage` in a folder, with nothing of the checkout in the environment."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [commands / "hubtriage", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_authors_get_little_and_one_name_in_site_packages(wheel: Path, tmp_path: Path) -> None:
    commands = installed(tmp_path, str(wheel))
    (packages,) = commands.parent.glob("lib/python*/site-packages")
    metadata = list(packages.glob("*.dist-info"))
    assert len(metadata) <= MOST_PACKAGES
    assert sum(path.stat().st_size for path in packages.rglob("*") if path.is_file()) <= MOST_BYTES
    (ours,) = (each for each in metadata if each.name.startswith("hubtriage-"))
    files = Distribution.at(ours).files or []
    assert {file.parts[0] for file in files if ".." not in file.parts} == {"hubtriage", ours.name}

    rule = "{id: a, when: {regex: [{var: Title}, a+b]}, update: {VerificationState: BENIGN_POSITIVE}}"
    (tmp_path / "work" / "rules").mkdir(parents=True)
    (tmp_path / "work" / "rules" / "a.yaml").write_text(f"rules: [{rule}]\n")
    linted = run(commands, tmp_path / "work", "lint", "rules")
    assert linted.returncode == 0, linted.stdout + linted.stderr

    demo = run(commands, tmp_path / "empty", "demo")
    assert demo.returncode == 1
    assert "pip install 'hubtriage[deploy]'" in demo.stderr
    assert "Traceback" not in demo.stderr


def test_the_demo_runs_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    commands = installed(tmp_path, f"{wheel}[local]")
    done = run(commands, tmp_path / "empty", "demo", "--findings", "300", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["problems"] == []


def test_a_new_repository_of_rules_deploys_as_it_is(wheel: Path, tmp_path: Path) -> None:
    """What `npx cdk` does with it, down to the templates; the command line of CDK is that of the checkout."""
    commands = installed(tmp_path, f"{wheel}[deploy]")
    repository = tmp_path / "mine"
    begun = run(commands, tmp_path, "init", str(repository))
    assert begun.returncode == 0, begun.stderr
    (repository / "hubtriage.toml").write_text('rules = "rules"\nstack-name = "mine"\n')
    path = os.pathsep.join([str(commands), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]])
    done = subprocess.run(
        ["cdk", "synth", "--quiet"],
        cwd=repository,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    packaged = subprocess.run(
        [commands / "hubtriage", "package", "--out", "out"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert packaged.returncode == 0, packaged.stderr
    assert json.loads((repository / "out" / "manifest.json").read_text())["complete"] is True
    assert "aws cloudformation deploy --stack-name mine" in packaged.stdout
    assembly = repository / "cdk.out"
    assert (assembly / "mine.template.json").is_file()
    (ruleset, *_) = assembly.glob("asset.*/ruleset.json")
    assert [rule["id"] for rule in json.loads(ruleset.read_text())["rules"]] == ["sample-findings"]
    _add_to_an_app(commands, repository)
    installed_names = {
        path.name.partition("-")[0] for path in commands.parent.glob("lib/python*/site-packages/*.dist-info")
    }
    assert installed_names.isdisjoint({"pytest", "hypothesis", "ministack", "moto"}), (
        "a deployment tests nothing"
    )


def _add_to_an_app(commands: Path, repository: Path) -> None:
    """The example of the page, beside the repository of rules."""
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (repository.parent / "app.py").write_text(example.replace("triage-rules", repository.name))
    done = subprocess.run(
        [commands / "python", "app.py"],
        cwd=repository.parent,
        env={**os.environ, "CDK_OUTDIR": "own.out", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "cost-center" in (repository.parent / "own.out" / "mine.template.json").read_text()
    with LocalCloud(HubSettings.still()) as cloud:
        _deploy_with_one_command(commands, repository, cloud.environment)
        [stack] = cloud.client("cloudformation").describe_stacks(StackName="mine")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert (outputs["RulesCount"], outputs["RulesRepository"]) == ("1", "mine (no git remote)")


def _deploy_with_one_command(commands: Path, repository: Path, cloud: Mapping[str, str]) -> None:
    """Run what the workflow of a new repository runs to deploy. Its packages are for this machine."""
    path = os.pathsep.join([str(commands), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**kept, **cloud, "PATH": path, FOR_THIS_MACHINE: "1", "CDK_NOTICES": "false"}
    text = (repository / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["deploy"]["steps"]
    run_there = [step["run"] for step in steps if step.get("run", "").startswith(("npx", "hubtriage"))]
    for line in ("cdk bootstrap", *run_there):
        command = shlex.split(line.removeprefix("npx "))
        done = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
