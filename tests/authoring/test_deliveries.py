"""What rule files ask to be delivered: read, compiled, and refused where it means nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.deliveries import KnownDeliveries, delivery_problems, together, unreached
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import RuleErrors
from hubtriage.engine.ruleset.delivery import Delivery, Routes
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.interop.exporters.automation_rules import export_rules

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


# The names, against those of a deployment

ROUTES = Routes.of(
    {
        "routes": {
            "team": {"by": "owner", "to": {"pay*": "desk", "shp": "desk"}, "otherwise": "cloud"},
            "loud": {"by": "account.stage", "to": {"prod": "pager", "stagging": "none"}, "otherwise": "chat"},
        }
    }
).by_name
KNOWN = KnownDeliveries(
    channels=frozenset(("chat", "pager")), queues=frozenset(("cloud", "desk")), routes=ROUTES, is_on=True
)


def said(folder: Path, known: KnownDeliveries) -> list[tuple[int, int, str, str, str]]:
    problems = delivery_problems(load_rules(folder).rules, known)
    return [(one.position.line, one.position.column, one.code, one.message, one.hint) for one in problems]


@pytest.mark.parametrize(
    "keys", ["notify: chat", "notify: [pager, loud]", "open-ticket: team", "open-ticket: {queue: desk}"]
)
def test_names_of_the_deployment_are_known(folder: Folder, keys: str) -> None:
    assert said(folder(f"{RULE}{NOTIFIES}    {keys}\n"), KNOWN) == []


@pytest.mark.parametrize(
    ("keys", "known", "problem"),
    [
        pytest.param(
            "notify: chatt",
            KNOWN,
            (5, 13, "E308", "there is no channel 'chatt'", "did you mean `chat`?"),
            id="a misspelt channel",
        ),
        pytest.param(
            "notify: [chat, other]",
            KNOWN,
            (5, 20, "E308", "there is no channel 'other'", "known: chat, loud, pager"),
            id="an unknown one in a list",
        ),
        pytest.param(
            "open-ticket: {queue: clod}",
            KNOWN,
            (5, 26, "E308", "there is no queue 'clod'", "did you mean `cloud`?"),
            id="a misspelt queue",
        ),
        pytest.param(
            "notify: cloud",
            KNOWN,
            (
                5,
                13,
                "E309",
                "cloud leads to a queue, and notify takes a channel",
                "write open-ticket: cloud, or name a channel",
            ),
            id="a queue for a channel",
        ),
        pytest.param(
            "open-ticket: loud",
            KNOWN,
            (
                5,
                18,
                "E309",
                "loud leads to a channel, and open-ticket takes a queue",
                "write notify: loud, or name a queue",
            ),
            id="a route to channels for a queue",
        ),
        pytest.param(
            "notify: chat",
            KnownDeliveries(),
            (
                5,
                13,
                "E308",
                "there is no channel 'chat'",
                "write decision-events = true and a table [channels.chat] into hubtriage.toml",
            ),
            id="nothing is delivered at all",
        ),
        pytest.param(
            "notify: chat",
            KnownDeliveries(is_on=True, target="lab"),
            (
                5,
                13,
                "E308",
                "there is no channel 'chat' in target lab",
                "write a table [channels.chat] into hubtriage.toml",
            ),
            id="a target without channels",
        ),
    ],
)
def test_a_name_that_the_deployment_lacks_is_an_error_with_its_place(
    folder: Folder, keys: str, known: KnownDeliveries, problem: tuple[int, int, str, str, str]
) -> None:
    files = folder(f"{RULE}{NOTIFIES}    {keys}\n")
    assert said(files, known) == [problem]
    with pytest.raises(RuleErrors, match=problem[2]):
        compile_ruleset(files, revision=None, deliveries=known)
    assert compile_ruleset(files, revision=None)["rules"], "without settings, names are not looked at"


def test_a_rule_that_is_off_delivers_nothing(folder: Folder) -> None:
    assert said(folder(f'{RULE}{NOTIFIES}    notify: x\n    mode: "off"\n'), KNOWN) == []


def test_a_name_of_the_defaults_is_placed_there(folder: Folder) -> None:
    ((line, *_rest),) = said(folder(f"defaults:\n  notify: x\n{RULE}{NOTIFIES}"), KNOWN)
    assert line == 2


def test_what_any_of_several_deployments_has_is_known() -> None:
    other = KnownDeliveries(channels=frozenset(("other",)), target="lab")
    both = together([KNOWN, other])
    assert both.names_of("channel") == ["chat", "loud", "other", "pager"]
    assert both.is_on


ACCOUNTS = 'accounts:\n  "111122223333": {stage: prod, team: payments}\n  "444455556666": {name: shop}\n'


@pytest.mark.parametrize(
    ("keys", "accounts", "message"),
    [
        pytest.param("open-ticket: team", "", "by the owner, and the rule has none", id="no owner"),
        pytest.param("open-ticket: team\n    owner: x", "", None, id="an owner"),
        pytest.param("open-ticket: cloud", "", None, id="no route"),
        pytest.param(
            "notify: [chat, loud]",
            ACCOUNTS,
            "`stage`, which is not known of 444455556666",
            id="an account without it",
        ),
        pytest.param("notify: loud", "", "because there is no accounts.yaml", id="no directory"),
        pytest.param(
            "open-ticket: team\n    owner: {account: team}",
            ACCOUNTS,
            "`team`, which is not known of 444455556666",
            id="the owner of an account",
        ),
        pytest.param("notify: loud", ACCOUNTS.replace("name: shop", "stage: test"), None, id="all have it"),
    ],
)
def test_a_route_by_what_is_not_known_is_warned_of(
    folder: Folder, keys: str, accounts: str, message: str | None
) -> None:
    files = folder(f"{RULE}{NOTIFIES}    {keys}\n")
    if accounts:
        (files / "accounts.yaml").write_text(accounts, encoding="utf-8")
    found = warnings(load_rules(files), SAMPLE_NOW, routes=ROUTES)
    told = [one.message for one in found if one.code == "W322"]
    assert len(told) == (message is not None)
    assert all(str(message) in one for one in told)


def test_a_warning_about_a_route_can_be_ignored_in_the_rule(folder: Folder) -> None:
    text = (
        f"{RULE}{NOTIFIES}    open-ticket: team\n    lint: {{ignore: {{W322: all go to the cloud team}}}}\n"
    )
    found = warnings(load_rules(folder(text)), SAMPLE_NOW, routes=ROUTES)
    assert {one.code for one in found}.isdisjoint({"W322", "W313"})


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        pytest.param("open-ticket: team\n    owner: payments", [("team", "shp")], id="an owner of no rule"),
        pytest.param("open-ticket: team\n    owner: shp", [("team", "pay*")], id="a beginning of no owner"),
        pytest.param(
            "open-ticket: team\n    owner: {account: team}", [("team", "shp")], id="owners by account"
        ),
        pytest.param("notify: loud", [("loud", "stagging")], id="a value of no account"),
        pytest.param("open-ticket: team", [], id="no owner is known"),
        pytest.param("notify: chat", [], id="no rule names a route"),
    ],
)
def test_a_value_that_no_finding_can_have_is_found_in_routes(
    folder: Folder, keys: str, found: list[tuple[str, str]]
) -> None:
    files = folder(f"{RULE}{NOTIFIES}    {keys}\n")
    (files / "accounts.yaml").write_text(ACCOUNTS, encoding="utf-8")
    loaded = load_rules(files)
    assert list(unreached(ROUTES, loaded.rules, loaded.accounts)) == found


def test_a_rule_that_opens_tickets_has_an_effect_although_others_set_its_fields(folder: Folder) -> None:
    later = "  - {id: b, order: 600, match: {Id: [x]}, update: {Workflow: {Status: NEW}}}\n"

    def told(keys: str) -> list[str]:
        found = warnings(load_rules(folder(f"{RULE}{NOTIFIES}{keys}{later}")), SAMPLE_NOW)
        return [one.message for one in found if one.code == "W302"]

    assert [message.partition(":")[0] for message in told("")] == ["has no effect"]
    said = told("    open-ticket: q\n")
    assert [message.partition(":")[0] for message in said] == ["Workflow.Status has no effect"]


@pytest.mark.parametrize(
    ("key", "reason"), [("notify", "send no messages"), ("open-ticket", "open no tickets")]
)
def test_automation_rules_cannot_deliver(folder: Folder, key: str, reason: str) -> None:
    loaded = load_rules(folder(f"{RULE}{NOTIFIES}    {key}: x\n"))
    (refusal,) = export_rules(loaded.rules).refusals
    assert (refusal.where, reason in refusal.reason) == (key, True)
