"""What changes between two rule sets on all possible findings, as lines and as records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.text import quoted
from hubtriage.cli.views.tables import table
from hubtriage.proof.changes import HiddenChange, RuleChange, RulesetChanges
from hubtriage.proof.comparison import Proof
from hubtriage.proof.witness import needed_texts

Record = Mapping[str, Any]


def changes_record(changes: RulesetChanges) -> dict[str, Any]:
    """Return what changes, ready for JSON; `differs` says whether anything does or may."""
    rules = [_rule(change) for change in changes.rules]
    hidden = [_hidden(one) for one in changes.hidden()]
    shown_again = [_hidden(one) for one in changes.shown()]
    found = [one["verdict"] != "none" for one in (*hidden, *shown_again)]
    moved = [rule["relation"] != "the same" or bool(rule["also"]) for rule in rules]
    return {"rules": rules, "hidden": hidden, "shown": shown_again, "differs": any(moved) or any(found)}


def _rule(change: RuleChange) -> dict[str, Any]:
    """Return a rule's change; `delivers` is there only if what is delivered has changed."""
    record = {
        "rule": change.rule,
        "edit": change.edit,
        "relation": change.relation,
        "also": list(change.also),
        "more": _answer(change.more),
        "less": _answer(change.less),
    }
    if change.delivered == change.delivers:
        return record
    before, now = ([one.as_text() for one in each] for each in (change.delivered, change.delivers))
    return record | {"delivers": {"before": before, "now": now}}


def _hidden(one: HiddenChange) -> dict[str, Any]:
    return {"rule": one.rule, **_answer(one.answer)}


def _answer(answer: Proof) -> dict[str, Any]:
    return {
        "verdict": answer.verdict,
        "needed": answer.needed,
        "witness": answer.witness,
        "reasons": list(answer.reasons),
    }


def changes_text(record: Record) -> Iterator[str]:
    """Yield what changes as lines."""
    yield click.style("On all possible findings", bold=True)
    if not record["rules"]:
        yield "  no rule changes what it does"
        return
    rows = [[one["rule"], one["edit"], relation_text(one)] for one in record["rules"]]
    yield from table(["rule", "", "acts on"], rows)
    yield from _deliveries(record)
    yield from evidence(record)


def _deliveries(record: Record) -> Iterator[str]:
    rows = delivery_rows(record)
    if rows:
        yield ""
        yield click.style("What the rules deliver", bold=True)
        yield from table(["rule", "before", "now"], rows)


def delivery_rows(record: Record) -> list[list[str]]:
    """Return each rule with other deliveries, with those before and those now in words."""
    return [
        [rule["rule"], *(_listed(rule["delivers"][when] or ["nothing"]) for when in ("before", "now"))]
        for rule in record["rules"]
        if "delivers" in rule
    ]


def evidence(record: Record) -> Iterator[str]:
    """Yield the findings that show what changes, rule by rule and for all rules together."""
    for rule in record["rules"]:
        yield from _details(rule)
    yield from _together(record)


_RELATIONS = {
    "the same": "the same findings",
    "wider": "more findings",
    "narrower": "fewer findings",
    "other": "other findings",
    "undecided": "not proved",
}


def relation_text(rule: Record) -> str:
    """Return how the findings that a rule acts on have changed, in words."""
    if rule["edit"] == "edited":
        text = _RELATIONS[rule["relation"]]
    else:
        verdict = rule["more" if rule["edit"] == "added" else "less"]["verdict"]
        text = {"some": "some findings", "none": "no finding at all", "undecided": "not proved"}[verdict]
    return text + (f"; {_listed(rule['also'])} changed" if rule["also"] else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]


def _details(rule: Record) -> Iterator[str]:
    lines = [*_example(rule["more"], "also acts on"), *_example(rule["less"], "no longer acts on")]
    if rule["edit"] == "edited" and lines:
        yield ""
        yield click.style(quoted(rule["rule"]), bold=True)
        yield from lines


def _example(answer: Record, what: str) -> Iterator[str]:
    if answer["verdict"] == "some":
        yield f"  {what} a finding with"
        yield from (f"    {line}" for line in needed_texts(answer["needed"]))
    if answer["verdict"] == "undecided":
        yield f"  whether it {what} a finding is not proved:"
        yield from (f"    {quoted(reason)}" for reason in answer["reasons"])


_TOGETHER = {"hidden": "hide a finding that was not hidden", "shown": "no longer hide a finding"}


def _together(record: Record) -> Iterator[str]:
    """Say what all rules together hide that they did not, and the reverse."""
    yield ""
    yield click.style("What the rules together hide", bold=True)
    for name, more in _TOGETHER.items():
        for one in record[name]:
            if one["verdict"] == "some":
                rule = quoted(one["rule"])
                why = f"because of {rule}" if name == "hidden" else f"that {rule} hid"
                yield f"  they {more}, {why}, with"
                yield from (f"    {line}" for line in needed_texts(one["needed"]))
            if one["verdict"] == "undecided":
                yield f"  whether they {more} is not proved for {quoted(one['rule'])}:"
                yield from (f"    {quoted(reason)}" for reason in one["reasons"])
    if all(one["verdict"] == "none" for one in (*record["hidden"], *record["shown"])):
        yield "  the same findings as before"
