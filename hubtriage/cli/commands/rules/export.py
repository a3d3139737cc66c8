"""`hubtriage export`: your rules as rules of other tools."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.loaded import LoadedRule
from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.cli.inputs.rules import loaded_rules, selected
from hubtriage.cli.locations import Location
from hubtriage.cli.options import rules_option
from hubtriage.cli.output import print_document, write_file
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted
from hubtriage.interop.automation_rules import MOST_RULES
from hubtriage.interop.exporters import cloudformation, terraform
from hubtriage.interop.exporters.automation_rules import Exported, export_rules
from hubtriage.interop.exporters.automation_rules_v2 import in_order, requests_v2
from hubtriage.interop.importers.names import printable


@click.command(name="export")
@target_option
@click.argument("kind", metavar="KIND", type=click.Choice(["automation-rules"]))
@rules_option
@click.option(
    "--as",
    "form",
    type=click.Choice(["requests", "cloudformation", "terraform"]),
    default="requests",
    show_default=True,
    help="Requests of CreateAutomationRule(V2) as a JSON list, a CloudFormation template, or, for V2, a "
    "Terraform configuration in JSON.",
)
@click.option(
    "--hub",
    type=click.Choice([CSPM, V2]),
    default=CSPM,
    show_default=True,
    help="The Security Hub that the automation rules are for.",
)
@click.option("-o", "--output", type=Location(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: what is exported, what is refused.")
def command(
    kind: str,  # noqa: ARG001
    folder: Path,
    form: str,
    hub: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Export rules as Security Hub's own automation rules.

    KIND is automation-rules. A rule that they cannot express is refused with its reason; the others are
    still written. Automation rules replace what people set. They act only on what providers send later, in
    their own Region, or for V2 in the linked ones too.

    Exit codes: 0; 1 something is refused, or the rules have errors (then nothing is written); 2 wrong usage.
    """
    if form == "terraform" and hub != V2:
        raise click.UsageError("--as terraform is for --hub v2")
    loaded = selected(loaded_rules(folder))
    exported, document = _exported_v2(loaded.rules, form) if hub == V2 else _exported(loaded.rules, form)
    content = json.dumps(document, indent=2) + "\n"
    if output is not None and (exported.requests or not exported.refusals):
        write_file(output, content)
    if as_json:
        refused = [refusal.as_record() for refusal in exported.refusals]
        click.echo(json.dumps({"exported": document, "refused": refused}, indent=2))
    elif output is None:
        print_document(content)
    if exported.refusals:
        click.echo("\n".join(refusals(exported)), err=True)
    note("\n".join(counts(exported)))
    if exported.refusals:
        raise SystemExit(1)


def _exported(rules: Sequence[LoadedRule], form: str) -> tuple[Exported, Any]:
    """Return what is exported for CSPM, and the document to write."""
    if form == "cloudformation":
        exported = export_rules(rules, cloudformation.check)
        return exported, cloudformation.template(exported.requests)
    exported = export_rules(rules)
    return exported, list(exported.requests)


def _exported_v2(rules: Sequence[LoadedRule], form: str) -> tuple[Exported, Any]:
    """Return the same for V2."""
    if form == "cloudformation":
        exported = export_rules(rules, cloudformation.check_v2, requests_v2)
        return exported, cloudformation.template(in_order(exported.requests), of_v2=True)
    exported = export_rules(rules, requests_of=requests_v2)
    requests = in_order(exported.requests)
    return exported, terraform.configuration(requests) if form == "terraform" else requests


def refusals(exported: Exported) -> Iterator[str]:
    """Yield what is refused, and why."""
    for refusal in exported.refusals:
        yield printable(f"{refusal.place}: {refusal.rule} is refused: {refusal.where}: {refusal.reason}")
        if refusal.hint:
            yield f"  hint: {refusal.hint}"


def counts(exported: Exported) -> Iterator[str]:
    """Yield how many rules there are."""
    count = len(exported.requests)
    yield f"{counted(count, 'automation rule')}, {len(exported.refusals)} refused"
    if count > MOST_RULES:
        yield f"AWS allows {MOST_RULES} automation rules an account and Region"
