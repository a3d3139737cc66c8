"""What counts as a change of a rule, and which findings it concerns."""

from typing import Any

import pytest

from hubtriage.aws.sweep.occasions.changes import Changes, changes, digest_of, swept_rules
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset import ruleset as engine
from hubtriage.engine.ruleset.delivery import NO_ROUTES, Routes
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.support.sweep_world import rules, suppress
from tests.support.triage_world import NOW

A = suppress("a", "control-a")
HOUR = 3600.0
WEEKEND = {"days": ["sat", "sun"], "zone": "UTC"}


def changed(before: list[Any], after: list[Any], now: float = NOW) -> Changes:
    swept, current = (swept_rules(rules(*raw), Settings()) for raw in (before, after))
    return changes(swept, current, now)


def without_count(found: Changes) -> tuple[Any, ...]:
    return found.ended, found.changed, found.begun, found.wants_active


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param([A], [A], ((), (), (), False), id="nothing"),
        pytest.param([A], [], (("a",), (), (), False), id="a deleted rule: what it held"),
        pytest.param([], [A], ((), (), ("a",), True), id="a new rule: what it may want"),
        pytest.param([A], [A | {"id": "b"}], (("a",), (), ("b",), True), id="a renamed rule: both"),
        pytest.param([A], [A | {"mode": "observe"}], (("a",), (), (), False), id="into observe"),
        pytest.param([A | {"mode": "observe"}], [A], ((), (), ("a",), True), id="out of observe"),
        pytest.param([], [A | {"mode": "observe"}], ((), (), (), False), id="a new rule in observe"),
        pytest.param([A], [A | {"mode": "hold"}], ((), ("a",), (), False), id="on hold it wants nothing new"),
        pytest.param(
            [A | {"mode": "hold"}], [], (("a",), (), (), False), id="a deleted rule that was on hold"
        ),
        pytest.param([A], [A | {"during": [WEEKEND]}], ((), ("a",), (), True), id="a window that is new"),
        pytest.param(
            [A | {"during": [WEEKEND]}],
            [A | {"during": [WEEKEND | {"days": ["sun"]}]}],
            ((), ("a",), (), True),
            id="another window",
        ),
        pytest.param([A], [A | {"order": 7}], ((), ("a",), (), True), id="another order"),
        pytest.param([A], [A | {"ceiling": "HIGH"}], ((), ("a",), (), True), id="another ceiling"),
        pytest.param([A], [A | {"open-ticket": {"queue": "q"}}], ((), ("a",), (), True), id="a ticket"),
        pytest.param([A], [A | {"notify": ["chat"]}], ((), (), (), False), id="who is notified from now on"),
        pytest.param([A], [A | {"order": 500}], ((), (), (), False), id="a default that is written out"),
        pytest.param([A], [A | {"match": {"GeneratorId": ["x"]}}], ((), ("a",), (), True), id="match"),
        pytest.param([A], [A | {"when": {"==": [1, 1]}}], ((), ("a",), (), True), id="when"),
        pytest.param(
            [A], [A | {"description": "d", "owner": "o"}], ((), (), (), False), id="what people read"
        ),
        pytest.param(
            [A | {"terminal": True}], [], (("a",), (), (), True), id="a deleted terminal rule: what it kept"
        ),
        pytest.param(
            [A], [A | {"ends": NOW - HOUR}], (("a",), (), (), False), id="a rule that ended before now"
        ),
        pytest.param([A], [A | {"ends": NOW + HOUR}], ((), (), (), False), id="a rule that ends later"),
        pytest.param(
            [A | {"ends": NOW - HOUR}], [A], ((), (), ("a",), True), id="an ended rule that is renewed"
        ),
        pytest.param(
            [A | {"ends": NOW - HOUR}], [], ((), (), (), False), id="a rule that had ended and is gone"
        ),
        pytest.param([], [A | {"starts": NOW + HOUR}], ((), (), (), False), id="a rule that is to begin"),
        pytest.param(
            [A | {"starts": NOW - HOUR}], [A | {"starts": NOW + HOUR}], (("a",), (), (), False), id="put off"
        ),
    ],
)
def test_a_change_concerns(before: list[Any], after: list[Any], found: tuple[Any, ...]) -> None:
    assert without_count(changed(before, after)) == found


def test_a_text_that_names_the_ticket_changes_with_it() -> None:
    noted = A | {"update": {"Note": {"Text": "Accepted: {rule.ticket}", "UpdatedBy": "x"}}, "ticket": "S-1"}
    assert changed([noted], [noted | {"ticket": "S-2"}]).changed == ("a",)
    assert changed([noted], [noted | {"description": "d"}]).changed == ()


def noted(name: str, text: str, **more: Any) -> dict[str, Any]:
    return A | {"id": name, "update": {"UserDefinedFields": {"of": text}}, **more}


def test_the_account_directory_changes_the_rules_that_ask_it_and_no_other() -> None:
    owner = {"account": "environment"}
    asks = [
        A | {"id": "asks", "when": {"==": [{"account": "environment"}, "sandbox"]}},
        noted("asks-in-a-text", "{account.environment}"),
        noted("asks-for-an-owner", "{rule.owner}", owner=owner),
    ]
    others = [noted("fixed-owner", "{rule.owner}", owner="x"), noted("other-text", "{rule.id}", owner=owner)]

    def with_directory(environment: str) -> Ruleset:
        accounts = {"111122223333": {"environment": environment}}
        return load_ruleset(
            {"format": 1, "hash": "h", "revision": None, "accounts": accounts, "rules": [A, *asks, *others]}
        )

    swept, current = (swept_rules(with_directory(kind), Settings()) for kind in ("sandbox", "production"))
    assert changes(swept, current, NOW).changed == ("asks", "asks-for-an-owner", "asks-in-a-text")


def with_policy(*policy: dict[str, Any], environment: str = "prod") -> Ruleset:
    accounts = {"111122223333": {"environment": environment}}
    hold, notify = A | {"id": "hold", "mode": "hold"}, noted("note", "x")
    shared = {"format": 1, "hash": "h", "accounts": accounts, "policy": policy}
    return load_ruleset({**shared, "rules": [A, hold, notify]})


SAID: dict[str, Any] = {"id": "s", "never": "hide", "findings": {"match": {"Region": ["eu-west-1"]}}}
BY_ACCOUNT = SAID | {"findings": {"when": {"==": [{"account": "environment"}, "prod"]}}}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param([], [SAID], ("a", "hold"), id="a new statement, about rules that hide"),
        pytest.param([SAID], [], ("a", "hold"), id="no longer"),
        pytest.param([], [SAID | {"rules": ["hold"]}], ("hold",), id="about one rule"),
        pytest.param([], [SAID | {"others": ["hold"]}], ("a",), id="about all but one"),
        pytest.param([], [SAID | {"never": {"UserDefinedFields.of": "any"}}], ("hold", "note"), id="a field"),
        pytest.param(
            [SAID], [SAID | {"findings": {"match": {"Region": ["x"]}}}], ("a", "hold"), id="other findings"
        ),
        pytest.param([SAID], [SAID | {"id": "another"}], (), id="another name"),
        pytest.param([SAID], [SAID | {"others": ["new"]}], (), id="excused is a rule that is not there"),
        pytest.param([SAID | {"rules": ["a"]}], [SAID | {"rules": ["a", "x"]}], (), id="about one more"),
        pytest.param(
            [], [{"id": "o", "only": {"when": True}, "rules": ["note"]}], ("note",), id="a rule at home"
        ),
    ],
)
def test_a_changed_policy_is_a_change_of_the_rules_that_it_is_about(
    before: list[Any], after: list[Any], found: tuple[str, ...]
) -> None:
    swept, current = (swept_rules(with_policy(*said), Settings()) for said in (before, after))
    assert changes(swept, current, NOW).changed == found


def test_the_account_directory_changes_a_policy_that_asks_it() -> None:
    swept, current = (
        swept_rules(with_policy(BY_ACCOUNT, environment=kind), Settings()) for kind in ("prod", "dev")
    )
    assert changes(swept, current, NOW).changed == ("a", "hold")


def test_a_default_that_a_new_version_changes_counts_as_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = swept_rules(rules(A), Settings())
    monkeypatch.setattr(engine, "DEFAULT_CEILING", "HIGH")
    current = swept_rules(rules(A), Settings())
    assert changes(swept, current, NOW).changed == ("a",)
    assert digest_of(swept) != digest_of(current), "the deployment starts a sweep"


@pytest.mark.parametrize("other", [Settings(never=frozenset({"Confidence"})), Settings(udf="merge")])
def test_settings_that_decide_count_as_a_change_of_every_rule(other: Settings) -> None:
    found = changes(swept_rules(rules(A), Settings()), swept_rules(rules(A), other), NOW)
    assert found.changed == ("a",)


def test_the_digest_of_all_rules_changes_with_their_times_too() -> None:
    digests = {digest_of(swept_rules(rules(*raw), Settings())) for raw in ([A], [A | {"ends": NOW}], [])}
    assert len(digests) == 3


def test_rules_are_counted_that_would_be_in_force_by_now() -> None:
    before = [A, A | {"id": "b", "ends": NOW - 1}, A | {"id": "c", "mode": "observe"}, A | {"id": "d"}]
    assert changed(before, []).were_in_force == 2


def test_another_hub_is_a_change_of_every_rule_and_the_hub_of_before_is_none() -> None:
    before, both = (
        swept_rules(rules(A, suppress("b", "control-b")), Settings()),
        swept_rules(rules(A, suppress("b", "control-b")), Settings(), ("v2", "cspm")),
    )
    assert before == swept_rules(rules(A, suppress("b", "control-b")), Settings(), ("cspm",))
    found = changes(before, both, NOW)
    assert (set(found.changed), found.wants_active) == ({"a", "b"}, True)
    assert digest_of(before) != digest_of(both)


def routed(to: str, **owner: str) -> Any:
    """Rules as they are swept where a route leads to a queue for all owners."""
    routes = Routes.of({"routes": {"team": {"by": "owner", "to": {}, "otherwise": to}}})
    rule = suppress("a", "control-a", **{"open-ticket": {"queue": "team"}}, **owner)
    return swept_rules(rules(rule), Settings(routes=routes))


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param(routed("x"), routed("x"), (), id="nothing"),
        pytest.param(routed("x"), routed("y"), ("a",), id="a route that leads elsewhere"),
        pytest.param(routed("x", owner="one"), routed("x", owner="two"), ("a",), id="who may be routed"),
        pytest.param(
            swept_rules(rules(A), Settings()),
            swept_rules(rules(A), Settings(routes=NO_ROUTES)),
            (),
            id="announcing, for rules without tickets",
        ),
    ],
)
def test_where_tickets_go_is_swept_if_decisions_are_announced(
    before: Any, after: Any, changed: tuple[str, ...]
) -> None:
    assert changes(before, after, NOW).changed == changed


def test_tickets_are_asked_for_as_soon_as_decisions_are_announced() -> None:
    rule = A | {"open-ticket": {"queue": "q"}}
    silent = swept_rules(rules(rule), Settings())
    assert changes(silent, swept_rules(rules(rule), Settings(routes=NO_ROUTES)), NOW).changed == ("a",)
