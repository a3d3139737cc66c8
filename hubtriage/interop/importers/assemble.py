"""From drafts to rules: ids, the order of keys, and our own loader as the judge of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any, Literal

from hubtriage.authoring.loader import load_rules
from hubtriage.interop.criteria.input import shown
from hubtriage.interop.importers import automation_rules, findings_manager_1, findings_manager_2
from hubtriage.interop.importers.names import ids
from hubtriage.interop.importers.outcome import (
    Draft,
    Imported,
    Refusal,
    Remark,
    Translation,
    UnreadableError,
)
from hubtriage.interop.importers.render import render

Override = Literal["as-source", "always", "never"]

_KEYS = (
    "id", "description", "mode", "order", "terminal", "override", "ceiling", "match", "when", "update",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How to import. `regions` is for automation rules: the Regions in which they are in force, or `all`.

    `override` says which rules may change what a person or another tool set: those that their source
    means for findings already moved, all, or none.
    """

    override: Override = "as-source"
    regions: tuple[str, ...] = ()


KINDS: dict[str, Callable[[str, bytes, Options], Translation]] = {
    "findings-manager-1": lambda name, content, _options: findings_manager_1.translate(name, content),
    "findings-manager-2": lambda name, content, _options: findings_manager_2.translate(name, content),
    "automation-rules": lambda name, content, options: automation_rules.translate(
        name, content, options.regions
    ),
}
"""What can be imported, and by what."""

FORMS = {
    "findings-manager-1": "a YAML file with rules: or Suppressions: is read",
    "findings-manager-2": "a YAML file with rules: is read",
    "automation-rules": "read are answers of batch-get-automation-rules, requests of create-automation-rule, "
    "CloudFormation templates, Terraform configurations, and what `terraform show -json` prints",
}
"""What is read of each kind."""


def import_rules(kind: str, name: str, content: bytes, options: Options | None = None) -> Imported:
    """Import the rules of a file; `kind` is one of KINDS, and `name` is the file's, for messages.

    Raises UnreadableError where no rules of the kind can be found in it. A rule that cannot be
    translated exactly is refused, with its reason, and does not stop the others.
    """
    options = options or Options()
    found = KINDS[kind](name, content, options)
    if not found.drafts and not found.refusals:
        raise UnreadableError("there are no rules in it", FORMS[kind])
    pairs = list(zip(found.drafts, ids(draft.name for draft in found.drafts), strict=True))
    rules = [_rule(draft, rule_id, options.override) for draft, rule_id in pairs]
    flaws = _flaws(rules)
    refusals = [_refusal(pairs[index][0], flaw, found) for index, flaw in flaws.items()]
    kept = [index for index in range(len(rules)) if index not in flaws]
    remarks = [Remark(pairs[index][0].label, text) for index in kept for text in pairs[index][0].remarks]
    return Imported(tuple(rules[index] for index in kept), (*found.refusals, *refusals), tuple(remarks))


def _rule(draft: Draft, rule_id: str, override: Override) -> dict[str, Any]:
    """Finish a rule. No source knows a ceiling, so each rule may hide findings of any severity."""
    body = {**draft.body, "id": rule_id, "ceiling": "CRITICAL"}
    if override != "as-source":
        body["override"] = override == "always"
    if not body.get("override"):
        body.pop("override", None)
    return {key: body[key] for key in _KEYS if key in body}


def _flaws(rules: Iterable[dict[str, Any]]) -> dict[int, tuple[str, str]]:
    """Return (message, hint) of the first problem that our loader has with each rule, by its index."""
    with TemporaryDirectory() as folder:
        for index, rule in enumerate(rules):
            (FilePath(folder) / f"{index}.yaml").write_text(render([rule]), encoding="utf-8")
        problems = load_rules(FilePath(folder)).errors
    flaws: dict[int, tuple[str, str]] = {}
    for problem in problems:
        flaws.setdefault(int(FilePath(problem.file).stem), (problem.message, problem.hint))
    return flaws


def _refusal(draft: Draft, flaw: tuple[str, str], found: Translation) -> Refusal:
    message, hint = flaw
    return Refusal(draft.label, shown(draft.path), message, hint, found.line(draft.path))
