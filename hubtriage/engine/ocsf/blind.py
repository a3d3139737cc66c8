"""What rules cannot see of findings of Security Hub V2, and what is left of a condition there.

A condition may read a member that V2 has no counterpart for. Then two conditions take its place. Both read
only what V2 has: one holds where the rule would hold whatever that member is, the other where it may hold.
What lies between them is not known there, and "not known" is never taken for "not so".
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hubtriage.engine.jsonlogic.syntax import (
    Keys,
    Operation,
    looked_up,
    operations,
    split_operation,
    var_keys,
)
from hubtriage.engine.ocsf.readers import Each, Reader
from hubtriage.engine.ocsf.view import VIEW
from hubtriage.engine.pattern.compiler import PatternField, expand

Condition: TypeAlias = Mapping[str, Any] | None
"""A rule's `match` and `when`, as far as it has them; without either it always holds. None never holds."""
ALWAYS: Condition = {}
NEVER: Condition = None

Effect = Literal["as elsewhere", "less often", "never"]
Lacks: TypeAlias = frozenset[str]
"""Members that one finding lacks, although V2 shows them on others."""
SOMETIMES: Lacks = frozenset({"AwsAccountName", "GeneratorId"})
"""Members that AWS gives every finding in ASFF, and only some of V2: without them they are not known."""
NOTHING: Lacks = frozenset()


def _leaves(members: Mapping[str, Reader], outer: Keys = ()) -> Iterator[Keys]:
    for path, read in members.items():
        keys = (*outer, *path.split("."))
        if isinstance(read, Each):
            yield from _leaves(read.members, keys)
        else:
            yield keys


SEEN: Final = frozenset(_leaves(VIEW))
"""The paths of what a view may have; whatever stands below one is seen too."""
_OUTER: Final = frozenset(keys[:length] for keys in SEEN for length in range(1, len(keys)))


def is_blind(keys: Sequence[str]) -> bool:
    """Say whether V2 has no counterpart of a path in a finding; positions in lists do not count."""
    names = _names(keys)
    return names not in _OUTER and not any(names[:length] in SEEN for length in range(1, len(names) + 1))


def lacking(finding: Mapping[str, Any]) -> Lacks:
    """Return what a finding of V2 lacks of that which V2 shows on some."""
    return frozenset(name for name in SOMETIMES if name not in finding)


def _is_unseen(keys: Sequence[str], lacks: Lacks) -> bool:
    return is_blind(keys) or (bool(lacks) and bool(keys) and keys[0] in lacks)


def _names(keys: Sequence[str]) -> Keys:
    return tuple(key for key in keys if not key.isdecimal())


@dataclass(frozen=True, slots=True)
class OnV2:
    """A rule's condition on findings of V2: `holds` surely, `may_hold` whatever V2 does not show.

    Both are the rule's own condition if V2 shows all that it reads.
    """

    holds: Condition
    may_hold: Condition
    is_affected: bool

    @property
    def effect(self) -> Effect:
        """How often the rule applies on V2, compared with the other hub."""
        if not self.is_affected:
            return "as elsewhere"
        return "never" if self.holds is NEVER else "less often"


def on_v2(rule: Mapping[str, Any], lacks: Lacks = NOTHING) -> OnV2:
    """Return what is left of the condition of a rule as in `ruleset.json`, or a rule file.

    `lacks` has what the finding lacks of that which V2 shows on some.
    """
    own = {name: rule[name] for name in ("match", "when") if name in rule}
    if not _match_is_blind(rule.get("match"), lacks) and not _reads_blind(rule.get("when"), (), lacks):
        return OnV2(own, own, is_affected=False)
    return OnV2(_Left(True, lacks).of(own), _Left(False, lacks).of(own), is_affected=True)


def blind_paths(rule: Mapping[str, Any], lacks: Lacks = NOTHING) -> list[str]:
    """Return the paths that a rule's condition reads and V2 does not have, each once, in their order.

    A path that is calculated, and the whole finding, are named `?`.
    """
    found: dict[str, None] = {}
    if "match" in rule:
        found.update(dict.fromkeys(".".join(leaf.keys) for leaf in _blind_leaves(rule["match"], lacks)))
    for operation in operations(rule.get("when")):
        for keys in _blind_reads(operation, lacks):
            found["?" if keys is None else ".".join(keys)] = None
    return list(found)


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of conditions: what holds `surely`, or else what holds wherever they may hold."""

    surely: bool
    lacks: Lacks

    def of(self, own: Mapping[str, Any]) -> Condition:
        """Return what is left of a rule's condition."""
        result: dict[str, Any] = {}
        if "match" in own:
            match = self._match(own["match"])
            if match is NEVER:
                return NEVER
            result |= {"match": match} if match else {}
        if "when" in own:
            when = self._when(own["when"], ())
            if when is False:
                return NEVER
            result |= {} if when is True else {"when": when}
        return result

    def _match(self, match: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return a pattern without blind fields: surely without the branches that have any."""
        branches: list[Mapping[str, Any]] = []
        for leaves in expand(match):
            seen = [leaf for leaf in leaves if not _is_unseen(leaf.keys, self.lacks)]
            blind = {leaf.keys[0] for leaf in leaves if _is_unseen(leaf.keys, self.lacks)}
            if self.surely and blind:
                continue
            left = [leaf for leaf in seen if not _depends_on(leaf, blind)]
            if not left:
                return ALWAYS
            branches.append(_pattern(left))
        if len(branches) < 2:
            return branches[0] if branches else NEVER
        return {"$or": branches}

    def _when(self, logic: Any, scope: Keys | None) -> Any:
        """Return an expression without blind reads: false, or true, stands for what they decide."""
        if not _reads_blind(logic, scope, self.lacks):
            return logic
        if not isinstance(logic, Mapping):
            return self._unknown
        name, arguments = split_operation(logic)
        if name in ("and", "or"):
            return _joined(name, [self._when(one, scope) for one in arguments])
        if name == "!":
            return _negated(self._opposite._when(arguments[0], scope))
        if name == "!!":
            return self._when(arguments[0], scope)
        if name in ("some", "all", "none"):
            return self._of_elements(name, arguments, scope)
        if name in ("if", "?:"):
            return self._chosen(name, arguments, scope)
        return self._unknown

    @property
    def _unknown(self) -> bool:
        return not self.surely

    @property
    def _opposite(self) -> "_Left":
        return _Left(not self.surely, self.lacks)

    def _of_elements(self, name: str, arguments: list[Any], scope: Keys | None) -> Any:
        if _reads_blind(arguments[0], scope, self.lacks):
            return self._unknown
        inner = Operation(name, arguments, (), scope, ()).keys_of(arguments[0])
        side = self._opposite if name == "none" else self
        test = side._when(arguments[1], inner)
        if test is False:  # it holds for no element
            return name == "none"
        return {name: [arguments[0], test]}

    def _chosen(self, name: str, arguments: list[Any], scope: Keys | None) -> Any:
        """Return a choice whose tests V2 shows; otherwise what is chosen is not known."""
        if any(_reads_blind(test, scope, self.lacks) for test in arguments[:-1:2]):
            return self._unknown
        last = len(arguments) - 1
        tests = range(0, last, 2)
        return {name: [one if at in tests else self._when(one, scope) for at, one in enumerate(arguments)]}


def _match_is_blind(match: Any, lacks: Lacks) -> bool:
    return match is not None and next(_blind_leaves(match, lacks), None) is not None


def _blind_leaves(match: Mapping[str, Any], lacks: Lacks) -> Iterator[PatternField]:
    return (leaf for branch in expand(match) for leaf in branch if _is_unseen(leaf.keys, lacks))


def _depends_on(leaf: PatternField, blind: Collection[str]) -> bool:
    """Say whether a field may hold by absence in an element that a blind field names."""
    return leaf.keys[0] in blind and any(
        isinstance(one, Mapping) and one.get("exists") is False for one in leaf.alternatives
    )


def _pattern(leaves: Sequence[PatternField]) -> Mapping[str, Any]:
    pattern: dict[str, Any] = {}
    for leaf in leaves:
        holder = pattern
        for key in leaf.keys[:-1]:
            holder = holder.setdefault(key, {})
        holder[leaf.keys[-1]] = leaf.alternatives
    return pattern


def _joined(name: str, parts: list[Any]) -> Any:
    """Join parts by `and` or `or`; some may be true or false now."""
    neutral = name == "and"
    if any(part is (not neutral) for part in parts):
        return not neutral
    left = [part for part in parts if part is not neutral]
    return {name: left} if left else neutral


def _negated(part: Any) -> Any:
    return not part if isinstance(part, bool) else {"!": [part]}


def _reads_blind(logic: Any, scope: Keys | None, lacks: Lacks) -> bool:
    return any(True for operation in operations(logic, (), scope) for _keys in _blind_reads(operation, lacks))


def _blind_reads(operation: Operation, lacks: Lacks) -> Iterator[Keys | None]:
    """Yield the blind paths that an operation itself reads; None for one that is not known."""
    for keys in _reads(operation):
        if keys is None or _is_unseen(keys, lacks):
            yield keys


def _reads(operation: Operation) -> Iterator[Keys | None]:
    if operation.name == "get":
        yield from _member(operation)
    for path in looked_up(operation):
        yield _path(operation, path)


def _path(operation: Operation, path: Any) -> Keys | None:
    """Return the path in the finding of a path that an operation names."""
    if path is None or (isinstance(path, int) and not isinstance(path, bool)):
        path = "" if path is None else str(path)
    if not isinstance(path, str):
        return None
    keys = tuple(path.split(".")) if path else ()
    scope = operation.scope
    if scope is None:
        return _in_reduce(operation, keys)
    return (*scope, *keys) or None  # the whole finding is not known


def _in_reduce(operation: Operation, keys: Keys) -> Keys | None:
    """Return the path of what `reduce` calls `current`; what it has gathered so far is seen."""
    outer = next((one for one in reversed(operation.outer) if one.name == "reduce"), None)
    if outer is None or outer.scope is None or not keys:
        return None
    if keys[0] == "accumulator":
        return None if keys[1:] else _GATHERED  # a member of it is one of an object in the finding
    listed = outer.keys_of(outer.arguments[0])
    return (*listed, *keys[1:]) if listed and keys[0] == "current" else None


_GATHERED: Final = ("Id",)
"""Stands for a value that is made of parts, which are looked at themselves."""


def _member(operation: Operation) -> Iterator[Keys | None]:
    """Yield the path that `get` leads to; None where that is not plain, and may be something blind."""
    keys = _plain(operation.logic)
    if keys is not None:
        yield _path(operation, ".".join(keys))
    elif any(
        one is None or _names(one) in _OUTER
        for inner in operations(operation.arguments[0], (), operation.scope)
        for one in _reads(inner)
    ):
        yield None


def _plain(expression: Any) -> Keys | None:
    """Return the path of a plain `var`, or of a `get` from what is plain."""
    if not isinstance(expression, dict) or list(expression) != ["get"]:
        return var_keys(expression)
    holder, *name = split_operation(expression)[1]
    keys = _plain(holder)
    return (*keys, *name) if keys is not None and all(isinstance(one, str) for one in name) else None
