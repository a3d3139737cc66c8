"""What a finding can hold: each path, the type of its value, the values it can have.

AWS: the model of AwsSecurityFinding in the client library; `asff.table` derives the table from it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from hubtriage.asff.table import ANY_NAME, REQUIRED, TABLE
from hubtriage.engine.text.suggestions import nearest, only_candidate

Kind = Literal["text", "number", "boolean", "object", "unknown"]
Keys = tuple[str, ...]

_MISSPELT = 0.75  # of difflib's ratio: a slip of a letter or two, and hardly a new name
_KINDS: dict[str, Kind] = {"s": "text", "n": "number", "b": "boolean"}
# Triage fills these in before rules see the finding; it derives a severity's label from its number.
_FILLED_IN = frozenset({("Workflow", "Status"), ("VerificationState",), ("Severity", "Label")})

# AWS: Security Hub documents these as complete; other enumerations grow with what AWS and providers can see.
_COMPLETE = {"Label", "Status", "RecordState", "VerificationState", "WorkflowState"}


@dataclass(frozen=True, slots=True)
class AsffField:
    """What is at a path. `in_list`: it may have several values. `optional`: it may be missing."""

    kind: Kind
    values: tuple[str, ...] = ()
    in_list: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class UnknownPath:
    """A path that is not in the model: which of its names is wrong, and what was probably meant.

    `misspelt`: a member next to it has nearly that name; `only` is that name if no other one is like it.
    `below`: the path up to the name is a value, which has no members. Both are certainly mistakes; AWS may
    have added any other name since.
    """

    step: int
    meant: str = ""
    misspelt: bool = False
    below: bool = False
    only: str = ""

    @property
    def hint(self) -> str:
        """What to write instead."""
        return f"did you mean `{self.meant}`?" if self.meant else "see the finding format (ASFF)"


@cache
def table() -> dict[str, Any]:
    """Return the table as it was derived."""
    fields: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return fields


def members(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named members of a structure in the table."""
    return {name: inner for name, inner in node.items() if name not in (REQUIRED, ANY_NAME)}


@lru_cache(maxsize=4096)
def look_up(keys: Keys) -> AsffField | UnknownPath:
    """Return what is at a path of member names; positions in lists may be included or left out."""
    node: Any = table()
    in_list = optional = False
    for step, key in enumerate(keys):
        position = False
        while isinstance(node, list) and not position:
            node, position = node[0], key.isdecimal()
            in_list = in_list or not position
        if position:
            optional = True
            continue
        if not isinstance(node, dict):
            return UnknownPath(step, below=True)
        optional = optional or key not in node.get(REQUIRED, ())
        if key == REQUIRED or (key not in node and ANY_NAME not in node):
            near = nearest(key, members(node))
            misspelt = nearest(key, members(node), cutoff=_MISSPELT) is not None
            only = only_candidate(key, members(node)) if misspelt else None
            return UnknownPath(step, _meant(keys, step, near), misspelt, only=only or "")
        node = node[key] if key in node else node[ANY_NAME]
    return _field(node, in_list, optional and keys not in _FILLED_IN)


def _field(node: Any, in_list: bool, optional: bool) -> AsffField:
    while isinstance(node, list):
        node, in_list = node[0], True
    if isinstance(node, dict):
        return AsffField("object", (), in_list, optional)
    if node in _KINDS:
        return AsffField(_KINDS[node], (), in_list, optional)
    return AsffField("text", tuple(node.split("|")), in_list, optional)


@lru_cache(maxsize=4096)
def lists_passed(keys: Keys) -> tuple[int, ...]:
    """Return the lengths of a path's beginnings that are lists and are followed by no position.

    The whole path counts where it leads to a list.
    """
    node: Any = table()
    passed = []
    for step, key in enumerate((*keys, "")):
        position = False
        while isinstance(node, list) and not position:
            node, position = node[0], key.isdecimal()
            if not position:
                passed.append(step)
        if position:
            continue
        node = node.get(key, node.get(ANY_NAME)) if isinstance(node, dict) else None
    return tuple(dict.fromkeys(passed))


def holds_objects(keys: Keys) -> bool:
    """Say whether the list at a path holds structures."""
    found = look_up(keys)
    return isinstance(found, AsffField) and found.kind == "object"


def is_of_map(keys: Keys) -> bool:
    """Say whether the last name of a path is a key of a map, such as a tag's or one of ProductFields."""
    node: Any = table()
    for key in keys[:-1]:
        while isinstance(node, list):
            node = node[0]
        if key.isdecimal():
            continue
        node = node.get(key, node.get(ANY_NAME)) if isinstance(node, dict) else None
    return isinstance(node, dict) and ANY_NAME in node and keys[-1] not in node


def is_timestamp(keys: Keys) -> bool:
    """Say whether a field holds a timestamp. AWS: the names of such fields end in At, but for a few."""
    field = look_up(keys)
    if not isinstance(field, AsffField) or field.kind != "text" or field.values or is_of_map(keys):
        return False
    return keys[-1].endswith("At") and keys[0] != "Resources"


def is_complete(name: Keys) -> bool:
    """Say whether AWS documents all values of an enumeration; `name` is its path without positions."""
    return name[-1] in _COMPLETE and name[0] not in ("Resources", "Detection")


def _meant(keys: Keys, step: int, near: str | None) -> str:
    """Return the whole path that was probably meant, or the shortest one that ends in the same name."""
    if near is not None:
        mended = (*keys[:step], near, *keys[step + 1 :])
        further = look_up(mended)
        return ".".join(mended) if isinstance(further, AsffField) else further.meant or ".".join(mended)
    elsewhere = [path for path in _paths_ending().get(keys[-1].casefold(), ()) if path.count(".") < 3]
    return min(elsewhere, key=len, default="")


@cache
def _paths_ending() -> dict[str, list[str]]:
    """Return the paths of leaves by their last name."""
    found: dict[str, list[str]] = {}
    _collect(table(), (), found)
    return found


def _collect(node: Any, keys: Keys, found: dict[str, list[str]]) -> None:
    while isinstance(node, list):
        node = node[0]
    if isinstance(node, dict):
        for name, inner in members(node).items():
            _collect(inner, (*keys, name), found)
    elif keys:
        found.setdefault(keys[-1].casefold(), []).append(".".join(keys))
