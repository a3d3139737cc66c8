"""Derive the EventBridge pattern from the rules at synth.

**The pattern is a superset.** What it leaves out, no rule ever sees, so every step here may only widen it:

- A finding with our memo always comes in: something may have to be taken back.
- Of other findings the baseline equals the event, except that an absent Workflow counts as NEW, an absent
  VerificationState as UNKNOWN, that a severity has the label of its number, and that what only
  FindingProviderFields have is there. So a rule's `match` is put into the pattern as it stands, with "or
  absent" added where it asks for one of these. A rule without `match` needs every finding.
- A key with a dot means something else to EventBridge than to us, our own user-defined fields are not in the
  baseline, what a severity has beside its label may be otherwise there, and a template cannot say null: such
  conditions are left out.

A pattern that is too long for EventBridge gets coarser: conditions of rules that ask for the same fields are
joined value by value, then fields are dropped, at last everything comes in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from json import dumps
from typing import Any

from hubtriage.engine.fields import FIELDS, MEMO_KEY, OUR_KEYS
from hubtriage.engine.pattern.compiler import expand

LONGEST_PATTERN = 2048  # AWS: characters of an event pattern
MOST_BRANCHES = 1000  # AWS: combinations that `$or` may make
LONGEST_FIELD = 400  # characters of one field's values beyond which the field is dropped first

SOURCE = "aws.securityhub"
DETAIL_TYPE = "Security Hub Findings - Imported"

Path = tuple[str, ...]
Branch = dict[Path, list[Any]]
Rules = Iterable[Mapping[str, Any]]

_SEVERITY_LABEL: Path = ("Severity", "Label")
_FILLED_IN = frozenset({"Workflow", "VerificationState", *(f.member for f in FIELDS.values() if f.provided)})
_ABSENT = {"exists": False}
_WITH_MEMO: Branch = {("UserDefinedFields", MEMO_KEY): [{"exists": True}]}
# Few values, and they tell most findings apart: the last to be dropped.
_COARSE: tuple[Path, ...] = (
    ("ProductArn",),
    ("RecordState",),
    ("Workflow", "Status"),
    ("Severity", "Label"),
    ("Compliance", "Status"),
    ("Compliance", "SecurityControlId"),
    ("AwsAccountId",),
    ("GeneratorId",),
)


def event_pattern(rules: Rules) -> dict[str, Any]:
    """The EventBridge pattern for the rules of a compiled rule set, at most 2,048 characters.

    Matches every Imported event on which one of the rules could match or that carries our memo.
    """
    branches = [branch for rule in rules for branch in _branches(rule)]
    for coarser in _COARSENINGS:
        branches = _distinct(coarser(branches))
        pattern = _pattern(branches)
        if len(branches) < MOST_BRANCHES and len(dumps(pattern, separators=(",", ":"))) <= LONGEST_PATTERN:
            return pattern
    return _pattern([{}])


def _branches(rule: Mapping[str, Any]) -> Iterator[Branch]:
    """The rule's match, `$or` multiplied out; no condition at all where it has none."""
    if "match" not in rule:
        yield {}
        return
    for leaves in expand(rule["match"]):
        yield {
            leaf.keys: _widened(leaf.keys, leaf.alternatives)
            for leaf in leaves
            if _means_the_same(leaf.keys) and not _holds_null(leaf.alternatives)
        }


def _means_the_same(path: Path) -> bool:
    """Whether EventBridge sees at the path what rules see there.

    Dots are plain to rules, they never see our memo, and they see the severity in its canonical form.
    """
    if path[0] == "Severity":
        return path == _SEVERITY_LABEL
    return not any("." in key for key in path) and path[-1] not in OUR_KEYS


def _holds_null(value: Any) -> bool:
    """AWS: a CloudFormation template cannot say null; a list without its null would let less in."""
    if isinstance(value, Mapping):
        return any(map(_holds_null, value.values()))
    return value is None or (isinstance(value, list) and any(map(_holds_null, value)))


def _widened(path: Path, alternatives: list[Any]) -> list[Any]:
    """The values of a field, with "or absent" where the rules see a value in the place of none."""
    return [*alternatives, _ABSENT] if path[0] in _FILLED_IN and _ABSENT not in alternatives else alternatives


def _distinct(branches: Iterable[Branch]) -> list[Branch]:
    """The branches without those that another makes needless; one without conditions stands for all."""
    unique = {dumps(_tree(branch), sort_keys=True): branch for branch in branches}
    return [{}] if "{}" in unique else list(unique.values())


def _as_they_are(branches: list[Branch]) -> list[Branch]:
    return branches


def _joined(branches: list[Branch]) -> list[Branch]:
    """Branches over the same fields become one, value by value."""
    by_fields: dict[frozenset[Path], Branch] = {}
    for branch in branches:
        joined = by_fields.setdefault(frozenset(branch), {path: [] for path in branch})
        for path, values in branch.items():
            joined[path] = joined[path] + [value for value in values if value not in joined[path]]
    return list(by_fields.values())


def _without_long_fields(branches: list[Branch]) -> list[Branch]:
    return _joined(
        [_keep(branch, lambda _path, values: _length(values) <= LONGEST_FIELD) for branch in branches]
    )


def _coarse_fields_only(branches: list[Branch]) -> list[Branch]:
    return _without_long_fields(
        _joined([_keep(branch, lambda path, _values: path in _COARSE) for branch in branches])
    )


def _common_fields_only(branches: list[Branch]) -> list[Branch]:
    """One branch over the fields that every branch asks for."""
    if not branches:
        return []
    common = set(branches[0]).intersection(*branches)
    return _without_long_fields(
        _joined([_keep(branch, lambda path, _values: path in common) for branch in branches])
    )


_COARSENINGS: tuple[Callable[[list[Branch]], list[Branch]], ...] = (
    _as_they_are,
    _joined,
    _without_long_fields,
    _coarse_fields_only,
    _common_fields_only,
)


def _keep(branch: Branch, keep: Callable[[Path, list[Any]], bool]) -> Branch:
    return {path: values for path, values in branch.items() if keep(path, values)}


def _length(values: list[Any]) -> int:
    return len(dumps(values, separators=(",", ":")))


def _pattern(branches: list[Branch]) -> dict[str, Any]:
    detail = {} if {} in branches else {"detail": {"findings": _either([*branches, _WITH_MEMO])}}
    return {"source": [SOURCE], "detail-type": [DETAIL_TYPE], **detail}


def _either(branches: list[Branch]) -> dict[str, Any]:
    return _tree(branches[0]) if len(branches) == 1 else {"$or": [_tree(branch) for branch in branches]}


def _tree(branch: Branch) -> dict[str, Any]:
    """A branch as nested objects, the way a pattern is written."""
    tree: dict[str, Any] = {}
    for path, values in branch.items():
        node = tree
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = values
    return tree
