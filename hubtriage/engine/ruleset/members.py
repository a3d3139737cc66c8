"""Which members of a finding planning by a rule set may read: the others need not be kept.

Too many are named where it is not certain. A name is taken for a member wherever it begins a path, and logic
that looks at the whole finding, or calculates a path, names all.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hubtriage.engine.excerpt import Members
from hubtriage.engine.fields import FIELDS, OCSF
from hubtriage.engine.jsonlogic.syntax import Operation, looked_up, operations
from hubtriage.engine.ruleset.delivery import GROUPED_MEMBERS, compile_deliveries
from hubtriage.engine.ruleset.policy import conditions
from hubtriage.engine.ruleset.templates import PLACEHOLDER

PLANNED = frozenset(
    {field.member for field in FIELDS.values()} | {"UserDefinedFields", "FindingProviderFields", "Compliance"}
)
"""Members that planning looks at, whatever the rules are."""
NAMED = frozenset({"Id", "ProductArn", "AwsAccountId", "Region", "UpdatedAt", OCSF})
"""Members that tell findings and their states apart, and stand in records.

By the account id a finding's account is looked up in the directory.
"""
ANNOUNCED = frozenset({"RecordState", "Title", "ProductName", "Resources"})
"""Further members that are read where decisions are announced."""


class _WholeFindingError(Exception):
    """The logic may look at any member."""


def members_read(rules: Iterable[Mapping[str, Any]], policy: Iterable[Mapping[str, Any]] = ()) -> Members:
    """Return the members that planning, records, these rules and the policy may read; None: all.

    The rules and the statements of the policy are as in `ruleset.json`.
    """
    read = {*PLANNED, *NAMED}
    try:
        for rule in rules:
            read.update(_of_pattern(rule.get("match", {})))
            read.update(_of_logic(rule.get("when")))
            read.update(_of_update(rule["update"]))
            read.update(_of_deliveries(rule))
        for condition in map(conditions, policy):
            read.update(_of_pattern(condition.get("match", {})))
            read.update(_of_logic(condition.get("when")))
    except _WholeFindingError:
        return None
    return frozenset(read)


def _of_pattern(pattern: Mapping[str, Any]) -> Iterator[str]:
    for name, value in pattern.items():
        if name == "$or":
            for branch in value:
                yield from _of_pattern(branch)
        else:
            yield name


def _of_logic(logic: Any) -> Iterator[str]:
    for operation in operations(logic):
        for path in looked_up(operation):
            yield _first(path, operation)


def _first(path: Any, operation: Operation) -> str:
    """Return the member that a path begins with."""
    if isinstance(path, str) and path != "":
        return path.split(".")[0]
    if (path is None or path == "") and operation.scope:
        return ""  # the element of a list
    raise _WholeFindingError


def _of_update(update: Mapping[str, Any]) -> Iterator[str]:
    """Yield the members that texts name with `{finding.PATH}`."""
    texts = [update.get("Note", {}).get("Text", ""), *update.get("UserDefinedFields", {}).values()]
    for text in texts:
        for kind, path in PLACEHOLDER.findall(text):
            if kind == "finding":
                yield path.split(".")[0]


def _of_deliveries(rule: Mapping[str, Any]) -> Iterator[str]:
    """Yield the members by which the findings of one ticket are grouped."""
    for delivery in compile_deliveries(rule):
        yield from GROUPED_MEMBERS.get(delivery.per, ())
