"""Templates are synthesized once for each test process: it takes seconds.

Importing CDK starts Node. So tests import it where they use it: a process that runs none of them starts none.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra.samples import IDENTITY, RULESET

# jsii warns on standard error about the age of the Node that runs it, when it is imported.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

from hubtriage.settings.configuration import PREFIX, Configuration
from infra.bundle import DELIVERING, build_package
from tests.support.paths import ROOT

Packages = Callable[[Mapping[str, Any], str], Mapping[str, Path]]
TemplateOf = Callable[[Mapping[str, Any]], dict[str, Any]]
Synthesize = Callable[..., tuple[Path, Mapping[str, Any]]]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """A function: rule set, architecture → the package of each function; each is built once."""
    from infra.app import FUNCTIONS

    known: dict[str, Mapping[str, Path]] = {}

    def packages(ruleset: Mapping[str, Any], architecture: str) -> Mapping[str, Path]:
        key = f"{ruleset['hash']} {architecture}"
        if key not in known:
            known[key] = {
                name: build_package(tmp_path_factory.mktemp(name), name, ruleset, architecture)
                for name in (*FUNCTIONS, *DELIVERING)
            }
        return known[key]

    return packages


@pytest.fixture(scope="session")
def packages(built: Packages) -> Mapping[str, Path]:
    """The package of each function, for arm64."""
    return built(RULESET, "arm64")


@pytest.fixture(scope="session")
def package(packages: Mapping[str, Path]) -> Path:
    """A package of the triage function for arm64."""
    return packages["triage"]


@pytest.fixture(scope="session")
def packages_of_rules(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Packages with rules alone: CDK reads and copies every file of a package for each template."""
    from infra.app import FUNCTIONS

    made = {name: tmp_path_factory.mktemp(name) for name in (*FUNCTIONS, *DELIVERING)}
    for folder in made.values():
        (folder / "ruleset.json").write_text(json.dumps(RULESET))
    return made


@pytest.fixture(scope="session")
def template_of(packages_of_rules: Mapping[str, Path]) -> TemplateOf:
    """A function: settings as they are written → the template of the only stack."""
    import aws_cdk as cdk

    from infra.stack import triage_stacks

    def template(settings: Mapping[str, Any]) -> dict[str, Any]:
        config = Configuration.from_context({f"{PREFIX}{name}": value for name, value in settings.items()})
        app = cdk.App(builtin_cloud_formation_validation=False)
        triage_stacks(app, config, packages_of_rules, IDENTITY)
        made: dict[str, Any] = app.synth().get_stack_by_name(config.stack_name).template
        return made

    return template


def synthesized(config: Configuration, packages: Mapping[str, Path], folder: Path) -> Path:
    """Write the cloud assembly of a configuration; cdk-nag checks every one of them."""
    import aws_cdk as cdk
    from cdk_nag import AwsSolutionsChecks

    from infra.stack import triage_stacks

    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = cdk.App(context=context, outdir=str(folder))
    triage_stacks(app, config, packages, IDENTITY)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks())
    return Path(app.synth().directory)


@pytest.fixture(scope="session")
def synthesize(packages: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """A function: settings → (folder of the cloud assembly, template) of the only stack."""

    def template(**settings: Any) -> tuple[Path, Mapping[str, Any]]:
        config = Configuration(**settings)
        folder = synthesized(config, packages, tmp_path_factory.mktemp("assembly"))
        return folder, json.loads((folder / f"{config.stack_name}.template.json").read_text())

    return template


@pytest.fixture(scope="session")
def assembly(synthesize: Synthesize) -> tuple[Path, Mapping[str, Any]]:
    return synthesize()


@pytest.fixture(scope="session")
def template(assembly: tuple[Path, Mapping[str, Any]]) -> Mapping[str, Any]:
    return assembly[1]
