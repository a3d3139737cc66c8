"""Synthesize the stacks, as `npx cdk` asks for it, or into the folder `CDK_OUTDIR`.

The wheel has this as `hubtriage.infra.app`: `python -m hubtriage.infra.app` is the app of a repository that
holds nothing but rules.
"""

import atexit
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.problems import RuleErrors
from hubtriage.settings.configuration import configuration_of
from hubtriage.settings.deliveries import deliveries_document
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.origin import rules_identity
from hubtriage.settings.project_file import find_project
from hubtriage.settings.replacing import replacing
from hubtriage.settings.selection import RuleSelection
from hubtriage.settings.targets import NoTargetError

from .bundle import BundleError, build_package
from .deliveries import delivering_functions
from .places import CONTEXT
from .stack import TriageStack, triage_stacks

# Those of every stack; `delivering_functions` has the others.
FUNCTIONS = ("triage", "sweep", "breaker", "hand_back")


def main() -> int:
    """Synthesize the app as CDK's command line asks for it, and return the process's exit code."""
    return run(cdk.App(context=project_context()))


def run(app: cdk.App) -> int:
    """Synthesize; on wrong settings or rules print what is wrong and return 1, without a target 2."""
    try:
        synthesize(app)
    except NoTargetError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (BundleError, ConfigurationError, RuleErrors) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def project_context() -> Mapping[str, Any]:
    """Read the context of cdk.json. Values that CDK's command line passes override these."""
    context: Mapping[str, Any] = json.loads(CONTEXT.read_text(encoding="utf-8"))["context"]
    return context


def synthesize(app: cdk.App) -> None:
    """Write the cloud assembly of the app."""
    with TemporaryDirectory(prefix="hubtriage-package-") as packages:
        _add_stacks(app, Path.cwd(), Path(packages))
        app.synth()


def add_stacks(app: cdk.App, folder: str | Path = ".") -> tuple[TriageStack, ...]:
    """Add the stacks of a repository of rules to a CDK app of your own, and return them: one for each Region.

    `folder` holds `hubtriage.toml`, or lies below it. What the functions are made of is kept until the
    process ends. Raises ConfigurationError, RuleErrors and BundleError, whose texts are for people.
    """
    packages = TemporaryDirectory(prefix="hubtriage-package-")
    atexit.register(packages.cleanup)
    return _add_stacks(app, Path(folder), Path(packages.name))


def _add_stacks(app: cdk.App, folder: Path, packages: Path) -> tuple[TriageStack, ...]:
    replace, context = replacing(app.node.get_all_context(), folder)
    config = configuration_of(find_project(folder), context)
    ruleset = compile_ruleset(
        config.rules,
        revision=git_revision(config.rules),
        allow_empty=config.allow_empty,
        never=config.never,
        select=RuleSelection.of(config).select,
        deliveries=config.known_deliveries(),
    )
    deliveries = deliveries_document(config.routes, config.stack_name) if config.decision_events else None
    built = {
        name: build_package(packages / name, name, ruleset, config.architecture, deliveries)
        for name in (*FUNCTIONS, *delivering_functions(config))
    }
    return triage_stacks(app, config, built, rules_identity(config.rules, ruleset), replace=replace)


if __name__ == "__main__":
    sys.exit(main())
