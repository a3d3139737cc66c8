"""The report of a backtest or a diff as JSON-ready data; text and page render exactly this."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hubtriage.engine.fields import SEVERITIES, Finding
from hubtriage.engine.ruleset.owner import owner_text
from hubtriage.engine.ruleset.ruleset import DEFAULT_ORDER, load_ruleset
from hubtriage.engine.ruleset.windows import compile_windows
from hubtriage.simulation.backtest.hubs import HubCounts
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.outcome import Transition
from hubtriage.simulation.backtest.tally import Group, RuleGroup, Tally
from hubtriage.simulation.funnel import funnels

FORMAT = 1
_ABOUT = ("description", "owner", "ticket", "reason", "expires")
_VERDICTS = ("changed", "noted", "unchanged", "refused", "undecidable")
_MOST_TRANSITIONS = 100
_NOT_IN_FORCE = {"not yet": "has not started", "no longer": "has expired", "not now": "is outside its window"}

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportSource:
    """What was read, for the head of the report."""

    findings: str
    rules: str


def report_of(tally: Tally, source: ReportSource) -> Record:
    """Return everything that was counted; lists begin with the most findings."""
    task = tally.task
    sampled = [json.loads(text) for text in tally.sample.texts()]
    hubs = HubCounts.of(tally)
    return {
        "format": FORMAT,
        "source": {"findings": source.findings, "rules": source.rules},
        "ruleset": task.ruleset["hash"],
        "revision": task.ruleset.get("revision"),
        "now": task.now,
        "totals": _totals(tally),
        **({} if hubs is None else {"hubs": hubs.totals()}),
        "sampled": len(sampled),
        "cost": tally.cost.cost().as_record(),
        "changes": _transitions(tally.transitions),
        "by_rule": list(_by_rule(tally, sampled, hubs)),
        "by_account": _groups(tally.accounts, task.ruleset.get("accounts", {})),
        "by_product": _groups(tally.products),
        "by_severity": _by_severity(tally.severities),
        "never": list(_never(tally)),
        "conflicts": _conflicts(tally),
        "kept": [left._asdict() | {"findings": count} for left, count in tally.kept_why.most_common()],
        "refused": [{"why": why, "findings": count} for why, count in tally.refusals.most_common()],
        "undecidable": [{"why": why, "findings": count} for why, count in tally.undecidable.most_common()],
        "errors": [
            {"rule": rule, "message": message, "findings": count}
            for (rule, message), count in tally.errors.most_common()
        ],
        "unusable": [{"place": one.place, "reason": one.reason} for one in tally.problems.first],
    }


def _totals(tally: Tally) -> Record:
    return {
        "findings": tally.total.findings,
        **{verdict: tally.verdicts[verdict] for verdict in _VERDICTS},
        "hidden": tally.total.hidden,
        "taken_back": tally.total.taken_back,
        "kept": tally.total.kept,
        "overruled": tally.overruled,
        "in_doubt": tally.in_doubt,
        "repeated": tally.repeated,
        "unusable": tally.problems.count,
    }


def _transitions(transitions: Counter[Transition]) -> list[Record]:
    ordered = sorted(transitions.items(), key=lambda item: (-item[1], str(item[0])))
    return [
        {"field": transition.field, "from": transition.old, "to": transition.new, "findings": count}
        for transition, count in ordered[:_MOST_TRANSITIONS]
    ]


def _by_rule(tally: Tally, sampled: Sequence[Finding], hubs: HubCounts | None) -> Iterator[Record]:
    """Yield each rule of the rule set in the order of evaluation, then what no rule of it did."""
    through = _funnels(tally.task, sampled) if sampled else {}
    known = {rule["id"]: rule for rule in tally.task.ruleset["rules"]}
    for name in [*known, *sorted(tally.rules.keys() - known.keys())]:
        raw = known.get(name, {})
        yield {
            "rule": name,
            "in_force": _in_force(raw, tally.task) if raw else "gone",
            "order": raw.get("order", DEFAULT_ORDER) if raw else None,
            "mode": raw.get("mode", "enforce") if raw else None,
            **{member: raw.get(member) for member in _ABOUT},
            "owner": owner_text(raw),
            "ends": raw.get("ends"),
            **_counts(tally.rules.get(name, RuleGroup())),
            **({} if hubs is None else hubs.of_rule(name)),
            "funnel": through.get(name, []),
        }


def _funnels(task: Task, sampled: Sequence[Finding]) -> dict[str, list[Record]]:
    """Return by rule how many of some findings each of its conditions leaves, in their order."""
    rules = load_ruleset(task.ruleset).rules
    found = funnels([rule.source for rule in rules], task.ruleset.get("accounts") or {}, sampled, task.now)
    return {
        rule.id: [stage.as_record() for stage in stages] for rule, stages in zip(rules, found, strict=True)
    }


def _counts(group: RuleGroup) -> Record:
    counts = {
        name: getattr(group, name)
        for name in RuleGroup.__slots__
        if name not in ("transitions", "would_transition")
    }
    return {
        **counts,
        "changes": _transitions(group.transitions),
        "would_change": _transitions(group.would_transition),
    }


def _in_force(raw: Mapping[str, Any], task: Task) -> str:
    if raw.get("starts") is not None and task.now < raw["starts"]:
        return "not yet"
    if raw.get("ends") is not None and raw["ends"] <= task.now:
        return "no longer"
    windows = compile_windows(raw.get("during", ()), task.ruleset.get("zones", {}))
    return "yes" if not windows or any(window.is_open(task.now) for window in windows) else "not now"


def _groups(groups: Mapping[str, Group], about: Mapping[str, Any] | None = None) -> list[Record]:
    ordered = sorted(groups.items(), key=lambda item: (-item[1].changed, -item[1].findings, item[0]))
    about = about or {}
    return [
        {"name": name, **({"about": dict(about[name])} if name in about else {}), **asdict(group)}
        for name, group in ordered
    ]


def _by_severity(groups: Mapping[str, Group]) -> list[Record]:
    names = [name for name in (*reversed(SEVERITIES), "none") if name in groups]
    return [{"name": name, **asdict(groups[name])} for name in names]


def _never(tally: Tally) -> Iterator[Record]:
    """Yield each rule that matches no finding, and why."""
    for raw in tally.task.ruleset["rules"]:
        group = tally.rules.get(raw["id"], RuleGroup())
        if not group.matched and not group.failed:
            yield {"rule": raw["id"], "why": _why_never(raw, group, tally.task)}


def _why_never(raw: Mapping[str, Any], group: RuleGroup, task: Task) -> str:
    in_force = _in_force(raw, task)
    if in_force != "yes":
        return _NOT_IN_FORCE[in_force]
    if group.stopped:
        return f"a terminal rule comes before it on each of the {group.stopped} findings that it matches"
    return "no finding matches"


def _conflicts(tally: Tally) -> list[Record]:
    return [
        {**clash._asdict(), "findings": count, "example": tally.clash_examples[clash]}
        for clash, count in tally.clashes.most_common()
    ]


def rules_that_do_something(report: Mapping[str, Any]) -> Iterable[Record]:
    """Return the rows of `by_rule` that have a count."""
    return [row for row in report["by_rule"] if any(row[name] for name in _ACTIVE)]


_ACTIVE = ("matched", "changed", "kept", "stopped", "failed")
