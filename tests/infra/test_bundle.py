"""What is in the Lambda package, and what is not."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from hubtriage.engine.ruleset.delivery import Routes
from hubtriage.settings.configuration import Configuration
from hubtriage.settings.deliveries import RouteTable, deliveries_document
from infra.bundle import BundleError, build_package, dependencies
from tests.infra.samples import RULESET
from tests.support.paths import ROOT

OURS = {"hubtriage/__init__.py", "lambdas/__init__.py", "ruleset.json"}
OUR_FOLDERS = ("hubtriage/engine/", "hubtriage/aws/", "lambdas/triage/")
DEPENDENCIES = ("aws_lambda_powertools", "jmespath", "typing_extensions")


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in _files(folder)}


def test_it_holds_our_code_the_rules_and_the_pinned_dependencies_and_nothing_else(package):
    others = {name for name in _files(package) if name not in OURS and not name.startswith(OUR_FOLDERS)}
    assert {name for name in others if not name.startswith(DEPENDENCIES)} == set()
    assert _files(package) >= OURS


def test_it_holds_every_module_of_the_engine_and_the_adapters(package):
    sources = {
        path.relative_to(ROOT).as_posix() for folder in OUR_FOLDERS for path in (ROOT / folder).rglob("*.py")
    }
    assert sources == {name for name in _files(package) if name.startswith(OUR_FOLDERS)}


def test_it_holds_the_handler_that_the_function_names(package):
    from infra.triage import HANDLER

    module, _, _ = HANDLER.rpartition(".")
    assert f"{module.replace('.', '/')}.py" in _files(package)


def test_it_holds_no_compiled_code_so_that_one_package_fits_any_machine(package):
    assert {name for name in _files(package) if name.endswith((".pyc", ".so"))} == set()


def test_it_keeps_names_and_licences_of_the_dependencies(package):
    for metadata in package.glob("*.dist-info"):
        kept = {path.name.split(".")[0] for path in metadata.iterdir()}
        assert kept <= {"METADATA", "LICENSE", "licenses"}
        assert "METADATA" in kept


def test_its_rules_are_those_that_were_given(package):
    assert json.loads((package / "ruleset.json").read_text(encoding="utf-8")) == RULESET


def test_it_has_no_routes_if_nothing_is_delivered_and_those_of_the_settings_otherwise(package, tmp_path):
    assert not (package / "deliveries.json").exists()
    routes = {"team": RouteTable(by="owner", to={"payments": "desk"}, otherwise="cloud")}
    build_package(tmp_path, "triage", RULESET, "arm64", deliveries_document(routes, "hubtriage"))
    document = json.loads((tmp_path / "deliveries.json").read_bytes())
    assert Routes.of(document).resolve("team", "payments", {}) == "desk"
    assert document["stack"] == "hubtriage"


def test_the_same_sources_give_the_same_bytes_also_under_a_strict_umask(package, tmp_path):
    before = os.umask(0o077)
    try:
        again = build_package(tmp_path, "triage", RULESET, "arm64")
    finally:
        os.umask(before)
    assert _contents(again) == _contents(package)
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o004 for path in again.rglob("*"))


@pytest.mark.parametrize(
    ("architecture", "machine"),
    [pytest.param("arm64", "aarch64", id="arm64"), pytest.param("x86_64", "x86_64", id="x86_64")],
)
def test_re2_for_the_function_s_processor_is_added_when_a_rule_uses_regex(tmp_path, architecture, machine):
    build_package(tmp_path, "triage", {**RULESET, "regex": True}, architecture)
    libraries = [path.name for path in (tmp_path / "re2").glob("*.so")]
    assert len(libraries) == 1
    assert machine in libraries[0]


def test_a_dependency_that_cannot_be_had_is_an_error_that_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    dependencies.cache_clear()
    with pytest.raises(BundleError) as raised:
        build_package(tmp_path, "triage", RULESET, "arm64")
    assert "aws-lambda-powertools" in str(raised.value)
    assert "check that the package index can be reached" in str(raised.value)


def test_it_starts_with_nothing_beside_it_but_the_sdk_of_the_lambda_runtime(package, tmp_path):
    from infra.triage import triage_config

    installed = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six.py"):
        (tmp_path / name).symlink_to(installed / name)
    program = (
        f"import sys; sys.path += [{str(package)!r}, {str(tmp_path)!r}]\n"
        "from lambdas.triage.handler import handler\n"
        "print(callable(handler))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env={
            "AWS_DEFAULT_REGION": "eu-central-1",
            **triage_config(Configuration(), "table").as_environment(),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.parametrize("function", ["chat", "tickets"])
def test_what_delivers_decides_nothing_so_its_package_holds_no_rules(packages, function):
    assert not (packages[function] / "ruleset.json").exists()
    assert not (packages[function] / "deliveries.json").exists()


def test_routes_are_in_the_packages_of_what_decides_alone(tmp_path):
    routes = {"stack": "s", "routes": {}}
    for name in ("triage", "sweep", "breaker", "hand_back", "chat"):
        build_package(tmp_path / name, name, RULESET, "arm64", routes)
    found = {path.parent.name for path in tmp_path.glob("*/deliveries.json")}
    assert found == {"triage", "sweep"}


CHAT = {
    "CHANNEL": json.dumps({"name": "chat", "kind": "slack", "secret": "s", "daily-limit": 1, "about": []}),
}
TICKETS = {
    "QUEUE": json.dumps(
        {"name": "cloud", "kind": "jira", "url": "https://x.example", "secret": "s", "project": "P",
         "daily-limit": 1, "reopen": "always"}
    ),
    "TICKETS_SCOPE": "a:b:c",
}  # fmt: skip


@pytest.mark.parametrize(("function", "variables"), [("chat", CHAT), ("tickets", TICKETS)])
def test_what_delivers_starts_with_nothing_beside_it_but_the_sdk(packages, tmp_path, function, variables):
    installed = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six.py", "jmespath"):
        (tmp_path / name).symlink_to(installed / name)
    program = (
        f"import sys; sys.path += [{str(packages[function])!r}, {str(tmp_path)!r}]\n"
        f"from lambdas.{function}.handler import handler\n"
        "print(callable(handler))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env={"AWS_DEFAULT_REGION": "eu-central-1", "TICKETS_TABLE": "table", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
