"""`hubtriage deploy`: rules checked, compared with the deployed ones, deployed, and brought into force."""

import json
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.problems import Severity
from hubtriage.aws.deployment.objections import refusal
from hubtriage.aws.sweep.start import SweepExecution, look
from hubtriage.cli import project
from hubtriage.cli.account_options import account_options
from hubtriage.cli.commands.aws.doctor import Depth, Examination
from hubtriage.cli.commands.aws.sweep import follow_sweep, has_finished, record_of
from hubtriage.cli.commands.rules.lint import lint
from hubtriage.cli.commands.rules.test import run_all
from hubtriage.cli.deploying.applying import apply, build
from hubtriage.cli.deploying.deployed import NEEDED, demand_unchanged, in_region
from hubtriage.cli.deploying.planning import PlannedStack, RulesToDeploy, planned_stack
from hubtriage.cli.deploying.tools import Cdk, find_cdk
from hubtriage.cli.failure import UNUSABLE, complain, fail
from hubtriage.cli.inputs.rules import demand_folder, rule_errors_shown
from hubtriage.cli.problems import print_errors
from hubtriage.cli.stack import AWS_ERRORS, client, outputs
from hubtriage.cli.targets.option import given_region
from hubtriage.cli.terminal import is_terminal, note
from hubtriage.cli.text import counted
from hubtriage.cli.views.deploy import text
from hubtriage.cli.views.sweep import text as sweep_text
from hubtriage.cli.views.tests import text as tests_text
from hubtriage.doctor.examine import CHECKS
from hubtriage.doctor.sample import MOST_ENTRIES
from hubtriage.settings.cdk_json import cdk_context
from hubtriage.settings.configuration import Configuration, configuration_of
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import shown
from hubtriage.settings.replacing import replacing
from hubtriage.settings.selection import RuleSelection

DEPTH = Depth(findings=2000, entries=MOST_ENTRIES)
LOOKED_AT = 20
"""Executions among which that of the deployment is looked for."""


@click.command(name="deploy")
@account_options()
@click.option("--replace", is_flag=True, help="Deploy even if these rules may not replace the deployed ones.")
@click.option("--dry-run", is_flag=True, help="Deploy nothing; show what would change.")
@click.option(
    "--follow/--no-follow", default=True, help="Wait for the end of the sweep that the deployment starts."
)
@click.option("--yes", is_flag=True, help="Do not ask before deploying.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(
    context: click.Context, replace: bool, dry_run: bool, follow: bool, yes: bool, as_json: bool
) -> None:
    """Deploy the rules, and bring them into force.

    Checks the rules and runs their tests. Shows which rules end, change or are added in comparison with the
    deployed ones, and how many findings they hold. Asks, deploys with the command line of CDK, checks the
    account as `doctor` does, and waits for the sweep that the deployment starts. If the settings name
    several Regions, the stack in each is deployed in turn.

    The command refuses the sample rules in place of yours, rules of another repository, and a revision that
    lacks a deployed one. It also refuses rules among which more than half of the deployed ones are missing.
    With --replace it deploys them, this once.

    Exit codes: 0 done, or shown; 1 refused or failed, or doctor or the sweep reports a problem; 2 wrong
    usage, CDK lacks something, or AWS cannot be reached.
    """
    found = project.project()
    folder = Path.cwd() if found is None else found.path.parent.resolve()
    config = _configuration(folder)
    cdk = find_cdk(folder)
    if not (yes or dry_run or is_terminal(sys.stdin)):
        fail("there is no terminal to ask in", "give --yes, or --dry-run to see the changes", exit_code=2)
    given = _checked(config)
    regions = _regions(given.config, given_region(context))
    plans = [planned_stack(given, region) for region in regions]
    if not as_json:
        click.echo("\n".join(line for plan in plans for line in text(plan)))
    elif dry_run:
        _print_json((plan.as_record() for plan in plans), dry_run=True)
    if not replace:
        _refuse(plans)
    if dry_run:
        return
    if not yes:
        click.confirm(f"Deploy to {counted(len(plans), 'stack')}?", abort=True, err=True)
    run = DeploymentRun(cdk, given, plans, replace=replace, follow=follow, as_json=as_json)
    raise SystemExit(run.deploy())


def _configuration(folder: Path) -> Configuration:
    """Return the settings, as the app of CDK will read them; end with 2 if they are wrong."""
    project.demand_target()
    found = project.project()
    try:
        _said, context = replacing(cdk_context(found), folder)
        return configuration_of(found, context)
    except ConfigurationError as error:
        fail(str(error), exit_code=UNUSABLE)


def _regions(config: Configuration, given: str | None) -> tuple[str | None, ...]:
    """Return the Regions to deploy to: all of the settings, or the one that an option names."""
    places = config.places
    if given is None or places == (None,):
        return places
    if given not in places:
        named = ", ".join(str(place) for place in places)
        hint = f"leave --region out, or name one of {named}"
        fail(f"the settings name no stack in {given}", hint, exit_code=UNUSABLE)
    return (given,)


def _checked(config: Configuration) -> RulesToDeploy:
    """Check, test and compile the rules; end with 1 if they are not in order."""
    folder = Path(shown(config.rules))
    demand_folder(folder)
    _lint(folder, allow_empty=config.allow_empty)
    _test(folder)
    try:
        with rule_errors_shown():
            ruleset = compile_ruleset(
                folder,
                revision=git_revision(folder),
                allow_empty=config.allow_empty,
                never=config.never,
                select=RuleSelection.of(config).select,
                deliveries=config.known_deliveries(),
            )
    except ConfigurationError as error:
        fail(str(error), exit_code=UNUSABLE)
    return RulesToDeploy(config, folder, ruleset)


def _lint(folder: Path, *, allow_empty: bool) -> None:
    report = lint([folder], time.time(), project.hubs())
    found = [each for each in report.problems if not (allow_empty and each.code == "E403")]
    errors = [each for each in found if each.severity is Severity.ERROR]
    if errors:
        print_errors(errors)
        raise SystemExit(1)
    warnings = len(found) - len(errors)
    note(
        f"lint: {counted(report.rules, 'rule')} without errors"
        + (f", {counted(warnings, 'warning')}; hubtriage lint shows them" if warnings else "")
    )


def _test(folder: Path) -> None:
    results = run_all((folder,)).results
    failures = [result for result in results if not result.passed]
    if failures:
        complain("\n".join(tests_text(failures, (), None)))
        fail(f"{counted(len(failures), 'test')} failed: nothing was deployed", f"hubtriage test {folder}")
    note(f"test: {counted(len(results), 'test')} passed")


def _refuse(plans: Sequence[PlannedStack]) -> None:
    """End with 1 if there is an objection to any of the stacks."""
    for plan in plans:
        if plan.deployed is not None and plan.objections:
            fail(refusal(plan.objections, plan.deployed, plan.new))


def _print_json(stacks: Iterable[dict[str, Any]], *, dry_run: bool = False) -> None:
    click.echo(json.dumps({"dry_run": dry_run, "stacks": list(stacks)}, indent=2))


@dataclass(frozen=True, slots=True)
class DeploymentRun:
    """What was agreed on, and how its end is reported."""

    cdk: Cdk
    given: RulesToDeploy
    plans: Sequence[PlannedStack]
    replace: bool
    follow: bool
    as_json: bool

    def deploy(self) -> int:
        """Deploy each stack in turn; return the exit code. The first that fails ends it."""
        codes, records = [0], []
        replace = self.replace or any(plan.knows_better for plan in self.plans)
        with TemporaryDirectory(prefix="hubtriage-deploy-", ignore_cleanup_errors=True) as temporary:
            assembly = Path(temporary) / "cdk.out"
            build(self.cdk, self.given, assembly, replace=replace)
            for plan in self.plans:
                code, record = self._one(plan, assembly)
                codes.append(code)
                records.append(plan.as_record() | record)
        if self.as_json:
            _print_json(records)
        return max(codes)

    def _one(self, plan: PlannedStack, assembly: Path) -> tuple[int, dict[str, Any]]:
        """Deploy one stack, check it and follow its sweep; return the exit code and the report."""
        with in_region(plan.region):
            demand_unchanged(plan.stack, plan.deployed)
            before = [] if plan.deployed is None else _deploy_sweeps(plan.stack)
            apply(self.cdk, self.given.config, plan, assembly)
            examination = Examination(self.given.folder, DEPTH, CHECKS, strict=False, as_json=self.as_json)
            results, doctor = examination.run(plan.stack)
            swept = _swept(plan.stack, before, follow=self.follow)
        if not self.as_json:
            click.echo("\n".join(_sweep_lines(swept, follow=self.follow)))
        is_unfinished = swept is not None and self.follow and not has_finished(swept)
        code = max(examination.exit_code(results), int(is_unfinished))
        return code, {"doctor": doctor, "sweep": None if swept is None else record_of(swept)}


def _deploy_sweeps(stack: str) -> list[str]:
    """Return the ARNs of the latest sweeps that deployments started; end with 1 if they are unreadable."""
    machine = outputs(stack)["SweepArn"]
    try:
        listed = client("stepfunctions").list_executions(stateMachineArn=machine, maxResults=LOOKED_AT)
    except AWS_ERRORS as error:
        fail(f"the sweeps of stack {stack}: {error}", NEEDED)
    return [each["executionArn"] for each in listed["executions"] if "deploy" in each["name"]]


def _swept(stack: str, before: Collection[str], *, follow: bool) -> SweepExecution | None:
    """Return the sweep that a deployment started, at its end if it is followed; None if it started none.

    `before` are the sweeps that earlier deployments started.
    """
    started = next((arn for arn in _deploy_sweeps(stack) if arn not in before), None)
    if started is None:
        return None
    states = client("stepfunctions")
    try:
        return follow_sweep(states, started) if follow else look(states, started)
    except AWS_ERRORS as error:
        fail(f"it is deployed, but what the sweep does is not known: {error}", NEEDED)


def _sweep_lines(swept: SweepExecution | None, *, follow: bool) -> Iterator[str]:
    if swept is None:
        yield "no sweep was started: nothing changed in what the rules decide"
    elif not follow:
        yield f"started a sweep, which begins when AWS shows the last changes: {swept.execution}"
    else:
        yield from sweep_text(record_of(swept), is_chosen=False)
