"""The register: a row for each rule that hides, and what no rule accounts for."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hubtriage.aws.securityhub.api import Key, hub_of, is_of_v2
from hubtriage.engine.ruleset.owner import Accounts, owner_attribute, owner_of, owner_text
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset
from hubtriage.proof.rules import ProvenRule
from hubtriage.simulation.exceptions.approvals import Commit, RuleHistory, RulesHistory
from hubtriage.simulation.exceptions.hidden_signals import HiddenSignalCounts
from hubtriage.simulation.exceptions.holdings import MOST_EXAMPLES, HiddenFindings, RuleHoldings, by_rule
from hubtriage.simulation.signals import HUBS

Record = dict[str, Any]

DAY = 86_400.0
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
NOT_KNOWN = "not known"
MOST_NAMED = 50
"""So many accounts and products are named in a row, those with the most findings first."""


def register(
    ruleset: Ruleset, history: RulesHistory | None, holdings: HiddenFindings | None, now: float
) -> dict[str, Any]:
    """Return the register at a time (epoch seconds), ready for JSON.

    Without `holdings`, what rules hold is not known; without `history`, who wrote and approved them. Counts
    of each hub and of signals are there if findings of Security Hub V2 are.
    """
    signals = holdings.signals.counts() if holdings is not None and holdings.has_v2 else None
    known = {} if history is None else history.rules
    hiding = [rule for rule in ruleset.rules if ProvenRule(rule, ruleset.accounts, now).may_hide]
    rows = [
        _row(rule, known.get(rule.id), now)
        | _held_by(rule.id, holdings, signals)
        | by_account(rule, ruleset.accounts, holdings)
        for rule in hiding
    ]
    return {
        "now": stamp(now),
        "ruleset": ruleset.hash,
        "revision": ruleset.revision,
        "exceptions": rows,
        "ended": list(_ended(ruleset, holdings, signals)),
        "hidden": None if holdings is None else _totals(holdings, signals),
        "history": history is not None,
    }


def _row(rule: Rule, past: RuleHistory | None, now: float) -> dict[str, Any]:
    source = rule.source
    created, changed = (past.created, past.changed) if past is not None else (None, None)
    return {
        "rule": rule.id,
        "description": source.get("description"),
        "owner": owner_text(source),
        "ticket": source.get("ticket"),
        "reason": source.get("reason"),
        "mode": rule.mode,
        "ceiling": rule.ceiling,
        "in_force": rule.in_force(now),
        "since": _day(rule.starts) if rule.starts is not None else (created.day if created else None),
        "until": source.get("expires"),
        "ends": None if rule.ends is None else stamp(min(rule.ends, _LAST_MOMENT)),
        "days_left": None if rule.ends is None else max(int((rule.ends - now) // DAY), 0),
        "author": created.author if created else None,
        "changed": _commit(changed) if changed else None,
        "approvers": (list(changed.approvers) or None) if changed else None,
        "renewals": None if past is None else [_commit(one) for one in past.renewals],
    }


def _held_by(name: str, holdings: HiddenFindings | None, signals: HiddenSignalCounts | None) -> Record:
    """Return what a rule holds, as the member `holds` of its row; None if it is not known."""
    if holdings is None:
        return {"holds": None}
    held = holdings.rules.get(name, RuleHoldings())
    return {"holds": _held(held) | ({} if signals is None else _in_hubs(name, held, signals))}


def _in_hubs(name: str, held: RuleHoldings, signals: HiddenSignalCounts) -> dict[str, Any]:
    return {"signals": signals.causes[by_rule(name)], "by_hub": {hub: held.hubs[hub] for hub in HUBS}}


def by_account(rule: Rule, accounts: Accounts, holdings: HiddenFindings | None) -> dict[str, Any]:
    """Return the members of a row whose owner depends on the account; none for a rule with one owner.

    `owners` are those of the accounts in the directory, `by_owner` counts what each answers for, and
    `owners_holding` how many owners that are. An account without the attribute has no known owner.
    """
    if owner_attribute(rule.source) is None:
        return {}
    owners = {owner_of(rule.source, {"AwsAccountId": account}, accounts) for account in accounts}
    row: dict[str, Any] = {"owners": sorted(owner for owner in owners if owner is not None)}
    if holdings is not None:
        counts: Counter[str] = Counter()
        for account, count in holdings.rules.get(rule.id, RuleHoldings()).accounts.items():
            counts[owner_of(rule.source, {"AwsAccountId": account}, accounts) or NOT_KNOWN] += count
        row["by_owner"] = _most(counts)
        row["owners_holding"] = len(counts.keys() - {NOT_KNOWN})
    return row


def _ended(
    ruleset: Ruleset, holdings: HiddenFindings | None, signals: HiddenSignalCounts | None
) -> Iterator[dict[str, Any]]:
    """Yield what is still held for rules that are not there any more: the next sweep takes it back."""
    for name, held in sorted(holdings.rules.items()) if holdings else ():
        if held.findings and name not in ruleset.by_id:
            yield {"rule": name or None} | _held_by(name, holdings, signals)


def _held(held: RuleHoldings) -> dict[str, Any]:
    return {
        "findings": held.findings,
        "accounts": len(held.accounts),
        "by_severity": dict(held.severities),
        "by_account": _most(held.accounts),
        "by_product": _most(held.products),
        "overruled": held.overruled,
        "above_ceiling": held.waiting,
    }


def _most(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common(MOST_NAMED))


def _totals(holdings: HiddenFindings, signals: HiddenSignalCounts | None) -> dict[str, Any]:
    totals = {
        "findings_read": holdings.read,
        "hidden": holdings.hidden,
        "by_rules": holdings.groups["rules"],
        "by_service": holdings.groups["service"],
        "by_others": holdings.groups["others"],
        "not_known": holdings.groups["not known"],
        "others": list(holdings.others[:MOST_EXAMPLES]),
        "by_whom": holdings.by_whom,
        "undecidable": holdings.undecidable,
    }
    return totals if signals is None else totals | _of_both_hubs(holdings, signals)


def _of_both_hubs(holdings: HiddenFindings, signals: HiddenSignalCounts) -> dict[str, Any]:
    """Return the totals of each hub and of signals, and the examples with their hubs.

    The groups of a hub add up to what is hidden in it, and the hubs to all that is hidden.
    """
    examples = zip(holdings.others[:MOST_EXAMPLES], holdings.keys, strict=False)
    return {
        "by_hub": {hub: _totals_of(hub, holdings) for hub in HUBS},
        "signals": signals.as_record() | {"examples": list(holdings.signals.split)},
        "others": [{**one, **_place(key)} for one, key in examples],
    }


def _totals_of(hub: str, holdings: HiddenFindings) -> dict[str, int]:
    groups = holdings.groups_in[hub]
    return {
        "findings_read": holdings.read_in[hub],
        "hidden": sum(groups.values()),
        "by_rules": groups["rules"],
        "by_service": groups["service"],
        "by_others": groups["others"],
        "not_known": groups["not known"],
    }


def _place(key: Key) -> dict[str, str]:
    named = {"metadata_uid": key[1]} if is_of_v2(key) else {}
    return {"hub": hub_of(key), **named}


def selected(record: Mapping[str, Any], owner: str | None, ends_within: int | None) -> dict[str, Any]:
    """Return the register with the rows of an owner, or of what ends within so many days.

    `chosen` says by what the rows were chosen; None: these are all.
    """
    rows = [
        row
        for row in record["exceptions"]
        if owner is None or owner in row.get("owners", (row["owner"],))
        if ends_within is None or (row["days_left"] is not None and row["days_left"] <= ends_within)
    ]
    chosen = {"owner": owner, "ends_within": ends_within}
    return {**record, "exceptions": rows, "chosen": None if chosen == _EVERYTHING else chosen}


_EVERYTHING = {"owner": None, "ends_within": None}


def _commit(commit: Commit) -> Mapping[str, str]:
    return {"commit": commit.name[:12], "author": commit.author, "day": commit.day}


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def stamp(seconds: float) -> str:
    """Return a time (epoch seconds) in ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
