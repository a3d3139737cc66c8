"""What rule files ask to be delivered: read, compiled, and refused where it means nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ruleset.delivery import Delivery
from hubtriage.engine.ruleset.ruleset import load_ruleset

RULE = "rules:\n  - id: a\n    match: {Id: [x]}\n"
NOTIFIES = "    update: {Workflow: {Status: NOTIFIED}}\n"
HIDES = "    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: why}}\n"

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Write a rule file."""

    def write(text: str) -> Path:
        monkeypatch.chdir(tmp_path)
        Path("rules").mkdir(exist_ok=True)
        Path("rules/a.yaml").write_text(text, encoding="utf-8")
        return Path("rules")

    return write


def compiled(folder: Path) -> dict[str, Any]:
    document = compile_ruleset(folder, revision=None)
    return document["rules"][0]


@pytest.mark.parametrize(
    ("keys", "deliveries"),
    [
        pytest.param("notify: chat", [Delivery("chat", "message")], id="one channel"),
        pytest.param(
            "notify: [chat, hook]",
            [Delivery("chat", "message"), Delivery("hook", "message")],
            id="several channels",
        ),
        pytest.param("open-ticket: q", [Delivery("q", "ticket", "account")], id="a ticket for each account"),
        pytest.param(
            "open-ticket: {queue: q, per: control}",
            [Delivery("q", "ticket", "control")],
            id="a ticket for each control",
        ),
        pytest.param("notify: none", [], id="no message"),
        pytest.param("open-ticket: none", [], id="no ticket"),
    ],
)
def test_the_keys_of_a_rule_become_deliveries(folder: Folder, keys: str, deliveries: list[Delivery]) -> None:
    document = compile_ruleset(folder(f"{RULE}{NOTIFIES}    {keys}\n"), revision=None)
    (rule,) = load_ruleset(document).rules
    assert [*rule.deliveries] == deliveries


def test_rules_without_the_keys_are_compiled_as_ever(folder: Folder) -> None:
    bare = compile_ruleset(folder(RULE + NOTIFIES), revision=None)
    (rule,) = bare["rules"]
    assert rule.keys() == {"id", "match", "update"}
    assert bare["hash"] == "8e81663175c7876e", "as it was before there were deliveries"
    none = compile_ruleset(
        folder(f"{RULE}{NOTIFIES}    notify: none\n    open-ticket: none\n"), revision=None
    )
    assert none == bare


def test_what_a_rule_delivers_changes_the_hash_of_the_rule_set(folder: Folder) -> None:
    hashes = {
        compile_ruleset(folder(f"{RULE}{NOTIFIES}    {keys}\n"), revision=None)["hash"]
        for keys in (
            "order: 7",
            "notify: a",
            "notify: b",
            "open-ticket: a",
            "open-ticket: {queue: a, per: rule}",
        )
    }
    assert len(hashes) == 5


def test_a_rule_may_do_nothing_but_open_tickets(folder: Folder) -> None:
    assert load_rules(folder(RULE + "    open-ticket: q\n")).problems == ()
    assert compiled(folder(RULE + "    open-ticket: q\n"))["update"] == {}


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        pytest.param(
            "    notify: chat\n",
            "E102",
            "the rule does nothing that it could notify of",
            id="a message alone",
        ),
        pytest.param("    open-ticket: none\n", "E102", "the rule does nothing", id="none is nothing"),
        pytest.param(
            HIDES + "    open-ticket: q\n",
            "E107",
            "the rule sets SUPPRESSED, and no ticket is open for a finding that is hidden",
            id="a ticket for what is suppressed",
        ),
        pytest.param(
            HIDES.replace("SUPPRESSED", "RESOLVED") + "    open-ticket: {queue: q}\n",
            "E107",
            "the rule sets RESOLVED",
            id="a ticket for what is resolved",
        ),
    ],
)
def test_a_rule_whose_deliveries_mean_nothing_is_refused(
    folder: Folder, keys: str, code: str, message: str
) -> None:
    (problem,) = load_rules(folder(RULE + keys)).problems
    assert (problem.code, message in problem.message) == (code, True)


def test_defaults_of_a_file_hold_for_rules_that_do_not_say_otherwise(folder: Folder) -> None:
    text = (
        "defaults: {notify: chat, open-ticket: {queue: q, per: rule}}\n"
        "rules:\n"
        "  - {id: a, match: {Id: [x]}, update: {Workflow: {Status: NOTIFIED}}}\n"
        "  - {id: b, match: {Id: [x]}, update: {Confidence: 1}, notify: none, open-ticket: other}\n"
        "  - id: c\n"
        "    match: {Id: [x]}\n"
        "    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: why}}\n"
        "    open-ticket: none\n"
    )
    rules = load_ruleset(compile_ruleset(folder(text), revision=None)).by_id
    assert rules["a"].deliveries == (Delivery("chat", "message"), Delivery("q", "ticket", "rule"))
    assert rules["b"].deliveries == (Delivery("other", "ticket"),)
    assert rules["c"].deliveries == (Delivery("chat", "message"),)


def test_a_default_that_a_rule_cannot_have_is_named_where_it_stands(folder: Folder) -> None:
    text = "defaults:\n  open-ticket: q\n" + RULE + HIDES
    (problem,) = load_rules(folder(text)).problems
    assert (problem.code, problem.position.line) == ("E107", 2)
    assert "open-ticket: none" in problem.hint
