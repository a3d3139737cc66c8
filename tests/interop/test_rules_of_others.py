"""Rule files that other people wrote are imported or refused with a reason, and decide without errors."""

import json
import os
from pathlib import Path

import pytest

from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.interop.importers.assemble import KINDS, Options, import_rules
from hubtriage.interop.importers.outcome import UnreadableError
from tests.support.imported_rules import NOW, ruleset_of

CORPUS = Path(os.environ.get("HUBTRIAGE_CORPUS", "/nowhere"))
pytestmark = pytest.mark.skipif(
    "HUBTRIAGE_CORPUS" not in os.environ, reason="needs rule files that other people wrote"
)
FOLDERS = {"findings-manager-1": "findings_manager_yaml", "automation-rules": "native_automation"}
FILES = [
    pytest.param(kind, path, id=path.name)
    for kind, folder in FOLDERS.items()
    if CORPUS.is_dir()
    for path in sorted((CORPUS / "rules" / folder).iterdir())
]
NOT_WHOLE = {
    "fixtures_suppressions.yaml": "unknown key 'resource_ids'",
    "suppressor.yml": "there is no list `Rules:`",
    "rules_empty.yaml": "there are no rules in it",
    "aws-root-account__modules_securityhub_main.tf": "the count decides on deployment",
    "batch-get-automation-rules.json": "this is a request for rules",
    "batch-update-automation-rules.json": "this changes a part of a rule",
}


def expected(path: Path) -> list[str]:
    """How the reasons start for which something of the file is missing."""
    return [reason for name, reason in NOT_WHOLE.items() if path.name.endswith(name)]


def reasons(kind: str, path: Path) -> list[str]:
    try:
        found = import_rules(kind, path.name, path.read_bytes(), Options(regions=("all",)))
    except UnreadableError as error:
        return [error.reason]
    assert len(ruleset_of(found).rules) == len(found.rules)
    return [refusal.reason for refusal in found.refusals]


@pytest.mark.parametrize(("kind", "path"), FILES)
def test_a_file_is_imported_whole_or_says_what_is_missing(kind: str, path: Path) -> None:
    told = reasons(kind, path)
    assert len(told) == len(expected(path))
    assert all(map(str.startswith, told, expected(path)))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("path", [file.values[1] for file in FILES], ids=lambda path: path.name)
def test_a_file_of_any_kind_gives_reasons_and_no_traceback(kind: str, path: Path) -> None:
    assert all(reasons(kind, path))


@pytest.mark.parametrize(("kind", "path"), FILES)
def test_the_rules_decide_findings_of_others_without_errors(kind: str, path: Path) -> None:
    try:
        ruleset = ruleset_of(import_rules(kind, path.name, path.read_bytes(), Options(regions=("all",))))
    except UnreadableError:
        return
    for line in (CORPUS / "findings.jsonl").read_text(encoding="utf-8").splitlines():
        assert decide(json.loads(line), NO_ENTRY, ruleset, NOW, Settings()).errors == ()
