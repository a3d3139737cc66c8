"""`hubtriage package`: plain CloudFormation templates and zips, for who does not run CDK."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.cli.failure import UNUSABLE, fail, fail_on
from hubtriage.cli.inputs.rules import demand_folder, rule_errors_shown, selected
from hubtriage.cli.locations import Location
from hubtriage.cli.options import rules_option
from hubtriage.cli.project import project
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted, quoted
from hubtriage.localaws.synth import SynthesisError, run_app
from hubtriage.packaging.folder import ForeignFilesError, demand_own, write_package
from hubtriage.packaging.instructions import README, instructions, readme
from hubtriage.packaging.package import Package, make_package, manifest_of
from hubtriage.packaging.template import PackagingError
from hubtriage.settings.cdk_json import cdk_context
from hubtriage.settings.configuration import PREFIX, Configuration, configuration_of
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import VARIABLE, ProjectFile
from hubtriage.settings.replacing import KEY, replacing


@click.command(name="package")
@target_option
@rules_option
@click.option(
    "--out",
    "output",
    required=True,
    metavar="FOLDER",
    type=Location(path_type=Path, file_okay=False),
    help="Folder to write: a new or empty one, or one with a former package, which is replaced.",
)
@click.option("--replace", is_flag=True, help="Let the rules replace whatever rules are deployed, this time.")
def command(folder: Path, output: Path, replace: bool) -> None:
    """Write the stack as plain CloudFormation, to deploy without CDK.

    The folder gets a template for each stack, the zips of the functions, and a README.md. The commands that
    upload and deploy them are printed. The same sources, rules and settings give the same bytes.

    Exit codes: 0; 1 the rules have errors (nothing is written); 2 wrong usage or settings, or the stack
    cannot be built.
    """
    found = project()
    config, context = _settings(found, folder)
    demand_folder(folder)
    with rule_errors_shown():
        ruleset = compile_ruleset(
            folder,
            revision=git_revision(folder),
            allow_empty=config.allow_empty,
            never=config.never,
            select=selected,
            deliveries=config.known_deliveries(),
        )
    with _written(output):
        demand_own(output)
    package = _packaged(found, {**context, KEY: str(replace).lower()})
    with _written(output):
        write_package(output, package.files, manifest_of(package, version("hubtriage"), ruleset))
    note(f"{counted(len(package.stacks), 'stack')}, {ruleset['hash']}, written to {quoted(str(output))}")
    click.echo(instructions(output, package.stacks))


def _settings(found: ProjectFile | None, folder: Path) -> tuple[Configuration, dict[str, Any]]:
    """Return the settings of a folder of rules, and the CDK context that has them."""
    place = Path.cwd() if found is None else found.path.parent
    try:
        _, rest = replacing(cdk_context(found), place)
        context = {**rest, f"{PREFIX}rules": str(folder.resolve())}
        return configuration_of(found, context), context
    except ConfigurationError as error:
        fail(str(error), exit_code=UNUSABLE)


def _packaged(found: ProjectFile | None, context: Mapping[str, Any]) -> Package:
    file = "" if found is None else str(found.path.resolve())
    with TemporaryDirectory(prefix="hubtriage-assembly-") as assembly:
        try:
            package = make_package(run_app(Path(assembly), context, {VARIABLE: file}))
        except (PackagingError, SynthesisError) as error:
            fail(str(error), exit_code=UNUSABLE)
    page = readme(package.stacks).encode()
    return Package(package.stacks, {**package.files, README: page})


@contextmanager
def _written(output: Path) -> Iterator[None]:
    """End the command with 2 if the folder is not ours, or cannot be read or written."""
    try:
        yield
    except ForeignFilesError as error:
        names = ", ".join(map(quoted, error.names[:3])) + (", …" if error.names[3:] else "")
        fail(
            f"{quoted(str(output))}: this folder has files that no package wrote: {names}",
            "name a new or empty folder, or remove them",
            exit_code=UNUSABLE,
        )
    except OSError as error:
        fail_on(error.filename or output, error)
