"""A diff as text for a terminal, and as Markdown for a comment on a pull request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.backtest import cost_line, transition_text
from hubtriage.cli.views.diff.proof import changes_text, delivery_rows, evidence, relation_text
from hubtriage.cli.views.tables import table

MOST_TRANSITIONS = 8
_COLUMNS = {"changed": "changed", "hidden": "hidden", "taken_back": "taken back", "kept": "left to people"}
_TEXT_COLUMNS = frozenset(("rule", "edit", "changes", "acts on", "delivered", "delivers"))
_MARKDOWN = re.compile(r"[&\\`*_\[\]<>#!|~@:]")

Record = Mapping[str, Any]


def text(report: Record) -> Iterator[str]:
    """Yield the diff as lines."""
    if "totals" in report:
        yield from _on_findings(report)
        yield ""
    yield from changes_text(report["proof"])


def _on_findings(report: Record) -> Iterator[str]:
    yield click.style(headline(report), bold=True)
    yield f"  old  {_side(report['old'])}"
    yield f"  new  {_side(report['new'])}"
    yield cost_line(report["cost"])
    if report["by_rule"]:
        yield ""
        yield click.style("By rule", bold=True)
        yield from table(["rule", "", *_COLUMNS.values()], [_row(row) for row in report["by_rule"]])
    for row in report["by_rule"]:
        yield from _details(row)
    yield from _troubles(report)


def headline(report: Record) -> str:
    """Return how many findings change, in one line."""
    totals = report["totals"]
    if not report["differs"]:
        return f"none of {totals['findings']:,} findings changes"
    parts = [f"{totals['changed']:,} of {totals['findings']:,} findings change"]
    words = {
        "hidden": "hidden",
        "taken_back": "with something taken back",
        "refused": "refused",
        "undecidable": "undecidable",
    }
    return ", ".join(parts + [f"{totals[name]:,} {word}" for name, word in words.items() if totals[name]])


def _side(side: Record) -> str:
    revision = f", revision {side['revision']}" if side["revision"] else ""
    return f"{quoted(side['rules'])} (rule set {side['ruleset']}{revision})"


def _row(row: Record) -> list[object]:
    edit = "" if row["edit"] == "same" else row["edit"]
    return [row["rule"], edit, *(row[name] for name in _COLUMNS)]


def _details(row: Record) -> Iterator[str]:
    if not row["changed"]:
        return
    yield ""
    yield click.style(quoted(row["rule"]), bold=True)
    transitions: Sequence[Record] = row["changes"]
    yield from table(
        ["field", "to", "findings"], [[s["field"], transition_text(s), s["findings"]] for s in transitions]
    )
    yield from (f"  such as {shown(finding_id)}" for finding_id in row["examples"])


def _troubles(report: Record) -> Iterator[str]:
    rows = [[one["why"], one["findings"]] for one in (*report["refused"], *report["undecidable"])]
    rows += [[f"{one['rule']} failed: {one['message']}", one["findings"]] for one in report["errors"]]
    rows += [[f"{one['place']}: {one['reason']}", 1] for one in report["unusable"]]
    if rows:
        yield ""
        yield click.style("Refused, undecidable, failed or unusable", bold=True)
        yield from table(["why", "findings"], rows)


def markdown(report: Record) -> Iterator[str]:
    """Yield the diff as Markdown; what comes from findings and rules cannot become markup."""
    if "totals" in report:
        yield from _markdown_on_findings(report)
        yield ""
    yield from _markdown_of_proof(report["proof"])


def _markdown_on_findings(report: Record) -> Iterator[str]:
    yield f"### hubtriage: {headline(report)}"
    yield ""
    yield f"- old: {_code(_side(report['old']))}"
    yield f"- new: {_code(_side(report['new']))}"
    yield f"- {cost_line(report['cost']).strip()}"
    if report["by_rule"]:
        yield ""
        yield from _markdown_table(
            ["rule", "edit", *_COLUMNS.values(), "changes"],
            [[*_row(row), _transitions(row["changes"])] for row in report["by_rule"]],
        )
    for row in report["by_rule"]:
        if row["examples"]:
            yield ""
            yield f"<details><summary>{_escaped(row['rule'])}: findings such as</summary>"
            yield ""
            yield from (f"- {_code(shown(finding_id))}" for finding_id in row["examples"])
            yield ""
            yield "</details>"
    troubles = [*report["refused"], *report["undecidable"], *report["errors"], *report["unusable"]]
    if troubles:
        yield ""
        kinds = "refused, undecidable, failed or unusable"
        yield f"**{len(troubles)} kinds of trouble**: {kinds}; see the text output."


def _markdown_of_proof(proof: Record) -> Iterator[str]:
    """Yield what changes on all possible findings; the findings that show it are folded away."""
    yield "### hubtriage: on all possible findings"
    yield ""
    if not proof["rules"]:
        yield "No rule changes what it does."
        return
    rows = [[one["rule"], one["edit"], relation_text(one)] for one in proof["rules"]]
    yield from _markdown_table(["rule", "edit", "acts on"], rows)
    if delivered := delivery_rows(proof):
        yield ""
        yield from _markdown_table(["rule", "delivered", "delivers"], delivered)
    lines = [click.unstyle(line) for line in evidence(proof) if line.strip()]
    yield ""
    yield "<details><summary>Findings that show it</summary>"
    yield ""
    yield from map(_item, lines)
    yield ""
    yield "</details>"


def _item(line: str) -> str:
    """Return an indented line as an item of a nested list."""
    text = line.lstrip()
    return f"{line[: len(line) - len(text)]}- {_code(text)}"


def _transitions(transitions: Sequence[Record]) -> str:
    """Return the most frequent transitions as one cell."""
    parts = [f"{s['field']} {transition_text(s)}: {s['findings']:,}" for s in transitions[:MOST_TRANSITIONS]]
    more = len(transitions) - len(parts)
    return "; ".join(parts + ([f"and {more} more"] if more else []))


def _markdown_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield ("|" + "|".join(" --- " if name in _TEXT_COLUMNS else " ---: " for name in head) + "|")
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else _escaped(str(value))


def _escaped(value: str) -> str:
    """Return a text without markup: write each character that Markdown knows as a reference."""
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", quoted(value))


def _code(value: str) -> str:
    """Return a text as code: GitHub looks for no names to notify and nothing to link there."""
    return f"<code>{_escaped(value)}</code>"
