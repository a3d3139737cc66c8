"""The workload's rules in JsonLogic without our operators, for evaluators that know nothing else.

Only the shapes of the workload are translated; `age_days` becomes a comparison of timestamp texts.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.engine.pattern.compiler import expand
from hubtriage.localaws.findings import NOW

Logic = Any


def plain(rule: dict[str, Any]) -> Logic:
    """Return one expression for a rule's `match` and `when`."""
    parts = []
    if "match" in rule:
        (leaves,) = expand(rule["match"])
        parts += _conditions({leaf.keys: leaf.alternatives for leaf in leaves}, ())
    if "when" in rule:
        parts.append(_without_ours(rule["when"]))
    return parts[0] if len(parts) == 1 else {"and": parts}


def _conditions(leaves: dict[tuple[str, ...], list[Any]], base: tuple[str, ...]) -> list[Logic]:
    """Return a condition for each leaf, those below one list together."""
    made = []
    below: dict[tuple[str, ...], dict[tuple[str, ...], list[Any]]] = {}
    for keys, alternatives in leaves.items():
        lists = [keys[:length] for length in range(len(base) + 1, len(keys) + 1) if keys[:length] in LISTS]
        if lists:
            below.setdefault(lists[0], {})[keys] = alternatives
        else:
            made.append(_any_of(alternatives, {"var": ".".join(keys[len(base) :])}))
    for path, inner in below.items():
        var = {"var": ".".join(path[len(base) :])}
        conditions = _conditions({k: v for k, v in inner.items() if k != path}, path)
        conditions += [_any_of(inner[path], {"var": ""})] if path in inner else []
        made.append({"some": [var, conditions[0] if len(conditions) == 1 else {"and": conditions}]})
    return made


def _any_of(alternatives: list[Any], subject: Logic) -> Logic:
    values = [value for value in alternatives if not isinstance(value, dict)]
    tests: list[Logic] = [{"in": [subject, values]}] if values else []
    for alternative in alternatives:
        if isinstance(alternative, dict):
            ((operator, operand),) = alternative.items()
            tests.append(_prefix(subject, operand) if operator == "prefix" else {"==": [subject, None]})
    return tests[0] if len(tests) == 1 else {"or": tests}


def _prefix(subject: Logic, text: str) -> Logic:
    return {"==": [{"substr": [subject, 0, len(text)]}, text]}


def _without_ours(logic: Logic) -> Logic:
    if isinstance(logic, list):
        return [_without_ours(item) for item in logic]
    if not isinstance(logic, dict):
        return logic
    ((name, arguments),) = logic.items()
    if name == "starts_with":
        return _prefix(*arguments)
    if name == "cidr":
        subject, network = arguments
        return _prefix(subject, ".".join(network.split(".")[:2]) + ".")
    if name == "<" and isinstance(arguments[0], dict) and "age_days" in arguments[0]:
        moment = datetime.fromtimestamp(NOW, UTC) - timedelta(days=arguments[1])
        (var,) = arguments[0]["age_days"]
        return {">": [var, moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"]}
    return {name: _without_ours(arguments)}


def write(path: Any, rules: list[dict[str, Any]]) -> None:
    """Write the expressions as a JSON list."""
    path.write_text(json.dumps([plain(rule) for rule in rules]))
