"""What changes between two rule sets: how each rule was edited, and what that does to findings.

The findings are first brought to where the old rules leave them. What the new rules make of them from
there is the change that a deployment sets off: setting, taking back, following the provider.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from hubtriage.simulation.backtest.effects import rule_named
from hubtriage.simulation.backtest.report import Record, ReportSource, report_of, rules_that_do_something
from hubtriage.simulation.backtest.tally import Tally

Edit = Literal["added", "removed", "edited", "same"]

# Members of a rule that say nothing about what it does.
_DESCRIPTIVE = frozenset({"description"})


def edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Edit]:
    """Return how each rule of two compiled rule sets was edited, in evaluation order, removed rules last.

    A rule whose mode became `off` counts as removed: it is not in the rule set.
    """
    before = {rule["id"]: rule for rule in old["rules"]}
    after = {rule["id"]: rule for rule in new["rules"]}
    found: dict[str, Edit] = {name: _edit(before.get(name), rule) for name, rule in after.items()}
    return found | {name: "removed" for name in before if name not in after}


def _edit(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Edit:
    if before is None:
        return "added"
    names = (before.keys() | after.keys()) - _DESCRIPTIVE
    return "same" if all(before.get(name) == after.get(name) for name in names) else "edited"


def diff_of(tally: Tally, source: ReportSource, old_rules: str, examples: Mapping[str, list[str]]) -> Record:
    """Return the report of a diff: the findings whose outcome changes, by rule, and the cost of that.

    `tally` comes from a task with the old rule set; `examples` are finding ids by rule.
    """
    old = tally.task.old or {"rules": [], "hash": "", "revision": None}
    report = report_of(tally, source)
    edited = edits(old, tally.task.ruleset)
    rows = {row["rule"]: row for row in rules_that_do_something(report)}
    return {
        **{
            name: report[name]
            for name in ("format", "source", "now", "totals", "cost", "changes", "unusable")
        },
        "old": {"rules": old_rules, "ruleset": old["hash"], "revision": old.get("revision")},
        "new": {"rules": source.rules, "ruleset": report["ruleset"], "revision": report["revision"]},
        "edits": {name: edit for name, edit in edited.items() if edit != "same"},
        "by_rule": list(_by_rule(rows, edited, examples)),
        **{name: report[name] for name in _SAME},
        "differs": bool(report["totals"]["changed"] or report["totals"]["refused"]),
    }


_SAME = ("by_account", "by_product", "by_severity", "refused", "undecidable", "errors")
_COUNTS = ("changed", "hidden", "taken_back", "kept")


def _by_rule(
    rows: Mapping[str, Record], edited: Mapping[str, Edit], examples: Mapping[str, list[str]]
) -> Iterator[Record]:
    """Yield a row for each rule that changes a finding or that was edited."""
    for name in dict.fromkeys([*edited, *rows]):
        row = rows.get(name, {})
        if not row.get("changed") and edited.get(name, "same") == "same":
            continue
        yield {
            "rule": name,
            "edit": edited.get(name, "same"),
            **{count: row.get(count, 0) for count in _COUNTS},
            "changes": row.get("changes", []),
            "examples": examples.get(name, []),
        }


def examples_by_rule(tally: Tally, most: int) -> dict[str, list[str]]:
    """Return the ids of the first `most` findings that each rule changes."""
    found: dict[str, list[str]] = {}
    for judged in tally.examples.values():
        for name in dict.fromkeys(rule_named(moved.rule, moved.why) for moved in judged.outcome.changes):
            ids = found.setdefault(name, [])
            if len(ids) < most:
                ids.append(judged.outcome.finding_id)
    return found
