"""Change the tree of a file as fixes would change the file, and take out of it what has no fix.

All functions return a changed copy of a node: an alias shares its nodes with the anchor. A copy knows what
was taken out of it, so that nothing is reported that only follows from what is missing. It also knows which
steps of the written file its own steps were.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hubtriage.authoring.problems import ChangeKind, ContentChange
from hubtriage.authoring.yaml.tree import Mended, YamlNode, YamlPath

_Edit = Callable[[YamlNode], YamlNode]


def changed(root: YamlNode, changes: Iterable[ContentChange]) -> YamlNode:
    """Return the tree with changes of what is at their paths now; one whose path is not there is left out.

    Changes of one path are made in their order. Raise ValueError where one does not fit what is there.
    """
    return _changed(root, [(change.path, change) for change in changes])


def without(root: YamlNode, path: YamlPath, *, may_be_any: bool = False) -> YamlNode:
    """Return the tree without the value at a path, which is there and is not the root.

    `may_be_any`: its key may have been meant to be any that is missing there.
    """
    return _edited(root, path[:-1], lambda node: _less(node, path[-1], may_be_any=may_be_any))


def with_stand_in(root: YamlNode, path: YamlPath, value: Any) -> YamlNode:
    """Return the tree with a value in the place of the one at a path; it counts as hurt.

    The value is a scalar or a mapping of scalars. The key may be one that is missing.
    """
    return _edited(root, path[:-1], lambda node: _with_stand_in(node, path[-1], value))


def _with_stand_in(node: YamlNode, step: str | int, value: Any) -> YamlNode:
    children = node.children or {}
    at = children.get(step, node)
    gone = ((step, children[step].value),) if step in children else ()
    stand_in = _node_of(at, value, Mended(gone, is_hurt=True))
    keys = node.keys
    if keys is not None and isinstance(step, str) and not gone:
        keys = {**keys, step: stand_in}
    return _rebuilt(node, keys, {**children, step: stand_in}, _hurt(node))


def _node_of(at: YamlNode, value: Any, mended: Mended | None = None) -> YamlNode:
    if not isinstance(value, dict):
        return YamlNode(at.line, at.column, value, mended=mended)
    keys = {key: _node_of(at, one) for key, one in value.items()}
    return YamlNode(at.line, at.column, value, None, 1, keys, {**keys}, mended)


def _changed(node: YamlNode, changes: list[tuple[YamlPath, ContentChange]]) -> YamlNode:
    """Return the node with the changes at or below it: inside its values, then of its keys, then its own."""
    inside: dict[str | int, list[tuple[YamlPath, ContentChange]]] = {}
    for path, change in changes:
        if path and path[0] in (node.children or {}) and (path[1:] or change.kind is not ChangeKind.RENAME):
            inside.setdefault(path[0], []).append((path[1:], change))
    if inside:
        children = node.children or {}
        new = {step: _changed(children[step], below) for step, below in inside.items()}
        node = _rebuilt(node, node.keys, {**children, **new}, node.mended)
    for path, change in changes:
        if len(path) == 1 and change.kind is ChangeKind.RENAME and node.has(path):
            node = _renamed(node, path[0], change.argument)
    for path, change in changes:
        node = _edit(node, change) if not path else node
    return node


def _edit(node: YamlNode, change: ContentChange) -> YamlNode:
    edits: dict[ChangeKind, _Edit] = {
        ChangeKind.SET: lambda node: replace(_childless(node), value=change.argument, unquoted=None),
        ChangeKind.LISTED: _listed,
        ChangeKind.UNDER: lambda node: _under(node, change.argument),
        ChangeKind.ONLY: _only,
        ChangeKind.SPLIT: _split,
    }
    return edits[change.kind](node)


def _edited(node: YamlNode, path: YamlPath, edit: _Edit) -> YamlNode:
    """Return the tree with the node at a path edited, which hurts all around it."""
    if not path:
        return edit(node)
    step, children = path[0], node.children or {}
    inner = {**children, step: _edited(children[step], path[1:], edit)}
    return _rebuilt(node, node.keys, inner, _hurt(node))


def _rebuilt(
    node: YamlNode,
    keys: dict[str, YamlNode] | None,
    children: dict[str | int, YamlNode],
    mended: Mended | None,
) -> YamlNode:
    value: Any = [child.value for child in children.values()]
    if keys is not None:
        value = {key: child.value for key, child in children.items()}
    return replace(node, value=value, keys=keys, children=children, mended=mended)


def _hurt(node: YamlNode) -> Mended:
    return replace(node.mended or Mended(), is_hurt=True)


def _less(node: YamlNode, step: str | int, *, may_be_any: bool) -> YamlNode:
    children = dict(node.children or {})
    gone = children.pop(step)
    lost = (None, {step: gone.value}) if may_be_any else (step, gone.value)
    before = _hurt(node)
    steps = before.steps
    keys = node.keys
    if keys is not None:
        keys = {key: one for key, one in keys.items() if key != step}
    else:
        steps = {new: before.step(old) for new, old in enumerate(children)}
        children = dict(enumerate(children.values()))
    return _rebuilt(node, keys, children, replace(before, lost=(*before.lost, lost), steps=steps))


def _renamed(node: YamlNode, step: str | int, name: Any) -> YamlNode:
    if node.keys is None or name in node.keys:
        raise ValueError(f"there is a key {name!r} already")
    before = node.mended or Mended()
    keys = {name if key == step else key: one for key, one in node.keys.items()}
    children = {name if key == step else key: one for key, one in (node.children or {}).items()}
    steps = {**before.steps, name: before.step(step)}
    return _rebuilt(node, keys, children, replace(before, steps=steps))


def _childless(node: YamlNode) -> YamlNode:
    if node.children:
        raise ValueError("not one value")
    return node


def _listed(node: YamlNode) -> YamlNode:
    return _holder(node, [node.value], None, {0: node})


def _under(node: YamlNode, name: str) -> YamlNode:
    return _holder(node, {name: node.value}, {name: node}, {name: node})


def _only(node: YamlNode) -> YamlNode:
    if node.keys is not None or len(node.children or ()) != 1:
        raise ValueError("not a list of one value")
    return (node.children or {})[0]


def _split(node: YamlNode) -> YamlNode:
    if not node.keys or not node.children:
        raise ValueError("not a mapping")
    items: list[YamlNode] = []
    for name, key in node.keys.items():
        child = node.children[name]
        items.append(_holder(key, {name: child.value}, {name: key}, {name: child}))
    return _holder(node, [item.value for item in items], None, dict(enumerate(items)))


def _holder(
    at: YamlNode, value: Any, keys: dict[str, YamlNode] | None, children: Mapping[Any, YamlNode]
) -> YamlNode:
    height = 1 + max(child.height for child in children.values())
    return YamlNode(at.line, at.column, value, None, height, keys, dict(children))
