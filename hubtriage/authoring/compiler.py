"""Compile a folder of rules into the document that is deployed."""

import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps
from pathlib import Path
from time import time
from typing import Any

from hubtriage.authoring.deliveries import KnownDeliveries, delivery_problems
from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.permissions.never import never_problems
from hubtriage.authoring.policy.compiled import compiled_policy, enforced_statements
from hubtriage.authoring.policy.verify import PolicyProofs
from hubtriage.authoring.problems import Position, Problem, RuleErrors, in_order
from hubtriage.authoring.zones import zone_table
from hubtriage.engine.ruleset.ruleset import FORMAT, load_ruleset
from hubtriage.engine.shared_values import SharedValues, taken_out

_HASH_LENGTH = 16


def every_rule(loaded: LoadResult) -> LoadResult:
    """Return a folder as it is: what a deployment takes that selects nothing."""
    return loaded


def compile_ruleset(
    folder: Path,
    *,
    revision: str | None,
    allow_empty: bool = False,
    never: Collection[str] = (),
    select: Callable[[LoadResult], LoadResult] = every_rule,
    keeps_policy: bool = True,
    deliveries: KnownDeliveries | None = None,
) -> dict[str, Any]:
    """Return the rule set of a folder as a JSON-ready document, the same for the same files and revision.

    `select` returns the rules to take; it is called with a folder that has no errors.
    Raise RuleErrors with every error of every file. It is an error, too, if a rule sets a field in `never`.
    Unless `allow_empty`, so is a folder without a rule in force: it would take back all that triage ever did.
    With `keeps_policy`, it is an error if a rule breaks the house policy now. With `deliveries`, so is a name
    of a channel or a queue that the deployment does not have.
    """
    loaded = load_rules(folder)
    if loaded.errors:
        raise RuleErrors([*loaded.errors, *never_problems(loaded.rules, never)])
    loaded = select(loaded)
    problems = [*never_problems(loaded.rules, never)]
    if deliveries is not None:
        problems += delivery_problems(loaded.rules, deliveries)
    if keeps_policy:
        problems += policy_problems(loaded, time())
    if problems:
        raise RuleErrors(problems)
    document = ruleset_document(loaded, revision=revision)
    if not document["rules"] and not allow_empty:
        raise RuleErrors([no_rule_in_force(folder)])
    return document


def policy_problems(loaded: LoadResult, now: float) -> Sequence[Problem]:
    """Return what breaks the folder's policy, or is not proved to keep it, at a time (epoch seconds)."""
    return in_order(policy_proofs(loaded, now).problems()) if loaded.policy else ()


def policy_proofs(loaded: LoadResult, now: float) -> PolicyProofs:
    """Return the rules of a folder with the statements of its policy."""
    return PolicyProofs(loaded, load_ruleset(ruleset_document(loaded, revision=None)), now)


def is_any_in_force(loaded: LoadResult) -> bool:
    """Say whether a folder has a rule that is not off."""
    return any(rule.model.mode != "off" for rule in loaded.rules)


def no_rule_in_force(folder: Path) -> Problem:
    """Return the problem of a folder in which all rules are off, or that has none."""
    message = "no rule is in force: everything that triage did would be taken back"
    hint = (
        "if that is what you want, say so: `hubtriage build --allow-empty`, or to deploy "
        "`-c hubtriage:allow-empty=true` in CDK_ARGS"
    )
    return Problem(folder.as_posix(), Position(1, 1), "E403", message, hint)


def ruleset_document(loaded: LoadResult, *, revision: str | None) -> dict[str, Any]:
    """Return the rule set of the loaded rules that are not off, sorted by (order, id)."""
    inside = [rule for rule in loaded.rules if rule.model.mode != "off"]
    inside.sort(key=lambda rule: (rule.model.order, rule.id))
    rules = [compile_rule(rule) for rule in inside]
    accounts = {key: dict(loaded.accounts[key]) for key in sorted(loaded.accounts)}
    tables: dict[str, Any] = {"accounts": accounts, "zones": zones_of(rules), "lists": lists_of(inside)}
    statements = enforced_statements(loaded, inside, {"format": FORMAT, "hash": "", **tables, "rules": rules})
    tables["lists"] = lists_of(inside, [one.conditions for one, _spoken_of in statements])
    tables["policy"] = compiled_policy(statements, inside)
    shared = {name: table for name, table in tables.items() if table}
    document: dict[str, Any] = {"format": FORMAT, "hash": _hash(rules, shared), "revision": revision}
    document |= shared
    if any(rule.uses_regex for rule in inside) or any(one.uses_regex for one, _spoken_of in statements):
        document["regex"] = True  # the Lambda package needs google-re2
    return {**document, "rules": rules}


def compile_rule(rule: LoadedRule) -> dict[str, Any]:
    """Return one rule of the rule set; keys at their default are left out."""
    named: dict[str, SharedValues] = {}
    conditions = {name: taken_out(one, named) for name, one in rule.conditions.items()}
    if named:
        conditions["lists"] = sorted(named)
    return rule.compiled(conditions)


def lists_of(rules: Iterable[LoadedRule], conditions: Iterable[Any] = ()) -> dict[str, list[Any]]:
    """Return the values of each list that the conditions of the rules, or others, name."""
    named: dict[str, SharedValues] = {}
    for condition in (*([rule.match, rule.when] for rule in rules), *conditions):
        taken_out(condition, named)
    return {name: list(named[name]) for name in sorted(named)}


def zones_of(rules: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the offsets of each time zone that a rule of the rule set names."""
    names = {window["zone"] for rule in rules for window in rule.get("during", ())}
    return {name: zone_table(name) for name in sorted(names)}


def _hash(rules: list[dict[str, Any]], shared: Mapping[str, Any]) -> str:
    canonical = dumps([rules, shared], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(canonical.encode()).hexdigest()[:_HASH_LENGTH]


def git_revision(folder: Path) -> str | None:
    """Return the commit of the folder, with `+dirty` if its files differ from it; None outside git."""
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return None
    return commit + ("+dirty" if _git(folder, "status", "--porcelain", "--", ".") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
