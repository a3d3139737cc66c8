"""From drafts to rules: ids, the order of keys, and our own loader as the judge of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any, Literal

from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import Problem
from hubtriage.interop.criteria.input import shown
from hubtriage.interop.importers import (
    automation_rules,
    findings_manager_1,
    findings_manager_2,
    prowler_mutelist,
)
from hubtriage.interop.importers.names import ids, printable
from hubtriage.interop.importers.other_forms import named
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

_NOTE_ADDED = "it hides findings and had no note; one was added that names the file"
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
    "prowler-mutelist": lambda name, content, _options: prowler_mutelist.translate(name, content),
}
"""What can be imported, and by what."""

FORMS = {
    "findings-manager-1": "give a YAML file with rules: or Suppressions:",
    "findings-manager-2": "give a YAML file with rules:",
    "automation-rules": "give the output of batch-get-automation-rules or get-automation-rule-v2, requests "
    "of create-automation-rule or create-automation-rule-v2, CloudFormation templates, Terraform "
    "configurations, what `terraform show -json` prints, and the Landing Zone Accelerator's "
    "security-config.yaml",
    "prowler-mutelist": "give a YAML file with Mutelist:",
}
"""What is read of each kind."""


def import_rules(kind: str, name: str, content: bytes, options: Options | None = None) -> Imported:
    """Import the rules of a file; `kind` is one of KINDS, and `name` is the file's, for messages.

    Raises UnreadableError where no rules of the kind can be found in it. A rule that cannot be
    translated exactly is refused, with its reason, and does not stop the others.
    """
    options = options or Options()
    found = _translation(kind, name, content, options)
    pairs = list(zip(found.drafts, ids(draft.name for draft in found.drafts), strict=True))
    rules = [_rule(draft, rule_id, options.override) for draft, rule_id in pairs]
    noteless = {index for index, problems in _problems(rules).items() if _wants_note(problems)}
    rules = [_with_note(rule, name) if index in noteless else rule for index, rule in enumerate(rules)]
    flaws = {index: problems[0] for index, problems in _problems(rules).items()}
    refusals = [_refusal(pairs[index][0], flaw, found) for index, flaw in flaws.items()]
    kept = [index for index in range(len(rules)) if index not in flaws]
    remarks = [
        Remark(pairs[index][0].label, text)
        for index in kept
        for text in (*pairs[index][0].remarks, *([_NOTE_ADDED] if index in noteless else []))
    ]
    return Imported(tuple(rules[index] for index in kept), (*found.refusals, *refusals), tuple(remarks))


def _translation(kind: str, name: str, content: bytes, options: Options) -> Translation:
    """Return what a file comes to; where that is nothing, the error says what the file looks like instead."""
    try:
        found = KINDS[kind](name, content, options)
    except UnreadableError as error:
        raise named(kind, content) or error from None
    if not found.drafts and not found.refusals:
        raise named(kind, content) or UnreadableError("there are no rules in it", FORMS[kind])
    return found


def _rule(draft: Draft, rule_id: str, override: Override) -> dict[str, Any]:
    """Finish a rule. No source knows a ceiling, so each rule may hide findings of any severity."""
    body = {**draft.body, "id": rule_id, "ceiling": "CRITICAL"}
    if override != "as-source":
        body["override"] = override == "always"
    if not body.get("override"):
        body.pop("override", None)
    return {key: body[key] for key in _KEYS if key in body}


def _wants_note(problems: Iterable[Problem]) -> bool:
    return any(problem.code == "E306" for problem in problems)


def _with_note(rule: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a rule that hides with a note, which its source does not want and ours do."""
    source = printable(name).replace("{", "(").replace("}", ")")
    return {**rule, "update": {**rule["update"], "Note": {"Text": f"Imported from {source:.200}."}}}


def _problems(rules: Iterable[dict[str, Any]]) -> dict[int, list[Problem]]:
    """Return the errors that our loader has with each rule, by its index."""
    with TemporaryDirectory() as folder:
        for index, rule in enumerate(rules):
            (FilePath(folder) / f"{index}.yaml").write_text(render([rule]), encoding="utf-8")
        problems = load_rules(FilePath(folder)).errors
    by_rule: dict[int, list[Problem]] = {}
    for problem in problems:
        by_rule.setdefault(int(FilePath(problem.file).stem), []).append(problem)
    return by_rule


def _refusal(draft: Draft, flaw: Problem, found: Translation) -> Refusal:
    return Refusal(draft.label, shown(draft.path), flaw.message, flaw.hint, found.line(draft.path))
