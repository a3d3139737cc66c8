"""`hubtriage import`: rules of other tools as a rule file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.inputs.files.whole_file import whole_content
from hubtriage.cli.locations import Location
from hubtriage.cli.output import demand_absent, print_document, write_file
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted
from hubtriage.interop.importers.assemble import KINDS, Options, import_rules
from hubtriage.interop.importers.names import printable
from hubtriage.interop.importers.outcome import Imported, Refusal, UnreadableError
from hubtriage.interop.importers.render import render

_OVERRIDES = ("as-source", "always", "never")


@click.command(name="import")
@click.argument("kind", metavar="KIND", type=click.Choice(list(KINDS)))
@click.argument("source", metavar="FILE", type=Location(dir_okay=False, allow_dash=True))
@click.option("-o", "--output", type=Location(path_type=Path, dir_okay=False), help="Rule file to write.")
@click.option("--force", is_flag=True, help="Replace the rule file if it exists.")
@click.option(
    "--override",
    type=click.Choice(_OVERRIDES),
    default="as-source",
    show_default=True,
    help="Which rules may change what people set: as in their source, all, or none.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="For automation rules: their Region, or all. Required if the file does not name it; not for V2.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document: rules, what is refused, remarks.")
def command(
    kind: str,
    source: str,
    output: Path | None,
    force: bool,
    override: Any,
    regions: tuple[str, ...],
    as_json: bool,
) -> None:
    """Import rules from other tools.

    \b
    KIND says what FILE (- for standard input) holds:
      findings-manager-1  rules of awsfindingsmanagerlib 1.x, or the older Suppressions:
      findings-manager-2  rules of awsfindingsmanagerlib 2.x
      automation-rules    Security Hub's own rules, also of V2: API, CloudFormation, Terraform, LZA
      prowler-mutelist    mutelists of Prowler

    A rule that cannot be expressed exactly is refused with its reason; the others are still written.

    Exit codes: 0; 1 something is refused; 2 wrong usage, or FILE cannot be read.
    """
    if regions and kind != "automation-rules":
        raise click.UsageError("--region is for automation-rules: only they act in one Region")
    _check_output(output, force=force)
    name = "<stdin>" if source == "-" else Path(source).name
    try:
        found = import_rules(kind, name, whole_content(source), Options(override, regions))
    except UnreadableError as error:
        fail(printable(f"{source}: {error.reason}"), error.hint or "", exit_code=UNUSABLE)
    _write(found, kind, name, output, as_json=as_json)
    if remarks := "\n".join(text(found, source)):
        click.echo(remarks, err=True)
    note("\n".join(counts(found)))
    if found.refusals:
        raise SystemExit(1)


def _check_output(output: Path | None, *, force: bool) -> None:
    if output is not None and not force:
        demand_absent(output, "--force replaces it")


def _write(found: Imported, kind: str, name: str, output: Path | None, *, as_json: bool) -> None:
    """Write the rule file, unless every rule is refused, and what belongs on standard output."""
    content = render(found.rules, _heading(kind, name)) if found.rules or not found.refusals else ""
    if output is not None and content:
        write_file(output, content)
    if as_json:
        click.echo(json.dumps(record(found), indent=2))
    elif output is None:
        print_document(content)


def _heading(kind: str, name: str) -> Iterator[str]:
    yield f"Imported from {name} ({kind})."
    yield "The source knows no ceiling, owner, ticket or expiry: lower the ceilings, and add the others."


def record(found: Imported) -> dict[str, Any]:
    """Return the JSON document."""
    return {
        "rules": list(found.rules),
        "refused": [refusal.as_record() for refusal in found.refusals],
        "remarks": [remark.as_record() for remark in found.remarks],
    }


def text(found: Imported, source: str) -> Iterator[str]:
    """Yield what is refused, and remarks on the other rules."""
    for refusal in found.refusals:
        yield from _refused(refusal, source)
    for remark in found.remarks:
        yield printable(f"{source}: {remark.rule}: {remark.text}")


def counts(found: Imported) -> Iterator[str]:
    """Yield how many rules there are."""
    overriding = sum(bool(rule.get("override")) for rule in found.rules)
    if overriding:
        rules = counted(overriding, "rule")
        yield f"{rules} with override: true, for findings that people or tools have moved"
    yield f"{counted(len(found.rules), 'rule')} imported, {len(found.refusals)} refused"


def _refused(refusal: Refusal, source: str) -> Iterator[str]:
    place = source if refusal.line is None else f"{source}:{refusal.line}"
    where = f"{refusal.where}: " if refusal.where else ""
    yield printable(f"{place}: {refusal.rule} is refused: {where}{refusal.reason}")
    if refusal.hint:
        yield f"  hint: {printable(refusal.hint)}"
