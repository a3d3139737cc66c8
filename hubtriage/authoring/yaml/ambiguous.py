"""Find unquoted values that YAML reads as something else than their author meant."""

from collections.abc import Iterator

from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.rewriting import with_quotes
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from hubtriage.authoring.yaml.tree import YamlDocument, YamlNode, YamlPath, unquoted


def ambiguity(node: YamlNode, *, number_meant: bool = False) -> tuple[str, str] | None:
    """Return message and hint if an unquoted value may not be what its author meant, else None.

    Text and numbers are both allowed here. A value is ambiguous if readers of YAML differ about it, or if its
    digits are those of an account id. Unless a number is meant, it is also ambiguous if digits would be lost,
    as in the version 1.10.
    """
    if node.unquoted is None or isinstance(node.value, str):
        return None
    if isinstance(node.value, AmbiguousScalar):
        return unquoted(node)
    if isinstance(node.value, int) and len(node.unquoted) == 12:
        message, hint = unquoted(node)
        return f"{message} for an account id", hint
    if isinstance(node.value, float) and not number_meant and node.unquoted != repr(node.value):
        return f"unquoted {node.unquoted} is the number {node.value!r} to YAML", f'write "{node.unquoted}"'
    return None


def ambiguities_in(document: YamlDocument, path: YamlPath) -> Iterator[Problem]:
    """Yield a problem for each ambiguous value in the finding of a test."""
    node = document.node(path)
    ambiguous = ambiguity(node, number_meant=True)
    if ambiguous is not None:
        yield document.problem("E004", path, *ambiguous, fix=with_quotes(document, path))
    for step in node.children or ():
        yield from ambiguities_in(document, (*path, step))
