"""Templates are synthesized once for each test process: it takes seconds."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from infra_samples import RULESET

# jsii warns on standard error about the age of the Node that runs it, when it is imported.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from app import FUNCTIONS
from infra.bundle import build_package
from infra.config import Configuration
from infra.stack import TriageStack

ROOT = Path(__file__).resolve().parents[2]
Synthesize = Callable[..., tuple[Path, Mapping[str, Any]]]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The package of each function, for arm64."""
    return {name: build_package(tmp_path_factory.mktemp(name), name, RULESET, "arm64") for name in FUNCTIONS}


@pytest.fixture(scope="session")
def package(packages: Mapping[str, Path]) -> Path:
    """A package of the triage function for arm64."""
    return packages["triage"]


@pytest.fixture(scope="session")
def synthesize(packages: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """A function: settings → (folder of the cloud assembly, template); cdk-nag checks every one of them."""

    def synthesized(**settings: Any) -> tuple[Path, Mapping[str, Any]]:
        config = Configuration(**settings)
        context = json.loads((ROOT / "cdk.json").read_text())["context"]
        app = cdk.App(context=context, outdir=str(tmp_path_factory.mktemp("assembly")))
        TriageStack(app, config, packages)
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks())
        folder = Path(app.synth().directory)
        return folder, json.loads((folder / f"{config.stack_name}.template.json").read_text())

    return synthesized


@pytest.fixture(scope="session")
def assembly(synthesize: Synthesize) -> tuple[Path, Mapping[str, Any]]:
    return synthesize()


@pytest.fixture(scope="session")
def template(assembly: tuple[Path, Mapping[str, Any]]) -> Mapping[str, Any]:
    return assembly[1]
