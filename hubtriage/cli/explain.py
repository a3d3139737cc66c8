"""`hubtriage explain`: the whole reasoning for one finding."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hubtriage.authoring.explain import ClaimTold, Explanation, FieldTold, RuleTold, explain
from hubtriage.cli.findings import Item, UnreadableInputError, Unusable, read_findings
from hubtriage.cli.plan import findings_argument, now_option, quoted, shown
from hubtriage.cli.rules import compiled, rules_option
from hubtriage.cli.settings import settings_options, stack_option
from hubtriage.engine.fields import SEVERITY, Finding, member, provider_value, read
from hubtriage.engine.plan import Settings
from hubtriage.engine.trace import Condition, Node

MOST_IDS = 10
"""As many are told where somebody has to choose a finding."""
MEMO = {
    "none": "none: triage has done nothing to this finding yet",
    "ours": "ours",
    "foreign": "of another stack that is listed as known: hands off",
    "unknown": "of a stack that is not listed: counts as none",
    "unreadable": "damaged or forged: counts as none",
    "lost": "lost: there is a note of ours, but another tool replaced the user-defined fields: hands off",
}
COLOURS = {
    "applies": "green",
    "held": "green",
    "observed": "cyan",
    "failed": "red",
    "above its ceiling": "yellow",
}


@click.command(name="explain")
@findings_argument
@click.option(
    "--id", "finding_id", help="Which finding, where FINDINGS has several: its Id or the end of it."
)
@rules_option
@now_option
@stack_option
@settings_options
@click.option("--all", "every", is_flag=True, help="Show every condition also of rules that do not match.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(
    findings: str,
    finding_id: str | None,
    folder: Path,
    now: float,
    settings: Settings,
    every: bool,
    as_json: bool,
) -> None:
    """Show the whole reasoning for one finding of FINDINGS: each rule, each condition and the value it saw,
    what the rules come to, and who holds each field.

    Exit codes: 0; 1 the rules have errors; 2 the input cannot be read or has no such finding.
    """
    ruleset = compiled(folder)
    told = explain(_one(findings, finding_id), ruleset, now, settings)
    click.echo(json.dumps(told.as_json(), indent=2) if as_json else "\n".join(render(told, every)))


def _one(source: str, finding_id: str | None) -> Finding:
    """The finding to explain; exits with 2 where there is none."""
    try:
        items = list(read_findings(source))
    except UnreadableInputError as error:
        raise _exit_with(str(error)) from error
    if finding_id is not None:
        items = [item for item in items if isinstance(item, dict) and item["Id"].endswith(finding_id)]
        if not items:
            raise _exit_with(f"{source}: no finding with an Id that ends in {finding_id!r}")
    if len(items) != 1:
        raise _exit_with(f"{source}: {len(items)} findings; say which one with --id{_some_ids(items)}")
    if isinstance(items[0], Unusable):
        raise _exit_with(f"{source}: {items[0].reason}")
    return items[0]


def _some_ids(items: Sequence[Item]) -> str:
    """What could be given as --id, a line for each of the first findings."""
    ids = [item["Id"] for item in items if isinstance(item, dict)]
    more = [f"... and {len(ids) - MOST_IDS} more"] if len(ids) > MOST_IDS else []
    return "".join(f"\n  {line}" for line in [*map(quoted, ids[:MOST_IDS]), *more])


def _exit_with(message: str) -> SystemExit:
    click.echo(f"Error: {message}", err=True)
    return SystemExit(2)


def render(told: Explanation, every: bool = False) -> Iterator[str]:
    """The explanation as lines for people."""
    yield from _finding(told.finding)
    yield ""
    yield from _memo(told)
    yield ""
    yield from _rules(told.rules, every)
    yield ""
    yield from _fields(told.fields)
    yield ""
    yield from _decision(told)


def told_of_rules(told: Explanation) -> Iterator[str]:
    """What the rules came to, every condition of all of them included."""
    return _rules(told.rules, every=True)


def told_of_fields(told: Explanation) -> Iterator[str]:
    """Who holds each field, and what becomes of it."""
    return _fields(told.fields)


def _head(title: str, text: str = "") -> str:
    return click.style(f"{title:<9}", bold=True) + text


def _finding(finding: Finding) -> Iterator[str]:
    yield _head("FINDING", quoted(finding["Id"]))
    title = finding.get("Title")
    if isinstance(title, str):
        yield f"  {shown(title)}"
    known, provided = provider_value(finding, SEVERITY)
    current = read(finding, SEVERITY)
    severity = f"severity {shown(current)}"
    if known and provided != current:
        severity += f" (its provider says {provided})"
    account = shown(finding.get("AwsAccountId"))
    status = member(finding.get("Compliance"), "Status")
    parts = [severity, f"workflow {shown(read(finding, 'Workflow.Status'))}", f"account {account}"]
    yield "  " + ", ".join(parts + ([f"compliance {shown(status)}"] if status else []))


def _memo(told: Explanation) -> Iterator[str]:
    yield _head("MEMO", MEMO[told.reasoning.memo.kind])
    width = max((len(claim.field) for claim in told.claims), default=0)
    for claim in told.claims:
        yield f"  {_claim(claim, width)}"


def _claim(claim: ClaimTold, width: int) -> str:
    return f"{quoted(claim.field):<{width}}  {claim.standing}; set by {claim.rule or 'a rule that is gone'}"


def _rules(rules: Sequence[RuleTold], every: bool) -> Iterator[str]:
    if not rules:
        yield _head("RULES", "not looked at")
        return
    yield _head("RULES", "on the finding with what is ours taken back; on one field the later rule wins")
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        verdict = click.style(rule.verdict, fg=COLOURS.get(rule.verdict))
        why = f": {quoted(rule.why)}" if rule.why else ""
        yield f"  {rule.order:>4} {rule.id:<{width}}  {verdict}{why}"
        conditions = _conditions(rule)
        if rule.verdict == "no match" and not every:
            first = [line for holds, line in conditions if not holds][:1]
            yield from (f"         {line}" for line in first)
        elif rule.verdict not in ("not looked at", "not in force"):
            yield from (f"         {line}" for _holds, line in conditions)
            wants = ", ".join(f"{quoted(name)} {shown(value)}" for name, value in rule.wants.items())
            yield f"         wants {wants}"


def _conditions(rule: RuleTold) -> list[tuple[bool, str]]:
    """Each condition: whether it holds, and its line."""
    lines = [line for condition in rule.match for line in _condition(condition)]
    if rule.when is not None:
        lines += _node(rule.when)
    return lines


def _condition(condition: Condition, depth: int = 0) -> Iterator[tuple[bool, str]]:
    mark, indent = _mark(condition.holds), "  " * depth
    saw = "" if condition.branches else f"; saw {_seen(condition.values)}"
    yield condition.holds, f"{indent}{mark} {quoted(condition.path)}: {quoted(condition.test)}{saw}"
    for branch in condition.branches:
        for inner in branch:
            yield from _condition(inner, depth + 1)


def _seen(values: Sequence[object]) -> str:
    return (
        ", ".join(shown(value) for value in values[:5]) + (" …" if len(values) > 5 else "")
        if values
        else "nothing"
    )


def _node(node: Node, depth: int = 0) -> Iterator[tuple[bool, str]]:
    if node.operator == "var" and depth:
        yield True, f"{'  ' * depth}  {node.expression} is {shown(node.value)}"
        return
    outcome = quoted(f"error: {node.error}") if node.error else shown(node.value)
    holds = node.value is True if isinstance(node.value, bool) else node.error is None
    mark = _mark(holds) if isinstance(node.value, bool) else " "
    yield holds, f"{'  ' * depth}{mark} {quoted(node.expression)} is {outcome}"
    for child in node.children:
        yield from _node(child, depth + 1)


def _mark(holds: bool) -> str:
    return click.style("✓", fg="green") if holds else click.style("✗", fg="red")


def _fields(fields: Sequence[FieldTold]) -> Iterator[str]:
    yield _head("FIELDS", "who holds each, and what becomes of it" if fields else "no rule wants anything")
    width = max((len(quoted(field.field)) for field in fields), default=0)
    for field in fields:
        holder = f"{field.holder} holds it" if field.holder != "nobody" else "nobody holds it"
        value = shown(field.value)
        if field.outcome in ("set", "taken back", "refused"):
            value += f" -> {shown(field.becomes)}"
        yield f"  {quoted(field.field):<{width}}  {value}  {field.outcome}: {quoted(field.why)} ({holder})"


def _decision(told: Explanation) -> Iterator[str]:
    decision = told.reasoning.decision
    if decision.refused:
        yield _head("DECISION", f"refused: {quoted(decision.refused)}")
    elif decision.update is None:
        yield _head("DECISION", "no change")
    else:
        changed = [name for name in decision.update if name != "UserDefinedFields"]
        yield _head("DECISION", f"update {', '.join([*changed, 'UserDefinedFields'])}:")
        for key, value in decision.update["UserDefinedFields"].items():
            yield f"  {quoted(key)}: {shown(value)}"
    for seen in decision.observed:
        yield f"  {seen.rule} (observe) would set {quoted(seen.field)} to {shown(seen.new)}"
